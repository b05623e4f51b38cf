//! Requests to the media side and its reports, as plain data.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rvoip_sans_io::Token;
use rvoip_session_core::{MediaAnswer, MediaQuestion, NegotiationId};
use serde::Serialize;

/// Names the media of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaKey(pub u32);

/// Something for the media side to do.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaRequest {
    /// For which call.
    pub session: MediaKey,
    /// What.
    pub action: MediaAction,
}

/// What the media side is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum MediaAction {
    /// A call begins.
    Open(MediaOptions),
    /// A question of offer and answer.
    Ask(NegotiationId, MediaQuestion),
    /// The call is answered: from now on a peer that was heard and falls silent is one that is gone.
    Watch,
    /// A command of the user.
    Control(Token, MediaControl),
    /// Nobody waits for that command any more: it is not reported, and what it plays ends.
    Withdraw(Token),
    /// The call is over.
    Close,
}

/// The settings of a call's media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaOptions {
    /// Codecs by name, the preferred one first; those that are not known are left out.
    pub codecs: Vec<String>,
    /// The length of a packet, in milliseconds.
    pub ptime: u16,
    /// First and last port for RTP.
    pub rtp_ports: (u16, u16),
    /// How long the peer may be silent once the call is answered and it was heard; zero for ever.
    pub timeout: Duration,
    /// Between two reports of figures; zero for the last one alone.
    pub statistics_interval: Duration,
    /// Between two reports of levels; zero for none.
    pub levels_interval: Duration,
    /// The address to receive at; by default the one that leads to the peer.
    pub local: Option<IpAddr>,
}

/// A command of the user.
#[derive(Clone, Debug, PartialEq)]
pub enum MediaControl {
    /// Plays to the peer, from the start, in place of what is played. What has an end is reported when it is over, whether it
    /// came to its own end, of which [`MediaHappened::PlaybackFinished`] tells too, or was stopped, or something else plays in
    /// its place; anything else is reported when it begins.
    Play(AudioSource),
    /// Stops playing.
    StopPlaying,
    /// Records what the peer says, into a new file; reported when the file is there. A recording that goes on is completed.
    Record(AudioSink),
    /// Stops recording; the file is complete when this is reported.
    StopRecording,
    /// Sends key presses; reported when they are all sent, or cannot be.
    SendDigits(String),
    /// Sends silence in place of the source, or no more.
    Mute(bool),
    /// Adds 16-bit samples (8,000 Hz, mono) to what is played while that is [`AudioSource::Frames`]; reported when there was
    /// room for the last of them.
    WriteFrames(Vec<i16>),
    /// Takes what the peer said since the last time while that is recorded into [`AudioSink::Frames`]; reported by
    /// [`MediaReported::Frames`] as soon as there is something.
    ReadFrames,
}

/// Where audio comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AudioSource {
    /// A WAV file.
    File {
        /// Its path.
        path: PathBuf,
        /// From the start again when it is over.
        #[serde(default)]
        repeat: bool,
    },
    /// The contents of a WAV file.
    Bytes {
        /// The bytes.
        #[serde(with = "super::octets")]
        wav: Vec<u8>,
        /// From the start again when it is over.
        #[serde(default)]
        repeat: bool,
    },
    /// A tone.
    Tone {
        /// Which.
        tone: ToneKind,
    },
    /// What the peer says.
    Echo,
    /// What the program itself makes and writes, frame by frame.
    Frames,
}

/// A tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToneKind {
    /// The phone rings there.
    Ringback,
    /// The peer is busy.
    Busy,
    /// One may dial.
    Dial,
    /// A plain sine.
    Sine {
        /// In Hz, up to 3,400.
        hertz: u16,
    },
}

/// Where audio goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AudioSink {
    /// A new WAV file.
    File {
        /// Its path; a file of that name is replaced.
        path: PathBuf,
    },
    /// The program itself reads it, frame by frame.
    Frames,
}

impl From<PathBuf> for AudioSource {
    fn from(path: PathBuf) -> Self {
        Self::File { path, repeat: false }
    }
}

impl From<&Path> for AudioSource {
    fn from(path: &Path) -> Self {
        path.to_path_buf().into()
    }
}

impl From<&str> for AudioSource {
    fn from(path: &str) -> Self {
        PathBuf::from(path).into()
    }
}

impl From<ToneKind> for AudioSource {
    fn from(tone: ToneKind) -> Self {
        Self::Tone { tone }
    }
}

impl From<PathBuf> for AudioSink {
    fn from(path: PathBuf) -> Self {
        Self::File { path }
    }
}

impl From<&Path> for AudioSink {
    fn from(path: &Path) -> Self {
        path.to_path_buf().into()
    }
}

impl From<&str> for AudioSink {
    fn from(path: &str) -> Self {
        PathBuf::from(path).into()
    }
}

/// Something that the media side reports.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaReport {
    /// Of which call.
    pub session: MediaKey,
    /// What.
    pub report: MediaReported,
}

/// What the media side reports.
#[derive(Clone, Debug, PartialEq)]
pub enum MediaReported {
    /// The answer to a question.
    Answered(NegotiationId, MediaAnswer),
    /// What the peer said, for [`MediaControl::ReadFrames`]; empty if nothing more will be heard.
    Frames(Token, Vec<i16>),
    /// A command is done, or cannot be.
    Controlled(Token, Result<(), MediaFailure>),
    /// Something happened.
    Happened(MediaHappened),
    /// The figures of the call up to now.
    Statistics(MediaFigures),
    /// How loud both sides were since the last such report: root mean square of full scale, 0.0 to 1.0.
    Levels {
        /// What we sent.
        sent: f64,
        /// What we heard.
        received: f64,
    },
    /// The last report after [`MediaAction::Close`]: sockets are free, files are complete.
    Closed,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaHappened {
    /// The peer's first audio packet came.
    AudioReceived,
    /// The peer pressed a key.
    DigitReceived {
        /// `0` to `9`, `*`, `#`, `A` to `D`.
        digit: char,
        /// For how long.
        duration: Duration,
    },
    /// What was played is over.
    PlaybackFinished,
    /// A recording is closed; its file is complete.
    RecordingFinished,
    /// The peer was silent for too long.
    TimedOut,
    /// There is no way to the peer any more: the media need a new one.
    PathLost {
        /// One line for people.
        reason: String,
    },
    /// There is a way to the peer again.
    PathRestored,
    /// The media of the call failed: it is over.
    Failed {
        /// One line for people.
        reason: String,
    },
}

/// Why a command cannot be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaFailureKind {
    /// A file cannot be read, or is no recording.
    Unreadable,
    /// A file cannot be written.
    Unwritable,
    /// The peer takes no telephone events.
    NotNegotiated,
    /// The peer takes no telephone events any more, and some of the key presses were sent.
    Interrupted,
    /// Something that is no key.
    InvalidDigits,
    /// The program's own audio is not being played, or not recorded.
    NotFrames,
    /// Too much is waiting.
    Busy,
    /// It took too long.
    TimedOut,
    /// The call has no media, or no longer.
    Gone,
    /// Nothing that this platform can do.
    Unsupported,
}

/// A command that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaFailure {
    /// The kind.
    pub kind: MediaFailureKind,
    /// One line for people.
    pub reason: String,
}

impl MediaFailure {
    pub(crate) fn new(kind: MediaFailureKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into() }
    }
}

/// The figures of a call since it began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MediaFigures {
    /// From us to the peer.
    pub sent: SentFigures,
    /// From the peer to us.
    pub received: ReceivedFigures,
    /// There and back.
    pub round_trip: Option<Duration>,
    /// Estimated opinion score of what we hear, 1 to 4.5 (ITU-T G.107).
    pub mos_received: Option<f64>,
    /// The same of what the peer hears, from its reports.
    pub mos_sent: Option<f64>,
    /// The codec.
    pub codec: Option<String>,
}

/// What we sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SentFigures {
    /// Packets.
    pub packets: u64,
    /// Payload octets.
    pub octets: u64,
    /// Packets that the peer misses, if it said so.
    pub lost: Option<u32>,
    /// The jitter that the peer sees, if it said so.
    pub jitter: Option<Duration>,
}

/// What we received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceivedFigures {
    /// Packets.
    pub packets: u64,
    /// Payload octets.
    pub octets: u64,
    /// Packets that did not come.
    pub lost: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Packets that came out of order.
    pub reordered: u64,
    /// Packets that came too late to be played.
    pub late: u64,
    /// Interarrival jitter (RFC 3550 appendix A.8).
    pub jitter: Duration,
    /// What the jitter buffer adds to the way.
    pub delay: Duration,
}
