//! What every typed header can do.

use std::fmt;

use crate::error::HeaderError;
use crate::name::HeaderName;

/// A typed view of one value of a header, borrowing the message's bytes.
pub trait Header<'a>: Sized {
    /// The header that the type reads.
    const NAME: HeaderName;

    /// Whether a field may hold several values, separated by commas (RFC 3261 §7.3.1). Then [`Header::decode`] is given
    /// one of them; otherwise the whole field.
    const LIST: bool;

    /// Reads one value, without white space around it.
    ///
    /// The text is as it was received: a folded line still holds its line break, always followed by white space, so CR
    /// and LF are to be read as white space (RFC 3261 §7.3.1). No other control characters are promised to be absent.
    ///
    /// # Errors
    /// A value that the header's grammar does not allow, with the offset inside `value`.
    fn decode(value: &'a str) -> Result<Self, HeaderError>;
}

/// A header that can be written into a message.
pub trait EncodeHeader {
    /// The header's name.
    fn name(&self) -> HeaderName;

    /// Writes the value, without name and line end; `Display` on the type writes the same.
    ///
    /// # Errors
    /// Those of `out` alone.
    fn encode(&self, out: &mut dyn fmt::Write) -> fmt::Result;

    /// Reads what [`EncodeHeader::encode`] wrote, as a receiver does.
    ///
    /// # Errors
    /// What a receiver would refuse.
    fn read_back(&self, written: &str) -> Result<(), HeaderError> {
        let _ = written;
        Ok(())
    }
}
