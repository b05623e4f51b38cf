//! What no run over the workspace sees: each feature where no other is on, and the packages that stand outside of it.

use anyhow::Result;

use crate::command::{cargo, run};
use crate::install;
use crate::tidy::metadata::{Package, Workspace};

/// Packages that are programs for one target alone.
const TARGETS: &[(&str, &str)] = &[("rvoip-wasm", "wasm32-unknown-unknown")];
/// Manifests outside the workspace, and why they are there.
const OUTSIDE: &[(&str, &str)] = &[
    ("tests/fuzz/Cargo.toml", "libFuzzer is C++"),
    ("bindings/uniffi/bindgen/Cargo.toml", "it is built once, and kept"),
];

/// Formatting of the packages outside.
pub(crate) fn fmt() -> Result<()> {
    OUTSIDE
        .iter()
        .try_for_each(|(manifest, _)| run(&cargo(), &["fmt", "--manifest-path", manifest, "--check"]))
}

/// Lints each package that has features without any and with each, and the packages outside.
pub(crate) fn run_stage() -> Result<()> {
    let workspace = Workspace::read()?;
    for (name, feature) in workspace.own().flat_map(combinations) {
        let mut arguments = vec!["clippy", "--package", name, "--no-default-features"];
        if let Some(feature) = feature {
            arguments.extend(["--features", feature]);
        }
        if let Some((_, target)) = TARGETS.iter().find(|(of, _)| *of == name) {
            install::target(target)?;
            arguments.extend(["--target", target]);
        }
        arguments.extend(["--", "-D", "warnings"]);
        run(&cargo(), &arguments)?;
    }
    for (manifest, _) in OUTSIDE {
        let folder = crate::command::target_directory().join("outside");
        let folder = folder.to_string_lossy();
        let arguments =
            ["clippy", "--manifest-path", manifest, "--target-dir", &folder, "--", "-D", "warnings"];
        run(&cargo(), &arguments)?;
    }
    Ok(())
}

/// A package that has features without any, and with each of them.
fn combinations(package: &Package) -> Vec<(&str, Option<&str>)> {
    if package.features.is_empty() {
        return Vec::new();
    }
    let features = package.features.keys().map(|feature| Some(feature.as_str()));
    std::iter::once(None).chain(features).map(|feature| (package.name.as_str(), feature)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::root;

    #[test]
    fn a_package_is_looked_at_without_its_features_and_with_each() {
        let mut package = Package { name: "rvoip".to_owned(), ..Package::default() };
        assert_eq!(combinations(&package), []);
        for name in ["tls", "ice"] {
            package.features.insert(name.to_owned(), Vec::new());
        }
        assert_eq!(combinations(&package), [("rvoip", None), ("rvoip", Some("ice")), ("rvoip", Some("tls"))]);
    }

    #[test]
    fn every_manifest_is_in_the_workspace_or_here() {
        for (manifest, _) in OUTSIDE {
            let text = std::fs::read_to_string(root().join(manifest)).unwrap();
            assert!(text.contains("[workspace]"), "{manifest}");
        }
    }
}
