//! No C: no crate of the default build compiles or links anything that is not Rust.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::Finding;
use super::layers::is_free;
use super::metadata::{TARGETS, Workspace};
use super::sources::SourceFile;
use crate::command::{capture, cargo};

/// Crates that compile, find or bind C, or that are C; deny.toml refuses them as well.
const REFUSED: &[&str] = &[
    "cc",
    "cmake",
    "bindgen",
    "pkg-config",
    "vcpkg",
    "autotools",
    "nasm-rs",
    "ring",
    "aws-lc-rs",
    "aws-lc-sys",
    "aws-lc-fips-sys",
    "openssl-sys",
    "boring-sys",
    "native-tls",
];

/// Prefixes of the same.
const REFUSED_PREFIXES: &[&str] = &["aws-lc", "openssl-", "boring-"];

/// Crates with a `links` key or a name ending in `-sys` that are Rust all the same, or are part of the platform.
const ALLOWED: &[(&str, &str)] = &[
    ("linux-raw-sys", "constants and types of the kernel's interface, in Rust"),
    ("js-sys", "Rust's view of JavaScript's built-ins"),
    ("web-sys", "Rust's view of the browser's interfaces"),
    ("windows-sys", "Rust's view of Windows"),
    ("rayon-core", "its links key only keeps two versions from one program"),
    ("wasm-bindgen-shared", "its links key only keeps two versions from one program"),
    ("core-foundation-sys", "declarations of a framework that every Apple system has; no C is compiled"),
    ("system-configuration-sys", "declarations of a framework that every Apple system has; no C is compiled"),
    ("pyo3", "its links key only keeps two versions from one program"),
    (
        "pyo3-ffi",
        "declarations of Python's own interface, in Rust; the interpreter that loads the module has it",
    ),
    ("jni-sys", "declarations of Java's native interface, in Rust; nothing is linked"),
    ("jni-sys-macros", "see jni-sys"),
    ("ndk-sys", "declarations of a library that every Android system has; no C is compiled"),
];

/// Crates that are built for every target but exist on servers and desktops alone.
const LINUX_ONLY: &[&str] = &["rvoip-python", "rvoip-call-engine", "rvoip-api-server", "rvoip-cli"];

/// For each target, the names of all crates of the default build (`cargo tree -e normal,build`).
pub(crate) fn trees(workspace: &Workspace) -> Result<BTreeMap<&'static str, BTreeSet<String>>> {
    let mut trees = BTreeMap::new();
    for target in TARGETS {
        let mut arguments = vec!["tree", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"];
        arguments.extend(["--target", target]);
        let products = products(workspace, target);
        for name in &products {
            arguments.extend(["--package", name]);
        }
        let printed = capture(&cargo(), &arguments)?;
        let names = printed.lines().filter_map(|line| line.split_whitespace().next());
        trees.insert(target, names.map(str::to_owned).collect());
    }
    Ok(trees)
}

/// Whether deny.toml refuses the same.
pub(crate) fn check_deny(files: &[SourceFile]) -> Vec<Finding> {
    let Some(file) = files.iter().find(|file| file.path == "deny.toml") else {
        return vec![Finding::new("deny.toml", "is missing")];
    };
    let missing = REFUSED.iter().filter(|name| !file.text.contains(&format!("{{ crate = \"{name}\", ")));
    missing.map(|name| Finding::new("deny.toml", format!("does not refuse {name}"))).collect()
}

/// Looks for C in the trees.
pub(crate) fn check(workspace: &Workspace, trees: &BTreeMap<&'static str, BTreeSet<String>>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (target, names) in trees {
        for name in names {
            let place = format!("{name} for {target}");
            if REFUSED.contains(&name.as_str()) || REFUSED_PREFIXES.iter().any(|one| name.starts_with(one)) {
                findings.push(Finding::new(place, "is C, or compiles or links it"));
                continue;
            }
            let links =
                workspace.packages.values().any(|package| package.name == *name && package.links.is_some());
            let allowed = ALLOWED.iter().any(|(allowed, _)| allowed == name);
            if (links || name.ends_with("-sys")) && !allowed {
                findings
                    .push(Finding::new(place, "binds a native library, or needs an entry with its reason"));
            }
        }
    }
    findings
}

fn products<'a>(workspace: &'a Workspace, target: &str) -> Vec<&'a str> {
    let products = workspace.own().filter(|package| !is_free(package)).map(|package| package.name.as_str());
    products
        .filter(|name| match target {
            "x86_64-unknown-linux-gnu" => true,
            "wasm32-unknown-unknown" => crate::test::WASM_CRATES.contains(name) || *name == "rvoip-wasm",
            _ => !LINUX_ONLY.contains(name),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::metadata::fake;
    use super::*;

    fn findings(name: &str, links: Option<&str>) -> Vec<String> {
        let mut workspace = fake::workspace(&[]);
        fake::add_foreign(&mut workspace, name, None, links);
        let trees = BTreeMap::from([("x86_64-unknown-linux-gnu", BTreeSet::from([name.to_owned()]))]);
        check(&workspace, &trees).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn c_compilers_and_c_libraries_are_refused() {
        for name in ["cc", "cmake", "ring", "aws-lc-rs", "aws-lc-sys", "openssl-sys", "pkg-config", "bindgen"]
        {
            let found = findings(name, None);
            assert_eq!(
                found,
                [format!("{name} for x86_64-unknown-linux-gnu: is C, or compiles or links it")]
            );
        }
    }

    #[test]
    fn a_links_key_or_a_sys_name_needs_an_entry() {
        assert_eq!(findings("alsa-sys", None).len(), 1);
        assert_eq!(findings("innocent", Some("opus")).len(), 1);
        assert_eq!(findings("innocent", None).len(), 0);
        assert_eq!(findings("linux-raw-sys", None).len(), 0);
    }

    #[test]
    fn deny_toml_refuses_the_same() {
        let listed = |names: &[&str]| {
            let lines = names.iter().map(|name| format!("    {{ crate = \"{name}\", reason = \"C\" }},\n"));
            lines.collect::<Vec<_>>().concat()
        };
        let found = |text: String| check_deny(&[SourceFile::new("deny.toml", text)]);
        assert_eq!(found(listed(REFUSED)), []);
        let (first, rest) = REFUSED.split_first().unwrap();
        assert_eq!(found(listed(rest)), [Finding::new("deny.toml", format!("does not refuse {first}"))]);
        assert_eq!(check_deny(&[]).len(), 1);
    }

    #[test]
    fn every_exception_has_a_reason() {
        assert!(ALLOWED.iter().all(|(_, reason)| reason.len() > 10));
    }

    #[test]
    fn a_phone_is_checked_for_android_and_a_switch_is_not() {
        let workspace = fake::workspace(&[
            ("rvoip", "sdk/sip-client", &[]),
            ("rvoip-cli", "sdk/cli", &[]),
            ("xtask", "xtask", &[]),
        ]);
        assert_eq!(products(&workspace, "aarch64-linux-android"), ["rvoip"]);
        assert_eq!(products(&workspace, "x86_64-unknown-linux-gnu"), ["rvoip", "rvoip-cli"]);
    }
}
