//! Comments in parentheses (RFC 3261 §25.1 `comment`).

use crate::error::HeaderErrorKind;
use crate::scan::Cursor;
use crate::syntax::SyntaxError;

/// Takes a comment with its parentheses, the cursor being at the opening one. Comments nest; only their depth is kept.
pub(super) fn scan_comment<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, SyntaxError> {
    let from = cursor.position();
    let unterminated = SyntaxError::new(from, HeaderErrorKind::UnterminatedQuote);
    cursor.expect(b'(')?;
    let mut depth = 1_usize;
    while depth > 0 {
        match cursor.peek() {
            None => return Err(unterminated),
            Some(b'(') => depth += 1,
            Some(b')') => depth -= 1,
            Some(b'\\') => {
                cursor.advance();
                match cursor.peek() {
                    None => return Err(unterminated),
                    // Unescaped, a line end would get out; the first byte of a longer character escapes nothing.
                    Some(b'\r' | b'\n' | 0x80..) => return cursor.unexpected(),
                    Some(_) => {}
                }
            }
            Some(b'\t' | b'\r' | b'\n') => {}
            Some(control) if control.is_ascii_control() => return cursor.unexpected(),
            Some(_) => {}
        }
        cursor.advance();
    }
    Ok(cursor.since(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_nest_and_escape() {
        let scan = |text| scan_comment(&mut Cursor::new(text)).map_err(|error| error.kind);
        assert_eq!(scan("(a (b) \\) \"c) d"), Ok("(a (b) \\) \"c)"));
        assert_eq!(scan("()"), Ok("()"));
        assert_eq!(scan("(ä\r\n b)"), Ok("(ä\r\n b)"));
        assert_eq!(scan("(a (b)"), Err(HeaderErrorKind::UnterminatedQuote));
        assert_eq!(scan("(a\\"), Err(HeaderErrorKind::UnterminatedQuote));
        assert_eq!(scan("(a\\\r\n b)"), Err(HeaderErrorKind::UnexpectedCharacter));
        assert_eq!(scan("(\0)"), Err(HeaderErrorKind::UnexpectedCharacter));
        let deep = "(".repeat(100_000) + &")".repeat(100_000);
        assert_eq!(scan(&deep).map(str::len), Ok(200_000));
    }
}
