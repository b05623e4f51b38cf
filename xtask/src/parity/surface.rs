//! What a language has: types with their members.

use std::collections::BTreeSet;

use super::scan::{self, Grammar};

/// Names of types with names of their members; functions belong to no type.
#[derive(Debug, Clone, Default)]
pub(super) struct Surface {
    names: BTreeSet<(String, String)>,
}

impl Surface {
    /// Reads source files.
    pub(super) fn of(grammar: &Grammar, files: &[String]) -> Self {
        let mut surface = Self::default();
        for text in files {
            scan::scan(grammar, text, &mut surface);
        }
        surface
    }

    pub(super) fn add(&mut self, container: &str, member: &str) {
        self.names.insert((container.to_owned(), member.to_owned()));
    }

    pub(super) fn has(&self, container: &str, member: &str) -> bool {
        self.names.contains(&(container.to_owned(), member.to_owned()))
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.names.extend(other.names);
    }

    /// The same without one name.
    #[cfg(test)]
    pub(super) fn without(&self, container: &str, member: &str) -> Self {
        let mut less = self.clone();
        less.names.remove(&(container.to_owned(), member.to_owned()));
        less
    }
}
