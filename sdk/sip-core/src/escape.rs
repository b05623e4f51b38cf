//! Percent escapes (RFC 3261 §19.1.2, RFC 3986 §2.1).

use std::borrow::Cow;
use std::fmt;

use rvoip_sans_io::work;

use crate::error::HeaderErrorKind;
use crate::scan::is;
use crate::syntax::SyntaxError;

/// Checks that every `%` has two hexadecimal digits behind it.
pub(crate) fn check(text: &str) -> Result<(), SyntaxError> {
    let bytes = text.as_bytes();
    work::add(bytes.len());
    for at in memchr::memchr_iter(b'%', bytes) {
        let digits = bytes.get(at + 1..at + 3).unwrap_or_default();
        if digits.len() != 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(SyntaxError::new(at, HeaderErrorKind::InvalidEscape));
        }
    }
    Ok(())
}

/// The bytes that an escaped text stands for. What is no valid escape stays as it is.
#[derive(Clone, Debug)]
pub struct Unescape<'a> {
    rest: &'a [u8],
    last_was_escaped: bool,
}

impl<'a> Unescape<'a> {
    /// The bytes that `text` stands for.
    pub fn new(text: &'a str) -> Self {
        Self { rest: text.as_bytes(), last_was_escaped: false }
    }
}

impl Iterator for Unescape<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        if first == b'%'
            && let Some((&[high, low], after)) = rest.split_first_chunk()
            && let (Some(high), Some(low)) = (hex(high), hex(low))
        {
            self.rest = after;
            self.last_was_escaped = true;
            return Some(high << 4 | low);
        }
        self.rest = rest;
        self.last_was_escaped = false;
        Some(first)
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// The text that an escaped text stands for; what is not UTF-8 becomes U+FFFD.
pub fn unescape(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'%', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let bytes: Vec<u8> = Unescape::new(text).collect();
    Cow::Owned(
        String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    )
}

/// A text that is written with every byte escaped that is not in a set of allowed ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Escaped<'a> {
    pub(crate) text: &'a str,
    pub(crate) allowed: u16,
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.text.bytes() {
            if byte != b'%' && byte != b'#' && is(byte, self.allowed) {
                fmt::Write::write_char(f, char::from(byte))?;
            } else {
                write!(f, "%{byte:02X}")?;
            }
        }
        Ok(())
    }
}

/// The units by which two parts of a URI are compared (RFC 3261 §19.1.4): an escape equals the character that it stands
/// for, unless that is reserved.
pub(crate) fn units(text: &str, fold_case: bool) -> impl Iterator<Item = u16> + '_ {
    let mut bytes = Unescape::new(text);
    std::iter::from_fn(move || {
        let byte = bytes.next()?;
        let byte = if fold_case { byte.to_ascii_lowercase() } else { byte };
        let reserved = bytes.last_was_escaped
            && matches!(byte, b';' | b'/' | b'?' | b':' | b'@' | b'&' | b'=' | b'+' | b'$' | b',');
        Some(u16::from(byte) | u16::from(reserved) << 8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::USER;

    #[test]
    fn escapes_are_taken_off_and_put_on() {
        assert_eq!(unescape("a%20b%c3%A4"), "a bä");
        assert_eq!(unescape("100%"), "100%");
        assert_eq!(unescape("%zz%4"), "%zz%4");
        assert_eq!(unescape("%ff"), "\u{fffd}");
        assert_eq!(Escaped { text: "a b@c:ä%#", allowed: USER }.to_string(), "a%20b%40c%3A%C3%A4%25%23");
        assert_eq!(check("%4a%"), Err(SyntaxError::new(3, HeaderErrorKind::InvalidEscape)));
    }

    #[test]
    fn reserved_characters_are_not_their_escapes() {
        assert!(units("%61%62", false).eq(units("ab", false)));
        assert!(!units("%40", false).eq(units("@", false)));
        assert!(units("%3a", false).eq(units("%3A", false)));
        assert!(!units("A", false).eq(units("a", false)));
        assert!(units("A", true).eq(units("%61", true)));
    }
}
