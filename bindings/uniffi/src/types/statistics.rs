//! The quality of a call in figures.

use rvoip::{CallStatistics, DirectionStatistics};

/// What one direction of a call's audio suffered.
#[uniffi::remote(Record)]
pub struct DirectionStatistics {
    /// Packets sent, or received.
    pub packets: u64,
    /// Bytes of audio in them, without headers.
    pub bytes: u64,
    /// Packets lost on the way, as the receiver counts them.
    pub lost: u64,
    /// Share of packets lost, 0.0 to 1.0.
    pub loss: f64,
    /// Interarrival jitter in milliseconds (RFC 3550 §6.4.1).
    pub jitter_ms: f64,
    /// Estimated mean opinion score, 1.0 to 4.5 (ITU-T G.107); none before there is enough to judge by.
    pub mos: Option<f64>,
}

/// The figures of a call since its audio began.
#[uniffi::remote(Record)]
pub struct CallStatistics {
    /// Our audio, as far as the peer reports on it.
    pub sent: DirectionStatistics,
    /// The peer's audio.
    pub received: DirectionStatistics,
    /// Time to the peer and back in milliseconds, once RTCP has told.
    pub round_trip_ms: Option<f64>,
    /// The codec in use, such as `PCMU`.
    pub codec: Option<String>,
}
