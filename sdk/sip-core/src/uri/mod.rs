//! URIs: `sip:`, `sips:` (RFC 3261 §19.1), `tel:` (RFC 3966), and any other absolute one, which is carried.

mod absolute;
mod buf;
mod builder;
mod compare;
mod scheme;
mod sip;
mod tel;

use std::fmt;

pub use absolute::AbsoluteUri;
pub use buf::UriBuf;
pub use builder::SipUriBuilder;
pub use scheme::{Scheme, SipScheme};
pub use sip::{SipUri, UriHeaders, UriHeadersIter};
pub use tel::TelUri;

use crate::error::HeaderErrorKind;
use crate::scan::part;
use crate::syntax::SyntaxError;

/// A URI, borrowing its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Uri<'a> {
    /// `sip:` or `sips:`.
    Sip(SipUri<'a>),
    /// `tel:`.
    Tel(TelUri<'a>),
    /// Any other scheme.
    Absolute(AbsoluteUri<'a>),
}

impl<'a> Uri<'a> {
    /// Reads a URI and nothing else: no angle brackets, no white space.
    ///
    /// # Errors
    /// What is no URI, or breaks the grammar of its scheme.
    pub fn parse(text: &'a str) -> Result<Self, SyntaxError> {
        if let [b's' | b'S', b'i' | b'I', b'p' | b'P', b':', ..] = text.as_bytes() {
            let rest = part(text, 4, text.len());
            return SipUri::parse_rest(SipScheme::Sip, rest).map(Self::Sip).map_err(|error| error.within(4));
        }
        let colon = match memchr::memchr(b':', text.as_bytes()) {
            Some(colon) => colon,
            None if text.is_empty() => return Err(SyntaxError::new(0, HeaderErrorKind::UnexpectedEnd)),
            None => return Err(SyntaxError::new(0, HeaderErrorKind::InvalidUri)),
        };
        let name = part(text, 0, colon);
        let rest = text.get(colon + 1..).unwrap_or_default();
        let within = |error: SyntaxError| error.within(colon + 1);
        if name.eq_ignore_ascii_case("sips") {
            SipUri::parse_rest(SipScheme::Sips, rest).map(Self::Sip).map_err(within)
        } else if name.eq_ignore_ascii_case("tel") {
            TelUri::parse_subscriber(rest).map(Self::Tel).map_err(within)
        } else {
            AbsoluteUri::from_parts(name, rest).map(Self::Absolute)
        }
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        match self {
            Self::Sip(uri) => uri.scheme.into(),
            Self::Tel(_) => Scheme::Tel,
            Self::Absolute(uri) => Scheme::new(uri.scheme),
        }
    }

    /// The SIP or SIPS URI, if it is one.
    pub fn as_sip(&self) -> Option<&SipUri<'a>> {
        match self {
            Self::Sip(uri) => Some(uri),
            Self::Tel(_) | Self::Absolute(_) => None,
        }
    }

    /// Whether both are equivalent by the rules of their scheme: RFC 3261 §19.1.4, RFC 3966 §4, else the same text but
    /// for escapes and the scheme's case. Not transitive for SIP.
    pub fn equivalent(&self, other: &Uri<'_>) -> bool {
        match (self, other) {
            (Self::Sip(one), Uri::Sip(two)) => one.equivalent(two),
            (Self::Tel(one), Uri::Tel(two)) => one.equivalent(two),
            (Self::Absolute(one), Uri::Absolute(two)) => one.equivalent(two),
            (Self::Sip(_) | Self::Tel(_) | Self::Absolute(_), _) => false,
        }
    }

    /// An owned copy.
    pub fn to_buf(&self) -> UriBuf {
        UriBuf::from(self)
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(uri) => uri.fmt(f),
            Self::Tel(uri) => uri.fmt(f),
            Self::Absolute(uri) => uri.fmt(f),
        }
    }
}
