//! Audio that the program itself makes and takes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::request::MediaKey;

/// Samples to the peer that may wait: one second, as much as the session itself keeps.
const OUTBOUND: usize = 8_000;
/// Samples from the peer that may wait: two seconds.
const INBOUND: usize = 16_000;

#[derive(Debug, Default)]
struct Line {
    outbound: Option<VecDeque<i16>>,
    inbound: Option<VecDeque<i16>>,
}

/// The audio of calls whose source or sink is `Frames`: 16-bit samples, mono, in real time. Copies share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Frames(Arc<Mutex<BTreeMap<MediaKey, Line>>>);

impl Frames {
    fn lines(&self) -> MutexGuard<'_, BTreeMap<MediaKey, Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds audio for the peer; false if nothing is taken, because the call does not play frames or a second waits already.
    pub(super) fn push(&self, session: MediaKey, samples: &[i16]) -> bool {
        let mut lines = self.lines();
        let Some(queue) = lines.get_mut(&session).and_then(|line| line.outbound.as_mut()) else {
            return false;
        };
        if queue.len() + samples.len() > OUTBOUND {
            return false;
        }
        queue.extend(samples);
        true
    }

    /// Appends what the peer said since the last time; two seconds wait at most, older audio is lost. False if the call
    /// records no frames.
    pub(super) fn take(&self, session: MediaKey, out: &mut Vec<i16>) -> bool {
        let mut lines = self.lines();
        let Some(queue) = lines.get_mut(&session).and_then(|line| line.inbound.as_mut()) else {
            return false;
        };
        out.extend(queue.drain(..));
        true
    }

    pub(super) fn set_outbound(&self, session: MediaKey, wanted: bool) {
        let mut lines = self.lines();
        lines.entry(session).or_default().outbound = wanted.then(VecDeque::new);
        Self::tidy(&mut lines, session);
    }

    pub(super) fn set_inbound(&self, session: MediaKey, wanted: bool) {
        let mut lines = self.lines();
        lines.entry(session).or_default().inbound = wanted.then(VecDeque::new);
        Self::tidy(&mut lines, session);
    }

    fn tidy(lines: &mut BTreeMap<MediaKey, Line>, session: MediaKey) {
        if lines.get(&session).is_some_and(|line| line.outbound.is_none() && line.inbound.is_none()) {
            lines.remove(&session);
        }
    }

    pub(super) fn is_outbound(&self, session: MediaKey) -> bool {
        self.lines().get(&session).is_some_and(|line| line.outbound.is_some())
    }

    pub(super) fn is_inbound(&self, session: MediaKey) -> bool {
        self.lines().get(&session).is_some_and(|line| line.inbound.is_some())
    }

    /// How many samples to the peer may be added now.
    pub(super) fn room(&self, session: MediaKey) -> usize {
        let lines = self.lines();
        let queue = lines.get(&session).and_then(|line| line.outbound.as_ref());
        queue.map_or(0, |queue| OUTBOUND.saturating_sub(queue.len()))
    }

    /// Takes audio for the peer, so many samples at most.
    pub(super) fn pull(&self, session: MediaKey, limit: usize) -> Vec<i16> {
        let mut lines = self.lines();
        let Some(queue) = lines.get_mut(&session).and_then(|line| line.outbound.as_mut()) else {
            return Vec::new();
        };
        queue.drain(..limit.min(queue.len())).collect()
    }

    /// Adds audio of the peer.
    pub(super) fn offer(&self, session: MediaKey, samples: &[i16]) {
        let mut lines = self.lines();
        let Some(queue) = lines.get_mut(&session).and_then(|line| line.inbound.as_mut()) else { return };
        queue.extend(samples);
        let surplus = queue.len().saturating_sub(INBOUND);
        queue.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_open_lines_carry_audio_and_none_grows_without_bound() {
        let (frames, call) = (Frames::default(), MediaKey(1));
        assert!(!frames.push(call, &[1]));
        assert!(!frames.take(call, &mut Vec::new()));
        frames.set_outbound(call, true);
        assert!(frames.push(call, &[1; 8_000]));
        assert!(!frames.push(call, &[1]));
        assert_eq!(frames.room(call), 0);
        assert_eq!(frames.pull(call, 3_000).len(), 3_000);
        assert_eq!(frames.room(call), 3_000);
        assert_eq!(frames.pull(call, 8_000).len(), 5_000);
        frames.set_inbound(call, true);
        frames.offer(call, &vec![1; 16_000]);
        frames.offer(call, &[2; 10]);
        let mut heard = Vec::new();
        assert!(frames.take(call, &mut heard));
        assert_eq!((heard.len(), heard.last()), (16_000, Some(&2)));
        frames.set_outbound(call, false);
        frames.set_inbound(call, false);
        assert!(frames.lines().is_empty());
    }
}
