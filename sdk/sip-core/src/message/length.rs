//! Content-Length: the one header that framing itself reads (RFC 3261 §18.3, §20.14).

use crate::error::ParseErrorKind;

/// Reads a Content-Length value: digits alone. What does not fit is as malformed as a sign.
pub(crate) fn parse(value: &[u8]) -> Result<usize, ParseErrorKind> {
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
