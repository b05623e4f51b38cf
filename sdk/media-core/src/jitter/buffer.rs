//! The buffer itself.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use rvoip_sans_io::Instant;

use super::delay::DelayTracker;
use super::packet::{Packet, Timeline};
use super::statistics::{JitterConfig, JitterStatistics};

/// A payload above this is refused, in octets.
const MAX_PAYLOAD: usize = 4_096;
/// A delay further than this from the known ones is another timeline, in microseconds over the largest target.
const JUMP: i64 = 1_000_000;
/// Late packets in a row, in order, after which the sequence has started again.
const LATE_RUN: u32 = 16;
/// Holes are concealed for this long, in microseconds; what follows is a pause.
const HOLE: i64 = 100_000;
/// The longest packet that the stream can show, in microseconds.
const MAX_STEP: i64 = 200_000;
/// Packets that all must have waited long enough before one is left out.
const CALM: u32 = 25;

/// What is to be played next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Playout {
    /// A packet.
    Frame {
        /// Its payload.
        payload: Bytes,
        /// Its extended sequence number.
        sequence: u64,
        /// Its timestamp.
        timestamp: u32,
        /// Whether a talk spurt begins with it.
        marker: bool,
    },
    /// A packet's worth of audio is to be made up.
    Missing {
        /// How long the hole lasts already, zero for its first piece.
        since: Duration,
        /// The length of the piece.
        length: Duration,
    },
    /// The sender pauses: silence or comfort noise for one frame.
    Empty,
}

/// An adaptive jitter buffer for one stream.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    config: JitterConfig,
    packets: BTreeMap<u64, Packet>,
    delays: DelayTracker,
    timeline: Timeline,
    epoch: u64,
    origin: Option<Instant>,
    candidate: Option<Candidate>,
    /// How long one packet lasts, in microseconds, and what the last pair of packets said.
    step: i64,
    next_step: i64,
    newest: Option<(u64, u32)>,
    /// What comes after the packet that was played last.
    expected: Option<Expected>,
    /// Bit n is set if the packet n + 1 before the expected one was played.
    history: u64,
    late_run: (u32, u64),
    hole: i64,
    /// Nothing is being played: the next packet waits until a reserve has built up.
    paused: bool,
    /// How many packets in a row waited longer than a step.
    calm: u32,
    added_last: bool,
    silent: bool,
    /// How late the listener is, in microseconds.
    behind: i64,
    statistics: JitterStatistics,
}

#[derive(Clone, Copy, Debug)]
struct Expected {
    sequence: u64,
    moment: i64,
    epoch: u64,
    /// The delay at which the stream is being played, over the timeline's zero.
    delay: i64,
}

/// A packet whose timestamp belongs to another timeline.
#[derive(Clone, Debug)]
struct Candidate {
    timeline: Timeline,
    sequence: u64,
    packet: Packet,
}

impl JitterBuffer {
    /// An empty buffer. `max` is raised to `min` and `capacity` to 2 where they are below.
    pub fn new(config: JitterConfig) -> Self {
        let min = micros(config.min);
        let max = micros(config.max).max(min);
        let step = micros(config.frame).clamp(1_000, MAX_STEP);
        Self {
            config: JitterConfig { capacity: config.capacity.max(2), ..config },
            packets: BTreeMap::new(),
            delays: DelayTracker::new(min, max, step.saturating_mul(2)),
            timeline: Timeline::new(config.clock_rate),
            epoch: 0,
            origin: None,
            candidate: None,
            step,
            next_step: step,
            newest: None,
            expected: None,
            history: 0,
            late_run: (0, 0),
            hole: 0,
            paused: true,
            calm: 0,
            added_last: false,
            silent: false,
            behind: 0,
            statistics: JitterStatistics::default(),
        }
    }

    /// Forgets the stream: another SSRC follows. Statistics go on.
    pub fn reset(&mut self) {
        let statistics = self.statistics;
        let silent = self.silent;
        *self = Self::new(self.config);
        self.silent = silent;
        self.statistics = statistics;
        self.statistics.restarts += 1;
    }

    /// What happened so far.
    pub fn statistics(&self) -> JitterStatistics {
        JitterStatistics { target_delay: duration(self.delays.target()), ..self.statistics }
    }

    /// How many packets wait.
    pub fn len(&self) -> usize {
        self.packets.len()
    }

    /// Whether no packet waits.
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Tells whether what was decoded last is silence: then the delay is adapted at smaller differences.
    pub fn set_silent(&mut self, silent: bool) {
        self.silent = silent;
    }

    /// Tells how late the listener is that pulls what it has missed: so much more audio than the largest delay may wait for it.
    pub fn set_behind(&mut self, behind: Duration) {
        self.behind = micros(behind);
    }

    /// Takes a packet that arrived `now`. The sequence number is extended by the count of its wraps (RFC 3550 appendix
    /// A.1).
    pub fn insert(
        &mut self,
        now: Instant,
        extended_sequence: u64,
        timestamp: u32,
        payload: &[u8],
        marker: bool,
    ) {
        self.statistics.received += 1;
        if payload.len() > MAX_PAYLOAD {
            self.statistics.refused += 1;
            return;
        }
        if self.is_known(extended_sequence) {
            self.statistics.duplicate += 1;
            return;
        }
        let arrival = self.clock(now);
        let payload = Bytes::copy_from_slice(payload);
        let packet = Packet { moment: 0, epoch: self.epoch, arrival, timestamp, marker, payload };
        let Some(moment) = self.timeline.moment(timestamp) else {
            self.timeline.start(timestamp);
            self.accept(extended_sequence, packet);
            return;
        };
        let delay = arrival.saturating_sub(moment);
        if self.is_jump(delay) {
            self.consider(extended_sequence, packet);
            return;
        }
        if self.candidate.take().is_some() {
            self.statistics.refused += 1;
        }
        self.accept(extended_sequence, Packet { moment, ..packet });
    }

    /// When a packet of this timestamp comes if it is as fast as the fastest one was.
    pub fn expected(&self, timestamp: u32) -> Option<Instant> {
        let micros = self.timeline.moment(timestamp)?.saturating_add(self.delays.base()?);
        self.origin?.checked_add(Duration::from_micros(u64::try_from(micros).ok()?))
    }

    /// Gives what is to be played at `now`.
    ///
    /// Call it each time when the decoder has run dry: every [`JitterConfig::frame`] while packets last that long. If
    /// some decoded audio is still to be played, `now` is the moment when it ends.
    pub fn pull(&mut self, now: Instant) -> Playout {
        let now = self.clock(now);
        self.shed_surplus();
        let Some((sequence, head)) =
            self.packets.first_key_value().map(|(key, packet)| (*key, packet.clone()))
        else {
            return self.nothing_there();
        };
        let position = now.saturating_sub(head.moment).saturating_sub(self.base());
        let ready = position >= self.delays.target() - self.step / 4;
        let Some(expected) = self.expected.filter(|_| !self.paused) else {
            // After a pause, and at the very beginning, a reserve of the target delay builds up first.
            return if ready || head.epoch != self.epoch { self.play(now, sequence) } else { Playout::Empty };
        };
        if head.epoch != self.epoch {
            return self.play(now, sequence);
        }
        if head.epoch != expected.epoch {
            return if ready { self.play(now, sequence) } else { self.nothing_there() };
        }
        if head.moment > expected.moment.saturating_add(self.step / 2) {
            return self.before_gap(now, sequence, &head, expected, ready);
        }
        if self.should_add(position) {
            self.statistics.added += 1;
            return self.conceal();
        }
        if self.should_drop(position, sequence) {
            self.leave_out_first();
            self.statistics.dropped += 1;
            self.calm = 0;
            return self.play(now, sequence.saturating_add(1));
        }
        self.play(now, sequence)
    }

    /// Microseconds since the first time that the buffer was told.
    fn clock(&mut self, now: Instant) -> i64 {
        let origin = *self.origin.get_or_insert(now);
        micros(now.saturating_duration_since(origin))
    }

    fn base(&self) -> i64 {
        self.delays.base().unwrap_or(0)
    }

    fn is_known(&self, sequence: u64) -> bool {
        let behind = self.expected.and_then(|expected| expected.sequence.checked_sub(sequence));
        let played = behind.is_some_and(|behind| {
            let bit = behind.checked_sub(1).and_then(|bit| u32::try_from(bit).ok());
            bit.and_then(|bit| self.history.checked_shr(bit)).is_some_and(|bits| bits & 1 == 1)
        });
        played || self.packets.contains_key(&sequence)
    }

    fn is_jump(&self, delay: i64) -> bool {
        let limit = micros(self.config.max).saturating_add(JUMP);
        self.delays.base().is_some_and(|base| delay.saturating_sub(base).saturating_abs() > limit)
    }

    /// Keeps a packet of another timeline until a second one agrees with it.
    fn consider(&mut self, sequence: u64, packet: Packet) {
        if let Some(candidate) = self.candidate.take() {
            let moment = candidate.timeline.moment(packet.timestamp).unwrap_or_default();
            let delay = packet.arrival.saturating_sub(moment);
            let apart = delay.saturating_sub(candidate.packet.arrival).saturating_abs();
            if sequence > candidate.sequence && apart <= JUMP {
                if self.expected.is_some_and(|expected| candidate.sequence < expected.sequence) {
                    self.forget_sequence();
                }
                self.restart(candidate.timeline);
                self.accept(candidate.sequence, Packet { epoch: self.epoch, ..candidate.packet });
                self.accept(sequence, Packet { moment, epoch: self.epoch, ..packet });
                return;
            }
            self.statistics.refused += 1;
        }
        let mut timeline = Timeline::new(self.config.clock_rate);
        timeline.start(packet.timestamp);
        self.candidate = Some(Candidate { timeline, sequence, packet });
    }

    /// Begins another timeline; what waits is played out first.
    fn restart(&mut self, timeline: Timeline) {
        self.statistics.restarts += 1;
        self.epoch += 1;
        self.timeline = timeline;
        self.delays.clear();
        self.newest = None;
        self.calm = 0;
    }

    fn forget_sequence(&mut self) {
        self.expected = None;
        self.history = 0;
        self.late_run = (0, 0);
        self.paused = true;
        self.packets.clear();
    }

    fn accept(&mut self, sequence: u64, packet: Packet) {
        if self.expected.is_some_and(|expected| sequence < expected.sequence) {
            self.take_late(sequence, packet);
            return;
        }
        self.late_run = (0, 0);
        self.learn_step(sequence, &packet);
        self.delays.record(packet.arrival.saturating_sub(packet.moment), self.step);
        self.timeline.follow(packet.timestamp);
        self.packets.insert(sequence, packet);
        while self.packets.len() > self.config.capacity {
            self.leave_out_first();
            self.statistics.overflow += 1;
        }
    }

    /// Counts a late packet; many of them in order mean that the sequence has started again.
    fn take_late(&mut self, sequence: u64, packet: Packet) {
        self.statistics.late += 1;
        // Its delay is known all the same, and the reserve grows by it.
        self.delays.record(packet.arrival.saturating_sub(packet.moment), self.step);
        let (run, last) = self.late_run;
        self.late_run = (if sequence == last.wrapping_add(1) { run + 1 } else { 1 }, sequence);
        if self.late_run.0 >= LATE_RUN {
            self.forget_sequence();
            let mut timeline = Timeline::new(self.config.clock_rate);
            timeline.start(packet.timestamp);
            self.restart(timeline);
            self.accept(sequence, Packet { moment: 0, epoch: self.epoch, ..packet });
        }
    }

    /// Two neighbours that say the same twice tell how long a packet is.
    fn learn_step(&mut self, sequence: u64, packet: &Packet) {
        if let Some((last, timestamp)) = self.newest
            && sequence == last.wrapping_add(1)
            && !packet.marker
        {
            let ticks = i64::from(packet.timestamp.wrapping_sub(timestamp).cast_signed());
            let step = ticks.saturating_mul(1_000_000) / i64::from(self.config.clock_rate.max(1));
            if (1_000..=MAX_STEP).contains(&step) {
                if step == self.next_step {
                    self.step = step;
                }
                self.next_step = step;
            }
        }
        if self.newest.is_none_or(|(last, _)| sequence > last) {
            self.newest = Some((sequence, packet.timestamp));
        }
    }

    /// Never holds more audio than the largest delay.
    fn shed_surplus(&mut self) {
        let max = micros(self.config.max).max(micros(self.config.min)).max(self.step);
        let max = max.saturating_add(self.behind);
        while let Some((first, last)) = self.packets.first_key_value().zip(self.packets.last_key_value()) {
            let (first, last) = (first.1, last.1);
            if self.packets.len() < 3
                || first.epoch != last.epoch
                || last.moment.saturating_sub(first.moment) <= max.saturating_add(self.step)
            {
                return;
            }
            // A pause within explains the distance.
            let held = self.step.saturating_mul(i64::try_from(self.packets.len()).unwrap_or(i64::MAX));
            if held <= max.saturating_add(self.step) {
                return;
            }
            self.leave_out_first();
            self.statistics.dropped += 1;
        }
    }

    /// The first packet is not played. That is no hole: the next one is played in its place, and so much earlier.
    fn leave_out_first(&mut self) {
        let Some((sequence, packet)) = self.packets.pop_first() else { return };
        let Some(expected) = self.expected.as_mut().filter(|expected| expected.epoch == packet.epoch) else {
            return;
        };
        let next = Expected {
            sequence: sequence.saturating_add(1),
            moment: packet.moment.saturating_add(self.step),
            ..*expected
        };
        let advance = u32::try_from(next.sequence.saturating_sub(expected.sequence)).unwrap_or(u32::MAX);
        self.history = self.history.checked_shl(advance).unwrap_or(0);
        let earlier = next.moment.saturating_sub(expected.moment);
        *expected = Expected { delay: expected.delay.saturating_sub(earlier), ..next };
    }

    fn nothing_there(&mut self) -> Playout {
        if self.paused || self.hole >= HOLE {
            self.paused = true;
            return Playout::Empty;
        }
        self.conceal()
    }

    fn conceal(&mut self) -> Playout {
        let since = duration(self.hole);
        self.hole = self.hole.saturating_add(self.step);
        self.added_last = true;
        self.statistics.concealed += 1;
        Playout::Missing { since, length: duration(self.step) }
    }

    /// The next packet that is there lies further on: those before it were lost, or the sender paused.
    fn before_gap(
        &mut self,
        now: i64,
        sequence: u64,
        head: &Packet,
        mut expected: Expected,
        ready: bool,
    ) -> Playout {
        if sequence <= expected.sequence || head.marker {
            return if ready { self.play(now, sequence) } else { self.nothing_there() };
        }
        if now.saturating_sub(head.moment) >= expected.delay.saturating_sub(self.step / 2) {
            return self.play(now, sequence);
        }
        // Should the lost packet come after all, it is late, because its piece was made up already.
        expected.sequence += 1;
        expected.moment = expected.moment.saturating_add(self.step);
        self.expected = Some(expected);
        self.history <<= 1;
        if self.hole >= HOLE { Playout::Empty } else { self.conceal() }
    }

    /// Whether the delay is so far below the target that a made-up piece should raise it.
    fn should_add(&self, position: i64) -> bool {
        let deficit = self.delays.target().saturating_sub(position);
        !self.added_last && deficit > if self.silent { self.step / 4 } else { self.step / 2 }
    }

    /// Whether the delay is so far above the target, for so long, that the packet `sequence` should be left out.
    fn should_drop(&self, position: i64, sequence: u64) -> bool {
        let excess = position.saturating_sub(self.delays.target());
        // More than a step away from where a piece would be added, or the two would take turns.
        let tolerated = if self.silent { self.step + self.step / 4 } else { 2 * self.step };
        excess > tolerated && self.calm >= CALM && self.packets.contains_key(&sequence.saturating_add(1))
    }

    fn play(&mut self, now: i64, sequence: u64) -> Playout {
        let Some(packet) = self.packets.remove(&sequence) else { return self.nothing_there() };
        let before = self.expected.map_or(sequence, |expected| expected.sequence);
        let advance = sequence.saturating_sub(before).saturating_add(1);
        let shift = u32::try_from(advance).unwrap_or(u32::MAX);
        self.history = self.history.checked_shl(shift).unwrap_or(0) | 1;
        let delay = now.saturating_sub(packet.moment);
        self.expected = Some(Expected {
            sequence: sequence.saturating_add(1),
            moment: packet.moment.saturating_add(self.step),
            epoch: packet.epoch,
            delay,
        });
        let waited = now.saturating_sub(packet.arrival);
        self.calm = if waited >= self.step { self.calm.saturating_add(1) } else { 0 };
        self.hole = 0;
        self.paused = false;
        self.added_last = false;
        self.statistics.played += 1;
        if packet.epoch == self.epoch {
            self.statistics.current_delay = duration(delay.saturating_sub(self.base()));
        }
        Playout::Frame {
            payload: packet.payload,
            sequence,
            timestamp: packet.timestamp,
            marker: packet.marker,
        }
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX / 4)
}

fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
