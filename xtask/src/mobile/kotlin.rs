//! The Kotlin project, by Maven, with the real library and real peers.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::maven;
use crate::command::{cargo, run, target_directory};
use crate::stage::Count;
use crate::{install, scenarios};

const PROJECT: &str = "mobile/kotlin";
/// Compiles the project and runs its tests, all of them.
pub(super) fn test(library: &Path, count: &mut Count) -> Result<()> {
    install::java()?;
    install::packages(&[&install::KAMAILIO, &install::BARESIP])?;
    run(&cargo(), &["build", "--package", "rvoip-interop", "--bin", "rvoip-testbed"])?;
    let folder = library.parent().context("a library without a folder")?;
    let library = format!("-Drvoip.library={}", folder.display());
    let testbed = format!("-Drvoip.testbed={}", target_directory().join("debug/rvoip-testbed").display());
    maven::test(PROJECT, &[&library, &testbed], count)
}

/// Runs the scenarios with the library and the source in a folder; the table of outcomes goes to `target/conformance`.
pub(super) fn run_scenarios(folder: &Path, count: &mut Count) -> Result<()> {
    let generated = format!("-Drvoip.generated={}", folder.join("kotlin").display());
    let library = format!("-Drvoip.library={}", folder.join("debug").display());
    let table = scenarios::folder().join("kotlin.txt");
    let table = format!("-Drvoip.table={}", table.display());
    maven::test("mobile/kotlin/conformance", &[&generated, &library, &table], count)
}
