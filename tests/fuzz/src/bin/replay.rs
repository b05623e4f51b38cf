//! Runs every target over its corpus and its other seeds, and over mutations of them, without libFuzzer.
//!
//! `replay [--mutations COUNT] [--seed SEED] [TARGET...]`: without names all targets; 2,000 mutations of each corpus
//! unless another count is given. Ends with 1 where a corpus is missing or a file is too large or takes too long; a
//! target that finds something panics, after the bytes were printed.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs};

use rvoip_fuzz::{TARGETS, Target, mutation};

/// The largest file that a corpus may hold, in bytes.
const LARGEST: usize = 256 * 1024;

/// How long one input may take.
const LONGEST: Duration = Duration::from_secs(2);

struct Options {
    mutations: u64,
    seed: u64,
    targets: Vec<Target>,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options { mutations: 2_000, seed: 1, targets: Vec::new() };
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || -> Result<u64, Box<dyn Error>> {
            Ok(arguments.next().ok_or(format!("{argument} needs a number"))?.parse()?)
        };
        match argument.as_str() {
            "--mutations" => options.mutations = number()?,
            "--seed" => options.seed = number()?,
            name => options.targets.push(
                *TARGETS
                    .iter()
                    .find(|target| target.name == name)
                    .ok_or(format!("there is no target {name}"))?,
            ),
        }
    }
    if options.targets.is_empty() {
        options.targets.extend(TARGETS);
    }
    Ok(options)
}

/// The files of a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    files.sort();
    if files.is_empty() {
        return Err(format!("{} is empty: a target without seeds is not replayed", folder.display()).into());
    }
    Ok(files)
}

/// Runs a target on bytes; says which bytes they were if it panics or takes too long.
#[expect(clippy::disallowed_methods, reason = "a bound on time needs a clock")]
fn run(target: Target, bytes: &[u8], what: &str) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let result = std::panic::catch_unwind(|| (target.run)(bytes));
    if result.is_err() {
        return Err(
            format!("{}: {what} has found something: b\"{}\"", target.name, bytes.escape_ascii()).into()
        );
    }
    let taken = start.elapsed();
    if taken > LONGEST {
        return Err(format!("{}: {what} took {taken:?}: b\"{}\"", target.name, bytes.escape_ascii()).into());
    }
    Ok(())
}

fn replay(target: Target, options: &Options) -> Result<(), Box<dyn Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
    let mut seeds = Vec::new();
    for file in files(&corpus)? {
        let bytes = fs::read(&file)?;
        if bytes.len() > LARGEST {
            return Err(format!("{} is larger than {LARGEST} bytes", file.display()).into());
        }
        run(target, &bytes, &file.display().to_string())?;
        seeds.push(bytes);
    }
    for bytes in (target.seeds)() {
        run(target, &bytes, "a seed")?;
        seeds.push(bytes);
    }
    for number in 0..options.mutations {
        // Each mutation has a seed of its own, so that it can be had again without those before it.
        let seed = options.seed.wrapping_mul(0x1_0000_0000).wrapping_add(number);
        let bytes = mutation(&seeds, seed);
        run(target, &bytes, &format!("mutation {number} of seed {}", options.seed))?;
    }
    println!("{}: {} files and seeds, {} mutations", target.name, seeds.len(), options.mutations);
    Ok(())
}

fn main() -> ExitCode {
    let done = options().and_then(|options| {
        options.targets.clone().into_iter().try_for_each(|target| replay(target, &options))
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("replay: {error}");
            ExitCode::FAILURE
        }
    }
}
