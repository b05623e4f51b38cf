//! What is said: one packet for each packet time.

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_rtp_core::RtpSender;
use rvoip_sans_io::{Instant, Now, Random};

use super::clock::MediaClock;
use super::negotiation::Agreed;
use super::source::{AUDIO_RATE, Feed};
use super::{Lane, MediaEvent, MediaOutput, MediaSession, Source};
use crate::codec::{AudioEncoder, Codec};
use crate::level::LevelMeter;

/// After so long without a packet address translators may forget the way to the peer (RFC 6263 section 7).
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The RTP that is sent.
pub(super) struct Sending {
    pub(super) rtp: RtpSender,
    pub(super) feed: Feed,
    encoder: Option<(Codec, Box<dyn AudioEncoder + Send>)>,
    clock: Option<MediaClock>,
    /// When the way to the peer was last kept open by a packet that says nothing.
    kept_alive: Option<Instant>,
    muted: bool,
    /// Audio was sent in the packet time before this one.
    talking: bool,
    meter: LevelMeter,
    pcm: Vec<i16>,
    payload: Vec<u8>,
}

impl Sending {
    pub(super) fn new(random: &mut Random) -> Self {
        Self {
            rtp: RtpSender::new(random.u32(), AUDIO_RATE, random),
            feed: Feed::Silence,
            encoder: None,
            clock: None,
            kept_alive: None,
            muted: false,
            talking: false,
            meter: LevelMeter::default(),
            pcm: Vec::new(),
            payload: Vec::new(),
        }
    }

    /// Starts the media clock unless it runs.
    pub(super) fn start(&mut self, now: Now) {
        self.clock.get_or_insert_with(|| MediaClock::new(now.monotonic, AUDIO_RATE));
    }

    /// Stops the media clock.
    pub(super) fn stop(&mut self) {
        self.clock = None;
        self.talking = false;
    }

    /// When the next packet is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.clock.map(|clock| clock.next())
    }

    /// Encodes the next frame into `payload`; gives whether playback has ended with it. A peer that is on hold hears what is
    /// played to it, and not what is said here meanwhile.
    fn encode(&mut self, codec: Codec, samples: usize, holding: bool) -> bool {
        self.pcm.resize(samples, 0);
        let unheard = self.muted || (holding && self.feed.is_live());
        let finished = self.feed.fill(&mut self.pcm);
        if unheard {
            self.pcm.fill(0);
        }
        self.meter.add(&self.pcm);
        let mut encoder = match self.encoder.take() {
            Some((last, encoder)) if last == codec => encoder,
            Some(_) | None => codec.encoder(),
        };
        self.payload.clear();
        encoder.encode(&self.pcm, &mut self.payload);
        self.encoder = Some((codec, encoder));
        finished
    }
}

impl MediaSession {
    /// Says something else from the next packet on.
    pub fn set_source(&mut self, source: Source) {
        self.sending.feed = Feed::new(source);
    }

    /// Appends audio at 8 kHz to what [`Source::Frames`] sends; false if more than a second would wait, and the oldest
    /// was dropped, or if the source is another one.
    pub fn push_frame(&mut self, samples: &[i16]) -> bool {
        self.sending.feed.push(samples)
    }

    /// How many samples wait that [`push_frame`](Self::push_frame) brought.
    pub fn frames_waiting(&self) -> usize {
        self.sending.feed.waiting()
    }

    /// Whether a source other than silence is being played.
    pub fn is_playing(&self) -> bool {
        self.sending.feed.is_playing()
    }

    /// How loud what was sent is since the last reading, 0.0 to 1.0 (root mean square of full scale).
    pub fn take_sent_level(&mut self) -> f64 {
        self.sending.meter.take()
    }

    /// Sends silence in place of the source, which goes on unheard.
    pub fn set_muted(&mut self, muted: bool) {
        self.sending.muted = muted;
    }

    /// Samples in the packet that is sent next.
    pub fn packet_samples(&self) -> usize {
        self.agreed.as_ref().and_then(|agreed| usize::try_from(agreed.frame()).ok()).unwrap_or(0)
    }

    /// Sends nothing for a stall of more than a second; gives whether there was one.
    pub(super) fn sending_skips_stall(&mut self, now: Instant) -> bool {
        let Some(frame) = self.agreed.as_ref().map(Agreed::frame) else { return false };
        let Some(clock) = &mut self.sending.clock else { return false };
        let skipped = clock.skip_stall(now, u64::from(frame));
        if skipped == 0 {
            return false;
        }
        self.counters.count("stall of the media clock");
        // The timestamp wraps like the count of samples does.
        let units = u32::try_from(skipped & u64::from(u32::MAX)).unwrap_or(0);
        self.sending.rtp.advance(units);
        self.sending.talking = false;
        true
    }

    /// Sends all packets that are due.
    pub(super) fn send_due(&mut self, now: Now) {
        let Some(mut clock) = self.sending.clock else { return };
        let Some(frame) = self.agreed.as_ref().map(Agreed::frame) else { return };
        while clock.next() <= now.monotonic {
            self.send_frame(self.at(clock.next()), frame);
            clock.advance(u64::from(frame));
        }
        self.sending.clock = Some(clock);
    }

    /// Keeps the way of RTP open on which nothing is said, as whoever sits behind an address translator must to be reached by
    /// what the peer plays: RTCP of its own port does not. An empty datagram is what receivers of all kinds ignore (RFC 6263
    /// section 4.1).
    fn keep_alive(&mut self, now: Instant, destination: SocketAddr) {
        let sending = &mut self.sending;
        let last = sending.kept_alive.max(sending.rtp.last_sent());
        if last.is_none_or(|last| now.saturating_duration_since(last) >= KEEP_ALIVE) {
            sending.kept_alive = Some(now);
            self.outbox.push_back(MediaOutput::Transmit { lane: Lane::Rtp, destination, bytes: Vec::new() });
        }
    }

    fn send_frame(&mut self, at: Now, frame: u32) {
        let Some(agreed) = self.agreed.as_ref() else { return };
        let samples = usize::try_from(frame).unwrap_or(0);
        let destination = agreed.path.rtp();
        let sending = &mut self.sending;
        if !agreed.may_send() {
            sending.feed.pass(samples);
            sending.rtp.advance(frame);
            sending.talking = false;
            if agreed.path.is_reachable() && !agreed.rtcp_mux {
                self.keep_alive(at.monotonic, destination);
            }
            return;
        }
        let timestamp = sending.rtp.timestamp();
        let occupied = self.digits.tick(timestamp, frame);
        while let Some(packet) = self.digits.poll() {
            let Some(event) = agreed.event else { continue };
            let mut bytes = Vec::new();
            let payload = packet.event.to_bytes();
            sending.rtp.packet_at(at, packet.marker, event.send, packet.timestamp, &payload, &mut bytes);
            self.outbox.push_back(MediaOutput::Transmit { lane: Lane::Rtp, destination, bytes });
        }
        if occupied {
            sending.feed.pass(samples);
            sending.rtp.advance(frame);
            sending.talking = false;
        } else {
            let finished = sending.encode(agreed.codec, samples, self.negotiation.is_holding());
            let marker = !std::mem::replace(&mut sending.talking, true);
            let mut bytes = Vec::new();
            sending.rtp.packet(at, marker, agreed.payload_type, frame, &sending.payload, &mut bytes);
            self.outbox.push_back(MediaOutput::Transmit { lane: Lane::Rtp, destination, bytes });
            if finished {
                self.emit(MediaEvent::PlaybackFinished);
            }
        }
        while self.digits.is_done() {
            self.emit(MediaEvent::DigitsSent);
        }
    }
}
