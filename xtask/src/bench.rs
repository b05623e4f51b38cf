//! `cargo xtask bench`: speed and allocations, measured by the package `rvoip-bench`; never a timed test.

use anyhow::{Result, bail};

use crate::command::{self, cargo, root};

/// Runs the benchmarks; the arguments are theirs.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    if !root().join("tests/bench/Cargo.toml").exists() {
        bail!("there is no tests/bench/Cargo.toml");
    }
    let mut all = vec!["run", "--release", "--package", "rvoip-bench", "--"];
    all.extend(arguments.iter().map(String::as_str));
    command::run(&cargo(), &all)
}
