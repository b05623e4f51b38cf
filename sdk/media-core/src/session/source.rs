//! What the local side says.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Source;
use crate::tone::ToneGenerator;

/// The rate of all audio that goes in and out of a session, in hertz.
pub(super) const AUDIO_RATE: u32 = 8_000;
/// One second.
const QUEUE: usize = 8_000;

/// A source that is being played.
#[derive(Debug)]
pub(super) enum Feed {
    Silence,
    Clip { samples: Arc<[i16]>, repeat: bool, position: usize },
    Tone(ToneGenerator),
    Echo(VecDeque<i16>),
    Frames(VecDeque<i16>),
}

impl Feed {
    pub(super) fn new(source: Source) -> Self {
        match source {
            Source::Silence => Self::Silence,
            Source::Clip { samples, repeat } => {
                // Nothing cannot be repeated: it would never end.
                let repeat = repeat && !samples.is_empty();
                Self::Clip { samples, repeat, position: 0 }
            }
            Source::Tone(tone) => Self::Tone(ToneGenerator::new(&tone, AUDIO_RATE)),
            Source::Echo => Self::Echo(VecDeque::new()),
            Source::Frames => Self::Frames(VecDeque::new()),
        }
    }

    /// Writes the next samples over all of `out`; gives whether playback has ended with them.
    pub(super) fn fill(&mut self, out: &mut [i16]) -> bool {
        let finished = match self {
            Self::Silence => {
                out.fill(0);
                false
            }
            Self::Clip { samples, repeat, position } => {
                for sample in out.iter_mut() {
                    if *repeat && *position >= samples.len() {
                        *position = 0;
                    }
                    *sample = samples.get(*position).copied().unwrap_or(0);
                    *position = position.saturating_add(1);
                }
                !*repeat && *position >= samples.len()
            }
            Self::Tone(generator) => {
                generator.fill(out);
                generator.is_finished()
            }
            Self::Echo(queue) | Self::Frames(queue) => {
                for sample in out.iter_mut() {
                    *sample = queue.pop_front().unwrap_or(0);
                }
                false
            }
        };
        if finished {
            *self = Self::Silence;
        }
        finished
    }

    /// Time passes in which nothing can be sent: recordings wait, what is live is gone.
    pub(super) fn pass(&mut self, samples: usize) {
        match self {
            Self::Silence | Self::Clip { .. } | Self::Tone(_) => {}
            Self::Echo(queue) | Self::Frames(queue) => {
                queue.drain(..samples.min(queue.len()));
            }
        }
    }

    /// Takes audio to send; gives whether there was room for all of it: if not, the oldest was dropped.
    pub(super) fn push(&mut self, pcm: &[i16]) -> bool {
        let Self::Frames(queue) = self else { return false };
        queue.extend(pcm);
        let surplus = queue.len().saturating_sub(QUEUE);
        queue.drain(..surplus);
        surplus == 0
    }

    /// How many samples wait that were pushed.
    pub(super) fn waiting(&self) -> usize {
        if let Self::Frames(queue) = self { queue.len() } else { 0 }
    }

    /// Whether anything but silence is played.
    pub(super) fn is_playing(&self) -> bool {
        !matches!(self, Self::Silence)
    }

    /// Whether it is spoken at this moment, not played from somewhere.
    pub(super) fn is_live(&self) -> bool {
        matches!(self, Self::Echo(_) | Self::Frames(_))
    }

    /// Takes what was played out; the oldest gives way.
    pub(super) fn heard(&mut self, pcm: &[i16]) {
        if let Self::Echo(queue) = self {
            queue.extend(pcm);
            queue.drain(..queue.len().saturating_sub(QUEUE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(samples: &[i16], repeat: bool) -> Feed {
        Feed::new(Source::Clip { samples: samples.into(), repeat })
    }

    #[test]
    fn a_clip_ends_once_and_is_silent_afterwards() {
        let mut feed = clip(&[1, 2, 3], false);
        let mut out = [9; 2];
        assert!(!feed.fill(&mut out));
        assert!(feed.fill(&mut out));
        assert_eq!(out, [3, 0]);
        assert!(!feed.fill(&mut out));
        assert_eq!(out, [0, 0]);
    }

    #[test]
    fn a_repeated_clip_goes_round_and_an_empty_one_ends() {
        let mut feed = clip(&[1, 2, 3], true);
        let mut out = [0; 7];
        assert!(!feed.fill(&mut out));
        assert_eq!(out, [1, 2, 3, 1, 2, 3, 1]);
        assert!(clip(&[], true).fill(&mut out));
    }

    #[test]
    fn the_queue_holds_the_newest_second() {
        let mut feed = Feed::new(Source::Frames);
        for _ in 0..50 {
            assert!(feed.push(&[5; 160]));
        }
        assert!(!feed.push(&[5; 160]));
        feed.pass(160);
        assert!(feed.push(&[5; 160]));
        assert!(!Feed::new(Source::Silence).push(&[1]));
    }
}
