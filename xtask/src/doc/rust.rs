//! By rustdoc: every crate of ours, with warnings refused. What is there in the browser alone is read for that.

use std::ffi::OsStr;

use anyhow::Result;

use crate::command::{cargo, run_with};
use crate::install;
use crate::test::{BROWSER, SCENARIOS};

/// The crates that have code for the browser.
const BROWSERS: [&str; 6] =
    ["--package", "rvoip-wasm", "--package", "rvoip-driver", "--package", "rvoip-sip-transport"];

pub(super) fn build() -> Result<()> {
    let flags: [(&str, &OsStr); 1] = [("RUSTDOCFLAGS", OsStr::new("-D warnings"))];
    let documented = ["doc", "--no-deps", "--keep-going"];
    install::target(BROWSER)?;
    let browser = [&documented[..], &["--target", BROWSER], &BROWSERS].concat();
    run_with(&cargo(), &browser, &flags)?;
    // Without the scenarios, which would switch on the harness in the reference as well.
    let everything = [&documented[..], &["--workspace", "--exclude", SCENARIOS]].concat();
    run_with(&cargo(), &everything, &flags)
}
