//! How a root machine and its platform speak.

use std::net::SocketAddr;

use crate::{DnsAnswer, DnsError, DnsQuestion, FlowId, FlowOpened, Instant, Now, OpenFlow, Transmit};

/// Names one command; its completion carries the same token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// Names one question of a machine to its platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionId(pub u64);

/// What a platform tells a root machine.
#[derive(Debug)]
pub enum Input<'a, M: Machine + ?Sized> {
    /// One datagram, or one whole message (or keep-alive) of a stream.
    Received {
        /// The flow that it came on.
        flow: FlowId,
        /// Who sent it.
        source: SocketAddr,
        /// The bytes.
        bytes: &'a [u8],
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
    /// A caller wants something.
    Command(Token, M::Command),
    /// The caller of a command no longer waits for it.
    Cancel(Token),
    /// The caller of a command that is complete went away without its reply, which is given back: what was taken from the
    /// machine for it must not be lost.
    Returned(Token, M::Reply),
    /// The answer to a DNS question.
    Dns(QuestionId, Result<DnsAnswer, DnsError>),
    /// What the media side reports: the answer to a question, or something that happened.
    Media(M::MediaReport),
    /// No handle is left, or the caller closes: end everything in good order.
    Close,
}

/// What a root machine tells its platform.
#[derive(Debug)]
pub enum Output<M: Machine + ?Sized> {
    /// Send this.
    Transmit(Transmit),
    /// Open a connection.
    OpenFlow(OpenFlow),
    /// Close a connection.
    CloseFlow(FlowId),
    /// Look this up.
    Dns(QuestionId, DnsQuestion),
    /// Something for the media side to do.
    Media(M::MediaRequest),
    /// A command is complete.
    Done(Token, Result<M::Reply, M::Error>),
    /// Something that listeners want to know.
    Event(M::Event),
    /// Nothing is left to do: all ended, after `Close`.
    Closed,
    /// Always last: when to call `handle_timeout` again, or never.
    Timeout(Option<Instant>),
}

/// A sans-IO root that a driver can run.
pub trait Machine {
    /// What a caller can ask for.
    type Command;
    /// What a completed command gives.
    type Reply;
    /// Why a command failed.
    type Error;
    /// What listeners hear.
    type Event;
    /// What the media side is asked to do.
    type MediaRequest;
    /// What the media side reports.
    type MediaReport;

    /// Takes one input.
    fn handle_input(&mut self, now: Now, input: Input<'_, Self>);
    /// Lets timers fire that are due.
    fn handle_timeout(&mut self, now: Now);
    /// Gives the next output; ends with [`Output::Timeout`].
    fn poll_output(&mut self) -> Output<Self>;
}
