//! The client's side: which challenge is taken, and what it is answered with.

use rvoip_sans_io::Random;
use thiserror::Error;

use super::parse::schemes;
use super::response::Computation;
use super::{AuthenticationInfo, Challenge, DigestCredentials, Ha1, Password, Qop};
use crate::message::Message;
use crate::name::HeaderName;
use crate::status::StatusCode;
use crate::uri::Uri;

/// Realms that are remembered, and hosts of each of them.
const REALMS: usize = 8;
const HOSTS: usize = 8;

/// Fields of one header that are looked at.
const FIELDS: usize = 16;

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
    /// The request carries credentials for many realms, and the server wants them for yet another.
    #[error("the server asks for one realm after the other")]
    TooManyRealms,
}

/// A realm that challenged us.
#[derive(Clone, Debug)]
struct Realm {
    challenge: Challenge,
    by_proxy: bool,
    /// Hosts of the requests that were challenged for it, by other than proxies: nobody else is to get what the password
    /// could be guessed from (RFC 3261 §22.2).
    hosts: Vec<String>,
    /// Uses of the nonce so far.
    nonce_count: u32,
    cnonce: String,
    /// Nonces in a row that were called stale though they cannot have been.
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
    /// The one that was challenged least lately first.
    realms: Vec<Realm>,
}

impl DigestClient {
    /// Takes the strongest challenge of a 401 or 407 that `request` got, one for each realm.
    ///
    /// # Errors
    /// No challenge that can be answered, or one to credentials that `request` carried already and that were not called
    /// stale; or ones that were called stale again and again; or one for a further realm after many.
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
        let strongest = strongest(response, challenge_name)?;
        let sent = credentials(request, credentials_name);
        let host = host(request);
        for challenge in strongest {
            let place = self
                .realms
                .iter()
                .position(|known| known.by_proxy == by_proxy && known.challenge.realm == challenge.realm);
            let known = place.map(|place| self.realms.remove(place));
            let mut stale_rounds = 0;
            if let Some(answered) = sent.iter().find(|sent| sent.realm == challenge.realm) {
                let uses = match answered.qop {
                    Some(_) => answered.nonce_count,
                    None => known.as_ref().map_or(1, |known| known.nonce_count),
                };
                // A nonce that was used before may have expired without the server saying so; a fresh one cannot have, nor
                // one that is given out again.
                let is_good = uses <= 1 || answered.nonce == challenge.nonce;
                if is_good && !challenge.stale {
                    return Err(ChallengeError::Rejected);
                }
                if is_good {
                    stale_rounds = known.as_ref().map_or(0, |known| known.stale_rounds) + 1;
                }
                if stale_rounds > STALE_ROUNDS {
                    return Err(ChallengeError::StaleAgain);
                }
            } else if sent.len() >= REALMS {
                return Err(ChallengeError::TooManyRealms);
            }
            let mut hosts = Vec::new();
            let mut nonce_count = 0;
            if let Some(known) = known {
                hosts = known.hosts;
                // A nonce that stays is counted on: each count can be used once.
                if known.challenge.nonce == challenge.nonce {
                    nonce_count = known.nonce_count;
                }
            }
            hosts.retain(|known| *known != host);
            hosts.truncate(HOSTS - 1);
            hosts.insert(0, host.clone());
            if self.realms.len() >= REALMS {
                self.realms.remove(0);
            }
            let cnonce = String::new();
            self.realms.push(Realm { challenge, by_proxy, hosts, nonce_count, cnonce, stale_rounds });
        }
        Ok(())
    }

    /// The credentials for a request, one header for each proxy's realm that challenged us and each other realm that
    /// challenged a request to the same host; empty if none did.
    pub fn authorize(
        &mut self,
        request: &Message<'_>,
        username: &str,
        password: &Password,
        random: &mut Random,
    ) -> Vec<(HeaderName, String)> {
        let method = request.method().map(|method| method.to_string()).unwrap_or_default();
        let uri = request.request_uri_text().unwrap_or_default();
        let host = host(request);
        let mut headers = Vec::new();
        for realm in &mut self.realms {
            let name = if realm.by_proxy {
                HeaderName::ProxyAuthorization
            } else if realm.hosts.contains(&host) {
                HeaderName::Authorization
            } else {
                continue;
            };
            let credentials = realm.answer(&method, uri, request.body(), username, password, random);
            headers.push((name, credentials.to_string()));
        }
        headers
    }

    /// Takes what the server, or a proxy, said after it took the credentials of `request`. False if a proof is wrong: who
    /// gave it does not know the password.
    pub fn confirmed(
        &mut self,
        response: &Message<'_>,
        request: &Message<'_>,
        username: &str,
        password: &Password,
    ) -> bool {
        let by_server =
            self.confirmed_by(false, HeaderName::AuthenticationInfo, response, request, username, password);
        let by_proxy = self.confirmed_by(
            true,
            HeaderName::ProxyAuthenticationInfo,
            response,
            request,
            username,
            password,
        );
        by_server && by_proxy
    }

    fn confirmed_by(
        &mut self,
        by_proxy: bool,
        info_name: HeaderName,
        response: &Message<'_>,
        request: &Message<'_>,
        username: &str,
        password: &Password,
    ) -> bool {
        let credentials_name =
            if by_proxy { HeaderName::ProxyAuthorization } else { HeaderName::Authorization };
        // Neither says of which realm it is: where there are several, nobody can tell.
        let mut sent = credentials(request, credentials_name);
        let (Some(sent), true) = (sent.pop(), sent.is_empty()) else { return true };
        let mut genuine = true;
        for value in response.raw(info_name).take(FIELDS) {
            let Ok(info) = AuthenticationInfo::read(value) else { continue };
            if let Some(proof) = &info.response {
                let ha1 = Ha1::new(sent.algorithm, username, &sent.realm, password);
                let returned = info.cnonce.as_ref().is_none_or(|cnonce| *cnonce == sent.cnonce)
                    && info.nonce_count.is_none_or(|count| count == sent.nonce_count);
                let computation = Computation::of_response(&sent, info.qop.or(sent.qop), response.body());
                genuine &= returned && computation.proves(&ha1, proof);
            }
            let is_of =
                |known: &&mut Realm| known.by_proxy == by_proxy && known.challenge.realm == sent.realm;
            if let Some(next) = info.next_nonce
                && let Some(realm) = self.realms.iter_mut().find(is_of)
            {
                realm.challenge.nonce = next;
                realm.nonce_count = 0;
                realm.cnonce.clear();
            }
        }
        genuine
    }
}

/// The strongest challenge of each realm that can be answered.
fn strongest(response: &Message<'_>, name: HeaderName) -> Result<Vec<Challenge>, ChallengeError> {
    let mut any = false;
    let mut strongest: Vec<Challenge> = Vec::new();
    for value in response.raw(name).take(FIELDS) {
        any = true;
        for scheme in schemes(value).unwrap_or_default() {
            let Ok(Some(challenge)) = Challenge::read(&scheme) else { continue };
            if let Some(known) = strongest.iter_mut().find(|known| known.realm == challenge.realm) {
                // The server's order decides among equals (RFC 7616 §3.7).
                if known.algorithm < challenge.algorithm {
                    *known = challenge;
                }
            } else if strongest.len() < REALMS {
                strongest.push(challenge);
            }
        }
    }
    match (strongest.is_empty(), any) {
        (true, true) => Err(ChallengeError::Unsupported),
        (true, false) => Err(ChallengeError::NoChallenge),
        (false, _) => Ok(strongest),
    }
}

/// The Digest credentials that a request carries.
fn credentials(request: &Message<'_>, name: HeaderName) -> Vec<DigestCredentials> {
    request
        .raw(name)
        .take(FIELDS)
        .flat_map(|value| schemes(value).unwrap_or_default())
        .filter_map(|scheme| DigestCredentials::read(&scheme).ok().flatten())
        .collect()
}

/// The host that a request is for; the whole request URI where it names none.
fn host(request: &Message<'_>) -> String {
    let text = request.request_uri_text().unwrap_or_default();
    match request.request_uri() {
        Some(Ok(Uri::Sip(uri))) => uri.host.to_string().to_ascii_lowercase(),
        Some(_) | None => text.to_owned(),
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
        let Self { challenge, nonce_count, cnonce, .. } = self;
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
