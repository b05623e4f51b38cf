//! Parameters of URIs and of headers: `;name=value;flag`.

use std::borrow::Cow;
use std::fmt;

use rvoip_sans_io::work;

use crate::error::HeaderErrorKind;
use crate::scan::{Cursor, PARAM_VALUE, TOKEN, URI_PARAM, all, part, trim};
use crate::syntax::SyntaxError;
use crate::text::{unquote, write_unfolded};

/// A list of parameters, each begun by a semicolon, in the order written. The text was checked when it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Params<'a> {
    text: &'a str,
}

impl<'a> Params<'a> {
    /// No parameters.
    pub const EMPTY: Params<'static> = Params { text: "" };

    /// Reads parameters of a header (`*(SEMI generic-param)`, RFC 3261 §25.1), up to the end of the text.
    ///
    /// # Errors
    /// A parameter without a name, an empty value, an unclosed quote, a character that may not stand there.
    pub fn parse(text: &'a str) -> Result<Self, SyntaxError> {
        Self::scan_header(&mut Cursor::new(text))
    }

    /// Reads the parameters of a URI (RFC 3261 §19.1.1), up to the end of the text.
    ///
    /// # Errors
    /// As [`Params::parse`], and a malformed escape.
    pub fn parse_uri(text: &'a str) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(text);
        let params = Self::scan_uri(&mut cursor)?;
        if cursor.at_end() { Ok(params) } else { cursor.unexpected() }
    }

    pub(crate) fn scan_header(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        Self::scan_header_with(cursor, |_, _| ())
    }

    /// As `Params::scan_header`; shows every parameter to `visit` on the way.
    #[inline]
    pub(crate) fn scan_header_with(
        cursor: &mut Cursor<'a>,
        mut visit: impl FnMut(&'a str, Option<&'a str>),
    ) -> Result<Self, SyntaxError> {
        cursor.skip_space();
        let start = cursor.position();
        let mut end = start;
        while cursor.eat(b';') {
            cursor.skip_space();
            let name = cursor.take1(TOKEN)?;
            let mut value = None;
            end = cursor.position();
            cursor.skip_space();
            if cursor.eat(b'=') {
                cursor.skip_space();
                value = Some(if cursor.peek() == Some(b'"') {
                    cursor.quoted()?
                } else {
                    cursor.take1(PARAM_VALUE)?
                });
                end = cursor.position();
                cursor.skip_space();
            }
            visit(name, value);
        }
        if !cursor.at_end() {
            return cursor.unexpected();
        }
        let text = part(cursor.since(start), 0, end - start);
        Ok(Self { text })
    }

    pub(crate) fn scan_uri(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        Self::scan_uri_with(cursor, |_, _| ())
    }

    /// As `Params::scan_uri`; shows every parameter to `visit` on the way.
    #[inline]
    pub(crate) fn scan_uri_with(
        cursor: &mut Cursor<'a>,
        mut visit: impl FnMut(&'a str, Option<&'a str>),
    ) -> Result<Self, SyntaxError> {
        let start = cursor.position();
        while cursor.eat(b';') {
            let name = cursor.take1(URI_PARAM)?;
            let value = if cursor.eat(b'=') { Some(cursor.take1(URI_PARAM)?) } else { None };
            visit(name, value);
        }
        let text = cursor.since(start);
        if text.is_empty() {
            return Ok(Self::EMPTY);
        }
        crate::escape::check(text).map_err(|error| error.within(start))?;
        Ok(Self { text })
    }

    /// The list as written, with its leading semicolon; empty if there are none.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The first parameter of that name, compared without case: `None` if there is none, `Some(None)` if it has no
    /// value. The value is as written: quoted where it was, escaped where it was.
    pub fn get(&self, name: &str) -> Option<Option<&'a str>> {
        self.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The value of the first parameter of that name, if it has one, as written.
    pub fn value(&self, name: &str) -> Option<&'a str> {
        self.get(name).flatten()
    }

    /// The value of the first parameter of that name, without the quotes and escapes of a quoted string.
    pub fn unquoted(&self, name: &str) -> Option<Cow<'a, str>> {
        self.value(name).map(unquote)
    }

    /// Whether there is a parameter of that name, with or without a value.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All parameters as (name, value), in order.
    pub fn iter(&self) -> ParamsIter<'a> {
        ParamsIter { rest: self.text }
    }

    /// A name that stands more than once, if there is one. Takes n log n steps.
    pub fn duplicate(&self) -> Option<&'a str> {
        let mut names: Vec<&'a str> = self.iter().map(|(name, _)| name).collect();
        let order = |one: &&str, two: &&str| {
            one.bytes().map(|b| b.to_ascii_lowercase()).cmp(two.bytes().map(|b| b.to_ascii_lowercase()))
        };
        names.sort_by(order);
        let mut names = names.into_iter();
        let mut previous = names.next()?;
        for name in names {
            if name.eq_ignore_ascii_case(previous) {
                return Some(name);
            }
            previous = name;
        }
        None
    }
}

impl<'a> IntoIterator for Params<'a> {
    type Item = (&'a str, Option<&'a str>);
    type IntoIter = ParamsIter<'a>;

    fn into_iter(self) -> ParamsIter<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &Params<'a> {
    type Item = (&'a str, Option<&'a str>);
    type IntoIter = ParamsIter<'a>;

    fn into_iter(self) -> ParamsIter<'a> {
        self.iter()
    }
}

impl fmt::Display for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_unfolded(f, self.text)
    }
}

/// The parameters of a list, in order.
#[derive(Clone, Debug)]
pub struct ParamsIter<'a> {
    rest: &'a str,
}

impl<'a> Iterator for ParamsIter<'a> {
    type Item = (&'a str, Option<&'a str>);

    fn next(&mut self) -> Option<Self::Item> {
        let body = self.rest.strip_prefix(';')?;
        let mut equals = None;
        let mut quoted = false;
        let mut escaped = false;
        let mut end = body.len();
        for (index, byte) in body.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'=' if equals.is_none() && !quoted => equals = Some(index),
                b';' if !quoted => {
                    end = index;
                    break;
                }
                _ => {}
            }
        }
        work::add(end);
        self.rest = body.get(end..).unwrap_or_default();
        Some(match equals {
            None => (trim(part(body, 0, end)), None),
            Some(at) => (trim(part(body, 0, at)), Some(trim(part(body, at + 1, end)))),
        })
    }
}

/// An owned list of header parameters, built one by one; what it holds is valid by construction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ParamsBuf {
    text: String,
}

impl ParamsBuf {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter without a value.
    ///
    /// # Errors
    /// A name that is not a token.
    pub fn flag(&mut self, name: &str) -> Result<&mut Self, SyntaxError> {
        if !all(name, TOKEN) {
            return Err(SyntaxError::new(0, HeaderErrorKind::UnexpectedCharacter));
        }
        self.text.push(';');
        self.text.push_str(name);
        Ok(self)
    }

    /// Adds a parameter; a value that is not a token is quoted.
    ///
    /// # Errors
    /// A name that is not a token, and a control character in the value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<&mut Self, SyntaxError> {
        if value.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(SyntaxError::new(0, HeaderErrorKind::UnexpectedCharacter));
        }
        self.flag(name)?;
        self.text.push('=');
        if all(value, TOKEN) {
            self.text.push_str(value);
        } else {
            crate::text::push_quoted(&mut self.text, value);
        }
        Ok(self)
    }

    /// The list, borrowed.
    pub fn as_params(&self) -> Params<'_> {
        Params { text: &self.text }
    }
}

impl fmt::Display for ParamsBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_parameters_keep_order_quotes_and_flags() {
        let text = ";tag=1928 ; X-y = \"a;\\\"b=\" ;\r\n lr;Tag=2";
        let params = Params::parse(text).unwrap();
        assert_eq!(
            params.iter().collect::<Vec<_>>(),
            [("tag", Some("1928")), ("X-y", Some("\"a;\\\"b=\"")), ("lr", None), ("Tag", Some("2"))]
        );
        assert_eq!(params.get("TAG"), Some(Some("1928")));
        assert_eq!(params.get("lr"), Some(None));
        assert_eq!(params.get("none"), None);
        assert_eq!(params.unquoted("x-Y").as_deref(), Some("a;\"b="));
        assert_eq!(params.duplicate(), Some("Tag"));
        assert_eq!(Params::parse(";a;b").unwrap().duplicate(), None);
        assert_eq!(params.to_string(), ";tag=1928 ; X-y = \"a;\\\"b=\" ; lr;Tag=2");
    }

    #[test]
    fn what_is_malformed_is_told_with_its_place() {
        fn check(text: &str, offset: usize, kind: HeaderErrorKind) {
            assert_eq!(Params::parse(text), Err(SyntaxError::new(offset, kind)), "{text:?}");
        }
        check(";", 1, HeaderErrorKind::UnexpectedEnd);
        check(";;a", 1, HeaderErrorKind::UnexpectedCharacter);
        check(";a;", 3, HeaderErrorKind::UnexpectedEnd);
        check(";a=", 3, HeaderErrorKind::UnexpectedEnd);
        check(";a=b c", 5, HeaderErrorKind::UnexpectedCharacter);
        check(";a=\"b", 3, HeaderErrorKind::UnterminatedQuote);
        check(";a=b,c", 4, HeaderErrorKind::UnexpectedCharacter);
        check("a", 0, HeaderErrorKind::UnexpectedCharacter);
        check(";=b", 1, HeaderErrorKind::UnexpectedCharacter);
    }

    #[test]
    fn uri_parameters_have_escapes_and_no_quotes() {
        let params = Params::parse_uri(";transport=tcp;lr;x=%20").unwrap();
        assert_eq!(params.value("x"), Some("%20"));
        for bad in [";x=\"a\"", ";x=%2", ";x=%zz", "; x", ";x=a=b", ";x=a@b", ";", ";a;;b"] {
            assert!(Params::parse_uri(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn built_parameters_are_quoted_where_they_must_be() {
        let mut params = ParamsBuf::new();
        params.set("tag", "abc").unwrap().set("text", "a \"b\"\\").unwrap().flag("lr").unwrap();
        assert_eq!(params.to_string(), ";tag=abc;text=\"a \\\"b\\\"\\\\\";lr");
        assert_eq!(
            Params::parse(&params.to_string()).unwrap().unquoted("text").as_deref(),
            Some("a \"b\"\\")
        );
        assert!(params.set("a b", "c").is_err());
        assert!(params.set("a", "c\r\nd").is_err());
    }
}
