//! Installs what a stage needs and says what it installs: rustup's targets and components, programs of crates.io and
//! npm, and, as root on a Debian system, packages by apt-get.

mod debian;
mod languages;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

pub(crate) use self::debian::{BARESIP, C, CHROMIUM, CPP, KAMAILIO, PYTHON, SIPP, packages};
pub(crate) use self::languages::{java, node};
use crate::command::{capture, cargo, run, succeeds};
use crate::kept;

/// Makes sure that a component of the toolchain is there; `probe` are the arguments of cargo that show it.
pub(crate) fn component(name: &str, probe: &[&str]) -> Result<()> {
    if succeeds(&cargo(), probe) {
        return Ok(());
    }
    println!("installing {name} with rustup");
    run("rustup", &["component", "add", name])
}

/// Makes sure that the standard library for a target is there.
pub(crate) fn target(name: &str) -> Result<()> {
    let library = capture("rustc", &["--print", "target-libdir", "--target", name])?;
    if Path::new(library.trim()).is_dir() {
        return Ok(());
    }
    println!("installing the target {name} with rustup");
    run("rustup", &["target", "add", name])
}

/// Makes sure that the sources of the standard library are there, for a build of it with flags of our own.
pub(crate) fn sources_of_std() -> Result<()> {
    let sysroot = capture("rustc", &["--print", "sysroot"])?;
    if Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/Cargo.lock").is_file() {
        return Ok(());
    }
    println!("installing rust-src with rustup");
    run("rustup", &["component", "add", "rust-src"])
}

/// Makes sure that a program of crates.io is there in that version; gives the folder that it is in.
pub(crate) fn tool(package: &str, version: &str) -> Result<PathBuf> {
    let folder = cache()?.join("tools").join(format!("{package}-{version}"));
    // Cargo names here what it has installed to the end; the file itself is there as soon as it begins.
    let installed = std::fs::read_to_string(folder.join(".crates.toml")).unwrap_or_default();
    if !names(&installed, package, version) {
        println!("installing {package} {version} with cargo");
        let place = folder.to_string_lossy().into_owned();
        // Not `--locked`: a lock file may name versions that were withdrawn.
        run(&cargo(), &["install", package, "--version", version, "--root", &place])?;
    }
    kept::used(&folder)?;
    Ok(folder.join("bin"))
}

/// Makes sure that a program of the npm registry is there (`name@version`); gives the folder that it is in.
pub(crate) fn npm_tool(package: &str) -> Result<PathBuf> {
    let folder = cache()?.join("tools").join(package.replace('@', "-"));
    kept::once(&folder, || {
        println!("installing {package} with npm");
        std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        run("npm", &["install", "--prefix", &folder.to_string_lossy(), "--no-save", package])
    })?;
    Ok(folder.join("node_modules/.bin"))
}

/// Where installed tools are kept between runs.
pub(crate) fn cache() -> Result<PathBuf> {
    if let Some(cache) = std::env::var_os("RVOIP_CACHE") {
        return Ok(cache.into());
    }
    let home = std::env::home_dir().context("there is no home directory to keep tools in")?;
    Ok(home.join(".cache/rvoip"))
}

/// Whether cargo's list of what is installed names this version of a package: `"name 1.2.3 (source)" = ["program"]`.
fn names(installed: &str, package: &str, version: &str) -> bool {
    installed.contains(&format!("\"{package} {version} ("))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_there_when_cargo_has_installed_it_to_the_end() {
        let whole = "[v1]\n\"wasm-pack 0.15.0 (registry+https://example.com/index)\" = [\"wasm-pack\"]\n";
        assert!(names(whole, "wasm-pack", "0.15.0"));
        assert!(!names(whole, "wasm-pack", "0.15"));
        assert!(!names(whole, "pack", "0.15.0"));
        // As an interrupted installation leaves it.
        assert!(!names("", "wasm-pack", "0.15.0"));
    }
}
