//! A table of stages, run in order, each timed; a failure does not keep the later ones from running.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// One line of a table of stages.
#[derive(Clone, Copy)]
pub(crate) struct Stage {
    /// What people type.
    pub(crate) name: &'static str,
    /// What it shows when it passes.
    pub(crate) shows: &'static str,
    pub(crate) run: fn() -> Result<()>,
}

struct Outcome {
    name: &'static str,
    shows: &'static str,
    took: Duration,
    error: Option<anyhow::Error>,
}

/// Runs the stages, prints what each took, and then how many passed, alone on the last line.
pub(crate) fn run_all<'a>(stages: impl IntoIterator<Item = &'a Stage>) -> Result<()> {
    let mut outcomes = Vec::new();
    for stage in stages {
        println!("\n── {} ── {}", stage.name, stage.shows);
        let started = now();
        let error = (stage.run)().err();
        if let Some(error) = &error {
            println!("{} failed: {error:#}", stage.name);
        }
        outcomes.push(Outcome { name: stage.name, shows: stage.shows, took: started.elapsed(), error });
    }
    print!("{}", table(&outcomes));
    let failed: Vec<&str> = outcomes.iter().filter(|one| one.error.is_some()).map(|one| one.name).collect();
    if failed.is_empty() {
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "))
}

/// Picks stages by name, in the table's order.
pub(crate) fn select<'a>(table: &'a [Stage], names: &[String]) -> Result<Vec<&'a Stage>> {
    let known: Vec<&str> = table.iter().map(|stage| stage.name).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("there is no stage `{unknown}`; the stages are: {}", known.join(" "));
    }
    Ok(table.iter().filter(|stage| names.is_empty() || names.iter().any(|name| name == stage.name)).collect())
}

fn table(outcomes: &[Outcome]) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("\n");
    let width = outcomes.iter().map(|one| one.name.len()).max().unwrap_or_default();
    let mut total = Duration::ZERO;
    for one in outcomes {
        total += one.took;
        let verdict = if one.error.is_some() { "FAILED" } else { "ok" };
        let _ = writeln!(
            text,
            "{:width$}  {verdict:6}  {:>7.1} s  {}",
            one.name,
            one.took.as_secs_f64(),
            one.shows
        );
        if let Some(error) = &one.error {
            let _ = writeln!(text, "{:width$}          {error:#}", "");
        }
    }
    let _ = writeln!(text, "{:width$}  {:6}  {:>7.1} s", "all", "", total.as_secs_f64());
    let failed = outcomes.iter().filter(|one| one.error.is_some()).count();
    let _ = writeln!(text, "{} passed, {failed} failed", outcomes.len() - failed);
    text
}

#[expect(clippy::disallowed_methods, reason = "how long a stage takes is measured on the real clock")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Stage = Stage { name: "good", shows: "nothing is wrong", run: || Ok(()) };
    const BAD: Stage = Stage { name: "bad", shows: "nothing", run: || bail!("`cargo x` failed") };

    #[test]
    fn a_failed_stage_fails_the_run_and_is_named() {
        assert!(run_all(&[GOOD]).is_ok());
        let error = run_all(&[BAD, GOOD]).unwrap_err().to_string();
        assert_eq!(error, "failed: bad");
    }

    #[test]
    fn the_last_line_counts_stages() {
        let outcome = |stage: Stage| Outcome {
            name: stage.name,
            shows: stage.shows,
            took: Duration::from_millis(1500),
            error: (stage.run)().err(),
        };
        let text = table(&[outcome(GOOD), outcome(BAD)]);
        assert_eq!(text.lines().last(), Some("1 passed, 1 failed"));
        assert!(text.contains("`cargo x` failed"));
    }

    #[test]
    fn stages_are_selected_by_name_and_unknown_names_refused() {
        let all = [GOOD, BAD];
        assert_eq!(select(&all, &[]).unwrap().len(), 2);
        let one = select(&all, &["bad".to_owned()]).unwrap();
        assert_eq!(one.first().map(|stage| stage.name), Some("bad"));
        assert!(select(&all, &["worse".to_owned()]).is_err());
    }
}
