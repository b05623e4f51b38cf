//! Whether each phone heard what the other said.

use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use rvoip::{ErrorKind, Result};
use rvoip_media_core::compare::compare;
use rvoip_media_core::wav::PcmClip;
use serde::Serialize;

use super::stage::SPEECH;

/// The least correlation that passes; G.711 without loss gives 0.98 and more, other speech below 0.3.
const CORRELATION: f64 = 0.9;
/// The least share of the speech that must have been heard.
const COVERED: f64 = 0.9;

/// How like a recording is to what was said.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Verdict {
    /// Correlation after alignment, 0 to 1.
    correlation: f64,
    /// The share of the speech that was found, 0 to 1.
    covered: f64,
}

impl Verdict {
    pub(super) fn passed(&self) -> bool {
        self.correlation >= CORRELATION && self.covered >= COVERED
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.passed() { "yes" } else { "NO" };
        write!(
            f,
            "{verdict} (correlation {:.3}, at least {CORRELATION}; {:.0} % of it, at least {:.0} %)",
            self.correlation,
            self.covered * 100.0,
            COVERED * 100.0
        )
    }
}

/// Compares recordings with what was said.
pub(super) fn all(recordings: &[impl AsRef<Path>]) -> Result<Vec<Verdict>> {
    let failed = |error: String| ErrorKind::FileFailed.error(error);
    let said = PcmClip::from_wav(SPEECH).map_err(|error| failed(error.to_string()))?;
    recordings
        .iter()
        .map(|path| {
            let path = path.as_ref();
            let named = |error: String| failed(format!("{}: {error}", path.display()));
            let file = File::open(path).map_err(|error| named(error.to_string()))?;
            let heard = PcmClip::read_wav(BufReader::new(file)).map_err(|error| named(error.to_string()))?;
            let likeness = compare(&said, &heard).map_err(|error| named(error.to_string()))?;
            Ok(Verdict { correlation: likeness.correlation, covered: likeness.covered })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_not_what_was_said() {
        let path = std::env::temp_dir().join(format!("rvoip-demo-check-{}.wav", std::process::id()));
        let mut writer = rvoip_media_core::wav::WavWriter::new(File::create(&path).unwrap(), 8_000).unwrap();
        writer.write(&vec![0; 32_000]).unwrap();
        writer.finish().unwrap();
        let verdicts = all(&[&path]).unwrap();
        assert!(!verdicts[0].passed(), "{:?}", verdicts[0]);
        std::fs::write(&path, SPEECH).unwrap();
        assert!(all(&[&path]).unwrap()[0].passed());
        std::fs::remove_file(path).unwrap();
    }
}
