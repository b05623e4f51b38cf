//! What one source sends (RFC 3550 sections 5.1 and 6.4.1).

use rvoip_sans_io::{Instant, Now, Random};

use crate::packet::RtpHeader;
use crate::rtcp::{NtpTime, SenderInfo};
use crate::units::{from_duration, wrapped};

/// The sequence, the media clock and the counts of one source that is sent.
#[derive(Clone, Debug)]
pub struct RtpSender {
    ssrc: u32,
    clock_rate: u32,
    sequence: u16,
    timestamp: u32,
    packets: u64,
    octets: u64,
    /// A moment and what the media clock showed then.
    reference: Option<(Instant, u32)>,
    last_sent: Option<Instant>,
}

impl RtpSender {
    /// A source with a random first sequence number and timestamp (RFC 3550 section 5.1); `clock_rate` in hertz.
    pub fn new(ssrc: u32, clock_rate: u32, random: &mut Random) -> Self {
        // The upper half is left out, so that no wrap comes in the first minutes: receivers that decrypt guess better.
        let sequence = u16::try_from(random.below(0x8000)).unwrap_or(0);
        Self {
            ssrc,
            clock_rate: clock_rate.max(1),
            sequence,
            timestamp: random.u32(),
            packets: 0,
            octets: 0,
            reference: None,
            last_sent: None,
        }
    }

    /// The source.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The media clock: the timestamp of what is sampled next.
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Moves the media clock on by `units` of the clock rate, whether or not a packet was sent for them.
    pub fn advance(&mut self, units: u32) {
        self.timestamp = self.timestamp.wrapping_add(units);
    }

    /// Appends a packet with what was sampled from [`timestamp`](Self::timestamp) on; the media clock moves on by
    /// `units`.
    pub fn packet(
        &mut self,
        now: Now,
        marker: bool,
        payload_type: u8,
        units: u32,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) {
        self.reference = Some((now.monotonic, self.timestamp));
        self.packet_at(now, marker, payload_type, self.timestamp, payload, out);
        self.advance(units);
    }

    /// Appends a packet with a timestamp of its own, such as the fixed one of a telephone event (RFC 4733 section
    /// 2.2.1); the media clock stays.
    pub fn packet_at(
        &mut self,
        now: Now,
        marker: bool,
        payload_type: u8,
        timestamp: u32,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) {
        let header = RtpHeader { marker, payload_type, sequence: self.sequence, timestamp, ssrc: self.ssrc };
        header.write(payload, out);
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = self.packets.saturating_add(1);
        self.octets = self.octets.saturating_add(u64::try_from(payload.len()).unwrap_or(0));
        self.reference.get_or_insert((now.monotonic, self.timestamp));
        self.last_sent = Some(now.monotonic);
    }

    /// Packets sent.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Payload octets sent.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// When the last packet was sent: who sent within the last two RTCP intervals reports as a sender (RFC 3550
    /// section 6.3.8).
    pub fn last_sent(&self) -> Option<Instant> {
        self.last_sent
    }

    /// What a sender report says at `now`, or `None` if nothing was sent (RFC 3550 section 6.4.1).
    pub fn info(&self, now: Now) -> Option<SenderInfo> {
        let (at, timestamp) = self.reference?;
        let since = now.monotonic.checked_duration_since(at).unwrap_or_default();
        Some(SenderInfo {
            ntp: NtpTime::new(now),
            rtp_timestamp: timestamp.wrapping_add(wrapped(from_duration(since, self.clock_rate))),
            packets: wrapped(self.packets),
            octets: wrapped(self.octets),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::RtpPacket;

    #[test]
    fn packets_follow_each_other_over_the_wraps() {
        let mut sender = RtpSender::new(7, 8000, &mut Random::from_number(1));
        (sender.sequence, sender.timestamp) = (u16::MAX, u32::MAX - 159);
        let now = Now::at(Duration::ZERO);
        let mut sent = Vec::new();
        for marker in [true, false] {
            let mut out = Vec::new();
            sender.packet(now, marker, 8, 160, &[0xd5; 160], &mut out);
            let header = RtpPacket::parse(&out).unwrap().header();
            sent.push((header.marker, header.payload_type, header.sequence, header.timestamp, header.ssrc));
        }
        assert_eq!(sent, [(true, 8, u16::MAX, u32::MAX - 159, 7), (false, 8, 0, 0, 7)]);
        assert_eq!((sender.packets(), sender.octets(), sender.timestamp()), (2, 320, 160));
    }

    #[test]
    fn the_start_is_random() {
        let starts: Vec<_> =
            (0..20).map(|seed| RtpSender::new(1, 8000, &mut Random::from_number(seed))).collect();
        assert!(starts.windows(2).all(|pair| pair[0].sequence != pair[1].sequence));
        assert!(starts.windows(2).all(|pair| pair[0].timestamp != pair[1].timestamp));
        assert!(starts.iter().all(|sender| sender.sequence < 0x8000));
    }

    #[test]
    fn a_sender_report_carries_the_media_clock_of_its_own_moment() {
        let mut sender = RtpSender::new(7, 8000, &mut Random::from_number(1));
        let start = Now::at(Duration::from_secs(3));
        assert_eq!(sender.info(start), None);
        let first = sender.timestamp();
        sender.packet(start, true, 0, 160, &[0; 160], &mut Vec::new());
        sender.packet_at(start, true, 101, first, &[0; 4], &mut Vec::new());
        let later = start.later(Duration::from_millis(1500));
        let info = sender.info(later).unwrap();
        assert_eq!(info.ntp, NtpTime::new(later));
        assert_eq!(info.rtp_timestamp, first.wrapping_add(12_000));
        assert_eq!((info.packets, info.octets), (2, 164));
        assert_eq!(sender.last_sent(), Some(start.monotonic));
    }
}
