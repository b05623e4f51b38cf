//! Sending: one frame each packet time, from whichever source.

use std::collections::VecDeque;

use rvoip_sans_io::Now;

use super::types::{Lane, MediaEvent, MediaOutput, Source};
use super::{FRAMES, MediaSession, RATE};
use crate::tone::ToneGenerator;

/// The source that is being played, and how far.
#[derive(Default)]
pub(super) struct Playing {
    source: Source,
    position: usize,
    tone: Option<ToneGenerator>,
    /// Of `Echo` and `Frames`.
    pub(super) queue: VecDeque<i16>,
    pub(super) echoes: bool,
}

impl Playing {
    fn new(source: Source) -> Self {
        let tone = match &source {
            Source::Tone(tone) => Some(ToneGenerator::new(tone, RATE)),
            Source::Silence | Source::Clip { .. } | Source::Echo | Source::Frames => None,
        };
        let echoes = matches!(source, Source::Echo);
        Self { source, position: 0, tone, queue: VecDeque::new(), echoes }
    }

    /// Adds audio to the queue, dropping the oldest beyond its bound; false if something was dropped.
    pub(super) fn push(&mut self, samples: impl IntoIterator<Item = i16>) -> bool {
        self.queue.extend(samples);
        let surplus = self.queue.len().saturating_sub(FRAMES);
        self.queue.drain(..surplus);
        surplus == 0
    }

    /// Fills a frame; true if the source ended with it.
    fn fill(&mut self, frame: &mut [i16]) -> bool {
        match &self.source {
            Source::Silence => false,
            Source::Clip { samples, repeat } => {
                for slot in frame.iter_mut() {
                    if self.position >= samples.len() && *repeat {
                        self.position = 0;
                    }
                    *slot = samples.get(self.position).copied().unwrap_or(0);
                    self.position = self.position.saturating_add(1);
                }
                !*repeat && self.position >= samples.len()
            }
            Source::Tone(_) => self.tone.as_mut().is_none_or(|tone| {
                tone.fill(frame);
                tone.is_finished()
            }),
            Source::Echo | Source::Frames => {
                let there = frame.len().min(self.queue.len());
                for (slot, sample) in frame.iter_mut().zip(self.queue.drain(..there)) {
                    *slot = sample;
                }
                false
            }
        }
    }

    fn is_silence(&self) -> bool {
        matches!(self.source, Source::Silence)
    }
}

impl MediaSession {
    /// Speaks from another source from the next frame on.
    pub fn set_source(&mut self, source: Source) {
        self.source = Playing::new(source);
    }

    /// Adds audio for [`Source::Frames`]; false if there was too much, and the oldest was dropped.
    pub fn push_frame(&mut self, samples: &[i16]) -> bool {
        self.source.push(samples.iter().copied())
    }

    /// Sends silence in place of the source, or no more.
    pub fn set_muted(&mut self, muted: bool) {
        self.muted = muted;
    }

    /// Sends what belongs to one packet time.
    pub(super) fn send_frame(&mut self, now: Now) {
        let samples = self.frame_samples();
        let units = u32::try_from(samples).unwrap_or(160);
        let may_send = self.agreed.as_ref().is_some_and(|agreed| agreed.stream.direction.sends());
        let destination = self.remote_rtp.filter(|remote| may_send && !remote.ip().is_unspecified());
        let Some(destination) = destination else {
            self.sender.advance(units);
            self.talking = false;
            if self.source.echoes {
                self.source.queue.clear();
            }
            return;
        };
        if self.send_events(now, destination, samples) {
            self.sender.advance(units);
            self.talking = false;
            return;
        }
        let mut frame = vec![0_i16; samples];
        let ended = self.source.fill(&mut frame);
        if ended {
            self.source = Playing::default();
            self.tell(MediaEvent::PlaybackFinished);
        }
        if self.muted {
            frame.fill(0);
        }
        let Some(agreed) = &mut self.agreed else { return };
        let mut payload = Vec::with_capacity(samples);
        agreed.encoder.encode(&frame, &mut payload);
        let mut bytes = Vec::with_capacity(samples + 12);
        self.sender.packet(now, !self.talking, agreed.payload_type, units, &payload, &mut bytes);
        self.talking = true;
        self.outputs.push_back(MediaOutput::Transmit { lane: Lane::Rtp, destination, bytes });
    }

    /// Sends the packets of key presses; true if this packet time belongs to them.
    fn send_events(&mut self, now: Now, destination: std::net::SocketAddr, samples: usize) -> bool {
        let events = self.agreed.as_ref().and_then(|agreed| agreed.stream.telephone_event);
        let Some(events) = events else { return false };
        let (busy, over) = self.digits.tick(self.sender.timestamp(), samples);
        while let Some(packet) = self.digits.events.poll() {
            let mut bytes = Vec::with_capacity(16);
            let payload = packet.event.to_bytes();
            self.sender.packet_at(now, packet.marker, events.send, packet.timestamp, &payload, &mut bytes);
            self.outputs.push_back(MediaOutput::Transmit { lane: Lane::Rtp, destination, bytes });
        }
        if over {
            self.tell(MediaEvent::DigitsSent);
        }
        busy
    }

    /// Whether a source is being played.
    pub fn is_playing(&self) -> bool {
        !self.source.is_silence()
    }
}
