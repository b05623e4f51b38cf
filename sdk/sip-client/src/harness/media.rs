//! Simulated media: the descriptions are real (sdp-core writes and reads them), the sound is not.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use rvoip_driver::{
    ABILITIES, AudioSink, AudioSource, Instant, MediaAction, MediaControl, MediaFailure, MediaFailureKind,
    MediaFigures, MediaHappened, MediaKey, MediaOptions, MediaReport, MediaReported, MediaRequest, Now,
    Token,
};
use rvoip_sdp_core::Direction;
use rvoip_sdp_core::negotiation::{LocalAudio, LocalCodec, Negotiation, NegotiationError, Stream};
use rvoip_session_core::{MediaAnswer, MediaQuestion};
use rvoip_sip_core::StatusCode;

use super::step::ExpectMedia;

/// How long every clip is.
const CLIP: Duration = Duration::from_secs(1);
/// How long one key press takes.
const KEY: Duration = Duration::from_millis(200);

/// What the peer does in the media of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Audio,
    Silence,
    Digit(char),
}

/// The media of one client.
#[derive(Debug)]
pub(super) struct SimulatedMedia {
    address: IpAddr,
    calls: BTreeMap<MediaKey, Call>,
    pub(super) reports: VecDeque<MediaReport>,
    /// It can do what it is asked for.
    pub(super) able: bool,
}

#[derive(Debug)]
struct Call {
    options: MediaOptions,
    negotiation: Negotiation,
    stream: Option<Stream>,
    playing: Option<Playing>,
    /// The call is answered.
    watching: bool,
    recording: Option<Recording>,
    muted: bool,
    /// Key presses that were sent.
    digits: String,
    sending: VecDeque<(Token, Instant)>,
    heard: Option<Instant>,
    silent: bool,
    next_figures: Option<Instant>,
    next_levels: Option<Instant>,
}

/// Where the peer's audio goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recording {
    File,
    Frames,
}

#[derive(Debug)]
struct Playing {
    kind: &'static str,
    /// The command that began it.
    token: Token,
    /// When it comes to its own end, for which the command waits.
    end: Option<Instant>,
}

impl SimulatedMedia {
    pub(super) fn new(address: Ipv4Addr) -> Self {
        Self { address: address.into(), calls: BTreeMap::new(), reports: VecDeque::new(), able: true }
    }

    fn report(&mut self, session: MediaKey, report: MediaReported) {
        self.reports.push_back(MediaReport { session, report });
    }

    pub(super) fn request(&mut self, now: Now, request: MediaRequest) {
        let MediaRequest { session, action } = request;
        match action {
            MediaAction::Open(options) => {
                let call = Call::new(now, self.address, session, options);
                self.calls.insert(session, call);
            }
            MediaAction::Ask(negotiation, question) => {
                let Some(call) = self.calls.get_mut(&session) else { return };
                let answer = call.answer(question).unwrap_or_else(|error| {
                    let status = StatusCode::new(error.status).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR);
                    MediaAnswer::Refused { status, reason: error.reason }
                });
                self.report(session, MediaReported::Answered(negotiation, answer));
            }
            MediaAction::Control(token, _) if !self.able => {
                let unable = MediaFailure {
                    kind: MediaFailureKind::Unsupported,
                    reason: "this media side cannot do that".to_owned(),
                };
                self.report(session, MediaReported::Controlled(token, Err(unable)));
            }
            MediaAction::Control(token, control) => {
                // What the platform's own media side cannot do, this one does not do either.
                if let Some(refusal) = ABILITIES.refusal(&control) {
                    return self.report(session, MediaReported::Controlled(token, Err(refusal)));
                }
                let Some(call) = self.calls.get_mut(&session) else {
                    let gone =
                        MediaFailure { kind: MediaFailureKind::Gone, reason: "the call is over".to_owned() };
                    return self.report(session, MediaReported::Controlled(token, Err(gone)));
                };
                // A recording that goes on is completed first, also because the new one may be of the same name.
                let ends = matches!(control, MediaControl::Record(_) | MediaControl::StopRecording);
                let finished = ends && call.recording.take() == Some(Recording::File);
                let mut over = Vec::new();
                let result = call.control(now, token, control, &mut over);
                if finished {
                    self.report(session, MediaReported::Happened(MediaHappened::RecordingFinished));
                }
                for token in over {
                    self.report(session, MediaReported::Controlled(token, Ok(())));
                }
                if let Some(result) = result {
                    self.report(session, MediaReported::Controlled(token, result));
                }
            }
            MediaAction::Withdraw(token) => {
                if let Some(call) = self.calls.get_mut(&session) {
                    call.playing.take_if(|playing| playing.end.is_some() && playing.token == token);
                    call.sending.retain(|(of, _)| *of != token);
                }
            }
            MediaAction::Watch => {
                if let Some(call) = self.calls.get_mut(&session) {
                    call.watching = true;
                    call.heard = call.heard.map(|_| now.monotonic);
                }
            }
            MediaAction::Close => {
                if let Some(call) = self.calls.remove(&session) {
                    self.report(session, MediaReported::Statistics(call.figures(now)));
                    if call.recording == Some(Recording::File) {
                        self.report(session, MediaReported::Happened(MediaHappened::RecordingFinished));
                    }
                }
                self.report(session, MediaReported::Closed);
            }
        }
    }

    /// When something happens by itself.
    pub(super) fn next(&self) -> Option<Instant> {
        self.calls.values().filter_map(Call::next).min()
    }

    /// Lets happen what is due.
    pub(super) fn tick(&mut self, now: Now) {
        let mut reports = Vec::new();
        for (session, call) in &mut self.calls {
            call.tick(now, |report| reports.push(MediaReport { session: *session, report }));
        }
        self.reports.extend(reports);
    }

    /// The newest call.
    pub(super) fn newest(&self) -> Option<MediaKey> {
        self.calls.keys().next_back().copied()
    }

    /// The peer does something in a call, if it still has media.
    pub(super) fn hear(&mut self, now: Now, session: MediaKey, heard: Heard) {
        let Some(call) = self.calls.get_mut(&session) else { return };
        let happened = match heard {
            Heard::Audio | Heard::Silence => {
                call.heard = Some(now.monotonic);
                call.silent = heard == Heard::Silence;
                if call.silent {
                    return;
                }
                MediaHappened::AudioReceived
            }
            Heard::Digit(digit) => {
                MediaHappened::DigitReceived { digit, duration: Duration::from_millis(100) }
            }
        };
        self.report(session, MediaReported::Happened(happened));
    }

    /// The way to the peer of a call is there again, or lost.
    pub(super) fn path(&mut self, session: MediaKey, there: bool) {
        let happened = if there {
            MediaHappened::PathRestored
        } else {
            MediaHappened::PathLost { reason: "there is no way to the peer's media".to_owned() }
        };
        self.report(session, MediaReported::Happened(happened));
    }

    /// Compares what the newest call does.
    pub(super) fn expect(&mut self, expected: &ExpectMedia) -> Result<serde_json::Value, String> {
        let Some(call) = self.calls.values_mut().next_back() else {
            return Err("no call has media".to_owned());
        };
        let playing = call.playing.as_ref().map_or("nothing", |playing| playing.kind);
        let direction = call.stream.as_ref().map_or("none", |stream| stream.direction.name());
        let seen = serde_json::json!({
            "digits": call.digits,
            "playing": playing,
            "muted": call.muted,
            "recording": call.recording.is_some(),
            "direction": direction,
        });
        let fits = expected.digits.as_ref().is_none_or(|digits| *digits == call.digits)
            && expected.playing.as_deref().is_none_or(|kind| kind == playing)
            && expected.muted.is_none_or(|muted| muted == call.muted)
            && expected.recording.is_none_or(|recording| recording == call.recording.is_some())
            && expected.direction.as_deref().is_none_or(|name| name == direction);
        if !fits {
            return Err(format!("expected media {expected:?}, but they are {seen}"));
        }
        call.digits.clear();
        Ok(seen)
    }
}

impl Call {
    fn new(now: Now, address: IpAddr, session: MediaKey, options: MediaOptions) -> Self {
        let codecs = [LocalCodec::new("PCMU", 0, 8_000), LocalCodec::new("PCMA", 8, 8_000)];
        let codecs = codecs
            .into_iter()
            .filter(|codec| options.codecs.iter().any(|name| name.eq_ignore_ascii_case(&codec.name)));
        let port = 20_000 + u16::try_from(session.0 % 10_000).unwrap_or(0) * 2;
        let local = LocalAudio {
            telephone_event: Some(101),
            session_id: u64::from(session.0) + 1,
            ..LocalAudio::new(address, port, codecs.collect())
        };
        let every = |interval: Duration| (!interval.is_zero()).then(|| now.after(interval));
        Self {
            next_figures: every(options.statistics_interval),
            next_levels: every(options.levels_interval),
            options,
            negotiation: Negotiation::new(local),
            stream: None,
            playing: None,
            watching: false,
            recording: None,
            muted: false,
            digits: String::new(),
            sending: VecDeque::new(),
            heard: None,
            silent: false,
        }
    }

    fn answer(&mut self, question: MediaQuestion) -> Result<MediaAnswer, NegotiationError> {
        Ok(match question {
            MediaQuestion::CreateOffer { direction, .. } => {
                MediaAnswer::Description(self.negotiation.create_offer(direction)?)
            }
            MediaQuestion::CreateAnswer { offer, direction } => {
                let (text, stream) = self.negotiation.create_answer(&offer, direction)?;
                self.stream = stream;
                MediaAnswer::Description(text)
            }
            MediaQuestion::SetRemote { answer, .. } => {
                self.stream = Some(self.negotiation.set_remote(&answer)?);
                MediaAnswer::Applied
            }
            MediaQuestion::Rollback => {
                self.negotiation.rollback();
                MediaAnswer::Applied
            }
        })
    }

    /// What was played is over; gives who waits for its end.
    fn stop(&mut self) -> Option<Token> {
        self.playing.take().filter(|playing| playing.end.is_some()).map(|playing| playing.token)
    }

    /// Carries out a command, and adds those that are over with it; none if its own result is told later.
    fn control(
        &mut self,
        now: Now,
        token: Token,
        control: MediaControl,
        over: &mut Vec<Token>,
    ) -> Option<Result<(), MediaFailure>> {
        let fail = |kind, reason: &str| Some(Err(MediaFailure { kind, reason: reason.to_owned() }));
        match control {
            MediaControl::Play(source) => {
                let once = |repeat: bool| (!repeat).then(|| now.after(CLIP));
                let (kind, end) = match source {
                    AudioSource::File { path, .. } if path.to_string_lossy().contains("missing") => {
                        return fail(MediaFailureKind::Unreadable, "there is no such file");
                    }
                    AudioSource::Bytes { wav, .. } if !wav.starts_with(b"RIFF") => {
                        return fail(MediaFailureKind::Unreadable, "this is no WAV file");
                    }
                    AudioSource::File { repeat, .. } => ("file", once(repeat)),
                    AudioSource::Bytes { repeat, .. } => ("bytes", once(repeat)),
                    AudioSource::Tone { .. } => ("tone", None),
                    AudioSource::Echo => ("echo", None),
                    AudioSource::Frames => ("frames", None),
                };
                over.extend(self.stop());
                self.playing = Some(Playing { kind, token, end });
                if end.is_some() {
                    return None;
                }
            }
            MediaControl::StopPlaying => over.extend(self.stop()),
            MediaControl::Record(AudioSink::File { path }) if path.to_string_lossy().contains("missing") => {
                return fail(MediaFailureKind::Unwritable, "there is no such folder");
            }
            MediaControl::Record(AudioSink::File { .. }) => self.recording = Some(Recording::File),
            MediaControl::Record(AudioSink::Frames) => self.recording = Some(Recording::Frames),
            // It ended already.
            MediaControl::StopRecording => {}
            MediaControl::Mute(muted) => self.muted = muted,
            MediaControl::WriteFrames(_)
                if self.playing.as_ref().is_some_and(|playing| playing.kind == "frames") => {}
            MediaControl::WriteFrames(_) | MediaControl::ReadFrames => {
                return fail(MediaFailureKind::NotFrames, "no frames are played or recorded here");
            }
            MediaControl::SendDigits(digits) => {
                if self.stream.as_ref().is_none_or(|stream| stream.telephone_event.is_none()) {
                    return fail(MediaFailureKind::NotNegotiated, "the peer takes no telephone events");
                }
                let keys = u32::try_from(digits.len()).unwrap_or(u32::MAX);
                let begin = self.sending.back().map_or(now.monotonic, |(_, at)| *at);
                self.sending.push_back((token, begin + KEY * keys));
                self.digits.push_str(&digits);
                return None;
            }
        }
        Some(Ok(()))
    }

    /// When the peer has been silent for too long.
    fn times_out(&self) -> Option<Instant> {
        let hears =
            self.stream.as_ref().is_some_and(|stream| stream.direction.receives() && !stream.remote_hold);
        let counts = self.silent && self.watching && hears && !self.options.timeout.is_zero();
        self.heard.filter(|_| counts)?.checked_add(self.options.timeout)
    }

    fn next(&self) -> Option<Instant> {
        let clip = self.playing.as_ref().and_then(|playing| playing.end);
        let keys = self.sending.front().map(|(_, at)| *at);
        [clip, keys, self.next_figures, self.next_levels, self.times_out()].into_iter().flatten().min()
    }

    fn tick(&mut self, now: Now, mut report: impl FnMut(MediaReported)) {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now.monotonic);
        if due(self.playing.as_ref().and_then(|playing| playing.end)) {
            report(MediaReported::Happened(MediaHappened::PlaybackFinished));
            if let Some(token) = self.stop() {
                report(MediaReported::Controlled(token, Ok(())));
            }
        }
        while due(self.sending.front().map(|(_, at)| *at)) {
            let Some((token, _)) = self.sending.pop_front() else { break };
            report(MediaReported::Controlled(token, Ok(())));
        }
        if due(self.next_figures) {
            self.next_figures = Some(now.after(self.options.statistics_interval));
            report(MediaReported::Statistics(self.figures(now)));
        }
        if due(self.next_levels) {
            self.next_levels = Some(now.after(self.options.levels_interval));
            let level = |loud: bool| if loud { 0.5 } else { 0.0 };
            let (sent, received) = (level(self.playing.is_some() && !self.muted), level(self.hears_sound()));
            report(MediaReported::Levels { sent, received });
        }
        if due(self.times_out()) {
            self.heard = None;
            report(MediaReported::Happened(MediaHappened::TimedOut));
        }
    }

    fn hears_sound(&self) -> bool {
        let receives = self.stream.as_ref().is_some_and(|stream| stream.direction != Direction::Inactive);
        self.heard.is_some() && !self.silent && receives
    }

    fn figures(&self, _now: Now) -> MediaFigures {
        MediaFigures {
            codec: self.stream.as_ref().and_then(|stream| Some(stream.codecs.first()?.name.clone())),
            mos_received: self.heard.map(|_| 4.4),
            ..MediaFigures::default()
        }
    }
}
