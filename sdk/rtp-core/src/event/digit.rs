//! DTMF digits (RFC 4733 section 3.2).

use std::fmt;

use super::EventError;

/// The digits in the order of their event codes.
const DIGITS: &[u8; 16] = b"0123456789*#ABCD";

/// One of the sixteen DTMF digits, 0 to 9, `*`, `#` and A to D.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digit(u8);

impl Digit {
    /// The digit of an event code, 0 to 15 (RFC 4733 section 3.2, table 3).
    pub fn from_event(event: u8) -> Option<Self> {
        (event < 16).then_some(Self(event))
    }

    /// The digit that a character stands for; small letters count as capital ones.
    pub fn from_char(character: char) -> Option<Self> {
        let wanted = character.to_ascii_uppercase();
        let event = DIGITS.iter().position(|digit| char::from(*digit) == wanted)?;
        Self::from_event(u8::try_from(event).ok()?)
    }

    /// The event code, 0 to 15.
    pub fn event(self) -> u8 {
        self.0
    }

    /// The character, with capital letters.
    pub fn as_char(self) -> char {
        DIGITS.get(usize::from(self.0)).copied().map_or('0', char::from)
    }
}

impl TryFrom<char> for Digit {
    type Error = EventError;

    fn try_from(character: char) -> Result<Self, EventError> {
        Self::from_char(character).ok_or(EventError::NotADigit)
    }
}

impl From<Digit> for char {
    fn from(digit: Digit) -> char {
        digit.as_char()
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_for_their_event_codes() {
        for (event, character) in "0123456789*#ABCD".chars().enumerate() {
            let digit = Digit::try_from(character).unwrap();
            assert_eq!(usize::from(digit.event()), event);
            assert_eq!(digit.to_string(), character.to_string());
            assert_eq!(Digit::from_char(character.to_ascii_lowercase()), Some(digit));
        }
        assert_eq!(Digit::try_from('E'), Err(EventError::NotADigit));
        assert_eq!(Digit::from_char('٣'), None);
        assert_eq!(Digit::from_event(16), None);
    }
}
