//! The items of a crate, read from its source files.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::expand;
use crate::command::root;

/// The items of all files of a crate, in the order of the files' names, macros of the file itself expanded.
#[derive(Default)]
pub(crate) struct Crate {
    pub(crate) items: Vec<syn::Item>,
    /// The items of `lib.rs`.
    pub(crate) root: Vec<syn::Item>,
}

impl Crate {
    /// Reads every file below a folder of the repository.
    pub(crate) fn read(folder: &str) -> Result<Self> {
        let mut files = BTreeMap::new();
        collect(&root().join(folder), &mut files)?;
        let files = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        Self::parse(files).with_context(|| format!("reading {folder}"))
    }

    /// Parses files, given by name and text.
    pub(crate) fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let mut read = Self::default();
        for (path, text) in files {
            let file = syn::parse_file(text).with_context(|| format!("parsing {path}"))?;
            let items = expand::items(file.items).with_context(|| format!("expanding macros of {path}"))?;
            if path.ends_with("/lib.rs") || path == "lib.rs" {
                read.root.extend(items.iter().cloned());
            }
            read.items.extend(items);
        }
        Ok(read)
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<String, String>) -> Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            files.insert(path.display().to_string(), text);
        }
    }
    Ok(())
}
