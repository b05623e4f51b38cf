//! Whether settings can be used: written into messages, counted by clocks, and done by this platform.

use std::ops::RangeInclusive;
use std::time::Duration;

use rvoip_driver::ABILITIES;

use crate::{ClientConfig, ErrorKind, Result};

const MILLISECOND: Duration = Duration::from_millis(1);
/// What one waits for a machine.
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
/// What one waits for people. Longer is a mistake in the unit.
const YEAR: Duration = Duration::from_secs(366 * 86_400);
/// More often is work without end.
const OFTEN: Duration = Duration::from_millis(10);

/// A setting that is a duration, and what it may be.
struct Limit {
    name: &'static str,
    value: Duration,
    range: RangeInclusive<Duration>,
    /// The range in words.
    words: &'static str,
    /// Zero has a meaning of its own.
    or_zero: bool,
}

fn limits(config: &ClientConfig) -> [Limit; 8] {
    let ClientConfig { timers, media, close_deadline, .. } = config;
    let limit = |name, value, range, words| Limit { name, value, range, words, or_zero: false };
    let or_zero = |name, value, range, words| Limit { name, value, range, words, or_zero: true };
    [
        limit("timers.t1", timers.t1, MILLISECOND..=MINUTE, "0.001 to 60"),
        limit("timers.t2", timers.t2, MILLISECOND..=HOUR, "0.001 to 3,600"),
        limit("timers.t4", timers.t4, MILLISECOND..=HOUR, "0.001 to 3,600"),
        limit("timers.ringing", timers.ringing, MILLISECOND..=YEAR, "0.001 to 31,622,400"),
        or_zero("close_deadline", *close_deadline, MILLISECOND..=HOUR, "0 to 3,600"),
        or_zero("media.timeout", media.timeout, MILLISECOND..=YEAR, "0 (for ever) to 31,622,400"),
        or_zero(
            "media.statistics_interval",
            media.statistics_interval,
            OFTEN..=HOUR,
            "0 (never), or 0.01 to 3,600",
        ),
        or_zero("media.levels_interval", media.levels_interval, OFTEN..=HOUR, "0 (never), or 0.01 to 3,600"),
    ]
}

/// Refuses settings with which no client can start.
pub(crate) fn usable(config: &ClientConfig) -> Result<()> {
    let refuse = |reason: String| Err(ErrorKind::InvalidArgument.error(reason));
    for Limit { name, value, range, words, or_zero } in limits(config) {
        if !(range.contains(&value) || or_zero && value.is_zero()) {
            return refuse(format!("{name} is {words} seconds"));
        }
    }
    let known = |name: &str| ABILITIES.codecs.iter().any(|codec| codec.eq_ignore_ascii_case(name));
    if let Some(strange) = config.media.codecs.iter().find(|name| !known(name)) {
        return refuse(format!("there is no codec {strange:?} here"));
    }
    if config.media.codecs.is_empty() {
        return refuse("there is no call without a codec".to_owned());
    }
    // A header field is one line (RFC 3261 §25.1: TEXT-UTF8, without control characters but the tab).
    if config.user_agent.chars().any(|letter| letter.is_control() && letter != '\t') {
        return refuse("the name of the user agent has control characters".to_owned());
    }
    let urn = |name: &String| {
        let letter = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\');
        name.len() > 4 && name.is_ascii() && name.starts_with("urn:") && name.bytes().all(letter)
    };
    if config.instance.as_ref().is_none_or(urn) {
        Ok(())
    } else {
        refuse("the name of the device is not a URN such as urn:uuid:…".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut ClientConfig)) -> Result<()> {
        let mut config = ClientConfig::default();
        change(&mut config);
        usable(&config)
    }

    #[test]
    fn a_duration_that_is_no_use_is_refused_by_name() {
        assert_eq!(usable(&ClientConfig::default()), Ok(()));
        let (endless, none) = (Duration::MAX, Duration::ZERO);
        let named = |result: Result<()>, name: &str| {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.reason().starts_with(name), "{error}");
        };
        for bad in [endless, none] {
            named(with(|config| config.timers.t1 = bad), "timers.t1");
            named(with(|config| config.timers.t2 = bad), "timers.t2");
            named(with(|config| config.timers.t4 = bad), "timers.t4");
            named(with(|config| config.timers.ringing = bad), "timers.ringing");
        }
        named(with(|config| config.media.timeout = endless), "media.timeout");
        named(with(|config| config.media.statistics_interval = endless), "media.statistics_interval");
        named(with(|config| config.media.statistics_interval = MILLISECOND), "media.statistics_interval");
        named(with(|config| config.media.levels_interval = endless), "media.levels_interval");
        named(with(|config| config.close_deadline = endless), "close_deadline");
        assert_eq!(with(|config| config.media.timeout = none), Ok(()));
        assert_eq!(with(|config| config.media.statistics_interval = none), Ok(()));
        assert_eq!(with(|config| config.close_deadline = none), Ok(()));
    }

    #[test]
    fn a_name_that_would_break_a_message_is_refused() {
        for bad in ["phone\r\nEvil: 1", "phone\0", "phone\u{7f}"] {
            let refused = with(|config| config.user_agent = bad.to_owned());
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidArgument, "{bad:?}");
        }
        for good in ["", "Wählscheibe/1 (ä)"] {
            assert_eq!(with(|config| config.user_agent = good.to_owned()), Ok(()), "{good:?}");
        }
    }
}
