//! Key presses on their way to the peer: one after the other, with the pauses that were asked for.

use std::collections::VecDeque;
use std::time::Duration;

use rvoip_rtp_core::event::{Digit, EventSender};

use super::types::{DigitsError, MediaEvent};
use super::{MediaSession, RATE};

/// Key presses and pauses that may wait.
const WAITING: usize = 256;
/// How long a key is pressed, and how long a comma pauses.
const PRESS: Duration = Duration::from_millis(120);
const COMMA: usize = RATE as usize;

#[derive(Clone, Copy, Debug)]
enum Step {
    Press(Digit),
    /// Samples of silence.
    Pause(usize),
}

#[derive(Debug)]
pub(super) struct DigitQueue {
    pub(super) events: EventSender,
    steps: VecDeque<Step>,
    busy: bool,
}

impl DigitQueue {
    pub(super) fn new() -> Self {
        Self { events: EventSender::new(RATE), steps: VecDeque::new(), busy: false }
    }

    fn push(&mut self, digits: &str) -> Result<(), DigitsError> {
        let step = |character: char| match character {
            ',' => Some(Step::Pause(COMMA)),
            _ => Digit::from_char(character.to_ascii_uppercase()).map(Step::Press),
        };
        let steps: Vec<Step> = digits.chars().map(step).collect::<Option<_>>().ok_or(DigitsError::Invalid)?;
        if steps.is_empty() {
            return Err(DigitsError::Invalid);
        }
        if self.steps.len() + steps.len() > WAITING {
            return Err(DigitsError::Full);
        }
        self.steps.extend(steps);
        self.busy = true;
        Ok(())
    }

    /// One frame of so many samples passes; gives whether it belongs to key presses, and whether they are over now.
    pub(super) fn tick(&mut self, timestamp: u32, samples: usize) -> (bool, bool) {
        if !self.busy {
            return (false, false);
        }
        if self.events.is_idle() {
            match self.steps.front_mut() {
                Some(Step::Pause(left)) if *left > samples => *left -= samples,
                Some(Step::Pause(_)) => {
                    self.steps.pop_front();
                }
                Some(Step::Press(digit)) => {
                    // An idle sender has room for one.
                    let _ = self.events.push(*digit, PRESS);
                    self.steps.pop_front();
                }
                None => {
                    self.busy = false;
                    return (false, true);
                }
            }
        }
        (self.events.tick(timestamp, u32::try_from(samples).unwrap_or(160)), false)
    }
}

impl MediaSession {
    /// Sends key presses as telephone events, 120 ms each; a comma pauses for a second. `DigitsSent` follows.
    ///
    /// # Errors
    /// The peer takes none, or something is no key.
    pub fn send_digits(&mut self, digits: &str) -> Result<(), DigitsError> {
        let taken = self.agreed.as_ref().is_some_and(|agreed| agreed.stream.telephone_event.is_some());
        if !taken {
            return Err(DigitsError::NotNegotiated);
        }
        self.digits.push(digits)
    }

    pub(super) fn tell_digits(&mut self) {
        use rvoip_rtp_core::event::EventReport;
        while let Some(report) = self.heard.poll() {
            if let EventReport::DigitEnded { digit, duration } = report {
                self.tell(MediaEvent::DigitReceived { digit: digit.as_char(), duration });
            }
        }
    }
}
