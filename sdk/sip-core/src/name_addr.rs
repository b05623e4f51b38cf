//! Addresses with a display name (RFC 3261 §20.10, §25.1 `name-addr` and `addr-spec`).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use rvoip_sans_io::work;

use crate::error::HeaderErrorKind;
use crate::scan::{Cursor, DISPLAY, SPACE, part, trim};
use crate::syntax::SyntaxError;
use crate::text::{push_quoted, unquote, write_unfolded};
use crate::uri::{AbsoluteUri, Uri, UriBuf};

/// An address: a URI, in angle brackets with or without a display name, or bare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameAddr<'a> {
    display: &'a str,
    uri_text: &'a str,
    bracketed: bool,
    /// The URI.
    pub uri: Uri<'a>,
}

impl<'a> NameAddr<'a> {
    /// Reads an address and nothing else. A bare URI may hold no semicolon, comma or question mark: what is behind a
    /// semicolon would be the header's, and the others need brackets (RFC 3261 §20.10).
    ///
    /// # Errors
    /// What is no address.
    pub fn parse(text: &'a str) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(text);
        let address = Self::scan(&mut cursor)?;
        cursor.finish()?;
        Ok(address)
    }

    /// Reads an address up to the parameters behind it.
    pub(crate) fn scan(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        cursor.skip_space();
        let start = cursor.position();
        if cursor.peek() == Some(b'"') {
            let display = cursor.quoted()?;
            cursor.skip_space();
            return Self::scan_bracketed(cursor, display);
        }
        let run = cursor.take(DISPLAY | SPACE);
        match cursor.peek() {
            Some(b'<') => Self::scan_bracketed(cursor, trim(run)),
            None | Some(b';') => {
                let uri_text = trim(run);
                if uri_text.is_empty() {
                    return cursor.unexpected();
                }
                if memchr::memchr(b'?', uri_text.as_bytes()).is_some() {
                    return Err(SyntaxError::new(start, HeaderErrorKind::UnbalancedBracket));
                }
                let uri = Uri::parse(uri_text).map_err(|error| error.within(start))?;
                Ok(Self { display: "", uri_text, bracketed: false, uri })
            }
            Some(_) => cursor.unexpected(),
        }
    }

    fn scan_bracketed(cursor: &mut Cursor<'a>, display: &'a str) -> Result<Self, SyntaxError> {
        cursor.expect(b'<')?;
        let start = cursor.position();
        let rest = cursor.rest();
        let Some(length) = memchr::memchr(b'>', rest.as_bytes()) else {
            return Err(SyntaxError::new(start, HeaderErrorKind::UnbalancedBracket));
        };
        work::add(length);
        let uri_text = part(rest, 0, length);
        let uri = Uri::parse(uri_text).map_err(|error| error.within(start))?;
        cursor.advance_by(length + 1);
        Ok(Self { display, uri_text, bracketed: true, uri })
    }

    /// An address without a display name, written in brackets.
    pub fn from_uri(uri: &'a UriBuf) -> Self {
        Self { display: "", uri_text: uri.as_str(), bracketed: true, uri: uri.as_uri() }
    }

    /// The display name without quotes and escapes; `None` if there is none or it is empty.
    pub fn display_name(&self) -> Option<Cow<'a, str>> {
        Some(unquote(self.display)).filter(|name| !name.is_empty())
    }

    /// The display name as written, with its quotes; empty if there is none.
    pub fn display_name_as_written(&self) -> &'a str {
        self.display
    }

    /// The URI's text as written.
    pub fn uri_as_written(&self) -> &'a str {
        self.uri_text
    }

    /// Whether the URI stands in angle brackets.
    pub fn is_bracketed(&self) -> bool {
        self.bracketed
    }

    /// An owned copy.
    pub fn to_buf(&self) -> NameAddrBuf {
        NameAddrBuf(self.to_string().into())
    }
}

impl fmt::Display for NameAddr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.bracketed {
            return f.write_str(self.uri_text);
        }
        if !self.display.is_empty() {
            write_unfolded(f, self.display)?;
            f.write_str(" ")?;
        }
        write!(f, "<{}>", self.uri_text)
    }
}

/// An address that owns its text, which was checked once; cheap to clone. `==` compares the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameAddrBuf(Arc<str>);

impl NameAddrBuf {
    /// Reads an address and keeps a copy of it, folds taken out.
    ///
    /// # Errors
    /// As [`NameAddr::parse`].
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        NameAddr::parse(text).map(|address| address.to_buf())
    }

    /// An address in brackets; the display name is quoted. An empty one is left out.
    ///
    /// # Errors
    /// A display name with a line end.
    pub fn new(display_name: Option<&str>, uri: &UriBuf) -> Result<Self, SyntaxError> {
        let name = display_name.unwrap_or_default();
        if let Some(at) = memchr::memchr2(b'\r', b'\n', name.as_bytes()) {
            return Err(SyntaxError::new(at, HeaderErrorKind::UnexpectedCharacter));
        }
        let mut text = String::new();
        if !name.is_empty() {
            push_quoted(&mut text, name);
            text.push(' ');
        }
        text.push_str(Self::from(uri).as_str());
        Ok(Self(text.into()))
    }

    /// The address, borrowed.
    pub fn as_name_addr(&self) -> NameAddr<'_> {
        // The text was read when this was made, so the other arm is never taken.
        NameAddr::parse(&self.0).unwrap_or(NameAddr {
            display: "",
            uri_text: &self.0,
            bracketed: true,
            uri: Uri::Absolute(AbsoluteUri { scheme: "unknown", rest: &self.0 }),
        })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URI.
    pub fn uri(&self) -> Uri<'_> {
        self.as_name_addr().uri
    }

    /// The display name without quotes and escapes.
    pub fn display_name(&self) -> Option<Cow<'_, str>> {
        self.as_name_addr().display_name()
    }
}

impl From<&UriBuf> for NameAddrBuf {
    fn from(uri: &UriBuf) -> Self {
        Self(format!("<{}>", uri.as_str()).into())
    }
}

impl FromStr for NameAddrBuf {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        Self::parse(text)
    }
}

impl fmt::Display for NameAddrBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NameAddrBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart_and_printed_as_they_were() {
        fn check(text: &str, display: Option<&str>, uri: &str) {
            let address = NameAddr::parse(text).unwrap();
            assert_eq!(address.display_name().as_deref(), display, "{text:?}");
            assert_eq!(address.uri_as_written(), uri, "{text:?}");
            assert_eq!(address.to_string(), text);
            assert_eq!(address.to_buf().as_name_addr(), NameAddr::parse(&address.to_string()).unwrap());
        }
        check("sip:a@b", None, "sip:a@b");
        check("<sip:a@b;lr?x=y>", None, "sip:a@b;lr?x=y");
        check("Alice <sip:a@b>", Some("Alice"), "sip:a@b");
        check("Alice van  Dyk <sip:a@b>", Some("Alice van  Dyk"), "sip:a@b");
        check("\"A. \\\"G\\\" Bell\" <sip:a@b>", Some("A. \"G\" Bell"), "sip:a@b");
        check("\"J\\\\\" <sip:a@b>", Some("J\\"), "sip:a@b");
        check("\"<sip:x@y>, z\" <sip:a@b>", Some("<sip:x@y>, z"), "sip:a@b");
        check("\"Jürgen\" <tel:+1-201>", Some("Jürgen"), "tel:+1-201");
        check("Jürgen <http://a/b>", Some("Jürgen"), "http://a/b");
        check("\"\" <sip:a@b>", None, "sip:a@b");
    }

    #[test]
    fn white_space_around_brackets_is_free() {
        let address = NameAddr::parse(" \"A\r\n B\"<sip:a@b>\t").unwrap();
        assert_eq!(address.display_name().as_deref(), Some("A B"));
        assert_eq!(address.to_string(), "\"A B\" <sip:a@b>");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "",
            " ",
            "<>",
            "<sip:a@b",
            "sip:a@b>",
            "\"A <sip:a@b>",
            "A, B <sip:a@b>",
            "sip:a@b?x=y",
            "sip:a,c@b",
            "A sip:a@b",
            "\"A\" sip:a@b",
            "<sip:a@b> x",
            "< sip:a@b>",
            "<sip:a@b >",
            "A\0 <sip:a@b>",
            "<<sip:a@b>>",
            "sip:a@b;x=y",
        ] {
            assert!(NameAddr::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_display_name_cannot_inject() {
        let uri = UriBuf::parse("sip:a@b").unwrap();
        for name in ["x\"; <sip:evil@x>", "\\", "ü\0"] {
            let address = NameAddrBuf::new(Some(name), &uri).unwrap();
            assert_eq!(address.display_name().as_deref(), Some(name));
            assert_eq!(address.uri(), uri.as_uri());
        }
        for name in ["a\r\nVia: x", "a\r", "a\n b"] {
            assert_eq!(NameAddrBuf::new(Some(name), &uri).unwrap_err().offset, 1, "{name:?}");
        }
        assert_eq!(NameAddrBuf::new(None, &uri).unwrap().as_str(), "<sip:a@b>");
    }
}
