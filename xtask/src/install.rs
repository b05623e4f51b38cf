//! Installs what a stage needs and says what it installs: rustup's targets and components, and, as root on a
//! Debian system, packages by apt-get.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::command::{capture, cargo, run, run_with, succeeds};

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
    if !folder.join(".crates.toml").exists() {
        println!("installing {package} {version} with cargo");
        let place = folder.to_string_lossy().into_owned();
        // Not `--locked`: a lock file may name versions that were withdrawn.
        run(&cargo(), &["install", package, "--version", version, "--root", &place])?;
    }
    Ok(folder.join("bin"))
}

/// Makes sure that a program of the npm registry is there (`name@version`); gives the folder that it is in.
pub(crate) fn npm_tool(package: &str) -> Result<PathBuf> {
    let folder = cache()?.join("tools").join(package.replace('@', "-"));
    let programs = folder.join("node_modules/.bin");
    if !programs.exists() {
        println!("installing {package} with npm");
        std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        let place = folder.to_string_lossy().into_owned();
        run("npm", &["install", "--prefix", &place, "--no-save", package])?;
    }
    Ok(programs)
}

/// Where installed tools are kept between runs.
pub(crate) fn cache() -> Result<PathBuf> {
    if let Some(cache) = std::env::var_os("RVOIP_CACHE") {
        return Ok(cache.into());
    }
    let home = std::env::home_dir().context("there is no home directory to keep tools in")?;
    Ok(home.join(".cache/rvoip"))
}

/// Makes sure that Debian packages are there.
pub(crate) fn packages(names: &[&str]) -> Result<()> {
    let missing: Vec<&str> = names.iter().copied().filter(|name| !is_installed(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !succeeds("apt-get", &["--version"]) {
        bail!(
            "this needs the Debian packages {list} (or what they are elsewhere), and there is no apt-get here"
        );
    }
    if capture("id", &["-u"])?.trim() != "0" {
        bail!(
            "this needs packages that only root may install: apt-get install --no-install-recommends {list}"
        );
    }
    println!("installing with apt-get: {list}");
    if !has_package_lists() || install(&missing).is_err() {
        // Lists that are absent, or so old that the archive no longer has what they name.
        run("apt-get", &["update"])?;
        install(&missing)?;
    }
    Ok(())
}

fn install(names: &[&str]) -> Result<()> {
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(names);
    let quiet: [(&str, &OsStr); 1] = [("DEBIAN_FRONTEND", OsStr::new("noninteractive"))];
    run_with("apt-get", &arguments, &quiet).context("installing packages")
}

fn is_installed(name: &str) -> bool {
    capture("dpkg-query", &["--show", "--showformat=${Status}", name])
        .is_ok_and(|status| status.trim() == "install ok installed")
}

fn has_package_lists() -> bool {
    let Ok(entries) = std::fs::read_dir("/var/lib/apt/lists") else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
}
