//! `cargo xtask ci`: everything that `cargo xtask test` runs, and then the slower checks.

use anyhow::Result;

use crate::stage::{Stage, run_all};
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

/// Runs the stages of `test` and then the slower ones, as one table.
pub(crate) fn run() -> Result<()> {
    run_all(test::STAGES.iter().chain(SLOWER), BUDGET)
}
