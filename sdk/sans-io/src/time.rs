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
        Self { monotonic: Instant::ZERO + since_start, unix: START + since_start }
    }

    /// The moment `after` this one.
    #[must_use]
    pub fn later(self, after: Duration) -> Self {
        Self { monotonic: self.monotonic + after, unix: self.unix + after }
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
}
