//! Why a value (a URI, a host, a parameter list, …) could not be read, before it is known in which header it stands.

use crate::error::{HeaderError, HeaderErrorKind};
use crate::name::HeaderName;

/// A value that its grammar does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (at byte {offset})")]
pub struct SyntaxError {
    /// Where in the value, in bytes.
    pub offset: usize,
    /// What is wrong there.
    pub kind: HeaderErrorKind,
}

impl SyntaxError {
    pub(crate) const fn new(offset: usize, kind: HeaderErrorKind) -> Self {
        Self { offset, kind }
    }

    /// The same fault, seen from a text that contains this one from `start` on.
    #[must_use]
    pub(crate) const fn within(self, start: usize) -> Self {
        Self { offset: self.offset + start, kind: self.kind }
    }

    /// The same fault, of a header's value.
    pub fn of(self, name: HeaderName) -> HeaderError {
        HeaderError::new(name, self.offset, self.kind)
    }
}
