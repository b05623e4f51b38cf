//! What is played and where recordings go.

use std::path::PathBuf;

use rvoip::{AudioSink, AudioSource, ToneKind};

/// Where audio comes from.
#[uniffi::remote(Enum)]
pub enum AudioSource {
    /// A WAV file.
    File {
        /// Its path.
        path: PathBuf,
        /// From the start again when it is over.
        #[uniffi(default = false)]
        repeat: bool,
    },
    /// The contents of a WAV file.
    Bytes {
        /// The bytes.
        wav: Vec<u8>,
        /// From the start again when it is over.
        #[uniffi(default = false)]
        repeat: bool,
    },
    /// A tone.
    Tone {
        /// Which.
        tone: ToneKind,
    },
    /// What the peer says.
    Echo,
    /// What the program itself makes, by `write_frames`.
    Frames,
}

/// A tone.
#[uniffi::remote(Enum)]
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
#[uniffi::remote(Enum)]
pub enum AudioSink {
    /// A new WAV file.
    File {
        /// Its path; a file of that name is replaced.
        path: PathBuf,
    },
    /// The program itself takes it, by `read_frames`.
    Frames,
}
