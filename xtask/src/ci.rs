//! `cargo xtask ci [STAGE…]`: everything that `cargo xtask test` runs, and then the slower checks.

use anyhow::Result;

use crate::stage::{Stage, run_all, select};
use crate::{apart, demo, deny, doc, fuzz, test};

/// The checks that are too slow for every change.
const SLOWER: &[Stage] = &[
    Stage {
        name: "apart",
        shows: "no lint with each feature by itself, and outside the workspace",
        run: |_| apart::run_stage(),
    },
    Stage {
        name: "deny",
        shows: "licences, sources and, where their data base can be fetched, advisories",
        run: |_| deny::run_stage(),
    },
    Stage { name: "doc", shows: "the documentation builds without a warning", run: |_| doc::run() },
    Stage { name: "fuzz", shows: "the fuzz targets build and replay their corpora", run: |_| fuzz::run() },
    Stage { name: "release", shows: "the README's first command works", run: |_| demo::run_release() },
];

/// How long it may take on two cores. Nobody fails for it: that would be a test of the machine, and of what else it does.
const BUDGET: &str = "under 3,600 s where nothing was built before, under 2,400 s where it was";

/// Runs the named stages of `test` and of the slower ones, or all, as one table.
pub(crate) fn run(names: &[String]) -> Result<()> {
    let stages = [test::STAGES, SLOWER].concat();
    run_all(select(&stages, names)?, if names.is_empty() { BUDGET } else { "" })
}

/// The names of the slower stages.
pub(crate) fn names() -> Vec<&'static str> {
    SLOWER.iter().map(|stage| stage.name).collect()
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use crate::command::root;

    /// What stands for cargo: it says when it begins and ends, and fails.
    const CARGO: &str = "#!/bin/sh\necho begin >> \"$RVOIP_CACHE/log\"\nsleep 0.3\necho end >> \"$RVOIP_CACHE/log\"\nexit 3\n";

    #[test]
    fn two_runs_of_the_script_with_one_cache_follow_each_other_and_tell_how_they_ended() {
        let place = std::env::temp_dir().join(format!("rvoip-xtask-{}-ci", std::process::id()));
        let programs = place.join("bin");
        std::fs::create_dir_all(&programs).unwrap();
        std::fs::write(programs.join("cargo"), CARGO).unwrap();
        assert!(Command::new("chmod").arg("+x").arg(programs.join("cargo")).status().unwrap().success());
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
        let start = || -> Child {
            let mut script = Command::new("bash");
            script.arg(root().join(".ci/run")).env("PATH", &path).env("RVOIP_CACHE", &place);
            script.stdout(Stdio::null()).spawn().unwrap()
        };
        for mut run in [start(), start()] {
            assert_eq!(run.wait().unwrap().code(), Some(3));
        }
        let log = std::fs::read_to_string(place.join("log")).unwrap();
        assert_eq!(log, "begin\nend\nbegin\nend\n");
        std::fs::remove_dir_all(place).unwrap();
    }
}
