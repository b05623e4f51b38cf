//! The loop between a machine and its platform.

use std::future::poll_fn;
use std::net::SocketAddr;
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

/// Runs a machine until it is closed.
pub async fn drive<M: Hosted>(driving: Driving<M>, mut io: impl Io<M>) {
    poll_fn(|cx| {
        for _ in 0..INPUTS_AT_ONCE {
            let step = driving.step(cx.waker());
            for output in step.outputs {
                io.apply(output);
            }
            if step.closed {
                return io.poll_flush(cx);
            }
            match io.poll(cx, step.timeout) {
                Poll::Ready(input) => driving.input(input),
                Poll::Pending => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
