//! Via: the path that a request took (RFC 3261 §20.42, RFC 3581, RFC 5923, RFC 6223).

use std::fmt;
use std::net::IpAddr;

use crate::error::{HeaderError, HeaderErrorKind};
use crate::header::Header;
use crate::header::value::{decode, encode_by_display};
use crate::host::{Host, port};
use crate::name::HeaderName;
use crate::params::Params;
use crate::scan::{Cursor, TOKEN, number};
use crate::syntax::SyntaxError;
use crate::transport::Transport;

/// One hop of the path that a request took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via<'a> {
    /// The transport.
    pub transport: Transport,
    /// The host of the sent-by.
    pub host: Host<'a>,
    /// The port of the sent-by.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params<'a>,
}

impl<'a> Via<'a> {
    /// The `branch` parameter: the transaction's name.
    pub fn branch(&self) -> Option<&'a str> {
        self.params.value("branch")
    }

    /// The branch, where it begins with the magic cookie and so is unique (RFC 3261 §8.1.1.7).
    pub fn unique_branch(&self) -> Option<&'a str> {
        self.branch().filter(|branch| {
            branch.as_bytes().get(..7).is_some_and(|cookie| cookie.eq_ignore_ascii_case(b"z9hG4bK"))
                && branch.len() > 7
        })
    }

    /// The `received` parameter: where the request came from (RFC 3261 §18.2.1).
    pub fn received(&self) -> Option<IpAddr> {
        self.params.value("received").and_then(|value| Host::parse_unbracketed(value).ok()?.address())
    }

    /// The `rport` parameter: `Some(None)` asks for the source port, `Some(Some(_))` is it (RFC 3581 §3).
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.get("rport").map(|value| value.and_then(|value| number(value).ok()))
    }

    /// The `maddr` parameter.
    pub fn maddr(&self) -> Option<Host<'a>> {
        self.params.value("maddr").and_then(|value| Host::parse_unbracketed(value).ok())
    }

    /// The `ttl` parameter, 0 to 255.
    pub fn ttl(&self) -> Option<u8> {
        self.params.value("ttl").and_then(|value| number(value).ok())
    }

    /// Whether the sender takes requests on the same connection (`alias`, RFC 5923 §5).
    pub fn has_alias(&self) -> bool {
        self.params.contains("alias")
    }

    /// The `keep` parameter: `Some(None)` offers keep-alives, `Some(Some(seconds))` asks for them (RFC 6223 §8).
    pub fn keep(&self) -> Option<Option<u32>> {
        self.params.get("keep").map(|value| value.and_then(|value| number(value).ok()))
    }

    /// The port of the sent-by, or the transport's default one.
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or_else(|| self.transport.default_port())
    }

    fn scan(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        let start = cursor.position();
        let protocol = slash_after(cursor)?;
        let version = slash_after(cursor)?;
        if !protocol.eq_ignore_ascii_case("SIP") || version != "2.0" {
            return Err(SyntaxError::new(start, HeaderErrorKind::UnsupportedProtocol));
        }
        let Some(transport) = Transport::parse(cursor.take1(TOKEN)?) else {
            return cursor.unexpected();
        };
        if !cursor.skip_space() {
            return cursor.unexpected();
        }
        let host = Host::scan(cursor)?;
        cursor.skip_space();
        let port = if cursor.eat(b':') {
            cursor.skip_space();
            Some(port(cursor)?)
        } else {
            None
        };
        let start = cursor.position();
        let mut good = true;
        let params = Params::scan_header_with(cursor, |name, value| good &= is_good_param(name, value))?;
        if !good {
            return Err(SyntaxError::new(start, HeaderErrorKind::InvalidParameter));
        }
        Ok(Self { transport, host, port, params })
    }
}

fn slash_after<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, SyntaxError> {
    let token = cursor.take1(TOKEN)?;
    cursor.skip_space();
    cursor.expect(b'/')?;
    cursor.skip_space();
    Ok(token)
}

/// Whether a parameter that means something here has a value that it may have.
fn is_good_param(name: &str, value: Option<&str>) -> bool {
    if name.eq_ignore_ascii_case("branch") {
        value.is_some_and(|value| !value.starts_with('"'))
    } else if name.eq_ignore_ascii_case("rport") {
        value.is_none_or(|value| number::<u16>(value).is_ok())
    } else if name.eq_ignore_ascii_case("received") {
        value.is_some_and(|value| Host::parse_unbracketed(value).is_ok_and(|host| host.address().is_some()))
    } else if name.eq_ignore_ascii_case("maddr") {
        value.is_some_and(|value| Host::parse_unbracketed(value).is_ok())
    } else if name.eq_ignore_ascii_case("ttl") {
        value.is_some_and(|value| number::<u8>(value).is_ok())
    } else {
        true
    }
}

impl<'a> Header<'a> for Via<'a> {
    const NAME: HeaderName = HeaderName::Via;
    const LIST: bool = true;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, Self::scan)
    }
}

impl fmt::Display for Via<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        self.params.fmt(f)
    }
}

encode_by_display!(Via<'_> => Via);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_via_is_taken_apart() {
        let via = Via::decode(
            "SIP / 2.0\r\n / udp  [2001:db8::1] : 5070 ; branch = z9hG4bKa;received=192.0.2.3 ;rport=9;maddr=224.0.0.1;ttl=16;alias;keep=30",
        )
        .unwrap();
        assert_eq!(via.transport, Transport::Udp);
        assert_eq!((via.host.to_string().as_str(), via.port), ("[2001:db8::1]", Some(5070)));
        assert_eq!(via.unique_branch(), Some("z9hG4bKa"));
        assert_eq!(via.received(), Some([192, 0, 2, 3].into()));
        assert_eq!(via.rport(), Some(Some(9)));
        assert_eq!(via.maddr().unwrap().to_string(), "224.0.0.1");
        assert_eq!((via.ttl(), via.has_alias(), via.keep()), (Some(16), true, Some(Some(30))));
        let plain = Via::decode("SIP/2.0/X a;rport").unwrap();
        assert_eq!(plain.rport(), Some(None));
        assert_eq!((plain.branch(), plain.received(), plain.port_or_default()), (None, None, 5060));
        assert_eq!(plain.to_string(), "SIP/2.0/X a;rport");
        let ipv6 = Via::decode("SIP/2.0/UDP a;received=2001:db8::9;branch=1").unwrap();
        assert_eq!(ipv6.received(), Some("2001:db8::9".parse().unwrap()));
        assert_eq!(ipv6.unique_branch(), None);
        assert!(Via::decode("SIP/2.0/UDP a;received=[2001:db8::9]").unwrap().received().is_some());
    }

    #[test]
    fn a_malformed_via_is_told() {
        fn check(text: &str, offset: usize, kind: HeaderErrorKind) {
            assert_eq!(Via::decode(text), Err(HeaderError::new(HeaderName::Via, offset, kind)), "{text:?}");
        }
        check("", 0, HeaderErrorKind::Empty);
        check("SIP/2.0/UDP", 11, HeaderErrorKind::UnexpectedEnd);
        check("SIP/3.0/UDP a", 0, HeaderErrorKind::UnsupportedProtocol);
        check("SIP/2.0 a", 8, HeaderErrorKind::UnexpectedCharacter);
        check("SIP/2.0/UDP a:99999", 14, HeaderErrorKind::NumberOutOfRange);
        check("SIP/2.0/UDP a b", 14, HeaderErrorKind::UnexpectedCharacter);
        check("SIP/2.0/UDP a;;branch=b", 14, HeaderErrorKind::UnexpectedCharacter);
        check("SIP/2.0/UDP a;ttl=256", 13, HeaderErrorKind::InvalidParameter);
        check("SIP/2.0/UDP a;received=name", 13, HeaderErrorKind::InvalidParameter);
        check("SIP/2.0/UDP a;rport=x", 13, HeaderErrorKind::InvalidParameter);
        check("SIP/2.0/UDP a;branch", 13, HeaderErrorKind::InvalidParameter);
        check("SIP/2.0/UDP [fe80::1%1]", 20, HeaderErrorKind::InvalidHost);
    }
}
