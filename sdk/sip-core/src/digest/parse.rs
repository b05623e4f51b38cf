//! The grammar of challenges and credentials: a scheme and its parameters (RFC 3261 §25.1, RFC 9110 §11).

use std::borrow::Cow;
use std::fmt;

use crate::error::HeaderErrorKind;
use crate::scan::{Cursor, TOKEN};
use crate::syntax::SyntaxError;
use crate::text::{unquote, write_unfolded};

/// Schemes that one field may hold, and parameters that one scheme may have.
const SCHEMES: usize = 16;
const PARAMS: usize = 64;

/// The parameters of a scheme, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthParams<'a>(Vec<(&'a str, &'a str)>);

impl<'a> AuthParams<'a> {
    /// The value of a parameter, quotes taken off.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.0.iter().find(|(of, _)| of.eq_ignore_ascii_case(name)).map(|(_, value)| unquote(value))
    }

    /// A name that stands more than once, if there is one: which of the values counts would be anybody's guess.
    pub fn duplicate(&self) -> Option<&'a str> {
        let mut names: Vec<&'a str> = self.0.iter().map(|(name, _)| *name).collect();
        names.sort_by_cached_key(|name| name.to_ascii_lowercase());
        names.windows(2).find_map(|pair| match pair {
            [one, two] if one.eq_ignore_ascii_case(two) => Some(*two),
            _ => None,
        })
    }

    /// All parameters, as written.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().copied()
    }
}

/// One challenge, or one set of credentials, of whichever scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthScheme<'a> {
    /// The scheme, such as `Digest`.
    pub scheme: &'a str,
    /// What some schemes, such as Basic, have in place of parameters (`token68`, RFC 9110 §11.2).
    pub token: Option<&'a str>,
    /// Its parameters.
    pub params: AuthParams<'a>,
}

impl fmt::Display for AuthParams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.0.iter().enumerate() {
            f.write_str(if index > 0 { ", " } else { "" })?;
            write!(f, "{name}=")?;
            write_unfolded(f, value)?;
        }
        Ok(())
    }
}

impl fmt::Display for AuthScheme<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scheme)?;
        match self.token {
            Some(token) => write!(f, " {token}"),
            None if self.params.0.is_empty() => Ok(()),
            None => write!(f, " {}", self.params),
        }
    }
}

impl AuthScheme<'_> {
    /// Whether this is Digest.
    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("Digest")
    }
}

/// Reads a field: one scheme, or several separated by commas. The comma that parameters are separated by is told from that
/// of schemes by what follows: a parameter has an equals sign.
///
/// # Errors
/// What breaks the grammar.
pub fn schemes(value: &str) -> Result<Vec<AuthScheme<'_>>, SyntaxError> {
    let mut cursor = Cursor::new(value);
    let mut found: Vec<AuthScheme<'_>> = Vec::new();
    loop {
        cursor.skip_space();
        // Empty elements of a list are allowed, and are nothing.
        if cursor.eat(b',') {
            continue;
        }
        if cursor.at_end() {
            break;
        }
        let start = cursor.position();
        let word = cursor.take1(TOKEN)?;
        cursor.skip_space();
        if cursor.peek() == Some(b'=') {
            let Some(scheme) = found.last_mut() else {
                return Err(SyntaxError::new(start, HeaderErrorKind::InvalidParameter));
            };
            if scheme.token.is_some() || scheme.params.0.len() >= PARAMS {
                return Err(SyntaxError::new(start, HeaderErrorKind::InvalidParameter));
            }
            cursor.advance();
            cursor.skip_space();
            scheme.params.0.push((word, take_value(&mut cursor)?));
            cursor.skip_space();
            if !cursor.at_end() && cursor.peek() != Some(b',') {
                return cursor.unexpected();
            }
        } else if found.len() < SCHEMES {
            let mut scheme = AuthScheme { scheme: word, token: None, params: AuthParams::default() };
            if !scheme.is_digest() {
                scheme.token = take_token68(&mut cursor);
            }
            let ended = scheme.token.is_some() || cursor.at_end() || cursor.peek() == Some(b',');
            if !ended && !starts_param(cursor) {
                return cursor.unexpected();
            }
            found.push(scheme);
        } else {
            return Err(SyntaxError::new(start, HeaderErrorKind::InvalidParameter));
        }
    }
    if found.is_empty() {
        return Err(SyntaxError::new(0, HeaderErrorKind::Empty));
    }
    Ok(found)
}

/// Takes a `token68` and the white space behind it, if there is one up to the next comma or the end.
fn take_token68<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let mut ahead = *cursor;
    let start = ahead.position();
    while ahead.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)) {
        ahead.advance();
    }
    if ahead.position() == start {
        return None;
    }
    while ahead.eat(b'=') {}
    let token = ahead.since(start);
    ahead.skip_space();
    if !ahead.at_end() && ahead.peek() != Some(b',') {
        return None;
    }
    *cursor = ahead;
    Some(token)
}

/// Whether a parameter comes next.
fn starts_param(mut cursor: Cursor<'_>) -> bool {
    cursor.take1(TOKEN).is_ok() && {
        cursor.skip_space();
        cursor.peek() == Some(b'=')
    }
}

/// The parameters of a field without a scheme: Authentication-Info.
pub(super) fn params(value: &str) -> Result<AuthParams<'_>, SyntaxError> {
    let mut cursor = Cursor::new(value);
    let mut params = AuthParams::default();
    loop {
        cursor.skip_space();
        if cursor.eat(b',') {
            continue;
        }
        if cursor.at_end() {
            return Ok(params);
        }
        let word = cursor.take1(TOKEN)?;
        cursor.skip_space();
        cursor.expect(b'=')?;
        cursor.skip_space();
        params.0.push((word, take_value(&mut cursor)?));
        cursor.skip_space();
        if params.0.len() > PARAMS || (!cursor.at_end() && cursor.peek() != Some(b',')) {
            return cursor.unexpected();
        }
    }
}

fn take_value<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, SyntaxError> {
    if cursor.peek() == Some(b'"') { cursor.quoted() } else { cursor.take1(TOKEN) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_challenges_in_one_field_are_told_apart() {
        let found = schemes(
            "Digest realm=\"a, b\", nonce=\"x\\\"y\" , qop=\"auth,auth-int\",,Basic realm=z, Digest nonce = q",
        )
        .unwrap();
        let names: Vec<_> = found.iter().map(|one| one.scheme).collect();
        assert_eq!(names, ["Digest", "Basic", "Digest"]);
        assert_eq!(found[0].params.get("REALM").as_deref(), Some("a, b"));
        assert_eq!(found[0].params.get("nonce").as_deref(), Some("x\"y"));
        assert_eq!(found[2].params.get("nonce").as_deref(), Some("q"));
    }

    #[test]
    fn schemes_with_a_token_in_place_of_parameters_are_kept() {
        let text = "Basic QWxhZGRpbjpvcGVu==, Negotiate , NTLM a/b+c=,Digest realm=\"x\\\"y\", z=1";
        let found = schemes(text).unwrap();
        let tokens: Vec<_> = found.iter().map(|one| (one.scheme, one.token)).collect();
        assert_eq!(
            tokens,
            [
                ("Basic", Some("QWxhZGRpbjpvcGVu==")),
                ("Negotiate", None),
                ("NTLM", Some("a/b+c=")),
                ("Digest", None)
            ]
        );
        let written: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            written,
            ["Basic QWxhZGRpbjpvcGVu==", "Negotiate", "NTLM a/b+c=", "Digest realm=\"x\\\"y\", z=1"]
        );
        for bad in ["Basic a b", "Basic a realm=x", "Basic a, realm=x", "A B C", "Digest Digest realm=x"] {
            assert!(schemes(bad).is_err(), "{bad:?}");
        }
        assert_eq!(schemes("Digest A=1, b=2, a=3").unwrap()[0].params.duplicate(), Some("a"));
    }

    #[test]
    fn malformed_fields_are_refused() {
        for bad in [
            "",
            " , ",
            "realm=x",
            "Digest realm=",
            "Digest realm=\"x",
            "Digest realm=x y=z",
            "Digest a=\"\\",
            "Digest a=\"b\\\r\n c\"",
            "Digest a=\"b\0\"",
            "@",
        ] {
            assert!(schemes(bad).is_err(), "{bad:?}");
        }
        assert!(schemes(&"Digest a=b,".repeat(17)).is_err());
        assert!(schemes(&format!("Digest {}", "a=b,".repeat(65))).is_err());
        assert!(params("nextnonce=\"x\" y").is_err());
    }
}
