//! `cargo xtask doc`: the reference of every language, made by its own tool from its own sources, under `target/doc`.

mod kotlin;
mod python;
mod rust;
mod typescript;

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::command::target_directory;

/// How a language's reference is made.
struct Reference {
    language: &'static str,
    build: fn() -> Result<()>,
    /// What the tool writes, below `target/doc`.
    page: &'static str,
}

const REFERENCES: &[Reference] = &[
    Reference { language: "Rust", build: rust::build, page: "rvoip/index.html" },
    Reference { language: "TypeScript", build: typescript::build, page: "typescript/index.html" },
    Reference { language: "Python", build: python::build, page: "python/rvoip.html" },
    Reference { language: "Kotlin", build: kotlin::build, page: "kotlin/index.html" },
];

/// Builds every reference; one that fails does not keep the others from being built.
pub(crate) fn run() -> Result<()> {
    let mut failed = Vec::new();
    for reference in REFERENCES {
        let language = reference.language;
        match built(reference) {
            Ok(page) => println!("{language}: {}", page.display()),
            Err(error) => {
                println!("{language}: {error:#}");
                failed.push(language);
            }
        }
    }
    println!("Swift: skipped, its tool DocC is a part of Swift, which this project does not install");
    if failed.is_empty() { Ok(()) } else { bail!("no reference for {}", failed.join(", ")) }
}

fn built(reference: &Reference) -> Result<PathBuf> {
    let page = folder().join(reference.page);
    if page.exists() {
        std::fs::remove_file(&page).with_context(|| format!("removing the old {}", page.display()))?;
    }
    (reference.build)()?;
    if page.exists() { Ok(page) } else { bail!("there is no {}", page.display()) }
}

/// Where references are written.
fn folder() -> PathBuf {
    target_directory().join("doc")
}
