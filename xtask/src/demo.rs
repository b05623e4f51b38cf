//! The README's first command: a call with speech on this machine. It fails if the speech does not arrive.

use anyhow::Result;

use crate::command::{cargo, run};

/// As everybody builds it while working.
pub(crate) fn run_dev() -> Result<()> {
    run(&cargo(), &["run", "--package", "rvoip-cli", "--", "demo"])
}

/// As the README says it.
pub(crate) fn run_release() -> Result<()> {
    run(&cargo(), &["run", "--release", "--", "demo"])
}
