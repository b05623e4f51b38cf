//! The one rule set of framing, for datagrams and streams alike: one pass over the head, which leaves a span a header.
//!
//! A line ends in CR LF. A lone LF is taken for one as well (the messages of RFC 5118's own archive have them); a lone CR
//! is refused, because the next element might see a line end there.

use rvoip_sans_io::work;
use smallvec::SmallVec;

use super::length;
use super::limits::Limits;
use super::start_line::{self, StartSpan};
use crate::error::{ParseError, ParseErrorKind};
use crate::name;
use crate::scan::{SPACE, TOKEN, is};

/// A header field as offsets into the message; its line, folds and all, ends where the next one starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldSpan {
    pub(crate) start: u32,
    pub(crate) value_start: u32,
    pub(crate) value_end: u32,
    pub(crate) name_length: u16,
    /// The header among the known ones.
    pub(crate) index: u8,
    /// Whether the value holds line breaks.
    pub(crate) folded: bool,
}

const _: () = assert!(size_of::<FieldSpan>() <= 16);

/// The spans of a message, without the heap up to 32 fields.
pub(crate) type FieldSpans = SmallVec<[FieldSpan; 32]>;

/// What one pass over a head finds, besides its fields.
#[derive(Debug)]
pub(crate) struct MessageScan {
    pub(crate) start: StartSpan,
    /// Where the empty line after the headers starts.
    pub(crate) head_end: usize,
    /// Where the body starts.
    pub(crate) body_start: usize,
    pub(crate) content_length: Option<usize>,
}

/// Whether malformed lines refuse the message, or are left out so that it can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    Strict,
    Salvage,
}

/// How many bytes of line ends stand before the start line (RFC 3261 §7.5).
pub(crate) fn line_ends_before(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(length) = bytes.get(at..).and_then(line_break) {
        at += length;
    }
    at
}

/// The length of the line break at the start of the bytes, if there is one.
pub(crate) fn line_break(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        _ => None,
    }
}

/// Where a line that starts at `from` ends, and where the next one starts.
fn line_end(bytes: &[u8], from: usize) -> Result<(usize, usize), ParseErrorKind> {
    let rest = bytes.get(from..).unwrap_or_default();
    let at = memchr::memchr2(b'\r', b'\n', rest).ok_or(ParseErrorKind::UnterminatedHeaders)?;
    work::add(at + 1);
    let after = rest.get(at..).unwrap_or_default();
    match line_break(after) {
        Some(length) => Ok((from + at, from + at + length)),
        None if after.len() == 1 => Err(ParseErrorKind::UnterminatedHeaders),
        None => Err(ParseErrorKind::MalformedHeader),
    }
}

/// Reads the head of a message that starts with its start line; puts its fields into `fields`, which must be empty.
///
/// # Errors
/// The first fault; when salvaging, only what leaves nothing to answer.
pub(crate) fn scan_head(
    bytes: &[u8],
    limits: &Limits,
    strictness: Strictness,
    fields: &mut FieldSpans,
) -> Result<MessageScan, ParseError> {
    if u32::try_from(bytes.len()).is_err() || bytes.len() > limits.message_size {
        return Err(ParseError::new(0, ParseErrorKind::MessageTooLarge));
    }
    if bytes.is_empty() {
        return Err(ParseError::new(0, ParseErrorKind::Empty));
    }
    let salvage = strictness == Strictness::Salvage;
    let (start_line_end, mut at) = match line_end(bytes, 0) {
        Ok(line) => line,
        Err(ParseErrorKind::UnterminatedHeaders) => {
            return Err(ParseError::new(bytes.len(), ParseErrorKind::UnterminatedHeaders));
        }
        Err(_) => return Err(ParseError::new(0, ParseErrorKind::MalformedStartLine)),
    };
    if start_line_end > limits.start_line && !salvage {
        return Err(ParseError::new(limits.start_line, ParseErrorKind::StartLineTooLong));
    }
    let line = bytes.get(..start_line_end).unwrap_or_default();
    let start = if salvage {
        start_line::salvage(line).ok_or(ParseError::new(0, ParseErrorKind::MalformedStartLine))?
    } else {
        start_line::parse(line).map_err(|(offset, kind)| ParseError::new(offset, kind))?
    };
    let mut scan =
        MessageScan { start, head_end: bytes.len(), body_start: bytes.len(), content_length: None };
    loop {
        if let Some(length) = bytes.get(at..).and_then(line_break) {
            scan.head_end = at;
            scan.body_start = at + length;
            return Ok(scan);
        }
        match scan_field(bytes, at, limits) {
            Ok((field, next)) => {
                match scan.add(bytes, field, limits, fields) {
                    Err(error) if !salvage => return Err(error),
                    Err(ParseError { kind: ParseErrorKind::TooManyHeaders, .. }) => return Ok(scan),
                    Ok(()) | Err(_) => {}
                }
                at = next;
            }
            Err(error) if !salvage => return Err(error),
            Err(_) => match memchr::memchr(b'\n', bytes.get(at..).unwrap_or_default()) {
                Some(end) => {
                    work::add(end + 1);
                    at += end + 1;
                }
                None => return Ok(scan),
            },
        }
    }
}

/// How long the body is that follows this head, empty line included, on a stream.
///
/// Nothing else is held to the rules: another fault is found by whoever reads the message, who then can answer it.
///
/// # Errors
/// The head does not say the length, or an element that reads malformed lines in another way might find another one; or it is
/// not a head of SIP at all.
pub(super) fn body_length(head: &[u8]) -> Result<usize, ParseError> {
    let (start_line_end, mut at) = line_end(head, 0).map_err(|kind| ParseError::new(0, kind))?;
    if memchr::memmem::find(head.get(..start_line_end).unwrap_or_default(), b"SIP/").is_none() {
        return Err(ParseError::new(0, ParseErrorKind::MalformedStartLine));
    }
    let mut length = None;
    while let Some(line) = head.get(at..).filter(|rest| line_break(rest).is_none()) {
        if let Ok((field, next)) = scan_field(head, at, &Limits::NONE) {
            if field.index == name::CONTENT_LENGTH {
                length::agree(&mut length, head, &field)?;
            }
            at = next;
        } else {
            let end = memchr::memchr(b'\n', line).unwrap_or(line.len());
            work::add(end + 1);
            if may_be_length(line.get(..end).unwrap_or_default()) {
                return Err(ParseError::new(at, ParseErrorKind::MalformedHeader));
            }
            at += end + 1;
        }
    }
    length.ok_or(ParseError::new(at.min(head.len()), ParseErrorKind::MissingContentLength))
}

/// Whether another reader might take a malformed line for a Content-Length: one who sees a line end in a lone CR, who skips
/// white space, or who forgives a name its misspelling.
fn may_be_length(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.first().is_none_or(|byte| is(*byte, SPACE))
        || line.contains(&b'\r')
        || line.windows(6).any(|word| word.eq_ignore_ascii_case(b"length"))
}

/// Reads the field that starts at `start`; also returns where the next line starts.
pub(super) fn scan_field(
    bytes: &[u8],
    start: usize,
    limits: &Limits,
) -> Result<(FieldSpan, usize), ParseError> {
    let malformed = |offset| ParseError::new(offset, ParseErrorKind::MalformedHeader);
    let unterminated = || ParseError::new(bytes.len(), ParseErrorKind::UnterminatedHeaders);
    let line = bytes.get(start..).filter(|line| !line.is_empty()).ok_or_else(unterminated)?;
    let name_length = line.iter().position(|byte| !is(*byte, TOKEN)).unwrap_or(line.len());
    work::add(name_length);
    let (name, after) = line.split_at_checked(name_length).unwrap_or_default();
    let blanks = after.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let colon = start + name_length + blanks;
    if name_length == 0 {
        return Err(malformed(start));
    }
    match bytes.get(colon) {
        Some(b':') => {}
        Some(_) => return Err(malformed(colon)),
        None => return Err(unterminated()),
    }
    let name_length =
        u16::try_from(name_length).map_err(|_| ParseError::new(start, ParseErrorKind::HeaderLineTooLong))?;

    // The line and its folds: lines that start with white space (RFC 3261 §7.3.1).
    let mut folded = false;
    let mut from = colon + 1;
    let (end, next) = loop {
        let (end, next) = line_end(bytes, from).map_err(|kind| {
            let from_here = bytes.get(from..).unwrap_or_default();
            let at = memchr::memchr2(b'\r', b'\n', from_here).unwrap_or(from_here.len());
            ParseError::new(from + at, kind)
        })?;
        if end - start > limits.header_line {
            return Err(ParseError::new(start, ParseErrorKind::HeaderLineTooLong));
        }
        match bytes.get(next) {
            Some(b' ' | b'\t') => {
                folded = true;
                from = next;
            }
            _ => break (end, next),
        }
    };
    let raw = bytes.get(colon + 1..end).unwrap_or_default();
    let leading = raw.iter().position(|byte| !is(*byte, SPACE)).unwrap_or(raw.len());
    let value_start = colon + 1 + leading;
    let value = bytes.get(value_start..end).unwrap_or_default();
    let value_end = value_start + value.iter().rposition(|byte| !is(*byte, SPACE)).map_or(0, |last| last + 1);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the caller has checked that the message is below 4 GiB"
    )]
    let field = FieldSpan {
        start: start as u32,
        value_start: value_start as u32,
        value_end: value_end as u32,
        name_length,
        index: name::index_of(name),
        folded,
    };
    Ok((field, next))
}

impl MessageScan {
    /// Takes a field in, and reads it if framing depends on it.
    fn add(
        &mut self,
        bytes: &[u8],
        field: FieldSpan,
        limits: &Limits,
        fields: &mut FieldSpans,
    ) -> Result<(), ParseError> {
        if fields.len() >= limits.headers {
            return Err(ParseError::new(field.start as usize, ParseErrorKind::TooManyHeaders));
        }
        if field.index == name::CONTENT_LENGTH {
            length::agree(&mut self.content_length, bytes, &field)?;
        }
        fields.push(field);
        Ok(())
    }
}
