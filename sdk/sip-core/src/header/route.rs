//! Headers that hold routes: Route, Record-Route, Path, Service-Route. Each is a name-addr: brackets are needed.

use std::fmt;

use crate::error::{HeaderError, HeaderErrorKind};
use crate::header::Header;
use crate::header::value::{decode, encode_by_display};
use crate::name::HeaderName;
use crate::name_addr::NameAddr;
use crate::params::Params;
use crate::scan::Cursor;
use crate::syntax::SyntaxError;

fn scan<'a>(cursor: &mut Cursor<'a>) -> Result<(NameAddr<'a>, Params<'a>), SyntaxError> {
    let start = cursor.position();
    let address = NameAddr::scan(cursor)?;
    if !address.is_bracketed() {
        return Err(SyntaxError::new(start, HeaderErrorKind::UnbalancedBracket));
    }
    Ok((address, Params::scan_header(cursor)?))
}

macro_rules! route_header {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $type<'a> {
            /// The element to pass.
            pub address: NameAddr<'a>,
            /// The header's parameters.
            pub params: Params<'a>,
        }

        impl $type<'_> {
            /// Whether the element routes loosely (`lr` in the URI, RFC 3261 §16.12).
            pub fn is_loose(&self) -> bool {
                self.address.uri.as_sip().is_some_and(|uri| uri.is_loose_router())
            }
        }

        impl<'a> Header<'a> for $type<'a> {
            const NAME: HeaderName = HeaderName::$type;
            const LIST: bool = true;

            fn decode(value: &'a str) -> Result<Self, HeaderError> {
                let (address, params) = decode(Self::NAME, value, scan)?;
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

route_header!(
    /// A proxy that the request is to pass (RFC 3261 §20.34).
    Route
);
route_header!(
    /// A proxy that wants to stay in the dialog's path (RFC 3261 §20.30).
    RecordRoute
);
route_header!(
    /// A proxy between a registrar and the one who registers (RFC 3327).
    Path
);
route_header!(
    /// A proxy of the home network that requests are to pass (RFC 3608).
    ServiceRoute
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_need_brackets() {
        let route = Route::decode("\"P\" <sip:p.example;lr>;x=y").unwrap();
        assert!(route.is_loose());
        assert_eq!(route.to_string(), "\"P\" <sip:p.example;lr>;x=y");
        assert!(!RecordRoute::decode("<sip:p.example>").unwrap().is_loose());
        assert!(Route::decode("sip:p.example;lr").is_err());
        assert!(Path::decode("<sip:p.example").is_err());
    }
}
