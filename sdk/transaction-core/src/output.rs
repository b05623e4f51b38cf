//! What the layer tells its transaction users and its driver.

use std::net::SocketAddr;

use rvoip_sans_io::{DnsQuestion, FlowId, Instant, OpenFlow, Protocol, QuestionId, Transmit};
use rvoip_sip_core::{Message, MessageBuf};
use thiserror::Error;

use crate::{ClientKey, ServerKey};

/// Where a message came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The flow.
    pub flow: FlowId,
    /// How the flow moves bytes.
    pub protocol: Protocol,
    /// The sender.
    pub address: SocketAddr,
}

/// What a received message means to a transaction user.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// A new server transaction; answer it with [`TransactionLayer::respond`](crate::TransactionLayer::respond).
    Request {
        /// The transaction.
        key: ServerKey,
        /// The request; its topmost Via says where it came from (RFC 3261 §18.2.1).
        request: MessageBuf,
        /// Where it came from.
        source: Source,
        /// The same request arrived on another path and is still served: a user agent answers 482 (RFC 3261 §8.2.2.2).
        merged: bool,
    },
    /// A CANCEL, already answered 200, of an INVITE that the transaction user did not answer yet.
    Cancel {
        /// The INVITE.
        invite: ServerKey,
    },
    /// The ACK of a 2xx. It belongs to a dialog, not to a transaction.
    Ack {
        /// The ACK.
        message: Message<'a>,
        /// Where it came from.
        source: Source,
    },
    /// A response of a client transaction; the further 2xx of an INVITE included.
    Response {
        /// The transaction.
        key: ClientKey,
        /// The response.
        message: Message<'a>,
        /// Where it came from.
        source: Source,
    },
}

/// Why a request got no response.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClientFailure {
    /// None came in time; counts as 408 (RFC 3261 §8.1.3.1).
    #[error("no response came in time")]
    TimedOut,
    /// The request could not be sent, or its connection failed; counts as 503 (RFC 3261 §8.1.3.1).
    #[error("{0}")]
    Transport(String),
    /// The target's name has no address, or no flow leads to it.
    #[error("{0}")]
    Unreachable(String),
    /// Too many requests are under way here.
    #[error("too many requests are under way")]
    Busy,
    /// The transaction user withdrew it before it was sent.
    #[error("withdrawn before it was sent")]
    Withdrawn,
}

/// What happened without a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayerEvent {
    /// A request got no final response. Nothing follows for this key.
    ClientFailed(ClientKey, ClientFailure),
    /// A client transaction is over. Nothing follows for this key.
    ClientTerminated(ClientKey),
    /// The ACK of a failure response did not come (timer H). Nothing follows for this key.
    AckMissing(ServerKey),
    /// A response could not be sent.
    ServerTransportFailed(ServerKey),
    /// A server transaction is over. Nothing follows for this key.
    ServerTerminated(ServerKey),
    /// A flow is gone: what was registered on it or called over it is to be recovered.
    FlowLost(FlowId),
}

/// What the layer wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayerOutput {
    /// Send this.
    Transmit(Transmit),
    /// Open a connection.
    OpenFlow(OpenFlow),
    /// Close a connection.
    CloseFlow(FlowId),
    /// Look this up.
    Dns(QuestionId, DnsQuestion),
    /// For the transaction users.
    Event(LayerEvent),
    /// Always last: when to call `handle_timeout` again, or never.
    Timeout(Option<Instant>),
}
