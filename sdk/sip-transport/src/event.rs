//! What transports tell, and what can be set.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rvoip_sans_io::{FlowId, FlowOpened};
use rvoip_sip_core::Limits;
use thiserror::Error;

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
    /// How long connecting may take, handshakes included. Default 7 s: before the machine above gives up, so that the reason
    /// is told.
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
    /// Certificates for TLS and secure WebSocket.
    pub tls: TlsConfig,
    /// After how long without a frame of the peer a WebSocket is asked whether it lives (RFC 6455 §5.5.2); zero for
    /// never, which leaves it to `idle`. Default 30 s.
    pub ping_interval: Duration,
    /// How long the answer to that may take before the flow fails. Default 10 s.
    pub ping_wait: Duration,
    /// The pages that may connect by WebSocket, as origins such as `https://example.com` (RFC 6455 §10.2); none given, any
    /// may. What names no origin is no page and may always.
    pub origins: Vec<String>,
}

/// Certificates for TLS: the text of PEM files. The browser has its own.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// The authorities that servers are checked against, in place of the well-known ones.
    pub ca: Option<Vec<u8>>,
    /// Our certificate and those that lead to its authority, for what is listened on.
    pub certificate: Option<Vec<u8>>,
    /// The private key of our certificate.
    pub key: Option<Vec<u8>>,
    /// Take any certificate of a server. For tests alone: whoever is on the way can read and change everything.
    pub insecure: bool,
}

impl std::fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsConfig")
            .field("ca", &self.ca.is_some())
            .field("certificate", &self.certificate.is_some())
            .field("key", &self.key.is_some())
            .field("insecure", &self.insecure)
            .finish()
    }
}

/// A part of a [`TlsConfig`] cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The authorities.
    #[error("the authority's certificate cannot be used: {0}")]
    Ca(String),
    /// Our certificate.
    #[error("the certificate cannot be used: {0}")]
    Certificate(String),
    /// The key of our certificate.
    #[error("the private key cannot be used: {0}")]
    Key(String),
    /// The library of TLS itself.
    #[error("TLS cannot be used: {0}")]
    Unusable(String),
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            send_queue: 256,
            send_bytes: 4 << 20,
            connect_wait: Duration::from_secs(7),
            idle: Duration::from_secs(900),
            message_wait: Duration::from_secs(32),
            linger: Duration::from_secs(5),
            connections: 10_000,
            udp_buffer: 1 << 20,
            tls: TlsConfig::default(),
            ping_interval: Duration::from_secs(30),
            ping_wait: Duration::from_secs(10),
            origins: Vec::new(),
        }
    }
}
