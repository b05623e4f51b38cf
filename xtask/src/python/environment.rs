//! Environments of Python: tools that are kept, and what is tested, apart from each other.

use std::ffi::OsStr;
use std::hash::{Hash as _, Hasher as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::command::{capture, run, run_with, succeeds};
use crate::{install, kept};

/// The oldest Python that the package runs on.
const MODERN: &str = "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))";

/// What packages that were compiled for one Python and not for another differ in: `cpython-311`.
const TAG: &str = "import sys; print(sys.implementation.cache_tag)";

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

    /// One that is kept between runs and shared by them, with these packages (`name==version`) and nothing else: what
    /// is tested goes into one of its own, [`over`](Self::over) it.
    pub(crate) fn kept(name: &str, packages: &[&str]) -> Result<Self> {
        need_python()?;
        let python = capture("python3", &["-c", TAG])?;
        let folder = install::cache()?.join("tools").join(key(name, python.trim(), packages));
        let environment = Self::at(&folder);
        kept::once(&folder, || {
            println!("installing with pip: {}", packages.join(" "));
            environment.make(&[])?;
            environment.pip(packages)
        })?;
        Ok(environment)
    }

    /// A new one with nothing in it.
    pub(crate) fn clean(folder: &Path) -> Result<Self> {
        need_python()?;
        let environment = Self::at(folder);
        environment.make(&[])?;
        Ok(environment)
    }

    /// A new one with a wheel in it, that finds what another one has as well.
    pub(crate) fn over(below: &Self, folder: &Path, wheel: &Path) -> Result<Self> {
        let environment = Self::at(folder);
        environment.make(&["--without-pip"])?;
        let link = Path::new(&environment.packages()?).join("below.pth");
        std::fs::write(&link, below.packages()?).with_context(|| format!("writing {}", link.display()))?;
        environment.pip(&["--ignore-installed", "--no-deps", "--no-index", &wheel.to_string_lossy()])?;
        Ok(environment)
    }

    fn make(&self, options: &[&str]) -> Result<()> {
        let mut arguments = vec!["-m", "venv", "--clear"];
        arguments.extend(options);
        arguments.push(&self.folder);
        run("python3", &arguments)
    }

    /// The folder that its packages are in.
    pub(crate) fn packages(&self) -> Result<String> {
        let folder =
            capture(&self.interpreter, &["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])?;
        Ok(folder.trim().to_owned())
    }

    /// Installs packages.
    pub(crate) fn pip(&self, packages: &[&str]) -> Result<()> {
        self.pip_with(packages, &[])
    }

    /// The same with variables added to the environment.
    pub(crate) fn pip_with(&self, packages: &[&str], variables: &[(&str, &OsStr)]) -> Result<()> {
        let mut arguments = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        arguments.extend(packages);
        self.python_with(&arguments, variables)
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

/// Makes sure that there is a Python which can make environments.
fn need_python() -> Result<()> {
    if !succeeds("python3", &["-c", MODERN]) {
        install::packages(&[&install::PYTHON])?;
    }
    if !succeeds("python3", &["-c", MODERN]) {
        bail!("this needs Python 3.10 or later, with venv, as python3");
    }
    Ok(())
}

/// The name of a kept environment: another Python and other packages make another one.
fn key(name: &str, python: &str, packages: &[&str]) -> String {
    let mut hash = std::hash::DefaultHasher::new();
    packages.hash(&mut hash);
    format!("venv-{name}-{python}-{:016x}", hash.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_python_and_other_packages_make_another_environment() {
        let one = key("tools", "cpython-311", &["mypy==2.4.1"]);
        assert_eq!(one, key("tools", "cpython-311", &["mypy==2.4.1"]));
        assert_ne!(one, key("tools", "cpython-313", &["mypy==2.4.1"]));
        assert_ne!(one, key("tools", "cpython-311", &["mypy==2.4.2"]));
        assert!(one.starts_with("venv-tools-cpython-311-"), "{one}");
    }
}
