//! Licences: everything that is built, tests and tools included, is under a licence of the list, which deny.toml
//! holds as well.

use spdx::Expression;

use super::Finding;
use super::metadata::Workspace;
use super::sources::SourceFile;

/// SPDX names of the licences that what we build may be under.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Checks every package, and that deny.toml says the same.
pub(crate) fn check(workspace: &Workspace, files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in workspace.packages.values() {
        let place = format!("{} {}", package.name, package.version);
        match package.license.as_deref() {
            None => findings.push(Finding::new(place, "states no licence")),
            Some(licence) if is_allowed(licence) => {}
            Some(licence) => findings.push(Finding::new(place, format!("is under {licence}"))),
        }
    }
    match files.iter().find(|file| file.path == "deny.toml") {
        None => findings.push(Finding::new("deny.toml", "is missing")),
        Some(file) => {
            let listed = listed_in(&file.text);
            if listed != ALLOWED {
                findings
                    .push(Finding::new("deny.toml", format!("must allow the same licences: {ALLOWED:?}")));
            }
        }
    }
    findings
}

fn is_allowed(licence: &str) -> bool {
    // Old manifests write `MIT/Apache-2.0`.
    let Ok(expression) = Expression::parse_mode(licence, spdx::ParseMode::LAX) else { return false };
    expression.evaluate(|requirement| ALLOWED.contains(&requirement.to_string().as_str()))
}

/// The quoted strings between `allow = [` and the closing bracket, under `[licenses]`.
fn listed_in(text: &str) -> Vec<&str> {
    let section = text.split_once("[licenses]").map_or("", |(_, rest)| rest);
    let list = section.split_once("allow = [").map_or("", |(_, rest)| rest);
    let list = list.split_once(']').map_or("", |(list, _)| list);
    list.split('"').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::super::metadata::fake;
    use super::*;

    fn deny(licences: &[&str]) -> SourceFile {
        let list: Vec<String> = licences.iter().map(|one| format!("    \"{one}\",\n")).collect();
        SourceFile::new("deny.toml", format!("[licenses]\nallow = [\n{}]\n", list.concat()))
    }

    #[test]
    fn one_acceptable_alternative_is_enough_and_all_of_a_conjunction_are_needed() {
        for good in ["MIT", "MIT/Apache-2.0", "GPL-3.0-only OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0"] {
            assert!(is_allowed(good), "{good}");
        }
        assert!(is_allowed("Apache-2.0 WITH LLVM-exception"));
        for bad in ["GPL-3.0-only", "MIT AND GPL-2.0-only", "AGPL-3.0", "nonsense"] {
            assert!(!is_allowed(bad), "{bad}");
        }
    }

    #[test]
    fn a_package_under_another_licence_or_none_is_found() {
        let mut workspace = fake::workspace(&[]);
        fake::add_foreign(&mut workspace, "copyleft", Some("GPL-3.0-only"), None);
        fake::add_foreign(&mut workspace, "silent", None, None);
        let found = check(&workspace, &[deny(ALLOWED)]);
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["copyleft 1.0.0: is under GPL-3.0-only", "silent 1.0.0: states no licence"]);
    }

    #[test]
    fn a_list_that_drifted_is_found() {
        let workspace = fake::workspace(&[]);
        assert_eq!(check(&workspace, &[deny(&["MIT"])]).len(), 1);
        assert_eq!(check(&workspace, &[]).len(), 1);
        assert_eq!(check(&workspace, &[deny(ALLOWED)]).len(), 0);
    }
}
