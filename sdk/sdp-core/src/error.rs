//! Why a text is no session description.

/// A text that is no session description, and the line at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct SdpError {
    /// The number of the line, counted from 1; one past the last where a line is missing.
    pub line: usize,
    /// What is wrong with it.
    pub kind: SdpErrorKind,
}

/// The ways in which a session description can be malformed (RFC 8866 §5 and §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdpErrorKind {
    /// The text is longer than [`MAX_BYTES`](crate::MAX_BYTES).
    #[error("the description is too long")]
    TooLong,
    /// There are more lines than [`MAX_LINES`](crate::MAX_LINES).
    #[error("too many lines")]
    TooManyLines,
    /// There are more media descriptions than [`MAX_MEDIA`](crate::MAX_MEDIA).
    #[error("too many media descriptions")]
    TooManyMedia,
    /// A media description has more formats than [`MAX_FORMATS`](crate::MAX_FORMATS).
    #[error("too many media formats")]
    TooManyFormats,
    /// The bytes are not UTF-8.
    #[error("not utf-8")]
    NotUtf8,
    /// The line holds a NUL, or a CR that ends no line.
    #[error("control character within a line")]
    ControlCharacter,
    /// The line does not begin with a letter and an equals sign.
    #[error("not a type and a value")]
    NotALine,
    /// The first line is not `v=`.
    #[error("the first line is not the version")]
    NoVersion,
    /// The version is not 0.
    #[error("unknown protocol version")]
    UnknownVersion,
    /// A mandatory line of this type is missing.
    #[error("no {0}= line")]
    Missing(char),
    /// The value of a line of this type does not follow its grammar.
    #[error("malformed {0}= line")]
    Malformed(char),
    /// A second line of a type that may stand only once.
    #[error("repeated {0}= line")]
    Repeated(char),
    /// A line of this type may not stand here.
    #[error("misplaced {0}= line")]
    Misplaced(char),
}
