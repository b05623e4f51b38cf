//! Runs the scenarios of `scenarios/` against the facade in Rust. README.md says what a scenario means; the runners of the
//! other languages are written after it.

mod matching;
mod runner;
mod scenario;
mod verbs;

pub use runner::{Outcome, run};
pub use scenario::Scenario;
