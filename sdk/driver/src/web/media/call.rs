//! The media of one call: what it is told to do, and what it tells.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rvoip_sans_io::Token;
use rvoip_session_core::{Direction, MediaAnswer, MediaQuestion, NegotiationId};
use wasm_bindgen_futures::spawn_local;

use super::keys::OnKey;
use super::lane::Lane;
use super::peer::{Peer, Refusal};
use super::sound::Sound;
use super::{MediaPlatform, Reports, figures};
use crate::abilities::ABILITIES;
use crate::media::{
    MediaAction, MediaControl, MediaFailure, MediaFailureKind, MediaHappened, MediaKey, MediaOptions,
    MediaReported,
};

#[derive(Debug)]
pub(super) struct Call {
    pub(super) key: MediaKey,
    pub(super) options: MediaOptions,
    pub(super) platform: MediaPlatform,
    reports: Reports,
    questions: Lane<(NegotiationId, MediaQuestion)>,
    peer: RefCell<Option<Rc<Peer>>>,
    muted: Cell<bool>,
    /// We hold the peer: it hears what is played and not what is said.
    holding: Cell<bool>,
    /// The call is answered.
    watching: Cell<bool>,
    pub(super) sound: Sound,
    /// Key presses of ours on their way.
    pub(super) presses: Lane<(Token, String)>,
    pub(super) closed: Cell<bool>,
    /// Another branch of the fork answered than the browser found its way to.
    elsewhere: Cell<bool>,
    /// What the page calls with the key presses of the peer.
    pub(super) keys: RefCell<Option<OnKey>>,
}

/// What [`ABILITIES`] say first, and better.
pub(super) fn unsupported() -> MediaFailure {
    MediaFailure::new(MediaFailureKind::Unsupported, "a page cannot do that")
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
            questions: Lane::default(),
            peer: RefCell::default(),
            muted: Cell::new(false),
            holding: Cell::new(false),
            watching: Cell::new(false),
            sound: Sound::default(),
            presses: Lane::default(),
            closed: Cell::new(false),
            elsewhere: Cell::new(false),
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

    pub(super) fn controlled(&self, token: Token, result: Result<(), MediaFailure>) {
        self.report(MediaReported::Controlled(token, result));
    }

    /// The connection, once the first question was asked.
    pub(super) fn peer(&self) -> Option<Rc<Peer>> {
        self.peer.borrow().clone()
    }

    pub(super) fn order(self: &Rc<Self>, action: MediaAction) {
        match action {
            MediaAction::Ask(negotiation, question) => {
                if self.questions.add((negotiation, question)) {
                    spawn_local(Rc::clone(self).answer_questions());
                }
            }
            MediaAction::Control(token, control) => self.control(token, control),
            MediaAction::Withdraw(token) => {
                self.presses.keep(|(of, _)| *of != token);
                self.stop_playing_of(token);
            }
            MediaAction::Watch => self.watching.set(true),
            // The backend itself opens and closes.
            MediaAction::Open(_) | MediaAction::Close => {}
        }
    }

    fn control(self: &Rc<Self>, token: Token, control: MediaControl) {
        if let Some(refusal) = ABILITIES.refusal(&control) {
            return self.controlled(token, Err(refusal));
        }
        match control {
            MediaControl::Mute(muted) => {
                self.muted.set(muted);
                self.sound.mute(muted);
                self.open_microphone();
                self.controlled(token, Ok(()));
            }
            MediaControl::SendDigits(digits) => self.send_digits(token, digits),
            MediaControl::Play(source) => self.play(token, source),
            MediaControl::StopPlaying => self.stop_playing(token),
            MediaControl::Record(_)
            | MediaControl::StopRecording
            | MediaControl::WriteFrames(_)
            | MediaControl::ReadFrames => self.controlled(token, Err(unsupported())),
        }
    }

    /// Descriptions are written and read one after the other: a peer connection does one thing at a time.
    async fn answer_questions(self: Rc<Self>) {
        while let Some((negotiation, question)) = self.questions.take() {
            let is_final = matches!(&question, MediaQuestion::SetRemote { provisional: false, .. });
            let answer = match self.answer(question).await {
                Ok(answer) => answer,
                Err(Refusal { status, reason }) => MediaAnswer::Refused { status, reason },
            };
            self.report(MediaReported::Answered(negotiation, answer));
            if is_final && self.elsewhere.take() {
                let reason = "somebody else answered than was heard before".to_owned();
                self.happened(MediaHappened::PathLost { reason });
            }
        }
    }

    async fn answer(self: &Rc<Self>, question: MediaQuestion) -> Result<MediaAnswer, Refusal> {
        let peer = self.ensure_peer()?;
        match question {
            MediaQuestion::CreateOffer { direction, restart, .. } => {
                self.hold(direction);
                peer.microphone.open(self).await?;
                peer.offer(self, direction, restart).await.map(MediaAnswer::Description)
            }
            MediaQuestion::CreateAnswer { offer, direction } => {
                peer.take_offer(&self.options.codecs, &offer).await?;
                self.hold(direction);
                peer.microphone.open(self).await?;
                peer.answer(&self.options.codecs, direction).await.map(MediaAnswer::Description)
            }
            MediaQuestion::SetRemote { answer, provisional } => {
                self.elsewhere.set(peer.take_answer(&answer, provisional).await?);
                Ok(MediaAnswer::Applied)
            }
            MediaQuestion::Rollback => {
                peer.rollback().await;
                self.hold(peer.direction());
                Ok(MediaAnswer::Applied)
            }
        }
    }

    /// Whoever is on hold does not hear what is said here, whatever direction the media have.
    fn hold(&self, direction: Direction) {
        self.holding.set(matches!(direction, Direction::SendOnly | Direction::Inactive));
        self.open_microphone();
    }

    /// Whether what is said here is to be heard there.
    pub(super) fn speaks(&self) -> bool {
        !self.muted.get() && !self.holding.get()
    }

    fn open_microphone(&self) {
        if let Some(track) = self.peer().and_then(|peer| peer.microphone.track()) {
            track.set_enabled(self.speaks());
        }
    }

    /// Whether a peer that falls silent is one that is gone: the call is answered.
    pub(super) fn is_watching(&self) -> bool {
        self.watching.get()
    }

    pub(super) fn is_muted(&self) -> bool {
        self.muted.get()
    }

    /// The page has another microphone. One that cannot be opened leaves the call as it is.
    pub(super) async fn reopen_input(self: Rc<Self>) {
        let Some(peer) = self.peer() else { return };
        match peer.microphone.reopen(&self).await {
            Ok(true) => self.send_microphone(),
            Ok(false) => {}
            Err(refusal) => {
                tracing::warn!(call = self.key.0, reason = refusal.reason, "the microphone stays as it is");
            }
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
        self.questions.keep(|_| false);
        self.presses.keep(|_| false);
        self.silence();
        spawn_local(async move {
            let peer = self.peer.borrow_mut().take();
            if let Some(peer) = peer {
                if let Some(reading) = figures::read(&peer).await {
                    self.reports.send(self.key, MediaReported::Statistics(reading.figures));
                }
                peer.close(&self);
            }
            // What the page cannot do any more, it need not.
            let _ = self.platform.detach(self.key.0);
            self.reports.send(self.key, MediaReported::Closed);
        });
    }
}
