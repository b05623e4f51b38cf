//! Languages that are asked for and not installed, in the version that their part of this repository needs.

use anyhow::{Result, bail};

use super::debian::{JAVA, packages};
use crate::command::capture;

/// What `web/package.json` states.
const NODE: u32 = 20;
/// What Kotlin's compiler and the tests run on.
const JDK: u32 = 17;

/// Makes sure that Node and npm are there. They are not installed: Debian's may be older.
pub(crate) fn node() -> Result<()> {
    let node = version(&capture("node", &["--version"]).unwrap_or_default());
    if node.is_none_or(|found| found < NODE) || capture("npm", &["--version"]).is_err() {
        bail!("this needs Node {NODE} or later with npm, {}", found(node));
    }
    Ok(())
}

/// Makes sure that a JDK and Maven are there.
pub(crate) fn java() -> Result<()> {
    let jdk = || version(&capture("javac", &["-version"]).unwrap_or_default());
    if jdk().is_none() || capture("mvn", &["--version"]).is_err() {
        packages(&[&JAVA])?;
    }
    let jdk = jdk();
    if jdk.is_none_or(|found| found < JDK) {
        bail!("this needs a JDK {JDK} or later as javac, {}", found(jdk));
    }
    Ok(())
}

/// The first number of `v20.20.2` or `javac 17.0.1`.
fn version(printed: &str) -> Option<u32> {
    let number = printed.trim_start_matches(|c: char| !c.is_ascii_digit());
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn found(version: Option<u32>) -> String {
    version.map_or_else(|| "and there is none".to_owned(), |version| format!("and finds version {version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_is_the_version() {
        assert_eq!(version("v20.20.2\n"), Some(20));
        assert_eq!(version("javac 17.0.1"), Some(17));
        assert_eq!(version("javac 9"), Some(9));
        assert_eq!(version(""), None);
    }
}
