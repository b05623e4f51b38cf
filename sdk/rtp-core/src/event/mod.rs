//! Telephone events (RFC 4733).

mod digit;
mod payload;
mod receiver;
mod sender;

pub use digit::Digit;
pub use payload::{EventError, TelephoneEvent};
pub use receiver::{EventReceiver, EventReport};
pub use sender::{EventPacket, EventSender};
