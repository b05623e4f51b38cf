//! One header line that this crate writes. Nothing reaches a message but through here, so nothing can be injected.

use bytes::Bytes;

use crate::error::BuildError;
use crate::grammar::is_lws;
use crate::header::{self, EncodeHeader};
use crate::message::{HeaderField, Limits, MessageBuf};
use crate::name::HeaderName;

/// A header line to be written.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: HeaderName,
    pub(super) value: Vec<u8>,
}

impl Line {
    /// A line with a value of the caller's.
    ///
    /// # Errors
    /// Control characters in the value; a value that breaks the grammar of a header that elements act on.
    pub(super) fn new(name: HeaderName, value: &str) -> Result<Self, BuildError> {
        let line = Self::unread(name, value)?;
        header::check(&line.name, value)?;
        Ok(line)
    }

    /// A line with a value whose grammar is not looked at.
    fn unread(name: HeaderName, value: &str) -> Result<Self, BuildError> {
        // A quoted string may hold control characters behind backslashes, but no line ends (RFC 3261 §25.1, quoted-pair).
        let mut escaped = false;
        let forbidden = |byte: u8| {
            let allowed = byte == b'\t' || (escaped && !matches!(byte, b'\r' | b'\n'));
            escaped = byte == b'\\' && !escaped;
            byte.is_ascii_control() && !allowed
        };
        match value.bytes().position(forbidden) {
            Some(offset) => Err(BuildError::ForbiddenCharacter { name, offset }),
            None => Ok(Self { name, value: value.as_bytes().to_vec() }),
        }
    }

    /// A line with a typed header.
    pub(super) fn encode(header: &dyn EncodeHeader) -> Result<Self, BuildError> {
        let mut value = String::new();
        let name = header.name();
        if header.encode(&mut value).is_err() {
            return Err(BuildError::Unwritable(name));
        }
        let line = Self::unread(name, &value)?;
        // A type's fields are the caller's, who may have put anything into them.
        header.read_back(&value)?;
        Ok(line)
    }

    /// A line with the value of a received field, unfolded.
    pub(super) fn copy(field: &HeaderField<'_>) -> Self {
        Self { name: field.name(), value: unfold(field.value_bytes()) }
    }

    /// Writes `name: value` and the line end.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(&self.value);
        out.extend_from_slice(b"\r\n");
    }
}

/// A value whose folds and the white space around them are one space each (RFC 3261 §7.3.1).
pub(super) fn unfold(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for line in value.split(|byte| *byte == b'\n') {
        let leading = line.iter().take_while(|byte| is_lws(**byte)).count();
        let line = line.get(leading..).unwrap_or_default();
        let trailing = line.iter().rev().take_while(|byte| is_lws(**byte)).count();
        let line = line.get(..line.len() - trailing).unwrap_or_default();
        if !out.is_empty() && !line.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(line);
    }
    out
}

/// Ends a head with Content-Length and the empty line, adds the body, and reads the result back.
pub(super) fn finish(mut head: Vec<u8>, body: &[u8]) -> Result<MessageBuf, BuildError> {
    Line { name: HeaderName::ContentLength, value: body.len().to_string().into_bytes() }.write(&mut head);
    head.extend_from_slice(b"\r\n");
    head.extend_from_slice(body);
    read_back(head)
}

/// Reads written bytes: what this crate could not read must not leave it.
pub(super) fn read_back(bytes: Vec<u8>) -> Result<MessageBuf, BuildError> {
    Ok(MessageBuf::parse_with(Bytes::from(bytes), &Limits::NONE)?)
}

/// Whether a text may stand as a request URI: visible characters, and none that would end it.
pub(super) fn is_request_uri(text: &str) -> bool {
    !text.is_empty() && !text.bytes().any(|byte| byte.is_ascii_control() || byte == b' ')
}
