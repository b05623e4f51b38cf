//! `cargo xtask types`: the facade's data types in other languages, generated from the facade's sources.
//!
//! Kotlin and Swift get theirs from uniffi, which fails to compile when they drift; these are written here.

#[cfg(test)]
mod agreement;
pub(crate) mod names;
mod python;
mod schema;
mod typescript;

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::command::root;
use crate::facade::{self, Model};

/// Writes a whole file.
type Generator = fn(&Model) -> String;

/// What is generated, and by what.
const FILES: &[(&str, Generator)] = &[
    ("web/src/generated/types.ts", typescript::write),
    ("python/rvoip/_types.py", python::write),
    ("tests/conformance/types.schema.json", schema::write),
];

/// Writes the files that are not as they should be, or with `--check` fails if there are any.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let check = match arguments {
        [] => false,
        [one] if one == "--check" => true,
        _ => bail!("usage: cargo xtask types [--check]"),
    };
    let stale = stale()?;
    if check && !stale.is_empty() {
        let names: Vec<&str> = stale.iter().map(|(path, _)| *path).collect();
        bail!("not what the facade says now: {}; run `cargo xtask types`", names.join(", "));
    }
    for (path, text) in stale {
        write(&root().join(path), &text)?;
        println!("wrote {path}");
    }
    Ok(())
}

/// The files that differ from what the facade says now, with what they should hold.
pub(crate) fn stale() -> Result<Vec<(&'static str, String)>> {
    let model = facade::model()?;
    let mut stale = Vec::new();
    for (path, generate) in FILES {
        let text = generate(&model);
        let present = std::fs::read_to_string(root().join(path)).unwrap_or_default();
        if present != text {
            stale.push((*path, text));
        }
    }
    Ok(stale)
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}
