//! The demo as a check: it exits 1 by itself when the speech that arrives is not the speech that was sent.

use anyhow::Result;

use crate::command::{cargo, run};

/// The demo as built for the tests.
pub(crate) fn run_dev() -> Result<()> {
    run(&cargo(), &["run", "--package", "rvoip-cli", "--", "demo"])
}

/// The demo exactly as the README has it.
pub(crate) fn run_release() -> Result<()> {
    run(&cargo(), &["run", "--release", "--", "demo"])
}
