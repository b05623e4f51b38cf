//! The loop between a machine and its platform.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use rvoip_sans_io::{
    DnsAnswer, DnsError, DnsQuestion, FlowId, FlowOpened, Instant, Machine, OpenFlow, QuestionId, Transmit,
};

use crate::hub::{Driving, Hosted};

/// What a machine wants of its platform.
#[derive(Debug)]
pub enum IoOutput<M: Machine> {
    /// Send this.
    Transmit(Transmit),
    /// Open a connection.
    OpenFlow(OpenFlow),
    /// Close a connection.
    CloseFlow(FlowId),
    /// Look this up.
    Dns(QuestionId, DnsQuestion),
    /// For the media side.
    Media(M::MediaRequest),
}

/// What a platform has for its machine.
#[derive(Debug)]
pub enum IoInput<M: Machine> {
    /// One datagram, or one message of a stream.
    Received {
        /// The flow.
        flow: FlowId,
        /// The sender.
        source: SocketAddr,
        /// The bytes.
        bytes: Bytes,
    },
    /// A flow is there.
    FlowOpened(FlowOpened),
    /// A flow is gone, or could not be opened.
    FlowFailed {
        /// The flow.
        flow: FlowId,
        /// One line for people.
        reason: String,
    },
    /// The answer to a look-up.
    Dns(QuestionId, Result<DnsAnswer, DnsError>),
    /// A report of the media side.
    Media(M::MediaReport),
    /// The moment has come that was asked for.
    Timeout,
}

/// A platform.
pub trait Io<M: Machine> {
    /// Carries out an output; never waits.
    fn apply(&mut self, output: IoOutput<M>);

    /// Gives the next input; `timeout` is when the machine wants to be called.
    fn poll(&mut self, cx: &mut Context<'_>, timeout: Option<Instant>) -> Poll<IoInput<M>>;

    /// Ready when what was sent has left, or cannot leave in time. Polled when the machine is closed, before the platform is
    /// dropped.
    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    /// Sends what can be sent without waiting. Called when the loop ends before the machine.
    fn leave(&mut self) {}
}

/// The media side of a platform: takes requests, reports later.
pub trait MediaBackend<Request, Report> {
    /// Takes a request; never waits.
    fn request(&mut self, request: Request);

    /// Gives the next report.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Report>;
}

/// Inputs that are taken before other tasks get their turn.
const INPUTS_AT_ONCE: usize = 128;

/// A machine and its platform.
struct Loop<M: Hosted, I: Io<M>> {
    driving: Driving<M>,
    io: I,
    /// It is being polled, or panicked while it was.
    is_polled: bool,
}

/// Runs a machine until it is closed.
pub fn drive<M: Hosted, I: Io<M>>(driving: Driving<M>, io: I) -> impl Future<Output = ()> + use<M, I> {
    Loop { driving, io, is_polled: false }
}

// The future holds no reference into itself.
impl<M: Hosted, I: Io<M>> Unpin for Loop<M, I> {}

impl<M: Hosted, I: Io<M>> Future for Loop<M, I> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.is_polled = true;
        let polled = this.run(cx);
        this.is_polled = false;
        polled
    }
}

impl<M: Hosted, I: Io<M>> Loop<M, I> {
    fn run(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..INPUTS_AT_ONCE {
            let step = self.driving.step(cx.waker());
            for output in step.outputs {
                self.io.apply(output);
            }
            let polled = if step.closed {
                self.io.poll_flush(cx).map(|()| None)
            } else {
                self.io.poll(cx, step.timeout).map(Some)
            };
            if let Poll::Ready(Some(input)) = polled {
                self.driving.input(input);
                continue;
            }
            #[cfg(not(target_arch = "wasm32"))]
            self.driving.rest();
            return polled.map(drop);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A loop that ends before its machine, because its runtime does, sends what closing wants sent: nobody else will tell the
/// peers. In the browser a page that is closed takes everything with it.
#[cfg(not(target_arch = "wasm32"))]
impl<M: Hosted, I: Io<M>> Drop for Loop<M, I> {
    fn drop(&mut self) {
        if self.is_polled {
            return self.driving.fail();
        }
        for output in self.driving.leave() {
            // To connect and to ask would need the runtime that is going.
            if !matches!(output, IoOutput::OpenFlow(_) | IoOutput::Dns(..)) {
                self.io.apply(output);
            }
        }
        self.io.leave();
    }
}
