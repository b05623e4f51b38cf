//! Character classes and the cursor that the value parsers share.
//!
//! These run for every message, so they are written by hand over bytes: each byte is looked at a bounded number of times.

use rvoip_sans_io::work;

use crate::error::HeaderErrorKind;
use crate::syntax::SyntaxError;

pub(crate) const TOKEN: u16 = 1;
pub(crate) const HOST: u16 = 1 << 1;
pub(crate) const USER: u16 = 1 << 2;
pub(crate) const PASSWORD: u16 = 1 << 3;
pub(crate) const URI_PARAM: u16 = 1 << 4;
pub(crate) const URI_HEADER: u16 = 1 << 5;
pub(crate) const WORD: u16 = 1 << 6;
pub(crate) const PARAM_VALUE: u16 = 1 << 7;
pub(crate) const SPACE: u16 = 1 << 8;
pub(crate) const DISPLAY: u16 = 1 << 9;
pub(crate) const URI: u16 = 1 << 10;
pub(crate) const IPV6: u16 = 1 << 11;
/// What stands in a quoted string as it is: no quote, no backslash, no control character but white space.
const QUOTED: u16 = 1 << 12;

static CLASSES: [u16; 256] = classes();

const fn add(mut table: [u16; 256], set: &[u8], class: u16) -> [u16; 256] {
    let mut index = 0;
    while index < set.len() {
        #[expect(
            clippy::indexing_slicing,
            reason = "evaluated by the compiler; a table of 256 indexed by bytes"
        )]
        {
            table[set[index] as usize] |= class;
        }
        index += 1;
    }
    table
}

const fn classes() -> [u16; 256] {
    let mut table = [0; 256];
    let alphanumeric = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    table = add(
        table,
        alphanumeric,
        TOKEN | HOST | USER | PASSWORD | URI_PARAM | URI_HEADER | WORD | PARAM_VALUE | DISPLAY | URI,
    );
    table = add(table, b"0123456789ABCDEFabcdef:.", IPV6);
    table = add(table, b"-.!%*_+`'~", TOKEN | WORD);
    table = add(table, b"()<>:\\\"/[]?{}", WORD);
    // An underscore is in no host name of the grammar, but in many of the field.
    table = add(table, b"-._", HOST);
    let mark = b"-_.!~*'()";
    table = add(table, mark, USER | PASSWORD | URI_PARAM | URI_HEADER | URI);
    table = add(table, b"%", USER | PASSWORD | URI_PARAM | URI_HEADER | URI);
    // `#` must be escaped in a user part, but dialled service codes carry it bare.
    table = add(table, b"&=+$,;?/#", USER);
    table = add(table, b"&=+$,", PASSWORD);
    table = add(table, b"[]/:&+$", URI_PARAM);
    table = add(table, b"[]/?:+$", URI_HEADER);
    table = add(table, b";/?:@&=+$,[]#|^{}", URI);
    table = add(table, b"-.!%*_+`'~[]:/@=?&$(){}|^#", PARAM_VALUE);
    table = add(table, b" \t\r\n", SPACE);
    table = add(table, b"-.!%*_+`'~()[]{}/:@?=&$#|^", DISPLAY);
    table = add(table, b" \t\r\n", QUOTED);
    let mut byte = 0x21;
    while byte < 256 {
        if byte != b'"' as usize && byte != b'\\' as usize && byte != 0x7F {
            #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler; below 256")]
            {
                table[byte] |= QUOTED;
            }
        }
        byte += 1;
    }
    let mut byte = 0x80;
    while byte < 256 {
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler; below 256")]
        {
            table[byte] |= DISPLAY;
        }
        byte += 1;
    }
    table
}

/// Whether `byte` is in one of the classes of `mask`.
#[inline]
pub(crate) fn is(byte: u8, mask: u16) -> bool {
    #[expect(clippy::indexing_slicing, reason = "a table of 256 indexed by a byte")]
    let class = CLASSES[usize::from(byte)];
    class & mask != 0
}

/// Whether all of a text that is not empty is in one of the classes of `mask`.
pub(crate) fn all(text: &str, mask: u16) -> bool {
    !text.is_empty() && text.bytes().all(|byte| is(byte, mask))
}

/// Strips linear white space (folds included) from both ends.
#[inline]
pub(crate) fn trim(text: &str) -> &str {
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
    match (text.as_bytes().first(), text.as_bytes().last()) {
        (Some(&first), Some(&last)) if is(first, SPACE) || is(last, SPACE) => text.trim_matches(is_space),
        _ => text,
    }
}

/// The part of `text` between two offsets that parsing found; empty if they are none.
#[inline]
pub(crate) fn part(text: &str, from: usize, to: usize) -> &str {
    text.get(from..to).unwrap_or_default()
}

/// A decimal number that fits its type, with nothing but digits.
pub(crate) fn number<T: std::str::FromStr>(text: &str) -> Result<T, HeaderErrorKind> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(HeaderErrorKind::InvalidNumber);
    }
    text.parse().map_err(|_| HeaderErrorKind::NumberOutOfRange)
}

/// A text and how far it was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    #[inline]
    pub(crate) fn advance(&mut self) {
        work::add(1);
        self.position += 1;
    }

    pub(crate) fn advance_by(&mut self, count: usize) {
        self.position += count;
    }

    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    pub(crate) fn since(&self, from: usize) -> &'a str {
        part(self.text, from, self.position)
    }

    pub(crate) fn at_end(&self) -> bool {
        self.position >= self.text.len()
    }

    pub(crate) fn fail<T>(&self, kind: HeaderErrorKind) -> Result<T, SyntaxError> {
        Err(SyntaxError::new(self.position, kind))
    }

    /// Fails as an unexpected end at the end, else as an unexpected character.
    pub(crate) fn unexpected<T>(&self) -> Result<T, SyntaxError> {
        self.fail(if self.at_end() {
            HeaderErrorKind::UnexpectedEnd
        } else {
            HeaderErrorKind::UnexpectedCharacter
        })
    }

    /// Takes `byte` if it is next.
    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        work::add(1);
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), SyntaxError> {
        if self.eat(byte) { Ok(()) } else { self.unexpected() }
    }

    /// Takes all bytes of a class.
    #[inline]
    pub(crate) fn take(&mut self, mask: u16) -> &'a str {
        let from = self.position;
        self.skip(mask);
        self.since(from)
    }

    /// Skips all bytes of a class.
    #[inline]
    fn skip(&mut self, mask: u16) {
        let bytes = self.text.as_bytes().get(self.position..).unwrap_or_default();
        let length = bytes.iter().position(|&byte| !is(byte, mask)).unwrap_or(bytes.len());
        work::add(length + 1);
        self.position += length;
    }

    /// Takes at least one byte of a class.
    #[inline]
    pub(crate) fn take1(&mut self, mask: u16) -> Result<&'a str, SyntaxError> {
        let found = self.take(mask);
        if found.is_empty() { self.unexpected() } else { Ok(found) }
    }

    /// Skips linear white space; says whether there was any.
    #[inline]
    pub(crate) fn skip_space(&mut self) -> bool {
        let from = self.position;
        self.skip(SPACE);
        self.position > from
    }

    /// Takes a quoted string with its quotes (RFC 3261 §25.1), the cursor being at the opening one.
    pub(crate) fn quoted(&mut self) -> Result<&'a str, SyntaxError> {
        let from = self.position;
        self.expect(b'"')?;
        loop {
            self.skip(QUOTED);
            match self.peek() {
                None => return Err(SyntaxError::new(from, HeaderErrorKind::UnterminatedQuote)),
                Some(b'"') => {
                    self.advance();
                    return Ok(self.since(from));
                }
                Some(b'\\') => {
                    self.advance();
                    match self.peek() {
                        None => return Err(SyntaxError::new(from, HeaderErrorKind::UnterminatedQuote)),
                        Some(b'\r' | b'\n' | 0x80..) => return self.unexpected(),
                        Some(_) => self.advance(),
                    }
                }
                Some(_) => return self.unexpected(),
            }
        }
    }

    /// Nothing but white space may be left.
    pub(crate) fn finish(&mut self) -> Result<(), SyntaxError> {
        self.skip_space();
        if self.at_end() { Ok(()) } else { self.unexpected() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_strings_end_where_they_end() {
        fn check(text: &str, expect: Result<&str, HeaderErrorKind>) {
            let found = Cursor::new(text).quoted().map_err(|error| error.kind);
            assert_eq!(found, expect, "{text:?}");
        }
        check(r#""a" b"#, Ok(r#""a""#));
        check(r#""a \" b\\" c"#, Ok(r#""a \" b\\""#));
        check("\"a\r\n b\"", Ok("\"a\r\n b\""));
        check(r#""a"#, Err(HeaderErrorKind::UnterminatedQuote));
        check(r#""a\"#, Err(HeaderErrorKind::UnterminatedQuote));
        check("\"a\0\"", Err(HeaderErrorKind::UnexpectedCharacter));
        check("\"a\\\r\n\"", Err(HeaderErrorKind::UnexpectedCharacter));
        check("\"a\\\u{7}\"", Ok("\"a\\\u{7}\""));
    }

    #[test]
    fn numbers_have_digits_alone() {
        assert_eq!(number::<u16>("0007"), Ok(7));
        assert_eq!(number::<u16>("+7"), Err(HeaderErrorKind::InvalidNumber));
        assert_eq!(number::<u16>(""), Err(HeaderErrorKind::InvalidNumber));
        assert_eq!(number::<u16>("65536"), Err(HeaderErrorKind::NumberOutOfRange));
    }
}
