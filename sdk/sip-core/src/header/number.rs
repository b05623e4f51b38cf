//! Headers that are one number: Max-Forwards, Expires, Min-Expires, Content-Length, `RSeq`.

use std::fmt;

use crate::error::{HeaderError, HeaderErrorKind};
use crate::header::Header;
use crate::header::value::{decode, digits, encode_by_display, scan_number, scan_seconds};
use crate::name::HeaderName;
use crate::scan::Cursor;
use crate::syntax::SyntaxError;

macro_rules! number_header {
    ($(#[$doc:meta])* $type:ident, $number:ty, $scan:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub $number);

        impl<'a> Header<'a> for $type {
            const NAME: HeaderName = HeaderName::$type;
            const LIST: bool = false;

            fn decode(value: &'a str) -> Result<Self, HeaderError> {
                decode(Self::NAME, value, $scan).map(Self)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        encode_by_display!($type => $type);
    };
}

number_header!(
    /// How many hops are left, 0 to 255 (RFC 3261 §20.22).
    MaxForwards, u8, scan_number
);
number_header!(
    /// For how long, in seconds; above 2^32-1 it counts as that (RFC 3261 §20.19).
    Expires, u32, scan_seconds
);
number_header!(
    /// The shortest interval that a registrar takes, in seconds (RFC 3261 §20.23).
    MinExpires, u32, scan_seconds
);
number_header!(
    /// The size of the body in bytes (RFC 3261 §20.14).
    ContentLength, u32, scan_number
);
number_header!(
    /// The number of a reliable provisional response, at least 1 (RFC 3262 §7.1).
    RSeq, u32, scan_response_number
);

pub(crate) fn scan_response_number(cursor: &mut Cursor<'_>) -> Result<u32, SyntaxError> {
    let start = cursor.position();
    let mut ahead = *cursor;
    digits(&mut ahead)?;
    let number = scan_number(cursor)?;
    if number == 0 { Err(SyntaxError::new(start, HeaderErrorKind::NumberOutOfRange)) } else { Ok(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_ranges() {
        assert_eq!(MaxForwards::decode("70"), Ok(MaxForwards(70)));
        assert_eq!(MaxForwards::decode("256").unwrap_err().kind, HeaderErrorKind::NumberOutOfRange);
        assert_eq!(MaxForwards::decode("-1").unwrap_err().kind, HeaderErrorKind::UnexpectedCharacter);
        assert_eq!(Expires::decode("100000000000000000000"), Ok(Expires(u32::MAX)));
        assert_eq!(Expires::decode("5s").unwrap_err().offset, 1);
        assert_eq!(ContentLength::decode("0010"), Ok(ContentLength(10)));
        assert_eq!(ContentLength::decode("").unwrap_err().kind, HeaderErrorKind::Empty);
        assert_eq!(RSeq::decode("0").unwrap_err().kind, HeaderErrorKind::NumberOutOfRange);
        assert_eq!(RSeq::decode("4294967295").unwrap().to_string(), "4294967295");
    }
}
