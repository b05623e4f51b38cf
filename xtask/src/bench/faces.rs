//! What languages measure themselves: the scripts in `python/bench`, and the tests of `mobile/kotlin` that are tagged
//! `bench`; both on the library as it is shipped, optimized.

use anyhow::{Context as _, Result, bail};

use crate::command::{cargo, root, run, target_directory};
use crate::mobile::maven::IN_PROCESS;
use crate::python;
use crate::{install, mobile};

const TOOLS: &[&str] = &["maturin==1.16.0", "build==1.6.1"];
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
        bail!("there is no script in {SCRIPTS}");
    }
    scripts.sort();
    let environment = python::with_package("bench", TOOLS)?;
    scripts.iter().try_for_each(|script| environment.python(&[script]))
}

/// Runs the tagged tests.
pub(super) fn kotlin() -> Result<()> {
    install::java()?;
    mobile::generate()?;
    run(&cargo(), &["build", "--release", "--package", "rvoip-uniffi"])?;
    let library = format!("-Drvoip.library={}", target_directory().join("release").display());
    let pom = format!("{KOTLIN}/pom.xml");
    // A heap of one size that is there from the beginning: the process grows by other memory alone.
    let tagged =
        ["-Drvoip.groups=bench", "-Drvoip.excluded=", "-Drvoip.heap=-Xms192m -Xmx192m -XX:+AlwaysPreTouch"];
    let mut arguments = vec!["--quiet", "--batch-mode", "--file", &pom, &library, IN_PROCESS];
    arguments.extend(tagged);
    arguments.push("test");
    run("mvn", &arguments)
}
