//! Whether each phone heard what the other said, before hold and after it, and did not hear itself.

use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use rvoip::{ErrorKind, Result};
use rvoip_media_core::compare::{Comparison, HEARD, UNHEARD, compare};
use rvoip_media_core::wav::PcmClip;
use serde::Serialize;

use super::speech::{Speech, Voice};

/// How like a recording is to something that was said.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Likeness {
    /// Correlation after alignment, 0 to 1.
    correlation: f64,
    /// The share of the speech that was found, 0 to 1.
    covered: f64,
}

/// What is in the recording of one phone.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Verdict {
    passed: bool,
    /// What the other said before hold.
    before_hold: Likeness,
    /// What the other said after resume.
    after_resume: Likeness,
    /// The more of what the phone itself said.
    itself: Likeness,
}

impl Verdict {
    fn of(recording: &PcmClip, other: &Voice, itself: &Voice) -> Result<Self> {
        let like = |said: &PcmClip| {
            compare(said, recording).map_err(|error| ErrorKind::FileFailed.error(error.to_string()))
        };
        let (before, after) = (like(&other.before_hold)?, like(&other.after_resume)?);
        let own = [like(&itself.before_hold)?, like(&itself.after_resume)?];
        let unheard = own.iter().all(Comparison::is_unheard);
        let [first, second] = own;
        Ok(Self {
            passed: before.is_heard() && after.is_heard() && unheard,
            before_hold: before.into(),
            after_resume: after.into(),
            itself: if first.correlation > second.correlation { first } else { second }.into(),
        })
    }

    pub(super) fn passed(&self) -> bool {
        self.passed
    }
}

impl From<Comparison> for Likeness {
    fn from(Comparison { correlation, covered, .. }: Comparison) -> Self {
        Self { correlation, covered }
    }
}

impl fmt::Display for Likeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}, {:.0} %", self.correlation, self.covered * 100.0)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, before_hold, after_resume, itself } = self;
        let verdict = if *passed { "yes" } else { "NO" };
        write!(f, "{verdict} (before hold {before_hold}; after it {after_resume}; itself {itself})")
    }
}

/// What passes, for people.
pub(super) fn measure() -> String {
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    format!(
        "heard: correlation at least {HEARD} and {} of the other's speech found; of its own below {UNHEARD} and {}",
        percent(HEARD),
        percent(UNHEARD)
    )
}

/// Compares the recordings of alice and bob with what was said.
pub(super) fn all(speech: &Speech, recordings: &[impl AsRef<Path>; 2]) -> Result<Vec<Verdict>> {
    let [at_alice, at_bob] = recordings;
    let Speech { alice, bob } = speech;
    Ok(vec![
        Verdict::of(&read(at_alice.as_ref())?, bob, alice)?,
        Verdict::of(&read(at_bob.as_ref())?, alice, bob)?,
    ])
}

fn read(path: &Path) -> Result<PcmClip> {
    let failed = |error: String| ErrorKind::FileFailed.error(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    PcmClip::read_wav(BufReader::new(file)).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_other_said_twice_is_what_was_to_be_heard() {
        let speech = Speech::recorded().unwrap();
        let (alice, bob) = (&speech.alice, &speech.bob);
        let verdict = |parts: &[&PcmClip]| {
            let pause = vec![0; 8_000];
            let samples: Vec<i16> =
                parts.iter().flat_map(|part| [&pause[..], &part.samples]).flatten().copied().collect();
            Verdict::of(&PcmClip::new(8_000, samples), bob, alice).unwrap()
        };
        assert!(verdict(&[&bob.before_hold, &bob.after_resume]).passed());
        for wrong in [
            &[][..],
            &[&bob.before_hold],
            &[&bob.after_resume],
            &[&alice.before_hold, &alice.after_resume],
            &[&bob.before_hold, &bob.after_resume, &alice.after_resume],
        ] {
            let verdict = verdict(wrong);
            assert!(!verdict.passed(), "{verdict}");
        }
    }
}
