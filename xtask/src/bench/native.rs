//! The parser next to others in C, on the same bytes in the same run.
//!
//! The peers in C are compiled here and never by a build script: nothing that the product builds needs a C compiler.

use anyhow::{Context as _, Result};

use crate::command::{self, capture, cargo, target_directory};
use crate::install;

/// A program in C that measures a library.
struct Peer {
    name: &'static str,
    source: &'static str,
    /// What pkg-config knows the library as.
    library: &'static str,
}

const PEERS: &[Peer] = &[
    Peer { name: "sofia", source: "tests/bench/peers/sofia.c", library: "sofia-sip-ua" },
    Peer { name: "osip", source: "tests/bench/peers/osip.c", library: "libosip2" },
];

/// Compiles the peers and measures.
pub(super) fn run() -> Result<()> {
    install::packages(&[&install::C])?;
    let peers = PEERS.iter().map(compile).collect::<Result<Vec<String>>>()?;
    let mut arguments = vec!["run", "--release", "--package", "rvoip-bench", "--"];
    arguments.extend(peers.iter().map(String::as_str));
    command::run(&cargo(), &arguments)
}

/// Compiles a peer and returns it as the benchmark takes it, `NAME=PATH`.
fn compile(peer: &Peer) -> Result<String> {
    let folder = target_directory().join("peers");
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let program = folder.join(peer.name);
    let program = program.to_str().context("the target directory's path is not UTF-8")?;
    let flags = capture("pkg-config", &["--cflags", "--libs", peer.library])?;
    let mut arguments = vec!["-O2", "-Wall", "-o", program, peer.source];
    arguments.extend(flags.split_whitespace());
    command::run("gcc", &arguments)?;
    Ok(format!("{}={program}", peer.name))
}
