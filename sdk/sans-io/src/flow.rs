//! Flows: what bytes travel on.

use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;

/// How a flow moves bytes. (The transport named in a Via is an open set and lives in sip-core.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// Datagrams, RFC 3261.
    Udp,
    /// A stream, RFC 3261.
    Tcp,
    /// A stream under TLS, RFC 3261.
    Tls,
    /// WebSocket, RFC 7118.
    Ws,
    /// WebSocket under TLS, RFC 7118.
    Wss,
}

impl Protocol {
    /// Whether the flow itself retransmits, so that the transaction layer must not.
    pub fn is_reliable(self) -> bool {
        self != Self::Udp
    }

    /// Whether messages follow each other without bounds of their own, so that each must say how long it is
    /// (RFC 3261 §18.3): not on a WebSocket, whose frames have bounds.
    pub fn is_stream(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls)
    }

    /// Whether the flow is encrypted.
    pub fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// The port that a SIP URI without one means.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }

    /// The value of a URI's `transport` parameter; none for UDP, which is what a `sip:` URI without one means. `wss` is
    /// registered nowhere: RFC 7118 has `ws` in a `sips:` URI, so it is for URIs that only we ourselves read.
    pub fn uri_name(self) -> Option<&'static str> {
        match self {
            Self::Udp => None,
            Self::Tcp => Some("tcp"),
            Self::Tls => Some("tls"),
            Self::Ws => Some("ws"),
            Self::Wss => Some("wss"),
        }
    }

    /// The name as written in a Via, such as `UDP`.
    pub fn via_name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.via_name())
    }
}

/// Names a flow: a bound UDP socket, or one connection.
///
/// The machine names the flows that it asks for, the platform those that it brings (sockets that it bound, connections
/// that it accepted); the two never collide.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(u64);

impl FlowId {
    const PLATFORM: u64 = 1 << 63;

    /// The name of a flow that a machine asks for.
    pub const fn from_machine(number: u64) -> Self {
        Self(number & !Self::PLATFORM)
    }

    /// The name of a flow that the platform brings.
    pub const fn from_platform(number: u64) -> Self {
        Self(number | Self::PLATFORM)
    }

    /// Whether a machine asked for the flow.
    pub fn is_of_machine(self) -> bool {
        self.0 & Self::PLATFORM == 0
    }

    /// The name as a number, for text that comes back ([`Self::from_bits`]).
    pub fn to_bits(self) -> u64 {
        self.0
    }

    /// The name that [`Self::to_bits`] gave.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

impl fmt::Debug for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.0 & Self::PLATFORM == 0 { 'm' } else { 'p' };
        write!(f, "{side}{}", self.0 & !Self::PLATFORM)
    }
}

/// Bytes to send on a flow: one datagram, or one whole message of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// The flow to send on.
    pub flow: FlowId,
    /// Where to; a connection ignores it.
    pub destination: SocketAddr,
    /// What to send.
    pub bytes: Bytes,
}

impl Transmit {
    /// A transmit that owns a copy of `bytes`.
    pub fn copy(flow: FlowId, destination: SocketAddr, bytes: &[u8]) -> Self {
        Self { flow, destination, bytes: Bytes::copy_from_slice(bytes) }
    }
}

/// Asks the platform for a connection. It answers with `FlowOpened` or `FlowFailed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenFlow {
    /// The name that the flow will have.
    pub flow: FlowId,
    /// TCP, TLS, WS or WSS.
    pub protocol: Protocol,
    /// Where to.
    pub remote: SocketAddr,
    /// The host of the URI that led here, against which a server's certificate is checked.
    pub server_name: Option<String>,
    /// The resource of a WebSocket URL (RFC 6455 §3), such as `/ws`; `/` where there is none.
    pub resource: Option<String>,
}

/// The platform has a flow: a bound socket, an accepted connection, or one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowOpened {
    /// The flow's name.
    pub flow: FlowId,
    /// How it moves bytes.
    pub protocol: Protocol,
    /// The local address.
    pub local: SocketAddr,
    /// The other end of a connection; a UDP socket has none.
    pub remote: Option<SocketAddr>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flows_of_machine_and_platform_never_collide() {
        assert_ne!(FlowId::from_machine(3), FlowId::from_platform(3));
        assert_eq!(format!("{:?} {:?}", FlowId::from_machine(3), FlowId::from_platform(3)), "m3 p3");
    }
}
