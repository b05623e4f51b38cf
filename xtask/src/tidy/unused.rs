//! What a manifest declares is used: shared dependencies by a member, a member's dependencies by its sources.

use super::Finding;
use super::edges::contains_word;
use super::metadata::{Package, Workspace};
use super::sources::SourceFile;

/// Dependencies that are declared without being named in the sources, each with its reason.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("rvoip-sip-core", "md-5", "its crate is named md5"),
    ("rvoip-sip-transport", "rustls-webpki", "its crate is named webpki"),
];

/// Checks the root manifest and those of the members.
pub(crate) fn check(workspace: &Workspace, files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in &workspace.shared_dependencies {
        let is_used = workspace.own().any(|package| inherits(&package.manifest, name))
            || workspace.own_named(name).is_some();
        if !is_used {
            findings.push(Finding::new("Cargo.toml", format!("no member uses {name}")));
        }
    }
    for package in workspace.own() {
        let Some(folder) = package.folder.as_deref() else { continue };
        let sources: Vec<&SourceFile> = files
            .iter()
            .filter(|file| file.extension() == "rs" && file.path.starts_with(&format!("{folder}/")))
            .collect();
        for name in unnamed(package, &sources) {
            findings.push(Finding::new(&package.name, format!("declares {name} and does not name it")));
        }
    }
    findings
}

fn unnamed<'a>(package: &'a Package, sources: &[&SourceFile]) -> Vec<&'a str> {
    let mut names = Vec::new();
    for dependency in &package.dependencies {
        let name = dependency.rename.as_deref().unwrap_or(&dependency.name);
        let word = name.replace('-', "_");
        let is_named = sources.iter().any(|file| file.text.lines().any(|line| contains_word(line, &word)));
        let is_allowed = ALLOWED.iter().any(|(of, what, _)| *of == package.name && *what == dependency.name);
        if !is_named && !is_allowed && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Whether a manifest has `NAME.workspace = true` or `NAME = { workspace = true, … }`.
fn inherits(manifest: &str, name: &str) -> bool {
    manifest.lines().any(|line| {
        let Some(rest) = line.trim().strip_prefix(name) else { return false };
        let rest = rest.trim_start();
        rest.starts_with(".workspace") || (rest.starts_with('=') && rest.contains("workspace = true"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::metadata::fake;
    use super::*;

    #[test]
    fn a_shared_dependency_that_no_member_inherits_is_found() {
        let mut workspace = fake::workspace(&[("a", "sdk/a", &[])]);
        workspace.shared_dependencies = vec!["bytes".to_owned(), "nom".to_owned(), "nomad".to_owned()];
        let package = workspace.packages.get_mut("a").unwrap();
        package.manifest =
            "[dependencies]\nbytes.workspace = true\nnomad = { workspace = true }\n".to_owned();
        let found = check(&workspace, &[]);
        assert_eq!(found, [Finding::new("Cargo.toml", "no member uses nom")]);
    }

    #[test]
    fn a_dependency_that_the_sources_never_name_is_found() {
        let workspace = fake::workspace(&[("a", "sdk/a", &["compact-str", "bytes"])]);
        let files = [SourceFile::new("sdk/a/src/lib.rs", "use compact_str::X; let megabytes = 1;")];
        assert_eq!(check(&workspace, &files), [Finding::new("a", "declares bytes and does not name it")]);
    }
}
