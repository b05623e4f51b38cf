//! `cargo xtask test [STAGE…]`: what must pass before a change lands.

use anyhow::Result;

use crate::command::{self, cargo};
use crate::stage::{Count, Stage, run_all, select};
use crate::{demo, install, mobile, parity, python, readme, scenarios, tidy, web};

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
        shows: "what the browser needs compiles to wasm32",
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

/// Runs the named stages, or all.
pub(crate) fn run(names: &[String]) -> Result<()> {
    run_all(select(STAGES, names)?)
}

/// The names of the stages.
pub(crate) fn names() -> Vec<&'static str> {
    STAGES.iter().map(|stage| stage.name).collect()
}

fn fmt() -> Result<()> {
    install::component("rustfmt", &["fmt", "--version"])?;
    command::run(&cargo(), &["fmt", "--all", "--check"])
}

fn clippy() -> Result<()> {
    install::component("clippy", &["clippy", "--version"])?;
    command::run(
        &cargo(),
        &["clippy", "--workspace", "--all-targets", "--keep-going", "--", "-D", "warnings"],
    )
}

fn unit(count: &mut Count) -> Result<()> {
    scenarios::forget("unit")?;
    let kinds = ["--lib", "--bins", "--tests", "--examples"];
    let mut arguments = vec!["test", "--workspace", "--exclude", "rvoip-interop", "--no-fail-fast"];
    arguments.extend(kinds);
    command::run_tests(&arguments, count)
}

fn doc_tests(count: &mut Count) -> Result<()> {
    command::run_tests(&["test", "--workspace", "--no-fail-fast", "--doc"], count)
}

fn wasm() -> Result<()> {
    install::target("wasm32-unknown-unknown")?;
    let mut arguments = vec!["check", "--target", "wasm32-unknown-unknown"];
    for name in WASM_CRATES {
        arguments.extend(["--package", name]);
    }
    command::run(&cargo(), &arguments)
}

fn interop(count: &mut Count) -> Result<()> {
    install::packages(&[&install::SIPP, &install::KAMAILIO, &install::BARESIP])?;
    // One at a time: a call with speech that competes for two cores measures the machine, not the phone.
    let arguments = ["test", "--package", "rvoip-interop", "--no-fail-fast", "--", "--test-threads", "1"];
    command::run_tests(&arguments, count)
}
