//! Swift without its compiler, which is not everywhere: the sources must parse, and each use of a generated name must
//! fit what is generated. Where there is a compiler, it compiles and tests as well.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::maven::files;
use crate::command::{root, run, succeeds};
use crate::python::Environment;
use crate::stage::Count;

const CHECK: &str = "mobile/swift/check";
/// Tree-sitter and its grammar of Swift, both built for the usual platforms.
const PARSER: [&str; 2] = ["tree-sitter==0.26.1", "tree-sitter-swift==0.7.4"];

/// Checks the hand-written sources against the generated one, and first that the check can find something.
pub(super) fn check(generated: &str, folders: &[&str], count: &mut Count) -> Result<()> {
    let python = Environment::kept("tree-sitter-swift", &PARSER)?;
    python.python(&["-B", &format!("{CHECK}/test_check.py"), "--quiet"])?;
    count.passed += 1;
    let mut sources = Vec::new();
    for folder in folders {
        sources.extend(files(&root().join(folder), "swift")?);
    }
    let sources = relative(&sources);
    if sources.is_empty() {
        bail!("there is no Swift to check");
    }
    let check = format!("{CHECK}/check.py");
    let generated = format!("{generated}/Rvoip.swift");
    let mut arguments = vec!["-B", &check, &generated];
    arguments.extend(sources.iter().map(String::as_str));
    python.python(&arguments)?;
    count.passed += 1;
    Ok(())
}

/// Compiles and tests where there is a compiler.
pub(super) fn test(count: &mut Count) -> Result<()> {
    if succeeds("swift", &["--version"]) {
        run("mobile/swift/build.sh", &[])?;
        run("swift", &["test", "--package-path", "mobile/swift"])?;
        count.passed += 1;
    }
    Ok(())
}

fn relative(paths: &[PathBuf]) -> Vec<String> {
    let root = root();
    let relative = |path: &PathBuf| path.strip_prefix(&root).unwrap_or(path).to_string_lossy().into_owned();
    paths.iter().map(relative).collect()
}
