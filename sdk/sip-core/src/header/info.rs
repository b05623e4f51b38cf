//! Pointers to more: Alert-Info (RFC 3261 §20.4), Call-Info (§20.9), Error-Info (§20.18).

use std::fmt;

use rvoip_sans_io::work;

use crate::error::{HeaderError, HeaderErrorKind};
use crate::header::Header;
use crate::header::value::{decode, encode_by_display};
use crate::name::HeaderName;
use crate::params::Params;
use crate::scan::{Cursor, part};
use crate::syntax::SyntaxError;
use crate::uri::Uri;

/// A URI in angle brackets and the parameters behind it.
fn scan<'a>(cursor: &mut Cursor<'a>) -> Result<(Uri<'a>, Params<'a>), SyntaxError> {
    cursor.expect(b'<')?;
    let start = cursor.position();
    let rest = cursor.rest();
    let Some(length) = memchr::memchr(b'>', rest.as_bytes()) else {
        return Err(SyntaxError::new(start, HeaderErrorKind::UnbalancedBracket));
    };
    work::add(length);
    let uri = Uri::parse(part(rest, 0, length)).map_err(|error| error.within(start))?;
    cursor.advance_by(length + 1);
    Ok((uri, Params::scan_header(cursor)?))
}

macro_rules! info_header {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $type<'a> {
            /// Where it is.
            pub uri: Uri<'a>,
            /// The header's parameters.
            pub params: Params<'a>,
        }

        impl<'a> Header<'a> for $type<'a> {
            const NAME: HeaderName = HeaderName::$type;
            const LIST: bool = true;

            fn decode(value: &'a str) -> Result<Self, HeaderError> {
                let (uri, params) = decode(Self::NAME, value, scan)?;
                Ok(Self { uri, params })
            }
        }

        impl fmt::Display for $type<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "<{}>{}", self.uri, self.params)
            }
        }

        encode_by_display!($type<'_> => $type);
    };
}

info_header!(
    /// A ring tone, or a ring-back tone in a response. To be followed only from peers that are trusted.
    AlertInfo
);
info_header!(
    /// More about the caller or the callee: an icon, a card, a page.
    CallInfo
);
info_header!(
    /// More about the error that the response tells of.
    ErrorInfo
);

impl<'a> CallInfo<'a> {
    /// What it is good for, as `icon`.
    pub fn purpose(&self) -> Option<&'a str> {
        self.params.value("purpose")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_stand_in_brackets() {
        let icon = CallInfo::decode("<http://wwww.example.com/alice/photo.jpg,x;y> ;purpose=icon").unwrap();
        assert_eq!(icon.purpose(), Some("icon"));
        assert_eq!(icon.to_string(), "<http://wwww.example.com/alice/photo.jpg,x;y>;purpose=icon");
        let error = ErrorInfo::decode("<sip:not-in-service-recording@atlanta.com>").unwrap();
        assert!(error.uri.as_sip().is_some());
        assert_eq!(AlertInfo::decode("<http://a/b").unwrap_err().kind, HeaderErrorKind::UnbalancedBracket);
        for bad in ["", "<>", "http://a/b", "<http://a b>", "<a>", "<http://a>x", "<http://a>;", "<sip:@>"] {
            assert!(AlertInfo::decode(bad).is_err(), "{bad:?}");
        }
    }
}
