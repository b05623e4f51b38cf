//! Text for people: Subject (RFC 3261 §20.36), Organization (§20.25), Server (§20.35), User-Agent (§20.41).

use std::fmt;

use rvoip_sans_io::work;

use crate::error::{HeaderError, HeaderErrorKind};
use crate::header::Header;
use crate::header::comment::scan_comment;
use crate::header::value::encode_by_display;
use crate::name::HeaderName;
use crate::scan::{Cursor, SPACE, part, trim};
use crate::text::write_unfolded;

/// Text without control characters; it may hold folds.
fn scan(name: HeaderName, value: &str, may_be_empty: bool) -> Result<&str, HeaderError> {
    let is_bad = |byte: u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r' | b'\n');
    if let Some(at) = value.bytes().position(is_bad) {
        return Err(HeaderError::new(name, at, HeaderErrorKind::UnexpectedCharacter));
    }
    let text = trim(value);
    if text.is_empty() && !may_be_empty {
        return Err(HeaderError::new(name, 0, HeaderErrorKind::Empty));
    }
    Ok(text)
}

macro_rules! text_header {
    ($(#[$doc:meta])* $type:ident, $may_be_empty:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $type<'a>(pub &'a str);

        impl<'a> Header<'a> for $type<'a> {
            const NAME: HeaderName = HeaderName::$type;
            const LIST: bool = false;

            fn decode(value: &'a str) -> Result<Self, HeaderError> {
                scan(Self::NAME, value, $may_be_empty).map(Self)
            }
        }

        impl fmt::Display for $type<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_unfolded(f, self.0)
            }
        }

        encode_by_display!($type<'_> => $type);
    };
}

text_header!(
    /// What the call is about; may be empty.
    Subject, true
);
text_header!(
    /// The organization of the sender; may be empty.
    Organization, true
);
text_header!(
    /// The software that answers. Taken as any text, because much software names itself outside the grammar.
    Server, false
);
text_header!(
    /// The software that asks. Taken as any text, because much software names itself outside the grammar.
    UserAgent, false
);

impl<'a> Server<'a> {
    /// The products and comments, in order.
    pub fn products(&self) -> Products<'a> {
        Products { rest: self.0 }
    }
}

impl<'a> UserAgent<'a> {
    /// The products and comments, in order.
    pub fn products(&self) -> Products<'a> {
        Products { rest: self.0 }
    }
}

/// One word of Server or User-Agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product<'a> {
    /// A product.
    Named {
        /// The name.
        name: &'a str,
        /// The version behind the slash.
        version: Option<&'a str>,
    },
    /// A comment, with its parentheses.
    Comment(&'a str),
}

/// The products and comments of Server or User-Agent, in order. What breaks the grammar comes as the name of a product.
#[derive(Clone, Debug)]
pub struct Products<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Products<'a> {
    type Item = Product<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut cursor = Cursor::new(self.rest);
        cursor.skip_space();
        if cursor.at_end() {
            return None;
        }
        if cursor.peek() == Some(b'(') {
            let text = cursor.rest();
            let comment = scan_comment(&mut cursor);
            // What does not end is read once to the end, and not again behind every parenthesis.
            self.rest = if comment.is_ok() { cursor.rest() } else { "" };
            return Some(comment.map_or(Product::Named { name: text, version: None }, Product::Comment));
        }
        let text = cursor.rest();
        let end = text.bytes().position(|byte| crate::scan::is(byte, SPACE) || byte == b'(');
        work::add(end.unwrap_or(text.len()));
        let (word, rest) = text.split_at_checked(end.unwrap_or(text.len())).unwrap_or_default();
        self.rest = rest;
        let slash = memchr::memchr(b'/', word.as_bytes());
        Some(match slash {
            Some(at) => Product::Named {
                name: part(word, 0, at),
                version: word.get(at + 1..).filter(|version| !version.is_empty()),
            },
            None => Product::Named { name: word, version: None },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_may_be_empty_where_the_grammar_says_so() {
        assert_eq!(Subject::decode("").unwrap().to_string(), "");
        assert_eq!(Subject::decode("Ärger,\r\n \"und").unwrap().to_string(), "Ärger, \"und");
        assert_eq!(Organization::decode("Boxes by Bob").unwrap(), Organization("Boxes by Bob"));
        assert_eq!(Server::decode(" ").unwrap_err().kind, HeaderErrorKind::Empty);
        assert_eq!(Subject::decode("a\0").unwrap_err().offset, 1);
    }

    #[test]
    fn products_are_told_from_comments() {
        let named = |name, version| Product::Named { name, version };
        let products = |text| UserAgent::decode(text).unwrap().products().collect::<Vec<_>>();
        assert_eq!(
            products("Softphone/Beta1.5 (curses (old)) kit"),
            [named("Softphone", Some("Beta1.5")), Product::Comment("(curses (old))"), named("kit", None)]
        );
        assert_eq!(products("a/(b)c"), [named("a", None), Product::Comment("(b)"), named("c", None)]);
        assert_eq!(products("x (open ((("), [named("x", None), named("(open (((", None)]);
        assert_eq!(Server::decode("HomeServer v2").unwrap().products().count(), 2);
    }
}
