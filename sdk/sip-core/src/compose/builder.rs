//! Building a message that cannot be invalid.

use bytes::Bytes;

use super::line::{Line, finish, is_request_uri};
use crate::error::{BuildError, HeaderError};
use crate::grammar::is_token;
use crate::header::{EncodeHeader, Header as _, To};
use crate::message::{Message, MessageBuf, ViaPresence, end_of_value};
use crate::method::Method;
use crate::name::{HeaderName, Multiplicity};
use crate::status::StatusCode;
use crate::uri::Uri;

/// Writes a message line by line.
///
/// What was given first is written first. The first mistake is kept and returned by [`MessageBuilder::build`];
/// Content-Length is always written, and always right.
#[derive(Clone, Debug)]
pub struct MessageBuilder {
    start: Result<Start, BuildError>,
    lines: Vec<Line>,
    body: Bytes,
    to_tag: Option<String>,
    /// An answer repeats headers of its request, whose faults it cannot mend.
    repeats: bool,
    /// The first mistake in a line.
    mistake: Option<BuildError>,
}

#[derive(Clone, Debug)]
enum Start {
    Request { method: Method, uri: String },
    Response { status: StatusCode, reason: String },
}

impl MessageBuilder {
    fn new(start: Result<Start, BuildError>) -> Self {
        Self { start, lines: Vec::new(), body: Bytes::new(), to_tag: None, repeats: false, mistake: None }
    }

    /// A request. Max-Forwards: 70 is added if it is not given (RFC 3261 §8.1.1.6).
    pub fn request(method: Method, uri: &Uri<'_>) -> Self {
        let uri = uri.to_string();
        Self::new(if is_request_uri(&uri) {
            Ok(Start::Request { method, uri })
        } else {
            Err(BuildError::InvalidRequestUri)
        })
    }

    /// A response; without a reason it gets the standard phrase.
    pub fn response(status: StatusCode, reason: Option<&str>) -> Self {
        let reason = reason.unwrap_or(status.reason());
        Self::new(if reason.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            Err(BuildError::InvalidReason)
        } else {
            Ok(Start::Response { status, reason: reason.to_owned() })
        })
    }

    /// The response to a request, with what RFC 3261 §8.2.6 copies: every Via, From, To, Call-ID, `CSeq`, and Timestamp.
    /// Of a header that may stand once the first is copied: the request may be answered because it has several.
    ///
    /// A tag for To is given by [`MessageBuilder::to_tag`]; what else the method asks for, such as Record-Route, by
    /// [`MessageBuilder::copy`].
    pub fn response_to(request: &Message<'_>, status: StatusCode) -> Self {
        let empty = Self { repeats: true, ..Self::response(status, None) };
        [
            HeaderName::Via,
            HeaderName::From,
            HeaderName::To,
            HeaderName::CallId,
            HeaderName::CSeq,
            HeaderName::Timestamp,
        ]
        .iter()
        .fold(empty, |builder, name| match name.multiplicity() {
            Multiplicity::Single => builder.copy_first(request, name),
            Multiplicity::List | Multiplicity::Repeated | Multiplicity::Unknown => {
                builder.copy(request, name)
            }
        })
    }

    fn line(mut self, line: Result<Line, BuildError>) -> Self {
        match line {
            Ok(line) if line.name == HeaderName::ContentLength => self.note(BuildError::Reserved(line.name)),
            Ok(line) => self.lines.push(line),
            Err(mistake) => self.note(mistake),
        }
        self
    }

    fn note(&mut self, mistake: BuildError) {
        self.mistake.get_or_insert(mistake);
    }

    /// Adds a header.
    #[must_use]
    pub fn header(self, header: &impl EncodeHeader) -> Self {
        self.line(Line::encode(header))
    }

    /// Adds a header with a value that is already written.
    #[must_use]
    pub fn raw(self, name: HeaderName, value: &str) -> Self {
        self.line(Line::new(name, value))
    }

    /// Copies every field of a header from another message, in order and, but for folds, as they are.
    #[must_use]
    pub fn copy(mut self, message: &Message<'_>, name: &HeaderName) -> Self {
        for field in message.fields_named(name) {
            self = self.line(Ok(Line::copy(&field)));
        }
        self
    }

    /// Copies the first value of a header from another message: the topmost Via for an ACK or CANCEL (RFC 3261 §9.1,
    /// §17.1.1.3).
    #[must_use]
    pub fn copy_first(self, message: &Message<'_>, name: &HeaderName) -> Self {
        let Some(field) = message.fields_named(name).next() else { return self };
        let mut line = Line::copy(&field);
        if line.name.multiplicity() == Multiplicity::List {
            line.value.truncate(end_of_value(&line.value));
            line.value.truncate(line.value.trim_ascii_end().len());
        }
        self.line(Ok(line))
    }

    /// Gives To a tag, unless it has one.
    #[must_use]
    pub fn to_tag(mut self, tag: &str) -> Self {
        if is_token(tag.as_bytes()) {
            self.to_tag = Some(tag.to_owned());
        } else {
            self.note(BuildError::NotAToken);
        }
        self
    }

    /// Sets the body and its Content-Type.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.lines.retain(|line| line.name != HeaderName::ContentType);
        self.body = body.into();
        self.raw(HeaderName::ContentType, content_type)
    }

    /// Writes the message.
    ///
    /// # Errors
    /// The first mistake that was made in a line; a mandatory header that is absent (From, To, Call-ID and `CSeq`, in a
    /// response also Via; a request gets its Via when it is sent); a header given twice that may stand once; anything
    /// else for which [`Message::validate`] would refuse the result, but for what a response repeats of its request.
    pub fn build(mut self) -> Result<MessageBuf, BuildError> {
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        let mut head = Vec::with_capacity(1_024 + self.body.len());
        match self.start? {
            Start::Request { method, uri } => {
                head.extend_from_slice(format!("{method} {uri} SIP/2.0\r\n").as_bytes());
                if !self.lines.iter().any(|line| line.name == HeaderName::MaxForwards) {
                    self.lines.push(Line { name: HeaderName::MaxForwards, value: b"70".to_vec() });
                }
            }
            Start::Response { status, reason } => {
                head.extend_from_slice(format!("SIP/2.0 {status} {reason}\r\n").as_bytes());
            }
        }
        for line in &mut self.lines {
            if let (HeaderName::To, Some(tag)) = (&line.name, &self.to_tag)
                && !has_tag(&line.value)
            {
                line.value.extend_from_slice(b";tag=");
                line.value.extend_from_slice(tag.as_bytes());
            }
            line.write(&mut head);
        }
        let message = finish(head, &self.body)?;
        let view = message.as_message();
        view.no_header_twice(|name| name.multiplicity() == Multiplicity::Single)?;
        let via = if view.is_request() { ViaPresence::AddedLater } else { ViaPresence::Needed };
        if self.repeats {
            // What was malformed in the request is so in its answer, and what it lacked is lacking (RFC 4475 §3.3.1); but
            // without a Via it reaches nobody.
            view.fields_named(&HeaderName::Via)
                .next()
                .ok_or_else(|| HeaderError::missing(HeaderName::Via))?;
        } else {
            view.validate_with(via)?;
        }
        Ok(message)
    }
}

/// Whether a To value has a tag. Where the value is malformed, as in a request that is answered with 400, it is searched
/// behind its angle brackets.
fn has_tag(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value);
    if let Ok(to) = To::decode(&text) {
        return to.tag().is_some();
    }
    let after = text.rsplit_once('>').map_or(&*text, |(_, after)| after);
    after
        .split(';')
        .skip(1)
        .any(|param| param.split('=').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("tag")))
}
