//! Headers whose values are one token: option tags, methods, codings, languages, event packages, priority.

use std::fmt;

use crate::error::HeaderError;
use crate::header::Header;
use crate::header::value::{decode, encode_by_display};
use crate::method::Method;
use crate::name::HeaderName;
use crate::scan::TOKEN;

macro_rules! token_header {
    ($(#[$doc:meta])* $type:ident, $list:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $type<'a>(pub &'a str);

        impl $type<'_> {
            /// Whether it is that token, compared without case.
            pub fn is(&self, token: &str) -> bool {
                self.0.eq_ignore_ascii_case(token)
            }
        }

        impl PartialEq for $type<'_> {
            fn eq(&self, other: &Self) -> bool {
                self.is(other.0)
            }
        }

        impl Eq for $type<'_> {}

        impl<'a> Header<'a> for $type<'a> {
            const NAME: HeaderName = HeaderName::$type;
            const LIST: bool = $list;

            fn decode(value: &'a str) -> Result<Self, HeaderError> {
                decode(Self::NAME, value, |cursor| cursor.take1(TOKEN)).map(Self)
            }
        }

        impl fmt::Display for $type<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
        }

        encode_by_display!($type<'_> => $type);
    };
}

token_header!(
    /// An extension that the sender supports (RFC 3261 §20.37).
    Supported, true
);
token_header!(
    /// An extension that the other end must support (RFC 3261 §20.32).
    Require, true
);
token_header!(
    /// An extension that proxies must support (RFC 3261 §20.29).
    ProxyRequire, true
);
token_header!(
    /// An extension that is not supported (RFC 3261 §20.40).
    Unsupported, true
);
token_header!(
    /// A coding of the body, the last applied last (RFC 3261 §20.12).
    ContentEncoding, true
);
token_header!(
    /// A language of the body (RFC 3261 §20.13).
    ContentLanguage, true
);
token_header!(
    /// An event package that the sender supports (RFC 6665 §8.2.2).
    AllowEvents, true
);
token_header!(
    /// How urgent the request is (RFC 3261 §20.26).
    Priority, false
);

/// A method that the sender takes (RFC 3261 §20.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow(pub Method);

impl<'a> Header<'a> for Allow {
    const NAME: HeaderName = HeaderName::Allow;
    const LIST: bool = true;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, |cursor| match Method::parse(cursor.take1(TOKEN)?) {
            Some(method) => Ok(Self(method)),
            None => cursor.unexpected(),
        })
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

encode_by_display!(Allow => Allow);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_compared_without_case_and_methods_with() {
        assert!(Supported::decode("100REL").unwrap().is("100rel"));
        assert_eq!(Require::decode("a").unwrap(), Require("A"));
        assert!(Require::decode("a b").is_err());
        assert!(Unsupported::decode("").is_err());
        assert_eq!(AllowEvents::decode("presence.winfo").unwrap().to_string(), "presence.winfo");
        assert_eq!(Allow::decode("INVITE").unwrap().0, Method::Invite);
        assert_ne!(Allow::decode("invite").unwrap().0, Method::Invite);
        assert!(Allow::decode("IN/VITE").is_err());
    }
}
