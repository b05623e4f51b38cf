//! The payload of a telephone event (RFC 4733 section 2.3).

use thiserror::Error;

/// Why there is no telephone event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EventError {
    /// The payload has less than four octets.
    #[error("telephone event is truncated")]
    Truncated,
    /// A character stands for no digit.
    #[error("not a DTMF digit")]
    NotADigit,
    /// Too many digits wait to be sent.
    #[error("too many digits are waiting")]
    QueueFull,
}

/// The state of one event, as one packet reports it (RFC 4733 section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TelephoneEvent {
    /// The event code; 0 to 15 are the DTMF digits.
    pub event: u8,
    /// Whether the event is over.
    pub end: bool,
    /// The power of a tone, 0 to 63, in −dBm0: higher is more quiet.
    pub volume: u8,
    /// How long the event has lasted since the packet's timestamp, in units of the clock rate.
    pub duration: u16,
}

impl TelephoneEvent {
    /// Octets of one event.
    pub const LENGTH: usize = 4;

    /// Reads the first event of a payload; the reserved bit is ignored (RFC 4733 section 2.3.3).
    pub fn parse(payload: &[u8]) -> Result<Self, EventError> {
        let [event, flags, d0, d1] =
            *payload.first_chunk::<{ Self::LENGTH }>().ok_or(EventError::Truncated)?;
        let (end, volume) = (flags & 0x80 != 0, flags & 0x3f);
        Ok(Self { event, end, volume, duration: u16::from_be_bytes([d0, d1]) })
    }

    /// The payload of this event; a volume above 63 is written as 63.
    pub fn to_bytes(self) -> [u8; Self::LENGTH] {
        let [d0, d1] = self.duration.to_be_bytes();
        [self.event, u8::from(self.end) << 7 | self.volume.min(63), d0, d1]
    }

    /// Appends the payload of this event to `out`.
    pub fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_the_figure_are_read_and_written() {
        let event = TelephoneEvent { event: 11, end: true, volume: 10, duration: 800 };
        let mut out = Vec::new();
        event.write(&mut out);
        assert_eq!(out, [11, 0x8a, 3, 0x20]);
        assert_eq!(TelephoneEvent::parse(&out), Ok(event));
        assert_eq!(TelephoneEvent::parse(&[11, 0xca, 3, 0x20, 9]), Ok(event));
        assert_eq!(TelephoneEvent::parse(&out[..3]), Err(EventError::Truncated));
        assert_eq!(TelephoneEvent { volume: 200, ..event }.to_bytes()[1], 0x80 | 63);
    }
}
