//! The README's first command: a call with speech on this machine. It fails if the speech does not arrive.

use anyhow::Result;

use crate::command::{cargo, run};

/// As everybody builds it while working: over datagrams, and from those to a secure WebSocket and back.
pub(crate) fn run_dev() -> Result<()> {
    let demo = ["run", "--package", "rvoip-cli", "--", "demo"];
    run(&cargo(), &demo)?;
    run(&cargo(), &[&demo[..], &["--transport-a", "udp", "--transport-b", "wss"]].concat())
}

/// As the README says it.
pub(crate) fn run_release() -> Result<()> {
    run(&cargo(), &["run", "--release", "--", "demo"])
}
