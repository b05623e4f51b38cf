//! The peer's audio on its way to the program: whoever asks for it and goes away loses none of it.

use rvoip_driver::{MediaAction, MediaControl, Token};

use super::Agent;
use crate::CallKey;
use crate::command::Reply;

/// Samples that are kept for whoever reads next: two seconds, as many as wait on the media side.
const KEPT: usize = 16_000;

impl Agent {
    pub(super) fn read_frames(&mut self, token: Token, key: CallKey) {
        let kept = self.calls.get_mut(&key).map(|call| std::mem::take(&mut call.media.kept_frames));
        let samples: Vec<i16> = kept.into_iter().flatten().flat_map(|(_, samples)| samples).collect();
        if samples.is_empty() {
            self.control(token, key, MediaControl::ReadFrames);
        } else {
            self.done(token, Ok(Reply::Frames(key, samples)));
        }
    }

    /// The media side gives what was asked for; meanwhile whoever asked may be gone.
    pub(super) fn frames_heard(&mut self, key: CallKey, token: Token, samples: Vec<i16>) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        let waits = call.media.controls.contains(&token);
        call.media.controls.retain(|waits| *waits != token);
        if waits {
            self.done(token, Ok(Reply::Frames(key, samples)));
        } else {
            self.keep_frames(key, token, samples);
        }
    }

    /// Keeps what `token` was given and nobody heard of, for whoever waits longest or reads next.
    pub(super) fn keep_frames(&mut self, key: CallKey, token: Token, samples: Vec<i16>) {
        let Some(call) = self.calls.get_mut(&key).filter(|_| !samples.is_empty()) else { return };
        let kept = &mut call.media.kept_frames;
        let at = kept.iter().position(|(of, _)| *of > token).unwrap_or(kept.len());
        kept.insert(at, (token, samples));
        while kept.iter().map(|(_, samples)| samples.len()).sum::<usize>() > KEPT {
            kept.remove(0);
        }
        if let Some(reader) = call.media.next_reader() {
            self.ask_media_side(key, MediaAction::Withdraw(reader));
            self.read_frames(reader, key);
        }
    }
}
