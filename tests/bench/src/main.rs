//! Comparisons with peers, measured in the same run: `cargo xtask bench`.
//!
//! `cargo xtask bench` compiles the C peers in `peers/` and passes their paths as `NAME=PATH`.

mod messages;

use std::process::Command;

use anyhow::{Context, Result, ensure};
use rvoip_hostile::memory::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One thing measured: what, nanoseconds a run, allocations a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    what: String,
    nanoseconds: f64,
    allocations: f64,
}

/// What a parse with typed reads may take, in nanoseconds, where sofia takes 3,400.
const GOAL: f64 = 1_000.0;

fn main() -> Result<()> {
    let message = concat!(env!("CARGO_MANIFEST_DIR"), "/invite.sip");
    let bytes = std::fs::read(message).with_context(|| message.to_owned())?;
    let ours = messages::measure(&bytes)?;
    let mut columns = vec![("rvoip".to_owned(), ours)];
    for argument in std::env::args().skip(1) {
        let (name, program) = argument.split_once('=').context("peers are given as NAME=PATH")?;
        columns.push((name.to_owned(), peer(program, message)?));
    }
    report(bytes.len(), &columns);
    Ok(())
}

/// Runs a C peer, which prints a line a figure: what, nanoseconds, allocations.
fn peer(program: &str, message: &str) -> Result<Vec<Figure>> {
    let output = Command::new(program).arg(message).output().with_context(|| program.to_owned())?;
    ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)?
        .lines()
        .map(|line| {
            let mut words = line.split_whitespace();
            let mut next = || words.next().with_context(|| format!("{program} printed {line:?}"));
            Ok(Figure {
                what: next()?.to_owned(),
                nanoseconds: next()?.parse()?,
                allocations: next()?.parse()?,
            })
        })
        .collect()
}

#[expect(clippy::print_stdout, reason = "this is what the program is for")]
fn report(length: usize, columns: &[(String, Vec<Figure>)]) {
    let Some((_, ours)) = columns.first() else { return };
    println!(
        "An INVITE of {length} bytes with 4 Via and SDP; every program reads all Via, From, To, Call-ID, CSeq and Contact.\n\
         rvoip reads a header's value when it is asked for it; sofia and osip read those of all headers when they parse."
    );
    for figure in ours {
        println!("\n{}", figure.what);
        for (name, figures) in columns {
            let Some(theirs) = figures.iter().find(|other| other.what == figure.what) else { continue };
            println!(
                "  {name:<8} {:>9.0} ns  {:>7.1} allocations  {:>6.2} x rvoip's time",
                theirs.nanoseconds,
                theirs.allocations,
                theirs.nanoseconds / figure.nanoseconds,
            );
        }
    }
    let Some(parse) = ours.iter().find(|figure| figure.what == "parse") else { return };
    let said = |met: bool| if met { "met" } else { "missed" };
    println!(
        "\nGoals of a parse with typed reads: under {GOAL:.0} ns {}, no allocation {}",
        said(parse.nanoseconds < GOAL),
        said(parse.allocations < 0.5),
    );
}
