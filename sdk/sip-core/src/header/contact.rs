//! Contact (RFC 3261 §20.10) and q-values.

use std::fmt;

use crate::error::{HeaderError, HeaderErrorKind};
use crate::header::Header;
use crate::header::value::{decode, encode_by_display, saturating_seconds};
use crate::name::HeaderName;
use crate::name_addr::NameAddr;
use crate::params::Params;
use crate::scan::{Cursor, trim};
use crate::syntax::SyntaxError;
use crate::uri::Uri;

/// Where the sender can be reached, or `*`: all bindings of an address of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact<'a> {
    /// `*`, in a REGISTER that removes all bindings (RFC 3261 §10.2.2).
    Any,
    /// An address.
    Address {
        /// The address.
        address: NameAddr<'a>,
        /// The header's parameters.
        params: Params<'a>,
    },
}

impl<'a> Contact<'a> {
    /// What a malformed `expires` counts as, in seconds (RFC 3261 §10.2.1.1).
    const MALFORMED_EXPIRES: u32 = 3600;

    /// The address, if it is not `*`.
    pub fn address(&self) -> Option<&NameAddr<'a>> {
        match self {
            Self::Any => None,
            Self::Address { address, .. } => Some(address),
        }
    }

    /// The URI, if it is not `*`.
    pub fn uri(&self) -> Option<&Uri<'a>> {
        self.address().map(|address| &address.uri)
    }

    /// The parameters; none if it is `*`.
    pub fn params(&self) -> Params<'a> {
        match self {
            Self::Any => Params::EMPTY,
            Self::Address { params, .. } => *params,
        }
    }

    /// The `expires` parameter in seconds: a malformed one counts as 3600, one above 2^32-1 as that.
    pub fn expires(&self) -> Option<u32> {
        let value = self.params().value("expires")?;
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        Some(if digits { saturating_seconds(value) } else { Self::MALFORMED_EXPIRES })
    }

    /// The `q` parameter.
    pub fn q(&self) -> Option<QValue> {
        self.params().value("q").and_then(QValue::parse)
    }

    fn scan(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        if cursor.peek() == Some(b'*') && trim(cursor.rest()) == "*" {
            cursor.advance();
            return Ok(Self::Any);
        }
        let address = NameAddr::scan(cursor)?;
        let start = cursor.position();
        // The first `q` alone counts, as for `get`.
        let mut q = None;
        let params = Params::scan_header_with(cursor, |name, value| {
            if q.is_none() && name.eq_ignore_ascii_case("q") {
                q = Some(value);
            }
        })?;
        if q.is_some_and(|value| value.and_then(QValue::parse).is_none()) {
            return Err(SyntaxError::new(start, HeaderErrorKind::InvalidParameter));
        }
        Ok(Self::Address { address, params })
    }
}

impl<'a> Header<'a> for Contact<'a> {
    const NAME: HeaderName = HeaderName::Contact;
    const LIST: bool = true;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, Self::scan)
    }
}

impl fmt::Display for Contact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Address { address, params } => write!(f, "{address}{params}"),
        }
    }
}

encode_by_display!(Contact<'_> => Contact);

/// A preference in thousandths, 0 to 1000 (RFC 3261 §25.1 `qvalue`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QValue(u16);

impl QValue {
    /// The lowest preference: not wanted at all.
    pub const ZERO: Self = Self(0);
    /// The highest preference, 1.
    pub const ONE: Self = Self(1000);

    /// A preference in thousandths; `None` above 1000.
    pub fn from_thousandths(thousandths: u16) -> Option<Self> {
        (thousandths <= 1000).then_some(Self(thousandths))
    }

    /// Reads `0`, `1`, or one of them with up to three decimals; `None` for what is none, or above 1.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        if !matches!(whole, "0" | "1")
            || decimals.len() > 3
            || !decimals.bytes().all(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        let scale = [1000, 100, 10, 1].get(decimals.len())?;
        let decimals: u16 = if decimals.is_empty() { 0 } else { decimals.parse().ok()? };
        Self::from_thousandths(u16::from(whole == "1") * 1000 + decimals * scale)
    }

    /// The preference in thousandths.
    pub fn thousandths(self) -> u16 {
        self.0
    }
}

impl fmt::Display for QValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 1000, self.0 % 1000) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, decimals) => f.write_str(format!("{whole}.{decimals:03}").trim_end_matches('0')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_read() {
        assert_eq!(Contact::decode("*"), Ok(Contact::Any));
        let contact = Contact::decode("\"A\" <sip:a@b;x>;q=0.5;expires=60").unwrap();
        assert_eq!((contact.q().unwrap().thousandths(), contact.expires()), (500, Some(60)));
        assert_eq!(contact.uri().unwrap().to_string(), "sip:a@b;x");
        assert_eq!(contact.to_string(), "\"A\" <sip:a@b;x>;q=0.5;expires=60");
        let expires = |text| Contact::decode(text).unwrap().expires();
        assert_eq!(expires("<sip:a@b>;expires=99999999999999999999"), Some(u32::MAX));
        assert_eq!(expires("<sip:a@b>;expires=soon"), Some(3600));
        assert_eq!(expires("sip:a@b"), None);
        for bad in ["* ;q=1", "", "<sip:a@b>;q=2", "<sip:a@b>;q", "sip:a@b?x=y", "<sip:a@b>;;;"] {
            assert!(Contact::decode(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn q_values_have_three_decimals_at_most() {
        for (text, expect) in [
            ("1", Some(1000)),
            ("0", Some(0)),
            ("0.", Some(0)),
            ("0.7", Some(700)),
            ("0.123", Some(123)),
            ("1.000", Some(1000)),
            ("1.001", None),
            ("0.1234", None),
            ("2", None),
            (".5", None),
            ("-1", None),
            ("", None),
            ("0.x", None),
        ] {
            assert_eq!(QValue::parse(text).map(QValue::thousandths), expect, "{text:?}");
        }
        for thousandths in 0..=1000 {
            let q = QValue::from_thousandths(thousandths).unwrap();
            assert_eq!(QValue::parse(&q.to_string()), Some(q));
        }
    }
}
