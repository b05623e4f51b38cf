//! What is shipped has no harness, and what the scenarios run on has one: without the second, the first would show nothing.

use std::path::Path;

use anyhow::{Result, bail};

use crate::command::succeeds;

/// A text of the scripted peer, which every build that has the harness holds.
const TEXT: &str = "there is no request to answer";

/// Fails if a file that is shipped was built with the harness.
pub(crate) fn check(file: &Path) -> Result<()> {
    if holds_text(file)? {
        bail!("{} has the harness, which is never shipped", file.display());
    }
    Ok(())
}

/// Fails if a build for the scenarios cannot be told from what is shipped.
pub(crate) fn check_harness(file: &Path) -> Result<()> {
    if !holds_text(file)? {
        bail!("{} should have the harness, and does not hold `{TEXT}`", file.display());
    }
    Ok(())
}

fn holds_text(file: &Path) -> Result<bool> {
    if !file.is_file() {
        bail!("there is no {}", file.display());
    }
    Ok(succeeds("grep", &["--quiet", "--text", "--fixed-strings", TEXT, &file.to_string_lossy()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::root;

    #[test]
    fn the_text_is_one_of_the_harness_and_of_nothing_else() {
        let file = |path: &str| root().join("sdk/sip-client/src").join(path);
        assert!(check(&file("harness/peer.rs")).is_err());
        assert!(check_harness(&file("harness/peer.rs")).is_ok());
        assert!(check(&file("lib.rs")).is_ok());
        assert!(check_harness(&file("lib.rs")).is_err());
        assert!(check(&file("no-such-file")).is_err());
    }
}
