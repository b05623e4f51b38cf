//! The message as a view of received bytes.

use super::buffer::MessageBuf;
use super::fields::{HeaderField, Values, decode_element};
use super::limits::Limits;
use super::list::Element;
use super::scan::{FieldSpan, FieldSpans, MessageScan, Strictness, line_ends_before, scan_head};
use super::start_line::{Span, StartLine, StartSpan};
use crate::error::{HeaderError, ParseError, ParseErrorKind};
use crate::header::Header;
use crate::method::Method;
use crate::name::HeaderName;
use crate::status::StatusCode;
use crate::uri::Uri;

/// A SIP message that borrows the bytes it was read from.
///
/// Reading it allocates nothing up to 32 header fields; typed headers are read on demand.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) start: StartSpan,
    pub(super) head_end: usize,
    pub(super) body_start: usize,
    pub(super) fields: Fields<'a>,
}

/// The spans of a view: its own, or those of the owned message that it shows.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a message is read without touching the heap")]
pub(super) enum Fields<'a> {
    Inline(FieldSpans),
    Borrowed(&'a [FieldSpan]),
}

impl<'a> Message<'a> {
    /// Reads one datagram, or one message that a stream was cut into, with the default limits.
    ///
    /// Line ends before the start line are skipped, bytes after the body are not part of the message (RFC 3261 §18.3).
    ///
    /// # Errors
    /// The bytes are not a SIP message.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        Self::parse_with(bytes, &Limits::default())
    }

    /// Reads one datagram within limits.
    ///
    /// # Errors
    /// The bytes are not a SIP message.
    pub fn parse_with(bytes: &'a [u8], limits: &Limits) -> Result<Self, ParseError> {
        let skipped = line_ends_before(bytes);
        let rest = bytes.get(skipped..).unwrap_or_default();
        let place = |error: ParseError| ParseError { offset: error.offset + skipped, ..error };
        let mut fields = FieldSpans::new();
        let scan = scan_head(rest, limits, Strictness::Strict, &mut fields).map_err(place)?;
        let available = rest.len() - scan.body_start;
        let length = scan.content_length.unwrap_or(available);
        // What comes in pieces may exceed the limit before it is there.
        if length > limits.message_size.saturating_sub(scan.body_start) {
            return Err(place(ParseError::new(0, ParseErrorKind::MessageTooLarge)));
        }
        if length > available {
            return Err(place(ParseError::new(rest.len(), ParseErrorKind::TruncatedBody)));
        }
        let message = rest.get(..scan.body_start + length).unwrap_or_default();
        Ok(Self::from_scan(message, scan, fields))
    }

    /// Reads what can be read of a request that [`Message::parse`] or the stream's framer refused, so that it can be
    /// answered: malformed lines are left out, and there is no body. `None` where that is not a request.
    pub fn salvage(bytes: &'a [u8], limits: &Limits) -> Option<Self> {
        let rest = bytes.get(line_ends_before(bytes)..)?;
        let rest = rest.get(..rest.len().min(limits.message_size))?;
        let mut fields = FieldSpans::new();
        let scan = scan_head(rest, limits, Strictness::Salvage, &mut fields).ok()?;
        Some(Self::from_scan(rest.get(..scan.body_start)?, scan, fields))
    }

    #[inline]
    fn from_scan(bytes: &'a [u8], scan: MessageScan, fields: FieldSpans) -> Self {
        Self {
            bytes,
            start: scan.start,
            head_end: scan.head_end,
            body_start: scan.body_start,
            fields: Fields::Inline(fields),
        }
    }

    /// The message's bytes, from the start line to the end of the body.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The body, which may be empty.
    pub fn body(&self) -> &'a [u8] {
        self.bytes.get(self.body_start..).unwrap_or_default()
    }

    /// The value of Content-Length, which is also the body's length; `None` if the field is absent.
    pub fn content_length(&self) -> Option<usize> {
        self.fields_named(&HeaderName::ContentLength).next().map(|_| self.body().len())
    }

    pub(super) fn slice(&self, span: Span) -> &'a str {
        let bytes = self.bytes.get(span.range()).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// The start line.
    pub fn start_line(&self) -> StartLine<'a> {
        match &self.start {
            StartSpan::Request { method, uri, .. } => {
                StartLine::Request { method: method.clone(), uri: self.slice(*uri) }
            }
            StartSpan::Response { status, reason, .. } => {
                StartLine::Response { status: *status, reason: self.slice(*reason) }
            }
        }
    }

    /// The start line with its line end.
    pub(crate) fn start_line_bytes(&self) -> &'a [u8] {
        let end = self.spans().first().map_or(self.head_end, |first| first.start as usize);
        self.bytes.get(..end).unwrap_or_default()
    }

    /// The line end between the head and the body.
    pub(crate) fn empty_line(&self) -> &'a [u8] {
        self.bytes.get(self.head_end..self.body_start).filter(|line| !line.is_empty()).unwrap_or(b"\r\n")
    }

    /// The version as written; only `SIP/2.0` validates.
    pub fn version(&self) -> &'a str {
        match &self.start {
            StartSpan::Request { version, .. } | StartSpan::Response { version, .. } => self.slice(*version),
        }
    }

    /// Whether the message is a request.
    pub fn is_request(&self) -> bool {
        matches!(self.start, StartSpan::Request { .. })
    }

    /// The method of a request.
    pub fn method(&self) -> Option<Method> {
        match &self.start {
            StartSpan::Request { method, .. } => Some(method.clone()),
            StartSpan::Response { .. } => None,
        }
    }

    /// The status code of a response.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.start {
            StartSpan::Request { .. } => None,
            StartSpan::Response { status, .. } => Some(*status),
        }
    }

    /// The request URI as written.
    pub fn request_uri_text(&self) -> Option<&'a str> {
        match &self.start {
            StartSpan::Request { uri, .. } => Some(self.slice(*uri)),
            StartSpan::Response { .. } => None,
        }
    }

    /// The request URI. A response has none.
    pub fn request_uri(&self) -> Option<Result<Uri<'a>, HeaderError>> {
        let text = self.request_uri_text()?;
        Some(Uri::parse(text).map_err(|error| error.of(HeaderError::REQUEST_URI)))
    }

    fn spans(&self) -> &[FieldSpan] {
        match &self.fields {
            Fields::Inline(fields) => fields,
            Fields::Borrowed(fields) => fields,
        }
    }

    /// The header fields in order, as they were written.
    pub fn fields(&self) -> impl DoubleEndedIterator<Item = HeaderField<'a>> + ExactSizeIterator {
        let spans = self.spans();
        spans.iter().enumerate().map(|(at, span)| self.field(at, *span))
    }

    /// The field of the span with that index.
    fn field(&self, at: usize, span: FieldSpan) -> HeaderField<'a> {
        let line_end = self.spans().get(at + 1).map_or(self.head_end, |next| next.start as usize);
        HeaderField { bytes: self.bytes, span, line_end }
    }

    /// The fields of one header, in order.
    pub fn fields_named(&self, name: &HeaderName) -> impl Iterator<Item = HeaderField<'a>> {
        let index = name.index();
        self.fields().filter(move |field| field.is(name, index))
    }

    /// The fields whose values are UTF-8: name, name as written, value with its folds.
    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, &'a str, &'a str)> {
        self.fields().filter_map(|field| Some((field.name(), field.name_text(), field.value().ok()?)))
    }

    /// The values of one header's fields as they are, folds and all, leaving out what is not UTF-8. A value with a fold
    /// cannot be written again as it is: [`MessageBuilder::copy`](crate::MessageBuilder::copy) and
    /// [`Edit::push_back_field`](crate::Edit::push_back_field) take fields.
    pub fn raw(&self, name: HeaderName) -> impl Iterator<Item = &'a str> {
        let index = name.index();
        self.fields().filter(move |field| field.is(&name, index)).filter_map(|field| field.value().ok())
    }

    /// The first value of a header. Absent is `None`, malformed is `Some(Err)`.
    pub fn get<T: Header<'a>>(&self) -> Option<Result<T, HeaderError>> {
        self.first(&T::NAME, T::LIST).map(decode_element)
    }

    /// The text of the first value of a header.
    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    fn first(&self, name: &HeaderName, is_list: bool) -> Option<Result<Element<'a>, HeaderError>> {
        let mut at = 0;
        while let Some(field) = self.next_field(&mut at, name) {
            let first = field.first(is_list);
            if first.is_some() {
                return first;
            }
        }
        None
    }

    /// The next field of a header from the field with the index `at` on, which is moved behind it.
    // The spans are compared before fields are made of them: this runs for every typed read.
    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    pub(super) fn next_field(&self, at: &mut usize, name: &HeaderName) -> Option<HeaderField<'a>> {
        let index = name.index();
        while let Some(span) = self.spans().get(*at) {
            let field = (span.index == index).then(|| self.field(*at, *span));
            *at += 1;
            if let Some(field) = field.filter(|field| field.is(name, index)) {
                return Some(field);
            }
        }
        None
    }

    /// Every value of every field of a header, in order; lists are split.
    pub fn get_all<T: Header<'a>>(&self) -> impl Iterator<Item = Result<T, HeaderError>> {
        Values::new(self, T::NAME, T::LIST).map(decode_element)
    }

    /// The first value of a header that must be there.
    ///
    /// # Errors
    /// The header is absent or malformed.
    pub fn require<T: Header<'a>>(&self) -> Result<T, HeaderError> {
        self.get::<T>().unwrap_or_else(|| Err(HeaderError::missing(T::NAME)))
    }

    /// A copy that owns its bytes.
    pub fn to_buf(&self) -> MessageBuf {
        MessageBuf::from_message(self, bytes::Bytes::copy_from_slice(self.bytes))
    }

    pub(super) fn boxed_spans(&self) -> Box<[FieldSpan]> {
        self.spans().into()
    }
}
