//! By dokka, of what is written by hand and what is generated.

use anyhow::Result;

use crate::command::run;
use crate::{install, mobile};

const POM: &str = "mobile/kotlin/pom.xml";

pub(super) fn build() -> Result<()> {
    install::java()?;
    mobile::generate()?;
    let out = format!("-Drvoip.doc={}", super::folder().join("kotlin").display());
    run("mvn", &["--quiet", "--batch-mode", "--file", POM, &out, "dokka:dokka"])
}
