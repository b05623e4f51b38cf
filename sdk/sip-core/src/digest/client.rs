//! The client's side: which challenge is taken, and what it is answered with.

use rvoip_sans_io::{Map, Random};
use thiserror::Error;

use super::parse::schemes;
use super::response::Computation;
use super::{AuthenticationInfo, Challenge, DigestCredentials, Ha1, Password, Qop};
use crate::message::Message;
use crate::name::HeaderName;
use crate::status::StatusCode;

/// Realms that are remembered.
const REALMS: usize = 8;

/// How often in a row a fresh nonce may be called stale.
const STALE_ROUNDS: u8 = 2;

/// Why a challenge cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChallengeError {
    /// The response is no 401 or 407, or has no challenge.
    #[error("the server wants credentials and does not say which")]
    NoChallenge,
    /// Every challenge is of a scheme or an algorithm that we do not know.
    #[error("the server wants a kind of credentials that is not supported")]
    Unsupported,
    /// The credentials that the request carried are wrong.
    #[error("the user name or the password is wrong")]
    Rejected,
    /// The server called one fresh nonce after the other stale.
    #[error("the server takes no nonce of its own")]
    StaleAgain,
}

/// A realm that challenged us.
#[derive(Clone, Debug)]
struct Realm {
    challenge: Challenge,
    /// Uses of the nonce so far.
    nonce_count: u32,
    cnonce: String,
    /// Fresh nonces in a row that were called stale.
    stale_rounds: u8,
}

/// The realms that challenged one user, and what they were told.
///
/// ```
/// use rvoip_sans_io::Random;
/// use rvoip_sip_core::{DigestClient, Message, Password};
///
/// let request = b"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nTo: <sip:a@example.com>\r\n\
///     From: <sip:a@example.com>;tag=1\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n\r\n";
/// let request = Message::parse(request)?;
/// let response = b"SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"example.com\", nonce=\"n\", qop=\"auth\"\r\n\r\n";
/// let mut client = DigestClient::default();
/// client.challenged(&Message::parse(response)?, &request)?;
/// let headers = client.authorize(&request, "a", &Password::new("secret"), &mut Random::from_number(1));
/// assert!(headers[0].1.starts_with("Digest username=\"a\", realm=\"example.com\", nonce=\"n\""));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct DigestClient {
    realms: Map<(bool, String), Realm>,
}

impl DigestClient {
    /// Takes the strongest challenge of a 401 or 407 that `request` got, one for each realm.
    ///
    /// # Errors
    /// No challenge that can be answered, or one to fresh credentials that `request` carried already and that were not
    /// called stale; or fresh ones that were called stale again and again.
    pub fn challenged(
        &mut self,
        response: &Message<'_>,
        request: &Message<'_>,
    ) -> Result<(), ChallengeError> {
        let (by_proxy, challenge_name, credentials_name) = match response.status() {
            Some(StatusCode::UNAUTHORIZED) => (false, HeaderName::WwwAuthenticate, HeaderName::Authorization),
            Some(StatusCode::PROXY_AUTHENTICATION_REQUIRED) => {
                (true, HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization)
            }
            _ => return Err(ChallengeError::NoChallenge),
        };
        let mut any = false;
        let mut strongest: Map<String, Challenge> = Map::new();
        for value in response.raw(challenge_name).take(16) {
            any = true;
            for scheme in schemes(value).unwrap_or_default() {
                let Ok(Some(challenge)) = Challenge::read(&scheme) else { continue };
                match strongest.get(&challenge.realm) {
                    // The server's order decides among equals (RFC 7616 §3.7).
                    Some(known) if known.algorithm >= challenge.algorithm => {}
                    _ if strongest.len() < REALMS || strongest.contains_key(&challenge.realm) => {
                        strongest.insert(challenge.realm.clone(), challenge);
                    }
                    _ => {}
                }
            }
        }
        if strongest.is_empty() {
            return Err(if any { ChallengeError::Unsupported } else { ChallengeError::NoChallenge });
        }
        let sent: Vec<DigestCredentials> = request
            .raw(credentials_name)
            .take(16)
            .flat_map(|value| schemes(value).unwrap_or_default())
            .filter_map(|scheme| DigestCredentials::read(&scheme).ok().flatten())
            .collect();
        for (realm, challenge) in strongest {
            let key = (by_proxy, realm);
            let known = self.realms.get(&key);
            let answered = sent.iter().find(|sent| sent.realm == key.1);
            let mut stale_rounds = 0;
            if let Some(answered) = answered {
                let uses = match answered.qop {
                    Some(_) => answered.nonce_count,
                    None => known.map_or(1, |known| known.nonce_count),
                };
                // A nonce that was used before may have expired without the server saying so; a fresh one cannot have.
                let fresh = uses <= 1;
                if !challenge.stale && (fresh || answered.nonce == challenge.nonce) {
                    self.realms.remove(&key);
                    return Err(ChallengeError::Rejected);
                }
                if fresh {
                    stale_rounds = known.map_or(0, |known| known.stale_rounds) + 1;
                }
                if stale_rounds > STALE_ROUNDS {
                    self.realms.remove(&key);
                    return Err(ChallengeError::StaleAgain);
                }
            }
            // A nonce that stays is counted on: each count can be used once.
            let nonce_count = known
                .filter(|known| known.challenge.nonce == challenge.nonce)
                .map_or(0, |known| known.nonce_count);
            if self.realms.len() >= REALMS && !self.realms.contains_key(&key) {
                self.realms.pop_first();
            }
            self.realms.insert(key, Realm { challenge, nonce_count, cnonce: String::new(), stale_rounds });
        }
        Ok(())
    }

    /// The credentials for a request, one header for each realm that challenged us; empty if none did.
    pub fn authorize(
        &mut self,
        request: &Message<'_>,
        username: &str,
        password: &Password,
        random: &mut Random,
    ) -> Vec<(HeaderName, String)> {
        let method = request.method().map(|method| method.to_string()).unwrap_or_default();
        let uri = request.request_uri_text().unwrap_or_default();
        let answer = |((by_proxy, _), realm): (&(bool, String), &mut Realm)| {
            let name = if *by_proxy { HeaderName::ProxyAuthorization } else { HeaderName::Authorization };
            let credentials = realm.answer(&method, uri, request.body(), username, password, random);
            (name, credentials.to_string())
        };
        self.realms.iter_mut().map(answer).collect()
    }

    /// Takes what the server said after it took the credentials of `request`. False if its proof is wrong: the server does
    /// not know the password.
    pub fn confirmed(
        &mut self,
        response: &Message<'_>,
        request: &Message<'_>,
        username: &str,
        password: &Password,
    ) -> bool {
        let mut genuine = true;
        for value in response.raw(HeaderName::AuthenticationInfo).take(4) {
            let Ok(info) = AuthenticationInfo::read(value) else { continue };
            let sent = request
                .raw(HeaderName::Authorization)
                .flat_map(|value| schemes(value).unwrap_or_default())
                .find_map(|scheme| DigestCredentials::read(&scheme).ok().flatten());
            let Some(sent) = sent else { continue };
            if let Some(proof) = &info.response {
                let ha1 = Ha1::new(sent.algorithm, username, &sent.realm, password);
                let returned = info.cnonce.as_ref().is_none_or(|cnonce| *cnonce == sent.cnonce)
                    && info.nonce_count.is_none_or(|count| count == sent.nonce_count);
                let computation = Computation::of_response(&sent, info.qop.or(sent.qop), response.body());
                genuine &= returned && computation.proves(&ha1, proof);
            }
            if let Some(next) = info.next_nonce
                && let Some(realm) = self.realms.get_mut(&(false, sent.realm))
            {
                realm.challenge.nonce = next;
                realm.nonce_count = 0;
            }
        }
        genuine
    }
}

impl Realm {
    fn answer(
        &mut self,
        method: &str,
        uri: &str,
        body: &[u8],
        username: &str,
        password: &Password,
        random: &mut Random,
    ) -> DigestCredentials {
        let Self { challenge, nonce_count, cnonce, stale_rounds: _ } = self;
        let qop =
            if challenge.qop.contains(&Qop::Auth) { Some(Qop::Auth) } else { challenge.qop.first().copied() };
        *nonce_count = nonce_count.saturating_add(1);
        // The secret of a -sess algorithm is bound to the first nonce of the client.
        if cnonce.is_empty() || !challenge.algorithm.is_session() {
            *cnonce = random.token(24);
        }
        let count = if qop.is_some() { *nonce_count } else { 0 };
        let computation = Computation {
            algorithm: challenge.algorithm,
            nonce: &challenge.nonce,
            cnonce,
            nonce_count: count,
            qop,
            method,
            uri,
            body,
        };
        let ha1 = Ha1::new(challenge.algorithm, username, &challenge.realm, password);
        let response = computation.response(&ha1);
        let username = if challenge.user_hash {
            challenge.algorithm.user_hash(username, &challenge.realm)
        } else {
            username.to_owned()
        };
        DigestCredentials {
            username,
            user_hash: challenge.user_hash,
            realm: challenge.realm.clone(),
            nonce: challenge.nonce.clone(),
            uri: uri.to_owned(),
            response,
            algorithm: challenge.algorithm,
            opaque: challenge.opaque.clone(),
            qop,
            cnonce: cnonce.clone(),
            nonce_count: count,
        }
    }
}
