//! Packets that wait, and the timeline that gives them their moment.

use bytes::Bytes;

/// A packet in the buffer.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    /// Position on the timeline of `epoch`, in microseconds of media.
    pub(super) moment: i64,
    /// Counts the timelines; a packet of an earlier one has no moment that means anything now.
    pub(super) epoch: u64,
    /// When it came, in microseconds.
    pub(super) arrival: i64,
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    pub(super) payload: Bytes,
}

/// Makes one line of timestamps that wrap around.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    clock_rate: i64,
    anchor: Option<(u32, i64)>,
}

impl Timeline {
    pub(super) fn new(clock_rate: u32) -> Self {
        Self { clock_rate: i64::from(clock_rate.max(1)), anchor: None }
    }

    /// Starts a line at `timestamp`.
    pub(super) fn start(&mut self, timestamp: u32) {
        self.anchor = Some((timestamp, 0));
    }

    /// Ticks since the start of the line, if there is one.
    fn ticks(&self, timestamp: u32) -> Option<i64> {
        let (last, ticks) = self.anchor?;
        // The nearest of all timestamps that look the same.
        let difference = timestamp.wrapping_sub(last).cast_signed();
        Some(ticks.saturating_add(i64::from(difference)))
    }

    /// Microseconds since the start of the line.
    pub(super) fn moment(&self, timestamp: u32) -> Option<i64> {
        self.ticks(timestamp).map(|ticks| ticks.saturating_mul(1_000_000) / self.clock_rate)
    }

    /// Moves the anchor to a timestamp that was believed.
    pub(super) fn follow(&mut self, timestamp: u32) {
        if let Some(ticks) = self.ticks(timestamp) {
            self.anchor = Some((timestamp, ticks));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_go_on_over_the_wrap_and_back() {
        let mut line = Timeline::new(8_000);
        assert_eq!(line.moment(5), None);
        line.start(u32::MAX - 79);
        assert_eq!(line.moment(80), Some(20_000));
        line.follow(80);
        assert_eq!(line.moment(u32::MAX - 79), Some(0));
        assert_eq!(line.moment(8_080), Some(1_020_000));
    }
}
