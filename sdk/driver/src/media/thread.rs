//! The media thread: it ticks all sessions of the process and moves their packets.
//!
//! It sleeps until a packet arrives, an order comes, or the next frame of some session is due. A session that sends and
//! hears costs two wake-ups and three system calls each packet time; 200 of them took a tenth of one core when measured
//! on loopback in a build for tests, with no packet lost or late, and jitter below a millisecond. So a thousand calls are
//! half a core. Each call has two sockets: a thousand need a limit of open files above 2,000, and where it is lower the
//! description is refused with the reason.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mio::{Events, Interest, Poll, Token as Ready, Waker};
use rvoip_media_core::Lane;
use rvoip_sans_io::{Timers, Token};
use rvoip_session_core::MediaAnswer;
use rvoip_sip_core::StatusCode;

use super::backend::Link;
use super::clips::Clips;
use super::recordings::{RecordingId, Recordings};
use super::request::{MediaAction, MediaFailure, MediaFailureKind, MediaKey, MediaReported, MediaRequest};
use super::running::{Running, Tools};
use crate::clock;

/// Whose session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Owner {
    pub(super) backend: u64,
    pub(super) session: MediaKey,
}

/// What the media thread is told.
pub(super) enum Order {
    /// A machine asks something.
    Request { backend: u64, request: MediaRequest, link: Link },
    /// A machine is gone, with all its sessions.
    Gone { backend: u64 },
    /// A clip was read.
    Loaded { owner: Owner, token: Token, loaded: Result<Arc<[i16]>, MediaFailure> },
    /// A recording was begun.
    Created { owner: Owner, id: RecordingId, created: Result<(), MediaFailure> },
}

/// The media thread.
#[derive(Debug)]
pub(super) struct MediaThread {
    orders: Mutex<Sender<Order>>,
    waker: Arc<Waker>,
}

const WAKE: Ready = Ready(usize::MAX);

impl MediaThread {
    /// The thread of this process. A process that was forked has not got its parent's, and starts its own.
    pub(super) fn shared() -> std::io::Result<&'static Self> {
        static SHARED: Mutex<Option<(u32, &MediaThread)>> = Mutex::new(None);
        let process = std::process::id();
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((owner, thread)) = *shared
            && owner == process
        {
            return Ok(thread);
        }
        // It lives as long as the process.
        let thread: &Self = Box::leak(Box::new(Self::start()?));
        *shared = Some((process, thread));
        Ok(thread)
    }

    fn start() -> std::io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let (sender, orders) = channel();
        let line = || {
            let (to_media, wake) = (sender.clone(), Arc::clone(&waker));
            move |order| {
                // The media thread lives as long as the process.
                let _ = to_media.send(order);
                let _ = wake.wake();
            }
        };
        let tools = Tools::new(Clips::start(line())?, Recordings::start(line())?, clock::random());
        let body = move || Loop::new(poll, orders, tools).run();
        std::thread::Builder::new().name("rvoip-media".to_owned()).spawn(body)?;
        Ok(Self { orders: Mutex::new(sender), waker })
    }

    pub(super) fn order(&self, order: Order) {
        // Neither can fail while the thread lives.
        let _ = self.orders.lock().unwrap_or_else(PoisonError::into_inner).send(order);
        let _ = self.waker.wake();
    }
}

/// What the loop keeps from one turn to the next.
struct Turn {
    events: Events,
    /// Sockets that had more than was read at once.
    more: Vec<usize>,
}

struct Loop {
    poll: Poll,
    orders: Receiver<Order>,
    sessions: BTreeMap<Owner, Running>,
    /// Who has which socket.
    sockets: BTreeMap<usize, (Owner, Lane)>,
    timers: Timers<Owner>,
    tools: Tools,
}

impl Loop {
    fn new(poll: Poll, orders: Receiver<Order>, tools: Tools) -> Self {
        Self {
            poll,
            orders,
            sessions: BTreeMap::new(),
            sockets: BTreeMap::new(),
            timers: Timers::new(),
            tools,
        }
    }

    fn run(mut self) {
        let mut turn = Turn { events: Events::with_capacity(1_024), more: Vec::new() };
        loop {
            self.turn(&mut turn);
        }
    }

    /// Sleeps until something arrives, is ordered or is due, and does it.
    fn turn(&mut self, turn: &mut Turn) {
        let Turn { events, more } = turn;
        let wait = if more.is_empty() { self.timers.next().map(clock::until) } else { Some(Duration::ZERO) };
        if let Err(error) = self.poll.poll(events, wait)
            && error.kind() != std::io::ErrorKind::Interrupted
        {
            tracing::error!(%error, "the media thread cannot wait for packets");
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut ready = std::mem::take(more);
        ready.extend(events.iter().map(|event| event.token().0).filter(|token| *token != WAKE.0));
        for socket in ready {
            let Some((owner, lane)) = self.sockets.get(&socket).copied() else { continue };
            if self.guarded(owner, |running, _| running.read(lane)) == Some(true) {
                more.push(socket);
            }
            self.settle(owner);
        }
        while let Ok(order) = self.orders.try_recv() {
            self.carry_out(order);
        }
        self.tick();
    }

    /// Calls each session that is due, once. One that is late is due again at once, after all others were called and the
    /// sockets were read: what those have sent who were late together with it has come by then.
    fn tick(&mut self) {
        let now = clock::now();
        let due: Vec<Owner> = std::iter::from_fn(|| self.timers.pop_due(now.monotonic)).collect();
        for owner in due {
            self.guarded(owner, |running, _| running.tick(now));
            self.settle(owner);
        }
    }

    /// Does something with a session; a panic ends that session alone.
    fn guarded<T>(&mut self, owner: Owner, action: impl FnOnce(&mut Running, &mut Tools) -> T) -> Option<T> {
        let running = self.sessions.get_mut(&owner)?;
        let tools = &mut self.tools;
        if let Ok(result) = catch_unwind(AssertUnwindSafe(|| action(running, tools))) {
            return Some(result);
        }
        tracing::error!("the media of a call panicked");
        running.fail(tools);
        self.forget(owner);
        None
    }

    /// Sends what a session wants sent, and notes when it wants to be called.
    fn settle(&mut self, owner: Owner) {
        if let Some(next) = self.guarded(owner, Running::flush) {
            match next {
                Some(at) => self.timers.set(owner, at),
                None => self.timers.cancel(owner),
            }
        }
        self.watch(owner);
    }

    /// Registers sockets that a session has bound, in place of those that it had before.
    fn watch(&mut self, owner: Owner) {
        let Some(running) = self.sessions.get_mut(&owner) else { return };
        let Some(sockets) = running.take_unwatched() else { return };
        self.sockets.retain(|_, (of, _)| *of != owner);
        for (number, lane, socket) in sockets {
            if let Err(error) = self.poll.registry().register(socket, Ready(number), Interest::READABLE) {
                tracing::error!(%error, "a socket cannot be watched");
            }
            self.sockets.insert(number, (owner, lane));
        }
    }

    /// Drops a session that is closed, or that failed. Its sockets are closed, and with that no longer watched.
    fn forget(&mut self, owner: Owner) {
        self.timers.cancel(owner);
        self.sessions.remove(&owner);
        self.sockets.retain(|_, (of, _)| *of != owner);
    }

    fn close(&mut self, owner: Owner) -> bool {
        let now = clock::now();
        let known = self.guarded(owner, |running, tools| running.close(now, tools)).is_some();
        self.forget(owner);
        known
    }

    fn carry_out(&mut self, order: Order) {
        match order {
            Order::Request { backend, request, link } => {
                self.request(Owner { backend, session: request.session }, request.action, &link);
            }
            Order::Gone { backend } => {
                let gone: Vec<Owner> =
                    self.sessions.keys().filter(|owner| owner.backend == backend).copied().collect();
                for owner in gone {
                    self.close(owner);
                }
            }
            Order::Loaded { owner, token, loaded } => {
                self.guarded(owner, |running, _| running.loaded(token, loaded));
            }
            Order::Created { owner, id, created } => {
                self.guarded(owner, |running, _| running.created(id, created));
            }
        }
    }

    /// Whoever asks for a session that is not there, or no longer, is told so.
    fn request(&mut self, owner: Owner, action: MediaAction, link: &Link) {
        let reason = "the call has no audio";
        match action {
            MediaAction::Open(options) => {
                self.sessions.insert(owner, Running::new(owner, options, link.clone()));
            }
            MediaAction::Close => {
                if !self.close(owner) {
                    link.reports.send(owner.session, MediaReported::Closed);
                }
            }
            MediaAction::Ask(id, question) => {
                let now = clock::now();
                if self.guarded(owner, |running, tools| running.ask(now, id, question, tools)).is_none() {
                    let status = StatusCode::SERVER_INTERNAL_ERROR;
                    let refused = MediaAnswer::Refused { status, reason: reason.to_owned() };
                    link.reports.send(owner.session, MediaReported::Answered(id, refused));
                }
                self.settle(owner);
            }
            MediaAction::Watch => {
                let now = clock::now();
                self.guarded(owner, |running, _| running.watch(now));
                self.settle(owner);
            }
            MediaAction::Control(token, control) => {
                if self.guarded(owner, |running, tools| running.control(token, control, tools)).is_none() {
                    let gone = MediaFailure::new(MediaFailureKind::Gone, reason);
                    link.reports.controlled(owner.session, token, Err(gone));
                }
                self.settle(owner);
            }
            MediaAction::Withdraw(token) => {
                self.guarded(owner, |running, tools| running.withdraw(token, tools));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll as Ready, Waker};

    use rvoip_media_core::compare::compare;
    use rvoip_media_core::wav::PcmClip;
    use rvoip_session_core::{Direction, MediaQuestion, NegotiationId};

    use super::*;
    use crate::media::{AudioSink, AudioSource, MediaControl, MediaHappened, MediaOptions};

    fn told(link: &Link) -> Vec<MediaReported> {
        let mut cx = Context::from_waker(Waker::noop());
        std::iter::from_fn(|| match link.reports.poll(&mut cx) {
            Ready::Ready(report) => Some(report.report),
            Ready::Pending => None,
        })
        .collect()
    }

    fn owner(session: u32) -> Owner {
        Owner { backend: 0, session: MediaKey(session) }
    }

    fn options() -> MediaOptions {
        MediaOptions {
            codecs: vec!["PCMU".to_owned()],
            ptime: 20,
            rtp_ports: (20_000, 31_999),
            timeout: Duration::ZERO,
            statistics_interval: Duration::ZERO,
            levels_interval: Duration::ZERO,
            local: Some([127, 0, 0, 1].into()),
        }
    }

    /// A loop that the test turns, and what its threads for files tell it.
    fn stopped() -> (Loop, Receiver<Order>) {
        let (done, finished) = channel();
        let tell = move |order| drop(done.send(order));
        let clips = Clips::start(tell.clone()).unwrap();
        let tools = Tools::new(clips, Recordings::start(tell).unwrap(), clock::random());
        (Loop::new(Poll::new().unwrap(), channel().1, tools), finished)
    }

    fn speech() -> Vec<i16> {
        let wav = include_bytes!("../../../../tests/vectors/speech/alice.wav");
        PcmClip::from_wav(wav).unwrap().samples.iter().copied().take(20_000).collect()
    }

    #[test]
    fn who_is_served_by_a_thread_that_stalls_loses_nothing() {
        let (mut media, _finished) = stopped();
        let link = Link::default();
        let mut negotiation = 0;
        let mut ask = |media: &mut Loop, session, question| {
            negotiation += 1;
            media.request(owner(session), MediaAction::Ask(NegotiationId(negotiation), question), &link);
            match told(&link).pop() {
                Some(MediaReported::Answered(_, MediaAnswer::Description(text))) => text,
                _ => String::new(),
            }
        };
        for session in [1, 2] {
            media.request(owner(session), MediaAction::Open(options()), &link);
        }
        let direction = Direction::SendRecv;
        let offer =
            ask(&mut media, 1, MediaQuestion::CreateOffer { direction, restart: false, toward: None });
        let answer = ask(&mut media, 2, MediaQuestion::CreateAnswer { offer, direction });
        ask(&mut media, 1, MediaQuestion::SetRemote { answer, provisional: false });
        for (session, token, control) in [
            (1, 1, MediaControl::Play(AudioSource::Frames)),
            (1, 2, MediaControl::WriteFrames(speech())),
            (2, 3, MediaControl::Record(AudioSink::Frames)),
        ] {
            media.request(owner(session), MediaAction::Control(Token(token), control), &link);
        }
        let mut turn = Turn { events: Events::with_capacity(64), more: Vec::new() };
        let (mut heard, mut stalls) = (Vec::new(), 0);
        while heard.len() < 24_000 {
            media.turn(&mut turn);
            link.frames.take(MediaKey(2), &mut heard);
            if heard.len() > 4_000 * (stalls + 1) {
                // The machine is busy with something else.
                stalls += 1;
                std::thread::sleep(Duration::from_millis(150));
            }
        }
        assert!(stalls >= 4);
        let (said, heard) = (PcmClip::new(8_000, speech()), PcmClip::new(8_000, heard));
        let likeness = compare(&said, &heard).unwrap();
        assert!(likeness.correlation > 0.98 && likeness.covered > 0.99, "{likeness:?}");
    }

    #[test]
    fn a_fault_ends_one_call_and_settles_what_it_owes() {
        let (mut running, finished) = stopped();
        let (link, path) = (Link::default(), format!("rvoip-fault-{}.wav", std::process::id()));
        let path = std::env::temp_dir().join(path);
        for session in [1, 2] {
            running.request(owner(session), MediaAction::Open(options()), &link);
            let offer =
                MediaQuestion::CreateOffer { direction: Direction::SendRecv, restart: false, toward: None };
            running.request(owner(session), MediaAction::Ask(NegotiationId(session), offer), &link);
        }
        let record = MediaControl::Record(AudioSink::File { path: path.clone() });
        running.request(owner(1), MediaAction::Control(Token(7), record), &link);
        let Ok(Order::Created { created: Ok(()), .. }) = finished.recv() else { panic!() };
        assert_eq!(told(&link).len(), 2);
        assert_eq!(running.sockets.len(), 4);

        running.sessions.get_mut(&owner(1)).unwrap().faulty = true;
        let now = clock::now();
        assert!(running.guarded(owner(1), |running, _| running.tick(now)).is_none());
        assert_eq!(running.sockets.len(), 2);
        assert!(running.sessions.contains_key(&owner(2)));
        let reports = told(&link);
        // The recording's end may be told in between, as soon as its thread has written it.
        assert!(matches!(reports.first(), Some(MediaReported::Controlled(Token(7), Err(_)))), "{reports:?}");
        let failed =
            |report: &MediaReported| matches!(report, MediaReported::Happened(MediaHappened::Failed { .. }));
        assert_eq!(reports.iter().filter(|report| failed(report)).count(), 1, "{reports:?}");

        let offer = MediaQuestion::Rollback;
        running.request(owner(1), MediaAction::Ask(NegotiationId(9), offer), &link);
        running.request(owner(1), MediaAction::Close, &link);
        let reports: Vec<_> = told(&link)
            .into_iter()
            .filter(|report| *report != MediaReported::Happened(MediaHappened::RecordingFinished))
            .collect();
        assert!(
            matches!(
                reports.as_slice(),
                [
                    MediaReported::Answered(NegotiationId(9), MediaAnswer::Refused { .. }),
                    MediaReported::Closed
                ]
            ),
            "{reports:?}"
        );
        running.close(owner(2));
        assert!(running.sockets.is_empty() && running.sessions.is_empty());
        assert_eq!(told(&link).last(), Some(&MediaReported::Closed));
        drop(running);
        std::fs::remove_file(path).unwrap();
    }
}
