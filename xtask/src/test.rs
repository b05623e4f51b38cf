//! `cargo xtask test [STAGE…]`: what must pass before a change lands.

use anyhow::Result;

use crate::command::{self, cargo};
use crate::stage::{Count, Stage, run_all, select};
use crate::{apart, demo, install, mobile, parity, python, readme, scenarios, tidy, web};

/// The stages, in the order in which they run: the quick ones first.
pub(crate) const STAGES: &[Stage] = &[
    Stage { name: "fmt", shows: "the code is formatted", run: |_| fmt() },
    Stage { name: "clippy", shows: "no lint, in any target of any crate", run: |_| clippy() },
    Stage { name: "tidy", shows: "the rules of the house hold", run: |_| tidy::run() },
    Stage { name: "parity", shows: "every language has what the facade has", run: |_| parity::run() },
    Stage {
        name: "readme",
        shows: "the README shows what tests run",
        run: |_| readme::run(&["--check".to_owned()]),
    },
    Stage { name: "unit", shows: "every crate's own tests, and whole calls on a virtual clock", run: unit },
    Stage { name: "examples", shows: "the examples in the documentation run", run: doc_tests },
    Stage {
        name: "wasm",
        shows: "what the browser needs compiles to wasm32 without a lint",
        run: |_| wasm(),
    },
    Stage { name: "interop", shows: "calls with SIPp, Kamailio and baresip", run: interop },
    Stage { name: "mobile", shows: "Kotlin calls, Swift parses, phones compile", run: mobile::run_stage },
    Stage {
        name: "python",
        shows: "the wheel, its types, asyncio programs that call",
        run: python::run_stage,
    },
    Stage {
        name: "web",
        shows: "the npm package, its consumers, and pages that call each other",
        run: web::run,
    },
    Stage {
        name: "scenarios",
        shows: "what became of every scenario in every language",
        run: |_| scenarios::run(),
    },
    Stage {
        name: "demo",
        shows: "calls with speech on this machine, also between UDP and WSS",
        run: |_| demo::run_dev(),
    },
];

/// The target that a page runs.
pub(crate) const BROWSER: &str = "wasm32-unknown-unknown";

/// The crates that the browser needs.
pub(crate) const WASM_CRATES: &[&str] = &[
    "rvoip-sans-io",
    "rvoip-sip-core",
    "rvoip-sdp-core",
    "rvoip-transaction-core",
    "rvoip-session-core",
    "rvoip-rtp-core",
    "rvoip-sip-transport",
    "rvoip-driver",
    "rvoip",
];

/// The package whose tests need what is never shipped: the harness.
pub(crate) const SCENARIOS: &str = "rvoip-conformance";

/// Runs the named stages, or all.
pub(crate) fn run(names: &[String]) -> Result<()> {
    run_all(select(STAGES, names)?, "")
}

/// The names of the stages.
pub(crate) fn names() -> Vec<&'static str> {
    STAGES.iter().map(|stage| stage.name).collect()
}

fn fmt() -> Result<()> {
    install::component("rustfmt", &["fmt", "--version"])?;
    command::run(&cargo(), &["fmt", "--all", "--check"])?;
    apart::fmt()
}

fn clippy() -> Result<()> {
    install::component("clippy", &["clippy", "--version"])?;
    // What is shipped, and then what only the scenarios switch on: in one run, the harness would be on everywhere.
    for packages in [&["--workspace", "--exclude", SCENARIOS][..], &["--package", SCENARIOS]] {
        let mut arguments = vec!["clippy", "--all-targets", "--keep-going"];
        arguments.extend(packages);
        arguments.extend(["--", "-D", "warnings"]);
        command::run(&cargo(), &arguments)?;
    }
    Ok(())
}

fn unit(count: &mut Count) -> Result<()> {
    scenarios::forget("unit")?;
    let shipped = ["--workspace", "--exclude", "rvoip-interop", "--exclude", SCENARIOS];
    let mut ended = Ok(());
    for packages in [&shipped[..], &["--package", SCENARIOS]] {
        let mut arguments = vec!["test", "--no-fail-fast", "--lib", "--bins", "--tests", "--examples"];
        arguments.extend(packages);
        ended = ended.and(command::run_tests(&arguments, count));
    }
    ended
}

fn doc_tests(count: &mut Count) -> Result<()> {
    command::run_tests(&["test", "--workspace", "--no-fail-fast", "--doc"], count)
}

/// The code of the browser is seen by no lint but here: for other targets it is not there.
fn wasm() -> Result<()> {
    install::target(BROWSER)?;
    for features in [&[][..], &["--features", "rvoip-wasm/harness"]] {
        let mut arguments = vec!["clippy", "--target", BROWSER, "--keep-going", "--package", "rvoip-wasm"];
        for name in WASM_CRATES {
            arguments.extend(["--package", name]);
        }
        arguments.extend(features);
        arguments.extend(["--", "-D", "warnings"]);
        command::run(&cargo(), &arguments)?;
    }
    Ok(())
}

fn interop(count: &mut Count) -> Result<()> {
    install::packages(&[&install::SIPP, &install::KAMAILIO, &install::BARESIP])?;
    // One at a time: a call with speech that competes for two cores measures the machine, not the phone.
    let arguments = ["test", "--package", "rvoip-interop", "--no-fail-fast", "--", "--test-threads", "1"];
    command::run_tests(&arguments, count)
}
