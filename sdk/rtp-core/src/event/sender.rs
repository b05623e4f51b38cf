//! Sending digits (RFC 4733 section 2.5.1).

use std::collections::VecDeque;
use std::time::Duration;

use super::{Digit, EventError, TelephoneEvent};
use crate::units::from_duration;

/// Digits that may wait.
const MAXIMUM_DIGITS: usize = 128;
/// The final packet of an event or segment is sent this often in all (RFC 4733 section 2.5.1.4).
const FINAL_PACKETS: u8 = 3;
/// The power of a digit in −dBm0.
const VOLUME: u8 = 10;

/// One packet to send at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPacket {
    /// The marker bit: set on the first packet of an event (RFC 4733 section 2.5.1.1).
    pub marker: bool,
    /// The RTP timestamp: the beginning of the event or of its segment.
    pub timestamp: u32,
    /// The payload.
    pub event: TelephoneEvent,
}

/// A final packet that is sent again at the next ticks.
#[derive(Clone, Copy, Debug)]
struct Repeat {
    packet: EventPacket,
    left: u8,
}

/// An event that is being sent.
#[derive(Clone, Copy, Debug)]
struct Current {
    digit: Digit,
    /// Where the current segment begins.
    timestamp: u32,
    /// Units since the current segment began.
    elapsed: u64,
    /// Units that the event still lasts from the current segment's beginning on.
    remaining: u64,
    started: bool,
    ended: bool,
}

/// A queue of digits that become packets, one tick of the packet clock after the other.
///
/// At each tick: [`tick`](Self::tick), then [`poll`](Self::poll) until it gives `None`.
#[derive(Clone, Debug)]
pub struct EventSender {
    clock_rate: u32,
    pause: u64,
    waiting: VecDeque<(Digit, u64)>,
    current: Option<Current>,
    /// Units until the next digit may begin.
    silence: u64,
    repeat: Option<Repeat>,
    packets: VecDeque<EventPacket>,
}

impl EventSender {
    /// The pause between two digits unless another is set.
    pub const PAUSE: Duration = Duration::from_millis(60);

    /// A sender without digits; `clock_rate` is the one of the telephone events in hertz.
    pub fn new(clock_rate: u32) -> Self {
        let clock_rate = clock_rate.max(1);
        Self {
            clock_rate,
            pause: from_duration(Self::PAUSE, clock_rate),
            waiting: VecDeque::new(),
            current: None,
            silence: 0,
            repeat: None,
            packets: VecDeque::new(),
        }
    }

    /// Sets the pause between the end of a digit and the beginning of the next. The two repeats of the final packet
    /// always fit in.
    #[must_use]
    pub fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = from_duration(pause, self.clock_rate);
        self
    }

    /// Appends one digit of a length.
    pub fn push(&mut self, digit: Digit, duration: Duration) -> Result<(), EventError> {
        if self.waiting.len() >= MAXIMUM_DIGITS {
            return Err(EventError::QueueFull);
        }
        self.waiting.push_back((digit, from_duration(duration, self.clock_rate).max(1)));
        Ok(())
    }

    /// Appends digits, all of the same length; on an error none of them.
    pub fn push_digits(&mut self, digits: &str, duration: Duration) -> Result<(), EventError> {
        let before = self.waiting.len();
        let result =
            digits.chars().try_for_each(|character| self.push(Digit::try_from(character)?, duration));
        if result.is_err() {
            self.waiting.truncate(before);
        }
        result
    }

    /// Whether no digit waits and none is being sent: its final packets are out as well.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.current.is_none() && self.packets.is_empty()
    }

    /// One packet time of `units` passes, from `timestamp` of the media clock on (RFC 4733 section 2.5.1.2).
    ///
    /// Gives whether the time belongs to an event, so that no audio is sent for it.
    pub fn tick(&mut self, timestamp: u32, units: u32) -> bool {
        // One segment a tick can end at most; a packet time of seconds is none anyway.
        let units = u64::from(units.clamp(1, 0xffff));
        if self.current.is_none() {
            if self.silence > 0 {
                self.silence = self.silence.saturating_sub(units);
                return false;
            }
            let Some((digit, duration)) = self.waiting.pop_front() else { return false };
            self.current = Some(Current {
                digit,
                timestamp,
                elapsed: 0,
                remaining: duration,
                started: false,
                ended: false,
            });
        }
        self.repeat();
        let Some(mut current) = self.current else { return false };
        if current.ended {
            self.silence = self.silence.saturating_sub(units);
            self.current = self.repeat.is_some().then_some(current);
            return true;
        }
        current.elapsed = (current.elapsed + units).min(current.remaining);
        if current.elapsed > 0xffff {
            // The rest goes into a new segment; the old one ends without the end bit (RFC 4733 section 2.5.1.3).
            let segment = self.packet(&mut current, 0xffff, false);
            self.repeat =
                Some(Repeat { packet: EventPacket { marker: false, ..segment }, left: FINAL_PACKETS - 1 });
            current.timestamp = current.timestamp.wrapping_add(0xffff);
            current.elapsed -= 0xffff;
            current.remaining -= 0xffff;
        }
        let duration = u16::try_from(current.elapsed).unwrap_or(u16::MAX);
        let ended = current.elapsed >= current.remaining;
        current.ended = ended;
        let packet = self.packet(&mut current, duration, ended);
        if ended {
            // A repeat of a segment gives way: the end of the event says all that it does.
            self.repeat =
                Some(Repeat { packet: EventPacket { marker: false, ..packet }, left: FINAL_PACKETS - 1 });
            self.silence = self.pause;
        }
        self.current = Some(current);
        true
    }

    fn packet(&mut self, current: &mut Current, duration: u16, end: bool) -> EventPacket {
        let event = TelephoneEvent { event: current.digit.event(), end, volume: VOLUME, duration };
        let packet = EventPacket { marker: !current.started, timestamp: current.timestamp, event };
        current.started = true;
        // Whoever never polls loses the oldest packets, not the memory.
        if self.packets.len() >= 16 {
            self.packets.pop_front();
        }
        self.packets.push_back(packet);
        packet
    }

    fn repeat(&mut self) {
        if let Some(repeat) = self.repeat.as_mut() {
            if self.packets.len() < 16 {
                self.packets.push_back(repeat.packet);
            }
            repeat.left -= 1;
            if repeat.left == 0 {
                self.repeat = None;
            }
        }
    }

    /// The next packet of this tick; they have the same payload type and consecutive sequence numbers.
    pub fn poll(&mut self) -> Option<EventPacket> {
        self.packets.pop_front()
    }
}
