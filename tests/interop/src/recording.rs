//! Whether the other side heard what was said, and nobody heard itself.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rvoip_media_core::compare::{Comparison, compare};
use rvoip_media_core::wav::PcmClip;

/// A voice of `tests/vectors/speech`: twelve seconds of speech at 8 kHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// What our phones say.
    Alice,
    /// What baresip says.
    Bob,
}

impl Voice {
    /// Its file.
    pub fn file(self) -> PathBuf {
        let name = match self {
            Self::Alice => "alice.wav",
            Self::Bob => "bob.wav",
        };
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/speech").join(name)
    }

    fn other(self) -> Self {
        match self {
            Self::Alice => Self::Bob,
            Self::Bob => Self::Alice,
        }
    }
}

/// Checks that `recording` holds the first `seconds` of what `voice` says, and nothing of the other voice.
pub fn assert_heard(voice: Voice, recording: &Path, seconds: u32) -> Result<()> {
    let said = compare_files(&voice.file(), recording, Some(seconds))?;
    let other = compare_files(&voice.other().file(), recording, Some(seconds))?;
    let file = recording.display();
    ensure!(said.is_heard(), "{file} does not hold what {voice:?} says: {said:?}");
    ensure!(other.is_unheard(), "{file} holds what {:?} says: {other:?}", voice.other());
    Ok(())
}

/// Compares a recording with the first seconds of what was sent, or with all of it.
pub fn compare_files(sent: &Path, received: &Path, seconds: Option<u32>) -> Result<Comparison> {
    let (mut sent, received) = (load(sent)?, load(received)?);
    if let Some(seconds) = seconds {
        sent = sent.between(Duration::ZERO, Duration::from_secs(seconds.into()));
    }
    Ok(compare(&sent, &received)?)
}

fn load(path: &Path) -> Result<PcmClip> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    PcmClip::read_wav(BufReader::new(file)).with_context(|| path.display().to_string())
}
