//! What goes into a session and what comes out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rvoip_sans_io::Instant;
use thiserror::Error;

use crate::codec::Codec;
use crate::tone::Tone;

/// The settings of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaConfig {
    /// The codecs, the preferred one first.
    pub codecs: Vec<Codec>,
    /// The length of a packet that we would like, in milliseconds. Default 20.
    pub ptime: u16,
    /// How long the peer may be silent, once it was heard and while nobody holds. Default 30 s; none for ever.
    pub timeout: Option<Duration>,
    /// The shortest and the longest delay of the jitter buffer. Default 20 ms and 400 ms.
    pub jitter_min: Duration,
    /// See `jitter_min`.
    pub jitter_max: Duration,
    /// Whether key presses travel as telephone events (RFC 4733). Default true.
    pub telephone_event: bool,
    /// Whether RTP and RTCP may share a port (RFC 5761). Default false.
    pub rtcp_mux: bool,
    /// The canonical name of the sender (RFC 3550 section 6.5.1). Default empty: drawn at random (RFC 7022 section 4.2).
    pub cname: String,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            codecs: Codec::ALL.to_vec(),
            ptime: 20,
            timeout: Some(Duration::from_secs(30)),
            jitter_min: Duration::from_millis(20),
            jitter_max: Duration::from_millis(400),
            telephone_event: true,
            rtcp_mux: false,
            cname: String::new(),
        }
    }
}

/// The addresses that the description shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalMedia {
    /// Where RTP is received.
    pub rtp: SocketAddr,
    /// Where RTCP is received.
    pub rtcp: SocketAddr,
}

/// Which of the two sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// The socket of RTP, and of RTCP where both share it.
    Rtp,
    /// The socket of RTCP.
    Rtcp,
}

/// What the session wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum MediaOutput {
    /// Send this.
    Transmit {
        /// From which socket.
        lane: Lane,
        /// Where to.
        destination: SocketAddr,
        /// The packet.
        bytes: Vec<u8>,
    },
    /// Tell the user.
    Event(MediaEvent),
    /// Always last: when to call `handle_timeout` again, or never.
    Timeout(Option<Instant>),
}

/// A fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEvent {
    /// The peer's first audio packet came.
    FirstPacket,
    /// The peer pressed a key.
    DigitReceived {
        /// `0` to `9`, `*`, `#`, `A` to `D`.
        digit: char,
        /// For how long.
        duration: Duration,
    },
    /// The key presses of one call of [`MediaSession::send_digits`](super::MediaSession::send_digits) were all sent.
    DigitsSent,
    /// They were not, because the peer takes no telephone events any more.
    DigitsDropped {
        /// Some of them were.
        begun: bool,
    },
    /// The clip or tone is over.
    PlaybackFinished,
    /// The peer was silent for too long.
    TimedOut,
    /// The peer left the session.
    PeerBye,
}

/// Where the audio that we send comes from.
#[derive(Clone, Debug, Default)]
pub enum Source {
    /// Nobody speaks.
    #[default]
    Silence,
    /// A recording at [`MediaSession::audio_rate`](super::MediaSession::audio_rate).
    Clip {
        /// The samples.
        samples: Arc<[i16]>,
        /// From the start again when it is over.
        repeat: bool,
    },
    /// A tone.
    Tone(Tone),
    /// What the peer says.
    Echo,
    /// What [`MediaSession::push_frame`](super::MediaSession::push_frame) brings.
    Frames,
}

/// A description cannot be written or taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct MediaError {
    /// What the request that brought it is answered with.
    pub status: u16,
    /// One line for people.
    pub reason: String,
}

/// Key presses cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DigitsError {
    /// The peer takes no telephone events.
    #[error("the peer takes no telephone events")]
    NotNegotiated,
    /// Something that is no key.
    #[error("digits are 0 to 9, *, #, A to D, and a comma for a pause")]
    Invalid,
    /// Too many wait already.
    #[error("too many digits are waiting to be sent")]
    Full,
}
