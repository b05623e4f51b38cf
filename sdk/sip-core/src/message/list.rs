//! Splitting a field's value at its commas (RFC 3261 §7.3.1).

use rvoip_sans_io::work;

use crate::scan::{SPACE, is};

/// One value of a field, without the white space around it, and where it starts in the field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    pub(crate) offset: usize,
    pub(crate) text: &'a str,
}

/// The values of one field, split at commas outside quoted strings and angle brackets.
///
/// A quoted string or bracket that does not end holds the rest of the field, so that its type refuses it.
#[derive(Clone, Debug)]
pub(crate) struct Elements<'a> {
    field: &'a str,
    /// Where the next value starts; past the end when there is none.
    next: Option<usize>,
}

impl<'a> Elements<'a> {
    pub(crate) fn new(field: &'a str) -> Self {
        Self { field, next: Some(0) }
    }

    /// No values at all.
    pub(crate) fn none() -> Self {
        Self { field: "", next: None }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let start = self.next?;
        let rest = self.field.get(start..)?;
        let end = end_of_value(rest.as_bytes());
        work::add(end);
        self.next = (end < rest.len()).then_some(start + end + 1);
        Some(trimmed(rest.get(..end)?, start))
    }
}

/// A text without the white space around it, which starts at `offset`.
pub(crate) fn trimmed(text: &str, offset: usize) -> Element<'_> {
    let bytes = text.as_bytes();
    let start = bytes.iter().position(|byte| !is(*byte, SPACE)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !is(*byte, SPACE)).map_or(start, |last| last + 1);
    Element { offset: offset + start, text: text.get(start..end).unwrap_or_default() }
}

/// Where the first value of a list ends: at its comma, or at the end.
pub(crate) fn end_of_value(list: &[u8]) -> usize {
    // Most fields hold one value, and most of those no comma.
    let comma = memchr::memchr(b',', list);
    work::add(comma.unwrap_or(list.len()));
    if comma.is_none() {
        return list.len();
    }
    let mut at = 0;
    loop {
        let rest = list.get(at..).unwrap_or_default();
        let Some(found) = memchr::memchr3(b',', b'"', b'<', rest) else { return list.len() };
        at += found;
        at = match list.get(at) {
            Some(b',') => return at,
            Some(b'"') => end_of_quote(list, at + 1),
            _ => match memchr::memchr(b'>', list.get(at..).unwrap_or_default()) {
                Some(length) => at + length + 1,
                None => return list.len(),
            },
        };
    }
}

/// Where a quoted string ends whose text starts at `at`.
fn end_of_quote(list: &[u8], mut at: usize) -> usize {
    loop {
        let Some(found) = memchr::memchr2(b'"', b'\\', list.get(at..).unwrap_or_default()) else {
            return list.len();
        };
        at += found;
        if list.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(field: &str, expected: &[&str]) {
        let found: Vec<&str> = Elements::new(field).map(|element| element.text).collect();
        assert_eq!(found, expected, "{field:?}");
        for element in Elements::new(field) {
            assert!(field.get(element.offset..).unwrap().starts_with(element.text));
        }
    }

    #[test]
    fn commas_split_outside_quotes_and_brackets() {
        check("a", &["a"]);
        check("a, b ,\r\n c", &["a", "b", "c"]);
        check(
            "\"Bell, A\" <sip:a@b;x=1,2>;q=0.1, <sip:c>",
            &["\"Bell, A\" <sip:a@b;x=1,2>;q=0.1", "<sip:c>"],
        );
        check(r#""a\",b" <sip:a>,c"#, &[r#""a\",b" <sip:a>"#, "c"]);
        check(r#""a\\",b"#, &[r#""a\\""#, "b"]);
        check("301 a \"x\", 302 b \"y\"", &["301 a \"x\"", "302 b \"y\""]);
    }

    #[test]
    fn empty_values_are_seen_and_open_ends_hold_the_rest() {
        check("", &[""]);
        check("a,,b,", &["a", "", "b", ""]);
        check("\"open, a", &["\"open, a"]);
        check("<open, a", &["<open, a"]);
        check("\"open\\", &["\"open\\"]);
        check("é,ü", &["é", "ü"]);
    }
}
