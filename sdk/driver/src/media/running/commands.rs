//! What users command: playing, recording, key presses.

use std::sync::Arc;

use rvoip_media_core::tone::Tone;
use rvoip_media_core::{DigitsError, Source};
use rvoip_sans_io::Token;

use super::{Running, Sink, Tools};
use crate::media::clips::ClipSource;
use crate::media::recordings::RecordingId;
use crate::media::request::{AudioSink, AudioSource, MediaControl, MediaFailure, MediaFailureKind, ToneKind};

impl Running {
    /// Carries out a command.
    pub(in crate::media) fn control(&mut self, token: Token, control: MediaControl, tools: &mut Tools) {
        match control {
            MediaControl::Play(source) => self.play(token, source, tools),
            MediaControl::StopPlaying => {
                self.set_source(Source::Silence);
                self.controlled(token, Ok(()));
            }
            MediaControl::Record(sink) => self.begin_recording(token, sink, tools),
            MediaControl::StopRecording => self.end_recording(Some(token), tools),
            MediaControl::SendDigits(digits) => self.send_digits(token, &digits),
            MediaControl::WriteFrames(samples) => self.write_frames(token, samples),
            MediaControl::ReadFrames => self.read_frames(token),
            MediaControl::Mute(muted) => {
                self.muted = muted;
                if let Some(media) = &mut self.media {
                    media.session.set_muted(muted);
                }
                self.controlled(token, Ok(()));
            }
        }
    }

    fn play(&mut self, token: Token, source: AudioSource, tools: &mut Tools) {
        let (clip, repeat) = match source {
            AudioSource::File { path, repeat } => (ClipSource::File(path), repeat),
            AudioSource::Bytes { wav, repeat } => (ClipSource::Bytes(wav), repeat),
            AudioSource::Tone { tone } => return self.play_at_once(token, Source::Tone(tone_of(tone))),
            AudioSource::Echo => return self.play_at_once(token, Source::Echo),
            AudioSource::Frames => {
                self.play_at_once(token, Source::Frames);
                return self.link.frames.set_outbound(self.owner.session, true);
            }
        };
        // What is played, or read already, goes on until this one is there: it may not be readable.
        if tools.clips.load(self.owner, token, clip) {
            self.loading.push_back((token, repeat));
        } else {
            let busy = MediaFailure::new(MediaFailureKind::Busy, "too many files are being read");
            self.controlled(token, Err(busy));
        }
    }

    fn play_at_once(&mut self, token: Token, source: Source) {
        self.set_source(source);
        self.controlled(token, Ok(()));
    }

    /// Speaks from another source; what was played before, or was to be, is over.
    fn set_source(&mut self, source: Source) {
        // For whoever commanded a clip that is not read yet, it was played and is over.
        for (token, _) in std::mem::take(&mut self.loading) {
            self.controlled(token, Ok(()));
        }
        self.replace_source(source);
    }

    fn replace_source(&mut self, source: Source) {
        self.end_playing();
        self.link.frames.set_outbound(self.owner.session, false);
        self.end_writing();
        match &mut self.media {
            Some(media) => media.session.set_source(source),
            None => self.early_source = Some(source),
        }
    }

    /// Whoever waits for the end of what is played need not any longer.
    pub(super) fn end_playing(&mut self) {
        if let Some(token) = self.playing.take() {
            self.controlled(token, Ok(()));
        }
    }

    /// A clip was read.
    pub(in crate::media) fn loaded(&mut self, token: Token, loaded: Result<Arc<[i16]>, MediaFailure>) {
        // A clip that gave way to something else was reported already.
        let at = self.loading.iter().position(|(of, _)| *of == token);
        let Some((_, repeat)) = at.and_then(|at| self.loading.remove(at)) else { return };
        match loaded {
            Ok(samples) => {
                self.replace_source(Source::Clip { samples, repeat });
                self.playing = Some(token);
                if repeat {
                    // It has no end to wait for.
                    self.end_playing();
                }
            }
            Err(failure) => self.controlled(token, Err(failure)),
        }
    }

    fn begin_recording(&mut self, token: Token, sink: AudioSink, tools: &mut Tools) {
        // One that goes on is completed first, also because the new one may be of the same name.
        self.end_recording(None, tools);
        match sink {
            AudioSink::File { path } => {
                let recording = tools.recordings.create(self.owner, path);
                self.creating.push_back((recording.id, token));
                self.sink = Sink::File(recording);
            }
            AudioSink::Frames => {
                self.link.frames.set_inbound(self.owner.session, true);
                self.sink = Sink::Frames;
                self.controlled(token, Ok(()));
            }
        }
    }

    /// A recording was begun, or cannot be.
    pub(in crate::media) fn created(&mut self, id: RecordingId, created: Result<(), MediaFailure>) {
        if created.is_err() && self.is_recording(id) {
            self.sink = Sink::None;
        }
        if let Some(at) = self.creating.iter().position(|(of, _)| *of == id)
            && let Some((_, token)) = self.creating.remove(at)
        {
            self.controlled(token, created);
        }
    }

    fn is_recording(&self, id: RecordingId) -> bool {
        matches!(&self.sink, Sink::File(recording) if recording.id == id)
    }

    /// Completes the recording; `token` waits for that.
    pub(super) fn end_recording(&mut self, token: Option<Token>, tools: &Tools) {
        match std::mem::take(&mut self.sink) {
            Sink::File(recording) => {
                tools.recordings.finish(self.owner, recording, token, self.closed, &self.link.reports);
            }
            Sink::Frames | Sink::None => {
                self.link.frames.set_inbound(self.owner.session, false);
                self.end_reading();
                if let Some(token) = token {
                    self.controlled(token, Ok(()));
                }
            }
        }
    }

    fn send_digits(&mut self, token: Token, digits: &str) {
        let sent = match &mut self.media {
            Some(media) => media.session.send_digits(digits),
            None => Err(DigitsError::NotNegotiated),
        };
        match sent {
            Ok(()) => self.digits.push_back(Some(token)),
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

    /// Nobody waits for a command any more: what it plays or records ends. Key presses cannot be called back.
    pub(in crate::media) fn withdraw(&mut self, token: Token, tools: &Tools) {
        self.loading.retain(|(of, _)| *of != token);
        for waits in &mut self.digits {
            waits.take_if(|of| *of == token);
        }
        self.waiting.withdraw(token);
        if self.playing.take_if(|of| *of == token).is_some() {
            self.replace_source(Source::Silence);
        }
        let at = self.creating.iter().position(|(_, of)| *of == token);
        if let Some((id, _)) = at.and_then(|at| self.creating.remove(at))
            && self.is_recording(id)
        {
            self.end_recording(None, tools);
        }
    }

    /// Tells all whose commands are under way that the call is over.
    pub(super) fn dismiss(&mut self) {
        let creating = std::mem::take(&mut self.creating).into_iter().map(|(_, token)| token);
        let loading = std::mem::take(&mut self.loading).into_iter().map(|(token, _)| token);
        let playing = self.playing.take();
        let digits = std::mem::take(&mut self.digits).into_iter().flatten();
        self.end_writing();
        self.end_reading();
        for token in loading.chain(playing).chain(creating).chain(digits) {
            self.controlled(token, Err(MediaFailure::new(MediaFailureKind::Gone, "the call is over")));
        }
    }
}

fn tone_of(kind: ToneKind) -> Tone {
    match kind {
        ToneKind::Ringback => Tone::ringback_europe(),
        ToneKind::Busy => Tone::busy_europe(),
        ToneKind::Dial => Tone::dial_europe(),
        ToneKind::Sine { hertz } => Tone::continuous(&[f64::from(hertz.clamp(20, 3_400))], -10.0),
    }
}
