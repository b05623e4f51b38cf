//! Challenges, credentials and the server's proof, as values.

use std::fmt;

use super::parse::{AuthScheme, params};
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
}

impl Challenge {
    /// Reads a challenge; `None` if it is of another scheme, or of an algorithm or protection that we do not know.
    ///
    /// # Errors
    /// A Digest challenge without realm or nonce.
    pub fn read(scheme: &AuthScheme<'_>) -> Result<Option<Self>, SyntaxError> {
        if !scheme.is_digest() {
            return Ok(None);
        }
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
        }))
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
    /// Digest credentials that lack something or are of an algorithm that we do not know.
    pub fn read(scheme: &AuthScheme<'_>) -> Result<Option<Self>, SyntaxError> {
        if !scheme.is_digest() {
            return Ok(None);
        }
        let get = |name: &str| scheme.params.get(name).map(std::borrow::Cow::into_owned);
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
            let count = need("nc")?;
            let digits = count.len() == 8 && count.bytes().all(|byte| byte.is_ascii_hexdigit());
            let count = u32::from_str_radix(&count, 16).ok().filter(|_| digits);
            (need("cnonce")?, count.ok_or(invalid)?)
        };
        Ok(Some(Self {
            username: need("username")?,
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

/// What a server says after it took credentials (RFC 7616 §3.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationInfo {
    /// The nonce to use next.
    pub next_nonce: Option<String>,
    /// The proof that the server knows the password too.
    pub response: Option<String>,
}

impl AuthenticationInfo {
    /// Reads the value of Authentication-Info or Proxy-Authentication-Info.
    ///
    /// # Errors
    /// What breaks the grammar.
    pub fn read(value: &str) -> Result<Self, SyntaxError> {
        let params = params(value)?;
        let get = |name: &str| params.get(name).map(std::borrow::Cow::into_owned);
        Ok(Self {
            next_nonce: get("nextnonce"),
            response: get("rspauth").map(|text| text.to_ascii_lowercase()),
        })
    }
}
