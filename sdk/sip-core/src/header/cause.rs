//! Why: Warning (RFC 3261 §20.43) and Reason (RFC 3326 §2).

use std::borrow::Cow;
use std::fmt;

use crate::error::{HeaderError, HeaderErrorKind};
use crate::header::Header;
use crate::header::value::{decode, digits, encode_by_display};
use crate::host::host_port;
use crate::name::HeaderName;
use crate::params::Params;
use crate::scan::{Cursor, PARAM_VALUE, TOKEN, all, number};
use crate::syntax::SyntaxError;
use crate::text::{unquote, write_quoted};

/// More about the state of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning<'a> {
    /// The code, three digits (RFC 3261 §27.2).
    pub code: u16,
    /// Who warns: a host with or without port, or a made-up name.
    pub agent: &'a str,
    /// The text for people, without its quotes.
    pub text: Cow<'a, str>,
}

impl<'a> Warning<'a> {
    fn scan(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        let (code, start) = digits(cursor)?;
        if code.len() != 3 {
            return Err(SyntaxError::new(start, HeaderErrorKind::NumberOutOfRange));
        }
        let code = number(code).map_err(|kind| SyntaxError::new(start, kind))?;
        if !cursor.skip_space() {
            return cursor.unexpected();
        }
        let start = cursor.position();
        let agent = cursor.take1(PARAM_VALUE)?;
        if !all(agent, TOKEN) {
            let mut inside = Cursor::new(agent);
            host_port(&mut inside).and_then(|_| inside.finish()).map_err(|error| error.within(start))?;
        }
        if !cursor.skip_space() {
            return cursor.unexpected();
        }
        Ok(Self { code, agent, text: unquote(cursor.quoted()?) })
    }
}

impl<'a> Header<'a> for Warning<'a> {
    const NAME: HeaderName = HeaderName::Warning;
    const LIST: bool = true;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, Self::scan)
    }
}

impl fmt::Display for Warning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03} {} ", self.code, self.agent)?;
        write_quoted(f, &self.text)
    }
}

/// Why a request was sent, or why a response: the cause that another protocol, or a response of SIP, gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason<'a> {
    /// Whose cause it is, as `SIP` or `Q.850`.
    pub protocol: &'a str,
    /// The parameters, `cause` and `text` among them.
    pub params: Params<'a>,
}

impl<'a> Reason<'a> {
    /// Whether the cause is of that protocol, compared without case.
    pub fn is_of(&self, protocol: &str) -> bool {
        self.protocol.eq_ignore_ascii_case(protocol)
    }

    /// The cause, a number of the protocol; `None` if there is none, or one above 65,535.
    pub fn cause(&self) -> Option<u16> {
        self.params.value("cause").and_then(|value| number(value).ok())
    }

    /// The text for people.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        self.params.unquoted("text")
    }
}

impl<'a> Header<'a> for Reason<'a> {
    const NAME: HeaderName = HeaderName::Reason;
    const LIST: bool = true;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, |cursor| {
            let protocol = cursor.take1(TOKEN)?;
            Ok(Self { protocol, params: Params::scan_header(cursor)? })
        })
    }
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.protocol, self.params)
    }
}

encode_by_display!(Warning<'_> => Warning, Reason<'_> => Reason);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_read() {
        let warning = Warning::decode("307 isi.edu:5060 \"Session \\\"x\\\", not understood\"").unwrap();
        assert_eq!((warning.code, warning.agent), (307, "isi.edu:5060"));
        assert_eq!(warning.text, "Session \"x\", not understood");
        assert_eq!(warning.to_string(), "307 isi.edu:5060 \"Session \\\"x\\\", not understood\"");
        assert!(Warning::decode("301 [2001:db8::1]:5060 \"\"").is_ok());
        assert!(Warning::decode("399 !pseudonym! \"a\r\n b\"").is_ok());
        for bad in [
            "",
            "1812 overture \"In Progress\"",
            "30 a \"\"",
            "301 a",
            "301 a b",
            "301\"a\"",
            "301 a\"b\"",
            "301 a@b \"\"",
            "301 a \"\" x",
        ] {
            assert!(Warning::decode(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn reasons_are_read() {
        let reason = Reason::decode("SIP ;cause=200 ;text=\"Call completed elsewhere\"").unwrap();
        assert!(reason.is_of("sip"));
        assert_eq!(reason.cause(), Some(200));
        assert_eq!(reason.text().as_deref(), Some("Call completed elsewhere"));
        assert_eq!(Reason::decode("Q.850;cause=16").unwrap().to_string(), "Q.850;cause=16");
        assert_eq!(Reason::decode("Q.850;cause=x").unwrap().cause(), None);
        assert!(Reason::decode("").is_err());
        assert!(Reason::decode(";cause=1").is_err());
    }
}
