//! Environments of Python, each with packages of its own.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Result, bail};

use crate::command::{run, run_with, succeeds};
use crate::install;

/// The oldest Python that the package runs on.
const MODERN: &str = "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))";

/// A virtual environment.
pub(crate) struct Environment {
    folder: String,
    interpreter: String,
}

impl Environment {
    fn at(folder: &Path) -> Self {
        let interpreter = folder.join("bin/python").to_string_lossy().into_owned();
        Self { folder: folder.to_string_lossy().into_owned(), interpreter }
    }

    /// One that is kept between runs, with these packages (`name==version`).
    pub(crate) fn kept(name: &str, packages: &[&str]) -> Result<Self> {
        let environment = Self::at(&install::cache()?.join("tools").join(format!("venv-{name}")));
        if !succeeds(&environment.interpreter, &["--version"]) {
            environment.make()?;
        }
        let missing: Vec<&str> = packages.iter().copied().filter(|one| !environment.has(one)).collect();
        if !missing.is_empty() {
            println!("installing with pip: {}", missing.join(" "));
            environment.pip(&missing)?;
        }
        Ok(environment)
    }

    /// A new one with nothing in it.
    pub(crate) fn clean(folder: &Path) -> Result<Self> {
        let environment = Self::at(folder);
        environment.make()?;
        Ok(environment)
    }

    fn make(&self) -> Result<()> {
        if !succeeds("python3", &["-c", MODERN]) {
            install::packages(&["python3", "python3-venv"])?;
        }
        if !succeeds("python3", &["-c", MODERN]) {
            bail!("this needs Python 3.10 or later, with venv, as python3");
        }
        run("python3", &["-m", "venv", "--clear", &self.folder])
    }

    fn has(&self, package: &str) -> bool {
        let Some((name, version)) = package.split_once("==") else { return false };
        let ask = format!("from importlib.metadata import version; assert version('{name}') == '{version}'");
        succeeds(&self.interpreter, &["-c", &ask])
    }

    /// Installs packages.
    pub(crate) fn pip(&self, packages: &[&str]) -> Result<()> {
        let mut arguments = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        arguments.extend(packages);
        self.python(&arguments)
    }

    /// Runs the interpreter.
    pub(crate) fn python(&self, arguments: &[&str]) -> Result<()> {
        self.python_with(arguments, &[])
    }

    /// The same with variables added to the environment. What is installed here is found first.
    pub(crate) fn python_with(&self, arguments: &[&str], variables: &[(&str, &OsStr)]) -> Result<()> {
        let path = self.path();
        let mut all = vec![("PATH", path.as_ref())];
        all.extend(variables);
        run_with(&self.interpreter, arguments, &all)
    }

    /// The interpreter's path, for those who run it in their own way.
    pub(crate) fn interpreter(&self) -> &str {
        &self.interpreter
    }

    fn path(&self) -> std::ffi::OsString {
        let mut path = std::ffi::OsString::from(format!("{}/bin:", self.folder));
        path.push(std::env::var_os("PATH").unwrap_or_default());
        path
    }
}
