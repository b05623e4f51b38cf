//! The languages: where each is written, and how it spells what the facade has.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::scan::{self, Grammar};
use super::surface::Surface;
use super::uniffi;
use super::wanted::{Item, Kind};
use crate::command::root;
use crate::facade::Crate;
use crate::facade::model::{camel_case, snake_case};
use crate::types::names;

/// A face of the facade.
pub(super) struct Language {
    pub(super) name: &'static str,
    /// Where it is written by hand.
    pub(super) folder: &'static str,
    /// What is there if the language is.
    marker: &'static str,
    extensions: &'static [&'static str],
    grammar: &'static Grammar,
    pub(super) is_browser: bool,
    /// Where its generated part comes from, if uniffi makes it.
    uniffi: Option<&'static str>,
}

pub(super) const LANGUAGES: &[Language] = &[
    Language {
        name: "TypeScript",
        folder: "web/src",
        marker: "web/package.json",
        extensions: &["ts"],
        grammar: &scan::TYPESCRIPT,
        is_browser: true,
        uniffi: None,
    },
    Language {
        name: "Python",
        folder: "python/rvoip",
        marker: "python/rvoip/__init__.py",
        extensions: &["py", "pyi"],
        grammar: &scan::PYTHON,
        is_browser: false,
        uniffi: None,
    },
    Language {
        name: "Kotlin",
        folder: "mobile/kotlin/src/main",
        marker: "mobile/kotlin/pom.xml",
        extensions: &["kt"],
        grammar: &scan::KOTLIN,
        is_browser: false,
        uniffi: Some("bindings/uniffi/src"),
    },
    Language {
        name: "Swift",
        folder: "mobile/swift/Sources",
        marker: "mobile/swift/Package.swift",
        extensions: &["swift"],
        grammar: &scan::SWIFT,
        is_browser: false,
        uniffi: Some("bindings/uniffi/src"),
    },
];

impl Language {
    /// What the language has; nothing if it is not there.
    pub(super) fn read(&self) -> Result<Option<Surface>> {
        let folder = root().join(self.folder);
        if !root().join(self.marker).is_file() {
            return Ok(None);
        }
        let mut files = BTreeMap::new();
        collect(&folder, self.extensions, &mut files)?;
        let texts: Vec<String> = files.into_values().collect();
        let mut surface = Surface::of(self.grammar, &texts);
        if let Some(binding) = self.uniffi {
            surface.extend(uniffi::surface(&Crate::read(binding)?));
        }
        Ok(Some(surface))
    }

    #[cfg(test)]
    pub(super) fn grammar(&self) -> &Grammar {
        self.grammar
    }

    /// The type and the member that stand for an item of the facade.
    pub(super) fn spelling(&self, item: &Item) -> (String, String) {
        let is_python = self.name == "Python";
        match item.kind {
            Kind::Verb if item.container.is_empty() && item.member.starts_with(char::is_uppercase) => {
                (String::new(), item.member.clone())
            }
            Kind::Verb if is_python => (item.container.clone(), item.member.clone()),
            Kind::Verb => (item.container.clone(), camel_case(&item.member)),
            // Cases of one error there, classes here.
            Kind::Error if self.uniffi.is_some() => ("RvoipError".to_owned(), item.member.clone()),
            Kind::Error => (String::new(), format!("{}Error", item.member)),
            Kind::Variant | Kind::Field if self.uniffi.is_some() => {
                (item.container.clone(), item.member.clone())
            }
            Kind::Variant => (String::new(), names::of_variant(&item.container, &item.member)),
            Kind::Field => field(item, is_python),
        }
    }
}

/// A field or a word of a generated type.
fn field(item: &Item, is_python: bool) -> (String, String) {
    let is_word = item.member.starts_with(char::is_uppercase);
    let container = match item.container.split_once("::") {
        Some((union, variant)) => names::of_variant(union, variant),
        None => names::of(&item.container).to_owned(),
    };
    match (is_word, is_python) {
        (true, true) => (container, snake_case(&item.member).to_uppercase()),
        // A literal of a union: the generated file is compared as a whole, so that its name is enough.
        (true, false) => (String::new(), container),
        (false, true) => (container, names::attribute(&item.member)),
        (false, false) => (container, item.member.clone()),
    }
}

fn collect(folder: &Path, extensions: &[&str], files: &mut BTreeMap<String, String>) -> Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if path.is_dir() {
            collect(&path, extensions, files)?;
        } else if extensions.contains(&extension) {
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            files.insert(path.display().to_string(), text);
        }
    }
    Ok(())
}
