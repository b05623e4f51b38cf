//! By typedoc, as `web/typedoc.json` says.

use anyhow::Result;

use crate::command::{root, run};
use crate::install;

const PACKAGE: &str = "web";

pub(super) fn build() -> Result<()> {
    install::node()?;
    if !root().join("web/node_modules/.bin/typedoc").exists() {
        println!("installing what {PACKAGE} is built with, by npm");
        run("npm", &["ci", "--prefix", PACKAGE])?;
    }
    let out = super::folder().join("typescript").to_string_lossy().into_owned();
    run("npm", &["run", "--silent", "doc", "--prefix", PACKAGE, "--", "--out", &out])
}
