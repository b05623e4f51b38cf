//! A table of stages, run in order, each timed and limited; a failure does not keep the later ones from running.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::watch::Watch;

/// How long a stage may take: only a hang does. The longest takes a fifth of it where nothing was built before, on two cores
/// of its own, and a hang in one still leaves the others their time.
const LIMIT: Duration = Duration::from_secs(40 * 60);

/// One line of a table of stages.
#[derive(Clone, Copy)]
pub(crate) struct Stage {
    /// What people type.
    pub(crate) name: &'static str,
    /// What it shows when it passes.
    pub(crate) shows: &'static str,
    /// Does it, and adds the tests that it ran.
    pub(crate) run: fn(&mut Count) -> Result<()>,
}

/// How many tests a stage ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    /// Tests that are there and were left out.
    pub(crate) ignored: usize,
    /// Whether a test runner was asked: then it has to have run something.
    pub(crate) asked: bool,
}

impl Count {
    /// An error if a test runner ran nothing, or left something out.
    fn check(self) -> Result<()> {
        if self.asked && self.passed == 0 {
            bail!("no test ran");
        }
        if self.ignored > 0 {
            bail!("{} tests were left out, although all that they need is here", self.ignored);
        }
        Ok(())
    }
}

struct Outcome {
    name: &'static str,
    shows: &'static str,
    took: Duration,
    count: Count,
    error: Option<anyhow::Error>,
}

impl Outcome {
    fn of(stage: &Stage, limit: Duration) -> Self {
        let started = now();
        let watch = Watch::start(limit);
        let mut count = Count::default();
        let ended = (stage.run)(&mut count).and_then(|()| count.check());
        let ended = if watch.expired() {
            let late = format!("it was ended after {} minutes", limit.as_secs() / 60);
            Err(ended.err().unwrap_or_else(|| anyhow!("it went on without what was ended"))).context(late)
        } else {
            ended
        };
        Self { name: stage.name, shows: stage.shows, took: started.elapsed(), count, error: ended.err() }
    }

    /// The tests of the stage; one without tests counts as one, and so does a failure that no test shows.
    fn counted(&self) -> Count {
        let Count { passed, failed, asked, .. } = self.count;
        match &self.error {
            Some(_) => Count { failed: failed.max(1), ..self.count },
            None => Count { passed: if asked { passed } else { passed + 1 }, ..self.count },
        }
    }

    fn verdict(&self) -> &'static str {
        if self.error.is_some() { "FAILED" } else { "ok" }
    }
}

/// Runs the stages, prints what each took and what all may take, and then how many tests passed, alone on the last line.
pub(crate) fn run_all<'a>(stages: impl IntoIterator<Item = &'a Stage>, budget: &str) -> Result<()> {
    let mut outcomes = Vec::new();
    for stage in stages {
        println!("\n── {} ── {}", stage.name, stage.shows);
        let outcome = Outcome::of(stage, LIMIT);
        if let Some(error) = &outcome.error {
            println!("{} failed: {error:#}", stage.name);
        }
        outcomes.push(outcome);
    }
    print!("{}", table(&outcomes, budget));
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

fn table(outcomes: &[Outcome], budget: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("\n");
    let width = outcomes.iter().map(|one| one.name.len()).max().unwrap_or_default();
    let mut total = Duration::ZERO;
    let mut sum = Count::default();
    for one in outcomes {
        total += one.took;
        let counted = one.counted();
        sum.passed += counted.passed;
        sum.failed += counted.failed;
        let verdict = one.verdict();
        let _ = writeln!(
            text,
            "{:width$}  {verdict:6}  {:>7.1} s  {:>6}  {}",
            one.name,
            one.took.as_secs_f64(),
            counted.passed + counted.failed,
            one.shows
        );
        if let Some(error) = &one.error {
            let _ = writeln!(text, "{:width$}          {error:#}", "");
        }
    }
    let _ = writeln!(text, "{:width$}  {:6}  {:>7.1} s          {budget}", "all", "", total.as_secs_f64());
    let _ = writeln!(text, "{} passed, {} failed", sum.passed, sum.failed);
    text
}

#[expect(clippy::disallowed_methods, reason = "how long something takes is measured on the real clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Stage = Stage { name: "good", shows: "nothing is wrong", run: |_| Ok(()) };
    const BAD: Stage = Stage { name: "bad", shows: "nothing", run: |_| bail!("`cargo x` failed") };
    const TESTS: Stage = Stage {
        name: "tests",
        shows: "most of it",
        run: |count| {
            *count = Count { passed: 40, failed: 2, ignored: 0, asked: true };
            bail!("`cargo test` failed")
        },
    };

    #[test]
    fn a_failed_stage_fails_the_run_and_is_named() {
        assert!(run_all(&[GOOD], "").is_ok());
        let error = run_all(&[BAD, GOOD, TESTS], "").unwrap_err().to_string();
        assert_eq!(error, "failed: bad, tests");
    }

    #[test]
    fn the_last_line_counts_tests_and_each_stage_without_tests_as_one() {
        let text = table(&[GOOD, BAD, TESTS].map(|stage| Outcome::of(&stage, LIMIT)), "under an hour");
        assert!(text.contains("under an hour"), "{text}");
        assert_eq!(text.lines().last(), Some("41 passed, 3 failed"));
        assert!(text.contains("`cargo x` failed"));
    }

    #[test]
    fn a_stage_that_fails_after_its_tests_passed_is_a_failure() {
        let stage = Stage {
            run: |count| {
                count.passed = 7;
                bail!("a second binary does not compile")
            },
            ..BAD
        };
        assert_eq!(table(&[Outcome::of(&stage, LIMIT)], "").lines().last(), Some("7 passed, 1 failed"));
    }

    #[test]
    fn a_test_runner_that_ran_nothing_or_left_something_out_fails() {
        let nothing: fn(&mut Count) -> Result<()> = |count| {
            count.asked = true;
            Ok(())
        };
        let some: fn(&mut Count) -> Result<()> = |count| {
            *count = Count { passed: 3, failed: 0, ignored: 2, asked: true };
            Ok(())
        };
        for (run, last, reason) in [
            (nothing, "0 passed, 1 failed", "no test ran"),
            (some, "3 passed, 1 failed", "2 tests were left out"),
        ] {
            let text = table(&[Outcome::of(&Stage { run, ..GOOD }, LIMIT)], "");
            assert_eq!(text.lines().last(), Some(last));
            assert!(text.contains(reason), "{text}");
        }
    }

    #[test]
    fn a_stage_that_was_ended_says_so() {
        crate::watch::tests::alone("stage::tests::a_stage_that_was_ended_says_so", || {
            let run: fn(&mut Count) -> Result<()> = |_| crate::command::run("sleep", &["600"]);
            let error = Outcome::of(&Stage { run, ..GOOD }, Duration::ZERO).error.unwrap();
            let told = format!("{error:#}");
            assert!(told.contains("ended after 0 minutes") && told.contains("sleep 600"), "{told}");
        });
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
