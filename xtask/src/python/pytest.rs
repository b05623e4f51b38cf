//! Pytest, and whether it ran all tests.

use std::ffi::OsStr;

use anyhow::{Context as _, Result, bail};

use super::{CONFIGURATION, Environment};
use crate::command::{run_with, target_directory};
use crate::stage::Count;

/// Whether a test may be skipped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Skips {
    /// All that they need is here.
    Never,
    /// A scenario that needs what this build has not; the table of outcomes names it with its reason.
    Scenarios,
}

/// Runs the tests in some places and counts them.
pub(super) fn run(
    tools: &Environment,
    places: &[&str],
    variables: &[(&str, &OsStr)],
    skips: Skips,
    count: &mut Count,
) -> Result<()> {
    let report = target_directory().join("python/report.xml");
    if report.exists() {
        std::fs::remove_file(&report).with_context(|| format!("removing {}", report.display()))?;
    }
    let written = format!("--junit-xml={}", report.display());
    let mut arguments =
        vec!["-m", "pytest", "-c", CONFIGURATION, "--rootdir", "python", "-p", "no:cacheprovider", &written];
    arguments.extend(places);
    let outcome = run_with(tools.interpreter(), &arguments, variables);
    let text = std::fs::read_to_string(&report).with_context(|| report.display().to_string())?;
    let ran = Ran::of(&text).with_context(|| format!("{} is no report", report.display()))?;
    count.passed += ran.passed();
    count.failed += ran.failed;
    outcome?;
    if ran.skipped > 0 && skips == Skips::Never {
        bail!("{} tests were skipped, although all that they need is here", ran.skipped);
    }
    if ran.passed() == 0 {
        bail!("no test ran");
    }
    Ok(())
}

/// What a report says was run.
#[derive(Debug, PartialEq, Eq)]
struct Ran {
    tests: usize,
    failed: usize,
    skipped: usize,
}

impl Ran {
    /// Reads the numbers of `<testsuite … errors="0" failures="0" skipped="0" tests="12" …>`.
    fn of(report: &str) -> Option<Self> {
        let (_, suite) = report.split_once("<testsuite ")?;
        let (attributes, _) = suite.split_once('>')?;
        let number = |name: &str| {
            let (_, rest) = attributes.split_once(&format!("{name}=\""))?;
            rest.split_once('"')?.0.parse::<usize>().ok()
        };
        let failed = number("failures")? + number("errors")?;
        Some(Self { tests: number("tests")?, failed, skipped: number("skipped")? })
    }

    fn passed(&self) -> usize {
        self.tests.saturating_sub(self.failed + self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_report_are_read() {
        let report = "<?xml version=\"1.0\"?><testsuites name=\"pytest tests\"><testsuite name=\"pytest\" errors=\"1\" \
            failures=\"2\" skipped=\"3\" tests=\"10\" time=\"0.1\"><testcase/></testsuite></testsuites>";
        let ran = Ran::of(report).unwrap();
        assert_eq!(ran, Ran { tests: 10, failed: 3, skipped: 3 });
        assert_eq!(ran.passed(), 4);
    }

    #[test]
    fn what_is_no_report_is_none() {
        assert_eq!(Ran::of("<testsuites></testsuites>"), None);
        assert_eq!(Ran::of("<testsuite tests=\"many\">"), None);
    }
}
