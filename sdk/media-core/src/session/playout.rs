//! What is heard: packets from the jitter buffer, decoded in real time.

use std::collections::VecDeque;
use std::time::Duration;

use rvoip_rtp_core::RtpPacket;
use rvoip_sans_io::{Counters, Instant};

use super::clock::MediaClock;
use super::source::{AUDIO_RATE, Feed};
use crate::codec::{AudioDecoder, Codec};
use crate::jitter::{JitterBuffer, JitterConfig, JitterStatistics, Playout};

/// Two seconds, the most that waits to be taken.
const HEARD: usize = 16_000;
/// Samples in 20 ms.
const FRAME: usize = 160;
/// A frame without a sample above this is silence.
const SILENCE_PEAK: u16 = 128;

/// Plays one stream.
pub(super) struct Player {
    jitter: JitterBuffer,
    decoder: Option<(Codec, Box<dyn AudioDecoder + Send>)>,
    clock: Option<MediaClock>,
    heard: VecDeque<i16>,
    pcm: Vec<i16>,
    packet: Vec<u8>,
}

impl Player {
    pub(super) fn new(min: Duration, max: Duration) -> Self {
        let config = JitterConfig { clock_rate: AUDIO_RATE, min, max, ..JitterConfig::default() };
        Self {
            jitter: JitterBuffer::new(config),
            decoder: None,
            clock: None,
            heard: VecDeque::new(),
            pcm: Vec::new(),
            packet: Vec::new(),
        }
    }

    /// Another source follows.
    pub(super) fn reset(&mut self) {
        self.jitter.reset();
    }

    /// Stops playing.
    pub(super) fn stop(&mut self) {
        self.clock = None;
    }

    /// Takes a packet; with the first one, playing begins at `start`.
    pub(super) fn insert(
        &mut self,
        now: Instant,
        start: Instant,
        codec: Codec,
        sequence: u64,
        packet: &RtpPacket<'_>,
    ) {
        self.clock.get_or_insert_with(|| MediaClock::new(start, AUDIO_RATE));
        // The codec travels with its packet, so that one that changes is followed in the right place.
        self.packet.clear();
        self.packet.push(codec.payload_type());
        self.packet.extend_from_slice(packet.payload);
        self.jitter.insert(now, sequence, packet.timestamp, &self.packet, packet.marker);
    }

    /// When to play the next piece.
    pub(super) fn next(&self) -> Option<Instant> {
        self.clock.map(|clock| clock.next())
    }

    /// Plays silence for a stall of more than a second; gives whether there was one.
    pub(super) fn skip_stall(&mut self, now: Instant, counters: &mut Counters) -> bool {
        let Some(clock) = &mut self.clock else { return false };
        let skipped = clock.skip_stall(now, 160);
        if skipped == 0 {
            return false;
        }
        counters.count("stall of the playout clock");
        let silence = usize::try_from(skipped).unwrap_or(HEARD).min(HEARD);
        self.heard.extend(std::iter::repeat_n(0, silence));
        self.forget_unheard();
        true
    }

    /// When a packet of this timestamp is to be expected.
    pub(super) fn expected(&self, timestamp: u32) -> Option<Instant> {
        self.jitter.expected(timestamp)
    }

    /// What the time is, however much of it was played.
    pub(super) fn set_now(&mut self, now: Instant) {
        if let Some(clock) = self.clock {
            self.jitter.set_behind(now.saturating_duration_since(clock.next()));
        }
    }

    /// Plays all that is due; silence while `audible` is false. What is heard goes to `echo` as well.
    pub(super) fn run(&mut self, now: Instant, audible: bool, echo: &mut Feed, counters: &mut Counters) {
        let Some(mut clock) = self.clock else { return };
        while clock.next() <= now {
            self.pcm.clear();
            self.piece(clock.next(), counters);
            if audible {
                echo.heard(&self.pcm);
            } else {
                self.pcm.fill(0);
            }
            clock.advance(u64::try_from(self.pcm.len()).unwrap_or(0));
            self.heard.extend(&self.pcm);
        }
        self.forget_unheard();
        self.clock = Some(clock);
        self.publish(counters);
    }

    /// Of what nobody takes, the oldest is lost.
    fn forget_unheard(&mut self) {
        self.heard.drain(..self.heard.len().saturating_sub(HEARD));
    }

    /// Brings the session's counts up to those of the buffer; each packet adds only a few.
    fn publish(&self, counters: &mut Counters) {
        let JitterStatistics { refused, overflow, dropped, late, .. } = self.jitter.statistics();
        for (name, value) in [
            ("RTP that fits no timeline", refused),
            ("RTP that the jitter buffer has no room for", overflow),
            ("RTP left out to lower the delay", dropped),
            ("RTP too late to be played", late),
        ] {
            while counters.get(name) < value {
                counters.count(name);
            }
        }
    }

    /// Plays one piece into `pcm`, which must not stay empty: time would stand still.
    fn piece(&mut self, at: Instant, counters: &mut Counters) {
        match self.jitter.pull(at) {
            Playout::Frame { payload, .. } => self.decode(&payload, counters),
            Playout::Missing { length, .. } => {
                let samples = length.as_micros() * u128::from(AUDIO_RATE) / 1_000_000;
                self.conceal(usize::try_from(samples).unwrap_or(FRAME));
            }
            Playout::Empty => self.pcm.resize(FRAME, 0),
        }
        if self.pcm.is_empty() {
            self.conceal(FRAME);
        }
        let silent = self.pcm.iter().all(|sample| sample.unsigned_abs() <= SILENCE_PEAK);
        self.jitter.set_silent(silent);
    }

    fn decode(&mut self, packet: &[u8], counters: &mut Counters) {
        let Some((kind, payload)) = packet.split_first() else { return };
        let Some(codec) = Codec::from_payload_type(*kind) else { return };
        let mut decoder = match self.decoder.take() {
            Some((last, decoder)) if last == codec => decoder,
            Some(_) | None => codec.decoder(),
        };
        if decoder.decode(payload, &mut self.pcm).is_err() {
            counters.count("RTP payload that cannot be decoded");
        }
        self.decoder = Some((codec, decoder));
    }

    fn conceal(&mut self, samples: usize) {
        let samples = samples.max(1);
        match self.decoder.as_mut() {
            Some((_, decoder)) => decoder.conceal(samples, &mut self.pcm),
            None => self.pcm.resize(samples, 0),
        }
    }

    /// Moves what was played since the last call to `out`.
    pub(super) fn take(&mut self, out: &mut Vec<i16>) {
        out.extend(self.heard.drain(..));
    }

    pub(super) fn statistics(&self) -> JitterStatistics {
        self.jitter.statistics()
    }
}
