//! By pdoc, which imports the package: it is installed beside it.

use anyhow::Result;

use crate::python;

const TOOLS: &[&str] = &["pdoc==16.0.0", "maturin==1.16.0", "build==1.6.1"];

pub(super) fn build() -> Result<()> {
    let environment = python::with_package("pdoc", TOOLS)?;
    let out = super::folder().join("python").to_string_lossy().into_owned();
    environment.python(&["-m", "pdoc", "--output-directory", &out, "rvoip"])
}
