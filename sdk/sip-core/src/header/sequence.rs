//! `CSeq` (RFC 3261 §20.16) and `RAck` (RFC 3262 §7.2).

use std::fmt;

use crate::error::{HeaderError, HeaderErrorKind};
use crate::header::Header;
use crate::header::number::scan_response_number;
use crate::header::value::{decode, encode_by_display, scan_number};
use crate::method::Method;
use crate::name::HeaderName;
use crate::scan::{Cursor, TOKEN};
use crate::syntax::SyntaxError;

/// The number of a request within its dialog, and its method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    /// The number, below 2^31 (RFC 3261 §8.1.1.5).
    pub sequence: u32,
    /// The method.
    pub method: Method,
}

/// Which reliable provisional response a PRACK acknowledges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RAck {
    /// The `RSeq` of the response.
    pub response: u32,
    /// The `CSeq` number of the response.
    pub sequence: u32,
    /// The `CSeq` method of the response.
    pub method: Method,
}

fn scan_cseq(cursor: &mut Cursor<'_>) -> Result<CSeq, SyntaxError> {
    let start = cursor.position();
    let sequence: u32 = scan_number(cursor)?;
    if sequence >= 1 << 31 {
        return Err(SyntaxError::new(start, HeaderErrorKind::NumberOutOfRange));
    }
    if !cursor.skip_space() {
        return cursor.unexpected();
    }
    match Method::parse(cursor.take1(TOKEN)?) {
        Some(method) => Ok(CSeq { sequence, method }),
        None => cursor.unexpected(),
    }
}

impl<'a> Header<'a> for CSeq {
    const NAME: HeaderName = HeaderName::CSeq;
    const LIST: bool = false;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, scan_cseq)
    }
}

impl<'a> Header<'a> for RAck {
    const NAME: HeaderName = HeaderName::RAck;
    const LIST: bool = false;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, |cursor| {
            let response = scan_response_number(cursor)?;
            if !cursor.skip_space() {
                return cursor.unexpected();
            }
            let CSeq { sequence, method } = scan_cseq(cursor)?;
            Ok(Self { response, sequence, method })
        })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.sequence, self.method)
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.response, self.sequence, self.method)
    }
}

encode_by_display!(CSeq => CSeq, RAck => RAck);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_are_below_two_to_the_31() {
        let cseq = CSeq::decode("0009\r\n  INVITE").unwrap();
        assert_eq!((cseq.sequence, &cseq.method), (9, &Method::Invite));
        assert_eq!(cseq.to_string(), "9 INVITE");
        assert!(CSeq::decode("2147483647 ACK").is_ok());
        assert_eq!(CSeq::decode("2147483648 ACK").unwrap_err().kind, HeaderErrorKind::NumberOutOfRange);
        for bad in ["", "1", "INVITE", "1INVITE", "1 IN VITE", "36893488147419103232 REGISTER", "1 @"] {
            assert!(CSeq::decode(bad).is_err(), "{bad:?}");
        }
        assert_eq!(RAck::decode("776656 1 INVITE").unwrap().to_string(), "776656 1 INVITE");
        assert!(RAck::decode("0 1 INVITE").is_err());
        assert!(RAck::decode("1 INVITE").is_err());
    }
}
