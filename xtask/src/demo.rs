//! The README's first command: a call with speech on this machine. It fails if the speech does not arrive.

use anyhow::Result;

use crate::command::{cargo, run, target_directory};
use crate::shipped;
use crate::stage::now;

/// As everybody builds it while working: over datagrams, and from those to a secure WebSocket and back.
pub(crate) fn run_dev() -> Result<()> {
    let demo = ["run", "--package", "rvoip-cli", "--", "demo"];
    run(&cargo(), &demo)?;
    run(&cargo(), &[&demo[..], &["--transport-a", "udp", "--transport-b", "wss"]].concat())
}

/// As the README says it. How long it takes is printed and judged by nobody: it is a wait for the speech to be heard, and
/// whatever else the machine does.
pub(crate) fn run_release() -> Result<()> {
    run(&cargo(), &["build", "--release"])?;
    shipped::check(&target_directory().join("release/rvoip"))?;
    let started = now();
    run(&cargo(), &["run", "--release", "--", "demo"])?;
    println!("the demonstration took {:.1} s; it should take under 15", started.elapsed().as_secs_f64());
    Ok(())
}
