//! The figures of a session.

use std::time::Duration;

use rvoip_sans_io::Counters;

use super::MediaSession;
use super::source::AUDIO_RATE;
use crate::quality::{Impairment, PacketLoss, rate};

/// What we sent, and what of it the peer reported.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SentStatistics {
    /// Packets.
    pub packets: u64,
    /// Payload octets.
    pub octets: u64,
    /// Packets that the peer misses, if it said so.
    pub lost: Option<u32>,
    /// The jitter that the peer sees, if it said so.
    pub jitter: Option<Duration>,
}

/// What we received.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ReceivedStatistics {
    /// Packets.
    pub packets: u64,
    /// Payload octets.
    pub octets: u64,
    /// Packets that did not come.
    pub lost: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Packets that came out of order.
    pub reordered: u64,
    /// Packets that came too late to be played.
    pub late: u64,
    /// Packets that were left out to lower the delay, or for which the jitter buffer had no room.
    pub discarded: u64,
    /// Interarrival jitter (RFC 3550 appendix A.8).
    pub jitter: Duration,
    /// What the jitter buffer adds to the way.
    pub delay: Duration,
}

/// The figures of a session since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MediaStatistics {
    /// From us to the peer.
    pub sent: SentStatistics,
    /// From the peer to us.
    pub received: ReceivedStatistics,
    /// There and back, by RTCP.
    pub round_trip: Option<Duration>,
    /// Estimated opinion score of what we hear, 1 to 4.5 (ITU-T G.107); none while nothing was received.
    pub mos_received: Option<f64>,
    /// The same of what the peer hears, from its reports.
    pub mos_sent: Option<f64>,
    /// The codec in use.
    pub codec: Option<&'static str>,
}

#[expect(clippy::cast_precision_loss, reason = "packet counts are far below 2^52")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).clamp(0.0, 1.0) }
}

impl MediaSession {
    /// The figures up to now.
    pub fn statistics(&self) -> MediaStatistics {
        let reception = self.receiving.statistics();
        let jitter = self.player.statistics();
        let half_way = self.reports.round_trip.unwrap_or_default() / 2;
        let frame = Duration::from_millis(self.agreed.as_ref().map_or(20, |agreed| agreed.ptime.into()));
        let received = ReceivedStatistics {
            packets: reception.packets,
            octets: reception.octets,
            // A duplicate makes up for no loss, as it does in a report block (RFC 3550 appendix A.3).
            lost: reception.expected.saturating_sub(reception.packets.saturating_sub(reception.duplicates)),
            duplicates: reception.duplicates,
            reordered: reception.reordered,
            late: jitter.late,
            discarded: jitter.dropped.saturating_add(jitter.overflow).saturating_add(jitter.refused),
            jitter: reception.jitter,
            delay: jitter.current_delay,
        };
        let sent = SentStatistics {
            packets: self.sending.rtp.packets(),
            octets: self.sending.rtp.octets(),
            lost: self.reports.last.map(|block| u32::try_from(block.cumulative_lost).unwrap_or(0)),
            jitter: self.reports.last.map(|block| Duration::from_secs(block.jitter.into()) / AUDIO_RATE),
        };
        let opinion = |missing, all, buffered: Duration| {
            let loss = PacketLoss::random(share(missing, all));
            let delay = half_way.saturating_add(buffered).saturating_add(frame);
            rate(Impairment::G711_CONCEALED, loss, delay).mos
        };
        let unheard = received.lost.saturating_add(received.late).saturating_add(received.discarded);
        let mos_received =
            (received.packets > 0).then(|| opinion(unheard, reception.expected, received.delay));
        let buffered = sent.jitter.unwrap_or_default().saturating_mul(2);
        let mos_sent = sent.lost.map(|lost| opinion(lost.into(), sent.packets, buffered));
        MediaStatistics {
            sent,
            received,
            round_trip: self.reports.round_trip,
            mos_received,
            mos_sent,
            codec: self.agreed.as_ref().map(|agreed| agreed.codec.name()),
        }
    }

    /// What was dropped or happened out of turn, by name.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }
}
