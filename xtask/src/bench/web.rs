//! The browser's package next to jssip and sip.js: what a page loads, and messages parsed and events heard a second in the same
//! node.

use anyhow::Result;

use crate::command::{root, run};
use crate::{install, wasm};

const FOLDER: &str = "tests/bench/web";

pub(super) fn measure() -> Result<()> {
    install::node()?;
    wasm::build(wasm::Kind::Package)?;
    run("npm", &["ci", "--silent", "--no-audit", "--no-fund", "--prefix", "web"])?;
    run("npm", &["run", "--silent", "build", "--prefix", "web"])?;
    run("npm", &["ci", "--silent", "--no-audit", "--no-fund", "--prefix", FOLDER])?;
    let dist = root().join("web/dist").to_string_lossy().into_owned();
    let module = format!("{dist}/wasm/rvoip_wasm_bg.wasm");
    run("node", &[&format!("{FOLDER}/size.js"), &dist, &module])?;
    run("node", &[&format!("{FOLDER}/parse.js"), &dist, &module, "tests/bench/invite.sip"])?;
    run("node", &[&format!("{FOLDER}/events.js"), &dist, &module])
}
