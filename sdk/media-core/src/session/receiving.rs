//! Whose packets are taken: sources in probation, new sources, other addresses.

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_rtp_core::{Arrival, ArrivalKind, Reception, ReceptionStatistics, RtpPacket, looks_like_rtcp};
use rvoip_sans_io::Now;

use super::negotiation::Content;
use super::path::Path;
use super::source::AUDIO_RATE;
use super::{Lane, MediaEvent, MediaSession};

/// A source that stays silent for this long in probation begins anew, and gives way to any other.
const PROBATION: Duration = Duration::from_secs(1);

/// The sources of the peer's RTP.
#[derive(Debug, Default)]
pub(super) struct Receiving {
    current: Option<Current>,
    candidate: Option<Candidate>,
    /// Counts of the sources before the current one.
    earlier: ReceptionStatistics,
    pub(super) first_reported: bool,
}

#[derive(Debug)]
struct Current {
    source: SocketAddr,
    reception: Reception,
}

/// A source that is to show two packets in sequence (RFC 3550 appendix A.1).
#[derive(Debug)]
struct Candidate {
    source: SocketAddr,
    expected: bool,
    reception: Reception,
    at: Now,
    /// The last packet: it is played too if the next one proves it.
    bytes: Vec<u8>,
}

/// What is to become of a packet.
#[derive(Debug)]
enum Place {
    /// It goes to the current source.
    Take(Arrival),
    /// A source was proved, the packet before this one with it.
    Begin { fresh: bool, before: (Now, u64, Vec<u8>), sequence: u64 },
    /// It waits for the next one.
    Wait,
    /// It is dropped under a name.
    Drop(&'static str),
}

impl Receiving {
    /// The SSRC of the peer, once it is proved.
    pub(super) fn ssrc(&self) -> Option<u32> {
        self.current.as_ref().map(|current| current.reception.ssrc())
    }

    /// The reception of the current source.
    pub(super) fn reception(&mut self) -> Option<&mut Reception> {
        self.current.as_mut().map(|current| &mut current.reception)
    }

    /// The counts of all sources; jitter and the fraction lost are those of the current one.
    pub(super) fn statistics(&self) -> ReceptionStatistics {
        let now = self.current.as_ref().map(|current| current.reception.statistics()).unwrap_or_default();
        let before = self.earlier;
        ReceptionStatistics {
            packets: before.packets.saturating_add(now.packets),
            octets: before.octets.saturating_add(now.octets),
            lost: before.lost.saturating_add(now.lost),
            expected: before.expected.saturating_add(now.expected),
            duplicates: before.duplicates.saturating_add(now.duplicates),
            reordered: before.reordered.saturating_add(now.reordered),
            ..now
        }
    }

    fn place(
        &mut self,
        now: Now,
        source: SocketAddr,
        packet: &RtpPacket<'_>,
        bytes: &[u8],
        path: &Path,
    ) -> Place {
        let known = self.current.as_ref().map(|current| (current.source, current.reception.ssrc()));
        if known == Some((source, packet.ssrc))
            && let Some(current) = self.current.as_mut()
        {
            return Place::Take(current.reception.received(now, packet));
        }
        let expected = path.expects(source);
        // From elsewhere, only the source that is known may come, or the first one.
        let may_move = path.may_latch() && known.is_none_or(|(_, ssrc)| ssrc == packet.ssrc);
        if !expected && !may_move {
            return Place::Drop("RTP from another address");
        }
        self.prove(now, source, expected, packet, bytes)
    }

    fn prove(
        &mut self,
        now: Now,
        source: SocketAddr,
        expected: bool,
        packet: &RtpPacket<'_>,
        bytes: &[u8],
    ) -> Place {
        let same =
            |candidate: &Candidate| candidate.source == source && candidate.reception.ssrc() == packet.ssrc;
        let recent = |candidate: &Candidate| {
            now.monotonic.saturating_duration_since(candidate.at.monotonic) < PROBATION
        };
        let mut candidate = match self.candidate.take() {
            Some(candidate) if same(&candidate) && recent(&candidate) => candidate,
            Some(other) if other.expected && !expected && recent(&other) => {
                self.candidate = Some(other);
                return Place::Drop("RTP from another address");
            }
            Some(_) | None => Candidate {
                source,
                expected,
                reception: Reception::new(packet.ssrc, AUDIO_RATE),
                at: now,
                bytes: Vec::new(),
            },
        };
        let arrival = candidate.reception.received(now, packet);
        if arrival.kind != ArrivalKind::InOrder {
            candidate.at = now;
            candidate.bytes.clear();
            candidate.bytes.extend_from_slice(bytes);
            self.candidate = Some(candidate);
            return Place::Wait;
        }
        let fresh = self.ssrc() != Some(packet.ssrc);
        let before = (candidate.at, arrival.extended_sequence.saturating_sub(1), candidate.bytes);
        if fresh {
            self.earlier = ReceptionStatistics { jitter: Duration::ZERO, ..self.statistics() };
            self.current = Some(Current { source, reception: candidate.reception });
        } else if let Some(current) = self.current.as_mut() {
            current.source = source;
        }
        Place::Begin { fresh, before, sequence: arrival.extended_sequence }
    }
}

impl MediaSession {
    /// Takes a datagram that came on one of the sockets. What is dropped is counted under a name.
    pub fn handle_packet(&mut self, now: Now, lane: Lane, source: SocketAddr, bytes: &[u8]) {
        if self.closed {
            self.counters.count("packet after the end");
            return;
        }
        let Some(agreed) = self.agreed.as_ref() else {
            self.counters.count("RTP before an agreement");
            return;
        };
        match lane {
            Lane::Rtcp => self.handle_rtcp(now, source, bytes),
            Lane::Rtp if agreed.rtcp_mux && looks_like_rtcp(bytes) => self.handle_rtcp(now, source, bytes),
            Lane::Rtp => self.handle_rtp(now, source, bytes),
        }
    }

    fn handle_rtp(&mut self, now: Now, source: SocketAddr, bytes: &[u8]) {
        let Ok(packet) = RtpPacket::parse(bytes) else {
            self.counters.count("malformed RTP");
            return;
        };
        let Some(agreed) = self.agreed.as_mut() else { return };
        if agreed.content(packet.payload_type).is_none() {
            self.counters.count("RTP of an unknown payload type");
            return;
        }
        match self.receiving.place(now, source, &packet, bytes, &agreed.path) {
            Place::Drop(name) => self.counters.count(name),
            Place::Wait => self.counters.count("RTP in probation"),
            Place::Take(arrival) => self.take(now, &packet, arrival),
            Place::Begin { fresh, before: (at, sequence, held), sequence: this } => {
                if agreed.path.latch(source) {
                    self.counters.count("RTP address learned");
                }
                if fresh {
                    self.player.reset();
                    self.reports.peer_returned();
                }
                self.activity.received(now);
                if !std::mem::replace(&mut self.receiving.first_reported, true) {
                    self.emit(MediaEvent::FirstPacket);
                }
                if let Ok(before) = RtpPacket::parse(&held) {
                    self.deliver_proved(at, &before, sequence, fresh);
                }
                self.deliver_proved(now, &packet, this, fresh);
            }
        }
    }

    /// Delivers a packet of a source that was just proved. One that only moved counts on where it was.
    fn deliver_proved(&mut self, at: Now, packet: &RtpPacket<'_>, sequence: u64, fresh: bool) {
        if fresh {
            self.deliver(at, packet, sequence);
        } else if let Some(reception) = self.receiving.reception() {
            let arrival = reception.received(at, packet);
            self.take(at, packet, arrival);
        }
    }

    fn take(&mut self, now: Now, packet: &RtpPacket<'_>, arrival: Arrival) {
        match arrival.kind {
            ArrivalKind::InOrder | ArrivalKind::Reordered => {
                self.activity.received(now);
                self.deliver(now, packet, arrival.extended_sequence);
            }
            ArrivalKind::Duplicate => self.counters.count("duplicate RTP"),
            ArrivalKind::Probation => self.counters.count("RTP in probation"),
            ArrivalKind::Invalid => self.counters.count("RTP sequence jump"),
        }
    }

    fn deliver(&mut self, now: Now, packet: &RtpPacket<'_>, sequence: u64) {
        let Some(agreed) = self.agreed.as_ref() else { return };
        if !agreed.direction.receives() {
            self.counters.count("RTP while we hold");
            return;
        }
        match agreed.content(packet.payload_type) {
            Some(Content::Audio(_)) if packet.payload.is_empty() => {
                self.counters.count("RTP without a payload");
            }
            Some(Content::Audio(codec)) => {
                // On the beat of sending, so that one wake-up serves both.
                let beat = self.sending.next().filter(|next| *next > now.monotonic);
                self.player.insert(now.monotonic, beat.unwrap_or(now.monotonic), codec, sequence, packet);
            }
            Some(Content::Event) => {
                self.digits.received(now, packet, &mut self.counters);
                self.report_digits();
            }
            None => self.counters.count("RTP of an unknown payload type"),
        }
    }

    /// Appends what was played out since the last call, at [`audio_rate`](Self::audio_rate): once the first packet has
    /// come, audio in real time, with concealment and silence. Of what is not taken for two seconds, the oldest is lost.
    pub fn take_audio(&mut self, out: &mut Vec<i16>) {
        self.player.take(out);
    }

    /// The rate of audio in both directions, in hertz: 8000.
    pub fn audio_rate(&self) -> u32 {
        AUDIO_RATE
    }
}
