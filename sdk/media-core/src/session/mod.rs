//! The media of one call, sans-IO: descriptions, packets and audio in and out.
//!
//! A [`MediaSession`] writes and reads the descriptions, sends a frame each packet time from its [`Source`], plays out
//! what arrives through the jitter buffer, reports by RTCP, and sends and hears key presses. It owns no socket and no clock.

mod digits;
mod negotiation;
mod receiving;
mod reports;
mod sending;
mod statistics;
mod types;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use rvoip_rtp_core::event::EventReceiver;
use rvoip_rtp_core::{Reception, RtcpSchedule, RtpSender};
use rvoip_sans_io::{Counters, Instant, Now, Random};
use rvoip_sdp_core::SessionDescription;
use rvoip_sdp_core::negotiation::Stream;

use crate::codec::{AudioDecoder, AudioEncoder, Codec};
use crate::jitter::{JitterBuffer, JitterConfig};
use digits::DigitQueue;
use reports::PeerReport;
use sending::Playing;

pub use statistics::{MediaStatistics, ReceivedStatistics, SentStatistics};
pub use types::{DigitsError, Lane, LocalMedia, MediaConfig, MediaError, MediaEvent, MediaOutput, Source};

/// The rate of all audio, in Hz: that of every codec there is.
const RATE: u32 = 8_000;
/// Audio that waits to be taken, and audio that waits to be sent, at most: two seconds and one.
const PLAYED: usize = 16_000;
const FRAMES: usize = 8_000;
/// After a longer stall the media clock starts anew, in place of catching up.
const STALL: Duration = Duration::from_secs(1);

/// What both sides agreed on, ready for use.
struct Agreed {
    stream: Stream,
    codec: Codec,
    payload_type: u8,
    encoder: Box<dyn AudioEncoder + Send>,
    /// By the payload type of what arrives.
    decoders: BTreeMap<u8, Box<dyn AudioDecoder + Send>>,
}

/// The media of one call.
pub struct MediaSession {
    config: MediaConfig,
    local: LocalMedia,
    session_id: u64,
    /// Our last description that was agreed on, and the offer that waits for its answer.
    described: Option<SessionDescription>,
    offered: Option<SessionDescription>,
    agreed: Option<Agreed>,

    sender: RtpSender,
    digits: DigitQueue,
    source: Playing,
    muted: bool,
    /// The last frame carried audio, so that the next one begins no talk spurt.
    talking: bool,
    next_frame: Option<Instant>,

    remote_rtp: Option<SocketAddr>,
    remote_rtcp: Option<SocketAddr>,
    /// The peer's real address is known: it is not changed again until the next negotiation.
    latched: bool,
    reception: Option<Reception>,
    jitter: JitterBuffer,
    /// The payload type of what was decoded last, which conceals what is missing.
    decoding: Option<u8>,
    /// Decoded and not yet played.
    decoded: VecDeque<i16>,
    /// Played and not yet taken.
    played: VecDeque<i16>,
    heard: EventReceiver,
    last_received: Option<Instant>,
    timed_out: bool,

    schedule: RtcpSchedule,
    peer: PeerReport,
    counters: Counters,
    outputs: VecDeque<MediaOutput>,
    ended: bool,
}

impl std::fmt::Debug for MediaSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MediaSession").field("local", &self.local).finish_non_exhaustive()
    }
}

impl MediaSession {
    /// A session that has agreed on nothing yet.
    pub fn new(now: Now, config: MediaConfig, local: LocalMedia, mut random: Random) -> Self {
        let frame = Duration::from_millis(config.ptime.into());
        let jitter = JitterConfig {
            clock_rate: RATE,
            frame,
            min: config.jitter_min,
            max: config.jitter_max,
            ..JitterConfig::default()
        };
        let ssrc = random.u32();
        Self {
            local,
            session_id: random.u64() >> 2,
            described: None,
            offered: None,
            agreed: None,
            sender: RtpSender::new(ssrc, RATE, &mut random),
            digits: DigitQueue::new(),
            source: Playing::default(),
            muted: false,
            talking: false,
            next_frame: None,
            remote_rtp: None,
            remote_rtcp: None,
            latched: false,
            reception: None,
            jitter: JitterBuffer::new(jitter),
            decoding: None,
            decoded: VecDeque::new(),
            played: VecDeque::new(),
            heard: EventReceiver::new(RATE),
            last_received: None,
            timed_out: false,
            schedule: RtcpSchedule::new(now, 80_000, random.fork()),
            peer: PeerReport::default(),
            counters: Counters::default(),
            outputs: VecDeque::new(),
            ended: false,
            config,
        }
    }

    /// What was dropped, by name.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The rate of [`Self::take_audio`] and [`Self::push_frame`], in Hz.
    pub fn audio_rate(&self) -> u32 {
        RATE
    }

    /// What to do next.
    pub fn poll_output(&mut self) -> MediaOutput {
        self.outputs.pop_front().unwrap_or_else(|| MediaOutput::Timeout(self.next_timeout()))
    }

    fn next_timeout(&self) -> Option<Instant> {
        if self.ended || self.agreed.is_none() {
            return None;
        }
        let times = [self.next_frame, self.heard.timeout(), Some(self.schedule.next()), self.silent_at()];
        times.into_iter().flatten().min()
    }

    /// Lets what is due happen: frames, reports, the time-out.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.ended || self.agreed.is_none() {
            return;
        }
        let frame = self.frame();
        if let Some(mut at) = self.next_frame {
            if now.monotonic.checked_duration_since(at).is_some_and(|behind| behind > STALL) {
                self.counters.count("stall of the media clock");
                at = now.monotonic;
            }
            while at <= now.monotonic {
                self.play_frame(at);
                self.send_frame(now.when(at));
                at += frame;
            }
            self.next_frame = Some(at);
        }
        self.heard.handle_timeout(now);
        self.tell_digits();
        self.report_if_due(now);
        if self.silent_at().is_some_and(|at| at <= now.monotonic) {
            self.timed_out = true;
            self.tell(MediaEvent::TimedOut);
        }
    }

    /// The length of one packet.
    fn frame(&self) -> Duration {
        let agreed = self.agreed.as_ref().map_or(self.config.ptime, |agreed| agreed.stream.ptime);
        Duration::from_millis(agreed.max(5).into())
    }

    /// How many samples one packet has.
    fn frame_samples(&self) -> usize {
        usize::try_from(self.frame().as_millis()).unwrap_or(20) * 8
    }

    /// When the peer has been silent for too long: it may send, and we listen (nobody is on hold).
    fn silent_at(&self) -> Option<Instant> {
        let stream = &self.agreed.as_ref()?.stream;
        let listening = stream.direction.receives() && !stream.remote_hold && !self.timed_out;
        let last = self.last_received.filter(|_| listening)?;
        Some(last + self.config.timeout?)
    }

    fn tell(&mut self, event: MediaEvent) {
        self.outputs.push_back(MediaOutput::Event(event));
    }

    /// Says good-bye and stops.
    pub fn hang_up(&mut self, now: Now) {
        if !self.ended {
            self.send_bye(now);
            self.ended = true;
        }
    }
}
