//! Receiving digits (RFC 4733 section 2.5.2).

use std::collections::VecDeque;
use std::time::Duration;

use rvoip_sans_io::{Counters, Instant, Now};

use super::{Digit, TelephoneEvent};
use crate::packet::RtpPacket;
use crate::units::to_duration;

/// An event is over when no packet of it came for this long: three to four updates are lost then.
const SILENCE: Duration = Duration::from_millis(200);
/// Beginnings of past events that are remembered, to know their late packets.
const REMEMBERED: usize = 16;
/// Reports that may wait to be fetched.
const MAXIMUM_REPORTS: usize = 64;
/// Events in one packet that are looked at (RFC 4733 section 2.5.1.5).
const MAXIMUM_PACKED: usize = 16;
/// A packet may be older than the newest event by this many seconds and still be a late one.
const LATE_SECONDS: u32 = 2;

/// What the other side pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventReport {
    /// A digit has begun.
    DigitStarted {
        /// The digit.
        digit: Digit,
    },
    /// A digit is over.
    DigitEnded {
        /// The digit.
        digit: Digit,
        /// How long it lasted, as far as is known if its end was lost.
        duration: Duration,
    },
}

#[derive(Clone, Copy, Debug)]
struct Current {
    digit: Digit,
    /// Where the current segment begins.
    timestamp: u32,
    /// Units of the segments before.
    before: u64,
    /// Units of the current segment.
    duration: u16,
    last: Instant,
}

/// Makes one report of each event's start and end out of the many packets that tell of it.
#[derive(Clone, Debug)]
pub struct EventReceiver {
    clock_rate: u32,
    ssrc: Option<u32>,
    current: Option<Current>,
    newest: Option<u32>,
    past: VecDeque<u32>,
    reports: VecDeque<EventReport>,
    counters: Counters,
}

impl EventReceiver {
    /// A receiver that has heard nothing; `clock_rate` is the one of the telephone events in hertz.
    pub fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate: clock_rate.max(1),
            ssrc: None,
            current: None,
            newest: None,
            past: VecDeque::new(),
            reports: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// Takes a packet of the payload type of telephone events, with one or more events one after the other (RFC 4733
    /// section 2.5.1.5).
    pub fn received(&mut self, now: Now, packet: &RtpPacket<'_>) {
        self.handle_timeout(now);
        if self.ssrc.replace(packet.ssrc) != Some(packet.ssrc) {
            self.end();
            self.newest = None;
            self.past.clear();
        }
        if packet.payload.len() < TelephoneEvent::LENGTH {
            self.counters.count("truncated event");
        }
        let mut timestamp = packet.timestamp;
        for (index, bytes) in
            packet.payload.chunks_exact(TelephoneEvent::LENGTH).take(MAXIMUM_PACKED).enumerate()
        {
            if let Ok(event) = TelephoneEvent::parse(bytes) {
                self.event(now.monotonic, packet.marker && index == 0, timestamp, event);
                timestamp = timestamp.wrapping_add(u32::from(event.duration));
            }
        }
    }

    fn event(&mut self, now: Instant, marker: bool, timestamp: u32, event: TelephoneEvent) {
        let Some(digit) = Digit::from_event(event.event) else {
            self.counters.count("event that is not a digit");
            return;
        };
        if event.duration == 0 {
            // Only states may last for zero units, and a digit is none (RFC 4733 section 2.3.5).
            self.counters.count("event without duration");
            return;
        }
        if self.past.contains(&timestamp) {
            self.counters.count("packet of a past event");
            return;
        }
        if let Some(current) = self.current.as_mut() {
            let ahead = timestamp.wrapping_sub(current.timestamp);
            let continues = ahead == 0xffff || ahead == u32::from(current.duration);
            if ahead == 0 {
                if current.digit != digit {
                    self.counters.count("event contradicts itself");
                    return;
                }
                current.duration = current.duration.max(event.duration);
                current.last = now;
                if event.end {
                    current.duration = event.duration;
                    self.end();
                }
                return;
            }
            if current.digit == digit && !marker && continues {
                // A new segment of the same event: there is no gap (RFC 4733 section 2.5.2.3).
                let old = current.timestamp;
                current.before = current.before.saturating_add(u64::from(ahead));
                current.timestamp = timestamp;
                current.duration = event.duration;
                current.last = now;
                self.newest = Some(timestamp);
                self.remember(old);
                if event.end {
                    self.end();
                }
                return;
            }
        }
        if let Some(newest) = self.newest {
            let behind = newest.wrapping_sub(timestamp);
            if behind > 0 && behind <= self.clock_rate.saturating_mul(LATE_SECONDS) {
                self.counters.count("packet of a past event");
                return;
            }
        }
        if self.current.is_some() {
            self.counters.count("lost end of event");
            self.end();
        }
        self.newest = Some(timestamp);
        self.report(EventReport::DigitStarted { digit });
        self.current = Some(Current { digit, timestamp, before: 0, duration: event.duration, last: now });
        if event.end {
            self.end();
        }
    }

    fn end(&mut self) {
        if let Some(current) = self.current.take() {
            self.remember(current.timestamp);
            let units = current.before.saturating_add(u64::from(current.duration));
            let duration = to_duration(units, self.clock_rate);
            self.report(EventReport::DigitEnded { digit: current.digit, duration });
        }
    }

    fn remember(&mut self, timestamp: u32) {
        if self.past.len() >= REMEMBERED {
            self.past.pop_front();
        }
        self.past.push_back(timestamp);
    }

    fn report(&mut self, report: EventReport) {
        if self.reports.len() >= MAXIMUM_REPORTS {
            self.counters.count("report that nobody fetched");
            self.reports.pop_front();
        }
        self.reports.push_back(report);
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called, if an event has begun and not ended.
    pub fn timeout(&self) -> Option<Instant> {
        self.current.map(|current| current.last + SILENCE)
    }

    /// Ends an event of which no packet came for 200 ms.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.timeout().is_some_and(|at| at <= now.monotonic) {
            self.counters.count("lost end of event");
            self.end();
        }
    }

    /// The next report, in the order of the events.
    pub fn poll(&mut self) -> Option<EventReport> {
        self.reports.pop_front()
    }

    /// What was dropped, by name.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }
}
