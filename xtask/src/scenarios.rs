//! The stage `scenarios`: what became of every scenario in every language, as the runners wrote it down.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::{Hash as _, Hasher as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::command::{capture, root, target_directory};

const FILES: &str = "tests/conformance/scenarios";
/// The faces, and the stages that run the scenarios there.
const FACES: &[(&str, &str)] = &[
    ("rust", "unit"),
    ("typescript", "web"),
    ("chromium", "web"),
    ("python", "python"),
    ("kotlin", "mobile"),
];

/// What became of the scenarios of one face, by name.
type Outcomes = BTreeMap<String, String>;

/// Where the runners write.
pub(crate) fn folder() -> PathBuf {
    target_directory().join("conformance")
}

/// Drops what the faces of a stage wrote in an earlier run, and notes the sources that they run now: a table of other
/// sources must not pass for one of these.
pub(crate) fn forget(stage: &str) -> Result<()> {
    let folder = folder();
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let sources = sources()?;
    for (face, _) in FACES.iter().filter(|(_, of)| *of == stage) {
        let table = file(face, "txt");
        if table.exists() {
            std::fs::remove_file(&table).with_context(|| format!("removing {}", table.display()))?;
        }
        let note = file(face, "sources");
        std::fs::write(&note, &sources).with_context(|| format!("writing {}", note.display()))?;
    }
    Ok(())
}

/// Prints the table; fails if a scenario failed somewhere, or was not run there.
pub(crate) fn run() -> Result<()> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root().join(FILES)).with_context(|| format!("reading {FILES}"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".json").map(str::to_owned));
    }
    names.sort();
    let sources = sources()?;
    let mut faces = Vec::new();
    for (face, stage) in FACES {
        let table = std::fs::read_to_string(file(face, "txt"))
            .with_context(|| format!("nobody ran the scenarios in {face}: that is the stage `{stage}`"))?;
        if std::fs::read_to_string(file(face, "sources")).ok().as_ref() != Some(&sources) {
            bail!("the scenarios were run in {face} on other sources: run the stage `{stage}` again");
        }
        faces.push((*face, outcomes(&table)));
    }
    let (text, faults) = joined(&names, &faces);
    print!("{text}");
    if faults > 0 {
        bail!("{faults} times a scenario failed or was not run");
    }
    Ok(())
}

fn file(face: &str, extension: &str) -> PathBuf {
    folder().join(format!("{face}.{extension}"))
}

/// What tells the sources of one run from those of another: the commit, and what differs from it.
fn sources() -> Result<String> {
    let mut changes = std::hash::DefaultHasher::new();
    capture("git", &["status", "--porcelain"])?.hash(&mut changes);
    capture("git", &["diff", "--no-ext-diff", "HEAD"])?.hash(&mut changes);
    Ok(format!("{} {:016x}\n", capture("git", &["rev-parse", "HEAD"])?.trim(), changes.finish()))
}

/// Reads `scenario NAME: OUTCOME` lines.
fn outcomes(table: &str) -> Outcomes {
    let lines = table.lines().filter_map(|line| line.strip_prefix("scenario ")?.split_once(": "));
    lines.map(|(name, outcome)| (name.to_owned(), outcome.to_owned())).collect()
}

/// Scenario × face, the reasons of skips below it, and how often something is wrong.
fn joined(names: &[String], faces: &[(&str, Outcomes)]) -> (String, usize) {
    let width = names.iter().map(String::len).max().unwrap_or(0);
    let mut text = format!("{:width$}", "scenario");
    let mut skips = String::new();
    let mut faults = 0;
    for (face, _) in faces {
        // Writing into a text cannot fail.
        let _ = write!(text, "  {face:10}");
    }
    text.push('\n');
    for name in names {
        let _ = write!(text, "{name:width$}");
        for (face, outcomes) in faces {
            let outcome = outcomes.get(name).map_or("absent", String::as_str);
            let (word, reason) = outcome.split_once(' ').unwrap_or((outcome, ""));
            faults += usize::from(!matches!(word, "ok" | "skipped"));
            let _ = write!(text, "  {word:10}");
            if word == "skipped" {
                let _ = writeln!(skips, "{name} in {face}: {reason}");
            }
        }
        text.push('\n');
    }
    (text + &skips, faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_that_failed_or_was_not_run_is_a_fault_and_a_skip_says_why() {
        let names = ["call".to_owned(), "hold".to_owned()];
        let rust = outcomes("scenario call: ok\nscenario hold: failed\n");
        let kotlin = outcomes("scenario call: skipped this face has no files\n");
        let (text, faults) = joined(&names, &[("rust", rust), ("kotlin", kotlin)]);
        assert_eq!(faults, 2);
        assert!(text.contains("call in kotlin: this face has no files"), "{text}");
        let words: Vec<&str> = text.lines().nth(2).unwrap().split_whitespace().collect();
        assert_eq!(words, ["hold", "failed", "absent"]);
    }
}
