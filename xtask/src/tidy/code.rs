//! Rust without its comments, line by line.

/// Where a reader of Rust is, between two characters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Code,
    /// Within `/* … */`, which nest.
    Comment {
        depth: usize,
    },
    /// Within a string; a raw one ends with so many `#` behind its quote, and knows no escapes.
    Text {
        raw: Option<usize>,
    },
}

/// The lines of a source with their numbers, comments left out. Strings stay: what they name counts as code.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut place = Place::Code;
    text.lines().zip(1..).map(move |(line, number)| {
        let mut code = String::new();
        let mut rest = line;
        while !rest.is_empty() {
            let (kept, taken, next) = step(place, rest);
            code.push_str(rest.get(..kept).unwrap_or_default());
            rest = rest.get(taken..).unwrap_or_default();
            place = next;
        }
        (number, code)
    })
}

/// One step: how many bytes of the rest of a line are kept, how many are taken, and where the reader is then.
fn step(place: Place, rest: &str) -> (usize, usize, Place) {
    let first = rest.chars().next().map_or(0, char::len_utf8);
    match place {
        Place::Code if rest.starts_with("//") => (0, rest.len(), place),
        Place::Code if rest.starts_with("/*") => (0, 2, Place::Comment { depth: 1 }),
        Place::Code => {
            if let Some((length, raw)) = opened(rest) {
                return (length, length, Place::Text { raw });
            }
            let length = character(rest).unwrap_or(first);
            (length, length, place)
        }
        Place::Comment { depth } if rest.starts_with("*/") => {
            (0, 2, if depth > 1 { Place::Comment { depth: depth - 1 } } else { Place::Code })
        }
        Place::Comment { depth } if rest.starts_with("/*") => (0, 2, Place::Comment { depth: depth + 1 }),
        Place::Comment { .. } => (0, first, place),
        Place::Text { raw: None } if rest.starts_with('\\') => {
            let length = rest.chars().take(2).map(char::len_utf8).sum();
            (length, length, place)
        }
        Place::Text { raw } => {
            let end = format!("\"{}", "#".repeat(raw.unwrap_or(0)));
            if rest.starts_with(&end) { (end.len(), end.len(), Place::Code) } else { (first, first, place) }
        }
    }
}

/// The length of what opens a string here, `"` or `r##"`, and whether it is a raw one.
fn opened(rest: &str) -> Option<(usize, Option<usize>)> {
    if rest.starts_with('"') {
        return Some((1, None));
    }
    let behind = rest.strip_prefix('r')?;
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    behind.get(hashes..)?.starts_with('"').then_some((hashes + 2, Some(hashes)))
}

/// The length of a character in quotes, which may be a quote itself; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    let one: usize = match inner.chars().next()? {
        '\\' => inner.chars().take(2).map(char::len_utf8).sum(),
        other => other.len_utf8(),
    };
    inner.get(one..)?.starts_with('\'').then_some(one + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Vec<String> {
        lines(text).map(|(_, line)| line).collect()
    }

    #[test]
    fn comments_are_left_out() {
        assert_eq!(code("let a = 1; // Instant::now"), ["let a = 1; "]);
        assert_eq!(code("/// Instant::now"), [""]);
        assert_eq!(code("a /* b /* c */\n d */ e"), ["a ", " e"]);
    }

    #[test]
    fn what_stands_in_a_string_begins_no_comment() {
        assert_eq!(code("open(\"http://x\") // y"), ["open(\"http://x\") "]);
        for text in [
            "let s = \"a//b\"; Instant::now();",
            "let s = \"\\\"//\"; Instant::now();",
            "let s = r#\"\"//\"#; Instant::now();",
            "let s = \"/*\"; Instant::now();",
            "let s = \"\n//\"; Instant::now();",
        ] {
            assert_eq!(code(text).join("\n"), text);
        }
    }

    #[test]
    fn a_quote_in_quotes_opens_no_string_and_neither_does_a_lifetime() {
        assert_eq!(code("let q = '\"'; // x"), ["let q = '\"'; "]);
        assert_eq!(code("let q = '\\''; // x"), ["let q = '\\''; "]);
        assert_eq!(code("fn f<'a>(x: &'a str) // x"), ["fn f<'a>(x: &'a str) "]);
    }
}
