//! What people type: `cargo xtask test`, `ci`, `tidy`, `types`, `parity`, `readme`, `bench`, `wasm`, `doc`.
//!
//! Each subcommand has its own file. `test` and `ci` are tables of [`stage::Stage`]s; everything that a stage needs
//! and that can be had is installed by [`install`], which says so.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command for people: what it prints is its purpose"
)]

mod apart;
mod bench;
mod ci;
mod command;
mod demo;
mod deny;
mod doc;
mod facade;
mod fuzz;
mod install;
mod kept;
mod mobile;
mod parity;
mod python;
mod readme;
mod results;
mod scenarios;
mod shipped;
mod stage;
mod test;
mod tidy;
mod types;
mod wasm;
mod watch;
mod web;

use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "usage: cargo xtask COMMAND

  test [STAGE…]   what must pass before a change lands; without names, every stage
  ci [STAGE…]     the same and then the slower checks; what .ci/run calls
  tidy            the rules of the house: layers, no C, licences, file lengths, clocks in the core
  types [--check]
                  writes what is generated from the facade's data types: TypeScript, Python, JSON Schema
  parity          what the facade has and a language lacks, by name
  readme [--check]
                  fills the README's examples from the files that tests run
  bench [NAME…]   speed, allocations and sizes, next to other implementations
  wasm [harness]  the core for the browser, into web/wasm; or its build for tests, into target/wasm-harness
  doc             the reference of every language by its own tool, warnings refused
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let outcome = match (command.as_str(), rest.as_slice()) {
        ("test", stages) => alone(|| test::run(stages)),
        ("ci", stages) => alone(|| ci::run(stages)),
        ("tidy", []) => tidy::run(),
        ("types", arguments) => types::run(arguments),
        ("parity", []) => parity::run(),
        ("readme", arguments) => readme::run(arguments),
        ("bench", names) => alone(|| bench::run(names)),
        ("wasm", []) => wasm::run(),
        ("wasm", [kind]) if kind == "harness" => wasm::build(wasm::Kind::Harness).map(drop),
        ("doc", []) => alone(doc::run),
        ("help" | "--help" | "-h", _) => {
            print!("{}", usage());
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{}", usage());
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {command}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    let (quick, slow) = (test::names().join(" "), ci::names().join(" "));
    format!("{USAGE}\nstages of test: {quick}\nand of ci: {slow}\n")
}

/// While no other run uses the same build directory.
fn alone(run: impl FnOnce() -> Result<()>) -> Result<()> {
    let _lock = kept::lock_target()?;
    run()
}
