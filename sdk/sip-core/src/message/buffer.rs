//! The message as an owner of its bytes.

use std::fmt;

use bytes::Bytes;

use super::limits::Limits;
use super::scan::FieldSpan;
use super::start_line::StartSpan;
use super::view::{Fields, Message};
use crate::error::ParseError;

/// A SIP message that owns its bytes and knows where its header fields are.
#[derive(Clone)]
pub struct MessageBuf {
    bytes: Bytes,
    start: StartSpan,
    head_end: usize,
    body_start: usize,
    fields: Box<[FieldSpan]>,
}

impl MessageBuf {
    /// Reads one datagram, or one message that a stream was cut into, with the default limits; the bytes are shared.
    ///
    /// # Errors
    /// The bytes are not a SIP message.
    pub fn parse(bytes: Bytes) -> Result<Self, ParseError> {
        Self::parse_with(bytes, &Limits::default())
    }

    /// As [`MessageBuf::parse`], within limits.
    ///
    /// # Errors
    /// The bytes are not a SIP message.
    #[expect(clippy::needless_pass_by_value, reason = "the message takes the bytes over")]
    pub fn parse_with(bytes: Bytes, limits: &Limits) -> Result<Self, ParseError> {
        let message = Message::parse_with(&bytes, limits)?;
        let shared = bytes.slice_ref(message.as_bytes());
        Ok(Self::from_message(&message, shared))
    }

    /// Owns `bytes`, which are those of the message.
    pub(super) fn from_message(message: &Message<'_>, bytes: Bytes) -> Self {
        Self {
            bytes,
            start: message.start.clone(),
            head_end: message.head_end,
            body_start: message.body_start,
            fields: message.boxed_spans(),
        }
    }

    /// The message as a view.
    pub fn as_message(&self) -> Message<'_> {
        Message {
            bytes: &self.bytes,
            start: self.start.clone(),
            head_end: self.head_end,
            body_start: self.body_start,
            fields: Fields::Borrowed(&self.fields),
        }
    }

    /// The message's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The message's bytes, shared.
    pub fn to_bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    /// The message's bytes, given up.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }
}

impl PartialEq for MessageBuf {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for MessageBuf {}

impl fmt::Debug for MessageBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MessageBuf").field(&self.bytes).finish()
    }
}
