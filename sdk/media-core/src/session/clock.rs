//! A clock that counts in samples, so that it never drifts.

use std::time::Duration;

use rvoip_sans_io::Instant;

/// Who comes later than this does not catch up but goes on from now.
const STALL: Duration = Duration::from_secs(1);

/// A moment and the samples that were due since.
#[derive(Clone, Copy, Debug)]
pub(super) struct MediaClock {
    start: Instant,
    samples: u64,
    rate: u64,
}

impl MediaClock {
    /// A clock of `rate` samples a second whose first frame is due at `start`.
    pub(super) fn new(start: Instant, rate: u32) -> Self {
        Self { start, samples: 0, rate: u64::from(rate.max(1)) }
    }

    /// When the next frame is due.
    pub(super) fn next(&self) -> Instant {
        let seconds = Duration::from_secs(self.samples / self.rate);
        // The remainder is below the rate, so the product stays below 2^62.
        let rest = Duration::from_nanos(self.samples % self.rate * 1_000_000_000 / self.rate);
        self.start + seconds + rest
    }

    /// A frame of `samples` is done with.
    pub(super) fn advance(&mut self, samples: u64) {
        self.samples = self.samples.saturating_add(samples);
    }

    /// Leaves out the whole frames of `frame` samples that were missed in a stall of more than a second; gives the
    /// number of samples left out.
    pub(super) fn skip_stall(&mut self, now: Instant, frame: u64) -> u64 {
        let behind = now.saturating_duration_since(self.next());
        if behind <= STALL {
            return 0;
        }
        let samples = behind.as_nanos() * u128::from(self.rate) / 1_000_000_000;
        let frame = frame.max(1);
        let skipped = u64::try_from(samples).unwrap_or(u64::MAX) / frame * frame;
        self.advance(skipped);
        skipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    #[test]
    fn a_rate_that_divides_nothing_does_not_drift() {
        let mut clock = MediaClock::new(at(5), 11_025);
        for _ in 0..1_000 {
            clock.advance(11_025);
        }
        assert_eq!(clock.next(), at(5 + 1_000_000));
    }

    #[test]
    fn only_a_stall_of_more_than_a_second_is_skipped_and_the_beat_stays() {
        let mut clock = MediaClock::new(at(0), 8_000);
        assert_eq!(clock.skip_stall(at(1_000), 160), 0);
        assert_eq!(clock.skip_stall(at(5_013), 160), 250 * 160);
        assert_eq!(clock.next(), at(5_000));
    }
}
