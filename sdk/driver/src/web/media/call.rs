//! The media of one call: questions one after the other, commands as they come.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use rvoip_session_core::{MediaAnswer, MediaQuestion, NegotiationId};
use wasm_bindgen_futures::spawn_local;

use super::controls::Playing;
use super::keys::OnKey;
use super::peer::{Peer, Refusal};
use super::{MediaPlatform, Reports, figures};
use crate::media::{MediaAction, MediaHappened, MediaKey, MediaOptions, MediaReported};

#[derive(Debug)]
pub(super) struct Call {
    pub(super) key: MediaKey,
    pub(super) options: MediaOptions,
    pub(super) platform: MediaPlatform,
    reports: Reports,
    questions: RefCell<VecDeque<(NegotiationId, MediaQuestion)>>,
    answering: Cell<bool>,
    peer: RefCell<Option<Rc<Peer>>>,
    pub(super) muted: Cell<bool>,
    /// We hold the peer: it hears what is played and not what is said.
    pub(super) holding: Cell<bool>,
    pub(super) playing: RefCell<Option<Playing>>,
    /// The call is answered.
    pub(super) watching: Cell<bool>,
    pub(super) closed: Cell<bool>,
    /// What the page calls with the key presses of the peer.
    pub(super) keys: RefCell<Option<OnKey>>,
}

impl Call {
    pub(super) fn new(
        key: MediaKey,
        options: MediaOptions,
        platform: MediaPlatform,
        reports: Reports,
    ) -> Rc<Self> {
        Rc::new(Self {
            key,
            options,
            platform,
            reports,
            questions: RefCell::default(),
            answering: Cell::new(false),
            peer: RefCell::default(),
            muted: Cell::new(false),
            holding: Cell::new(false),
            playing: RefCell::default(),
            watching: Cell::new(false),
            closed: Cell::new(false),
            keys: RefCell::default(),
        })
    }

    /// Tells the machine something, unless the call is over.
    pub(super) fn report(&self, report: MediaReported) {
        if !self.closed.get() {
            self.reports.send(self.key, report);
        }
    }

    pub(super) fn happened(&self, happened: MediaHappened) {
        self.report(MediaReported::Happened(happened));
    }

    /// The connection, once the first question was asked.
    pub(super) fn peer(&self) -> Option<Rc<Peer>> {
        self.peer.borrow().clone()
    }

    pub(super) fn order(self: &Rc<Self>, action: MediaAction) {
        match action {
            MediaAction::Ask(negotiation, question) => {
                self.questions.borrow_mut().push_back((negotiation, question));
                if !self.answering.replace(true) {
                    spawn_local(Rc::clone(self).answer_questions());
                }
            }
            MediaAction::Control(token, control) => self.control(token, control),
            MediaAction::Withdraw(token) => self.withdraw(token),
            MediaAction::Watch => self.watching.set(true),
            // The backend itself opens and closes.
            MediaAction::Open(_) | MediaAction::Close => {}
        }
    }

    /// Descriptions are written and read one after the other: a peer connection does one thing at a time.
    async fn answer_questions(self: Rc<Self>) {
        loop {
            let next = self.questions.borrow_mut().pop_front();
            let Some((negotiation, question)) = next else { break };
            if self.closed.get() {
                break;
            }
            let answer = match self.answer(question).await {
                Ok(answer) => answer,
                Err(Refusal { status, reason }) => MediaAnswer::Refused { status, reason },
            };
            self.report(MediaReported::Answered(negotiation, answer));
        }
        self.answering.set(false);
    }

    async fn answer(self: &Rc<Self>, question: MediaQuestion) -> Result<MediaAnswer, Refusal> {
        let peer = self.ensure_peer()?;
        match question {
            MediaQuestion::CreateOffer { direction, restart, .. } => {
                self.hold(direction);
                peer.send_from(self).await?;
                peer.offer(self, direction, restart).await.map(MediaAnswer::Description)
            }
            MediaQuestion::CreateAnswer { offer, direction } => {
                peer.take_offer(&self.options.codecs, &offer).await?;
                self.hold(direction);
                peer.send_from(self).await?;
                peer.answer(&self.options.codecs, direction).await.map(MediaAnswer::Description)
            }
            MediaQuestion::SetRemote { answer, .. } => {
                peer.take_answer(&answer).await?;
                Ok(MediaAnswer::Applied)
            }
            MediaQuestion::Rollback => {
                peer.rollback().await;
                self.hold(peer.direction());
                Ok(MediaAnswer::Applied)
            }
        }
    }

    /// The page has another microphone. One that cannot be opened leaves the call as it is.
    pub(super) async fn reopen_input(self: Rc<Self>) {
        if let Some(peer) = self.peer()
            && let Err(refusal) = peer.reopen_input(&self).await
        {
            tracing::warn!(call = self.key.0, reason = refusal.reason, "the other microphone stays unused");
        }
    }

    fn ensure_peer(self: &Rc<Self>) -> Result<Rc<Peer>, Refusal> {
        if let Some(peer) = self.peer() {
            return Ok(peer);
        }
        let peer = Rc::new(Peer::new(self)?);
        *self.peer.borrow_mut() = Some(Rc::clone(&peer));
        spawn_local(figures::watch(Rc::clone(self), Rc::clone(&peer)));
        Ok(peer)
    }

    /// The call is over: tells the last figures, then frees the microphone and the connection.
    pub(super) fn close(self: Rc<Self>) {
        self.closed.set(true);
        self.questions.borrow_mut().clear();
        spawn_local(async move {
            let peer = self.peer.borrow_mut().take();
            if let Some(peer) = peer {
                if let Some(figures) = figures::read(&peer).await {
                    self.reports.send(self.key, MediaReported::Statistics(figures.figures));
                }
                peer.close();
            }
            // What the page cannot do any more, it need not.
            let _ = self.platform.stop_playing(self.key.0);
            let _ = self.platform.close_input(self.key.0);
            let _ = self.platform.detach(self.key.0);
            self.reports.send(self.key, MediaReported::Closed);
        });
    }
}
