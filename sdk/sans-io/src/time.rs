//! Time as an argument.

use std::time::Duration;

use crate::Instant;

/// The present moment on two clocks, as the platform read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// A clock that never goes back; all timers run on it.
    pub monotonic: Instant,
    /// Time since the Unix epoch in UTC, for what is written on the wire (RTCP, Date, nonces).
    pub unix: Duration,
}

impl Now {
    /// A virtual moment `since_start` after the beginning of a simulation (2026-01-01 00:00 UTC).
    pub fn at(since_start: Duration) -> Self {
        const START: Duration = Duration::from_secs(1_767_225_600);
        Self { monotonic: Instant::ZERO, unix: START }.later(since_start)
    }

    /// The moment `after` this one, for a timer. A wait that no clock can count, such as a peer or a caller may name, leads to
    /// the last moment that there is, centuries ahead.
    #[must_use]
    pub fn after(self, after: Duration) -> Instant {
        self.monotonic.checked_add(after).unwrap_or(Instant::from_nanos(i64::MAX))
    }

    /// The moment `after` this one, on both clocks.
    #[must_use]
    pub fn later(self, after: Duration) -> Self {
        Self { monotonic: self.after(after), unix: self.unix.saturating_add(after) }
    }

    /// The moment when the monotonic clock shows `instant`, if that is not in the past.
    #[must_use]
    pub fn when(self, instant: Instant) -> Self {
        let ahead = instant.checked_duration_since(self.monotonic).unwrap_or_default();
        self.later(ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_advance_together() {
        let start = Now::at(Duration::ZERO);
        let later = start.later(Duration::from_millis(1500));
        assert_eq!(later.monotonic.duration_since(start.monotonic), Duration::from_millis(1500));
        assert_eq!(later.unix, start.unix + Duration::from_millis(1500));
        assert_eq!(start.when(later.monotonic), later);
        assert_eq!(later.when(start.monotonic), later);
    }

    #[test]
    fn a_wait_beyond_all_clocks_ends_at_the_last_moment() {
        let now = Now::at(Duration::from_secs(7));
        for endless in [Duration::MAX, Duration::from_secs(u64::MAX), Duration::from_nanos(i64::MAX as u64)] {
            assert_eq!(now.after(endless), Instant::from_nanos(i64::MAX));
        }
        assert_eq!(now.later(Duration::MAX).unix, Duration::MAX);
    }
}
