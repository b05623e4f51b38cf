//! Bodies of several parts (RFC 2046 §5.1, as RFC 5621 uses them), read as views.

use rvoip_sans_io::work;
use smallvec::SmallVec;
use thiserror::Error;

use super::fields::HeaderField;
use super::limits::Limits;
use super::scan::{FieldSpan, line_break, scan_field};
use super::view::Message;
use crate::error::{HeaderError, ParseError, ParseErrorKind};
use crate::header::{ContentDisposition, ContentType, Header};
use crate::name::HeaderName;
use crate::status::StatusCode;

/// The characters that a boundary may have at most (RFC 2046 §5.1.1).
const BOUNDARY: usize = 70;

/// A body that cannot be taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MultipartError {
    /// The body, or a part, says malformed things about itself.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A line of a part's head is no header.
    #[error(transparent)]
    Head(#[from] ParseError),
    /// The Content-Type has no boundary.
    #[error("the boundary is missing")]
    MissingBoundary,
    /// The boundary breaks its grammar, or is longer than 70 characters.
    #[error("malformed boundary")]
    InvalidBoundary,
    /// The last boundary is missing, or all are.
    #[error("the parts do not end")]
    Unterminated,
    /// More parts than the limits allow.
    #[error("too many parts")]
    TooManyParts,
    /// Parts of parts, deeper than the limits allow.
    #[error("the parts are nested too deep")]
    TooDeep,
}

impl MultipartError {
    /// What a request with this fault is answered with.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooManyParts | Self::TooDeep => StatusCode::REQUEST_ENTITY_TOO_LARGE,
            Self::Header(_)
            | Self::Head(_)
            | Self::MissingBoundary
            | Self::InvalidBoundary
            | Self::Unterminated => StatusCode::BAD_REQUEST,
        }
    }
}

/// The parts of a body, in order. The first fault ends them.
///
/// ```
/// use rvoip_sip_core::{Limits, Multipart};
/// use rvoip_sip_core::header::{ContentType, Header};
///
/// let content_type = ContentType::decode("multipart/mixed;boundary=\"b 1\"")?;
/// let body = b"--b 1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--b 1\r\n\r\nplain\r\n--b 1--\r\n";
/// let parts: Vec<_> = Multipart::new(&content_type, body, &Limits::default())?.collect::<Result<_, _>>()?;
/// assert!(parts[0].content_type()?.is("application", "sdp"));
/// assert_eq!(parts[0].body(), b"v=0\r\n");
/// assert!(parts[1].content_type()?.is("text", "plain"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Multipart<'a> {
    body: &'a [u8],
    boundary: String,
    limits: Limits,
    /// How many multipart bodies this one is in.
    depth: usize,
    /// Where the next line to be looked at starts; `None` when there are no more parts.
    next: Option<usize>,
    /// Parts so far.
    found: usize,
    /// Whether the first boundary was passed.
    started: bool,
}

/// One part of a body.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    bytes: &'a [u8],
    fields: SmallVec<[FieldSpan; 4]>,
    head_end: usize,
    body: &'a [u8],
    limits: Limits,
    depth: usize,
}

/// A line that separates parts.
struct Delimiter {
    /// Where the part before it ends.
    content_end: usize,
    /// Where its line starts.
    start: usize,
    /// Where the next line starts.
    next: usize,
    closes: bool,
}

impl<'a> Multipart<'a> {
    /// The parts of a body of that type. A boundary is needed; whether the type is `multipart` is the caller's to know.
    ///
    /// # Errors
    /// A boundary that is absent or malformed; limits that allow no parts of parts at all.
    pub fn new(
        content_type: &ContentType<'_>,
        body: &'a [u8],
        limits: &Limits,
    ) -> Result<Self, MultipartError> {
        Self::at_depth(content_type, body, limits, 0)
    }

    fn at_depth(
        content_type: &ContentType<'_>,
        body: &'a [u8],
        limits: &Limits,
        depth: usize,
    ) -> Result<Self, MultipartError> {
        if depth >= limits.nesting {
            return Err(MultipartError::TooDeep);
        }
        let boundary = content_type.params.unquoted("boundary").ok_or(MultipartError::MissingBoundary)?;
        let good = (1..=BOUNDARY).contains(&boundary.len())
            && !boundary.ends_with(' ')
            && boundary.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte));
        if !good {
            return Err(MultipartError::InvalidBoundary);
        }
        let boundary = boundary.into_owned();
        Ok(Self { body, boundary, limits: *limits, depth, next: Some(0), found: 0, started: false })
    }

    /// The length of the separating line that the text starts with, line end included, and whether it is the last.
    fn delimiter_at(&self, text: &[u8]) -> Option<(usize, bool)> {
        let rest = text.strip_prefix(b"--")?.strip_prefix(self.boundary.as_bytes())?;
        let (rest, closes) = rest.strip_prefix(b"--").map_or((rest, false), |rest| (rest, true));
        let padding = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        work::add(padding);
        let rest = rest.get(padding..).unwrap_or_default();
        let end = if rest.is_empty() { 0 } else { line_break(rest)? };
        Some((text.len() - rest.len() + end, closes))
    }

    /// The first separating line from the start of a line on.
    fn delimiter_from(&self, from: usize) -> Option<Delimiter> {
        let mut start = from;
        loop {
            let text = self.body.get(start..)?;
            if let Some((length, closes)) = self.delimiter_at(text) {
                // The line end before it belongs to it.
                let content = self.body.get(from..start).unwrap_or_default();
                let content = content.strip_suffix(b"\n").unwrap_or(content);
                let content = content.strip_suffix(b"\r").unwrap_or(content);
                return Some(Delimiter {
                    content_end: from + content.len(),
                    start,
                    next: start + length,
                    closes,
                });
            }
            let line = memchr::memchr(b'\n', text)?;
            work::add(line + 1);
            start += line + 1;
        }
    }

    fn read(&mut self) -> Result<Option<Part<'a>>, MultipartError> {
        let Some(mut from) = self.next.take() else { return Ok(None) };
        if !self.started {
            // What stands before the first boundary is no part.
            let first = self.delimiter_from(from).ok_or(MultipartError::Unterminated)?;
            self.started = true;
            if first.closes {
                return Ok(None);
            }
            from = first.next;
        }
        if self.found >= self.limits.parts {
            return Err(MultipartError::TooManyParts);
        }
        let end = self.delimiter_from(from).ok_or(MultipartError::Unterminated)?;
        let bytes = self.body.get(from..end.start).unwrap_or_default();
        let part = Part::read(bytes, end.content_end.saturating_sub(from), &self.limits, self.depth + 1)?;
        self.found += 1;
        self.next = (!end.closes).then_some(end.next);
        Ok(Some(part))
    }
}

impl<'a> Iterator for Multipart<'a> {
    type Item = Result<Part<'a>, MultipartError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

impl<'a> Part<'a> {
    /// Reads a part from its bytes with the line end behind it, which the last header needs if there is no body.
    fn read(bytes: &'a [u8], content: usize, limits: &Limits, depth: usize) -> Result<Self, ParseError> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(ParseError::new(0, ParseErrorKind::MessageTooLarge));
        }
        let mut fields = SmallVec::new();
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let end = line_break(rest);
            if end.is_some() || rest.is_empty() {
                let body = bytes.get(at + end.unwrap_or(0)..content).unwrap_or_default();
                return Ok(Self { bytes, fields, head_end: at, body, limits: *limits, depth });
            }
            let (field, next) = scan_field(bytes, at, limits)?;
            if fields.len() >= limits.headers {
                return Err(ParseError::new(at, ParseErrorKind::TooManyHeaders));
            }
            fields.push(field);
            at = next;
        }
    }

    /// The header fields in order, as they were written.
    pub fn fields(&self) -> impl Iterator<Item = HeaderField<'a>> {
        self.fields.iter().enumerate().map(|(at, span)| {
            let line_end = self.fields.get(at + 1).map_or(self.head_end, |next| next.start as usize);
            HeaderField { bytes: self.bytes, span: *span, line_end }
        })
    }

    /// The first value of a header. Absent is `None`, malformed is `Some(Err)`.
    pub fn get<T: Header<'a>>(&self) -> Option<Result<T, HeaderError>> {
        self.fields().filter(|field| field.is_named(&T::NAME)).find_map(|field| field.decode::<T>())
    }

    /// The values of one header's fields as they are, folds and all, leaving out what is not UTF-8.
    pub fn raw(&self, name: HeaderName) -> impl Iterator<Item = &'a str> {
        self.fields().filter(move |field| field.is_named(&name)).filter_map(|field| field.value().ok())
    }

    /// What the part is; plain text where it does not say (RFC 2046 §5.1).
    ///
    /// # Errors
    /// The header is malformed.
    pub fn content_type(&self) -> Result<ContentType<'a>, HeaderError> {
        self.get::<ContentType<'_>>().unwrap_or_else(|| ContentType::decode("text/plain"))
    }

    /// Whether a receiver that does not understand the part must refuse the message (RFC 5621 §3.2): so it is where
    /// nothing is said.
    ///
    /// # Errors
    /// The header is malformed.
    pub fn handling_is_required(&self) -> Result<bool, HeaderError> {
        let disposition = self.get::<ContentDisposition<'_>>().transpose()?;
        Ok(disposition.is_none_or(|disposition| disposition.handling_is_required()))
    }

    /// The body, which may be empty.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The parts of this part; `None` if it is not multipart.
    ///
    /// # Errors
    /// As for [`Multipart::new`], a Content-Type that is malformed, and parts that are nested too deep.
    pub fn parts(&self) -> Result<Option<Multipart<'a>>, MultipartError> {
        let content_type = self.content_type()?;
        if !content_type.media_type.eq_ignore_ascii_case("multipart") {
            return Ok(None);
        }
        Multipart::at_depth(&content_type, self.body, &self.limits, self.depth).map(Some)
    }
}

impl<'a> Message<'a> {
    /// The parts of the body; `None` if it is not multipart.
    ///
    /// # Errors
    /// As for [`Multipart::new`], and a Content-Type that is malformed.
    pub fn parts(&self, limits: &Limits) -> Result<Option<Multipart<'a>>, MultipartError> {
        match self.get::<ContentType<'_>>().transpose()? {
            Some(content_type) if content_type.media_type.eq_ignore_ascii_case("multipart") => {
                Multipart::new(&content_type, self.body(), limits).map(Some)
            }
            Some(_) | None => Ok(None),
        }
    }
}
