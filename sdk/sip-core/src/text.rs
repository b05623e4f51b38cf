//! Quoted strings and folded text (RFC 3261 §7.3.1, §25.1).

use std::borrow::Cow;
use std::fmt;

use crate::scan::{SPACE, is};

/// The text behind a fold and the white space around it, if the text starts with one: a line end with white space behind it
/// (RFC 3261 §7.3.1).
fn behind_fold(text: &str) -> Option<&str> {
    let line = text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n'))?;
    line.starts_with([' ', '\t']).then(|| line.trim_start_matches([' ', '\t']))
}

/// Writes text that may hold folds, each as one space. From any other line end on it stays as it is, for the line that it
/// becomes to be refused: whoever put it there meant to begin another.
pub(crate) fn write_unfolded(out: &mut (impl fmt::Write + ?Sized), mut text: &str) -> fmt::Result {
    while let Some(at) = memchr::memchr2(b'\r', b'\n', text.as_bytes()) {
        let (head, tail) = text.split_at_checked(at).unwrap_or_default();
        let Some(mut rest) = behind_fold(tail) else { break };
        out.write_str(head.trim_end_matches([' ', '\t']))?;
        out.write_char(' ')?;
        while let Some(further) = behind_fold(rest) {
            rest = further;
        }
        text = rest;
    }
    out.write_str(text)
}

/// Takes quotes and backslashes off a quoted string, and folds out of it; other text stays as it is.
pub(crate) fn unquote(text: &str) -> Cow<'_, str> {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(text);
    };
    if memchr::memchr3(b'\\', b'\r', b'\n', inner.as_bytes()).is_none() {
        return Cow::Borrowed(inner);
    }
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            '\r' | '\n' => {
                while plain.ends_with([' ', '\t']) {
                    plain.pop();
                }
                while characters.next_if(|c| u8::try_from(*c).is_ok_and(|byte| is(byte, SPACE))).is_some() {}
                plain.push(' ');
            }
            other => plain.push(other),
        }
    }
    Cow::Owned(plain)
}

/// Appends `text` as a quoted string, as [`write_quoted`].
pub(crate) fn push_quoted(out: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = write_quoted(out, text);
}

/// Writes `text` as a quoted string with control characters escaped, all but line ends: no quoted string can hold those, so
/// that the line that the text becomes is refused.
pub(crate) fn write_quoted(out: &mut (impl fmt::Write + ?Sized), text: &str) -> fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.write_char('\\')?;
                out.write_char(character)?;
            }
            '\t' | '\r' | '\n' => out.write_char(character)?,
            control if control.is_ascii_control() => {
                out.write_char('\\')?;
                out.write_char(control)?;
            }
            other => out.write_char(other)?,
        }
    }
    out.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_written_as_one_space() {
        for (text, expect) in [
            ("a \r\n\t b\n c", "a b c"),
            ("a\r\n \r\n b", "a b"),
            ("a\r\nX: y", "a\r\nX: y"),
            ("a\r\n \r\nX: y", "a \r\nX: y"),
            ("a\rb\nc\r", "a\rb\nc\r"),
            ("a\r\n\r\n b", "a\r\n\r\n b"),
        ] {
            let mut out = String::new();
            write_unfolded(&mut out, text).unwrap();
            assert_eq!(out, expect, "{text:?}");
        }
    }

    #[test]
    fn quoting_and_unquoting_are_inverse() {
        for text in ["", "a", "a\"b", "\\", "ä \t\u{7}", "\"\""] {
            let mut out = String::new();
            push_quoted(&mut out, text);
            assert_eq!(unquote(&out), text);
        }
        assert_eq!(unquote("\"a \r\n b\""), "a b");
        assert_eq!(unquote("plain"), "plain");
    }
}
