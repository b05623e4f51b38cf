//! The distribution of network delays over the last seconds, and the delay that covers it.

use std::collections::VecDeque;

/// Packets that the long memory holds: 10 s of 20 ms packets.
const LONG: usize = 512;
/// Packets that the short memory holds, which makes the target follow a worsening network.
const SHORT: usize = 32;

/// Delays in microseconds, by an arbitrary zero.
#[derive(Clone, Debug)]
pub(super) struct DelayTracker {
    /// In order of arrival, oldest first.
    arrivals: VecDeque<i64>,
    /// The same values in order of size.
    sorted: Vec<i64>,
    min: i64,
    max: i64,
    target: i64,
}

impl DelayTracker {
    /// A tracker whose target stays between `min` and `max` microseconds and starts at `start`.
    pub(super) fn new(min: i64, max: i64, start: i64) -> Self {
        Self { arrivals: VecDeque::new(), sorted: Vec::new(), min, max, target: start.clamp(min, max) }
    }

    /// Forgets all delays but keeps the target.
    pub(super) fn clear(&mut self) {
        self.arrivals.clear();
        self.sorted.clear();
    }

    /// The delay of the fastest packet.
    pub(super) fn base(&self) -> Option<i64> {
        self.sorted.first().copied()
    }

    /// The delay over that of the fastest packet at which to play.
    pub(super) fn target(&self) -> i64 {
        self.target
    }

    /// Takes the delay of one packet that lasts `step` microseconds.
    pub(super) fn record(&mut self, delay: i64, step: i64) {
        if self.arrivals.len() >= LONG
            && let Some(oldest) = self.arrivals.pop_front()
            && let Ok(place) = self.sorted.binary_search(&oldest)
        {
            self.sorted.remove(place);
        }
        self.arrivals.push_back(delay);
        let place = self.sorted.partition_point(|other| *other < delay);
        self.sorted.insert(place, delay);

        let wanted = self.wanted().saturating_add(step / 4).clamp(self.min, self.max);
        if wanted >= self.target {
            self.target = wanted;
        } else {
            // Slow: half of the way takes about three seconds.
            self.target -= ((self.target - wanted) / 256).max(1);
        }
    }

    /// What covers 99 % of the long memory and 90 % of the short one.
    fn wanted(&self) -> i64 {
        let base = self.base().unwrap_or(0);
        let allowed = self.sorted.len() / 100;
        let long = self.sorted.iter().rev().nth(allowed).copied().unwrap_or(base);
        let mut recent = [i64::MIN; SHORT];
        for (slot, delay) in recent.iter_mut().zip(self.arrivals.iter().rev()) {
            *slot = *delay;
        }
        recent.sort_unstable_by(|a, b| b.cmp(a));
        let short = recent.get(SHORT / 10).copied().unwrap_or(base);
        long.max(short).saturating_sub(base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracker() -> DelayTracker {
        DelayTracker::new(10_000, 200_000, 40_000)
    }

    #[test]
    fn rises_within_a_few_packets_and_falls_over_seconds() {
        let mut delays = tracker();
        for _ in 0..1_000 {
            delays.record(5_000, 20_000);
        }
        let calm = delays.target();
        assert!(calm < 15_000, "{calm}");
        for _ in 0..8 {
            delays.record(85_000, 20_000);
        }
        assert_eq!(delays.target(), 85_000);
        for _ in 0..50 {
            delays.record(5_000, 20_000);
        }
        assert!(delays.target() > 60_000);
        for _ in 0..1_500 {
            delays.record(5_000, 20_000);
        }
        assert!(delays.target() < 15_000);
    }

    #[test]
    fn one_spike_moves_nothing() {
        let mut delays = tracker();
        for index in 0..2_000 {
            delays.record(if index % 300 == 299 { 180_000 } else { 0 }, 20_000);
        }
        assert!(delays.target() < 15_000);
    }

    #[test]
    fn stays_within_its_limits_for_any_input() {
        let mut delays = tracker();
        for delay in [i64::MAX, i64::MIN, 0, i64::MAX, i64::MAX, -5] {
            delays.record(delay, i64::MAX);
            assert!((10_000..=200_000).contains(&delays.target()));
        }
    }
}
