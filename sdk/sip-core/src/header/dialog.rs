//! Headers that name another dialog: Replaces (RFC 3891 §6.1), Join (RFC 3911 §7.1).

use std::fmt;

use crate::error::{HeaderError, HeaderErrorKind};
use crate::header::value::{decode, encode_by_display};
use crate::header::{Header, call_id};
use crate::name::HeaderName;
use crate::params::Params;
use crate::scan::{Cursor, TOKEN, all};
use crate::syntax::SyntaxError;

/// A Call-ID and parameters, with exactly one token each for the two tags.
fn scan<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a str, Params<'a>), SyntaxError> {
    let call_id = call_id::scan(cursor)?;
    let start = cursor.position();
    let (mut to_tags, mut from_tags) = (0_usize, 0_usize);
    let mut good = true;
    let params = Params::scan_header_with(cursor, |name, value| {
        let count = if name.eq_ignore_ascii_case("to-tag") {
            &mut to_tags
        } else if name.eq_ignore_ascii_case("from-tag") {
            &mut from_tags
        } else {
            return;
        };
        *count += 1;
        good &= value.is_some_and(|tag| all(tag, TOKEN));
    })?;
    let kind = match (to_tags, from_tags) {
        (0, _) | (_, 0) => HeaderErrorKind::MissingParameter,
        (1, 1) if good => return Ok((call_id, params)),
        (1, 1) => HeaderErrorKind::InvalidParameter,
        _ => HeaderErrorKind::DuplicateParameter,
    };
    Err(SyntaxError::new(start, kind))
}

macro_rules! dialog_header {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $type<'a> {
            /// The Call-ID of the dialog.
            pub call_id: &'a str,
            /// The parameters, both tags among them.
            pub params: Params<'a>,
        }

        impl<'a> $type<'a> {
            /// The tag of To: the local tag of who is asked.
            pub fn to_tag(&self) -> &'a str {
                self.params.value("to-tag").unwrap_or_default()
            }

            /// The tag of From: the remote tag of who is asked.
            pub fn from_tag(&self) -> &'a str {
                self.params.value("from-tag").unwrap_or_default()
            }
        }

        impl<'a> Header<'a> for $type<'a> {
            const NAME: HeaderName = HeaderName::$type;
            const LIST: bool = false;

            fn decode(value: &'a str) -> Result<Self, HeaderError> {
                let (call_id, params) = decode(Self::NAME, value, scan)?;
                Ok(Self { call_id, params })
            }
        }

        impl fmt::Display for $type<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", self.call_id, self.params)
            }
        }

        encode_by_display!($type<'_> => $type);
    };
}

dialog_header!(
    /// The dialog that this INVITE takes the place of.
    Replaces
);
dialog_header!(
    /// The dialog that this INVITE joins.
    Join
);

impl Replaces<'_> {
    /// Whether a dialog is replaced only while it is early.
    pub fn early_only(&self) -> bool {
        self.params.contains("early-only")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_is_named_by_its_call_and_both_tags() {
        let replaces =
            Replaces::decode("98732@sip.example.com\r\n ;from-tag=r33th4x0r\r\n ;to-tag=ff87ff").unwrap();
        assert_eq!((replaces.call_id, replaces.to_tag()), ("98732@sip.example.com", "ff87ff"));
        assert_eq!((replaces.from_tag(), replaces.early_only()), ("r33th4x0r", false));
        assert_eq!(replaces.to_string(), "98732@sip.example.com;from-tag=r33th4x0r ;to-tag=ff87ff");
        assert!(Replaces::decode("a;to-tag=1;from-tag=0;early-only").unwrap().early_only());
        assert!(Join::decode("a;to-tag=1;from-tag=2").is_ok());
        let kind = |text| Join::decode(text).unwrap_err().kind;
        assert_eq!(kind("a;to-tag=1"), HeaderErrorKind::MissingParameter);
        assert_eq!(kind("a;from-tag=1"), HeaderErrorKind::MissingParameter);
        assert_eq!(kind("a;to-tag=1;from-tag=2;To-Tag=3"), HeaderErrorKind::DuplicateParameter);
        assert_eq!(kind("a;to-tag;from-tag=2"), HeaderErrorKind::InvalidParameter);
        assert_eq!(kind("a;to-tag=\"1\";from-tag=2"), HeaderErrorKind::InvalidParameter);
        assert!(Join::decode("").is_err());
    }
}
