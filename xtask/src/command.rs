//! Running other programs: shown before they start, without standard input, and named when they fail.

use std::ffi::OsStr;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::results;
use crate::stage::Count;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// The cargo that started this program, so that `cargo +toolchain xtask` stays with one toolchain.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Where cargo puts what it builds.
pub(crate) fn target_directory() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |path| root().join(path))
}

/// Runs a program at the root of the repository and fails unless it ends with status 0.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Result<()> {
    run_with(program, arguments, &[])
}

/// The same with variables added to the environment.
pub(crate) fn run_with(program: &str, arguments: &[&str], variables: &[(&str, &OsStr)]) -> Result<()> {
    let shown = shown(program, arguments);
    println!("$ {shown}");
    let status = command(program, arguments)
        .envs(variables.iter().copied())
        .status()
        .with_context(|| format!("`{shown}` could not be started"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs cargo's tests, shows what they print, and adds up what every test binary says it passed and failed.
pub(crate) fn run_tests(arguments: &[&str], count: &mut Count) -> Result<()> {
    run_counted(&cargo(), arguments, &[], count)
}

/// The same for another program that prints results as cargo's tests do: `test result: ok. 3 passed; 0 failed`.
pub(crate) fn run_counted(
    program: &str,
    arguments: &[&str],
    variables: &[(&str, &OsStr)],
    count: &mut Count,
) -> Result<()> {
    let shown = shown(program, arguments);
    println!("$ {shown}");
    count.asked = true;
    let mut child = command(program, arguments)
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{shown}` could not be started"))?;
    let mut read = Ok(());
    if let Some(output) = child.stdout.take() {
        read = results::add_up(BufReader::new(output), std::io::stdout().lock(), count);
    }
    let status = child.wait().with_context(|| format!("waiting for `{shown}`"))?;
    read.with_context(|| format!("reading what `{shown}` prints"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs a program and returns what it printed on standard output.
pub(crate) fn capture(program: &str, arguments: &[&str]) -> Result<String> {
    let shown = shown(program, arguments);
    let output =
        command(program, arguments).output().with_context(|| format!("`{shown}` could not be started"))?;
    if !output.status.success() {
        bail!("`{shown}` failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` printed what is not UTF-8"))
}

/// Whether a program can be started and ends with status 0; what it prints is dropped.
pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    command(program, arguments).output().is_ok_and(|output| output.status.success())
}

fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    command
}

fn shown(program: &str, arguments: &[&str]) -> String {
    let name = Path::new(program).file_name().and_then(OsStr::to_str).unwrap_or(program);
    let quoted =
        arguments.iter().map(|one| if one.contains(' ') { format!("'{one}'") } else { (*one).to_owned() });
    std::iter::once(name.to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_command_is_named_in_the_error() {
        let error = run("false", &["with", "two words"]).unwrap_err().to_string();
        assert!(error.contains("`false with 'two words'`"), "{error}");
        let error = capture("no-such-program-here", &[]).unwrap_err().to_string();
        assert!(error.contains("no-such-program-here"), "{error}");
    }

    #[test]
    fn commands_have_no_standard_input() {
        assert_eq!(capture("cat", &[]).unwrap(), "");
    }
}
