//! Whose packets are taken: sources in probation, new sources, other addresses.

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_rtp_core::{Arrival, ArrivalKind, Reception, ReceptionStatistics, RtpPacket, looks_like_rtcp};
use rvoip_sans_io::{Instant, Now};

use super::machine::Came;
use super::negotiation::Content;
use super::path::Path;
use super::source::AUDIO_RATE;
use super::{Lane, MediaEvent, MediaSession};

/// A source that stays silent for this long in probation begins anew, and gives way to any other.
const PROBATION: Duration = Duration::from_secs(1);
/// After so long in a negotiation, whoever still sends is the peer that was negotiated with, and not the party of before.
const SETTLED: Duration = Duration::from_secs(1);

/// After so long without a packet the peer may have got another address from its translator, of which it knows nothing.
const REBOUND: Duration = Duration::from_secs(2);

/// The sources of the peer's RTP.
#[derive(Debug, Default)]
pub(super) struct Receiving {
    current: Option<Current>,
    candidate: Option<Candidate>,
    /// Since when the peer describes another address, until it was heard: it may be another party by now, with another SSRC.
    moving: Option<Now>,
    /// Counts of the sources before the current one.
    earlier: ReceptionStatistics,
    pub(super) first_reported: bool,
}

#[derive(Debug)]
struct Current {
    source: SocketAddr,
    /// It was heard from there since the peer last described another address.
    proved: bool,
    /// When it was last heard.
    heard: Instant,
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
    Begin { fresh: bool, learned: bool, before: (Now, u64, Vec<u8>), sequence: u64 },
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

    /// The peer describes another address: its source is to be proved anew.
    pub(super) fn moved(&mut self, now: Now) {
        self.moving = Some(now);
        if let Some(current) = self.current.as_mut() {
            current.proved = false;
        }
    }

    /// Whether this is the source of the peer.
    fn is_current(&self, source: SocketAddr, ssrc: u32) -> bool {
        self.current.as_ref().is_some_and(|current| {
            current.proved && current.source == source && current.reception.ssrc() == ssrc
        })
    }

    fn is_silent(&self, now: Instant) -> bool {
        self.current.as_ref().is_some_and(|current| now.saturating_duration_since(current.heard) >= REBOUND)
    }

    fn place(
        &mut self,
        now: Now,
        source: SocketAddr,
        packet: &RtpPacket<'_>,
        bytes: &[u8],
        path: &mut Path,
    ) -> Place {
        if self.is_current(source, packet.ssrc)
            && let Some(current) = self.current.as_mut()
        {
            let settled =
                |since: &mut Now| now.monotonic.saturating_duration_since(since.monotonic) >= SETTLED;
            if self.moving.take_if(settled).is_some() {
                path.settle();
            }
            current.heard = now.monotonic;
            return Place::Take(current.reception.received(now, packet));
        }
        let expected = path.expects(source);
        // From elsewhere, only the source that is known may come, or the first one, or the first one of another party; and once
        // somebody came, only the source that has fallen silent where it was.
        let known = self.ssrc().filter(|_| self.moving.is_none());
        let may_latch = path.may_latch() || self.is_silent(now.monotonic);
        let may_move = may_latch && known.is_none_or(|ssrc| ssrc == packet.ssrc);
        if !expected && !may_move {
            return Place::Drop("RTP from another address");
        }
        self.prove(now, source, expected, packet, bytes, path)
    }

    fn prove(
        &mut self,
        now: Now,
        source: SocketAddr,
        expected: bool,
        packet: &RtpPacket<'_>,
        bytes: &[u8],
        path: &mut Path,
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
            let (heard, reception) = (now.monotonic, candidate.reception);
            self.current = Some(Current { source, proved: true, heard, reception });
            self.moving = None;
        } else if let Some(current) = self.current.as_mut() {
            current.source = source;
            current.proved = true;
            current.heard = now.monotonic;
        }
        let learned = if self.moving.is_some() { path.follow(source) } else { path.latch(source) };
        Place::Begin { fresh, learned, before, sequence: arrival.extended_sequence }
    }
}

impl MediaSession {
    /// Takes a datagram that came on one of the sockets. What is dropped is counted under a name.
    pub fn handle_packet(&mut self, now: Now, lane: Lane, source: SocketAddr, bytes: &[u8]) {
        if self.closed {
            self.counters.count("packet after the end");
            return;
        }
        if bytes.is_empty() {
            self.counters.count("keep-alive");
            return;
        }
        let came = self.came(now.monotonic);
        let Some(heard) = self.heard() else {
            self.counters.count("RTP before an agreement");
            return;
        };
        match lane {
            Lane::Rtcp => self.handle_rtcp(came, source, bytes),
            Lane::Rtp if heard.rtcp_mux && looks_like_rtcp(bytes) => self.handle_rtcp(came, source, bytes),
            Lane::Rtp => self.handle_rtp(came, source, bytes),
        }
    }

    fn handle_rtp(&mut self, came: Came, source: SocketAddr, bytes: &[u8]) {
        let Ok(packet) = RtpPacket::parse(bytes) else {
            self.counters.count("malformed RTP");
            return;
        };
        let now = self.at(self.arrival(came, &packet));
        let Some(heard) = self.agreed.as_mut().or(self.offered.as_mut()) else { return };
        // What is not understood shows all the same that the peer is there, and that nothing was lost.
        let known = self.receiving.is_current(source, packet.ssrc);
        if heard.content(packet.payload_type).is_none() && !known {
            self.counters.count("RTP of an unknown payload type");
            return;
        }
        match self.receiving.place(now, source, &packet, bytes, &mut heard.path) {
            Place::Drop(name) => self.counters.count(name),
            Place::Wait => self.counters.count("RTP in probation"),
            Place::Take(arrival) => self.take(now, &packet, arrival),
            Place::Begin { fresh, learned, before: (at, sequence, held), sequence: this } => {
                if learned {
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

    /// When a packet came, as far as that is known: one that waited for us came as fast as others before it, it is assumed, so
    /// that our own lateness does not look like one of the network.
    fn arrival(&self, came: Came, packet: &RtpPacket<'_>) -> Instant {
        let known = !came.is_exact() && self.receiving.ssrc() == Some(packet.ssrc);
        let expected = if known { self.player.expected(packet.timestamp) } else { None };
        expected.map_or(came.latest, |at| at.max(came.earliest).min(came.latest))
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
                if arrival.kind == ArrivalKind::InOrder {
                    self.reports.peer_returned();
                }
                self.deliver(now, packet, arrival.extended_sequence);
            }
            ArrivalKind::Duplicate => self.counters.count("duplicate RTP"),
            ArrivalKind::Probation => self.counters.count("RTP in probation"),
            ArrivalKind::Invalid => self.counters.count("RTP sequence jump"),
        }
    }

    fn deliver(&mut self, now: Now, packet: &RtpPacket<'_>, sequence: u64) {
        let Some(heard) = self.heard() else { return };
        if !heard.direction.receives() {
            self.counters.count("RTP while we hold");
            return;
        }
        match heard.content(packet.payload_type) {
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
