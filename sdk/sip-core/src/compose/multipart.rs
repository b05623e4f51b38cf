//! Writing bodies of several parts (RFC 2046 §5.1).

use bytes::Bytes;
use rvoip_sans_io::Random;

use super::line::Line;
use crate::error::BuildError;
use crate::grammar::is_token;
use crate::header::EncodeHeader;
use crate::name::HeaderName;
use crate::params::ParamsBuf;

/// Characters of a boundary: 120 random bits.
const BOUNDARY: usize = 24;

/// One part to be written.
#[derive(Clone, Debug)]
pub struct PartBuilder {
    lines: Vec<Line>,
    body: Bytes,
    mistake: Option<BuildError>,
}

impl PartBuilder {
    /// A part with its Content-Type.
    pub fn new(content_type: &str, body: impl Into<Bytes>) -> Self {
        let part = Self { lines: Vec::new(), body: body.into(), mistake: None };
        part.line(Line::new(HeaderName::ContentType, content_type))
    }

    /// Adds a header, as Content-Disposition.
    #[must_use]
    pub fn header(self, header: &impl EncodeHeader) -> Self {
        self.line(Line::encode(header))
    }

    /// Adds a header with a value that is already written.
    #[must_use]
    pub fn raw(self, name: HeaderName, value: &str) -> Self {
        self.line(Line::new(name, value))
    }

    fn line(mut self, line: Result<Line, BuildError>) -> Self {
        match line {
            Ok(line) => self.lines.push(line),
            Err(mistake) => {
                self.mistake.get_or_insert(mistake);
            }
        }
        self
    }

    fn write(&self, out: &mut Vec<u8>) {
        for line in &self.lines {
            line.write(out);
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&self.body);
    }
}

/// Writes a body of several parts.
///
/// ```
/// use rvoip_sans_io::Random;
/// use rvoip_sip_core::{Limits, Multipart, MultipartBuilder, PartBuilder};
/// use rvoip_sip_core::header::{ContentType, Header};
///
/// let (content_type, body) = MultipartBuilder::new("mixed")
///     .part(PartBuilder::new("application/sdp", "v=0\r\n"))
///     .part(PartBuilder::new("text/plain", "hello"))
///     .build(&mut Random::from_number(1))?;
/// let parts = Multipart::new(&ContentType::decode(&content_type)?, &body, &Limits::default())?;
/// assert_eq!(parts.count(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MultipartBuilder {
    subtype: String,
    params: ParamsBuf,
    parts: Vec<PartBuilder>,
    mistake: Option<BuildError>,
}

impl MultipartBuilder {
    /// A body of type `multipart` and this subtype, as `mixed`, `alternative` or `related`.
    pub fn new(subtype: &str) -> Self {
        let mistake = (!is_token(subtype.as_bytes())).then_some(BuildError::NotAToken);
        Self { subtype: subtype.to_owned(), params: ParamsBuf::new(), parts: Vec::new(), mistake }
    }

    /// Adds a parameter of the Content-Type, as `type` or `start` of `related` (RFC 2387 §3). The boundary is written by
    /// the builder.
    #[must_use]
    pub fn param(mut self, name: &str, value: &str) -> Self {
        if name.eq_ignore_ascii_case("boundary") {
            self.mistake.get_or_insert(BuildError::Reserved(HeaderName::ContentType));
        } else if self.params.set(name, value).is_err() {
            self.mistake.get_or_insert(BuildError::NotAToken);
        }
        self
    }

    /// Adds a part behind those that were given.
    #[must_use]
    pub fn part(mut self, part: PartBuilder) -> Self {
        self.parts.push(part);
        self
    }

    /// Writes the body; gives its Content-Type, and the body. The boundary is in none of the parts.
    ///
    /// # Errors
    /// The first mistake that was made; no part at all (RFC 2046 §5.1.1).
    pub fn build(self, random: &mut Random) -> Result<(String, Bytes), BuildError> {
        let Self { subtype, params, parts, mistake } = self;
        if let Some(mistake) = mistake.or(parts.iter().find_map(|part| part.mistake.clone())) {
            return Err(mistake);
        }
        if parts.is_empty() {
            return Err(BuildError::NoParts);
        }
        let written: Vec<Vec<u8>> = parts
            .iter()
            .map(|part| {
                let mut out = Vec::with_capacity(part.body.len() + 128);
                part.write(&mut out);
                out
            })
            .collect();
        let boundary = loop {
            let boundary = random.token(BOUNDARY);
            if !written.iter().any(|part| memchr::memmem::find(part, boundary.as_bytes()).is_some()) {
                break boundary;
            }
        };
        let mut body = Vec::with_capacity(written.iter().map(|part| part.len() + BOUNDARY + 6).sum());
        for part in &written {
            body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            body.extend_from_slice(part);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        Ok((format!("multipart/{subtype};boundary={boundary}{params}"), body.into()))
    }
}
