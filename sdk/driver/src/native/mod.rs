//! The native platform: sockets, resolver, timer and media backend, on tokio.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rvoip_sans_io::{FlowOpened, Instant, Machine};
use rvoip_sip_transport::Transports;
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::time::Sleep;

use crate::carrier::Carrier;
use crate::clock;
use crate::drive::{Io, IoInput, IoOutput, MediaBackend, drive};
use crate::hub::{Driving, Hosted};
use crate::wire::WireTap;

/// How long what was sent may take to leave once the machine is closed.
const FLUSH: Duration = Duration::from_secs(2);

type Backend<M> = Box<dyn MediaBackend<<M as Machine>::MediaRequest, <M as Machine>::MediaReport> + Send>;

/// A machine could not be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LaunchError<E> {
    /// The setup failed.
    #[error("{0}")]
    Setup(E),
    /// No runtime could be started.
    #[error("no runtime can be started: {0}")]
    Runtime(std::io::Error),
}

/// The native platform of one machine.
pub struct NativeIo<M: Machine> {
    carrier: Carrier,
    media: Option<Backend<M>>,
    /// Sockets that were bound before the loop begins, and that the machine has not heard of.
    bound: Vec<FlowOpened>,
    timer: Option<(Instant, Pin<Box<Sleep>>)>,
    turn: u8,
    /// When what is still to be sent at the end is given up.
    flush: Option<Pin<Box<Sleep>>>,
}

impl<M: Machine> std::fmt::Debug for NativeIo<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NativeIo").field("transports", &self.carrier.transports).finish_non_exhaustive()
    }
}

impl<M: Machine> NativeIo<M> {
    /// A platform with these transports; `bound` are the sockets that the machine hears of before anything else.
    pub fn new(
        transports: Transports,
        bound: Vec<FlowOpened>,
        media: Option<Backend<M>>,
        tap: Option<WireTap>,
    ) -> Self {
        let carrier = Carrier::new(transports, tap);
        Self { carrier, media, bound, timer: None, turn: 0, flush: None }
    }

    /// Tells the machine of the flows that are bound, before anybody can ask it for something.
    fn announce(&mut self, driving: &Driving<M>)
    where
        M: Hosted,
    {
        for opened in std::mem::take(&mut self.bound) {
            driving.input(self.carrier.opened(opened));
        }
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, timeout: Option<Instant>) -> Poll<()> {
        let Some(at) = timeout else {
            self.timer = None;
            return Poll::Pending;
        };
        if self.timer.as_ref().is_none_or(|(set, _)| *set != at) {
            self.timer = Some((at, Box::pin(tokio::time::sleep(clock::until(at)))));
        }
        let Some((_, sleep)) = &mut self.timer else { return Poll::Pending };
        if sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.timer = None;
        Poll::Ready(())
    }

    fn poll_source(&mut self, source: u8, cx: &mut Context<'_>) -> Poll<IoInput<M>> {
        match source {
            0 => self.carrier.poll_transports(cx),
            1 => self.carrier.poll_resolver(cx),
            _ => match &mut self.media {
                Some(media) => media.poll(cx).map(IoInput::Media),
                None => Poll::Pending,
            },
        }
    }
}

impl<M: Machine> Io<M> for NativeIo<M> {
    fn apply(&mut self, output: IoOutput<M>) {
        if let (Some(request), Some(media)) = (self.carrier.apply(output), &mut self.media) {
            media.request(request);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>, timeout: Option<Instant>) -> Poll<IoInput<M>> {
        // Whoever drives this without `launch` has not announced them.
        if !self.bound.is_empty() {
            let opened = self.bound.remove(0);
            return Poll::Ready(self.carrier.opened(opened));
        }
        // The timer goes first: under load everything else always has something.
        if self.poll_timer(cx, timeout).is_ready() {
            return Poll::Ready(IoInput::Timeout);
        }
        self.turn = (self.turn + 1) % 3;
        for offset in 0..3 {
            if let Poll::Ready(input) = self.poll_source((self.turn + offset) % 3, cx) {
                return Poll::Ready(input);
            }
        }
        Poll::Pending
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let limit = self.flush.get_or_insert_with(|| Box::pin(tokio::time::sleep(FLUSH)));
        if limit.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        self.carrier.transports.poll_flush(cx)
    }

    fn leave(&mut self) {
        self.carrier.transports.leave();
    }
}

/// Starts the loop of a machine: on the tokio runtime that this is called in, or else on a thread with one of its own, which
/// ends with the machine. `setup` binds the sockets, within the runtime.
///
/// # Errors
/// What `setup` says; or no runtime can be started.
pub fn launch<M, E>(
    driving: Driving<M>,
    setup: impl FnOnce() -> Result<NativeIo<M>, E> + Send + 'static,
) -> Result<(), LaunchError<E>>
where
    M: Hosted + Send + 'static,
    M::Command: Send,
    M::Reply: Send,
    M::Error: Send,
    M::Event: Send,
    M::MediaRequest: Send,
    M::MediaReport: Send,
    E: Send + 'static,
{
    if let Ok(runtime) = Handle::try_current() {
        let mut io = setup().map_err(LaunchError::Setup)?;
        io.announce(&driving);
        runtime.spawn(drive(driving, io));
        return Ok(());
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(LaunchError::Runtime)?;
    let (tell, told) = std::sync::mpsc::channel();
    let body = move || {
        driving.has_thread();
        runtime.block_on(async move {
            let io = match setup() {
                Ok(mut io) => {
                    io.announce(&driving);
                    // The caller waits for this.
                    let _ = tell.send(Ok(()));
                    io
                }
                Err(error) => {
                    let _ = tell.send(Err(LaunchError::Setup(error)));
                    return;
                }
            };
            drive(driving, io).await;
        });
        // Everything has left; look-ups that still run are not waited for.
        runtime.shutdown_background();
    };
    std::thread::Builder::new().name("rvoip".to_owned()).spawn(body).map_err(LaunchError::Runtime)?;
    told.recv().unwrap_or_else(|_| Err(LaunchError::Runtime(std::io::Error::other("the thread ended"))))
}
