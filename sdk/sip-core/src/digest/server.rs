//! The server's side: challenges with nonces that need no memory, and the check of credentials.

use std::collections::BTreeMap;
use std::time::Duration;

use rvoip_sans_io::{Now, Random};
use thiserror::Error;

use super::nonce::NonceKey;
use super::parse::schemes;
use super::replay::{Refused, ReplayMemory};
use super::response::Computation;
use super::{Algorithm, AuthenticationInfo, Challenge, DigestCredentials, Ha1, Password, Qop, Secret};
use crate::message::Message;
use crate::name::HeaderName;
use crate::status::StatusCode;

/// Fields of credentials that are looked at.
const FIELDS: usize = 16;

/// Why credentials are not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthenticationFailure {
    /// The request has no credentials for our realm.
    #[error("no credentials")]
    Missing,
    /// The request has credentials that break their grammar, and none of ours.
    #[error("malformed credentials")]
    Malformed,
    /// Of another realm or algorithm, or with a protection or a hidden name that was not offered.
    #[error("the credentials answer no challenge of ours")]
    Foreign,
    /// The nonce is too old, or of a server that is not us, such as ourselves before a restart; the password is right, so the
    /// client is challenged again with `stale=true` (RFC 7616 §3.3).
    #[error("the nonce is too old")]
    Stale,
    /// The nonce count was used before: somebody repeats a request. Challenged again with `stale=true`.
    #[error("the nonce was used before")]
    Replayed,
    /// No such user, or the wrong password; which of them is not told.
    #[error("the user name or the password is wrong")]
    Wrong,
}

impl AuthenticationFailure {
    /// Whether the client is challenged with `stale=true`: its password was right, its nonce was not.
    pub fn is_stale(self) -> bool {
        matches!(self, Self::Stale | Self::Replayed)
    }

    /// What the request is answered with, by a proxy or by a user agent server or registrar (RFC 3261 §22.1).
    pub fn status(self, by_proxy: bool) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Missing | Self::Foreign | Self::Stale | Self::Replayed | Self::Wrong => {
                if by_proxy {
                    StatusCode::PROXY_AUTHENTICATION_REQUIRED
                } else {
                    StatusCode::UNAUTHORIZED
                }
            }
        }
    }
}

/// Credentials that were taken.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The name of the user, also where the credentials hid it.
    pub username: String,
    credentials: DigestCredentials,
    ha1: Ha1,
}

impl Verified {
    /// The proof for the client that the server knows the password too, over the body of the response; and the nonce that
    /// the client is to use next, if it is to take another.
    pub fn authentication_info(&self, body: &[u8], next_nonce: Option<String>) -> AuthenticationInfo {
        let Self { credentials, ha1, .. } = self;
        let response = Computation::of_response(credentials, credentials.qop, body).response(ha1);
        let counted = credentials.qop.is_some();
        AuthenticationInfo {
            next_nonce,
            response: Some(response),
            qop: credentials.qop,
            cnonce: counted.then(|| credentials.cnonce.clone()),
            nonce_count: counted.then_some(credentials.nonce_count),
        }
    }
}

/// Challenges clients of one realm and checks their credentials.
///
/// ```
/// use std::time::Duration;
/// use rvoip_sans_io::{Now, Random};
/// use rvoip_sip_core::{Algorithm, AuthenticationFailure, DigestServer, Message, Password, Secret};
///
/// let request = b"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nTo: <sip:a@example.com>\r\n\
///     From: <sip:a@example.com>;tag=1\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n\r\n";
/// let request = Message::parse(request)?;
/// let (now, mut random) = (Now::at(Duration::ZERO), Random::from_number(1));
/// let algorithms = vec![Algorithm::Sha256, Algorithm::Md5];
/// let mut server = DigestServer::new("example.com", algorithms, Duration::from_secs(300), &mut random);
/// let failure = server.verify_request(now, &request, false, |credentials| {
///     (credentials.username == "a").then(|| ("a".to_owned(), Secret::Password(Password::new("secret"))))
/// });
/// let failure = failure.unwrap_err();
/// assert_eq!((failure, failure.status(false).code()), (AuthenticationFailure::Missing, 401));
/// assert_eq!(server.challenges(now, failure.is_stale(), &mut random).len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DigestServer {
    realm: String,
    algorithms: Vec<Algorithm>,
    lifetime: Duration,
    key: NonceKey,
    qop: Vec<Qop>,
    user_hash: bool,
    used: ReplayMemory,
}

impl DigestServer {
    /// A server of a realm. The algorithms are offered in the given order; a nonce lives for `lifetime`.
    pub fn new(
        realm: impl Into<String>,
        algorithms: Vec<Algorithm>,
        lifetime: Duration,
        random: &mut Random,
    ) -> Self {
        Self {
            realm: realm.into(),
            algorithms,
            lifetime,
            key: NonceKey::new(random),
            qop: vec![Qop::Auth, Qop::AuthInt],
            user_hash: false,
            used: ReplayMemory::default(),
        }
    }

    /// The same server, offering this protection in place of both kinds. With none it is a server of RFC 2069, of which
    /// each nonce is good for one request; where `auth` is not offered, bodies must be protected.
    #[must_use]
    pub fn with_qop(mut self, qop: Vec<Qop>) -> Self {
        self.qop = qop;
        self
    }

    /// The same server, offering to hide user names (`userhash`, RFC 7616 §3.4.4).
    #[must_use]
    pub fn with_user_hash(mut self) -> Self {
        self.user_hash = true;
        self
    }

    /// The realm.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The challenges of a 401 or 407, one field each (RFC 8760 §2.4).
    pub fn challenges(&self, now: Now, stale: bool, random: &mut Random) -> Vec<Challenge> {
        let nonce = self.next_nonce(now, random);
        self.algorithms
            .iter()
            .map(|algorithm| Challenge {
                realm: self.realm.clone(),
                nonce: nonce.clone(),
                opaque: None,
                stale,
                algorithm: *algorithm,
                qop: self.qop.clone(),
                user_hash: self.user_hash,
                utf8: self.user_hash,
            })
            .collect()
    }

    /// A fresh nonce, for challenges and for [`Verified::authentication_info`].
    pub fn next_nonce(&self, now: Now, random: &mut Random) -> String {
        self.key.make(now.unix.as_secs(), &self.realm, random)
    }

    /// Checks credentials against a table of passwords; gives the name of the user.
    ///
    /// # Errors
    /// Why they are not taken.
    pub fn verify(
        &mut self,
        now: Now,
        method: &str,
        body: &[u8],
        credentials: &DigestCredentials,
        users: &BTreeMap<String, Password>,
    ) -> Result<String, AuthenticationFailure> {
        let realm = self.realm.clone();
        let lookup = |credentials: &DigestCredentials| {
            let user = if credentials.user_hash {
                users.iter().find(|(name, _)| credentials.is_of(name, &realm))
            } else {
                users.get_key_value(&credentials.username)
            };
            user.map(|(name, password)| (name.clone(), Secret::Password(password.clone())))
        };
        self.verify_by(now, method, body, credentials, lookup).map(|verified| verified.username)
    }

    /// Checks the credentials that a request has for our realm, in Proxy-Authorization if we are a proxy, else in
    /// Authorization.
    ///
    /// # Errors
    /// There are none, or why they are not taken.
    pub fn verify_request(
        &mut self,
        now: Now,
        request: &Message<'_>,
        by_proxy: bool,
        lookup: impl FnOnce(&DigestCredentials) -> Option<(String, Secret)>,
    ) -> Result<Verified, AuthenticationFailure> {
        let name = if by_proxy { HeaderName::ProxyAuthorization } else { HeaderName::Authorization };
        let mut failure = AuthenticationFailure::Missing;
        for value in request.raw(name).take(FIELDS) {
            for scheme in schemes(value).unwrap_or_else(|_| {
                failure = AuthenticationFailure::Malformed;
                Vec::new()
            }) {
                match DigestCredentials::read(&scheme) {
                    Ok(Some(credentials)) if credentials.realm == self.realm => {
                        let method = request.method().map(|method| method.to_string()).unwrap_or_default();
                        return self.verify_by(now, &method, request.body(), &credentials, lookup);
                    }
                    Ok(_) => {}
                    Err(_) => failure = AuthenticationFailure::Malformed,
                }
            }
        }
        Err(failure)
    }

    /// Checks credentials. `lookup` gives the name and the secret of the user whom they name; where they hide the name, it
    /// finds the user by [`DigestCredentials::is_of`].
    ///
    /// # Errors
    /// Why they are not taken.
    pub fn verify_by(
        &mut self,
        now: Now,
        method: &str,
        body: &[u8],
        credentials: &DigestCredentials,
        lookup: impl FnOnce(&DigestCredentials) -> Option<(String, Secret)>,
    ) -> Result<Verified, AuthenticationFailure> {
        if credentials.realm != self.realm
            || !self.algorithms.contains(&credentials.algorithm)
            || !self.offers(credentials.qop)
            || (credentials.user_hash && !self.user_hash)
        {
            return Err(AuthenticationFailure::Foreign);
        }
        let user = lookup(credentials).and_then(|(name, secret)| {
            let ha1 = secret.ha1(credentials.algorithm, &name, &self.realm)?;
            Some((name, ha1))
        });
        let known = user.is_some();
        // For an unknown user the same is computed, so that time does not tell.
        let (username, ha1) = user.unwrap_or_else(|| {
            (String::new(), Ha1::new(credentials.algorithm, "", &self.realm, &Password::new("")))
        });
        let right = Computation::of_request(credentials, method, body).proves(&ha1, &credentials.response);
        if !right || !known {
            return Err(AuthenticationFailure::Wrong);
        }
        let made = self.key.made(&credentials.nonce, &self.realm);
        let age = made.and_then(|made| now.unix.checked_sub(Duration::from_secs(made)));
        if age.is_none_or(|age| age > self.lifetime) {
            return Err(AuthenticationFailure::Stale);
        }
        let oldest = now.unix.saturating_sub(self.lifetime).as_secs();
        self.used.expire(&NonceKey::beginning(oldest));
        // Without qop there is no count: each nonce is good for one request.
        match self.used.take(&credentials.nonce, credentials.nonce_count.max(1)) {
            Ok(()) => Ok(Verified { username, credentials: credentials.clone(), ha1 }),
            Err(Refused::Replayed) => Err(AuthenticationFailure::Replayed),
            Err(Refused::Forgotten) => Err(AuthenticationFailure::Stale),
        }
    }

    /// Whether credentials with this protection answer what we offered. Clients of RFC 2069 know none: they protect what
    /// `auth` does.
    fn offers(&self, qop: Option<Qop>) -> bool {
        match qop {
            Some(qop) => self.qop.contains(&qop),
            None => self.qop.is_empty() || self.qop.contains(&Qop::Auth),
        }
    }
}
