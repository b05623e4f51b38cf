//! The Kotlin project, by Maven, with the real library.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::maven;
use crate::install;
use crate::stage::Count;

const PROJECT: &str = "mobile/kotlin";

/// Compiles the project and runs its tests, all of them.
pub(super) fn test(library: &Path, count: &mut Count) -> Result<()> {
    if !crate::command::succeeds("mvn", &["--version"]) {
        install::packages(&["default-jdk-headless", "maven"])?;
    }
    let folder = library.parent().context("a library without a folder")?;
    let library = format!("-Drvoip.library={}", folder.display());
    maven::test(PROJECT, &[&library], count)
}
