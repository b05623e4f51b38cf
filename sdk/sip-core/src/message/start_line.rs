//! The start line (RFC 3261 §7.1, §7.2).

use crate::error::ParseErrorKind;
use crate::grammar::is_lws;
use crate::method::Method;
use crate::status::StatusCode;

/// A message's start line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartLine<'a> {
    /// A request line.
    Request {
        /// The method.
        method: Method,
        /// The request URI as written.
        uri: &'a str,
    },
    /// A status line.
    Response {
        /// The status code.
        status: StatusCode,
        /// The reason phrase, which may be empty.
        reason: &'a str,
    },
}

/// A start line as spans into the message.
#[derive(Clone, Debug)]
pub(crate) enum StartSpan {
    Request { method: Method, uri: Span, version: Span },
    Response { status: StatusCode, reason: Span, version: Span },
}

/// A range of a message's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// A span of a message, whose size the scan has checked to fit 32 bits.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the scan refuses messages of 4 GiB before it makes spans"
    )]
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Whether the text is `SIP/` and a version of digits (RFC 3261 §25.1, `SIP-Version`).
fn is_version(text: &[u8]) -> bool {
    if text == b"SIP/2.0" {
        return true;
    }
    let Some((name, number)) = text.split_at_checked(4) else { return false };
    let mut parts = number.split(|byte| *byte == b'.');
    let digits = |part: Option<&[u8]>| {
        part.is_some_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
    };
    name.eq_ignore_ascii_case(b"SIP/")
        && digits(parts.next())
        && digits(parts.next())
        && parts.next().is_none()
}

/// Reads a start line. An error comes with its offset.
pub(crate) fn parse(line: &[u8]) -> Result<StartSpan, (usize, ParseErrorKind)> {
    let malformed = |offset| (offset, ParseErrorKind::MalformedStartLine);
    let first_space = memchr::memchr(b' ', line).ok_or_else(|| malformed(line.len()))?;
    let (first, _) = line.split_at(first_space);
    if is_version(first) {
        return parse_status(line, first_space);
    }
    let last_space = memchr::memrchr(b' ', line).unwrap_or(first_space);
    let method = std::str::from_utf8(first).ok().and_then(Method::parse).ok_or_else(|| malformed(0))?;
    let version = line.get(last_space + 1..).unwrap_or_default();
    if !is_version(version) {
        return Err(malformed(last_space + 1));
    }
    let uri = line.get(first_space + 1..last_space).filter(|uri| !uri.is_empty());
    let uri = uri.ok_or_else(|| malformed(first_space + 1))?;
    // A line end cannot be in a line.
    if let Some(at) = memchr::memchr2(b' ', b'\t', uri) {
        return Err(malformed(first_space + 1 + at));
    }
    if std::str::from_utf8(uri).is_err() {
        return Err(malformed(first_space + 1));
    }
    Ok(StartSpan::Request {
        method,
        uri: Span::new(first_space + 1, last_space),
        version: Span::new(last_space + 1, line.len()),
    })
}

fn parse_status(line: &[u8], first_space: usize) -> Result<StartSpan, (usize, ParseErrorKind)> {
    let malformed = |offset| (offset, ParseErrorKind::MalformedStartLine);
    let code_start = first_space + 1;
    let rest = line.get(code_start..).unwrap_or_default();
    let code_length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, after) = rest.split_at_checked(code_length).unwrap_or_default();
    // Without a reason phrase the space before it is often left out as well; nothing else could be meant.
    let reason_start = match after.first() {
        None => line.len(),
        Some(b' ') if code_length > 0 => code_start + code_length + 1,
        Some(_) => return Err(malformed(code_start + code_length)),
    };
    if code_length == 0 {
        return Err(malformed(code_start));
    }
    let status = (code_length == 3)
        .then(|| digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0')))
        .and_then(StatusCode::new)
        .ok_or((code_start, ParseErrorKind::StatusCodeOutOfRange))?;
    if line.get(reason_start..).is_none_or(|reason| std::str::from_utf8(reason).is_err()) {
        return Err(malformed(reason_start));
    }
    Ok(StartSpan::Response {
        status,
        reason: Span::new(reason_start, line.len()),
        version: Span::new(0, first_space),
    })
}

/// Reads as much of a malformed request line as an answer needs: its method.
pub(crate) fn salvage(line: &[u8]) -> Option<StartSpan> {
    match parse(line) {
        Ok(start) => return matches!(start, StartSpan::Request { .. }).then_some(start),
        Err(_) if line.get(..4).is_some_and(|text| text.eq_ignore_ascii_case(b"SIP/")) => return None,
        Err(_) => {}
    }
    let end = line.iter().position(|byte| is_lws(*byte))?;
    let method = Method::parse(std::str::from_utf8(line.get(..end)?).ok()?)?;
    Some(StartSpan::Request { method, uri: Span::new(end, end), version: Span::new(end, end) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_lines_have_single_spaces_and_a_version() {
        assert!(matches!(
            parse(b"INVITE sip:a@b SIP/2.0"),
            Ok(StartSpan::Request { method: Method::Invite, .. })
        ));
        assert!(parse(b"INVITE sip:a@b sip/17.0").is_ok());
        for bad in [
            "INVITE  sip:a@b SIP/2.0",
            "INVITE sip:a@b  SIP/2.0",
            "INVITE sip:a@b SIP/2.0 ",
            "INVITE sip:a b SIP/2.0",
            "INVITE sip:a@b",
            "INVITE SIP/2.0",
            "INVITE sip:a@b SIP/2",
            "INVITE sip:a@b SIP/2.0.1",
            "INVITE sip:a@b HTTP/1.1",
            "IN(VITE sip:a@b SIP/2.0",
            " INVITE sip:a@b SIP/2.0",
            "INVITE\tsip:a@b SIP/2.0",
            "INVITE",
            "",
        ] {
            assert!(matches!(parse(bad.as_bytes()), Err((_, ParseErrorKind::MalformedStartLine))), "{bad:?}");
        }
    }

    #[test]
    fn status_lines_may_lack_the_reason() {
        for good in ["SIP/2.0 200 OK", "SIP/2.0 200 ", "SIP/2.0 200", "SIP/2.0 699 = 2**3 * \u{43d}"] {
            assert!(matches!(parse(good.as_bytes()), Ok(StartSpan::Response { .. })), "{good:?}");
        }
        for (bad, kind) in [
            ("SIP/2.0 ", ParseErrorKind::MalformedStartLine),
            ("SIP/2.0 OK", ParseErrorKind::MalformedStartLine),
            ("SIP/2.0 200OK", ParseErrorKind::MalformedStartLine),
            ("SIP/2.0 4294967301 overflow", ParseErrorKind::StatusCodeOutOfRange),
            ("SIP/2.0 700 over", ParseErrorKind::StatusCodeOutOfRange),
            ("SIP/2.0 20 OK", ParseErrorKind::StatusCodeOutOfRange),
        ] {
            assert_eq!(parse(bad.as_bytes()).map(|_| ()).map_err(|(_, kind)| kind), Err(kind), "{bad:?}");
        }
    }

    #[test]
    fn salvage_finds_the_method_of_a_request_and_nothing_in_a_response() {
        assert!(matches!(
            salvage(b"INVITE  <sip:a> x SIP/2.0"),
            Some(StartSpan::Request { method: Method::Invite, .. })
        ));
        assert!(salvage(b"SIP/2.0 9999 no").is_none());
        assert!(salvage(b"").is_none());
    }
}
