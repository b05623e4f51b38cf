//! Typed views of header values.

mod codec;

pub use codec::{EncodeHeader, Header};
