//! What the header types share: decoding to the end, encoding by `Display`, lists.

use std::fmt;

use crate::error::{HeaderError, HeaderErrorKind};
use crate::header::{EncodeHeader, Header};
use crate::message::Elements;
use crate::name::HeaderName;
use crate::scan::{Cursor, number};
use crate::syntax::SyntaxError;

/// Reads a value with `read`, which must leave nothing but white space.
#[inline]
pub(crate) fn decode<'a, T>(
    name: HeaderName,
    value: &'a str,
    read: impl FnOnce(&mut Cursor<'a>) -> Result<T, SyntaxError>,
) -> Result<T, HeaderError> {
    let mut cursor = Cursor::new(value);
    cursor.skip_space();
    if cursor.at_end() {
        return Err(HeaderError::new(name, 0, HeaderErrorKind::Empty));
    }
    match read(&mut cursor).and_then(|found| cursor.finish().map(|()| found)) {
        Ok(found) => Ok(found),
        Err(error) => Err(error.of(name)),
    }
}

/// The digits at the cursor.
pub(crate) fn digits<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a str, usize), SyntaxError> {
    let start = cursor.position();
    while cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        cursor.advance();
    }
    let text = cursor.since(start);
    if text.is_empty() { cursor.unexpected() } else { Ok((text, start)) }
}

/// A number at the cursor that fits its type.
pub(crate) fn scan_number<T: std::str::FromStr>(cursor: &mut Cursor<'_>) -> Result<T, SyntaxError> {
    let (text, start) = digits(cursor)?;
    number(text).map_err(|kind| SyntaxError::new(start, kind))
}

/// Delta-seconds at the cursor: what exceeds 2^32-1 counts as that (RFC 3261 §20.19).
pub(crate) fn scan_seconds(cursor: &mut Cursor<'_>) -> Result<u32, SyntaxError> {
    digits(cursor).map(|(text, _)| saturating_seconds(text))
}

/// Digits as seconds; what exceeds 2^32-1 counts as that.
pub(crate) fn saturating_seconds(digits: &str) -> u32 {
    digits.parse().unwrap_or(u32::MAX)
}

macro_rules! encode_by_display {
    ($($type:ty => $name:ident),* $(,)?) => {$(
        impl $crate::header::EncodeHeader for $type {
            fn name(&self) -> $crate::name::HeaderName {
                $crate::name::HeaderName::$name
            }

            fn encode(&self, out: &mut dyn std::fmt::Write) -> std::fmt::Result {
                write!(out, "{self}")
            }

            fn read_back(&self, written: &str) -> Result<(), $crate::error::HeaderError> {
                $crate::header::read_all::<$type>(written)
            }
        }
    )*};
}
pub(crate) use encode_by_display;

/// Several values of one header, written as one field with commas.
///
/// ```
/// use rvoip_sip_core::header::{EncodeHeader, ListOf, Supported};
///
/// let mut text = String::new();
/// ListOf(&[Supported("100rel"), Supported("timer")]).encode(&mut text)?;
/// assert_eq!(text, "100rel, timer");
/// # Ok::<(), std::fmt::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ListOf<'v, T>(pub &'v [T]);

impl<'a, T: Header<'a> + EncodeHeader> EncodeHeader for ListOf<'_, T> {
    fn name(&self) -> HeaderName {
        T::NAME
    }

    fn encode(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for (index, value) in self.0.iter().enumerate() {
            if index > 0 {
                out.write_str(", ")?;
            }
            value.encode(out)?;
        }
        Ok(())
    }

    fn read_back(&self, written: &str) -> Result<(), HeaderError> {
        let empty = HeaderError::new(T::NAME, 0, HeaderErrorKind::Empty);
        if self.0.is_empty() {
            return if T::NAME.may_be_empty() { Ok(()) } else { Err(empty) };
        }
        self.0.iter().zip(Elements::new(written)).try_for_each(|(value, element)| {
            if element.text.is_empty() { Err(empty.clone()) } else { value.read_back(element.text) }
        })
    }
}
