//! By rustdoc: every crate of ours, with warnings refused.

use std::ffi::OsStr;

use anyhow::Result;

use crate::command::{cargo, run_with};

pub(super) fn build() -> Result<()> {
    let flags: [(&str, &OsStr); 1] = [("RUSTDOCFLAGS", OsStr::new("-D warnings"))];
    run_with(&cargo(), &["doc", "--workspace", "--no-deps", "--keep-going"], &flags)
}
