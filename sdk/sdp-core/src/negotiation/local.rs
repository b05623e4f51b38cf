//! What the local side can do and wants.

use std::net::IpAddr;

use crate::{Direction, Rtpmap};

/// The local end of an audio stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalAudio {
    /// The address where media are received.
    pub address: IpAddr,
    /// The port of RTP.
    pub rtp_port: u16,
    /// The port of RTCP where it is not multiplexed; announced by `a=rtcp` when not the next one.
    pub rtcp_port: u16,
    /// The codecs, at least one, the preferred one first, without `telephone-event`.
    pub codecs: Vec<LocalCodec>,
    /// The payload type of `telephone-event` (RFC 4733), where it is supported; further clock rates take free numbers.
    pub telephone_event: Option<u8>,
    /// The preferred length of a packet in milliseconds.
    pub ptime: u16,
    /// The longest packet that is sent and taken, in milliseconds; 200 and unannounced where it is not given.
    pub max_ptime: Option<u16>,
    /// Whether RTP and RTCP may share a port (RFC 5761).
    pub rtcp_mux: bool,
    /// What the local side wants: sending only puts the other side on hold (RFC 3264 §8.4).
    pub direction: Direction,
    /// The number of the session in `o=`, for its whole life.
    pub session_id: u64,
    /// The version of the first description in `o=`.
    pub session_version: u64,
    /// The user name in `o=`; empty for none.
    pub user_name: String,
}

/// A codec the local side supports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalCodec {
    /// The name of the encoding.
    pub name: String,
    /// The payload type to offer, 0 to 127.
    pub payload_type: u8,
    /// The RTP clock rate in hertz.
    pub clock_rate: u32,
    /// The number of channels, at least 1.
    pub channels: u8,
    /// The format parameters the local side wants to receive with.
    pub fmtp: Option<String>,
}

impl LocalAudio {
    /// An end that takes part both ways in packets of 20 ms, RTCP at the next port, without `telephone-event`.
    pub fn new(address: IpAddr, rtp_port: u16, codecs: Vec<LocalCodec>) -> Self {
        Self {
            address,
            rtp_port,
            rtcp_port: rtp_port.saturating_add(1),
            codecs,
            telephone_event: None,
            ptime: 20,
            max_ptime: None,
            rtcp_mux: false,
            direction: Direction::SendRecv,
            session_id: 1,
            session_version: 1,
            user_name: String::new(),
        }
    }
}

impl LocalCodec {
    /// A codec of one channel without format parameters.
    pub fn new(name: impl Into<String>, payload_type: u8, clock_rate: u32) -> Self {
        Self { name: name.into(), payload_type, clock_rate, channels: 1, fmtp: None }
    }

    pub(crate) fn rtpmap(&self) -> Rtpmap<'_> {
        Rtpmap { name: &self.name, clock_rate: self.clock_rate, channels: self.channels }
    }
}
