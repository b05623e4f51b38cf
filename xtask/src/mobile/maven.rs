//! Maven, and whether it ran the tests that there are.
//!
//! Maven is content when a test class or a test function is not recognised as one: therefore what its reports say is
//! held against the sources.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::command::{root, run};
use crate::stage::Count;

/// Kotlin's compiler otherwise leaves a server behind, with a gigabyte of memory for two hours.
pub(crate) const IN_PROCESS: &str = "-Dkotlin.compiler.daemon=false";

/// Runs the tests of a project and counts them.
pub(super) fn test(project: &str, properties: &[&str], count: &mut Count) -> Result<()> {
    let reports = root().join(project).join("target/surefire-reports");
    if reports.exists() {
        std::fs::remove_dir_all(&reports).with_context(|| format!("emptying {}", reports.display()))?;
    }
    let pom = format!("{project}/pom.xml");
    let mut arguments = vec!["--quiet", "--batch-mode", "--file", &pom, IN_PROCESS];
    arguments.extend(properties);
    arguments.push("test");
    let outcome = run("mvn", &arguments);
    let mut ran = Ran::default();
    for report in files(&reports, "xml").unwrap_or_default() {
        let text = std::fs::read_to_string(&report).with_context(|| report.display().to_string())?;
        ran.add(&text).with_context(|| format!("{} is no report", report.display()))?;
    }
    count.passed += ran.tests.saturating_sub(ran.failed + ran.skipped);
    count.failed += ran.failed;
    outcome?;
    let mut written = 0;
    for source in files(&root().join(project).join("src/test"), "kt")? {
        let text = std::fs::read_to_string(&source).with_context(|| source.display().to_string())?;
        written += written_tests(&text);
    }
    println!("{project}: {written} tests written, {} run, {} skipped", ran.tests, ran.skipped);
    if ran.skipped > 0 {
        bail!("{project}: {} tests were skipped, although all that they need is here", ran.skipped);
    }
    if written == 0 || ran.tests != written {
        bail!("{project}: {written} tests are written, and {} were run", ran.tests);
    }
    Ok(())
}

/// What reports say was run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ran {
    tests: usize,
    failed: usize,
    skipped: usize,
}

impl Ran {
    /// Adds one report of a class: `<testsuite … tests="3" errors="0" skipped="0" failures="0">`.
    fn add(&mut self, report: &str) -> Option<()> {
        let (_, suite) = report.split_once("<testsuite")?;
        let (suite, _) = suite.split_once('>')?;
        let number = |name: &str| -> Option<usize> {
            let (_, rest) = suite.split_once(&format!(" {name}=\""))?;
            rest.split_once('"')?.0.parse().ok()
        };
        self.tests += number("tests")?;
        self.failed += number("errors")? + number("failures")?;
        self.skipped += number("skipped")?;
        Some(())
    }
}

/// How many test functions a source has that are not tagged as benchmarks.
fn written_tests(source: &str) -> usize {
    let mut benchmark = false;
    let mut tests = 0;
    for line in source.lines().map(str::trim) {
        match line {
            "@Tag(\"bench\")" => benchmark = true,
            "@Test" => tests += usize::from(!std::mem::take(&mut benchmark)),
            _ => {}
        }
    }
    tests
}

/// The files below a folder with that extension, in order.
pub(super) fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|one| one == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_added_up() {
        let mut ran = Ran::default();
        let suite = r#"<?xml version="1.0"?><testsuite name="a" time="1.5" tests="9" errors="1" skipped="2" failures="3"><testcase/>"#;
        ran.add(suite).unwrap();
        ran.add(suite).unwrap();
        assert_eq!(ran, Ran { tests: 18, failed: 8, skipped: 4 });
        assert_eq!(ran.add("<html>"), None);
    }

    #[test]
    fn tests_are_counted_and_benchmarks_are_not() {
        let source = "@Test\nfun a()\n  @Test\n fun b()\n// @Test\n@Tag(\"bench\")\n@Test\nfun c()\n@Tag(\"x\")\n@Test\n";
        assert_eq!(written_tests(source), 3);
    }
}
