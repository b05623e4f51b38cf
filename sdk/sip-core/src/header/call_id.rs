//! Call-ID (RFC 3261 §20.8) and In-Reply-To (§20.21).

use std::fmt;

use crate::error::HeaderError;
use crate::header::Header;
use crate::header::value::{decode, encode_by_display};
use crate::name::HeaderName;
use crate::scan::{Cursor, WORD};
use crate::syntax::SyntaxError;

/// The name of a call, compared byte by byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId<'a>(pub &'a str);

/// A call that this one answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InReplyTo<'a>(pub &'a str);

pub(crate) fn scan<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, SyntaxError> {
    let start = cursor.position();
    cursor.take1(WORD)?;
    if cursor.eat(b'@') {
        cursor.take1(WORD)?;
    }
    Ok(cursor.since(start))
}

impl<'a> Header<'a> for CallId<'a> {
    const NAME: HeaderName = HeaderName::CallId;
    const LIST: bool = false;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, scan).map(Self)
    }
}

impl<'a> Header<'a> for InReplyTo<'a> {
    const NAME: HeaderName = HeaderName::InReplyTo;
    const LIST: bool = true;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, scan).map(Self)
    }
}

impl fmt::Display for CallId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for InReplyTo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

encode_by_display!(CallId<'_> => CallId, InReplyTo<'_> => InReplyTo);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_ids_are_words() {
        for good in [
            "a84b4c76e66710@pc33.example.com",
            "f81d4fae-7dec",
            "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
        ] {
            assert_eq!(CallId::decode(good).unwrap().to_string(), good);
        }
        for bad in ["", "a b", "a@b@c", "@b", "a@", "a;b", "a,b", "ä"] {
            assert!(CallId::decode(bad).is_err(), "{bad:?}");
        }
    }
}
