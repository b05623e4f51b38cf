//! Words that this crate does not know.

use compact_str::CompactString;

/// A method, header name, transport or scheme that this crate does not know.
///
/// Only reading makes one, so none of them is a known word in disguise, and each may stand in a message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extension(CompactString);

impl Extension {
    /// A word that was looked for among the known ones.
    pub(crate) const fn new(word: CompactString) -> Self {
        Self(word)
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
