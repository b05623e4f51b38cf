//! `cargo xtask tidy`: the rules of the house that no compiler knows. Each check is a pure function from what was
//! read to its findings, with its tables at the top of its file.

mod attributes;
mod code;
mod crate_docs;
mod edges;
mod foreign;
mod generated;
mod layers;
mod length;
mod licences;
pub(crate) mod metadata;
mod places;
mod sources;
mod unsafety;
mod unused;

use std::fmt;

use anyhow::{Result, bail};

/// One violation: where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    place: String,
    text: String,
}

impl Finding {
    fn new(place: impl Into<String>, text: impl Into<String>) -> Self {
        Self { place: place.into(), text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

/// Runs every check over the repository and fails if there is any finding.
pub(crate) fn run() -> Result<()> {
    let workspace = metadata::Workspace::read()?;
    let files = sources::read()?;
    let checks: [(&str, Vec<Finding>); 12] = [
        ("layers: who may use whom, on every target", layers::check(&workspace)),
        ("no C in the default build", foreign::check(&workspace, &foreign::trees(&workspace)?)),
        ("deny.toml refuses C as well", foreign::check_deny(&files)),
        ("no unsafe code, nothing linked or built by hand", unsafety::check(&workspace, &files)),
        ("licences", licences::check(&workspace, &files)),
        ("edges: clocks, sockets, threads, entropy, binding tools", edges::check(&files, &workspace)),
        ("attributes state their reason", attributes::check(&files)),
        ("length of files", length::check(&files)),
        ("documentation of crates: example, RFCs, invariants", crate_docs::check(&files)),
        ("no place of one machine in the repository's text", places::check(&files)),
        ("generated files say what the facade says", generated::check()?),
        ("every declared dependency is used", unused::check(&workspace, &files)),
    ];
    let mut count = 0;
    for (name, findings) in checks {
        println!("{:4} {name}", if findings.is_empty() { "ok" } else { "BAD" });
        for finding in &findings {
            println!("     {finding}");
        }
        count += findings.len();
    }
    if count > 0 {
        bail!("{count} findings");
    }
    Ok(())
}
