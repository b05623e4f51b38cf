//! The stage `web`: the npm package, its consumers, and pages in Chromium that call each other.

use anyhow::Result;

use crate::command::{self, cargo, root, target_directory};
use crate::stage::Count;
use crate::{install, scenarios, shipped, wasm};

/// Builds the package and runs all of its tests.
pub(crate) fn run(count: &mut Count) -> Result<()> {
    scenarios::forget("web")?;
    install::node()?;
    build()?;
    npm(&["run", "check"])?;
    // As the tests look for it.
    if std::env::var_os("CHROMIUM").is_none() {
        install::packages(&[&install::CHROMIUM])?;
    }
    install::packages(&[&install::KAMAILIO])?;
    command::run(&cargo(), &["build", "--package", "rvoip-interop", "--bin", "rvoip-testbed"])?;
    let testbed = target_directory().join("debug/rvoip-testbed");
    let harness = wasm::build(wasm::Kind::Harness)?;
    shipped::check(&root().join("web/dist/wasm/rvoip_wasm_bg.wasm"))?;
    shipped::check_harness(&harness.join("rvoip_wasm_bg.wasm"))?;
    let tables = scenarios::folder();
    let variables = [
        ("RVOIP_TESTBED", testbed.as_os_str()),
        ("RVOIP_HARNESS", harness.as_os_str()),
        ("RVOIP_TABLES", tables.as_os_str()),
    ];
    let arguments = ["--prefix", "web", "test", "--", "unit", "consumer", "conformance", "browser"];
    command::run_counted("npm", &arguments, &variables, count)?;
    // Last, so that a bundle that is too heavy hides no failed test.
    npm(&["run", "size"])
}

/// Builds the package, with the tools that its lock file names.
fn build() -> Result<()> {
    wasm::build(wasm::Kind::Package)?;
    if !is_installed() {
        println!("installing the npm packages of web/package-lock.json");
        npm(&["ci", "--no-audit", "--no-fund"])?;
    }
    npm(&["run", "build"])
}

fn npm(arguments: &[&str]) -> Result<()> {
    let mut all = vec!["--prefix", "web"];
    all.extend(arguments);
    command::run("npm", &all)
}

/// Whether what is installed is what the lock file names: npm writes its own copy of it last.
fn is_installed() -> bool {
    let changed = |path: &str| std::fs::metadata(root().join(path)).and_then(|file| file.modified()).ok();
    let lock = changed("web/package-lock.json");
    lock.is_some() && changed("web/node_modules/.package-lock.json") >= lock
}
