//! Audio that the program itself makes and takes, piece by piece.

use std::collections::VecDeque;

use rvoip_sans_io::Token;

use super::Running;
use crate::media::request::{MediaFailure, MediaFailureKind, MediaReported};

/// Samples that the session has in hand, beyond the packet that it sends next: what waits behind them waits for room.
const AHEAD: usize = 480;

/// Those who wait to be heard, and those who wait to hear.
#[derive(Default)]
pub(super) struct Waiting {
    writing: VecDeque<(Token, VecDeque<i16>)>,
    reading: VecDeque<Token>,
}

impl Waiting {
    pub(super) fn withdraw(&mut self, token: Token) {
        self.writing.retain(|(of, _)| *of != token);
        self.reading.retain(|of| *of != token);
    }
}

impl Running {
    pub(super) fn write_frames(&mut self, token: Token, samples: Vec<i16>) {
        if !self.link.frames.is_outbound(self.owner.session) {
            return self.controlled(token, Err(not_frames("nothing that the program makes is being played")));
        }
        self.waiting.writing.push_back((token, samples.into()));
        self.pass_written();
    }

    pub(super) fn read_frames(&mut self, token: Token) {
        if !self.link.frames.is_inbound(self.owner.session) {
            return self.controlled(token, Err(not_frames("nothing is being recorded for the program")));
        }
        self.waiting.reading.push_back(token);
        self.pass_heard();
    }

    /// Gives the session as much as it needs to go on, and whoever waits the room that this makes.
    pub(super) fn speak_frames(&mut self) {
        let session = self.owner.session;
        if let Some(media) = &mut self.media
            && self.link.frames.is_outbound(session)
        {
            let wanted = media.session.packet_samples() + AHEAD;
            let wanted = wanted.saturating_sub(media.session.frames_waiting());
            media.session.push_frame(&self.link.frames.pull(session, wanted));
        }
        self.pass_written();
    }

    fn pass_written(&mut self) {
        let session = self.owner.session;
        while let Some((token, samples)) = self.waiting.writing.front_mut() {
            let fitting = self.link.frames.room(session).min(samples.len());
            let piece: Vec<i16> = samples.drain(..fitting).collect();
            self.link.frames.push(session, &piece);
            if !samples.is_empty() {
                return;
            }
            let token = *token;
            self.waiting.writing.pop_front();
            self.controlled(token, Ok(()));
        }
    }

    /// Gives what was heard to whoever waits longest.
    pub(super) fn pass_heard(&mut self) {
        if self.waiting.reading.is_empty() {
            return;
        }
        let mut heard = Vec::new();
        self.link.frames.take(self.owner.session, &mut heard);
        if !heard.is_empty()
            && let Some(token) = self.waiting.reading.pop_front()
        {
            self.report(MediaReported::Frames(token, heard));
        }
    }

    /// The program's audio is not played any more: whoever waits to be heard is not.
    pub(super) fn end_writing(&mut self) {
        for (token, _) in std::mem::take(&mut self.waiting.writing) {
            self.controlled(token, Err(not_frames("something else is played now")));
        }
    }

    /// Nothing more will be heard.
    pub(super) fn end_reading(&mut self) {
        for token in std::mem::take(&mut self.waiting.reading) {
            self.report(MediaReported::Frames(token, Vec::new()));
        }
    }
}

fn not_frames(reason: &str) -> MediaFailure {
    MediaFailure::new(MediaFailureKind::NotFrames, reason)
}
