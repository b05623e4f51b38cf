//! The grammar of SIP: messages, headers, URIs, digest, framing. No state, no I/O.

mod error;
mod grammar;
pub mod header;
mod message;
mod method;
mod name;
mod status;
mod transport;

pub use error::{
    BuildError, FramingError, HeaderError, HeaderErrorKind, ParseError, ParseErrorKind, ValidationError,
    ValidationErrorKind,
};
pub use header::{EncodeHeader, Header};
pub use message::{HeaderField, Limits, Message, MessageBuf, StartLine};
pub use method::Method;
pub use name::{HeaderName, Multiplicity};
pub use status::StatusCode;
pub use transport::Transport;
