//! The stage `python`: the package as people install it, its types, its tests and examples with real peers, and the
//! scenarios.

mod environment;
mod pytest;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

pub(crate) use self::environment::Environment;
use self::pytest::Skips;
use crate::command::{cargo, root, run, target_directory};
use crate::stage::Count;
use crate::{install, scenarios, shipped};

const PROJECT: &str = "python";
const PACKAGE: &str = "rvoip-python";
const CONFIGURATION: &str = "python/pyproject.toml";
/// The module whose types stand in a stub; the others say theirs themselves.
const STUBBED: &str = "rvoip._rvoip";
/// What is written by hand beside the package.
const PROGRAMS: &[&str] = &["python/examples", "python/tests", "python/bench"];
/// What builds and checks the package.
const TOOLS: &[&str] = &[
    "maturin==1.16.0",
    "build==1.6.1",
    "mypy==2.4.1",
    "pytest==9.2.0",
    "numpy==2.2.6",
    "jsonschema==4.26.0",
    "types-jsonschema==4.26.0.20261006",
];

/// What the tests need beside the package.
const TESTERS: &[&str] = &["pytest==9.2.0", "numpy==2.2.6"];

/// The stage `python` of `cargo xtask test`.
pub(crate) fn run_stage(count: &mut Count) -> Result<()> {
    count.asked = true;
    scenarios::forget("python")?;
    let tools = Environment::kept("python", TOOLS)?;
    let wheel = wheel(&tools)?;
    check_clean(&wheel, count)?;
    let tested = Environment::over(&tools, &target_directory().join("python/tested"), &wheel)?;
    shipped::check(&Path::new(&tested.packages()?).join("rvoip/_rvoip.abi3.so"))?;
    check_types(&tested)?;
    install::packages(&[&install::KAMAILIO, &install::BARESIP])?;
    run(&cargo(), &["build", "--package", "rvoip-interop", "--bin", "rvoip-testbed"])?;
    let peers = target_directory().join("debug/rvoip-testbed");
    let peers = [("RVOIP_TESTBED", peers.as_os_str())];
    pytest::run(&tested, &["python/tests"], &peers, Skips::Never, count)?;
    scenarios(&tested, count)
}

/// An environment that has tools and the package.
pub(crate) fn with_package(name: &str, tools: &[&str]) -> Result<Environment> {
    let tools = Environment::kept(name, tools)?;
    Environment::over(&tools, &target_directory().join("python").join(name), &wheel(&tools)?)
}

/// Builds the source distribution, and the wheel out of that alone; gives the wheel's path.
fn wheel(tools: &Environment) -> Result<PathBuf> {
    let folder = target_directory().join("python");
    let (built, unpacked) = (folder.join("dist"), folder.join("source"));
    for old in [&built, &unpacked] {
        if old.exists() {
            std::fs::remove_dir_all(old).with_context(|| format!("emptying {}", old.display()))?;
        }
    }
    std::fs::create_dir_all(&unpacked).with_context(|| format!("making {}", unpacked.display()))?;
    let out = built.to_string_lossy();
    tools.python(&["-m", "build", "--sdist", "--no-isolation", "--outdir", &out, PROJECT])?;
    // At a place that stays, so that cargo finds again what it has compiled; as files of now, since those of the archive
    // are old, and cargo would take what changed for what it knows.
    let source = only(&built, "tar.gz")?;
    run(
        "tar",
        &["xzmf", &source.to_string_lossy(), "--strip-components", "1", "-C", &unpacked.to_string_lossy()],
    )?;
    let place = folder.join("target");
    let variables = [("CARGO_TARGET_DIR", place.as_os_str())];
    let source = unpacked.to_string_lossy();
    tools
        .python_with(&["-m", "build", "--wheel", "--no-isolation", "--outdir", &out, &source], &variables)?;
    only(&built, "whl")
}

/// The licence is installed with the package.
const LICENSED: &str = "\
import importlib.metadata
installed = [file for file in importlib.metadata.files('rvoip') or () if file.name == 'LICENSE']
assert len(installed) == 1 and installed[0].read_text().startswith('MIT License'), installed";

/// Wheel and source distribution install where there is nothing else, as `pip install` does it, and calls work there.
fn check_clean(wheel: &Path, count: &mut Count) -> Result<()> {
    let folder = target_directory().join("python");
    let source = only(&folder.join("dist"), "tar.gz")?;
    // Of its own, so that what the package depends on is compiled once. The crates of the package are not to be known there:
    // the files of an archive are old, and cargo would take what changed for what it knows.
    let place = folder.join("installed");
    let known = std::fs::read_dir(place.join("release/.fingerprint")).into_iter().flatten();
    for entry in known.filter_map(Result::ok) {
        if entry.file_name().to_string_lossy().starts_with("rvoip") {
            std::fs::remove_dir_all(entry.path())
                .with_context(|| format!("removing {}", entry.path().display()))?;
        }
    }
    for (name, package, options) in [("wheel", wheel, &["--no-index"][..]), ("source", &source, &[])] {
        let clean = Environment::clean(&folder.join("clean").join(name))?;
        let package = package.to_string_lossy();
        let arguments = [options, &[&*package]].concat();
        clean.pip_with(&arguments, &[("CARGO_TARGET_DIR", place.as_os_str())])?;
        clean.python(&["-c", LICENSED])?;
        clean.pip(TESTERS)?;
        pytest::run(&clean, &["python/tests/test_calls.py"], &[], Skips::Never, count)?;
    }
    Ok(())
}

/// The types hold: within the package, in what uses it, and against the native module.
fn check_types(tools: &Environment) -> Result<()> {
    tools.python(&["-m", "mypy", "--config-file", CONFIGURATION, "--package", "rvoip"])?;
    let mut arguments = vec!["-m", "mypy", "--config-file", CONFIGURATION];
    arguments.extend(PROGRAMS);
    tools.python(&arguments)?;
    tools.python(&["-m", "mypy.stubtest", "--mypy-config-file", CONFIGURATION, STUBBED])
}

/// The scenarios, on the build for tests that has the harness; the table of outcomes goes to `target/conformance`.
fn scenarios(tools: &Environment, count: &mut Count) -> Result<()> {
    let target = target_directory().join("harness");
    let folder = target.to_string_lossy();
    run(&cargo(), &["build", "--package", PACKAGE, "--features", "harness", "--target-dir", &folder])?;
    let packages = target.join("python");
    let package = packages.join("rvoip");
    std::fs::create_dir_all(&package).with_context(|| format!("making {}", package.display()))?;
    let sources = std::fs::read_dir(root().join(PROJECT).join("rvoip")).context("reading python/rvoip")?;
    for source in sources {
        let source = source?.path();
        if let Some(name) = source.file_name().filter(|_| source.is_file()) {
            copy(&source, &package.join(name))?;
        }
    }
    let library = target.join("debug/lib_rvoip.so");
    shipped::check_harness(&library)?;
    copy(&library, &package.join("_rvoip.abi3.so"))?;
    let table = scenarios::folder().join("python.txt");
    let variables: [(&str, &OsStr); 2] =
        [("PYTHONPATH", packages.as_os_str()), ("RVOIP_TABLE", table.as_os_str())];
    pytest::run(tools, &["python/tests/conformance"], &variables, Skips::Scenarios, count)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::copy(from, to).map(drop).with_context(|| format!("copying {}", from.display()))
}

/// The one file of a folder whose name ends so.
fn only(folder: &Path, end: &str) -> Result<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(end) {
            found.push(path);
        }
    }
    match <[PathBuf; 1]>::try_from(found) {
        Ok([path]) => Ok(path),
        Err(found) => bail!("{} holds {} files *.{end}", folder.display(), found.len()),
    }
}
