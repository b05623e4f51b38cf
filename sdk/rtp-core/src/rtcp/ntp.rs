//! Time on the wire (RFC 3550 section 4).

use std::time::Duration;

use rvoip_sans_io::Now;

/// Seconds from 1900-01-01, where NTP counts from, to 1970-01-01, where Unix does.
const UNIX_EPOCH: u64 = 2_208_988_800;

/// An NTP timestamp: seconds since 1900 modulo 2^32 and a fraction of 32 bits (RFC 3550 section 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// The timestamp of `now`, from its Unix clock.
    pub fn new(now: Now) -> Self {
        Self::from_unix(now.unix)
    }

    /// The timestamp of a moment `unix` after 1970-01-01 UTC.
    pub fn from_unix(unix: Duration) -> Self {
        let seconds = unix.as_secs().wrapping_add(UNIX_EPOCH);
        let fraction = (u64::from(unix.subsec_nanos()) << 32) / 1_000_000_000;
        // The shift drops what is above 32 bits: the era is not written (it changes in 2036).
        Self(seconds << 32 | fraction)
    }

    /// The middle 32 bits: units of 1/65536 s, wrapping after 18 hours (RFC 3550 section 4).
    pub fn middle(self) -> u32 {
        u32::try_from((self.0 >> 16) & 0xffff_ffff).unwrap_or_default()
    }
}

/// A duration from units of 1/65536 s.
pub(crate) fn from_middle_units(units: u32) -> Duration {
    Duration::from_nanos((u64::from(units) * 1_000_000_000) >> 16)
}

/// Units of 1/65536 s from a duration, at most `u32::MAX`.
pub(crate) fn to_middle_units(duration: Duration) -> u32 {
    u32::try_from((duration.as_nanos() << 16) / 1_000_000_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figure_of_rfc_3550_is_met() {
        // Section 6.4.1: 10 Nov 1995 11:33:25.125 UTC is 0xb44d_b705:2000_0000.
        let unix = Duration::new(0xb44d_b705 - UNIX_EPOCH, 125_000_000);
        let ntp = NtpTime::from_unix(unix);
        assert_eq!(ntp, NtpTime(0xb44d_b705_2000_0000));
        assert_eq!(ntp.middle(), 0xb705_2000);
    }

    #[test]
    fn the_era_after_2036_wraps() {
        let unix = Duration::from_secs((1 << 32) - UNIX_EPOCH + 1);
        assert_eq!(NtpTime::from_unix(unix), NtpTime(1 << 32));
    }

    #[test]
    fn middle_units_convert_both_ways() {
        assert_eq!(from_middle_units(0x0005_4000), Duration::from_millis(5250));
        assert_eq!(to_middle_units(Duration::from_millis(5250)), 0x0005_4000);
        assert_eq!(to_middle_units(Duration::MAX), u32::MAX);
    }
}
