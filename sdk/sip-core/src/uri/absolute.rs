//! URIs of schemes that mean nothing here: carried, not understood.

use std::fmt;

use crate::error::HeaderErrorKind;
use crate::escape;
use crate::scan::{URI, is};
use crate::syntax::SyntaxError;

/// A URI of any other scheme (RFC 3261 §25.1 `absoluteURI`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AbsoluteUri<'a> {
    /// The scheme as written, without the colon.
    pub scheme: &'a str,
    /// All that follows the colon.
    pub rest: &'a str,
}

impl<'a> AbsoluteUri<'a> {
    pub(crate) fn from_parts(scheme: &'a str, rest: &'a str) -> Result<Self, SyntaxError> {
        let letter = scheme.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        if !letter || !scheme.bytes().all(legal) {
            return Err(SyntaxError::new(0, HeaderErrorKind::InvalidUri));
        }
        let start = scheme.len() + 1;
        if rest.is_empty() {
            return Err(SyntaxError::new(start, HeaderErrorKind::UnexpectedEnd));
        }
        if let Some(at) = rest.bytes().position(|byte| !is(byte, URI)) {
            return Err(SyntaxError::new(start + at, HeaderErrorKind::UnexpectedCharacter));
        }
        escape::check(rest).map_err(|error| error.within(start))?;
        Ok(Self { scheme, rest })
    }

    /// Whether both are the same but for the scheme's case and escapes.
    pub fn equivalent(&self, other: &AbsoluteUri<'_>) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme)
            && escape::units(self.rest, false).eq(escape::units(other.rest, false))
    }
}

impl fmt::Display for AbsoluteUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.scheme, self.rest)
    }
}
