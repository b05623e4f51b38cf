//! Headers that hold one address: From, To, Reply-To, Refer-To, Referred-By.

use std::fmt;

use crate::error::{HeaderError, HeaderErrorKind};
use crate::header::Header;
use crate::header::value::{decode, encode_by_display};
use crate::name::HeaderName;
use crate::name_addr::NameAddr;
use crate::params::Params;
use crate::scan::{Cursor, TOKEN, all};
use crate::syntax::SyntaxError;

fn scan_tagged<'a>(cursor: &mut Cursor<'a>) -> Result<(NameAddr<'a>, Params<'a>), SyntaxError> {
    let address = NameAddr::scan(cursor)?;
    let start = cursor.position();
    // A tag that is no token could not be a dialog's name; `get` looks at the first alone, so a second is refused too.
    let mut tags = 0_usize;
    let mut good = true;
    let params = Params::scan_header_with(cursor, |name, value| {
        if name.eq_ignore_ascii_case("tag") {
            tags += 1;
            good &= value.is_some_and(|tag| all(tag, TOKEN));
        }
    })?;
    match (tags, good) {
        (0 | 1, true) => Ok((address, params)),
        (0 | 1, false) => Err(SyntaxError::new(start, HeaderErrorKind::InvalidParameter)),
        _ => Err(SyntaxError::new(start, HeaderErrorKind::DuplicateParameter)),
    }
}

fn scan_plain<'a>(cursor: &mut Cursor<'a>) -> Result<(NameAddr<'a>, Params<'a>), SyntaxError> {
    Ok((NameAddr::scan(cursor)?, Params::scan_header(cursor)?))
}

macro_rules! address_header {
    ($(#[$doc:meta])* $type:ident, $scan:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $type<'a> {
            /// The address.
            pub address: NameAddr<'a>,
            /// The header's parameters.
            pub params: Params<'a>,
        }

        impl<'a> Header<'a> for $type<'a> {
            const NAME: HeaderName = HeaderName::$type;
            const LIST: bool = false;

            fn decode(value: &'a str) -> Result<Self, HeaderError> {
                let (address, params) = decode(Self::NAME, value, $scan)?;
                Ok(Self { address, params })
            }
        }

        impl fmt::Display for $type<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", self.address, self.params)
            }
        }

        encode_by_display!($type<'_> => $type);
    };
}

address_header!(
    /// Who sends the request (RFC 3261 §20.20).
    From, scan_tagged
);
address_header!(
    /// Whom the request is for, logically (RFC 3261 §20.39).
    To, scan_tagged
);
address_header!(
    /// Where to call back (RFC 3261 §20.31).
    ReplyTo, scan_plain
);
address_header!(
    /// Whom to contact on behalf of the sender (RFC 3515 §2.1).
    ReferTo, scan_plain
);
address_header!(
    /// Who asked for the request (RFC 3892 §3).
    ReferredBy, scan_plain
);

impl<'a> From<'a> {
    /// The `tag` parameter.
    pub fn tag(&self) -> Option<&'a str> {
        self.params.value("tag")
    }
}

impl<'a> To<'a> {
    /// The `tag` parameter.
    pub fn tag(&self) -> Option<&'a str> {
        self.params.value("tag")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_behind_a_bare_uri_are_the_headers() {
        let from = From::decode("sip:a@b;tag=1;x=y").unwrap();
        assert_eq!(from.tag(), Some("1"));
        assert_eq!(from.address.uri_as_written(), "sip:a@b");
        let to = To::decode("\"A, B\" <sip:a@b;tag=no> ; TAG = yes").unwrap();
        assert_eq!(to.tag(), Some("yes"));
        assert_eq!(to.to_string(), "\"A, B\" <sip:a@b;tag=no>; TAG = yes");
        assert_eq!(To::decode("<tel:+1>").unwrap().tag(), None);
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for bad in [
            "",
            "sip:a@b;tag=",
            "sip:a@b;tag",
            "sip:a@b;tag=\"x\"",
            "sip:a@b;tag=1;tag=2",
            "<sip:a@b>;;tag=1",
            "<sip:a@b> x",
            "<sip:a@b>,<sip:c@d>",
            "Bell, A <sip:a@b>",
            "sip:a@b?x=y;tag=1",
            "\"a <sip:a@b>",
        ] {
            assert!(From::decode(bad).is_err(), "{bad:?}");
        }
        assert!(ReferTo::decode("<sip:a@b?Replaces=x%3Bto-tag%3D1>;method=INVITE").is_ok());
    }
}
