//! What transports tell, and what can be set.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rvoip_sans_io::{FlowId, FlowOpened};
use rvoip_sip_core::Limits;

/// What a transport tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportEvent {
    /// One datagram, or one message of a stream; `\r\n\r\n` and `\r\n` are a stream's keep-alives.
    Received {
        /// The flow that it came on.
        flow: FlowId,
        /// The sender.
        source: SocketAddr,
        /// The bytes.
        bytes: Bytes,
    },
    /// A connection was accepted, or one that was asked for is there.
    Opened(FlowOpened),
    /// A flow is gone, or could not be opened.
    Failed {
        /// The flow.
        flow: FlowId,
        /// One line for people.
        reason: String,
    },
}

/// The settings of [`Transports`](crate::Transports).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportConfig {
    /// Limits of messages on streams.
    pub limits: Limits,
    /// Messages that may wait to be sent on one flow. Default 256.
    pub send_queue: usize,
    /// How long connecting may take. Default 10 s.
    pub connect_wait: Duration,
    /// After how long a connection that brings nothing, not even a keep-alive, is closed. Default 15 min.
    pub idle: Duration,
    /// Connections that may be open at once; further ones are closed as they are accepted. Default 10,000.
    pub connections: usize,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            send_queue: 256,
            connect_wait: Duration::from_secs(10),
            idle: Duration::from_secs(900),
            connections: 10_000,
        }
    }
}
