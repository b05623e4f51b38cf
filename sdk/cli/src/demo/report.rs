//! What the demo found, for people and for programs.

use std::path::PathBuf;

use rvoip::CallStatistics;
use serde::Serialize;

use super::check::{Verdict, measure};
use crate::output::line;

/// What the demo found, for `--json`.
#[derive(Serialize)]
pub(super) struct Report {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) passed: bool,
    pub(super) digits: String,
    pub(super) recordings: [PathBuf; 2],
    pub(super) heard: Vec<Verdict>,
    pub(super) statistics: Vec<CallStatistics>,
    /// How long it took.
    pub(super) seconds: f64,
}

impl Report {
    /// Prints it for people.
    pub(super) fn print(&self) {
        line("who    packets  lost  loss    jitter    round trip  MOS   heard the other's speech");
        for ((who, statistics), heard) in ["alice", "bob"].iter().zip(&self.statistics).zip(&self.heard) {
            let received = &statistics.received;
            let optional = |value: Option<f64>, digits: usize| {
                value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
            };
            line(&format!(
                "{who:<5}  {:>7}  {:>4}  {:>4.1} %  {:>5.1} ms  {:>7} ms  {:>4}  {}",
                received.packets,
                received.lost,
                received.loss * 100.0,
                received.jitter_ms,
                optional(statistics.round_trip_ms, 1),
                optional(received.mos, 2),
                heard,
            ));
        }
        line(&measure());
        for recording in &self.recordings {
            line(&format!("recording: {}", recording.display()));
        }
        let verdict = if self.passed { "passed" } else { "FAILED" };
        line(&format!("the demo {verdict}, in {:.1} s", self.seconds));
    }
}
