//! Hosts: names, IPv4 addresses and IPv6 references (RFC 3261 §25.1).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::HeaderErrorKind;
use crate::scan::{Cursor, HOST, IPV6, number};
use crate::syntax::SyntaxError;

/// A host as it stands in URIs and in Via.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host<'a> {
    /// A host name, as written.
    Name(&'a str),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address; written as a reference in square brackets.
    V6(Ipv6Addr),
}

impl<'a> Host<'a> {
    /// Reads a host and nothing else.
    ///
    /// An underscore in a name is tolerated, and the extra colon of RFC 5118 §4.10 too. A zone is refused, as is a name
    /// whose last label is all digits: it can only be a mistaken IPv4 address.
    ///
    /// # Errors
    /// What is no host.
    pub fn parse(text: &'a str) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(text);
        let host = Self::scan(&mut cursor)?;
        if cursor.at_end() { Ok(host) } else { cursor.unexpected() }
    }

    /// Reads a host where the brackets of an IPv6 address may be missing, as in `received` and `maddr` of Via
    /// (RFC 3261 §25.1, RFC 5118 §4.5).
    ///
    /// # Errors
    /// What is no host.
    pub fn parse_unbracketed(text: &'a str) -> Result<Self, SyntaxError> {
        if memchr::memchr(b':', text.as_bytes()).is_some() && !text.starts_with('[') {
            return ipv6(text).map(Self::V6);
        }
        Self::parse(text)
    }

    pub(crate) fn scan(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        let start = cursor.position();
        if cursor.eat(b'[') {
            let text = cursor.take(IPV6);
            return match cursor.peek() {
                Some(b']') => {
                    cursor.advance();
                    ipv6(text).map(Self::V6).map_err(|error| error.within(start + 1))
                }
                Some(b'%') => cursor.fail(HeaderErrorKind::InvalidHost),
                None => Err(SyntaxError::new(start, HeaderErrorKind::UnbalancedBracket)),
                Some(_) => cursor.unexpected(),
            };
        }
        let text = cursor.take(HOST);
        if text.is_empty() {
            return cursor.unexpected();
        }
        let bad = || SyntaxError::new(start, HeaderErrorKind::InvalidHost);
        let bytes = text.as_bytes();
        let bytes = bytes.strip_suffix(b".").unwrap_or(bytes);
        if bytes.last().is_none_or(u8::is_ascii_digit) && ends_in_digits(bytes) {
            return text.parse().map(Self::V4).map_err(|_| bad());
        }
        // No label is empty or begins or ends with a hyphen.
        let mut previous = b'.';
        for &byte in bytes {
            if matches!(byte, b'.' | b'-') && (previous == b'.' || previous == b'-' && byte == b'.') {
                return Err(bad());
            }
            previous = byte;
        }
        if matches!(previous, b'-' | b'.') { Err(bad()) } else { Ok(Self::Name(text)) }
    }

    /// The address, where the host is one.
    pub fn address(&self) -> Option<IpAddr> {
        match *self {
            Self::Name(_) => None,
            Self::V4(address) => Some(address.into()),
            Self::V6(address) => Some(address.into()),
        }
    }

    /// Whether both name the same host: names without case (RFC 3261 §19.1.4). Nothing is looked up, and an IPv4-mapped
    /// IPv6 address is not its IPv4 address (RFC 5118 §4.7).
    pub fn equivalent(&self, other: &Host<'_>) -> bool {
        match (self, other) {
            (Self::Name(one), Host::Name(two)) => one.eq_ignore_ascii_case(two),
            (Self::V4(one), Host::V4(two)) => one == two,
            (Self::V6(one), Host::V6(two)) => one == two,
            (Self::Name(_) | Self::V4(_) | Self::V6(_), _) => false,
        }
    }
}

impl From<IpAddr> for Host<'_> {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(address),
        }
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

/// Whether the last label is digits alone, or empty.
fn ends_in_digits(name: &[u8]) -> bool {
    let dot = memchr::memrchr(b'.', name).map_or(0, |dot| dot + 1);
    name.get(dot..).unwrap_or_default().iter().all(u8::is_ascii_digit)
}

fn ipv6(text: &str) -> Result<Ipv6Addr, SyntaxError> {
    if memchr::memchr(b'%', text.as_bytes()).is_some() {
        return Err(SyntaxError::new(0, HeaderErrorKind::InvalidHost));
    }
    let bad = SyntaxError::new(0, HeaderErrorKind::InvalidHost);
    text.parse().or_else(|_| {
        // RFC 5118 §4.10: the grammar of RFC 3261 gave a third colon before an IPv4 tail; one must be tolerated.
        let at = text.find(":::").ok_or(bad)?;
        let tail = text.get(at + 3..).filter(|tail| tail.parse::<Ipv4Addr>().is_ok()).ok_or(bad)?;
        let head = text.get(..at).ok_or(bad)?;
        format!("{head}::{tail}").parse().map_err(|_| bad)
    })
}

/// Reads `host [":" port]`.
pub(crate) fn host_port<'a>(cursor: &mut Cursor<'a>) -> Result<(Host<'a>, Option<u16>), SyntaxError> {
    let host = Host::scan(cursor)?;
    if !cursor.eat(b':') {
        return Ok((host, None));
    }
    Ok((host, Some(port(cursor)?)))
}

/// Reads a port.
pub(crate) fn port(cursor: &mut Cursor<'_>) -> Result<u16, SyntaxError> {
    let start = cursor.position();
    while cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        cursor.advance();
    }
    number(cursor.since(start)).map_err(|kind| SyntaxError::new(start, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_apart() {
        fn check(text: &str, expect: &str) {
            let found = match Host::parse(text) {
                Ok(Host::Name(name)) => format!("name {name}"),
                Ok(host @ Host::V4(_)) => format!("v4 {host}"),
                Ok(host @ Host::V6(_)) => format!("v6 {host}"),
                Err(error) => format!("error {error}"),
            };
            assert_eq!(found, expect, "{text:?}");
        }
        check("example.com", "name example.com");
        check("Example.COM.", "name Example.COM.");
        check("a", "name a");
        check("3f2a", "name 3f2a");
        check("voip_1.example", "name voip_1.example");
        check("192.0.2.1", "v4 192.0.2.1");
        check("[2001:DB8::1]", "v6 [2001:db8::1]");
        check("[::ffff:192.0.2.1]", "v6 [::ffff:192.0.2.1]");
        check("[2001:db8:::192.0.2.1]", "v6 [2001:db8::c000:201]");
        check("[fe80::1%eth0]", "error invalid host (at byte 8)");
        check("[::1", "error unbalanced angle bracket (at byte 0)");
        check("[:::1]", "error invalid host (at byte 1)");
        check("::1", "error unexpected character (at byte 0)");
        check("", "error unexpected end (at byte 0)");
        check(".", "error invalid host (at byte 0)");
        check("a..b", "error invalid host (at byte 0)");
        check("-a.b", "error invalid host (at byte 0)");
        check("a-.b", "error invalid host (at byte 0)");
        check("a.b-", "error invalid host (at byte 0)");
        check("300.1.1.1", "error invalid host (at byte 0)");
        check("192.0.02.1", "error invalid host (at byte 0)");
        check("192.0.2.1.", "error invalid host (at byte 0)");
        check("a b", "error unexpected character (at byte 1)");
    }

    #[test]
    fn brackets_may_miss_in_received() {
        assert_eq!(Host::parse_unbracketed("::1"), Ok(Host::V6(Ipv6Addr::LOCALHOST)));
        assert_eq!(Host::parse_unbracketed("[::1]"), Ok(Host::V6(Ipv6Addr::LOCALHOST)));
        assert_eq!(Host::parse_unbracketed("127.0.0.1"), Ok(Host::V4(Ipv4Addr::LOCALHOST)));
        assert_eq!(
            Host::parse_unbracketed("fe80::1%1"),
            Err(SyntaxError::new(0, HeaderErrorKind::InvalidHost))
        );
    }

    #[test]
    fn a_mapped_address_is_not_its_ipv4_address() {
        let mapped = Host::parse("[::ffff:192.0.2.1]").unwrap();
        assert!(!mapped.equivalent(&Host::parse("192.0.2.1").unwrap()));
        assert!(Host::Name("A.b").equivalent(&Host::Name("a.B")));
    }
}
