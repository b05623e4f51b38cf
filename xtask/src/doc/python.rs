//! By pdoc, which imports the package: it is installed beside it.

use anyhow::Result;

use crate::python::{self, Environment};

const TOOLS: &[&str] = &["pdoc==16.0.0", "maturin==1.16.0", "build==1.6.1"];

pub(super) fn build() -> Result<()> {
    let environment = Environment::kept("pdoc", TOOLS)?;
    let wheel = python::wheel(&environment)?;
    environment.pip(&["--force-reinstall", "--no-deps", &wheel.to_string_lossy()])?;
    let out = super::folder().join("python").to_string_lossy().into_owned();
    environment.python(&["-m", "pdoc", "--output-directory", &out, "rvoip"])
}
