//! Session-Expires and Min-SE (RFC 4028 §4, §5).

use std::fmt;

use crate::error::{HeaderError, HeaderErrorKind};
use crate::header::Header;
use crate::header::value::{decode, encode_by_display, scan_seconds};
use crate::name::HeaderName;
use crate::params::Params;
use crate::scan::Cursor;
use crate::syntax::SyntaxError;

/// Who refreshes the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    /// Who sent the request.
    Uac,
    /// Who answers it.
    Uas,
}

impl Refresher {
    fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("uac") {
            Some(Self::Uac)
        } else if text.eq_ignore_ascii_case("uas") {
            Some(Self::Uas)
        } else {
            None
        }
    }
}

/// After how long a session ends that nobody refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionExpires<'a> {
    /// In seconds; above 2^32-1 it counts as that.
    pub seconds: u32,
    /// The parameters, `refresher` among them.
    pub params: Params<'a>,
}

/// The shortest session interval that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinSe<'a> {
    /// In seconds; above 2^32-1 it counts as that.
    pub seconds: u32,
    /// The parameters.
    pub params: Params<'a>,
}

impl<'a> SessionExpires<'a> {
    /// An interval in seconds, and who refreshes where that is decided.
    pub fn new(seconds: u32, refresher: Option<Refresher>) -> Self {
        let params = match refresher {
            None => "",
            Some(Refresher::Uac) => ";refresher=uac",
            Some(Refresher::Uas) => ";refresher=uas",
        };
        Self { seconds, params: Params::parse(params).unwrap_or_default() }
    }

    /// Who refreshes; `None` where that is not decided yet.
    pub fn refresher(&self) -> Option<Refresher> {
        self.params.value("refresher").and_then(Refresher::parse)
    }

    fn scan(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        let seconds = scan_seconds(cursor)?;
        let start = cursor.position();
        let params = Params::scan_header(cursor)?;
        match params.get("refresher") {
            Some(value) if value.and_then(Refresher::parse).is_none() => {
                Err(SyntaxError::new(start, HeaderErrorKind::InvalidParameter))
            }
            Some(_) | None => Ok(Self { seconds, params }),
        }
    }
}

impl MinSe<'_> {
    /// An interval in seconds.
    pub fn new(seconds: u32) -> Self {
        Self { seconds, params: Params::EMPTY }
    }
}

impl<'a> Header<'a> for SessionExpires<'a> {
    const NAME: HeaderName = HeaderName::SessionExpires;
    const LIST: bool = false;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, Self::scan)
    }
}

impl<'a> Header<'a> for MinSe<'a> {
    const NAME: HeaderName = HeaderName::MinSe;
    const LIST: bool = false;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, |cursor| {
            Ok(Self { seconds: scan_seconds(cursor)?, params: Params::scan_header(cursor)? })
        })
    }
}

impl fmt::Display for SessionExpires<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.seconds, self.params)
    }
}

impl fmt::Display for MinSe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.seconds, self.params)
    }
}

encode_by_display!(SessionExpires<'_> => SessionExpires, MinSe<'_> => MinSe);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_and_refreshers_are_read() {
        let session = SessionExpires::decode("4000;Refresher = UAC").unwrap();
        assert_eq!((session.seconds, session.refresher()), (4000, Some(Refresher::Uac)));
        assert_eq!(SessionExpires::decode("1800").unwrap().refresher(), None);
        for refresher in [None, Some(Refresher::Uac), Some(Refresher::Uas)] {
            let written = SessionExpires::new(90, refresher).to_string();
            assert_eq!(SessionExpires::decode(&written).unwrap().refresher(), refresher);
        }
        assert_eq!(MinSe::decode("60;lr").unwrap().to_string(), "60;lr");
        assert_eq!(MinSe::new(90).to_string(), "90");
        for bad in ["", "x", "90;refresher", "90;refresher=me", "90 90", "-1", "90;"] {
            assert!(SessionExpires::decode(bad).is_err(), "{bad:?}");
        }
        assert!(MinSe::decode("90,90").is_err());
    }
}
