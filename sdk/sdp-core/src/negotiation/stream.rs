//! What both sides agreed on.

use std::net::SocketAddr;

use crate::Direction;

/// An agreed audio stream, as the local side sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// The position of its media description, counted from 0.
    pub index: usize,
    /// Where to send RTP; unspecified while the peer holds in the style of RFC 2543, nothing is sent there.
    pub remote_rtp: SocketAddr,
    /// Where to send RTCP; the same as RTP where both share a port.
    pub remote_rtcp: SocketAddr,
    /// The codecs, never empty; the first is the one to send with, all may be received.
    pub codecs: Vec<NegotiatedCodec>,
    /// The payload types of `telephone-event` at the clock rate of the first codec.
    pub telephone_event: Option<EventPayload>,
    /// The length of the packets to send, in milliseconds.
    pub ptime: u16,
    /// Whether the local side may send and receives.
    pub direction: Direction,
    /// Whether the peer does not want to hear what we would send.
    pub remote_hold: bool,
    /// Whether RTP and RTCP share a port.
    pub rtcp_mux: bool,
}

/// A codec both sides support.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NegotiatedCodec {
    /// The payload type to send with.
    pub payload_type: u8,
    /// The payload type the peer sends with.
    pub receive_payload_type: u8,
    /// The name of the encoding, as the peer writes it.
    pub name: String,
    /// The RTP clock rate in hertz.
    pub clock_rate: u32,
    /// The number of channels.
    pub channels: u8,
    /// The format parameters the peer wants to receive with.
    pub fmtp: Option<String>,
}

/// The payload types of `telephone-event` (RFC 4733).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPayload {
    /// The one to send with.
    pub send: u8,
    /// The one the peer sends with.
    pub receive: u8,
}
