//! By pdoc, which imports the package: it is installed, with pdoc, into an environment of its own.

use anyhow::Result;

use crate::command::{root, run, succeeds};
use crate::install;

const PDOC: &str = "pdoc==15.0.4";

pub(super) fn build() -> Result<()> {
    if !succeeds("python3", &["-m", "venv", "--help"]) {
        install::packages(&["python3", "python3-venv"])?;
    }
    let environment = install::cache()?.join("tools/pdoc");
    let python = environment.join("bin/python").to_string_lossy().into_owned();
    if !succeeds(&python, &["-c", "import pdoc"]) {
        println!("installing {PDOC} with pip");
        run("python3", &["-m", "venv", &environment.to_string_lossy()])?;
        run(&python, &["-m", "pip", "install", "--quiet", PDOC])?;
    }
    let package = root().join("python").to_string_lossy().into_owned();
    run(&python, &["-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps", &package])?;
    let out = super::folder().join("python").to_string_lossy().into_owned();
    run(&python, &["-m", "pdoc", "--output-directory", &out, "rvoip"])
}
