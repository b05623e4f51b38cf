//! Digits in both directions (RFC 4733).

use std::collections::VecDeque;
use std::time::Duration;

use rvoip_rtp_core::RtpPacket;
use rvoip_rtp_core::event::{Digit, EventPacket, EventReceiver, EventReport, EventSender};
use rvoip_sans_io::{Counters, Instant, Now};

use super::source::AUDIO_RATE;
use super::{DigitsError, MediaEvent, MediaSession};

/// How long a digit sounds.
const DURATION: Duration = Duration::from_millis(120);
/// Units that a comma stands for: two seconds, as in a browser.
const COMMA: u64 = 16_000;
/// Digits and commas that may wait.
const MAXIMUM: usize = 256;

#[derive(Clone, Copy, Debug)]
enum Step {
    Press(Digit),
    Wait,
    /// Those that were queued together end here.
    End,
}

/// The digits that wait to be sent, and those that come in.
#[derive(Debug)]
pub(super) struct Digits {
    waiting: VecDeque<Step>,
    sender: EventSender,
    /// Units left of a comma.
    pause: u64,
    /// The first of those that wait for their end has begun.
    begun: bool,
    receiver: EventReceiver,
}

impl Digits {
    pub(super) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            sender: EventSender::new(AUDIO_RATE),
            pause: 0,
            begun: false,
            receiver: EventReceiver::new(AUDIO_RATE),
        }
    }

    fn queue(&mut self, digits: &str) -> Result<(), DigitsError> {
        let step = |character| match character {
            ',' => Ok(Step::Wait),
            other => Digit::from_char(other).map(Step::Press).ok_or(DigitsError::Invalid),
        };
        if digits.is_empty() {
            return Err(DigitsError::Invalid);
        }
        let waiting = self.waiting.iter().filter(|step| !matches!(step, Step::End)).count();
        if digits.len() > MAXIMUM.saturating_sub(waiting) {
            return Err(if digits.chars().all(|character| step(character).is_ok()) {
                DigitsError::Full
            } else {
                DigitsError::Invalid
            });
        }
        let steps: Vec<Step> = digits.chars().map(step).collect::<Result<_, _>>()?;
        self.waiting.extend(steps);
        self.waiting.push_back(Step::End);
        Ok(())
    }

    /// A packet time of `units` passes; gives whether it belongs to a digit, so that no audio is sent.
    pub(super) fn tick(&mut self, timestamp: u32, units: u32) -> bool {
        if self.pause > 0 {
            self.pause = self.pause.saturating_sub(u64::from(units));
        } else if self.sender.is_idle() {
            match self.waiting.front() {
                // The queue of the sender is empty, so that there is room.
                Some(Step::Press(digit)) => drop(self.sender.push(*digit, DURATION)),
                Some(Step::Wait) => self.pause = COMMA.saturating_sub(u64::from(units)),
                // Whoever waits for the end is told first.
                Some(Step::End) | None => return self.sender.tick(timestamp, units),
            }
            self.waiting.pop_front();
            self.begun = true;
        }
        self.sender.tick(timestamp, units)
    }

    /// The next packet of this tick.
    pub(super) fn poll(&mut self) -> Option<EventPacket> {
        self.sender.poll()
    }

    /// Whether the last of those that were queued together has been sent; asked until it says no.
    pub(super) fn is_done(&mut self) -> bool {
        let idle = self.pause == 0 && self.sender.is_idle();
        let done = idle && matches!(self.waiting.front(), Some(Step::End));
        if done {
            self.waiting.pop_front();
            self.begun = false;
        }
        done
    }

    /// Sending is interrupted: the digit that sounds is cut off, those behind it wait.
    pub(super) fn interrupt(&mut self) {
        if !self.sender.is_idle() {
            self.sender = EventSender::new(AUDIO_RATE);
        }
    }

    /// Forgets what waits; gives, for all that were queued together, whether some of them were sent.
    pub(super) fn clear(&mut self) -> Vec<bool> {
        self.sender = EventSender::new(AUDIO_RATE);
        self.pause = 0;
        let mut begun = std::mem::take(&mut self.begun);
        let ends = self.waiting.drain(..).filter(|step| matches!(step, Step::End));
        ends.map(|_| std::mem::take(&mut begun)).collect()
    }

    pub(super) fn received(&mut self, now: Now, packet: &RtpPacket<'_>, counters: &mut Counters) {
        self.receiver.received(now, packet);
        self.publish(counters);
    }

    pub(super) fn handle_timeout(&mut self, now: Now, counters: &mut Counters) {
        self.receiver.handle_timeout(now);
        self.publish(counters);
    }

    /// When a digit without an end is taken as ended.
    pub(super) fn timeout(&self) -> Option<Instant> {
        self.receiver.timeout()
    }

    /// The next digit that the peer has let go.
    pub(super) fn poll_received(&mut self) -> Option<MediaEvent> {
        while let Some(report) = self.receiver.poll() {
            if let EventReport::DigitEnded { digit, duration } = report {
                return Some(MediaEvent::DigitReceived { digit: digit.as_char(), duration });
            }
        }
        None
    }

    /// Brings the session's counts up to those of the receiver; each packet adds only a few.
    fn publish(&self, counters: &mut Counters) {
        for (name, value) in self.receiver.counters().iter() {
            while counters.get(name) < value {
                counters.count(name);
            }
        }
    }
}

impl MediaSession {
    /// Sends digits (0 to 9, `*`, `#`, A to D) of 120 ms each, a comma being a pause of two seconds; audio is interrupted
    /// for them. While sending is forbidden they wait. For each call of this, in their order, [`MediaEvent::DigitsSent`] follows,
    /// or [`MediaEvent::DigitsDropped`] if telephone events are negotiated away, unless the session ends.
    pub fn send_digits(&mut self, digits: &str) -> Result<(), DigitsError> {
        if self.agreed.as_ref().is_none_or(|agreed| agreed.event.is_none()) {
            return Err(DigitsError::NotNegotiated);
        }
        self.digits.queue(digits)
    }

    /// Hands on the digits that have come in.
    pub(super) fn report_digits(&mut self) {
        while let Some(event) = self.digits.poll_received() {
            self.emit(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_nothing_is_queued() {
        let mut digits = Digits::new();
        assert_eq!(digits.queue("12x"), Err(DigitsError::Invalid));
        assert!(digits.waiting.is_empty() && !digits.is_done());
        assert_eq!(digits.queue(&"1".repeat(257)), Err(DigitsError::Full));
        assert_eq!(digits.queue(&"é".repeat(257)), Err(DigitsError::Invalid));
        assert_eq!(digits.queue(&"1".repeat(256)), Ok(()));
        assert_eq!(digits.queue("1"), Err(DigitsError::Full));
    }

    #[test]
    fn a_comma_waits_for_two_seconds() {
        let mut digits = Digits::new();
        digits.queue(",1").unwrap();
        digits.queue("2").unwrap();
        let ticks = (0..200).take_while(|tick| !digits.tick(tick * 160, 160)).count();
        assert_eq!(ticks, 100);
        assert!(!digits.is_done());
        assert_eq!(digits.clear(), [true, false], "of the first some were sent");
        assert_eq!(digits.clear(), []);
    }
}
