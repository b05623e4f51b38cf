//! SIP and SIPS URIs (RFC 3261 §19.1).

use std::borrow::Cow;
use std::fmt;

use crate::error::HeaderErrorKind;
use crate::escape;
use crate::host::{Host, host_port};
use crate::method::Method;
use crate::params::Params;
use crate::scan::{Cursor, PASSWORD, TOKEN, URI_HEADER, USER, all, is, number, part};
use crate::syntax::SyntaxError;
use crate::transport::Transport;
use crate::uri::{SipScheme, TelUri, UriBuf, compare};

/// A SIP or SIPS URI: `sip:user:password@host:port;parameters?headers`. All texts are as written, escapes included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SipUri<'a> {
    /// `sip` or `sips`.
    pub scheme: SipScheme,
    /// The user part, escaped; a telephone-subscriber with its parameters where `user=phone` says so.
    pub user: Option<&'a str>,
    /// The password, escaped. RFC 3261 advises against it.
    pub password: Option<&'a str>,
    /// The host.
    pub host: Host<'a>,
    /// The port, if one is given.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params<'a>,
    /// The headers that a request formed from the URI should have.
    pub headers: UriHeaders<'a>,
}

impl<'a> SipUri<'a> {
    /// Reads a SIP or SIPS URI and nothing else.
    ///
    /// # Errors
    /// What is none.
    pub fn parse(text: &'a str) -> Result<Self, SyntaxError> {
        match super::Uri::parse(text)? {
            super::Uri::Sip(uri) => Ok(uri),
            super::Uri::Tel(_) | super::Uri::Absolute(_) => {
                Err(SyntaxError::new(0, HeaderErrorKind::InvalidUri))
            }
        }
    }

    pub(crate) fn parse_rest(scheme: SipScheme, text: &'a str) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(text);
        let (user, password) = match memchr::memchr(b'@', text.as_bytes()) {
            None => (None, None),
            Some(at) => {
                let user = cursor.take1(USER)?;
                let password = cursor.eat(b':').then(|| cursor.take(PASSWORD));
                cursor.expect(b'@')?;
                escape::check(part(text, 0, at))?;
                (Some(user), password)
            }
        };
        let (host, port) = host_port(&mut cursor)?;
        let from = cursor.position();
        let mut good = true;
        let params = Params::scan_uri_with(&mut cursor, |name, value| good &= is_good_param(name, value))?;
        if !good {
            return Err(SyntaxError::new(from, HeaderErrorKind::InvalidParameter));
        }
        let headers = UriHeaders::scan(&mut cursor)?;
        if !cursor.at_end() {
            return cursor.unexpected();
        }
        Ok(Self { scheme, user, password, host, port, params, headers })
    }

    /// The user part without escapes.
    pub fn user_unescaped(&self) -> Option<Cow<'a, str>> {
        self.user.map(escape::unescape)
    }

    /// Whether the scheme is `sips`.
    pub fn is_secure(&self) -> bool {
        self.scheme == SipScheme::Sips
    }

    /// The `transport` parameter.
    pub fn transport(&self) -> Option<Transport> {
        self.params.value("transport").and_then(Transport::parse)
    }

    /// The `maddr` parameter: where to send to instead of the host.
    pub fn maddr(&self) -> Option<Host<'a>> {
        self.params.value("maddr").and_then(|value| Host::parse_unbracketed(value).ok())
    }

    /// The `ttl` parameter, 0 to 255.
    pub fn ttl(&self) -> Option<u8> {
        self.params.value("ttl").and_then(|value| number(value).ok())
    }

    /// Whether the `lr` parameter is there: the element routes loosely (RFC 3261 §16.12).
    pub fn is_loose_router(&self) -> bool {
        self.params.contains("lr")
    }

    /// The `method` parameter.
    pub fn method(&self) -> Option<Method> {
        self.params.value("method").and_then(Method::parse)
    }

    /// Whether `user=phone` says that the user part is a telephone number.
    pub fn is_phone(&self) -> bool {
        self.params.value("user").is_some_and(|value| value.eq_ignore_ascii_case("phone"))
    }

    /// The user part as a telephone number, where `user=phone` says that it is one (RFC 3261 §19.1.6).
    ///
    /// # Errors
    /// A user part that is no telephone number all the same.
    pub fn telephone_subscriber(&self) -> Option<Result<TelUri<'a>, SyntaxError>> {
        self.user.filter(|_| self.is_phone()).map(TelUri::parse_subscriber)
    }

    /// The URI as it may stand in a request line: without headers and `method`, which say what a request to form from it
    /// is like (RFC 3261 §19.1.1, table 1).
    pub fn to_target(&self) -> UriBuf {
        let bare = SipUri { params: Params::EMPTY, headers: UriHeaders::EMPTY, ..*self };
        let mut text = bare.to_string();
        for (name, value) in self.params {
            if !name.eq_ignore_ascii_case("method") {
                text.push(';');
                text.push_str(name);
                if let Some(value) = value {
                    text.push('=');
                    text.push_str(value);
                }
            }
        }
        UriBuf::of_checked(text)
    }

    /// Whether both are equivalent (RFC 3261 §19.1.4). Not transitive. Takes n log n steps.
    pub fn equivalent(&self, other: &SipUri<'_>) -> bool {
        compare::sip(self, other)
    }
}

/// Whether a parameter that means something here has a value that it may have.
fn is_good_param(name: &str, value: Option<&str>) -> bool {
    if name.eq_ignore_ascii_case("transport") || name.eq_ignore_ascii_case("method") {
        value.is_some_and(|value| all(value, TOKEN))
    } else if name.eq_ignore_ascii_case("ttl") {
        value.is_some_and(|value| number::<u8>(value).is_ok())
    } else if name.eq_ignore_ascii_case("maddr") {
        value.is_some_and(|value| Host::parse_unbracketed(value).is_ok())
    } else {
        true
    }
}

impl fmt::Display for SipUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.scheme)?;
        if let Some(user) = self.user {
            f.write_str(user)?;
            if let Some(password) = self.password {
                write!(f, ":{password}")?;
            }
            f.write_str("@")?;
        }
        self.host.fmt(f)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(self.params.as_str())?;
        f.write_str(self.headers.as_str())
    }
}

/// The headers of a SIP URI: `?name=value&name=value`, escaped as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct UriHeaders<'a> {
    text: &'a str,
}

impl<'a> UriHeaders<'a> {
    /// No headers.
    pub const EMPTY: UriHeaders<'static> = UriHeaders { text: "" };

    fn scan(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        let start = cursor.position();
        if !cursor.eat(b'?') {
            return Ok(Self { text: "" });
        }
        loop {
            cursor.take1(URI_HEADER)?;
            cursor.expect(b'=')?;
            // An `=` is no hnv-unreserved, but common in embedded header parameters.
            while cursor.peek().is_some_and(|byte| byte == b'=' || is(byte, URI_HEADER)) {
                cursor.advance();
            }
            if !cursor.eat(b'&') {
                break;
            }
        }
        let text = cursor.since(start);
        escape::check(text).map_err(|error| error.within(start))?;
        Ok(Self { text })
    }

    /// The headers as written, with the question mark; empty if there are none.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The value of the first header of that name, compared without case, escaped as written.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All headers as (name, value), escaped as written.
    pub fn iter(&self) -> UriHeadersIter<'a> {
        UriHeadersIter { rest: self.text.strip_prefix('?').unwrap_or_default() }
    }
}

impl<'a> IntoIterator for UriHeaders<'a> {
    type Item = (&'a str, &'a str);
    type IntoIter = UriHeadersIter<'a>;

    fn into_iter(self) -> UriHeadersIter<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &UriHeaders<'a> {
    type Item = (&'a str, &'a str);
    type IntoIter = UriHeadersIter<'a>;

    fn into_iter(self) -> UriHeadersIter<'a> {
        self.iter()
    }
}

/// The headers of a SIP URI, in order.
#[derive(Clone, Debug)]
pub struct UriHeadersIter<'a> {
    rest: &'a str,
}

impl<'a> Iterator for UriHeadersIter<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let (header, rest) = self.rest.split_once('&').unwrap_or((self.rest, ""));
        self.rest = rest;
        Some(header.split_once('=').unwrap_or((header, "")))
    }
}
