//! cargo-deny: licences, banned crates and sources by what the lock file names, and known vulnerabilities by their
//! data base, which is RUSTSEC's.

use anyhow::Result;

use crate::command::{run, succeeds};
use crate::install;

const VERSION: &str = "0.20.2";

/// Checks all of it; the advisories only where their data base can be fetched, or was before.
pub(crate) fn run_stage() -> Result<()> {
    let deny = install::tool("cargo-deny", VERSION)?.join("cargo-deny");
    let deny = deny.to_string_lossy();
    run(&deny, &["--offline", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"])?;
    if !succeeds(&deny, &["fetch", "db"]) {
        println!(
            "SKIPPED: advisories. The data base is a repository of GitHub, which cannot be fetched from here; run \
             `cargo xtask ci` or `cargo deny check advisories` where it can."
        );
        return Ok(());
    }
    run(&deny, &["check", "advisories"])
}
