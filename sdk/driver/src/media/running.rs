//! One session on the media thread: its sockets, its files and who waits for it.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use futures::channel::mpsc::UnboundedSender;
use mio::net::UdpSocket;
use rvoip_media_core::codec::Codec;
use rvoip_media_core::tone::Tone;
use rvoip_media_core::wav::PcmClip;
use rvoip_media_core::{
    DigitsError, Lane, LocalMedia, MediaConfig, MediaError, MediaEvent, MediaOutput, MediaSession,
    MediaStatistics, Source,
};
use rvoip_sans_io::{Instant, Now, Random, Token};
use rvoip_session_core::{MediaAnswer, MediaQuestion, NegotiationId};
use rvoip_sip_transport::local_address_towards;

use super::files::{FileWork, Files, RecordingId};
use super::ports::{Pair, bind_pair};
use super::request::{
    AudioSink, AudioSource, MediaControl, MediaFailure, MediaFailureKind, MediaFigures, MediaHappened,
    MediaOptions, MediaReport, MediaReported, ReceivedFigures, SentFigures, ToneKind,
};
use super::thread::Owner;
use crate::clock;

/// Packets that are read from one socket before others get their turn.
const PACKETS_AT_ONCE: usize = 64;

/// What all sessions share.
pub(super) struct Tools {
    pub(super) files: Files,
    random: Random,
    last_socket: usize,
    last_recording: RecordingId,
}

impl Tools {
    pub(super) fn new(files: Files, random: Random) -> Self {
        Self { files, random, last_socket: 0, last_recording: 0 }
    }
}

/// The sockets and the session, once the first description was asked for.
struct Media {
    session: MediaSession,
    pair: Pair,
    numbers: (usize, usize),
    watched: bool,
}

pub(super) struct Running {
    owner: Owner,
    options: MediaOptions,
    reports: UnboundedSender<MediaReport>,
    media: Option<Media>,
    /// A clip that is being read, and whether it shall repeat.
    loading: Option<(Token, bool)>,
    /// The command whose clip is being played.
    playing: Option<Token>,
    /// What was asked for before there was a session.
    source: Option<Source>,
    muted: bool,
    digits: VecDeque<Token>,
    recording: Option<RecordingId>,
    heard: Vec<i16>,
    next_figures: Option<Instant>,
    closed: bool,
}

impl Running {
    pub(super) fn new(owner: Owner, options: MediaOptions, reports: UnboundedSender<MediaReport>) -> Self {
        Self {
            owner,
            options,
            reports,
            media: None,
            loading: None,
            playing: None,
            source: None,
            muted: false,
            digits: VecDeque::new(),
            recording: None,
            heard: Vec::new(),
            next_figures: None,
            closed: false,
        }
    }

    pub(super) fn report(&self, report: MediaReported) {
        // A machine that is gone hears nothing.
        let _ = self.reports.unbounded_send(MediaReport { session: self.owner.session, report });
    }

    fn controlled(&self, token: Token, result: Result<(), MediaFailure>) {
        self.report(MediaReported::Controlled(token, result));
    }

    /// Answers a question of offer and answer.
    pub(super) fn ask(&mut self, now: Now, id: NegotiationId, question: MediaQuestion, tools: &mut Tools) {
        let answer = self.answer(now, question, tools).unwrap_or_else(|error| {
            let status = rvoip_sip_core::StatusCode::new(error.status)
                .unwrap_or(rvoip_sip_core::StatusCode::SERVER_INTERNAL_ERROR);
            MediaAnswer::Refused { status, reason: error.reason }
        });
        self.report(MediaReported::Answered(id, answer));
    }

    fn answer(
        &mut self,
        now: Now,
        question: MediaQuestion,
        tools: &mut Tools,
    ) -> Result<MediaAnswer, MediaError> {
        match question {
            MediaQuestion::CreateOffer { direction } => {
                let session = self.session(now, None, tools)?;
                session.create_offer(now, direction).map(MediaAnswer::Description)
            }
            MediaQuestion::CreateAnswer { offer, direction } => {
                let session = self.session(now, Some(&offer), tools)?;
                session.create_answer(now, &offer, direction).map(MediaAnswer::Description)
            }
            MediaQuestion::SetRemote { answer } => {
                let session = self.session(now, None, tools)?;
                session.set_remote(now, &answer).map(|()| MediaAnswer::Applied)
            }
            MediaQuestion::Rollback => {
                if let Some(media) = &mut self.media {
                    media.session.rollback();
                }
                Ok(MediaAnswer::Applied)
            }
        }
    }

    /// The session; its sockets are bound when it is first needed, at an address that the peer of `offer` can reach.
    fn session(
        &mut self,
        now: Now,
        offer: Option<&str>,
        tools: &mut Tools,
    ) -> Result<&mut MediaSession, MediaError> {
        if self.media.is_none() {
            let local = self.options.local.unwrap_or_else(|| address_towards(offer));
            let pair = bind_pair(local, self.options.rtp_ports, &mut tools.random)
                .map_err(|reason| MediaError { status: 500, reason })?;
            let addresses = LocalMedia {
                rtp: SocketAddr::new(local, pair.port),
                rtcp: SocketAddr::new(local, pair.port.saturating_add(1)),
            };
            let codecs = self
                .options
                .codecs
                .iter()
                .filter_map(|name| {
                    Codec::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name))
                })
                .collect();
            let config = MediaConfig {
                codecs,
                ptime: self.options.ptime,
                timeout: Some(self.options.timeout).filter(|timeout| !timeout.is_zero()),
                cname: tools.random.token(16),
                ..MediaConfig::default()
            };
            let mut session = MediaSession::new(now, config, addresses, tools.random.fork());
            if let Some(source) = self.source.take() {
                session.set_source(source);
            }
            session.set_muted(self.muted);
            tools.last_socket += 2;
            let numbers = (tools.last_socket, tools.last_socket + 1);
            self.media = Some(Media { session, pair, numbers, watched: false });
            if !self.options.statistics_interval.is_zero() {
                self.next_figures = Some(now.monotonic + self.options.statistics_interval);
            }
        }
        match &mut self.media {
            Some(media) => Ok(&mut media.session),
            None => Err(MediaError { status: 500, reason: "the call has no audio".to_owned() }),
        }
    }

    /// Sockets that nobody watches yet.
    pub(super) fn take_unwatched(&mut self) -> Option<[(usize, Lane, &mut UdpSocket); 2]> {
        let media = self.media.as_mut().filter(|media| !media.watched)?;
        media.watched = true;
        let (first, second) = media.numbers;
        Some([(first, Lane::Rtp, &mut media.pair.rtp), (second, Lane::Rtcp, &mut media.pair.rtcp)])
    }

    /// Reads what arrived; true if there may be more.
    pub(super) fn read(&mut self, lane: Lane) -> bool {
        let Some(media) = &mut self.media else { return false };
        let socket = match lane {
            Lane::Rtp => &media.pair.rtp,
            Lane::Rtcp => &media.pair.rtcp,
        };
        let mut buffer = [0; 2_048];
        for _ in 0..PACKETS_AT_ONCE {
            match socket.recv_from(&mut buffer) {
                Ok((length, source)) => {
                    let bytes = buffer.get(..length).unwrap_or_default();
                    media.session.handle_packet(clock::now(), lane, source, bytes);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return false,
                // What an earlier packet of ours met (ICMP) is no end of the socket.
                Err(_) => {}
            }
        }
        true
    }

    /// A frame is due, or the figures.
    pub(super) fn tick(&mut self, now: Now) {
        if let Some(media) = &mut self.media {
            media.session.handle_timeout(now);
        }
        if self.next_figures.is_some_and(|at| at <= now.monotonic) {
            self.next_figures = Some(now.monotonic + self.options.statistics_interval);
            self.report_figures();
        }
    }

    fn report_figures(&self) {
        if let Some(media) = &self.media {
            self.report(MediaReported::Statistics(figures(&media.session.statistics())));
        }
    }

    /// Sends and tells what the session wants; gives when it wants to be called.
    pub(super) fn flush(&mut self, tools: &mut Tools) -> Option<Instant> {
        let mut events = Vec::new();
        let next = {
            let media = self.media.as_mut()?;
            loop {
                match media.session.poll_output() {
                    MediaOutput::Transmit { lane, destination, bytes } => {
                        let socket = match lane {
                            Lane::Rtp => &media.pair.rtp,
                            Lane::Rtcp => &media.pair.rtcp,
                        };
                        // What cannot be sent now is lost: audio does not wait.
                        let _ = socket.send_to(&bytes, destination);
                    }
                    MediaOutput::Event(event) => events.push(event),
                    MediaOutput::Timeout(at) => break at,
                }
            }
        };
        for event in &events {
            self.tell(event);
        }
        self.record(tools);
        [next, self.next_figures].into_iter().flatten().min()
    }

    fn tell(&mut self, event: &MediaEvent) {
        let happened = match event {
            MediaEvent::FirstPacket => MediaHappened::AudioReceived,
            MediaEvent::DigitReceived { digit, duration } => {
                MediaHappened::DigitReceived { digit: *digit, duration: *duration }
            }
            MediaEvent::PlaybackFinished => MediaHappened::PlaybackFinished,
            MediaEvent::TimedOut => MediaHappened::TimedOut,
            MediaEvent::DigitsSent => {
                for token in std::mem::take(&mut self.digits) {
                    self.controlled(token, Ok(()));
                }
                return;
            }
            // The signalling says when a call is over.
            MediaEvent::PeerBye => return,
        };
        self.report(MediaReported::Happened(happened));
    }

    /// Gives what was heard to the recording, in pieces of 100 ms.
    fn record(&mut self, tools: &Tools) {
        let Some(media) = &mut self.media else { return };
        media.session.take_audio(&mut self.heard);
        match self.recording {
            Some(id) if self.heard.len() >= 800 || self.closed => {
                let pcm = std::mem::take(&mut self.heard);
                if !tools.files.push(FileWork::Write { id, pcm }) {
                    tracing::warn!("a piece of a recording is lost: the disk is too slow");
                }
            }
            Some(_) => {}
            None => self.heard.clear(),
        }
    }

    /// Carries out a command.
    pub(super) fn control(&mut self, token: Token, control: MediaControl, tools: &mut Tools) {
        let owner = self.owner;
        match control {
            MediaControl::Play(source) => {
                let queued = match source {
                    AudioSource::File { path, repeat } => {
                        self.loading = Some((token, repeat));
                        tools.files.push(FileWork::Load { owner, token, path })
                    }
                    AudioSource::Bytes { wav, repeat } => {
                        self.loading = Some((token, repeat));
                        tools.files.push(FileWork::Decode { owner, token, wav })
                    }
                    AudioSource::Tone { tone } => {
                        self.set_source(Source::Tone(tone_of(tone)));
                        return self.controlled(token, Ok(()));
                    }
                    AudioSource::Echo => {
                        self.set_source(Source::Echo);
                        return self.controlled(token, Ok(()));
                    }
                };
                if !queued {
                    self.loading = None;
                    let busy = MediaFailure::new(MediaFailureKind::Busy, "too many files are being read");
                    self.controlled(token, Err(busy));
                }
            }
            MediaControl::StopPlaying => {
                self.loading = None;
                self.set_source(Source::Silence);
                self.controlled(token, Ok(()));
            }
            MediaControl::Record(AudioSink::File { path }) => {
                tools.last_recording += 1;
                let id = tools.last_recording;
                if !tools.files.push(FileWork::Create { owner, token, id, path }) {
                    let busy = MediaFailure::new(MediaFailureKind::Busy, "too many files are being written");
                    self.controlled(token, Err(busy));
                }
            }
            MediaControl::StopRecording => match self.recording.take() {
                Some(id) => self.finish(id, Some(token), tools),
                None => self.controlled(token, Ok(())),
            },
            MediaControl::SendDigits(digits) => {
                let sent = match &mut self.media {
                    Some(media) => media.session.send_digits(&digits),
                    None => Err(DigitsError::NotNegotiated),
                };
                match sent {
                    Ok(()) => self.digits.push_back(token),
                    Err(error) => {
                        let kind = match error {
                            DigitsError::NotNegotiated => MediaFailureKind::NotNegotiated,
                            DigitsError::Invalid => MediaFailureKind::InvalidDigits,
                            DigitsError::Full | _ => MediaFailureKind::Busy,
                        };
                        self.controlled(token, Err(MediaFailure::new(kind, error.to_string())));
                    }
                }
            }
            MediaControl::Mute(muted) => {
                self.muted = muted;
                if let Some(media) = &mut self.media {
                    media.session.set_muted(muted);
                }
                self.controlled(token, Ok(()));
            }
        }
    }

    fn set_source(&mut self, source: Source) {
        self.playing = None;
        match &mut self.media {
            Some(media) => media.session.set_source(source),
            None => self.source = Some(source),
        }
    }

    /// Nobody waits for a command any more: its clip is not played, or no longer.
    pub(super) fn withdraw(&mut self, token: Token) {
        if self.playing == Some(token) {
            self.set_source(Source::Silence);
        }
        self.loading.take_if(|(of, _)| *of == token);
        self.digits.retain(|of| *of != token);
    }

    /// A clip was read.
    pub(super) fn loaded(&mut self, token: Token, loaded: Result<PcmClip, MediaFailure>) {
        // Another clip, or silence, was wanted meanwhile.
        let Some((_, repeat)) = self.loading.take_if(|(of, _)| *of == token) else {
            return self.controlled(token, Ok(()));
        };
        match loaded {
            Ok(clip) => {
                self.set_source(Source::Clip { samples: clip.samples, repeat });
                self.playing = Some(token);
                self.controlled(token, Ok(()));
            }
            Err(failure) => self.controlled(token, Err(failure)),
        }
    }

    /// A recording was begun; one that was going on is completed.
    pub(super) fn created(
        &mut self,
        token: Token,
        id: RecordingId,
        created: Result<(), MediaFailure>,
        tools: &mut Tools,
    ) {
        if created.is_ok() {
            if let Some(old) = self.recording.replace(id) {
                self.finish(old, None, tools);
            }
            self.heard.clear();
        }
        self.controlled(token, created);
    }

    fn finish(&mut self, id: RecordingId, token: Option<Token>, tools: &Tools) {
        let pcm = std::mem::take(&mut self.heard);
        let finish = FileWork::Finish {
            id,
            session: self.owner.session,
            token,
            last: self.closed,
            reports: self.reports.clone(),
        };
        if !(tools.files.push(FileWork::Write { id, pcm }) && tools.files.push(finish)) {
            let busy = MediaFailure::new(MediaFailureKind::Busy, "too many files are being written");
            if let Some(token) = token {
                self.controlled(token, Err(busy));
            }
            if self.closed {
                self.report(MediaReported::Closed);
            }
        }
    }

    /// The call is over.
    pub(super) fn close(&mut self, now: Now, tools: &mut Tools) {
        self.closed = true;
        if let Some(media) = &mut self.media {
            media.session.hang_up(now);
        }
        self.flush(tools);
        self.report_figures();
        match self.recording.take() {
            Some(id) => self.finish(id, None, tools),
            None => self.report(MediaReported::Closed),
        }
    }
}

/// The address at which the peer of an offer reaches us, or anybody.
fn address_towards(offer: Option<&str>) -> IpAddr {
    let elsewhere = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    let peer = offer.and_then(audio_address).filter(|address| !address.is_unspecified());
    peer.and_then(local_address_towards)
        .or_else(|| local_address_towards(elsewhere))
        .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// Where an offer wants its audio.
fn audio_address(offer: &str) -> Option<IpAddr> {
    let description = rvoip_sdp_core::SessionDescription::parse(offer).ok()?;
    let media = description.media.iter().find(|media| media.port != 0)?;
    media.connection(&description)?.ip().ok()
}

fn tone_of(kind: ToneKind) -> Tone {
    match kind {
        ToneKind::Ringback => Tone::ringback_europe(),
        ToneKind::Busy => Tone::busy_europe(),
        ToneKind::Dial => Tone::dial_europe(),
        ToneKind::Sine { hertz } => Tone::continuous(&[f64::from(hertz.clamp(20, 3_400))], -10.0),
    }
}

fn figures(statistics: &MediaStatistics) -> MediaFigures {
    let (sent, received) = (&statistics.sent, &statistics.received);
    MediaFigures {
        sent: SentFigures {
            packets: sent.packets,
            octets: sent.octets,
            lost: sent.lost,
            jitter: sent.jitter,
        },
        received: ReceivedFigures {
            packets: received.packets,
            octets: received.octets,
            lost: received.lost,
            duplicates: received.duplicates,
            reordered: received.reordered,
            late: received.late,
            jitter: received.jitter,
            delay: received.delay,
        },
        round_trip: statistics.round_trip,
        mos_received: statistics.mos_received,
        mos_sent: statistics.mos_sent,
        codec: statistics.codec.map(str::to_owned),
    }
}
