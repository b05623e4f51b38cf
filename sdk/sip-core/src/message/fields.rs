//! Header fields as they stand in a message.

use rvoip_sans_io::work;

use super::list::{Element, Elements, trimmed};
use super::scan::FieldSpan;
use super::view::Message;
use crate::error::{HeaderError, HeaderErrorKind};
use crate::grammar::is_lws;
use crate::header::Header;
use crate::name::{EXTENSION, HeaderName};

/// One header field as it was written.
#[derive(Clone, Debug)]
pub struct HeaderField<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) span: FieldSpan,
    pub(super) line_end: usize,
}

impl<'a> HeaderField<'a> {
    /// The header's name.
    pub fn name(&self) -> HeaderName {
        HeaderName::from_index(self.span.index).unwrap_or_else(|| HeaderName::extension(self.name_text()))
    }

    /// The name as written, with its case, or compact.
    pub fn name_text(&self) -> &'a str {
        let start = self.span.start as usize;
        let name = self.bytes.get(start..start + usize::from(self.span.name_length)).unwrap_or_default();
        std::str::from_utf8(name).unwrap_or_default()
    }

    /// The value without the white space around it; a folded line still holds its line breaks.
    pub fn value_bytes(&self) -> &'a [u8] {
        self.bytes.get(self.span.value_start as usize..self.span.value_end as usize).unwrap_or_default()
    }

    /// The value as text.
    ///
    /// # Errors
    /// The value is not UTF-8.
    #[inline]
    pub fn value(&self) -> Result<&'a str, HeaderError> {
        work::add(self.value_bytes().len());
        std::str::from_utf8(self.value_bytes())
            .map_err(|error| HeaderError::new(self.name(), error.valid_up_to(), HeaderErrorKind::InvalidUtf8))
    }

    /// Whether the value holds line breaks.
    pub fn is_folded(&self) -> bool {
        self.span.folded
    }

    /// The value with every fold and the white space around it made one space (RFC 3261 §7.3.1), replacing what is not
    /// UTF-8.
    pub fn unfolded(&self) -> String {
        let value = String::from_utf8_lossy(self.value_bytes());
        if !self.is_folded() {
            return value.into_owned();
        }
        let is_space = |character: char| u8::try_from(character).is_ok_and(is_lws);
        let mut out = String::with_capacity(value.len());
        for line in value.split('\n') {
            let line = line.trim_matches(is_space);
            if !out.is_empty() && !line.is_empty() {
                out.push(' ');
            }
            out.push_str(line);
        }
        out
    }

    /// The whole field with its folds and line end, as it was written.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes.get(self.span.start as usize..self.line_end).unwrap_or_default()
    }

    /// Where the field starts, in bytes from the message's start.
    pub fn offset(&self) -> usize {
        self.span.start as usize
    }

    /// Whether the field is one of that header.
    pub fn is_named(&self, name: &HeaderName) -> bool {
        self.is(name, name.index())
    }

    pub(super) fn known_index(&self) -> u8 {
        self.span.index
    }

    pub(super) fn is(&self, name: &HeaderName, index: u8) -> bool {
        self.span.index == index
            && (index != EXTENSION || name.as_str().eq_ignore_ascii_case(self.name_text()))
    }

    /// Reads the first value.
    #[inline]
    pub(super) fn decode<T: Header<'a>>(&self) -> Option<Result<T, HeaderError>> {
        self.first(T::LIST).map(decode_element)
    }

    /// The first value; none if a list has none.
    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    pub(super) fn first(&self, is_list: bool) -> Option<Result<Element<'a>, HeaderError>> {
        match self.value() {
            Ok(value) if is_list => self.elements_of(value).next().map(Ok),
            Ok(value) => Some(Ok(Element { offset: 0, text: value })),
            Err(error) => Some(Err(error)),
        }
    }

    /// The values of a list; none if the field is empty and may be.
    fn elements_of(&self, value: &'a str) -> Elements<'a> {
        if value.is_empty() && self.name().may_be_empty() { Elements::none() } else { Elements::new(value) }
    }
}

/// The values of all fields of a header, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Values<'m, 'a> {
    message: &'m Message<'a>,
    name: HeaderName,
    is_list: bool,
    /// The index of the next field.
    next: usize,
    /// What is left of the field before.
    elements: Elements<'a>,
}

impl<'m, 'a> Values<'m, 'a> {
    pub(super) fn new(message: &'m Message<'a>, name: HeaderName, is_list: bool) -> Self {
        Self { message, name, is_list, next: 0, elements: Elements::none() }
    }
}

impl<'a> Iterator for Values<'_, 'a> {
    type Item = Result<Element<'a>, HeaderError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(element) = self.elements.next() {
                return Some(Ok(element));
            }
            let field = self.message.next_field(&mut self.next, &self.name)?;
            match field.value() {
                Ok(value) if self.is_list => self.elements = field.elements_of(value),
                Ok(value) => return Some(Ok(trimmed(value, 0))),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

pub(super) fn decode_element<'a, T: Header<'a>>(
    element: Result<Element<'a>, HeaderError>,
) -> Result<T, HeaderError> {
    let element = element?;
    T::decode(element.text).map_err(|error| HeaderError { offset: error.offset + element.offset, ..error })
}
