//! The error layers: framing and start line, one header's value, the message as a whole; and the caller's own mistakes.
//!
//! None of them holds text of the message.

use compact_str::CompactString;
use thiserror::Error;

use crate::extension::Extension;
use crate::name::HeaderName;
use crate::status::StatusCode;

/// The bytes are not a SIP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{kind} (at byte {offset})")]
pub struct ParseError {
    /// Where, in bytes from the message's start.
    pub offset: usize,
    /// What is wrong.
    pub kind: ParseErrorKind,
}

/// What is wrong with a message's framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// Nothing but line ends.
    #[error("the message is empty")]
    Empty,
    /// The message is larger than [`Limits`](crate::Limits) allow.
    #[error("the message is too large")]
    MessageTooLarge,
    /// The start line is longer than the limits allow.
    #[error("the start line is too long")]
    StartLineTooLong,
    /// A header, with its folds, is longer than the limits allow.
    #[error("a header line is too long")]
    HeaderLineTooLong,
    /// More headers than the limits allow.
    #[error("too many headers")]
    TooManyHeaders,
    /// The first line is neither a request line nor a status line.
    #[error("malformed start line")]
    MalformedStartLine,
    /// The status code is not a number from 100 to 699.
    #[error("status code out of range")]
    StatusCodeOutOfRange,
    /// A line that is neither a header nor a fold.
    #[error("malformed header line")]
    MalformedHeader,
    /// The empty line after the headers is missing.
    #[error("the headers do not end")]
    UnterminatedHeaders,
    /// A Content-Length that is not a number.
    #[error("malformed Content-Length")]
    MalformedContentLength,
    /// Several Content-Length fields that differ.
    #[error("conflicting Content-Length fields")]
    ConflictingContentLength,
    /// A Content-Length that exceeds the datagram.
    #[error("the body is shorter than its Content-Length")]
    TruncatedBody,
    /// A message on a stream without Content-Length (RFC 3261 §18.3).
    #[error("Content-Length is missing on a stream")]
    MissingContentLength,
}

impl ParseError {
    pub(crate) fn new(offset: usize, kind: ParseErrorKind) -> Self {
        Self { offset, kind }
    }

    /// What a request with this fault is answered with; `None` where it cannot be answered at all.
    pub fn status(&self) -> Option<StatusCode> {
        self.kind.status()
    }
}

impl ParseErrorKind {
    /// What a request with this fault is answered with; `None` where it cannot be answered at all.
    pub fn status(self) -> Option<StatusCode> {
        match self {
            Self::Empty | Self::StatusCodeOutOfRange => None,
            Self::MessageTooLarge => Some(StatusCode::MESSAGE_TOO_LARGE),
            Self::StartLineTooLong => Some(StatusCode::REQUEST_URI_TOO_LONG),
            Self::HeaderLineTooLong
            | Self::TooManyHeaders
            | Self::MalformedStartLine
            | Self::MalformedHeader
            | Self::UnterminatedHeaders
            | Self::MalformedContentLength
            | Self::ConflictingContentLength
            | Self::TruncatedBody
            | Self::MissingContentLength => Some(StatusCode::BAD_REQUEST),
        }
    }
}

/// A header is absent, or its value breaks its grammar.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name}: {kind} (at byte {offset})")]
pub struct HeaderError {
    /// The header. The request URI stands under [`HeaderError::REQUEST_URI`].
    pub name: HeaderName,
    /// Where, in bytes from the value's start.
    pub offset: usize,
    /// What is wrong.
    pub kind: HeaderErrorKind,
}

/// What is wrong with a header's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HeaderErrorKind {
    /// The header is absent.
    #[error("missing")]
    Missing,
    /// The value is empty.
    #[error("empty value")]
    Empty,
    /// The value is not UTF-8 (RFC 3261 §7).
    #[error("invalid UTF-8")]
    InvalidUtf8,
    /// The value ends too early.
    #[error("unexpected end")]
    UnexpectedEnd,
    /// A character that may not stand here.
    #[error("unexpected character")]
    UnexpectedCharacter,
    /// Something follows the end of the value.
    #[error("trailing characters")]
    TrailingCharacters,
    /// A quoted string without its end.
    #[error("unterminated quoted string")]
    UnterminatedQuote,
    /// An angle bracket without its partner.
    #[error("unbalanced angle bracket")]
    UnbalancedBracket,
    /// A number that is malformed.
    #[error("invalid number")]
    InvalidNumber,
    /// A number that is too large or too small.
    #[error("number out of range")]
    NumberOutOfRange,
    /// A percent escape that is malformed.
    #[error("invalid escape")]
    InvalidEscape,
    /// A host that is no name and no address.
    #[error("invalid host")]
    InvalidHost,
    /// A port that is not from 0 to 65535.
    #[error("invalid port")]
    InvalidPort,
    /// A URI that breaks its grammar.
    #[error("invalid URI")]
    InvalidUri,
    /// A parameter that breaks its grammar.
    #[error("invalid parameter")]
    InvalidParameter,
    /// A parameter that the header needs is absent.
    #[error("missing parameter")]
    MissingParameter,
    /// A parameter that may stand once stands twice.
    #[error("duplicate parameter")]
    DuplicateParameter,
    /// A date that breaks RFC 3261 §20.17.
    #[error("invalid date")]
    InvalidDate,
    /// A protocol name or version that is not SIP/2.0.
    #[error("unsupported protocol")]
    UnsupportedProtocol,
}

impl HeaderError {
    /// The name under which errors of the request URI stand.
    pub const REQUEST_URI: HeaderName =
        HeaderName::Extension(Extension::new(CompactString::const_new("Request-URI")));

    /// An error at an offset of the header's value.
    pub fn new(name: HeaderName, offset: usize, kind: HeaderErrorKind) -> Self {
        Self { name, offset, kind }
    }

    /// The header is absent.
    pub fn missing(name: HeaderName) -> Self {
        Self::new(name, 0, HeaderErrorKind::Missing)
    }

    /// What a request with this fault is answered with (RFC 3261 §8.2, §21.4.1).
    pub fn status(&self) -> Option<StatusCode> {
        Some(StatusCode::BAD_REQUEST)
    }
}

/// A message that parses but that no element may act on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind}")]
pub struct ValidationError {
    /// Where the fault is, in bytes from the message's start; 0 for what is missing.
    pub offset: usize,
    /// What is wrong.
    pub kind: ValidationErrorKind,
}

/// What is wrong with a message as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ValidationErrorKind {
    /// A protocol version other than SIP/2.0.
    #[error("unsupported SIP version")]
    UnsupportedVersion,
    /// A header without which the message means nothing is absent, or one of those is malformed.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A header that may stand once stands more often.
    #[error("several {0} fields")]
    Repeated(HeaderName),
    /// The method of `CSeq` is not that of the request (RFC 3261 §8.1.1.5).
    #[error("the method of CSeq is not that of the request")]
    MethodMismatch,
    /// The same, of a method that this crate does not know (RFC 4475 §3.1.2.18).
    #[error("the method of CSeq is not that of the request, which is unknown")]
    UnknownMethodMismatch,
}

impl ValidationError {
    pub(crate) fn new(offset: usize, kind: ValidationErrorKind) -> Self {
        Self { offset, kind }
    }

    /// What a request with this fault is answered with.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.kind {
            ValidationErrorKind::UnsupportedVersion => Some(StatusCode::VERSION_NOT_SUPPORTED),
            ValidationErrorKind::UnknownMethodMismatch => Some(StatusCode::NOT_IMPLEMENTED),
            ValidationErrorKind::Header(error) => error.status(),
            ValidationErrorKind::Repeated(_) | ValidationErrorKind::MethodMismatch => {
                Some(StatusCode::BAD_REQUEST)
            }
        }
    }
}

/// A message cannot be built or edited so: a mistake of the caller.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A tag, media type or other word is not a token.
    #[error("not a token")]
    NotAToken,
    /// The request URI is empty or holds white space or control characters.
    #[error("invalid request URI")]
    InvalidRequestUri,
    /// The reason phrase holds control characters.
    #[error("invalid reason phrase")]
    InvalidReason,
    /// A value holds CR, LF, NUL or another control character.
    #[error("{name}: forbidden character (at byte {offset})")]
    ForbiddenCharacter {
        /// The header.
        name: HeaderName,
        /// Where, in bytes from the value's start.
        offset: usize,
    },
    /// The type could not write itself.
    #[error("{0}: cannot be written")]
    Unwritable(HeaderName),
    /// A value breaks its header's grammar.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// Content-Length is written by the builder alone.
    #[error("{0} is written by the builder")]
    Reserved(HeaderName),
    /// A multipart body without parts (RFC 2046 §5.1.1).
    #[error("a multipart body needs a part")]
    NoParts,
    /// The result breaks the limits, or would not parse.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The result would not validate.
    #[error(transparent)]
    Validation(#[from] ValidationError),
    /// The edit is of a request line, and the message a response.
    #[error("a response has no request URI")]
    NotARequest,
}

/// A stream cannot be read any further: the connection is to be closed (RFC 3261 §18.3).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind} (at byte {offset} of the stream)")]
pub struct FramingError {
    /// Where, in bytes from the stream's start.
    pub offset: u64,
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// The message as far as it was received: to be handed on like a message, so that it is answered before the connection is
    /// closed.
    pub head: bytes::Bytes,
}
