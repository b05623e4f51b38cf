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

/// Replays the corpora with mutations, builds every target against libFuzzer, and gives it its corpus once.
pub(crate) fn run() -> Result<()> {
    install::packages(&[&install::CPP])?;
    let output = target_directory().join("fuzz");
    let variables: [(&str, &OsStr); 1] = [("CARGO_TARGET_DIR", output.as_os_str())];
    run_with(&cargo(), &["run", "--release", "--manifest-path", MANIFEST, "--bin", "replay"], &variables)?;
    run_with(
        &cargo(),
        &["build", "--release", "--manifest-path", MANIFEST, "--features", "libfuzzer"],
        &variables,
    )?;
    let metadata = ["metadata", "--format-version", "1", "--no-deps", "--manifest-path", MANIFEST];
    let targets = targets(&capture(&cargo(), &metadata)?)?;
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
        let artifacts = format!("-artifact_prefix={}/", output.display());
        let limits = ["-runs=0", "-timeout=10", "-rss_limit_mb=1024", &artifacts, &corpus];
        command::run(program, &limits)?;
    }
    Ok(())
}

/// The binaries that need the feature of libFuzzer, from what `cargo metadata` printed.
fn targets(metadata: &str) -> Result<Vec<String>> {
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
        #[serde(default, rename = "required-features")]
        required_features: Vec<String>,
    }
    let metadata: Metadata = serde_json::from_str(metadata)?;
    let targets = metadata.packages.into_iter().flat_map(|package| package.targets);
    let fuzzed = targets.filter(|target| target.required_features.iter().any(|name| name == "libfuzzer"));
    Ok(fuzzed.map(|target| target.name).collect())
}

fn count_files(directory: &Path) -> Result<usize> {
    let entries = std::fs::read_dir(directory).with_context(|| format!("reading {}", directory.display()))?;
    Ok(entries.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_replays_without_libfuzzer_is_no_target() {
        let metadata = r#"{"packages": [{"targets": [
            {"name": "replay", "kind": ["bin"]},
            {"name": "uri", "kind": ["bin"], "required-features": ["libfuzzer"]},
            {"name": "rvoip_fuzz", "kind": ["lib"]}]}]}"#;
        assert_eq!(targets(metadata).unwrap(), ["uri"]);
    }

    #[test]
    fn a_target_without_a_corpus_is_an_error() {
        assert!(count_files(Path::new("no/such/corpus")).is_err());
    }
}
