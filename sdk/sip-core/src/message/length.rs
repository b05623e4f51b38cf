//! Content-Length: the one header that framing itself reads (RFC 3261 §18.3, §20.14).

use super::scan::FieldSpan;
use crate::error::{ParseError, ParseErrorKind};

/// Reads a field that is a Content-Length; all of them must say the same.
pub(super) fn agree(length: &mut Option<usize>, bytes: &[u8], field: &FieldSpan) -> Result<(), ParseError> {
    let start = field.value_start as usize;
    let value = bytes.get(start..field.value_end as usize).unwrap_or_default();
    let read = parse(value).map_err(|kind| ParseError::new(start, kind))?;
    if length.is_some_and(|earlier| earlier != read) {
        return Err(ParseError::new(start, ParseErrorKind::ConflictingContentLength));
    }
    *length = Some(read);
    Ok(())
}

/// Reads a Content-Length value: digits alone. What does not fit is as malformed as a sign.
fn parse(value: &[u8]) -> Result<usize, ParseErrorKind> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| usize::from(byte - b'0'));
    let number =
        value.iter().try_fold(0_usize, |number, byte| number.checked_mul(10)?.checked_add(digit(byte)?));
    number.filter(|_| !value.is_empty()).ok_or(ParseErrorKind::MalformedContentLength)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_that_fit_are_a_length() {
        assert_eq!(parse(b"0"), Ok(0));
        assert_eq!(parse(b"00000000000000000000000000000349"), Ok(349));
        for bad in ["", "-999", "+1", "1 2", "0x10", "12a", "99999999999999999999999", "1,1"] {
            assert_eq!(parse(bad.as_bytes()), Err(ParseErrorKind::MalformedContentLength), "{bad:?}");
        }
    }
}
