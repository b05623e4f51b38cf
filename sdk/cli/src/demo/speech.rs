//! What the two phones say: each something else, so that a phone that hears itself is found out.

use std::time::Duration;

use rvoip::{AudioSource, Error, ErrorKind, Result};
use rvoip_media_core::wav::{PcmClip, WavError};

/// What one phone says, in two parts: between them the call is on hold.
pub(super) struct Voice {
    pub(super) before_hold: PcmClip,
    pub(super) after_resume: PcmClip,
}

/// Both voices.
pub(super) struct Speech {
    pub(super) alice: Voice,
    pub(super) bob: Voice,
}

impl Speech {
    /// The speech that comes with the command.
    pub(super) fn recorded() -> Result<Self> {
        let alice = Voice::new(include_bytes!("../../assets/alice.wav"), Duration::from_millis(2_500))?;
        let bob = Voice::new(include_bytes!("../../assets/bob.wav"), Duration::from_millis(2_500))?;
        Ok(Self { alice, bob })
    }
}

impl Voice {
    /// Two parts of a recording, each as long as `part`.
    pub(super) fn new(wav: &[u8], part: Duration) -> Result<Self> {
        let clip = PcmClip::from_wav(wav).map_err(|error| failed(&error))?;
        let before_hold = clip.between(Duration::ZERO, part);
        Ok(Self { before_hold, after_resume: clip.between(part, part.saturating_mul(2)) })
    }
}

/// A clip as a call plays it.
pub(super) fn source(clip: &PcmClip) -> Result<AudioSource> {
    Ok(AudioSource::Bytes { wav: clip.to_wav().map_err(|error| failed(&error))?, repeat: false })
}

fn failed(error: &WavError) -> Error {
    ErrorKind::Internal.error(error.to_string())
}
