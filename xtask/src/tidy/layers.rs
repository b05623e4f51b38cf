//! Who may use whom: every arrow between our crates, normal and build, optional or not, for any target.

use std::collections::BTreeSet;

use super::Finding;
use super::metadata::{Package, Workspace};

/// A product crate, and what it may use of ours, with all that these may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("rvoip-sans-io", &[]),
    ("rvoip-sip-core", &["rvoip-sans-io"]),
    ("rvoip-sdp-core", &["rvoip-sans-io"]),
    ("rvoip-rtp-core", &["rvoip-sans-io"]),
    ("rvoip-nat-core", &["rvoip-sans-io"]),
    ("rvoip-transaction-core", &["rvoip-sip-core"]),
    ("rvoip-session-core", &["rvoip-transaction-core", "rvoip-sdp-core"]),
    ("rvoip-media-core", &["rvoip-rtp-core", "rvoip-nat-core", "rvoip-sdp-core"]),
    ("rvoip-sip-transport", &["rvoip-sip-core"]),
    ("rvoip-driver", &["rvoip-session-core", "rvoip-sip-transport", "rvoip-media-core"]),
    ("rvoip", &["rvoip-driver"]),
    ("rvoip-call-engine", &["rvoip-driver"]),
    ("rvoip-api-server", &["rvoip-call-engine"]),
    ("rvoip-certificates", &[]),
    ("rvoip-cli", &["rvoip", "rvoip-api-server", "rvoip-certificates"]),
];

/// What a package under bindings/ may use.
const BINDINGS_MAY_USE: &[&str] = &["rvoip"];

/// Folders whose packages are free, and which no product crate may use.
const FREE: &[&str] = &["xtask", "tests/"];

/// On wasm32: a crate, and what it must not reach there.
const NOT_ON_WASM: &[(&str, &[&str])] = &[
    ("rvoip-sip-transport", &["tokio", "hickory-resolver", "socket2"]),
    ("rvoip-driver", &["rvoip-media-core", "tokio"]),
    ("rvoip", &["rvoip-media-core", "tokio"]),
    ("rvoip-wasm", &["rvoip-media-core", "tokio"]),
];

/// Holds the workspace against the tables.
pub(crate) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in workspace.own() {
        if is_free(package) {
            continue;
        }
        let Some(allowed) = allowed(package) else {
            findings.push(Finding::new(&package.name, "is not in the table of who may use whom"));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|one| !one.is_dev()) {
            let is_ours = workspace.own_named(&dependency.name).is_some();
            if is_ours && !allowed.contains(dependency.name.as_str()) {
                findings.push(Finding::new(&package.name, format!("must not use {}", dependency.name)));
            }
        }
    }
    for (name, banned) in NOT_ON_WASM {
        let reached = workspace.reachable(name, "wasm32-unknown-unknown");
        for banned in banned.iter().filter(|banned| reached.contains(**banned)) {
            findings.push(Finding::new(*name, format!("must not reach {banned} on wasm32")));
        }
    }
    findings
}

/// Whether a package is a test or a tool.
pub(crate) fn is_free(package: &Package) -> bool {
    let folder = package.folder.as_deref().unwrap_or_default();
    FREE.iter().any(|free| folder == *free || (free.ends_with('/') && folder.starts_with(free)))
}

fn allowed(package: &Package) -> Option<BTreeSet<&'static str>> {
    let folder = package.folder.as_deref().unwrap_or_default();
    let direct = if folder.starts_with("bindings/") { BINDINGS_MAY_USE } else { row(&package.name)? };
    let mut all = BTreeSet::new();
    let mut open: Vec<&str> = direct.to_vec();
    while let Some(name) = open.pop() {
        if all.insert(name) {
            open.extend(row(name).into_iter().flatten());
        }
    }
    Some(all)
}

fn row(name: &str) -> Option<&'static [&'static str]> {
    MAY_USE.iter().find(|(of, _)| *of == name).map(|(_, uses)| *uses)
}

#[cfg(test)]
mod tests {
    use super::super::metadata::fake;
    use super::*;

    fn findings(packages: &[(&str, &str, &[&str])]) -> Vec<String> {
        check(&fake::workspace(packages)).iter().map(ToString::to_string).collect()
    }

    const SANS_IO: (&str, &str, &[&str]) = ("rvoip-sans-io", "sdk/sans-io", &[]);

    #[test]
    fn an_arrow_of_the_table_and_what_lies_below_it_is_allowed() {
        let sip = ("rvoip-sip-core", "sdk/sip-core", &["rvoip-sans-io"] as &[&str]);
        let transaction =
            ("rvoip-transaction-core", "sdk/x", &["rvoip-sip-core", "rvoip-sans-io"] as &[&str]);
        assert_eq!(findings(&[SANS_IO, sip, transaction]), [] as [&str; 0]);
    }

    #[test]
    fn an_arrow_that_is_not_in_the_table_is_found() {
        let sip = ("rvoip-sip-core", "sdk/sip-core", &["rvoip-sdp-core"] as &[&str]);
        let sdp = ("rvoip-sdp-core", "sdk/sdp-core", &[] as &[&str]);
        assert_eq!(findings(&[sip, sdp]), ["rvoip-sip-core: must not use rvoip-sdp-core"]);
    }

    #[test]
    fn no_arrow_of_the_table_may_be_turned_around() {
        for (upper, _) in MAY_USE {
            let package = Package { name: (*upper).to_owned(), ..Package::default() };
            for lower in allowed(&package).unwrap() {
                let lower_uses = [*upper];
                let found = findings(&[(upper, "sdk/upper", &[]), (lower, "sdk/lower", &lower_uses)]);
                assert_eq!(found, [format!("{lower} must not use {upper}").replacen(' ', ": ", 1)]);
            }
        }
    }

    #[test]
    fn an_arrow_for_one_target_behind_a_feature_is_found_as_well() {
        let mut workspace = fake::workspace(&[
            ("rvoip-sip-core", "sdk/sip-core", &[]),
            ("rvoip-sdp-core", "sdk/sdp-core", &[]),
        ]);
        let declared =
            r#"{"name": "rvoip-sdp-core", "kind": null, "optional": true, "target": "cfg(windows)"}"#;
        let package = workspace.packages.get_mut("rvoip-sip-core").unwrap();
        package.dependencies.push(serde_json::from_str(declared).unwrap());
        assert_eq!(check(&workspace), [Finding::new("rvoip-sip-core", "must not use rvoip-sdp-core")]);
    }

    #[test]
    fn a_build_dependency_is_an_arrow() {
        let mut workspace =
            fake::workspace(&[SANS_IO, ("rvoip-sdp-core", "sdk/sdp-core", &[]), ("xtask", "xtask", &[])]);
        let package = workspace.packages.get_mut("rvoip-sdp-core").unwrap();
        package.dependencies.push(serde_json::from_str(r#"{"name": "xtask", "kind": "build"}"#).unwrap());
        assert_eq!(check(&workspace), [Finding::new("rvoip-sdp-core", "must not use xtask")]);
    }

    #[test]
    fn every_ban_of_the_browser_is_found() {
        for (name, banned) in NOT_ON_WASM {
            for banned in *banned {
                let uses = [*banned];
                let workspace = fake::workspace(&[(name, "bindings/x", &uses), (banned, "tests/x", &[])]);
                let expected = Finding::new(*name, format!("must not reach {banned} on wasm32"));
                assert!(check(&workspace).contains(&expected), "{expected}");
            }
        }
    }

    #[test]
    fn the_call_engine_must_not_use_the_facade() {
        let engine = ("rvoip-call-engine", "sdk/call-engine", &["rvoip"] as &[&str]);
        let facade = ("rvoip", "sdk/sip-client", &[] as &[&str]);
        assert_eq!(findings(&[engine, facade]), ["rvoip-call-engine: must not use rvoip"]);
    }

    #[test]
    fn a_product_crate_must_not_use_a_test_or_a_tool() {
        let peers = ("rvoip-interop", "tests/interop", &["rvoip-sans-io"] as &[&str]);
        let sans_io = ("rvoip-sans-io", "sdk/sans-io", &["rvoip-interop"] as &[&str]);
        assert_eq!(findings(&[peers, sans_io]), ["rvoip-sans-io: must not use rvoip-interop"]);
    }

    #[test]
    fn a_test_may_use_everything_and_dev_dependencies_are_free() {
        let mut workspace = fake::workspace(&[
            SANS_IO,
            ("rvoip-interop", "tests/interop", &["rvoip-sans-io"]),
            ("rvoip-sip-core", "sdk/sip-core", &["rvoip-interop"]),
        ]);
        let package = workspace.packages.get_mut("rvoip-sip-core").unwrap();
        package.dependencies[0].kind = Some("dev".to_owned());
        assert_eq!(check(&workspace), []);
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        assert_eq!(
            findings(&[("rvoip-new", "sdk/new", &[])]),
            ["rvoip-new: is not in the table of who may use whom"]
        );
    }

    #[test]
    fn a_binding_may_use_the_facade_alone() {
        let facade = ("rvoip", "sdk/sip-client", &[] as &[&str]);
        let engine = ("rvoip-call-engine", "sdk/call-engine", &[] as &[&str]);
        let binding = ("rvoip-python", "bindings/python", &["rvoip", "rvoip-call-engine"] as &[&str]);
        assert_eq!(findings(&[facade, engine, binding]), ["rvoip-python: must not use rvoip-call-engine"]);
    }

    #[test]
    fn media_behind_the_facade_on_wasm_is_found_even_through_others() {
        let facade = ("rvoip", "sdk/sip-client", &["rvoip-driver"] as &[&str]);
        let driver = ("rvoip-driver", "sdk/driver", &["rvoip-media-core"] as &[&str]);
        let media = ("rvoip-media-core", "sdk/media-core", &[] as &[&str]);
        let found = findings(&[facade, driver, media]);
        assert!(found.contains(&"rvoip: must not reach rvoip-media-core on wasm32".to_owned()), "{found:?}");
    }
}
