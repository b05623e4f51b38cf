//! The Kotlin project, by Maven, with the real library and real peers.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::maven;
use crate::command::{cargo, run, succeeds, target_directory};
use crate::install;
use crate::stage::Count;

const PROJECT: &str = "mobile/kotlin";
/// The peers that the tests call.
const PEERS: &[&str] = &[
    "kamailio",
    "kamailio-extra-modules",
    "kamailio-tls-modules",
    "kamailio-websocket-modules",
    "baresip-core",
];

/// Compiles the project and runs its tests, all of them.
pub(super) fn test(library: &Path, count: &mut Count) -> Result<()> {
    install_tools()?;
    install::packages(PEERS)?;
    run(&cargo(), &["build", "--package", "rvoip-interop", "--bin", "rvoip-testbed"])?;
    let testbed = format!("-Drvoip.testbed={}", target_directory().join("debug/rvoip-testbed").display());
    maven::test(PROJECT, &[&of(library)?, &testbed], count)
}

/// The soak of 10,000 calls, and what passes the boundary in a second.
pub(super) fn bench(library: &Path) -> Result<()> {
    install_tools()?;
    maven::run_tagged(PROJECT, "bench", &[&of(library)?])
}

pub(crate) fn install_tools() -> Result<()> {
    if succeeds("mvn", &["--version"]) {
        return Ok(());
    }
    install::packages(&["default-jdk-headless", "maven"])
}

fn of(library: &Path) -> Result<String> {
    let folder = library.parent().context("a library without a folder")?;
    Ok(format!("-Drvoip.library={}", folder.display()))
}
