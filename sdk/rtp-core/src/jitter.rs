//! Interarrival jitter (RFC 3550 section 6.4.1 and appendix A.8).

use rvoip_sans_io::Instant;

use crate::units::{from_duration, wrapped};

/// The interarrival jitter, kept in sixteenths (RFC 3550 appendix A.8).
#[derive(Clone, Debug, Default)]
pub(crate) struct Jitter {
    sixteenths: u64,
    first_arrival: Option<Instant>,
    /// Transit and timestamp of the previous packet.
    previous: Option<(u32, u32)>,
}

impl Jitter {
    /// Takes a packet into account that is no duplicate.
    pub(crate) fn received(&mut self, now: Instant, timestamp: u32, clock_rate: u32) {
        let first = *self.first_arrival.get_or_insert(now);
        let since = now.checked_duration_since(first).unwrap_or_default();
        let arrival = wrapped(from_duration(since, clock_rate));
        let transit = arrival.wrapping_sub(timestamp);
        match self.previous {
            // Packets that share a timestamp were not sent when they were sampled: they tell nothing of the network.
            Some((_, previous)) if previous == timestamp => return,
            Some((previous, _)) => {
                let difference = transit.wrapping_sub(previous).cast_signed().unsigned_abs();
                self.sixteenths = self.sixteenths + u64::from(difference) - ((self.sixteenths + 8) >> 4);
            }
            None => {}
        }
        self.previous = Some((transit, timestamp));
    }

    /// The next packet has nothing in common with the previous one.
    pub(crate) fn forget_transit(&mut self) {
        self.previous = None;
    }

    /// The estimate in units of the clock rate.
    pub(crate) fn units(&self) -> u32 {
        u32::try_from(self.sixteenths >> 4).unwrap_or(u32::MAX)
    }
}
