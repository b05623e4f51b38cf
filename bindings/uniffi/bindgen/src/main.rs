//! Generates the Kotlin and Swift of the bindings from the built library: `rvoip-uniffi-bindgen LIBRARY KOTLIN SWIFT`,
//! the last two being folders.
//!
//! What `UniFFI` generates is then amended (see [`kotlin`] and [`swift`]); an amendment that does not fit what was
//! generated is an error, never left out.

mod amend;
mod kotlin;
mod swift;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        // What this program calls itself with.
        ["generate", ..] => {
            uniffi::uniffi_bindgen_main();
            ExitCode::SUCCESS
        }
        [library, kotlin, swift] => match run(library, Path::new(kotlin), Path::new(swift)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("rvoip-uniffi-bindgen: {error}");
                ExitCode::FAILURE
            }
        },
        _ => {
            eprintln!("usage: rvoip-uniffi-bindgen LIBRARY KOTLIN-FOLDER SWIFT-FOLDER");
            ExitCode::from(2)
        }
    }
}

fn run(library: &str, kotlin: &Path, swift: &Path) -> Result<()> {
    generate(library, "kotlin", kotlin)?;
    generate(library, "swift", swift)?;
    rewrite(&kotlin.join("org/rvoip/rvoip.kt"), kotlin::amend)?;
    rewrite(&swift.join("Rvoip.swift"), swift::amend)?;
    // Swift's package manager finds a module map by this name alone.
    let named = swift.join("RvoipFFI.modulemap");
    std::fs::write(swift.join("module.modulemap"), swift::MODULE_MAP).map_err(|error| error.to_string())?;
    std::fs::remove_file(&named).map_err(|error| format!("{}: {error}", named.display()))
}

fn generate(library: &str, language: &str, folder: &Path) -> Result<()> {
    let program: PathBuf = std::env::current_exe().map_err(|error| error.to_string())?;
    let folder = folder.to_str().ok_or("a folder's name is not UTF-8")?;
    let arguments = ["generate", "--no-format", "--language", language, "--out-dir", folder, library];
    let status = Command::new(program).args(arguments).status().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("{language} could not be generated ({status})")) }
}

fn rewrite(path: &Path, amend: fn(&str) -> Result<String>) -> Result<()> {
    let named = |error: String| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| named(error.to_string()))?;
    let amended = amend(&text).map_err(named)?;
    std::fs::write(path, amended).map_err(|error| named(error.to_string()))
}
