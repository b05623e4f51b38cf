//! What cargo knows about the workspace, reduced to what the checks read.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde::Deserialize;

use crate::command::{capture, cargo, root};

/// The targets for which the default build must hold the rules.
pub(crate) const TARGETS: [&str; 4] =
    ["x86_64-unknown-linux-gnu", "wasm32-unknown-unknown", "aarch64-linux-android", "aarch64-apple-ios"];

/// Every package that any target or feature can bring in, and the graph for each target.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    /// All packages by id.
    pub(crate) packages: BTreeMap<String, Package>,
    /// For each of [`TARGETS`]: package id to the ids that it uses (normal and build), with all features.
    pub(crate) graphs: BTreeMap<&'static str, BTreeMap<String, BTreeSet<String>>>,
    /// The names under `[workspace.dependencies]`, with what uses them to be found in [`Package::manifest`].
    pub(crate) shared_dependencies: Vec<String>,
}

/// One package.
#[derive(Debug, Default, Clone, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    #[serde(default)]
    pub(crate) links: Option<String>,
    #[serde(default)]
    pub(crate) dependencies: Vec<Dependency>,
    #[serde(default)]
    pub(crate) targets: Vec<Target>,
    #[serde(default)]
    pub(crate) features: BTreeMap<String, Vec<String>>,
    pub(crate) manifest_path: String,
    /// Where its source comes from; ours have none.
    pub(crate) source: Option<String>,
    /// Its folder within the repository, for ours.
    #[serde(skip)]
    pub(crate) folder: Option<String>,
    /// The text of its Cargo.toml, for ours.
    #[serde(skip)]
    pub(crate) manifest: String,
}

/// What a package builds.
#[derive(Debug, Default, Clone, Deserialize)]
pub(crate) struct Target {
    /// `lib`, `bin`, `test`, `custom-build` and others.
    pub(crate) kind: Vec<String>,
}

/// A dependency as the manifest declares it: for any target, optional or not.
#[derive(Debug, Default, Clone, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) rename: Option<String>,
    /// `None` is a normal one; else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

impl Dependency {
    /// Whether only tests use it.
    pub(crate) fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Option<Resolve>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<NodeDependency>,
}

#[derive(Deserialize)]
struct NodeDependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn read() -> Result<Self> {
        let mut workspace = Self::default();
        let everything = metadata(&[])?;
        for mut package in everything.packages {
            if package.source.is_none() {
                let manifest = std::path::Path::new(&package.manifest_path);
                let folder = manifest.parent().and_then(|folder| folder.strip_prefix(root()).ok());
                package.folder = folder.map(|folder| folder.to_string_lossy().into_owned());
                package.manifest = std::fs::read_to_string(manifest)?;
            }
            workspace.packages.insert(package.id.clone(), package);
        }
        for target in TARGETS {
            let resolve = metadata(&["--filter-platform", target])?.resolve;
            let nodes = resolve.map(|resolve| resolve.nodes).unwrap_or_default();
            let graph = nodes.into_iter().map(|node| {
                let used = node.deps.into_iter().filter(|one| {
                    one.dep_kinds.is_empty()
                        || one.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev"))
                });
                (node.id, used.map(|one| one.pkg).collect())
            });
            workspace.graphs.insert(target, graph.collect());
        }
        workspace.shared_dependencies =
            shared_dependencies(&std::fs::read_to_string(root().join("Cargo.toml"))?);
        Ok(workspace)
    }

    /// Our own packages.
    pub(crate) fn own(&self) -> impl Iterator<Item = &Package> {
        self.packages.values().filter(|package| package.source.is_none())
    }

    /// Our own package of that name.
    pub(crate) fn own_named(&self, name: &str) -> Option<&Package> {
        self.own().find(|package| package.name == name)
    }

    /// Names of all that a package uses on a target, directly or not, itself left out.
    pub(crate) fn reachable(&self, name: &str, target: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let (Some(graph), Some(package)) = (self.graphs.get(target), self.own_named(name)) else {
            return seen;
        };
        let mut open = vec![package.id.as_str()];
        let mut visited = BTreeSet::new();
        while let Some(id) = open.pop() {
            if !visited.insert(id) {
                continue;
            }
            if id != package.id
                && let Some(found) = self.packages.get(id)
            {
                seen.insert(found.name.as_str());
            }
            open.extend(graph.get(id).into_iter().flatten().map(String::as_str));
        }
        seen
    }
}

fn metadata(more: &[&str]) -> Result<Metadata> {
    let mut arguments = vec!["metadata", "--format-version", "1", "--all-features"];
    arguments.extend(more);
    Ok(serde_json::from_str(&capture(&cargo(), &arguments)?)?)
}

/// The keys of `[workspace.dependencies]`; the table is written one dependency a line.
fn shared_dependencies(manifest: &str) -> Vec<String> {
    let lines = manifest.lines().skip_while(|line| line.trim() != "[workspace.dependencies]").skip(1);
    let table = lines.take_while(|line| !line.starts_with('['));
    let keys = table.filter_map(|line| line.split_once('=')).map(|(key, _)| key.trim().to_owned());
    keys.filter(|key| !key.is_empty() && !key.starts_with('#')).collect()
}

#[cfg(test)]
pub(crate) mod fake {
    //! Small workspaces to check the checks with.

    use super::*;

    /// Builds a workspace of our packages, each with its folder and what it uses, the same on every target.
    pub(crate) fn workspace(packages: &[(&str, &str, &[&str])]) -> Workspace {
        let mut workspace = Workspace::default();
        for (name, folder, uses) in packages {
            let dependency = |name: &&str| Dependency { name: (*name).to_owned(), ..Dependency::default() };
            workspace.packages.insert(
                (*name).to_owned(),
                Package {
                    id: (*name).to_owned(),
                    name: (*name).to_owned(),
                    license: Some("MIT".to_owned()),
                    folder: Some((*folder).to_owned()),
                    dependencies: uses.iter().map(dependency).collect(),
                    ..Package::default()
                },
            );
        }
        for target in TARGETS {
            let graph = packages.iter().map(|(name, _, uses)| {
                ((*name).to_owned(), uses.iter().map(|name| (*name).to_owned()).collect())
            });
            workspace.graphs.insert(target, graph.collect());
        }
        workspace
    }

    /// Adds a package of others.
    pub(crate) fn add_foreign(
        workspace: &mut Workspace,
        name: &str,
        license: Option<&str>,
        links: Option<&str>,
    ) {
        let package = Package {
            id: name.to_owned(),
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: license.map(str::to_owned),
            links: links.map(str::to_owned),
            source: Some("registry".to_owned()),
            ..Package::default()
        };
        workspace.packages.insert(name.to_owned(), package);
    }

    #[test]
    fn the_shared_dependencies_are_read_from_their_table_alone() {
        let text = "[workspace]\nmembers = []\n[workspace.dependencies]\n# a comment = x\na = \"1\"\nb-c = { version = \"2\" }\n\n[profile.dev]\nd = 1\n";
        assert_eq!(shared_dependencies(text), ["a", "b-c"]);
    }

    #[test]
    fn what_is_used_through_others_is_reachable() {
        let workspace = workspace(&[("a", "sdk/a", &["b"]), ("b", "sdk/b", &["c"]), ("c", "sdk/c", &["a"])]);
        assert_eq!(workspace.reachable("a", TARGETS[0]).into_iter().collect::<Vec<_>>(), ["b", "c"]);
    }
}
