//! Challenges, credentials and the server's proof, as values.

use std::fmt;

use super::parse::{AuthParams, AuthScheme, params};
use super::{Algorithm, Qop};
use crate::error::HeaderErrorKind;
use crate::syntax::SyntaxError;
use crate::text::write_quoted;

/// A Digest challenge of an algorithm that we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The protection domain, shown to users.
    pub realm: String,
    /// The server's nonce.
    pub nonce: String,
    /// What the client returns as it is.
    pub opaque: Option<String>,
    /// The nonce of the refused request was too old; its password was right.
    pub stale: bool,
    /// The algorithm; MD5 where the challenge names none.
    pub algorithm: Algorithm,
    /// What may be protected; empty for a server of RFC 2069.
    pub qop: Vec<Qop>,
    /// The user name may be hidden.
    pub user_hash: bool,
    /// User name and password are hashed as UTF-8 (`charset=UTF-8`), as SIP has them anyway.
    pub utf8: bool,
}

impl Challenge {
    /// Reads a challenge; `None` if it is of another scheme, or of an algorithm or protection that we do not know.
    ///
    /// # Errors
    /// A Digest challenge without realm or nonce, or with a parameter twice.
    pub fn read(scheme: &AuthScheme<'_>) -> Result<Option<Self>, SyntaxError> {
        if !scheme.is_digest() {
            return Ok(None);
        }
        no_duplicate(&scheme.params)?;
        let get = |name: &str| scheme.params.get(name).map(std::borrow::Cow::into_owned);
        let (Some(realm), Some(nonce)) = (get("realm"), get("nonce")) else {
            return Err(SyntaxError::new(0, HeaderErrorKind::MissingParameter));
        };
        let algorithm = match get("algorithm") {
            None => Algorithm::Md5,
            Some(name) => match Algorithm::parse(&name) {
                Some(algorithm) => algorithm,
                None => return Ok(None),
            },
        };
        let offered = get("qop");
        let qop: Vec<Qop> = offered
            .iter()
            .flat_map(|list| list.split(','))
            .filter_map(|name| Qop::parse(name.trim()))
            .collect();
        if offered.is_some() && qop.is_empty() {
            return Ok(None);
        }
        let flag = |name: &str| get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Ok(Some(Self {
            realm,
            nonce,
            opaque: get("opaque"),
            stale: flag("stale"),
            algorithm,
            qop,
            user_hash: flag("userhash"),
            utf8: get("charset").is_some_and(|value| value.eq_ignore_ascii_case("UTF-8")),
        }))
    }
}

/// Of a parameter that stands twice, two readers may take different values.
fn no_duplicate(params: &AuthParams<'_>) -> Result<(), SyntaxError> {
    match params.duplicate() {
        Some(_) => Err(SyntaxError::new(0, HeaderErrorKind::DuplicateParameter)),
        None => Ok(()),
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, name: &str, value: &str) -> fmt::Result {
    write!(f, ", {name}=")?;
    write_quoted(f, value)
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest realm=")?;
        write_quoted(f, &self.realm)?;
        quoted(f, "nonce", &self.nonce)?;
        if let Some(opaque) = &self.opaque {
            quoted(f, "opaque", opaque)?;
        }
        write!(f, ", algorithm={}", self.algorithm)?;
        if !self.qop.is_empty() {
            let list: Vec<&str> = self.qop.iter().map(|qop| qop.as_str()).collect();
            quoted(f, "qop", &list.join(","))?;
        }
        if self.stale {
            f.write_str(", stale=true")?;
        }
        if self.user_hash {
            f.write_str(", userhash=true")?;
        }
        if self.utf8 {
            f.write_str(", charset=UTF-8")?;
        }
        Ok(())
    }
}

/// Digest credentials: the answer to a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestCredentials {
    /// The user name, or its hash.
    pub username: String,
    /// `username` is a hash.
    pub user_hash: bool,
    /// Of the challenge.
    pub realm: String,
    /// Of the challenge.
    pub nonce: String,
    /// The request URI as the client sent it.
    pub uri: String,
    /// The proof.
    pub response: String,
    /// Of the challenge.
    pub algorithm: Algorithm,
    /// Of the challenge.
    pub opaque: Option<String>,
    /// What is protected; none for a server of RFC 2069.
    pub qop: Option<Qop>,
    /// The client's nonce.
    pub cnonce: String,
    /// How often the nonce was used, this time included; 0 without `qop`.
    pub nonce_count: u32,
}

impl DigestCredentials {
    /// Reads credentials; `None` if they are of another scheme.
    ///
    /// # Errors
    /// Digest credentials that lack something, have a parameter twice, or are of an algorithm that we do not know.
    pub fn read(scheme: &AuthScheme<'_>) -> Result<Option<Self>, SyntaxError> {
        if !scheme.is_digest() {
            return Ok(None);
        }
        no_duplicate(&scheme.params)?;
        let get = |name: &str| scheme.params.get(name).map(std::borrow::Cow::into_owned);
        if scheme.params.get("username").is_some() && scheme.params.get("username*").is_some() {
            return Err(SyntaxError::new(0, HeaderErrorKind::DuplicateParameter));
        }
        let need = |name: &str| get(name).ok_or(SyntaxError::new(0, HeaderErrorKind::MissingParameter));
        let invalid = SyntaxError::new(0, HeaderErrorKind::InvalidParameter);
        let algorithm = match get("algorithm") {
            None => Algorithm::Md5,
            Some(name) => Algorithm::parse(&name).ok_or(invalid)?,
        };
        let qop = match get("qop") {
            None => None,
            Some(name) => Some(Qop::parse(&name).ok_or(invalid)?),
        };
        let (cnonce, nonce_count) = if qop.is_none() {
            (get("cnonce").unwrap_or_default(), 0)
        } else {
            let count = nonce_count(&need("nc")?).ok_or(invalid)?;
            (need("cnonce")?, count)
        };
        Ok(Some(Self {
            username: match get("username*") {
                Some(text) => extended(&text).ok_or(invalid)?,
                None => need("username")?,
            },
            user_hash: get("userhash").is_some_and(|value| value.eq_ignore_ascii_case("true")),
            realm: need("realm")?,
            nonce: need("nonce")?,
            uri: need("uri")?,
            response: need("response")?.to_ascii_lowercase(),
            algorithm,
            opaque: get("opaque"),
            qop,
            cnonce,
            nonce_count,
        }))
    }
}

impl DigestCredentials {
    /// Whether they name that user, openly or by its hash.
    pub fn is_of(&self, username: &str, realm: &str) -> bool {
        if self.user_hash {
            self.algorithm.user_hash(username, realm).eq_ignore_ascii_case(&self.username)
        } else {
            self.username == username
        }
    }
}

impl fmt::Display for DigestCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest username=")?;
        write_quoted(f, &self.username)?;
        quoted(f, "realm", &self.realm)?;
        quoted(f, "nonce", &self.nonce)?;
        quoted(f, "uri", &self.uri)?;
        quoted(f, "response", &self.response)?;
        write!(f, ", algorithm={}", self.algorithm)?;
        if let Some(opaque) = &self.opaque {
            quoted(f, "opaque", opaque)?;
        }
        if let Some(qop) = self.qop {
            write!(f, ", qop={}, nc={:08x}", qop.as_str(), self.nonce_count)?;
            quoted(f, "cnonce", &self.cnonce)?;
        } else if self.algorithm.is_session() {
            quoted(f, "cnonce", &self.cnonce)?;
        }
        if self.user_hash {
            f.write_str(", userhash=true")?;
        }
        Ok(())
    }
}

/// Reads the extended notation of a parameter: `UTF-8''J%C3%A4s` (RFC 8187 §3.2.1), of no other character set.
fn extended(text: &str) -> Option<String> {
    let (charset, rest) = text.split_once('\'')?;
    let (_language, value) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("UTF-8") || crate::escape::check(value).is_err() {
        return None;
    }
    let name = String::from_utf8(crate::escape::Unescape::new(value).collect()).ok()?;
    // Unescaped, a line end would be in what is made of the name.
    (!name.contains(|character: char| character.is_ascii_control())).then_some(name)
}

/// What a server says after it took credentials (RFC 7616 §3.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationInfo {
    /// The nonce to use next.
    pub next_nonce: Option<String>,
    /// The proof that the server knows the password too.
    pub response: Option<String>,
    /// What the proof protects.
    pub qop: Option<Qop>,
    /// The client's nonce, returned.
    pub cnonce: Option<String>,
    /// The count of the request's credentials, returned.
    pub nonce_count: Option<u32>,
}

impl AuthenticationInfo {
    /// Reads the value of Authentication-Info or Proxy-Authentication-Info.
    ///
    /// # Errors
    /// What breaks the grammar.
    pub fn read(value: &str) -> Result<Self, SyntaxError> {
        let params = params(value)?;
        no_duplicate(&params)?;
        let get = |name: &str| params.get(name).map(std::borrow::Cow::into_owned);
        let invalid = SyntaxError::new(0, HeaderErrorKind::InvalidParameter);
        Ok(Self {
            next_nonce: get("nextnonce"),
            response: get("rspauth").map(|text| text.to_ascii_lowercase()),
            qop: get("qop").map(|name| Qop::parse(&name).ok_or(invalid)).transpose()?,
            cnonce: get("cnonce"),
            nonce_count: get("nc").map(|count| nonce_count(&count).ok_or(invalid)).transpose()?,
        })
    }
}

impl fmt::Display for AuthenticationInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let quoted_params =
            [("nextnonce", &self.next_nonce), ("rspauth", &self.response), ("cnonce", &self.cnonce)];
        for (name, value) in quoted_params {
            let Some(value) = value else { continue };
            write!(f, "{separator}{name}=")?;
            write_quoted(f, value)?;
            separator = ", ";
        }
        if let Some(qop) = self.qop {
            write!(f, "{separator}qop={}", qop.as_str())?;
            separator = ", ";
        }
        match self.nonce_count {
            Some(count) => write!(f, "{separator}nc={count:08x}"),
            None => Ok(()),
        }
    }
}

/// Reads a nonce count: eight hexadecimal digits (RFC 7616 §3.4).
fn nonce_count(text: &str) -> Option<u32> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(text, 16).ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::schemes;

    fn credentials(extra: &str) -> Result<Option<DigestCredentials>, HeaderErrorKind> {
        let text = format!("Digest realm=\"r\", nonce=\"n\", uri=\"sip:b\", response=\"0F\"{extra}");
        DigestCredentials::read(&schemes(&text).unwrap()[0]).map_err(|error| error.kind)
    }

    #[test]
    fn user_names_are_read_in_extended_notation() {
        let read = |extra| credentials(extra).map(|found| found.unwrap().username);
        assert_eq!(read(", username*=UTF-8''J%C3%A4s%C3%B8n%20Doe"), Ok("J\u{e4}s\u{f8}n Doe".to_owned()));
        assert_eq!(read(", username=\"J\u{e4}\\\"s\""), Ok("J\u{e4}\"s".to_owned()));
        assert_eq!(read(", username*=UTF-8''%FF"), Err(HeaderErrorKind::InvalidParameter));
        assert_eq!(read(", username*=UTF-8''a%0D%0A"), Err(HeaderErrorKind::InvalidParameter));
        assert_eq!(read(", username*=latin1''a"), Err(HeaderErrorKind::InvalidParameter));
        assert_eq!(read(", username=a, username*=UTF-8''b"), Err(HeaderErrorKind::DuplicateParameter));
        assert_eq!(read(", username=a, USERNAME=b"), Err(HeaderErrorKind::DuplicateParameter));
        assert_eq!(read(""), Err(HeaderErrorKind::MissingParameter));
    }

    #[test]
    fn a_count_has_eight_digits_and_comes_with_a_client_nonce() {
        let read = |extra: &str| {
            credentials(&format!(", username=a, qop=auth{extra}")).map(|found| found.unwrap().nonce_count)
        };
        assert_eq!(read(", nc=0000000A, cnonce=x"), Ok(10));
        assert_eq!(read(", nc=A, cnonce=x"), Err(HeaderErrorKind::InvalidParameter));
        assert_eq!(read(", nc=+000000A, cnonce=x"), Err(HeaderErrorKind::InvalidParameter));
        assert_eq!(read(", nc=0000000A"), Err(HeaderErrorKind::MissingParameter));
        assert_eq!(read(", cnonce=x"), Err(HeaderErrorKind::MissingParameter));
    }

    #[test]
    fn a_challenge_is_written_as_it_was_read() {
        let text = "Digest realm=\"a \\\"b\\\"\", nonce=\"n\", opaque=\"\", algorithm=SHA-512-256-sess, \
            qop=\"auth,auth-int\", stale=true, userhash=true, charset=UTF-8";
        let challenge = Challenge::read(&schemes(text).unwrap()[0]).unwrap().unwrap();
        assert!(challenge.utf8 && challenge.user_hash && challenge.stale);
        assert_eq!(challenge.to_string(), text);
        let read = |text| Challenge::read(&schemes(text).unwrap()[0]).map_err(|error| error.kind);
        assert_eq!(read("Digest realm=r, nonce=n, qop=\"x\""), Ok(None));
        assert_eq!(read("Digest realm=r, nonce=n, algorithm=X"), Ok(None));
        assert_eq!(read("Digest realm=r"), Err(HeaderErrorKind::MissingParameter));
        assert_eq!(read("Digest realm=r, nonce=n, nonce=m"), Err(HeaderErrorKind::DuplicateParameter));
    }

    #[test]
    fn the_proof_of_a_server_is_written_as_it_was_read() {
        let text = "nextnonce=\"n\", rspauth=\"0f\", cnonce=\"c\", qop=auth-int, nc=0000000f";
        let info = AuthenticationInfo::read(text).unwrap();
        assert_eq!((info.qop, info.nonce_count), (Some(Qop::AuthInt), Some(15)));
        assert_eq!(info.to_string(), text);
        assert_eq!(AuthenticationInfo::read("qop=auth").unwrap().to_string(), "qop=auth");
        for bad in ["nc=1", "qop=x", "nextnonce=a, nextnonce=b"] {
            assert!(AuthenticationInfo::read(bad).is_err(), "{bad:?}");
        }
    }
}
