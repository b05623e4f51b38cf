//! The media side: what it is asked, what it reports.

use std::collections::VecDeque;
use std::time::Duration;

use rvoip_driver::{
    MediaAction, MediaControl, MediaFailure, MediaFailureKind, MediaFigures, MediaHappened, MediaOptions,
    MediaReport, MediaReported, Now, Token,
};
use rvoip_session_core::{Body, Failure, MediaAnswer, Question, RequestAnswer, RequestId, SessionId};
use rvoip_sip_core::Method;

use super::info_digits::InfoDigits;
use super::{Agent, Pending, account};
use crate::command::{Answer, Reply};
use crate::{CallKey, CallStatistics, Cause, DirectionStatistics, ErrorKind, Event};

/// What of a call's media waits for something.
#[derive(Debug, Default)]
pub(super) struct Media {
    /// Commands that the media side carries out.
    pub(super) controls: Vec<Token>,
    /// Those of them that wait to hear the peer.
    reading: Vec<Token>,
    /// Audio of the peer that went to readers who went away, in the order in which they asked.
    pub(super) kept_frames: Vec<(Token, Vec<i16>)>,
    /// Digits that wait to hear whether the peer takes telephone events.
    asked_digits: VecDeque<(Token, String)>,
    /// Key presses that go by INFO, because the peer takes no telephone events: one after the other.
    pub(super) info_digits: InfoDigits,
    /// There is no way to the peer's media, and a new one is being negotiated.
    pub(super) path_lost: bool,
    /// The connection of the call's signalling was lost, and the call is carried on over another.
    pub(super) flow_lost: bool,
}

impl Media {
    /// Takes those who wait to hear the peer.
    pub(super) fn drain_readers(&mut self) -> Vec<Token> {
        let reading = std::mem::take(&mut self.reading);
        let waits = |token: &Token| self.controls.contains(token);
        let waiting = reading.into_iter().filter(waits).collect::<Vec<_>>();
        self.controls.retain(|token| !waiting.contains(token));
        waiting
    }

    /// Nobody waits for a command any more; whether it was one that the media side carries out.
    pub(super) fn withdraw(&mut self, token: Token) -> bool {
        let before = self.controls.len();
        self.controls.retain(|waits| *waits != token);
        self.asked_digits.retain(|(of, _)| *of != token);
        self.info_digits.withdraw(token);
        self.controls.len() < before
    }

    /// Takes who waits longest to hear the peer.
    pub(super) fn next_reader(&mut self) -> Option<Token> {
        let at = self.reading.iter().position(|token| self.controls.contains(token))?;
        let reader = self.reading.remove(at);
        self.controls.retain(|token| *token != reader);
        Some(reader)
    }

    /// Takes all who wait.
    pub(super) fn drain(&mut self) -> Vec<Token> {
        let mut waiting = std::mem::take(&mut self.controls);
        waiting.extend(self.info_digits.drain());
        waiting
    }
}

impl Agent {
    pub(super) fn media_options(&self) -> MediaOptions {
        let media = &self.config.media;
        let local =
            self.config.binds.iter().map(|bind| bind.address.ip()).find(|address| !address.is_unspecified());
        MediaOptions {
            codecs: media.codecs.clone(),
            ptime: 20,
            rtp_ports: media.rtp_ports,
            timeout: media.timeout,
            statistics_interval: media.statistics_interval,
            levels_interval: media.levels_interval,
            local,
        }
    }

    /// Passes a question of offer and answer on. One of a call that is over for its user, whose signalling is not, has nobody
    /// to be asked.
    pub(super) fn ask_media(&mut self, question: Question) {
        if let Some(key) = self.sessions.get(&question.session).copied() {
            self.ask_media_side(key, MediaAction::Ask(question.negotiation, question.question));
        }
    }

    /// Has the media side carry something out; its report completes the command.
    pub(super) fn control(&mut self, token: Token, key: CallKey, control: MediaControl) {
        if let Some(call) = self.calls.get_mut(&key) {
            call.media.controls.push(token);
            match &control {
                MediaControl::SendDigits(digits) => {
                    call.media.asked_digits.push_back((token, digits.clone()));
                }
                MediaControl::ReadFrames => {
                    let controls = &call.media.controls;
                    call.media.reading.retain(|waits| controls.contains(waits));
                    call.media.reading.push(token);
                }
                MediaControl::Record(_) => call.media.kept_frames.clear(),
                MediaControl::Play(_)
                | MediaControl::StopPlaying
                | MediaControl::StopRecording
                | MediaControl::WriteFrames(_)
                | MediaControl::Mute(_) => {}
            }
        }
        self.ask_media_side(key, MediaAction::Control(token, control));
    }

    pub(super) fn media_reported(&mut self, now: Now, report: MediaReport) {
        let key = CallKey(report.session.0);
        match report.report {
            MediaReported::Answered(negotiation, answer) => {
                if let MediaAnswer::Refused { reason, .. } = &answer {
                    tracing::info!(call = key.0, reason, "the media side refused");
                }
                self.ua.media_answered(now, negotiation, answer);
            }
            MediaReported::Controlled(token, result) => self.controlled(now, key, token, result),
            MediaReported::Frames(token, samples) => self.frames_heard(key, token, samples),
            MediaReported::Happened(happened) => self.media_happened(now, key, happened),
            MediaReported::Statistics(figures) => {
                let statistics = statistics(&figures);
                self.tell(Event::StatisticsUpdated { call: key, statistics });
            }
            MediaReported::Levels { sent, received } => {
                self.tell(Event::LevelsUpdated { call: key, sent, received });
            }
            MediaReported::Closed => {
                self.open_media.remove(&key);
            }
        }
    }

    fn controlled(&mut self, now: Now, key: CallKey, token: Token, result: Result<(), MediaFailure>) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        if !call.media.controls.contains(&token) {
            return;
        }
        let at = call.media.asked_digits.iter().position(|(of, _)| *of == token);
        let digits = at.and_then(|at| call.media.asked_digits.remove(at)).map(|(_, digits)| digits);
        let by_info = matches!(&result, Err(failure) if failure.kind == MediaFailureKind::NotNegotiated);
        if let (Some(digits), true) = (digits, by_info) {
            call.media.controls.retain(|waits| *waits != token);
            return self.send_digits_by_info(now, key, token, &digits);
        }
        call.media.controls.retain(|waits| *waits != token);
        let result = result.map(|()| Reply::Done).map_err(|failure| {
            let kind = match failure.kind {
                MediaFailureKind::Unreadable | MediaFailureKind::Unwritable => ErrorKind::FileFailed,
                MediaFailureKind::InvalidDigits => ErrorKind::InvalidArgument,
                MediaFailureKind::NotFrames => ErrorKind::InvalidState,
                MediaFailureKind::Busy => ErrorKind::Busy,
                MediaFailureKind::TimedOut => ErrorKind::TimedOut,
                MediaFailureKind::NotNegotiated => ErrorKind::MediaFailed,
                MediaFailureKind::Interrupted => ErrorKind::Rejected,
                MediaFailureKind::Gone => ErrorKind::CallEnded,
                MediaFailureKind::Unsupported => ErrorKind::Unsupported,
            };
            kind.error(failure.reason)
        });
        self.done(token, result);
    }

    fn media_happened(&mut self, now: Now, key: CallKey, happened: MediaHappened) {
        match happened {
            MediaHappened::AudioReceived => self.tell(Event::AudioReceived { call: key }),
            MediaHappened::DigitReceived { digit, .. } => self.digit_received(key, digit),
            MediaHappened::PlaybackFinished => self.tell(Event::PlaybackFinished { call: key }),
            MediaHappened::RecordingFinished => self.tell(Event::RecordingFinished { call: key }),
            MediaHappened::TimedOut => self.end_for(now, key, Cause::MediaTimeout),
            MediaHappened::PathLost { reason } => self.path_lost(now, key, reason),
            MediaHappened::PathRestored => self.path_restored(key),
            MediaHappened::Failed { reason } => {
                self.open_media.remove(&key);
                self.end_for(now, key, Cause::MediaFailed { reason });
            }
        }
    }

    pub(super) fn digit_received(&mut self, key: CallKey, digit: char) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        let collected = call.digits.press(digit);
        self.tell(Event::DigitReceived { call: key, digit: digit.to_string() });
        if let Some((token, digits)) = collected {
            self.timers.cancel(super::Timer::Collect(key));
            self.done(token, Ok(Reply::Digits(key, digits)));
        }
    }

    pub(super) fn message_in_call(&mut self, now: Now, token: Token, session: SessionId, text: String) {
        let body = Body::new("text/plain;charset=utf-8", text.into_bytes());
        let request = self.ua.request_in_session(now, session, Method::Message, body);
        self.requests.insert(request, Pending::Message(token));
    }

    pub(super) fn request_answered(&mut self, now: Now, request: RequestId, answer: &RequestAnswer) {
        match self.requests.remove(&request) {
            Some(Pending::Request(token)) => {
                let answer = Answer {
                    status: answer.status.code(),
                    reason: answer.reason.clone(),
                    allow: answer.allow.clone(),
                    supported: answer.supported.clone(),
                    agent: answer.agent.clone(),
                };
                self.done(token, Ok(Reply::Answer(answer)));
            }
            Some(Pending::Message(token)) => {
                let result = if answer.status.is_success() {
                    Ok(Reply::Done)
                } else {
                    Err(ErrorKind::Rejected.with_status(answer.reason.clone(), Some(answer.status.code())))
                };
                self.done(token, result);
            }
            Some(Pending::InfoDigit(key)) if answer.status.is_success() => self.next_info_digit(now, key),
            Some(Pending::InfoDigit(key)) => {
                let reason = format!("the peer takes no key presses: {}", answer.reason);
                let error = ErrorKind::Rejected.with_status(reason, Some(answer.status.code()));
                self.give_up_info_digits(now, key, error);
            }
            None => {}
        }
    }

    pub(super) fn request_failed(&mut self, now: Now, request: RequestId, failure: &Failure) {
        match self.requests.remove(&request) {
            Some(Pending::Request(token) | Pending::Message(token)) => {
                self.done(token, Err(account::failure_error(failure)));
            }
            Some(Pending::InfoDigit(key)) => {
                self.give_up_info_digits(now, key, account::failure_error(failure));
            }
            None => {}
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "packet counts are far below 2^52")]
fn statistics(figures: &MediaFigures) -> CallStatistics {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
    let share =
        |part: u64, whole: u64| if whole == 0 { 0.0 } else { (part as f64 / whole as f64).clamp(0.0, 1.0) };
    let (sent, received) = (&figures.sent, &figures.received);
    let lost = sent.lost.map_or(0, u64::from);
    CallStatistics {
        sent: DirectionStatistics {
            packets: sent.packets,
            bytes: sent.octets,
            lost,
            loss: share(lost, sent.packets),
            jitter_ms: milliseconds(sent.jitter.unwrap_or_default()),
            mos: figures.mos_sent,
        },
        received: DirectionStatistics {
            packets: received.packets,
            bytes: received.octets,
            lost: received.lost,
            // Those that came again were not lost less.
            loss: share(
                received.lost,
                (received.packets + received.lost).saturating_sub(received.duplicates),
            ),
            jitter_ms: milliseconds(received.jitter),
            mos: figures.mos_received,
        },
        round_trip_ms: figures.round_trip.map(milliseconds),
        codec: figures.codec.clone(),
    }
}
