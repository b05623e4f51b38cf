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
    /// Bytes that may wait to be sent on one flow. Default 4 MiB.
    pub send_bytes: usize,
    /// How long connecting may take. Default 10 s.
    pub connect_wait: Duration,
    /// After how long a connection that carries nothing whole, not even a keep-alive, in either direction is closed.
    /// Default 15 min.
    pub idle: Duration,
    /// How long one message may take from its first byte to its last. Default 32 s.
    pub message_wait: Duration,
    /// How long a connection that was closed here may take to send what is queued. Default 5 s.
    pub linger: Duration,
    /// Accepted connections that may be open at once; further ones are closed as they are accepted. Default 10,000.
    pub connections: usize,
    /// What the system is asked to buffer for a UDP socket, in bytes; it may grant less. Default 1 MiB.
    pub udp_buffer: usize,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            send_queue: 256,
            send_bytes: 4 << 20,
            connect_wait: Duration::from_secs(10),
            idle: Duration::from_secs(900),
            message_wait: Duration::from_secs(32),
            linger: Duration::from_secs(5),
            connections: 10_000,
            udp_buffer: 1 << 20,
        }
    }
}
