//! Patching a received message: what is not edited stays as it was, byte for byte.

use bytes::Bytes;

use super::line::{Line, is_request_uri, read_back};
use crate::error::BuildError;
use crate::header::EncodeHeader;
use crate::message::{HeaderField, Message, MessageBuf, end_of_value};
use crate::name::{HeaderName, Multiplicity};
use crate::uri::Uri;

/// Edits of a message, applied in the order in which they are made. The first mistake is returned by [`Edit::finish`].
///
/// A message that is edited has a Content-Length afterwards, because it may leave on a stream (RFC 3261 §18.3).
#[derive(Clone, Debug)]
pub struct Edit<'m> {
    message: &'m Message<'m>,
    entries: Vec<Entry<'m>>,
    request_uri: Option<String>,
    body: Option<Bytes>,
    mistake: Option<BuildError>,
}

#[derive(Clone, Debug)]
enum Entry<'m> {
    Kept(HeaderField<'m>),
    Written(Line),
}

impl Entry<'_> {
    fn is(&self, name: &HeaderName) -> bool {
        match self {
            Self::Kept(field) => field.is_named(name),
            Self::Written(line) => line.name == *name,
        }
    }

    fn value(&self) -> &[u8] {
        match self {
            Self::Kept(field) => field.value_bytes(),
            Self::Written(line) => &line.value,
        }
    }
}

impl<'a> Message<'a> {
    /// Starts to edit the message; it itself stays as it is.
    pub fn edit<'m>(&'m self) -> Edit<'m>
    where
        'a: 'm,
    {
        Edit {
            message: self,
            entries: self.fields().map(Entry::Kept).collect(),
            request_uri: None,
            body: None,
            mistake: None,
        }
    }
}

impl Edit<'_> {
    fn position(&self, name: &HeaderName) -> Option<usize> {
        self.entries.iter().position(|entry| entry.is(name))
    }

    fn note(&mut self, mistake: BuildError) {
        self.mistake.get_or_insert(mistake);
    }

    /// The line of a header, unless it cannot be written or is not the caller's to write.
    fn checked(&mut self, line: Result<Line, BuildError>) -> Option<Line> {
        match line {
            Ok(line) if line.name == HeaderName::ContentLength => {
                self.note(BuildError::Reserved(line.name));
                None
            }
            Ok(line) => Some(line),
            Err(mistake) => {
                self.note(mistake);
                None
            }
        }
    }

    /// Puts a value before all values of its header; before all headers if there are none of it.
    #[must_use]
    pub fn push_front(mut self, header: &impl EncodeHeader) -> Self {
        if let Some(line) = self.checked(Line::encode(header)) {
            let at = self.position(&line.name).unwrap_or(0);
            self.entries.insert(at, Entry::Written(line));
        }
        self
    }

    /// Puts a field behind all others.
    #[must_use]
    pub fn push_back(mut self, header: &impl EncodeHeader) -> Self {
        if let Some(line) = self.checked(Line::encode(header)) {
            self.entries.push(Entry::Written(line));
        }
        self
    }

    /// Puts a copy of another message's field behind all others, its folds taken out.
    #[must_use]
    pub fn push_back_field(mut self, field: &HeaderField<'_>) -> Self {
        if let Some(line) = self.checked(Ok(Line::copy(field))) {
            self.entries.push(Entry::Written(line));
        }
        self
    }

    /// As [`Edit::push_back`], with a value that is already written.
    #[must_use]
    pub fn push_back_raw(mut self, name: HeaderName, value: &str) -> Self {
        if let Some(line) = self.checked(Line::new(name, value)) {
            self.entries.push(Entry::Written(line));
        }
        self
    }

    /// Removes the first value of a header, of a list the first of its values.
    #[must_use]
    pub fn pop_first(mut self, name: &HeaderName) -> Self {
        self.take_first(name);
        self
    }

    /// Removes the first value; returns where it stood.
    fn take_first(&mut self, name: &HeaderName) -> Option<usize> {
        if *name == HeaderName::ContentLength {
            self.note(BuildError::Reserved(name.clone()));
            return None;
        }
        let at = self.position(name)?;
        let entry = self.entries.get_mut(at)?;
        let value = entry.value();
        let end = match name.multiplicity() {
            Multiplicity::List => end_of_value(value),
            Multiplicity::Single | Multiplicity::Repeated | Multiplicity::Unknown => value.len(),
        };
        let rest = value.get(end..).and_then(|rest| rest.strip_prefix(b","));
        if let Some(rest) = rest {
            let value = super::line::unfold(rest);
            *entry = Entry::Written(Line { name: name.clone(), value });
        } else {
            self.entries.remove(at);
        }
        Some(at)
    }

    /// Replaces the first value of a header by another, such as the topmost Via by one with `received`; puts it where
    /// [`Edit::push_front`] would if there is none.
    #[must_use]
    pub fn replace_first(mut self, header: &impl EncodeHeader) -> Self {
        if let Some(line) = self.checked(Line::encode(header)) {
            let at = self.take_first(&line.name).unwrap_or(0);
            self.entries.insert(at, Entry::Written(line));
        }
        self
    }

    /// Replaces all fields of a header by one, in the place of the first; adds it behind all others if there is none.
    #[must_use]
    pub fn set(mut self, header: &impl EncodeHeader) -> Self {
        if let Some(line) = self.checked(Line::encode(header)) {
            self.put(line);
        }
        self
    }

    /// As [`Edit::set`], with a value that is already written.
    #[must_use]
    pub fn set_raw(mut self, name: HeaderName, value: &str) -> Self {
        if let Some(line) = self.checked(Line::new(name, value)) {
            self.put(line);
        }
        self
    }

    fn put(&mut self, line: Line) {
        let at = self.position(&line.name).unwrap_or(self.entries.len());
        self.entries.retain(|entry| !entry.is(&line.name));
        self.entries.insert(at, Entry::Written(line));
    }

    /// Removes all fields of a header.
    #[must_use]
    pub fn remove(self, name: &HeaderName) -> Self {
        self.retain(name, |_| false)
    }

    /// Removes the fields of a header whose values, folds and all, are not to stay; the others keep their places.
    #[must_use]
    pub fn retain(mut self, name: &HeaderName, mut stays: impl FnMut(&[u8]) -> bool) -> Self {
        if *name == HeaderName::ContentLength {
            self.note(BuildError::Reserved(name.clone()));
        } else {
            self.entries.retain(|entry| !entry.is(name) || stays(entry.value()));
        }
        self
    }

    /// Replaces the request URI.
    #[must_use]
    pub fn set_request_uri(mut self, uri: &Uri<'_>) -> Self {
        let uri = uri.to_string();
        if !self.message.is_request() {
            self.note(BuildError::NotARequest);
        } else if is_request_uri(&uri) {
            self.request_uri = Some(uri);
        } else {
            self.note(BuildError::InvalidRequestUri);
        }
        self
    }

    /// Replaces the body, its Content-Type and Content-Length.
    #[must_use]
    pub fn set_body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self.set_raw(HeaderName::ContentType, content_type)
    }

    /// Removes the body and what describes it.
    #[must_use]
    pub fn remove_body(mut self) -> Self {
        self.body = Some(Bytes::new());
        [
            HeaderName::ContentType,
            HeaderName::ContentDisposition,
            HeaderName::ContentEncoding,
            HeaderName::ContentLanguage,
        ]
        .iter()
        .fold(self, Edit::remove)
    }

    fn is_edited(&self) -> bool {
        self.request_uri.is_some()
            || self.entries.len() != self.message.fields().len()
            || self.entries.iter().any(|entry| matches!(entry, Entry::Written(_)))
    }

    /// Writes the edited message.
    ///
    /// # Errors
    /// The first mistake that was made in an edit; a result that this crate would not read.
    pub fn finish(mut self) -> Result<MessageBuf, BuildError> {
        if let Some(mistake) = self.mistake.take() {
            return Err(mistake);
        }
        let body = self.body.take();
        let is_new = body.is_some();
        let body = body.as_deref().unwrap_or(self.message.body());
        let is_absent = self.position(&HeaderName::ContentLength).is_none();
        if is_new || (is_absent && self.is_edited()) {
            let value = body.len().to_string().into_bytes();
            self.put(Line { name: HeaderName::ContentLength, value });
        }
        let bytes = self.message.as_bytes();
        let mut out = Vec::with_capacity(bytes.len() + body.len() + 256);
        match (&self.request_uri, self.message.method()) {
            (Some(uri), Some(method)) => {
                let version = self.message.version();
                out.extend_from_slice(format!("{method} {uri} {version}\r\n").as_bytes());
            }
            _ => out.extend_from_slice(self.message.start_line_bytes()),
        }
        for entry in &self.entries {
            match entry {
                Entry::Kept(field) => out.extend_from_slice(field.as_bytes()),
                Entry::Written(line) => line.write(&mut out),
            }
        }
        out.extend_from_slice(self.message.empty_line());
        out.extend_from_slice(body);
        read_back(out)
    }
}
