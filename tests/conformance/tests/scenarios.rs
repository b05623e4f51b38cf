//! Every scenario passes, and every broken one fails for the reason that it says.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rvoip_conformance::{Outcome, Scenario, run};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn read(file: &Path) -> Scenario {
    let text = std::fs::read_to_string(file).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn name(file: &Path) -> String {
    file.file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
fn every_scenario_is_as_it_says() {
    let mut failures = String::new();
    let mut table = String::new();
    let files = files("scenarios");
    assert!(files.len() >= 30, "there are {} scenarios", files.len());
    for file in &files {
        let line = match run(&read(file)) {
            Ok(Outcome::Passed) => "ok".to_owned(),
            Ok(Outcome::Skipped(reason)) => format!("skipped {reason}"),
            Err(error) => {
                writeln!(failures, "{}: {error:#}", name(file)).unwrap();
                "failed".to_owned()
            }
        };
        writeln!(table, "scenario {}: {line}", name(file)).unwrap();
    }
    println!("{table}");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../conformance");
    std::fs::create_dir_all(&target).unwrap();
    std::fs::write(target.join("rust.txt"), table).unwrap();
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn every_broken_scenario_fails_for_its_reason() {
    let files = files("broken");
    assert!(files.len() >= 6, "there are {} broken scenarios", files.len());
    for file in files {
        let scenario = read(&file);
        let reason = scenario.fails_with.clone().unwrap();
        match run(&scenario) {
            Ok(outcome) => panic!("{} should fail, but: {outcome:?}", name(&file)),
            Err(error) => {
                let error = format!("{error:#}");
                assert!(error.contains(&reason), "{}: {error}", name(&file));
            }
        }
    }
}
