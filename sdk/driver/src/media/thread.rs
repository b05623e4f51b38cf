//! The media thread: it ticks all sessions of the process and moves their packets.
//!
//! It sleeps until a packet arrives, an order comes, or the next frame of some session is due. A session costs a wake-up and
//! two system calls each packet time, so a thousand calls are some 100,000 a second.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures::channel::mpsc::UnboundedSender;
use mio::{Events, Interest, Poll, Token as Ready, Waker};
use rvoip_media_core::Lane;
use rvoip_media_core::wav::PcmClip;
use rvoip_sans_io::{Random, Timers, Token};

use super::files::{FileWork, Files, RecordingId};
use super::request::{
    MediaAction, MediaFailure, MediaHappened, MediaKey, MediaReport, MediaReported, MediaRequest,
};
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
    Request { backend: u64, request: MediaRequest, reports: UnboundedSender<MediaReport> },
    /// A machine is gone, with all its sessions.
    Gone { backend: u64 },
    /// A clip was read.
    Loaded { owner: Owner, token: Token, loaded: Result<PcmClip, MediaFailure> },
    /// A recording was begun.
    Created { owner: Owner, token: Token, id: RecordingId, created: Result<(), MediaFailure> },
}

/// The media thread.
#[derive(Debug)]
pub(super) struct MediaThread {
    orders: Mutex<Sender<Order>>,
    waker: std::sync::Arc<Waker>,
}

const WAKE: Ready = Ready(usize::MAX);

impl MediaThread {
    /// The thread of this process.
    pub(super) fn shared() -> std::io::Result<&'static Self> {
        static SHARED: OnceLock<MediaThread> = OnceLock::new();
        static STARTING: Mutex<()> = Mutex::new(());
        let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = SHARED.get() {
            return Ok(thread);
        }
        let thread = Self::start()?;
        Ok(SHARED.get_or_init(|| thread))
    }

    fn start() -> std::io::Result<Self> {
        let poll = Poll::new()?;
        let waker = std::sync::Arc::new(Waker::new(poll.registry(), WAKE)?);
        let (sender, orders) = channel();
        let (to_media, wake) = (sender.clone(), waker.clone());
        let files = Files::start(move |order| {
            // The media thread lives as long as the process.
            let _ = to_media.send(order);
            let _ = wake.wake();
        })?;
        let body = move || Loop::new(poll, orders, files).run();
        std::thread::Builder::new().name("rvoip-media".to_owned()).spawn(body)?;
        Ok(Self { orders: Mutex::new(sender), waker })
    }

    pub(super) fn order(&self, order: Order) {
        // Neither can fail while the thread lives.
        let _ = self.orders.lock().unwrap_or_else(PoisonError::into_inner).send(order);
        let _ = self.waker.wake();
    }
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
    fn new(poll: Poll, orders: Receiver<Order>, files: Files) -> Self {
        let random: Random = clock::random();
        Self {
            poll,
            orders,
            sessions: BTreeMap::new(),
            sockets: BTreeMap::new(),
            timers: Timers::new(),
            tools: Tools::new(files, random),
        }
    }

    fn run(mut self) {
        let mut events = Events::with_capacity(1_024);
        // Sockets that had more than was read at once.
        let mut more: Vec<usize> = Vec::new();
        loop {
            let wait =
                if more.is_empty() { self.timers.next().map(clock::until) } else { Some(Duration::ZERO) };
            if let Err(error) = self.poll.poll(&mut events, wait)
                && error.kind() != std::io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "the media thread cannot wait for packets");
                std::thread::sleep(Duration::from_millis(5));
            }
            let mut ready = std::mem::take(&mut more);
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
            let now = clock::now();
            while let Some(owner) = self.timers.pop_due(now.monotonic) {
                self.guarded(owner, |running, _| running.tick(now));
                self.settle(owner);
            }
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
        let reason = "an internal error ended the audio".to_owned();
        running.report(MediaReported::Happened(MediaHappened::Failed { reason }));
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

    /// Registers sockets that a session has bound.
    fn watch(&mut self, owner: Owner) {
        let Some(running) = self.sessions.get_mut(&owner) else { return };
        let Some(sockets) = running.take_unwatched() else { return };
        for (number, lane, socket) in sockets {
            if let Err(error) = self.poll.registry().register(socket, Ready(number), Interest::READABLE) {
                tracing::error!(%error, "a socket cannot be watched");
            }
            self.sockets.insert(number, (owner, lane));
        }
    }

    fn forget(&mut self, owner: Owner) {
        self.timers.cancel(owner);
        self.sockets.retain(|_, (of, _)| *of != owner);
        // The sockets are closed, and with that no longer watched.
        self.sessions.remove(&owner);
    }

    fn carry_out(&mut self, order: Order) {
        let now = clock::now();
        match order {
            Order::Request { backend, request, reports } => {
                let owner = Owner { backend, session: request.session };
                match request.action {
                    MediaAction::Open(options) => {
                        self.sessions.insert(owner, Running::new(owner, options, reports));
                    }
                    MediaAction::Close => {
                        self.guarded(owner, |running, tools| running.close(now, tools));
                        self.settle(owner);
                        self.forget(owner);
                    }
                    MediaAction::Ask(id, question) => {
                        self.guarded(owner, |running, tools| running.ask(now, id, question, tools));
                        self.settle(owner);
                    }
                    MediaAction::Control(token, control) => {
                        let known = self
                            .guarded(owner, |running, tools| running.control(token, control, tools))
                            .is_some();
                        if !known {
                            let gone =
                                MediaFailure::new(super::MediaFailureKind::Gone, "the call has no audio");
                            let report = MediaReported::Controlled(token, Err(gone));
                            // Nobody listens if the machine is gone too.
                            let _ = reports.unbounded_send(MediaReport { session: owner.session, report });
                        }
                        self.settle(owner);
                    }
                    MediaAction::Withdraw(token) => {
                        self.guarded(owner, |running, _| running.withdraw(token));
                    }
                }
            }
            Order::Gone { backend } => {
                let gone: Vec<Owner> =
                    self.sessions.keys().filter(|owner| owner.backend == backend).copied().collect();
                for owner in gone {
                    self.guarded(owner, |running, tools| running.close(now, tools));
                    self.settle(owner);
                    self.forget(owner);
                }
            }
            Order::Loaded { owner, token, loaded } => {
                self.guarded(owner, |running, _| running.loaded(token, loaded));
            }
            Order::Created { owner, token, id, created } => {
                if self.guarded(owner, |running, tools| running.created(token, id, created, tools)).is_none()
                {
                    // The call is over meanwhile, and nobody is left to hear that its file is complete.
                    let (reports, _) = futures::channel::mpsc::unbounded();
                    let session = owner.session;
                    self.tools.files.push(FileWork::Finish {
                        id,
                        session,
                        token: None,
                        last: false,
                        reports,
                    });
                }
            }
        }
    }
}
