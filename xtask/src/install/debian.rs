//! Debian's packages: what they are for, and apt-get.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::command::{capture, run, run_with, succeeds};

/// Packages that go together, and the programs by which one knows elsewhere that they are there.
pub(crate) struct Packages {
    names: &'static [&'static str],
    programs: &'static [&'static str],
}

pub(crate) const SIPP: Packages = Packages { names: &["sip-tester"], programs: &["sipp"] };
pub(crate) const KAMAILIO: Packages = Packages {
    names: &["kamailio", "kamailio-extra-modules", "kamailio-tls-modules", "kamailio-websocket-modules"],
    programs: &["kamailio"],
};
pub(crate) const BARESIP: Packages = Packages { names: &["baresip-core"], programs: &["baresip"] };
pub(crate) const CHROMIUM: Packages = Packages { names: &["chromium"], programs: &["chromium"] };
pub(crate) const PYTHON: Packages = Packages { names: &["python3", "python3-venv"], programs: &["python3"] };
pub(crate) const JAVA: Packages =
    Packages { names: &["default-jdk-headless", "maven"], programs: &["javac", "mvn"] };
pub(crate) const CPP: Packages = Packages { names: &["g++"], programs: &["c++"] };
/// What the peers of the benchmarks are compiled with.
pub(crate) const C: Packages = Packages {
    names: &["gcc", "libc6-dev", "pkgconf", "libsofia-sip-ua-dev", "libosip2-dev"],
    programs: &["gcc", "pkg-config"],
};

/// What `cargo xtask ci` starts: who may not install is asked for all of it at once.
const ALL: [&Packages; 5] = [&SIPP, &KAMAILIO, &BARESIP, &CHROMIUM, &CPP];

/// Makes sure that packages are there.
pub(crate) fn packages(wanted: &[&Packages]) -> Result<()> {
    let is_debian = succeeds("dpkg-query", &["--version"]);
    let missing = missing(wanted, is_debian, is_installed);
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !is_debian || !succeeds("apt-get", &["--version"]) {
        bail!(
            "this needs the Debian packages {list} (or what they are elsewhere), and there is no apt-get here"
        );
    }
    if capture("id", &["-u"])?.trim() != "0" {
        bail!(
            "this needs {list}, which only root may install; {}",
            install_all(&self::missing(&[wanted, &ALL].concat(), true, is_installed))
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

/// The packages that are not there. Where there are no such packages it is asked for their programs.
fn missing(wanted: &[&Packages], is_debian: bool, is_installed: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let mut missing: Vec<&str> = Vec::new();
    for packages in wanted {
        let found = packages.programs.iter().all(|program| is_on_path(program));
        for name in packages.names {
            let is_there = if is_debian { is_installed(name) } else { found };
            if !is_there && !missing.contains(name) {
                missing.push(name);
            }
        }
    }
    missing
}

fn install_all(missing: &[&str]) -> String {
    format!("for all stages: apt-get install --no-install-recommends {}", missing.join(" "))
}

fn install(names: &[&str]) -> Result<()> {
    // A machine that was just set up may be installing its updates.
    let mut arguments = vec!["-o", "DPkg::Lock::Timeout=300", "install", "--yes", "--no-install-recommends"];
    arguments.extend(names);
    // A server that a package brings is started by tests alone, on ports of their own, and not by the system.
    let quiet = [("DEBIAN_FRONTEND", OsStr::new("noninteractive")), ("RUNLEVEL", OsStr::new("1"))];
    run_with("apt-get", &arguments, &quiet).context("installing packages")
}

fn is_installed(name: &str) -> bool {
    capture("dpkg-query", &["--show", "--showformat=${Status}", name])
        .is_ok_and(|status| status.trim() == "install ok installed")
}

fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn has_package_lists() -> bool {
    let Ok(entries) = std::fs::read_dir(Path::new("/var/lib/apt/lists")) else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_installed_is_missing() {
        let found = missing(&[&SIPP, &BARESIP], true, |name| name == "sip-tester");
        assert_eq!(found, ["baresip-core"]);
    }

    #[test]
    fn where_there_are_no_packages_programs_count() {
        let shell = Packages { names: &["dash"], programs: &["sh"] };
        let none = Packages { names: &["nothing"], programs: &["sh", "no-such-program-here"] };
        assert_eq!(missing(&[&shell, &none], false, |_| false), ["nothing"]);
    }

    #[test]
    fn who_may_not_install_is_told_everything_at_once() {
        let all = install_all(&missing(&ALL, true, |_| false));
        for name in ["sip-tester", "chromium", "g++"] {
            assert!(all.contains(name), "{all}");
        }
    }
}
