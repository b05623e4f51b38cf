//! `cargo xtask wasm`: the core for the browser, as the npm package takes it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::command::{self, cargo, root};
use crate::install;

/// The version that the crate is pinned to; module and command must have the same.
const WASM_BINDGEN: &str = "0.2.130";
const WASM_PACK: &str = "0.15.0";
/// The npm package that has wasm-opt.
const BINARYEN: &str = "binaryen@132.0.0";
/// The file whose size matters, and the glue beside it.
const MODULE: &str = "rvoip_wasm_bg.wasm";
const GLUE: &str = "rvoip_wasm.js";
/// How the package is compiled: a panic traps, which a page sees as a `RuntimeError`, and carries no text.
/// The sums of digest authentication have loops instead of a line for each round: they are of a few hundred bytes.
const FLAGS: &str = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none \
    --cfg=sha2_backend_soft=\"compact\"";
/// The standard library with those flags as well: as it comes, half of it is the texts of panics.
const STANDARD_LIBRARY: [&str; 4] =
    ["-Z", "build-std=std,panic_abort", "-Z", "build-std-features=optimize_for_size"];

/// What is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What is shipped: small.
    Package,
    /// With the scripted peer and the virtual clock, for tests.
    Harness,
}

/// Builds the package's module into `web/wasm` and says what it weighs.
pub(crate) fn run() -> Result<()> {
    let directory = build(Kind::Package)?;
    let weight = compressed(&directory.join(MODULE))? + compressed(&directory.join(GLUE))?;
    println!("the module and its glue weigh {weight} bytes compressed");
    Ok(())
}

/// Builds a module and gives where it is.
pub(crate) fn build(kind: Kind) -> Result<PathBuf> {
    install::target("wasm32-unknown-unknown")?;
    let bindgen = install::tool("wasm-bindgen-cli", WASM_BINDGEN)?;
    let pack = install::tool("wasm-pack", WASM_PACK)?.join("wasm-pack");
    let (directory, features): (PathBuf, &[&str]) = match kind {
        Kind::Package => (root().join("web/wasm"), &[]),
        Kind::Harness => (root().join("target/wasm-harness"), &["--features", "harness"]),
    };
    let out = directory.to_string_lossy().into_owned();
    let crate_directory = root().join("bindings/wasm").to_string_lossy().into_owned();
    let mut arguments = vec!["build", &crate_directory, "--mode", "no-install", "--no-opt", "--no-pack"];
    arguments.extend(["--target", "web", "--profile", "wasm", "--out-dir", &out]);
    arguments.push("--");
    arguments.extend(features);
    let path = std::env::join_paths(
        std::iter::once(bindgen).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    )
    .context("the path of wasm-bindgen")?;
    let cargo = cargo();
    let mut variables = vec![("PATH", path.as_os_str()), ("CARGO", cargo.as_ref())];
    if kind == Kind::Package {
        install::sources_of_std()?;
        arguments.extend(STANDARD_LIBRARY);
        // The toolchain is the stable one; these flags are not stable yet.
        variables.extend([("RUSTC_BOOTSTRAP", "1".as_ref()), ("RUSTFLAGS", FLAGS.as_ref())]);
    }
    command::run_with(&pack.to_string_lossy(), &arguments, &variables)?;
    if kind == Kind::Package {
        shrink(&directory.join(MODULE))?;
    }
    Ok(directory)
}

/// Lets wasm-opt make the module smaller.
fn shrink(module: &Path) -> Result<()> {
    let tools = install::npm_tool(BINARYEN)?;
    let module = module.to_string_lossy();
    // What node 20 and every browser of the last years understand, and no more.
    let features = [
        "--enable-bulk-memory",
        "--enable-sign-ext",
        "--enable-mutable-globals",
        "--enable-nontrapping-float-to-int",
        "--enable-reference-types",
        "--enable-multivalue",
    ];
    // Instances of the same generic function side by side, where gzip sees that they are alike, and no functions of many
    // thousand instructions with hundreds of locals, in which it sees nothing that is alike. Nothing of value lies in the first
    // kilobyte: it is the far end of the stack.
    // Taken apart into flat statements first and built up anew, its control flow is shorter than the compiler's.
    let mut arguments = vec!["--flatten", "--rereloop", "-Oz", "-Oz", "--converge"];
    arguments.push("--one-caller-inline-max-function-size=20");
    arguments.extend(["--low-memory-unused", "--reorder-functions-by-name"]);
    arguments.extend(features);
    arguments.extend([&*module, "-o", &*module]);
    command::run(&tools.join("wasm-opt").to_string_lossy(), &arguments)
}

/// The size of a file after `gzip -9`.
fn compressed(file: &Path) -> Result<u64> {
    let shown = command::capture("sh", &["-c", "gzip -9 -c \"$0\" | wc -c", &file.to_string_lossy()])?;
    shown.trim().parse().with_context(|| format!("the size of {}", file.display()))
}
