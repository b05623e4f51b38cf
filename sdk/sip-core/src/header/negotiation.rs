//! What the sender understands besides media types: Accept-Encoding (RFC 3261 §20.2), Accept-Language (§20.3).

use std::fmt;

use crate::error::HeaderError;
use crate::header::Header;
use crate::header::contact::QValue;
use crate::header::media_type::check_q;
use crate::header::value::{decode, encode_by_display};
use crate::name::HeaderName;
use crate::params::Params;
use crate::scan::TOKEN;

macro_rules! range_header {
    ($(#[$doc:meta])* $type:ident, $(#[$field_doc:meta])* $field:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $type<'a> {
            $(#[$field_doc])*
            pub $field: &'a str,
            /// The parameters, `q` among them.
            pub params: Params<'a>,
        }

        impl $type<'_> {
            /// The preference, 1 where none is given.
            pub fn q(&self) -> QValue {
                self.params.value("q").and_then(QValue::parse).unwrap_or(QValue::ONE)
            }
        }

        impl<'a> Header<'a> for $type<'a> {
            const NAME: HeaderName = HeaderName::$type;
            const LIST: bool = true;

            fn decode(value: &'a str) -> Result<Self, HeaderError> {
                let found = decode(Self::NAME, value, |cursor| {
                    let $field = cursor.take1(TOKEN)?;
                    Ok(Self { $field, params: Params::scan_header(cursor)? })
                })?;
                check_q(Self::NAME, found.params)?;
                Ok(found)
            }
        }

        impl fmt::Display for $type<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", self.$field, self.params)
            }
        }

        encode_by_display!($type<'_> => $type);
    };
}

range_header!(
    /// A coding of bodies that the sender takes.
    AcceptEncoding,
    /// The coding, or `*`.
    coding
);
range_header!(
    /// A language that the sender prefers for reason phrases, session descriptions and status bodies.
    AcceptLanguage,
    /// The language range, or `*`.
    range
);

impl AcceptEncoding<'_> {
    /// Whether it takes that coding, compared without case.
    pub fn accepts(&self, coding: &str) -> bool {
        (self.coding == "*" || self.coding.eq_ignore_ascii_case(coding)) && self.q() > QValue::ZERO
    }
}

impl AcceptLanguage<'_> {
    /// Whether it takes that language: the range itself or one that refines it, as `en` takes `en-GB`.
    pub fn accepts(&self, language: &str) -> bool {
        let fits = self.range == "*"
            || language.split_at_checked(self.range.len()).is_some_and(|(head, tail)| {
                head.eq_ignore_ascii_case(self.range) && (tail.is_empty() || tail.starts_with('-'))
            });
        fits && self.q() > QValue::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_with_their_preference() {
        let gzip = AcceptEncoding::decode("gzip ;q=0.5").unwrap();
        assert_eq!((gzip.q().thousandths(), gzip.accepts("GZIP"), gzip.accepts("br")), (500, true, false));
        assert!(AcceptEncoding::decode("*").unwrap().accepts("anything"));
        assert!(!AcceptEncoding::decode("*;q=0").unwrap().accepts("anything"));
        let english = AcceptLanguage::decode("en;q=0.7").unwrap();
        for (language, fits) in [("en", true), ("EN-gb", true), ("eng", false), ("e", false), ("dé", false)]
        {
            assert_eq!(english.accepts(language), fits, "{language}");
        }
        assert_eq!(english.to_string(), "en;q=0.7");
        for bad in ["", "gzip;q=2", "gzip;q", "a b", ";q=1", "a/b"] {
            assert!(AcceptEncoding::decode(bad).is_err(), "{bad:?}");
            assert!(AcceptLanguage::decode(bad).is_err(), "{bad:?}");
        }
    }
}
