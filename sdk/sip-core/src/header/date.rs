//! Date (RFC 3261 §20.17), in Greenwich time alone.

use std::fmt;

use nom::bytes::complete::{tag_no_case, take_while_m_n};
use nom::character::complete::{alpha1, char, multispace1};
use nom::combinator::{map_opt, map_res};
use nom::error::Error as NomError;
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use crate::error::{HeaderError, HeaderErrorKind};
use crate::header::Header;
use crate::header::value::{decode, encode_by_display};
use crate::name::HeaderName;
use crate::scan::Cursor;
use crate::syntax::SyntaxError;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// When the message was first sent, to the second. The day of the week is not kept: it follows from the date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// The year, 0 to 9999.
    year: u16,
    /// 1 to 12.
    month: u8,
    /// 1 to 31.
    day: u8,
    /// Since midnight, 0 to 86,399.
    second: u32,
}

impl Date {
    /// The date so many seconds after the start of 1970; `None` from the year 10000 on.
    pub fn from_unix_seconds(seconds: u64) -> Option<Self> {
        let second = u32::try_from(seconds % 86_400).ok()?;
        // The year starts in March here, so that the leap day is its last.
        let days = (seconds / 86_400).checked_add(719_468)?;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = u8::try_from(of_year - (153 * from_march + 2) / 5 + 1).ok()?;
        let month = u8::try_from(if from_march < 10 { from_march + 3 } else { from_march - 9 }).ok()?;
        let year = u16::try_from(era * 400 + year_of_era + u64::from(month <= 2)).ok()?;
        (year <= 9999).then_some(Self { year, month, day, second })
    }

    /// The seconds since the start of 1970; negative before.
    pub fn unix_seconds(self) -> i64 {
        self.days() * 86_400 + i64::from(self.second)
    }

    /// The days since the start of 1970.
    fn days(self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
    }

    /// The day of the week from Monday, 0 to 6: 1970 started on a Thursday.
    fn weekday(self) -> usize {
        usize::try_from((self.days() + 3).rem_euclid(7)).unwrap_or(0)
    }

    fn scan(cursor: &mut Cursor<'_>) -> Result<Self, SyntaxError> {
        let start = cursor.position();
        let text = cursor.rest();
        let read = rfc1123_date(text).ok().and_then(|(rest, parts)| Some((rest, Self::of_parts(parts)?)));
        let Some((rest, date)) = read else {
            return Err(SyntaxError::new(start, HeaderErrorKind::InvalidDate));
        };
        cursor.advance_by(text.len() - rest.len());
        Ok(date)
    }

    /// The date of day, month, year, hour, minute and second, if there is such a date.
    fn of_parts((day, month, year, hour, minute, second): Parts) -> Option<Self> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = match month {
            2 => 28 + u16::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let in_range = (1..=last).contains(&day) && hour < 24 && minute < 60 && second < 60;
        let second = u32::from(hour) * 3_600 + u32::from(minute) * 60 + u32::from(second);
        Some(Self { year, month, day: u8::try_from(day).ok()?, second }).filter(|_| in_range)
    }
}

/// Day, month, year, hour, minute, second.
type Parts = (u16, u8, u16, u16, u16, u16);

/// `Sat, 13 Nov 2010 23:29:00 GMT` (RFC 3261 §25.1, rfc1123-date). A wrong day of the week is let pass: the date says what
/// is meant.
fn rfc1123_date(input: &str) -> IResult<&str, Parts> {
    let (input, _) = terminated(one_of_names(&DAYS), char(',')).parse(input)?;
    let (input, day) = preceded(multispace1, digits(2)).parse(input)?;
    let (input, month) = preceded(multispace1, one_of_names(&MONTHS)).parse(input)?;
    let (input, year) = preceded(multispace1, digits(4)).parse(input)?;
    let (input, hour) = delimited(multispace1, digits(2), char(':')).parse(input)?;
    let (input, minute) = terminated(digits(2), char(':')).parse(input)?;
    let (input, second) = digits(2).parse(input)?;
    let (input, _) = preceded(multispace1, tag_no_case("GMT")).parse(input)?;
    Ok((input, (day, month, year, hour, minute, second)))
}

/// Exactly so many digits.
fn digits<'a>(count: usize) -> impl Parser<&'a str, Output = u16, Error = NomError<&'a str>> {
    map_res(take_while_m_n(count, count, |c: char| c.is_ascii_digit()), str::parse::<u16>)
}

/// One of the names, in any case; gives its number from 1 on.
fn one_of_names<'a>(
    names: &'static [&'static str],
) -> impl Parser<&'a str, Output = u8, Error = NomError<&'a str>> {
    map_opt(alpha1, |word: &str| {
        let at = names.iter().position(|name| name.eq_ignore_ascii_case(word))?;
        u8::try_from(at + 1).ok()
    })
}

impl<'a> Header<'a> for Date {
    const NAME: HeaderName = HeaderName::Date;
    const LIST: bool = false;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, Self::scan)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weekday = DAYS.get(self.weekday()).copied().unwrap_or_default();
        let month = MONTHS.get(usize::from(self.month) - 1).copied().unwrap_or_default();
        let (hour, minute, second) = (self.second / 3_600, self.second / 60 % 60, self.second % 60);
        write!(f, "{weekday}, {:02} {month} {:04} {hour:02}:{minute:02}:{second:02} GMT", self.day, self.year)
    }
}

encode_by_display!(Date => Date);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_seconds_and_back() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sat, 13 Nov 2010 23:29:00 GMT", 1_289_690_940),
            ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Sat, 01 Jan 0000 00:00:00 GMT", -62_167_219_200),
        ] {
            let date = Date::decode(text).unwrap();
            assert_eq!(date.unix_seconds(), seconds, "{text}");
            assert_eq!(date.to_string(), text);
            if let Ok(seconds) = u64::try_from(seconds) {
                assert_eq!(Date::from_unix_seconds(seconds), Some(date));
            }
        }
        assert_eq!(Date::from_unix_seconds(253_402_300_800), None);
        assert_eq!(Date::from_unix_seconds(u64::MAX), None);
        for day in 0..150_000_u64 {
            let seconds = day * 86_400 + day % 86_400;
            let date = Date::from_unix_seconds(seconds).unwrap();
            assert_eq!(date.unix_seconds(), i64::try_from(seconds).unwrap());
            assert_eq!(Date::decode(&date.to_string()), Ok(date));
        }
    }

    #[test]
    fn other_zones_and_days_that_are_none_are_refused() {
        assert!(Date::decode("sat, 13 nov 2010\r\n 23:29:00 gmt").is_ok());
        for bad in [
            "Fri, 01 Jan 2010 16:00:00 EST",
            "Fri, 01 Jan 2010 16:00:00 GMT x",
            "Fri, 01 Jan 2010 16:00:00",
            "Fri, 1 Jan 2010 16:00:00 GMT",
            "Fri, 01 Jan 10 16:00:00 GMT",
            "Fri 01 Jan 2010 16:00:00 GMT",
            "Friday, 01-Jan-10 16:00:00 GMT",
            "Xxx, 01 Jan 2010 16:00:00 GMT",
            "Mon, 29 Feb 2100 00:00:00 GMT",
            "Mon, 31 Apr 2010 00:00:00 GMT",
            "Mon, 00 Apr 2010 00:00:00 GMT",
            "Mon, 01 Apr 2010 24:00:00 GMT",
            "Mon, 01 Apr 2010 00:60:00 GMT",
            "Mon, 01 Apr 2010 00:00:60 GMT",
            "Mon, 01 Apr 2010 00:00:é0 GMT",
        ] {
            assert!(Date::decode(bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            Date::decode("Fri, 01 Jan 2010 16:00:00 EST").unwrap_err().kind,
            HeaderErrorKind::InvalidDate
        );
    }
}
