//! The README's first command as everybody runs it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rvoip_interop::{Phone, in_scratch, of_type};
use serde_json::Value;

/// How long it may take.
const LIMIT: f64 = 15.0;

fn demo(more: &[&str]) {
    in_scratch(|scratch| {
        let folder = scratch.path().to_string_lossy();
        let arguments = [&["demo", "--output", &*folder][..], more].concat();
        let mut demo = Phone::start("rvoip demo", &arguments, scratch.path())?;
        let status = demo.exit_status(Duration::from_secs(60))?;
        let events = demo.events()?;
        let report = events.iter().find(|event| of_type(event, "demo")).context("no report")?;
        ensure!(status == 0 && report.get("passed") == Some(&true.into()), "status {status}: {report}");
        heard_after_resume(report)?;
        let seconds = report.get("seconds").and_then(Value::as_f64).context("no time")?;
        ensure!(seconds < LIMIT, "it took {seconds} s");
        Ok(())
    });
}

/// What each heard of the other after resume is in the report.
fn heard_after_resume(report: &Value) -> Result<()> {
    let heard = report.get("heard").and_then(Value::as_array).context("no recordings")?;
    let found = |verdict: &Value| verdict.pointer("/after_resume/covered").and_then(Value::as_f64);
    ensure!(heard.len() == 2 && heard.iter().all(|verdict| found(verdict) > Some(0.5)), "{report}");
    Ok(())
}

#[test]
fn the_demo_passes_in_less_than_fifteen_seconds() {
    demo(&[]);
}

#[test]
fn the_demo_passes_between_a_datagram_and_a_secure_websocket() {
    demo(&["--transport-a", "udp", "--transport-b", "wss"]);
}
