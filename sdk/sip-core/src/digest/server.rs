//! The server's side: challenges with nonces that need no memory, and the check of credentials.

use std::collections::BTreeMap;
use std::time::Duration;

use rvoip_sans_io::{Now, Random};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use super::algorithm::{Computation, hexadecimal};
use super::{Algorithm, Challenge, DigestCredentials, Ha1, Password, Qop};

/// Nonces whose use is remembered; the oldest are forgotten, and with them refused as stale.
const NONCES: usize = 10_000;

/// Why credentials are not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthenticationFailure {
    /// Of another realm or algorithm, or with a nonce that is not ours.
    #[error("the credentials answer no challenge of ours")]
    Foreign,
    /// The nonce is too old: the client is challenged again with `stale=true`.
    #[error("the nonce is too old")]
    Stale,
    /// The nonce count was used before: somebody repeats a request. Challenged again with `stale=true`.
    #[error("the nonce was used before")]
    Replayed,
    /// No such user, or the wrong password; which of them is not told.
    #[error("the user name or the password is wrong")]
    Wrong,
}

/// Challenges clients of one realm and checks their credentials.
#[derive(Debug)]
pub struct DigestServer {
    realm: String,
    algorithms: Vec<Algorithm>,
    lifetime: Duration,
    secret: [u8; 32],
    used: BTreeMap<String, u32>,
}

impl DigestServer {
    /// A server of a realm. The algorithms are offered in the given order; a nonce lives for `lifetime`.
    pub fn new(
        realm: impl Into<String>,
        algorithms: Vec<Algorithm>,
        lifetime: Duration,
        random: &mut Random,
    ) -> Self {
        let mut secret = [0; 32];
        random.fill(&mut secret);
        Self { realm: realm.into(), algorithms, lifetime, secret, used: BTreeMap::new() }
    }

    /// The realm.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The challenges of a 401 or 407, one field each (RFC 8760 §2.4).
    pub fn challenges(&self, now: Now, stale: bool, random: &mut Random) -> Vec<Challenge> {
        let salt = random.token(8);
        let nonce = self.nonce(now.unix.as_secs(), &salt);
        self.algorithms
            .iter()
            .map(|algorithm| Challenge {
                realm: self.realm.clone(),
                nonce: nonce.clone(),
                opaque: None,
                stale,
                algorithm: *algorithm,
                qop: vec![Qop::Auth, Qop::AuthInt],
                user_hash: false,
            })
            .collect()
    }

    /// A nonce says when it was made, signed with the server's secret, so that none has to be remembered until it is used.
    fn nonce(&self, seconds: u64, salt: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(self.secret);
        hash.update(format!("{seconds:016x}:{salt}:{}", self.realm));
        // The secret once more behind the text, so that nobody can continue the hash.
        hash.update(self.secret);
        let signature = hexadecimal(&hash.finalize());
        format!("{seconds:016x}{salt}{}", signature.get(..32).unwrap_or_default())
    }

    /// Checks credentials; gives the name of the user.
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
        if credentials.realm != self.realm || !self.algorithms.contains(&credentials.algorithm) {
            return Err(AuthenticationFailure::Foreign);
        }
        let made = self.made(&credentials.nonce).ok_or(AuthenticationFailure::Foreign)?;
        let user = users.iter().find(|(name, _)| {
            if credentials.user_hash {
                credentials.algorithm.user_hash(name, &self.realm) == credentials.username
            } else {
                **name == credentials.username
            }
        });
        let unknown = Password::new("");
        // For an unknown user the same is computed, so that time does not tell.
        let (name, password) = user.map_or(("", &unknown), |(name, password)| (name.as_str(), password));
        let computation = Computation {
            algorithm: credentials.algorithm,
            nonce: &credentials.nonce,
            cnonce: &credentials.cnonce,
            nonce_count: credentials.nonce_count,
            qop: credentials.qop,
            method,
            uri: &credentials.uri,
            body,
        };
        let expected = computation.response(&Ha1::new(credentials.algorithm, name, &self.realm, password));
        let right: bool = expected.as_bytes().ct_eq(credentials.response.as_bytes()).into();
        if !right || user.is_none() {
            return Err(AuthenticationFailure::Wrong);
        }
        let age = now.unix.checked_sub(Duration::from_secs(made));
        if age.is_none_or(|age| age > self.lifetime) {
            return Err(AuthenticationFailure::Stale);
        }
        // Without qop there is no count: each nonce is good for one request.
        let count = credentials.nonce_count.max(1);
        if self.used.get(&credentials.nonce).is_some_and(|last| count <= *last) {
            return Err(AuthenticationFailure::Replayed);
        }
        if self.used.len() >= NONCES && !self.used.contains_key(&credentials.nonce) {
            // Nonces begin with their time, so the first is the oldest.
            self.used.pop_first();
        }
        self.used.insert(credentials.nonce.clone(), count);
        let oldest = now.unix.saturating_sub(self.lifetime).as_secs();
        let kept = self.used.split_off(&format!("{oldest:016x}"));
        self.used = kept;
        Ok(name.to_owned())
    }

    /// When one of our nonces was made; `None` if it is not ours.
    fn made(&self, nonce: &str) -> Option<u64> {
        let (seconds, rest) = nonce.split_at_checked(16)?;
        let (salt, _) = rest.split_at_checked(8)?;
        let made = u64::from_str_radix(seconds, 16).ok()?;
        let genuine: bool = self.nonce(made, salt).as_bytes().ct_eq(nonce.as_bytes()).into();
        genuine.then_some(made)
    }
}
