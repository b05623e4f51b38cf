//! Receiving: packets into the jitter buffer, audio out of it.

use std::net::SocketAddr;

use rvoip_rtp_core::{ArrivalKind, Reception, RtpPacket, looks_like_rtcp};
use rvoip_sans_io::{Instant, Now};

use super::types::{Lane, MediaEvent};
use super::{MediaSession, PLAYED, RATE};
use crate::jitter::Playout;

impl MediaSession {
    /// Takes a packet that arrived on one of the two sockets.
    pub fn handle_packet(&mut self, now: Now, lane: Lane, source: SocketAddr, bytes: &[u8]) {
        if self.ended {
            return;
        }
        if lane == Lane::Rtcp || looks_like_rtcp(bytes) {
            return self.handle_rtcp(now, source, bytes);
        }
        let Ok(packet) = RtpPacket::parse(bytes) else { return self.counters.count("malformed RTP") };
        self.handle_rtp(now, source, &packet);
    }

    fn handle_rtp(&mut self, now: Now, source: SocketAddr, packet: &RtpPacket<'_>) {
        let Some(agreed) = &self.agreed else {
            return self.counters.count("RTP before an agreement");
        };
        let listening = agreed.stream.direction.receives();
        let is_event =
            agreed.stream.telephone_event.is_some_and(|events| events.receive == packet.payload_type);
        if !is_event && !agreed.decoders.contains_key(&packet.payload_type) {
            return self.counters.count("RTP of an unknown payload type");
        }
        if self.remote_rtp != Some(source) {
            // Behind a NAT the peer sends from elsewhere than it says: the first who sends what was agreed is believed,
            // and nobody after.
            if self.latched {
                return self.counters.count("RTP from another address");
            }
            self.remote_rtp = Some(source);
            self.counters.count("RTP address learned");
        }
        self.latched = true;
        if self.reception.as_ref().is_none_or(|reception| reception.ssrc() != packet.ssrc) {
            self.reception = Some(Reception::new(packet.ssrc, RATE));
            self.jitter.reset();
        }
        let Some(reception) = &mut self.reception else { return };
        let arrival = reception.received(now, packet);
        if arrival.restarted {
            self.jitter.reset();
        }
        match arrival.kind {
            ArrivalKind::InOrder | ArrivalKind::Reordered | ArrivalKind::Probation => {}
            ArrivalKind::Duplicate | ArrivalKind::Invalid => return,
        }
        if !listening {
            // Of a peer that we hold: on its way when we did. It is counted as received and not heard.
            return self.counters.count("RTP while we hold");
        }
        let first = self.last_received.replace(now.monotonic).is_none();
        if first {
            self.tell(MediaEvent::FirstPacket);
        }
        if is_event {
            self.heard.received(now, packet);
            return self.tell_digits();
        }
        // The buffer carries the payload type ahead of the payload, as it may change from packet to packet.
        let mut payload = Vec::with_capacity(packet.payload.len() + 1);
        payload.push(packet.payload_type);
        payload.extend_from_slice(packet.payload);
        self.jitter.insert(
            now.monotonic,
            arrival.extended_sequence,
            packet.timestamp,
            &payload,
            packet.marker,
        );
    }

    /// Plays what belongs to one packet time, once something was received.
    pub(super) fn play_frame(&mut self, at: Instant) {
        if self.last_received.is_none() {
            return;
        }
        let samples = self.frame_samples();
        while self.decoded.len() < samples {
            let ahead = u32::try_from(self.decoded.len()).unwrap_or(0);
            let ends = at + std::time::Duration::from_secs(1) * ahead / RATE;
            let before = self.decoded.len();
            let playout = self.jitter.pull(ends);
            self.decode(&playout, samples);
            if self.decoded.len() == before {
                self.decoded.resize(samples, 0);
            }
        }
        let frame = self.decoded.drain(..samples.min(self.decoded.len()));
        if self.source.echoes {
            let frame: Vec<i16> = frame.collect();
            self.source.push(frame.iter().copied());
            self.played.extend(frame);
        } else {
            self.played.extend(frame);
        }
        let surplus = self.played.len().saturating_sub(PLAYED);
        self.played.drain(..surplus);
    }

    fn decode(&mut self, playout: &Playout, frame: usize) {
        let mut pcm = Vec::with_capacity(frame);
        let decoders = self.agreed.as_mut().map(|agreed| &mut agreed.decoders);
        let concealed = |length: std::time::Duration| {
            usize::try_from(length.as_micros() * u128::from(RATE) / 1_000_000).unwrap_or(frame)
        };
        match (playout, decoders) {
            (Playout::Frame { payload, .. }, Some(decoders)) => {
                let Some((payload_type, payload)) = payload.split_first() else { return };
                self.decoding = Some(*payload_type);
                let decoded = decoders.get_mut(payload_type).map(|decoder| decoder.decode(payload, &mut pcm));
                if !matches!(decoded, Some(Ok(()))) {
                    self.counters.count("RTP payload that cannot be decoded");
                }
            }
            (Playout::Missing { length, .. }, Some(decoders)) => {
                let length = concealed(*length);
                match self.decoding.and_then(|payload_type| decoders.get_mut(&payload_type)) {
                    Some(decoder) => decoder.conceal(length, &mut pcm),
                    None => pcm.resize(length, 0),
                }
            }
            (Playout::Empty, _) | (_, None) => pcm.resize(frame, 0),
        }
        self.decoded.extend(pcm);
    }

    /// Appends everything that was played since the last call, in real time with silence where there was none, from the
    /// peer's first packet on. Two seconds wait at most.
    pub fn take_audio(&mut self, out: &mut Vec<i16>) {
        out.extend(self.played.drain(..));
    }
}
