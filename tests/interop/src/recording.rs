//! Whether the other side heard what was said.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use rvoip_media_core::compare::{Comparison, compare};
use rvoip_media_core::wav::PcmClip;

/// G.711 on loopback loses nothing; a jitter buffer may still shorten or lengthen a pause.
const CORRELATION: f64 = 0.9;
/// The share of the speech that must be found; the first and last instants of a call may be cut.
const COVERED: f64 = 0.9;

/// Twelve seconds of recorded speech at 8 kHz, which both sides play.
pub fn speech_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/media-core/tests/vectors/audio/speech8.wav")
}

/// Checks that `recording` holds the first `seconds` of the speech.
pub fn assert_heard(recording: &Path, seconds: u32) -> Result<()> {
    let result = compare_files(&speech_file(), recording, Some(seconds))?;
    ensure!(
        result.correlation >= CORRELATION && result.covered >= COVERED,
        "{} does not hold the speech: {result:?}",
        recording.display(),
    );
    Ok(())
}

/// Compares a recording with the first seconds of what was sent, or with all of it.
pub fn compare_files(sent: &Path, received: &Path, seconds: Option<u32>) -> Result<Comparison> {
    let (sent, received) = (load(sent)?, load(received)?);
    let length = match seconds {
        Some(seconds) => usize::try_from(sent.rate.saturating_mul(seconds))?,
        None => sent.samples.len(),
    };
    let first: Vec<i16> = sent.samples.iter().copied().take(length).collect();
    Ok(compare(&PcmClip::new(sent.rate, first), &received)?)
}

fn load(path: &Path) -> Result<PcmClip> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    PcmClip::read_wav(BufReader::new(file)).with_context(|| path.display().to_string())
}
