//! Durations and units of a clock rate.

use std::time::Duration;

/// Whole units of a clock of `clock_rate` hertz in `duration`.
pub(crate) fn from_duration(duration: Duration, clock_rate: u32) -> u64 {
    u64::try_from(duration.as_nanos() * u128::from(clock_rate) / 1_000_000_000).unwrap_or(u64::MAX)
}

/// The duration of `units` of a clock of `clock_rate` hertz, to the nanosecond.
pub(crate) fn to_duration(units: u64, clock_rate: u32) -> Duration {
    let rate = u64::from(clock_rate.max(1));
    // The remainder is below the clock rate, so the product stays below 2^62.
    Duration::from_secs(units / rate) + Duration::from_nanos(units % rate * 1_000_000_000 / rate)
}

/// The low 32 bits: what a wrapping field of the wire shows of a long count.
pub(crate) fn wrapped(count: u64) -> u32 {
    u32::try_from(count & 0xffff_ffff).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversion_is_exact_both_ways() {
        assert_eq!(from_duration(Duration::from_millis(20), 8000), 160);
        assert_eq!(to_duration(160, 8000), Duration::from_millis(20));
        assert_eq!(to_duration(u64::MAX, 0).as_secs(), u64::MAX);
        assert_eq!(from_duration(Duration::MAX, u32::MAX), u64::MAX);
        assert_eq!(wrapped(0x1_0000_0002), 2);
    }
}
