//! What the test run has a tenth of.

use std::ffi::OsStr;

use anyhow::Result;

use crate::command::{cargo, run_with};

/// Ten thousand calls on a virtual clock and a million mutated messages.
pub(super) fn run() -> Result<()> {
    let more = [("RVOIP_SEEDS", OsStr::new("10000")), ("RVOIP_MUTANTS", OsStr::new("1000000"))];
    let arguments = ["test", "--release", "--package", "rvoip-simulation", "--", "--nocapture"];
    run_with(&cargo(), &arguments, &more)
}
