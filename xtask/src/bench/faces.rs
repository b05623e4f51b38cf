//! What languages measure themselves: the scripts in `python/bench`, and the tests of `mobile/kotlin` that are tagged
//! `bench`; both on the library as it is shipped, optimized.

use anyhow::{Context as _, Result};

use crate::command::{cargo, root, run, succeeds, target_directory};
use crate::{install, mobile};

const SCRIPTS: &str = "python/bench";
const KOTLIN: &str = "mobile/kotlin";

/// Runs every script, each of which prints its figures.
pub(super) fn python() -> Result<()> {
    let mut scripts = Vec::new();
    for entry in std::fs::read_dir(root().join(SCRIPTS)).into_iter().flatten() {
        let path = entry.with_context(|| format!("reading {SCRIPTS}"))?.path();
        if path.extension().is_some_and(|extension| extension == "py") {
            scripts.push(path.to_string_lossy().into_owned());
        }
    }
    if scripts.is_empty() {
        println!("skipped: there is no script in {SCRIPTS}");
        return Ok(());
    }
    scripts.sort();
    let environment = install::cache()?.join("tools/python-bench");
    let python = environment.join("bin/python").to_string_lossy().into_owned();
    if !succeeds(&python, &["--version"]) {
        install::packages(&["python3", "python3-venv"])?;
        run("python3", &["-m", "venv", &environment.to_string_lossy()])?;
    }
    run(&python, &["-m", "pip", "install", "--quiet", "--force-reinstall", "./python"])?;
    scripts.iter().try_for_each(|script| run(&python, &[script]))
}

/// Runs the tagged tests.
pub(super) fn kotlin() -> Result<()> {
    if !root().join(KOTLIN).join("pom.xml").exists() {
        println!("skipped: there is no {KOTLIN}");
        return Ok(());
    }
    mobile::generate()?;
    run(&cargo(), &["build", "--release", "--package", "rvoip-uniffi"])?;
    let library = format!("-Drvoip.library={}", target_directory().join("release").display());
    let pom = format!("{KOTLIN}/pom.xml");
    let tagged = ["-Drvoip.groups=bench", "-Drvoip.excluded="];
    let mut arguments = vec!["--quiet", "--batch-mode", "--file", &pom, &library];
    arguments.extend(tagged);
    arguments.push("test");
    run("mvn", &arguments)
}
