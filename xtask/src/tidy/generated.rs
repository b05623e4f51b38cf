//! What is generated from the facade says what the facade says.

use anyhow::Result;

use super::Finding;
use crate::types;

/// Compares the generated files with what they would be if they were written now.
pub(crate) fn check() -> Result<Vec<Finding>> {
    let stale = types::stale()?;
    Ok(stale
        .into_iter()
        .map(|(path, _)| Finding::new(path, "is out of date: run `cargo xtask types`"))
        .collect())
}
