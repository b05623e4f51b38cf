//! Reading a description, line by line.

use crate::{
    Attribute, Bandwidth, Connection, MediaDescription, MediaKind, Origin, SdpError, SdpErrorKind,
    SessionDescription, TimeDescription, UnknownLine,
};

/// The longest description that is read, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// The most lines a description may have.
pub const MAX_LINES: usize = 4096;
/// The most media descriptions a description may have.
pub const MAX_MEDIA: usize = 64;
/// The most formats a media description may have.
pub const MAX_FORMATS: usize = 256;

impl SessionDescription {
    /// Reads a description (RFC 8866 §5); takes LF for CRLF, a missing `t=` and empty lines at the end.
    ///
    /// Lines of unknown type are kept, where RFC 8866 §5 lets a parser refuse the whole: descriptions that carry
    /// them are otherwise sound, and a call is worth more than the strictness.
    pub fn parse(text: &str) -> Result<Self, SdpError> {
        if text.len() > MAX_BYTES {
            return Err(SdpError { line: 1, kind: SdpErrorKind::TooLong });
        }
        let text = text.trim_end_matches(['\r', '\n']);
        let mut reader = Reader::default();
        let mut count = 0;
        for (index, raw) in text.split('\n').enumerate() {
            count = index + 1;
            reader.line(count, raw).map_err(|kind| SdpError { line: count, kind })?;
        }
        reader.finish().map_err(|kind| SdpError { line: count + 1, kind })
    }

    /// Reads a description from the bytes of a message body.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self, SdpError> {
        if bytes.len() > MAX_BYTES {
            return Err(SdpError { line: 1, kind: SdpErrorKind::TooLong });
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let sound = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = sound.split(|byte| *byte == b'\n').count();
            SdpError { line, kind: SdpErrorKind::NotUtf8 }
        })?;
        Self::parse(text)
    }
}

impl std::str::FromStr for SessionDescription {
    type Err = SdpError;

    fn from_str(text: &str) -> Result<Self, SdpError> {
        Self::parse(text)
    }
}

/// The session part while the mandatory lines may still be missing, and the media read so far.
#[derive(Default)]
struct Reader {
    origin: Option<Origin>,
    session_name: Option<String>,
    information: Option<String>,
    uri: Option<String>,
    emails: Vec<String>,
    phones: Vec<String>,
    connection: Option<Connection>,
    bandwidths: Vec<Bandwidth>,
    times: Vec<TimeDescription>,
    time_zones: Option<String>,
    key: Option<String>,
    attributes: Vec<Attribute>,
    unknown: Vec<UnknownLine>,
    media: Vec<MediaDescription>,
}

impl Reader {
    fn line(&mut self, number: usize, raw: &str) -> Result<(), SdpErrorKind> {
        if number > MAX_LINES {
            return Err(SdpErrorKind::TooManyLines);
        }
        let raw = raw.strip_suffix('\r').unwrap_or(raw);
        if raw.contains(['\r', '\0']) {
            return Err(SdpErrorKind::ControlCharacter);
        }
        let (kind, value) = raw.split_once('=').ok_or(SdpErrorKind::NotALine)?;
        let mut letters = kind.chars();
        let kind = match (letters.next(), letters.next()) {
            (Some(letter), None) if letter.is_ascii_alphabetic() => letter,
            _ => return Err(SdpErrorKind::NotALine),
        };
        match (number, kind, value) {
            (1, 'v', "0") => Ok(()),
            (1, 'v', _) => Err(SdpErrorKind::UnknownVersion),
            (1, _, _) => Err(SdpErrorKind::NoVersion),
            (_, 'v', _) => Err(SdpErrorKind::Repeated('v')),
            (_, 'm', _) => self.begin_media(value),
            _ if self.media.is_empty() => self.session_line(kind, value),
            _ => self.media_line(kind, value),
        }
    }

    fn begin_media(&mut self, value: &str) -> Result<(), SdpErrorKind> {
        self.require_session()?;
        if self.media.len() == MAX_MEDIA {
            return Err(SdpErrorKind::TooManyMedia);
        }
        let media = media_line(value).ok_or(SdpErrorKind::Malformed('m'))?;
        if media.formats.len() > MAX_FORMATS {
            return Err(SdpErrorKind::TooManyFormats);
        }
        self.media.push(media);
        Ok(())
    }

    fn require_session(&self) -> Result<(), SdpErrorKind> {
        if self.origin.is_none() {
            return Err(SdpErrorKind::Missing('o'));
        }
        if self.session_name.is_none() {
            return Err(SdpErrorKind::Missing('s'));
        }
        Ok(())
    }

    fn session_line(&mut self, kind: char, value: &str) -> Result<(), SdpErrorKind> {
        match kind {
            'o' => once(&mut self.origin, kind, read(kind, origin(value))?),
            's' => once(&mut self.session_name, kind, value.to_owned()),
            'i' => once(&mut self.information, kind, value.to_owned()),
            'u' => once(&mut self.uri, kind, value.to_owned()),
            'e' => push(&mut self.emails, value.to_owned()),
            'p' => push(&mut self.phones, value.to_owned()),
            'c' => once(&mut self.connection, kind, read(kind, connection(value))?),
            'b' => push(&mut self.bandwidths, read(kind, bandwidth(value))?),
            't' => push(&mut self.times, read(kind, time(value))?),
            'r' => {
                let time = self.times.last_mut().ok_or(SdpErrorKind::Misplaced('r'))?;
                push(&mut time.repeats, value.to_owned())
            }
            'z' => once(&mut self.time_zones, kind, value.to_owned()),
            'k' => once(&mut self.key, kind, value.to_owned()),
            'a' => push(&mut self.attributes, attribute(value)),
            _ => push(&mut self.unknown, UnknownLine { kind, value: value.to_owned() }),
        }
    }

    fn media_line(&mut self, kind: char, value: &str) -> Result<(), SdpErrorKind> {
        let media = self.media.last_mut().ok_or(SdpErrorKind::Misplaced(kind))?;
        match kind {
            'i' => once(&mut media.information, kind, value.to_owned()),
            'c' => push(&mut media.connections, read(kind, connection(value))?),
            'b' => push(&mut media.bandwidths, read(kind, bandwidth(value))?),
            'k' => once(&mut media.key, kind, value.to_owned()),
            'a' => push(&mut media.attributes, attribute(value)),
            'o' | 's' | 'u' | 'e' | 'p' | 't' | 'r' | 'z' => Err(SdpErrorKind::Misplaced(kind)),
            _ => push(&mut media.unknown, UnknownLine { kind, value: value.to_owned() }),
        }
    }

    fn finish(self) -> Result<SessionDescription, SdpErrorKind> {
        Ok(SessionDescription {
            version: 0,
            origin: self.origin.ok_or(SdpErrorKind::Missing('o'))?,
            session_name: self.session_name.ok_or(SdpErrorKind::Missing('s'))?,
            information: self.information,
            uri: self.uri,
            emails: self.emails,
            phones: self.phones,
            connection: self.connection,
            bandwidths: self.bandwidths,
            times: self.times,
            time_zones: self.time_zones,
            key: self.key,
            attributes: self.attributes,
            unknown: self.unknown,
            media: self.media,
        })
    }
}

fn read<T>(kind: char, value: Option<T>) -> Result<T, SdpErrorKind> {
    value.ok_or(SdpErrorKind::Malformed(kind))
}

fn once<T>(slot: &mut Option<T>, kind: char, value: T) -> Result<(), SdpErrorKind> {
    if slot.is_some() {
        return Err(SdpErrorKind::Repeated(kind));
    }
    *slot = Some(value);
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "the counterpart of `once` in the tables of line types")]
fn push<T>(list: &mut Vec<T>, value: T) -> Result<(), SdpErrorKind> {
    list.push(value);
    Ok(())
}

fn origin(value: &str) -> Option<Origin> {
    let mut fields = value.split_ascii_whitespace();
    let user_name = fields.next()?.to_owned();
    let digits = |field: &str| (field.bytes().all(|byte| byte.is_ascii_digit())).then(|| field.to_owned());
    let session_id = digits(fields.next()?)?;
    let session_version = digits(fields.next()?)?;
    Some(Origin { user_name, session_id, session_version, connection: Connection::parse(fields)? })
}

fn connection(value: &str) -> Option<Connection> {
    Connection::parse(value.split_ascii_whitespace())
}

fn bandwidth(value: &str) -> Option<Bandwidth> {
    let (kind, value) = value.split_once(':')?;
    Some(Bandwidth { kind: kind.to_owned(), value: number(value.trim())? })
}

fn time(value: &str) -> Option<TimeDescription> {
    let mut fields = value.split_ascii_whitespace();
    let (start, stop) = (number(fields.next()?)?, number(fields.next()?)?);
    fields.next().is_none().then(|| TimeDescription { start, stop, repeats: Vec::new() })
}

fn attribute(value: &str) -> Attribute {
    match value.split_once(':') {
        Some((name, value)) => Attribute::new(name, value),
        None => Attribute::flag(value),
    }
}

fn media_line(value: &str) -> Option<MediaDescription> {
    let mut fields = value.split_ascii_whitespace();
    let kind = MediaKind::from_token(fields.next()?);
    let ports = fields.next()?;
    let (port, port_count) = match ports.split_once('/') {
        Some((port, count)) => (number(port)?, Some(number(count)?)),
        None => (number(ports)?, None),
    };
    let protocol = fields.next()?;
    // One more than allowed is enough to tell that there are too many.
    let formats: Vec<String> = fields.take(MAX_FORMATS + 1).map(str::to_owned).collect();
    // A stream that is rejected needs no format; some agents send none.
    if formats.is_empty() && port != 0 {
        return None;
    }
    Some(MediaDescription { port_count, ..MediaDescription::new(kind, port, protocol, formats) })
}

/// Digits only: the integer parsers of the language also take a plus sign.
pub(crate) fn number<T: std::str::FromStr>(field: &str) -> Option<T> {
    field.bytes().all(|byte| byte.is_ascii_digit()).then(|| field.parse().ok()).flatten()
}
