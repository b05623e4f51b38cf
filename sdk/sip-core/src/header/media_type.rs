//! Content-Type (RFC 3261 §20.15), Accept (§20.1), Content-Disposition (§20.11), MIME-Version (§20.24).

use std::fmt;

use crate::error::{HeaderError, HeaderErrorKind};
use crate::header::Header;
use crate::header::contact::QValue;
use crate::header::value::{decode, encode_by_display, scan_number};
use crate::name::HeaderName;
use crate::params::Params;
use crate::scan::{Cursor, TOKEN};
use crate::syntax::SyntaxError;

/// What the body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentType<'a> {
    /// The type, as `application`.
    pub media_type: &'a str,
    /// The subtype, as `sdp`.
    pub subtype: &'a str,
    /// The parameters, as `boundary`.
    pub params: Params<'a>,
}

/// A media type that the sender takes; type and subtype may be `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accept<'a> {
    /// The type, or `*`.
    pub media_type: &'a str,
    /// The subtype, or `*`.
    pub subtype: &'a str,
    /// The parameters, `q` among them.
    pub params: Params<'a>,
}

/// How the body is to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentDisposition<'a> {
    /// The disposition, as `session`.
    pub disposition: &'a str,
    /// The parameters.
    pub params: Params<'a>,
}

/// The version of MIME, 1.0 as a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MimeVersion {
    /// The number before the dot.
    pub major: u32,
    /// The number behind it.
    pub minor: u32,
}

fn scan<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a str, &'a str, Params<'a>), SyntaxError> {
    let media_type = cursor.take1(TOKEN)?;
    cursor.skip_space();
    cursor.expect(b'/')?;
    cursor.skip_space();
    let subtype = cursor.take1(TOKEN)?;
    Ok((media_type, subtype, Params::scan_header(cursor)?))
}

impl ContentType<'_> {
    /// Whether it is that type and subtype, compared without case.
    pub fn is(&self, media_type: &str, subtype: &str) -> bool {
        self.media_type.eq_ignore_ascii_case(media_type) && self.subtype.eq_ignore_ascii_case(subtype)
    }
}

impl Accept<'_> {
    /// Whether it takes bodies of that type and subtype.
    pub fn accepts(&self, media_type: &str, subtype: &str) -> bool {
        let fits = |range: &str, name: &str| range == "*" || range.eq_ignore_ascii_case(name);
        fits(self.media_type, media_type) && fits(self.subtype, subtype) && self.q() > QValue::ZERO
    }

    /// The preference, 1 where none is given.
    pub fn q(&self) -> QValue {
        self.params.value("q").and_then(QValue::parse).unwrap_or(QValue::ONE)
    }
}

impl ContentDisposition<'_> {
    /// Whether a body that is not understood makes the request fail: unless `handling=optional` (RFC 3261 §20.11).
    pub fn handling_is_required(&self) -> bool {
        !self.params.value("handling").is_some_and(|value| value.eq_ignore_ascii_case("optional"))
    }
}

impl<'a> Header<'a> for ContentType<'a> {
    const NAME: HeaderName = HeaderName::ContentType;
    const LIST: bool = false;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        let (media_type, subtype, params) = decode(Self::NAME, value, scan)?;
        Ok(Self { media_type, subtype, params })
    }
}

impl<'a> Header<'a> for Accept<'a> {
    const NAME: HeaderName = HeaderName::Accept;
    const LIST: bool = true;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        let (media_type, subtype, params) = decode(Self::NAME, value, |cursor| {
            let found = scan(cursor)?;
            if found.0 == "*" && found.1 != "*" {
                cursor.fail(HeaderErrorKind::UnexpectedCharacter)
            } else {
                Ok(found)
            }
        })?;
        check_q(Self::NAME, params)?;
        Ok(Self { media_type, subtype, params })
    }
}

pub(crate) fn check_q(name: HeaderName, params: Params<'_>) -> Result<(), HeaderError> {
    match params.get("q") {
        Some(value) if value.and_then(QValue::parse).is_none() => {
            Err(HeaderError::new(name, 0, HeaderErrorKind::InvalidParameter))
        }
        Some(_) | None => Ok(()),
    }
}

impl<'a> Header<'a> for ContentDisposition<'a> {
    const NAME: HeaderName = HeaderName::ContentDisposition;
    const LIST: bool = false;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, |cursor| {
            let disposition = cursor.take1(TOKEN)?;
            Ok(Self { disposition, params: Params::scan_header(cursor)? })
        })
    }
}

impl<'a> Header<'a> for MimeVersion {
    const NAME: HeaderName = HeaderName::MimeVersion;
    const LIST: bool = false;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, |cursor| {
            let major = scan_number(cursor)?;
            cursor.expect(b'.')?;
            Ok(Self { major, minor: scan_number(cursor)? })
        })
    }
}

impl fmt::Display for ContentType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.media_type, self.subtype, self.params)
    }
}

impl fmt::Display for Accept<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.media_type, self.subtype, self.params)
    }
}

impl fmt::Display for ContentDisposition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.disposition, self.params)
    }
}

impl fmt::Display for MimeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

encode_by_display!(
    ContentType<'_> => ContentType, Accept<'_> => Accept, ContentDisposition<'_> => ContentDisposition, MimeVersion => MimeVersion,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_read() {
        let content = ContentType::decode("multipart / Mixed ;boundary=\"a b\"").unwrap();
        assert!(content.is("Multipart", "mixed"));
        assert_eq!(content.params.unquoted("boundary").as_deref(), Some("a b"));
        assert_eq!(content.to_string(), "multipart/Mixed;boundary=\"a b\"");
        for bad in ["", "text", "text/", "/plain", "text/plain;", "text/plain;charset", "text plain"] {
            assert_eq!(ContentType::decode(bad).is_err(), bad != "text/plain;charset", "{bad:?}");
        }
        assert!(Accept::decode("application/*").unwrap().accepts("application", "sdp"));
        assert!(!Accept::decode("text/plain;q=0").unwrap().accepts("text", "plain"));
        assert!(Accept::decode("*/sdp").is_err());
        assert!(Accept::decode("a/b;q=7").is_err());
        assert!(ContentDisposition::decode("session").unwrap().handling_is_required());
        assert!(!ContentDisposition::decode("icon;handling=Optional").unwrap().handling_is_required());
        assert_eq!(MimeVersion::decode("1.0").unwrap().to_string(), "1.0");
        assert!(MimeVersion::decode("1").is_err());
    }
}
