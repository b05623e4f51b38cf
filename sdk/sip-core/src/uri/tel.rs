//! Telephone numbers (RFC 3966).

use std::fmt;

use crate::error::HeaderErrorKind;
use crate::params::Params;
use crate::scan::Cursor;
use crate::syntax::SyntaxError;
use crate::uri::compare;

/// A `tel:` URI, or the telephone-subscriber of a SIP URI: `+1-201-555-0123;ext=22`.
///
/// A local number should have a `phone-context`; because dialled numbers often come without, that is not enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TelUri<'a> {
    /// The number as written, with its `+` if it is global and with its visual separators.
    pub number: &'a str,
    /// The parameters (`isub`, `ext`, `phone-context`, others).
    pub params: Params<'a>,
}

impl<'a> TelUri<'a> {
    /// Reads a telephone-subscriber: what follows `tel:`, or the user part of a SIP URI with `user=phone`.
    ///
    /// # Errors
    /// What is no telephone number, and a parameter that stands twice (RFC 3966 §3).
    pub fn parse_subscriber(text: &'a str) -> Result<Self, SyntaxError> {
        let end = memchr::memchr(b';', text.as_bytes()).unwrap_or(text.len());
        let number = text.get(..end).unwrap_or_default();
        let digits = number.strip_prefix('+');
        let legal = |byte: u8| {
            byte.is_ascii_digit()
                || is_separator(byte)
                || digits.is_none() && (byte.is_ascii_hexdigit() || matches!(byte, b'*' | b'#'))
        };
        let digits = digits.unwrap_or(number);
        if let Some(at) = digits.bytes().position(|byte| !legal(byte)) {
            let offset = at + number.len() - digits.len();
            return Err(SyntaxError::new(offset, HeaderErrorKind::UnexpectedCharacter));
        }
        if digits.bytes().all(is_separator) {
            return Err(SyntaxError::new(end, HeaderErrorKind::UnexpectedEnd));
        }
        let mut cursor = Cursor::new(text.get(end..).unwrap_or_default());
        let params = Params::scan_uri(&mut cursor).map_err(|error| error.within(end))?;
        if !cursor.at_end() {
            return cursor.unexpected().map_err(|error: SyntaxError| error.within(end));
        }
        if !params.is_empty() && params.duplicate().is_some() {
            return Err(SyntaxError::new(end, HeaderErrorKind::DuplicateParameter));
        }
        Ok(Self { number, params })
    }

    /// Whether the number is global: begins with `+` and its country code.
    pub fn is_global(&self) -> bool {
        self.number.starts_with('+')
    }

    /// The number without visual separators, with its `+`.
    pub fn digits(&self) -> impl Iterator<Item = char> + 'a {
        self.number.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')'))
    }

    /// The `phone-context` parameter: a domain name, or the global digits that a local number belongs to.
    pub fn phone_context(&self) -> Option<&'a str> {
        self.params.value("phone-context")
    }

    /// The `ext` parameter: an extension behind the number.
    pub fn extension(&self) -> Option<&'a str> {
        self.params.value("ext")
    }

    /// The `isub` parameter: an ISDN subaddress.
    pub fn isdn_subaddress(&self) -> Option<&'a str> {
        self.params.value("isub")
    }

    /// Whether both are the same number (RFC 3966 §4).
    pub fn equivalent(&self, other: &TelUri<'_>) -> bool {
        compare::tel(self, other)
    }
}

pub(crate) fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'(' | b')')
}

impl fmt::Display for TelUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tel:{}{}", self.number, self.params.as_str())
    }
}
