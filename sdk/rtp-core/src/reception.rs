//! What is received from one source (RFC 3550 sections 6.4.1 and 8, appendices A.1 and A.3).

use std::time::Duration;

use rvoip_sans_io::{Counters, Instant, Now};

use crate::jitter::Jitter;
use crate::packet::RtpPacket;
use crate::rtcp::{NtpTime, ReportBlock, to_middle_units};
use crate::units::{to_duration, wrapped};

/// Sequence numbers may jump ahead by less than this (appendix A.1: 1 minute at 50 packets a second).
const MAXIMUM_DROPOUT: u16 = 3000;
/// Packets may come late by at most this many sequence numbers (appendix A.1: 2 seconds).
const MAXIMUM_MISORDER: u16 = 100;
/// Packets in sequence that make a source valid (appendix A.1).
const MINIMUM_SEQUENTIAL: u8 = 2;
/// One round of the sequence numbers.
const ROUND: u64 = 1 << 16;

/// How a packet fits in with those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrivalKind {
    /// It is ahead of all others; a gap before it is allowed.
    InOrder,
    /// It was overtaken by others.
    Reordered,
    /// It was here before.
    Duplicate,
    /// The source is not valid yet: it takes two packets in sequence (RFC 3550 appendix A.1).
    Probation,
    /// It is from another source, or its sequence number is far from all others.
    Invalid,
}

/// What became of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The sequence number with its wraps: later packets have higher ones, also after a restart of the source. The low
    /// 16 bits are those of the packet. Counting begins at 65536, so that there is room for packets before the first.
    pub extended_sequence: u64,
    /// How the packet fits in.
    pub kind: ArrivalKind,
    /// Whether the source has restarted its sequence with the packet before this one: timestamps before and after have
    /// nothing in common.
    pub restarted: bool,
}

/// A summary of what was received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceptionStatistics {
    /// Packets received, late ones and duplicates included.
    pub packets: u64,
    /// Payload octets received.
    pub octets: u64,
    /// Packets expected less packets received; negative if duplicates outweigh losses (RFC 3550 appendix A.3).
    pub lost: i64,
    /// Packets expected by the sequence numbers.
    pub expected: u64,
    /// Packets that came more than once.
    pub duplicates: u64,
    /// Packets that were overtaken.
    pub reordered: u64,
    /// The interarrival jitter (RFC 3550 appendix A.8).
    pub jitter: Duration,
    /// The share lost in the last report interval, in 1/256.
    pub fraction_lost: u8,
}

/// The state of one source, as its receiver keeps it.
#[derive(Clone, Debug)]
pub struct Reception {
    ssrc: u32,
    clock_rate: u32,
    probation: Option<u8>,
    highest: u64,
    base: u64,
    /// What `highest` has above the sequence numbers and wraps of the wire.
    origin: u64,
    /// Which of the last 128 sequence numbers were received; bit 0 is `highest`.
    window: u128,
    /// The sequence number that would make a restart of the last invalid packet.
    restart_at: Option<u16>,
    expected_before_restart: u64,
    expected_prior: u64,
    received_prior: u64,
    heard: bool,
    last_sender_report: Option<(u32, Instant)>,
    jitter: Jitter,
    statistics: ReceptionStatistics,
    counters: Counters,
}

impl Reception {
    /// A source that was not heard yet; `clock_rate` is the one of its payload in hertz.
    pub fn new(ssrc: u32, clock_rate: u32) -> Self {
        Self {
            ssrc,
            clock_rate: clock_rate.max(1),
            probation: None,
            highest: 0,
            base: 0,
            origin: ROUND,
            window: 0,
            restart_at: None,
            expected_before_restart: 0,
            expected_prior: 0,
            received_prior: 0,
            heard: false,
            last_sender_report: None,
            jitter: Jitter::default(),
            statistics: ReceptionStatistics::default(),
            counters: Counters::default(),
        }
    }

    /// The source.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Whether two packets in sequence were received (RFC 3550 appendix A.1).
    pub fn is_valid(&self) -> bool {
        self.probation == Some(0)
    }

    /// Whether a packet came since the last report: only then a report block is due (RFC 3550 section 6.4).
    pub fn heard_since_report(&self) -> bool {
        self.heard
    }

    /// Takes one packet into account (RFC 3550 appendix A.1).
    pub fn received(&mut self, now: Now, packet: &RtpPacket<'_>) -> Arrival {
        if packet.ssrc != self.ssrc {
            self.counters.count("packet of another source");
            let extended_sequence = ROUND | u64::from(packet.sequence);
            return Arrival { extended_sequence, kind: ArrivalKind::Invalid, restarted: false };
        }
        let arrival = self.place(packet.sequence);
        match arrival.kind {
            ArrivalKind::Probation => self.counters.count("packet in probation"),
            ArrivalKind::Invalid => self.counters.count("sequence jump"),
            ArrivalKind::InOrder | ArrivalKind::Reordered | ArrivalKind::Duplicate => {
                self.heard = true;
                self.statistics.packets = self.statistics.packets.saturating_add(1);
                let octets = u64::try_from(packet.payload.len()).unwrap_or(0);
                self.statistics.octets = self.statistics.octets.saturating_add(octets);
            }
        }
        match arrival.kind {
            ArrivalKind::InOrder | ArrivalKind::Reordered => {
                if arrival.restarted {
                    self.jitter.forget_transit();
                }
                self.jitter.received(now.monotonic, packet.timestamp, self.clock_rate);
                self.statistics.reordered += u64::from(arrival.kind == ArrivalKind::Reordered);
            }
            ArrivalKind::Duplicate => {
                self.counters.count("duplicate packet");
                self.statistics.duplicates += 1;
            }
            ArrivalKind::Probation | ArrivalKind::Invalid => {}
        }
        arrival
    }

    fn place(&mut self, sequence: u16) -> Arrival {
        let arrival = |extended_sequence, kind| Arrival { extended_sequence, kind, restarted: false };
        let Some(probation) = self.probation else {
            self.highest = ROUND | u64::from(sequence);
            self.window = 1;
            self.probation = Some(MINIMUM_SEQUENTIAL - 1);
            return arrival(self.highest, ArrivalKind::Probation);
        };
        let ahead = sequence.wrapping_sub(wrapped_sequence(self.highest));
        if probation > 0 {
            let extended = self.highest + u64::from(ahead);
            self.highest = extended;
            if ahead != 1 {
                self.window = 1;
                self.probation = Some(MINIMUM_SEQUENTIAL - 1);
                return arrival(extended, ArrivalKind::Probation);
            }
            self.window = self.window << 1 | 1;
            self.probation = Some(probation - 1);
            if probation > 1 {
                return arrival(extended, ArrivalKind::Probation);
            }
            self.base = extended;
            self.origin = extended & !0xffff;
            return arrival(extended, ArrivalKind::InOrder);
        }
        if ahead == 0 {
            return arrival(self.highest, ArrivalKind::Duplicate);
        }
        if ahead < MAXIMUM_DROPOUT {
            self.restart_at = None;
            self.highest += u64::from(ahead);
            self.window = self.window.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
            return arrival(self.highest, ArrivalKind::InOrder);
        }
        let behind = ahead.wrapping_neg();
        if behind <= MAXIMUM_MISORDER {
            // Counting begins at 65536, so this does not go below zero.
            let extended = self.highest.saturating_sub(u64::from(behind));
            let bit = 1_u128.checked_shl(u32::from(behind)).unwrap_or(0);
            if self.window & bit != 0 {
                return arrival(extended, ArrivalKind::Duplicate);
            }
            self.window |= bit;
            return arrival(extended, ArrivalKind::Reordered);
        }
        let extended = self.highest + u64::from(ahead);
        if self.restart_at.replace(sequence.wrapping_add(1)) != Some(sequence) {
            return arrival(extended, ArrivalKind::Invalid);
        }
        // Two in sequence: the other side restarted without telling (appendix A.1).
        self.counters.count("restart of the sequence");
        self.restart_at = None;
        self.expected_before_restart = self.expected();
        self.base = extended;
        self.highest = extended;
        self.window = 1;
        Arrival { extended_sequence: extended, kind: ArrivalKind::InOrder, restarted: true }
    }

    fn expected(&self) -> u64 {
        if !self.is_valid() {
            return 0;
        }
        self.expected_before_restart.saturating_add(self.highest.saturating_sub(self.base)).saturating_add(1)
    }

    fn lost(&self) -> i64 {
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        signed(self.expected()).saturating_sub(signed(self.statistics.packets))
    }

    /// Remembers the sender report that came from this source, for the next report block (RFC 3550 section 6.4.1).
    pub fn sender_report(&mut self, now: Now, ntp: NtpTime) {
        self.last_sender_report = Some((ntp.middle(), now.monotonic));
    }

    /// The report block of the interval that ends now; the next interval begins (RFC 3550 appendix A.3).
    pub fn report(&mut self, now: Now) -> ReportBlock {
        let expected = self.expected();
        let expected_interval = expected.saturating_sub(self.expected_prior);
        let received_interval = self.statistics.packets.saturating_sub(self.received_prior);
        self.expected_prior = expected;
        self.received_prior = self.statistics.packets;
        self.heard = false;
        let lost_interval = expected_interval.saturating_sub(received_interval);
        let fraction = lost_interval.saturating_mul(256).checked_div(expected_interval).unwrap_or(0);
        let fraction_lost = u8::try_from(fraction).unwrap_or(u8::MAX);
        self.statistics.fraction_lost = fraction_lost;
        let (last_sr, delay_since_last_sr) = match self.last_sender_report {
            Some((middle, at)) => {
                let since = now.monotonic.checked_duration_since(at).unwrap_or_default();
                (middle, to_middle_units(since))
            }
            None => (0, 0),
        };
        ReportBlock {
            ssrc: self.ssrc,
            fraction_lost,
            cumulative_lost: i32::try_from(self.lost().clamp(-0x0080_0000, 0x007f_ffff)).unwrap_or(0),
            highest_sequence: wrapped(self.highest.saturating_sub(self.origin)),
            jitter: self.jitter.units(),
            last_sr,
            delay_since_last_sr,
        }
    }

    /// The interarrival jitter in units of the clock rate (RFC 3550 appendix A.8).
    pub fn jitter(&self) -> u32 {
        self.jitter.units()
    }

    /// A summary of all that was received so far.
    pub fn statistics(&self) -> ReceptionStatistics {
        ReceptionStatistics {
            lost: self.lost(),
            expected: self.expected(),
            jitter: to_duration(u64::from(self.jitter.units()), self.clock_rate),
            ..self.statistics
        }
    }

    /// What was received but not taken as it came, by name.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }
}

fn wrapped_sequence(extended: u64) -> u16 {
    u16::try_from(extended & 0xffff).unwrap_or_default()
}
