//! The fuzz targets as a check: they build, and every file of their corpora passes through them.
//!
//! They are built as plain programs, without coverage: that needs neither nightly nor cargo-fuzz, and replaying a
//! corpus needs no coverage. libFuzzer itself is C++, therefore tests/fuzz stays outside the workspace.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::command::{self, capture, cargo, root, run_with, target_directory};
use crate::install;

const MANIFEST: &str = "tests/fuzz/Cargo.toml";

/// Builds every fuzz target and replays its corpus, `tests/fuzz/corpus/NAME`.
pub(crate) fn run() -> Result<()> {
    if !root().join(MANIFEST).exists() {
        bail!("there is no {MANIFEST}");
    }
    install::packages(&["g++"])?;
    let output = target_directory().join("fuzz");
    let variables: [(&str, &OsStr); 1] = [("CARGO_TARGET_DIR", output.as_os_str())];
    run_with(&cargo(), &["build", "--release", "--manifest-path", MANIFEST], &variables)?;
    let targets = targets()?;
    if targets.is_empty() {
        bail!("{MANIFEST} has no targets");
    }
    for name in targets {
        let corpus = format!("tests/fuzz/corpus/{name}");
        let files = count_files(&root().join(&corpus))?;
        if files == 0 {
            bail!("{corpus} is empty: a target without seeds is not replayed");
        }
        println!("{name}: {files} files");
        let program = output.join("release").join(&name);
        let program = program.to_str().context("the target directory's path is not UTF-8")?;
        // Given a directory and no runs, libFuzzer executes each file once.
        command::run(program, &["-runs=0", "-timeout=10", "-rss_limit_mb=1024", &corpus])?;
    }
    Ok(())
}

fn targets() -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        targets: Vec<Target>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
        kind: Vec<String>,
    }
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--manifest-path", MANIFEST];
    let metadata: Metadata = serde_json::from_str(&capture(&cargo(), &arguments)?)?;
    let targets = metadata.packages.into_iter().flat_map(|package| package.targets);
    let binaries = targets.filter(|target| target.kind.iter().any(|kind| kind == "bin"));
    Ok(binaries.map(|target| target.name).collect())
}

fn count_files(directory: &Path) -> Result<usize> {
    let entries = std::fs::read_dir(directory).with_context(|| format!("reading {}", directory.display()))?;
    Ok(entries.count())
}
