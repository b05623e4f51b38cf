//! How long something takes: Timestamp (RFC 3261 §20.38), Retry-After (§20.33).

use std::fmt;
use std::time::Duration;

use crate::error::HeaderError;
use crate::header::Header;
use crate::header::comment::scan_comment;
use crate::header::value::{decode, digits, encode_by_display, saturating_seconds, scan_seconds};
use crate::name::HeaderName;
use crate::params::Params;
use crate::scan::Cursor;
use crate::syntax::SyntaxError;
use crate::text::write_unfolded;

/// When the request was sent, on the sender's own clock; a response repeats it as it is and adds its delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp<'a> {
    /// Seconds, as a decimal fraction.
    pub timestamp: &'a str,
    /// Seconds between request and response, as a decimal fraction; empty means none.
    pub delay: Option<&'a str>,
}

impl Timestamp<'_> {
    /// When the request was sent, from an origin that the sender alone knows; truncated to nanoseconds.
    pub fn time(&self) -> Duration {
        decimal(self.timestamp)
    }

    /// How long the response took, truncated to nanoseconds; zero where it does not say.
    pub fn delay_time(&self) -> Duration {
        self.delay.map(decimal).unwrap_or_default()
    }
}

/// A decimal fraction in seconds; what exceeds 2^64-1 seconds counts as that.
fn decimal(text: &str) -> Duration {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = if whole.is_empty() { 0 } else { whole.parse().unwrap_or(u64::MAX) };
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanoseconds = digits.fold(0, |sum, digit| sum * 10 + u32::from(digit.saturating_sub(b'0')));
    Duration::new(whole, nanoseconds)
}

/// Digits with a fraction or without; both may lack digits.
fn scan_decimal<'a>(cursor: &mut Cursor<'a>) -> &'a str {
    let start = cursor.position();
    let skip_digits = |cursor: &mut Cursor<'a>| {
        while cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            cursor.advance();
        }
    };
    skip_digits(cursor);
    if cursor.eat(b'.') {
        skip_digits(cursor);
    }
    cursor.since(start)
}

impl<'a> Timestamp<'a> {
    fn scan(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        digits(&mut cursor.clone())?;
        let timestamp = scan_decimal(cursor);
        let delay = cursor.skip_space() && !cursor.at_end();
        Ok(Self { timestamp, delay: delay.then(|| scan_decimal(cursor)) })
    }
}

impl<'a> Header<'a> for Timestamp<'a> {
    const NAME: HeaderName = HeaderName::Timestamp;
    const LIST: bool = false;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, Self::scan)
    }
}

impl fmt::Display for Timestamp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.timestamp)?;
        match self.delay {
            Some(delay) if !delay.is_empty() => write!(f, " {delay}"),
            Some(_) | None => Ok(()),
        }
    }
}

/// When to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter<'a> {
    /// In how many seconds; above 2^32-1 it counts as that.
    pub seconds: u32,
    /// A comment, with its parentheses.
    pub comment: Option<&'a str>,
    /// The header's parameters.
    pub params: Params<'a>,
}

impl<'a> RetryAfter<'a> {
    /// To be tried again in so many seconds.
    pub fn new(seconds: u32) -> Self {
        Self { seconds, comment: None, params: Params::EMPTY }
    }

    /// For how many seconds the other will be there then; above 2^32-1 it counts as that.
    pub fn duration(&self) -> Option<u32> {
        let value = self.params.value("duration")?;
        value.bytes().all(|byte| byte.is_ascii_digit()).then(|| saturating_seconds(value))
    }

    fn scan(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        let seconds = scan_seconds(cursor)?;
        cursor.skip_space();
        let comment = if cursor.peek() == Some(b'(') { Some(scan_comment(cursor)?) } else { None };
        Ok(Self { seconds, comment, params: Params::scan_header(cursor)? })
    }
}

impl<'a> Header<'a> for RetryAfter<'a> {
    const NAME: HeaderName = HeaderName::RetryAfter;
    const LIST: bool = false;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, Self::scan)
    }
}

impl fmt::Display for RetryAfter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seconds)?;
        if let Some(comment) = self.comment {
            f.write_str(" ")?;
            write_unfolded(f, comment)?;
        }
        self.params.fmt(f)
    }
}

encode_by_display!(Timestamp<'_> => Timestamp, RetryAfter<'_> => RetryAfter);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_repeated_as_they_are() {
        let stamp = Timestamp::decode("54.21 \t 0.0000000019").unwrap();
        assert_eq!(stamp.time(), Duration::from_millis(54_210));
        assert_eq!(stamp.delay_time(), Duration::from_nanos(1));
        assert_eq!(stamp.to_string(), "54.21 0.0000000019");
        assert_eq!(Timestamp::decode("54.").unwrap().to_string(), "54.");
        assert_eq!(Timestamp::decode("1 .5").unwrap().delay_time(), Duration::from_millis(500));
        assert_eq!(Timestamp::decode("99999999999999999999").unwrap().time().as_secs(), u64::MAX);
        for bad in ["", ".5", "-1", "1 2 3", "1 x", "1.2.3", "1 -"] {
            assert!(Timestamp::decode(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn retries_have_comments_and_durations() {
        let retry = RetryAfter::decode("18000;duration=3600").unwrap();
        assert_eq!((retry.seconds, retry.duration()), (18_000, Some(3_600)));
        let retry = RetryAfter::decode("120 (I'm in\r\n a (long) meeting) ; x=y").unwrap();
        assert_eq!(retry.comment, Some("(I'm in\r\n a (long) meeting)"));
        assert_eq!(retry.to_string(), "120 (I'm in a (long) meeting); x=y");
        assert_eq!(RetryAfter::decode("949302838503028349304023988").unwrap().seconds, u32::MAX);
        assert_eq!(RetryAfter::decode("1;duration=x").unwrap().duration(), None);
        assert_eq!(RetryAfter::new(5).to_string(), "5");
        for bad in ["", "x", "-1", "1 (", "1 x", "Fri, 26 Sep 1997 15:00:00 GMT", "1;;"] {
            assert!(RetryAfter::decode(bad).is_err(), "{bad:?}");
        }
    }
}
