//! Report blocks and the sender's information (RFC 3550 section 6.4).

use std::time::Duration;

use super::ntp::{NtpTime, from_middle_units};

/// Octets of one report block.
pub(crate) const BLOCK: usize = 24;
/// How far below zero a round trip may come out because both clocks are read in units of 1/65536 s: about 4 ms.
const ROUNDING: i32 = 256;

/// What a receiver says of one source (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source that is reported on.
    pub ssrc: u32,
    /// The share of packets lost since the previous report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the beginning, −2^23 to 2^23 − 1; negative if duplicates outweigh losses.
    pub cumulative_lost: i32,
    /// The highest sequence number received, in the low 16 bits, and the number of its wraps above.
    pub highest_sequence: u32,
    /// The interarrival jitter in units of the payload's clock rate.
    pub jitter: u32,
    /// The middle of the NTP timestamp of the last sender report; 0 if there was none.
    pub last_sr: u32,
    /// The time since that sender report came, in 1/65536 s.
    pub delay_since_last_sr: u32,
}

impl ReportBlock {
    /// The time to the reporter and back, from the moment at which the report arrived (RFC 3550 section 6.4.1).
    ///
    /// `None` if the reporter has not received a sender report yet or the fields contradict the clock.
    pub fn round_trip(&self, arrival: NtpTime) -> Option<Duration> {
        if self.last_sr == 0 {
            return None;
        }
        let units =
            arrival.middle().wrapping_sub(self.last_sr).wrapping_sub(self.delay_since_last_sr).cast_signed();
        match u32::try_from(units) {
            Ok(units) => Some(from_middle_units(units)),
            Err(_) if units >= -ROUNDING => Some(Duration::ZERO),
            Err(_) => None,
        }
    }

    pub(crate) fn parse(bytes: &[u8; BLOCK]) -> Self {
        let [
            s0,
            s1,
            s2,
            s3,
            fraction_lost,
            c0,
            c1,
            c2,
            h0,
            h1,
            h2,
            h3,
            j0,
            j1,
            j2,
            j3,
            l0,
            l1,
            l2,
            l3,
            d0,
            d1,
            d2,
            d3,
        ] = *bytes;
        Self {
            ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
            fraction_lost,
            // Shifting down from the top of the word extends the sign of the 24 bits.
            cumulative_lost: i32::from_be_bytes([c0, c1, c2, 0]) >> 8,
            highest_sequence: u32::from_be_bytes([h0, h1, h2, h3]),
            jitter: u32::from_be_bytes([j0, j1, j2, j3]),
            last_sr: u32::from_be_bytes([l0, l1, l2, l3]),
            delay_since_last_sr: u32::from_be_bytes([d0, d1, d2, d3]),
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let lost = self.cumulative_lost.clamp(-0x0080_0000, 0x007f_ffff);
        let [_, c0, c1, c2] = lost.to_be_bytes();
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(&[self.fraction_lost, c0, c1, c2]);
        out.extend_from_slice(&self.highest_sequence.to_be_bytes());
        out.extend_from_slice(&self.jitter.to_be_bytes());
        out.extend_from_slice(&self.last_sr.to_be_bytes());
        out.extend_from_slice(&self.delay_since_last_sr.to_be_bytes());
    }
}

/// The report blocks of one packet, at most 31.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportBlocks<'a>(&'a [u8]);

impl<'a> ReportBlocks<'a> {
    /// The first `count` blocks of `body`, or `None` if it is too short.
    pub(crate) fn take(body: &'a [u8], count: u8) -> Option<Self> {
        body.get(..usize::from(count) * BLOCK).map(Self)
    }
}

impl Iterator for ReportBlocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (first, rest) = self.0.split_first_chunk::<BLOCK>()?;
        self.0 = rest;
        Some(ReportBlock::parse(first))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = self.0.len() / BLOCK;
        (count, Some(count))
    }
}

impl ExactSizeIterator for ReportBlocks<'_> {}

/// What a sender says of itself (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// The wall clock when the report was sent.
    pub ntp: NtpTime,
    /// The same moment on the clock of the RTP timestamps.
    pub rtp_timestamp: u32,
    /// Packets sent since the beginning, wrapping.
    pub packets: u32,
    /// Payload octets sent since the beginning, wrapping.
    pub octets: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_round_trip_of_the_figure_is_met() {
        // RFC 3550 section 6.4.1 figure 2: A = 0xb710:8000, LSR = 0xb705:2000, DLSR = 0x0005:4000.
        let block =
            ReportBlock { last_sr: 0xb705_2000, delay_since_last_sr: 0x0005_4000, ..ReportBlock::default() };
        let arrival = NtpTime(0xb44d_b710_8000_0000);
        assert_eq!(block.round_trip(arrival), Some(Duration::from_millis(6125)));
    }

    #[test]
    fn a_round_trip_needs_a_sender_report_and_a_sane_delay() {
        let arrival = NtpTime(0x0000_0010_0000_0000);
        assert_eq!(ReportBlock::default().round_trip(arrival), None);
        let block =
            ReportBlock { last_sr: 0x000f_0000, delay_since_last_sr: 0x0001_0001, ..ReportBlock::default() };
        assert_eq!(block.round_trip(arrival), Some(Duration::ZERO));
        let block = ReportBlock { delay_since_last_sr: 0x0002_0000, ..block };
        assert_eq!(block.round_trip(arrival), None);
    }

    #[test]
    fn the_loss_has_24_bits_with_sign() {
        for (lost, written) in
            [(-1, -1), (0x7f_ffff, 0x7f_ffff), (0x80_0000, 0x7f_ffff), (i32::MIN, -0x80_0000)]
        {
            let mut out = Vec::new();
            ReportBlock { cumulative_lost: lost, fraction_lost: 7, ..ReportBlock::default() }.write(&mut out);
            let read = ReportBlocks::take(&out, 1).unwrap().next().unwrap();
            assert_eq!((read.cumulative_lost, read.fraction_lost), (written, 7));
        }
    }
}
