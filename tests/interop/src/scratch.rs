//! A folder for one test.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

use crate::binary::rvoip_binary;
use crate::process::take_transcripts;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A fresh folder.
///
/// Its path is short, because the name of a Unix socket must fit into 107 bytes.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// A fresh folder in the system's folder for such things.
    pub fn new() -> Result<Self> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("rvoip-interop-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Removes it.
    pub fn remove(self) -> Result<()> {
        std::fs::remove_dir_all(&self.0).with_context(|| self.0.display().to_string())
    }

    /// A file, or a folder, within.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// Runs a test in a folder of its own. If it fails, what its processes printed is shown and the folder stays.
///
/// # Panics
///
/// If the test fails.
pub fn in_scratch(test: impl FnOnce(&Scratch) -> Result<()>) {
    drop(take_transcripts());
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // The phone is built before a peer starts, whose patience would end meanwhile.
        rvoip_binary()?;
        let scratch = Scratch::new()?;
        test(&scratch).with_context(|| format!("files are in {}", scratch.path().display()))?;
        scratch.remove()
    }));
    let transcripts = take_transcripts();
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(error)) => panic!("{transcripts}\n{error:#}"),
        Err(panic) => {
            show(&transcripts);
            resume_unwind(panic)
        }
    }
}

#[expect(clippy::print_stderr, reason = "a failed test shows what its peers said")]
fn show(transcripts: &str) {
    eprintln!("{transcripts}");
}
