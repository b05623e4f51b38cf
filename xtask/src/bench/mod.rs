//! `cargo xtask bench [NAME…]`: speed, allocations, sizes, next to other implementations on the same bytes in the same
//! run; never a timed test.

mod faces;
mod native;
mod simulation;
mod web;

use anyhow::{Result, bail};

/// One benchmark: what people type, and what it shows.
struct Bench {
    name: &'static str,
    shows: &'static str,
    run: fn() -> Result<()>,
}

const BENCHES: &[Bench] = &[
    Bench { name: "parse", shows: "messages parsed, next to sofia-sip and oSIP", run: native::run },
    Bench {
        name: "web",
        shows: "size and messages parsed in node, next to jssip and sip.js",
        run: web::measure,
    },
    Bench { name: "python", shows: "events, frames, calls and a soak from Python", run: faces::python },
    Bench { name: "kotlin", shows: "events and a soak from Kotlin", run: faces::kotlin },
    Bench { name: "simulation", shows: "10,000 calls and a million mutated messages", run: simulation::run },
];

/// Runs the named benchmarks, or all; one that fails does not keep the others from running.
pub(crate) fn run(names: &[String]) -> Result<()> {
    if let Some(strange) = names.iter().find(|name| BENCHES.iter().all(|one| one.name != **name)) {
        let known: Vec<&str> = BENCHES.iter().map(|one| one.name).collect();
        bail!("there is no benchmark {strange}; there are {}", known.join(", "));
    }
    let mut failed = Vec::new();
    for bench in BENCHES.iter().filter(|one| names.is_empty() || names.iter().any(|name| name == one.name)) {
        println!("\n── {} ── {}", bench.name, bench.shows);
        if let Err(error) = (bench.run)() {
            println!("{} failed: {error:#}", bench.name);
            failed.push(bench.name);
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}
