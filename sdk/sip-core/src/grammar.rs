//! Character classes of RFC 3261 §25.1 and white space with folds.

/// Whether a byte may stand in a token (RFC 3261 §25.1).
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

/// Whether the bytes are a token: at least one byte, all of them allowed.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_token_byte)
}

/// Whether a byte is linear white space; a fold's CR and LF count (RFC 3261 §7.3.1).
pub(crate) const fn is_lws(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_not_empty_and_hold_no_separators() {
        assert!(is_token(b"z9hG4bK-74bf9.1~"));
        assert!(!is_token(b""));
        assert!(!is_token(b"a b"));
        assert!(!is_token("é".as_bytes()));
        assert!(is_lws(b'\n') && is_lws(b'\t') && !is_lws(b'\0'));
    }
}
