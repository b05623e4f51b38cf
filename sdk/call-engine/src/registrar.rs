//! The registrar (RFC 3261 §10.3): where the users of a domain can be reached.

use std::collections::BTreeMap;
use std::time::Duration;

use rvoip_driver::{Instant, Now};
use rvoip_sip_core::header::{CSeq, CallId, Contact, Expires, Path};
use rvoip_sip_core::{HeaderName, Message, MessageBuilder, StatusCode, UriBuf};
use rvoip_transaction_core::Source;

use crate::SwitchConfig;

/// Contacts of one REGISTER that are looked at.
const CONTACTS: usize = 32;

/// One contact of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The contact.
    pub contact: UriBuf,
    /// Its preference, 0 to 1,000.
    pub q: u16,
    /// When it ends.
    pub expires: Instant,
    /// Where the phone is: what it says may lead nowhere behind a NAT.
    pub source: Source,
    /// Proxies between us and the phone (RFC 3327).
    pub path: Vec<String>,
    call_id: String,
    sequence: u32,
}

/// What a REGISTER changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Added { contact: UriBuf, expires: Duration },
    Removed { contact: UriBuf },
}

/// The bindings of a domain's users.
#[derive(Debug, Default)]
pub struct Registrar {
    bindings: BTreeMap<String, Vec<Binding>>,
}

/// One contact of a REGISTER, as it is wanted.
struct Wanted {
    contact: UriBuf,
    q: u16,
    expires: Duration,
}

impl Registrar {
    /// The bindings of a user, the preferred ones first.
    pub fn bindings(&self, user: &str) -> Vec<Binding> {
        let mut bindings = self.bindings.get(user).cloned().unwrap_or_default();
        bindings.sort_by_key(|binding| std::cmp::Reverse(binding.q));
        bindings
    }

    /// How many bindings there are.
    pub fn len(&self) -> usize {
        self.bindings.values().map(Vec::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bindings.is_empty()
    }

    /// Whether a URI is the contact of some binding.
    pub(crate) fn knows(&self, uri: &UriBuf) -> Option<Source> {
        let all = self.bindings.values().flatten();
        all.filter(|binding| binding.contact.equivalent(uri)).map(|binding| binding.source).next()
    }

    /// When the next binding ends.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.bindings.values().flatten().map(|binding| binding.expires).min()
    }

    /// Forgets what has ended; gives whose it was.
    pub(crate) fn expire(&mut self, now: Now) -> Vec<(String, UriBuf)> {
        let mut ended = Vec::new();
        for (user, bindings) in &mut self.bindings {
            bindings.retain(|binding| {
                let lives = binding.expires > now.monotonic;
                if !lives {
                    ended.push((user.clone(), binding.contact.clone()));
                }
                lives
            });
        }
        self.bindings.retain(|_, bindings| !bindings.is_empty());
        ended
    }

    /// Carries out the REGISTER of a user, all of it or nothing; gives the answer (steps 6 to 8 of §10.3).
    pub(crate) fn register(
        &mut self,
        now: Now,
        config: &SwitchConfig,
        user: &str,
        request: &Message<'_>,
        source: Source,
    ) -> (MessageBuilder, Vec<Change>) {
        let refuse = |status| (MessageBuilder::response_to(request, status), Vec::new());
        let (Ok(call_id), Ok(cseq)) = (request.require::<CallId<'_>>(), request.require::<CSeq>()) else {
            return refuse(StatusCode::BAD_REQUEST);
        };
        let general = match request.get::<Expires>() {
            None => None,
            Some(Ok(Expires(seconds))) => Some(seconds),
            Some(Err(_)) => return refuse(StatusCode::BAD_REQUEST),
        };
        let contacts: Result<Vec<Contact<'_>>, _> =
            request.get_all::<Contact<'_>>().take(CONTACTS + 1).collect();
        let Ok(contacts) = contacts else { return refuse(StatusCode::BAD_REQUEST) };
        if contacts.len() > CONTACTS {
            return refuse(StatusCode::FORBIDDEN);
        }
        let bindings = self.bindings.get(user).cloned().unwrap_or_default();
        let repeated = |binding: &Binding| binding.call_id == call_id.0 && binding.sequence >= cseq.sequence;
        let mut next = bindings.clone();
        let mut changes = Vec::new();
        if contacts.iter().any(|contact| matches!(contact, Contact::Any)) {
            if contacts.len() != 1 || general != Some(0) {
                return refuse(StatusCode::BAD_REQUEST);
            }
            if bindings.iter().any(repeated) {
                return refuse(StatusCode::SERVER_INTERNAL_ERROR);
            }
            changes.extend(next.drain(..).map(|binding| Change::Removed { contact: binding.contact }));
        } else {
            let path: Vec<String> = request
                .get_all::<Path<'_>>()
                .filter_map(Result::ok)
                .take(16)
                .map(|path| path.to_string())
                .collect();
            for contact in &contacts {
                let wanted = match wanted(contact, general, config) {
                    Ok(wanted) => wanted,
                    Err(StatusCode::INTERVAL_TOO_BRIEF) => {
                        let seconds = config.expires_min.as_secs().to_string();
                        let builder = MessageBuilder::response_to(request, StatusCode::INTERVAL_TOO_BRIEF);
                        return (builder.raw(HeaderName::MinExpires, &seconds), Vec::new());
                    }
                    Err(status) => return refuse(status),
                };
                let at = next.iter().position(|binding| binding.contact.equivalent(&wanted.contact));
                if at.and_then(|at| bindings.get(at)).is_some_and(repeated) {
                    // An old REGISTER that was overtaken: nothing of it is carried out.
                    return refuse(StatusCode::SERVER_INTERNAL_ERROR);
                }
                if let Some(at) = at {
                    next.remove(at);
                }
                if wanted.expires.is_zero() {
                    if at.is_some() {
                        changes.push(Change::Removed { contact: wanted.contact });
                    }
                    continue;
                }
                changes.push(Change::Added { contact: wanted.contact.clone(), expires: wanted.expires });
                next.push(Binding {
                    contact: wanted.contact,
                    q: wanted.q,
                    expires: now.monotonic + wanted.expires,
                    source,
                    path: path.clone(),
                    call_id: call_id.0.to_owned(),
                    sequence: cseq.sequence,
                });
            }
        }
        if next.len() > config.bindings_per_user {
            return refuse(StatusCode::FORBIDDEN);
        }
        let answer =
            next.iter().fold(MessageBuilder::response_to(request, StatusCode::OK), |builder, binding| {
                let left = binding.expires.checked_duration_since(now.monotonic).unwrap_or_default();
                let value = format!("<{}>;expires={}", binding.contact, left.as_secs());
                builder.raw(HeaderName::Contact, &value)
            });
        if next.is_empty() {
            self.bindings.remove(user);
        } else {
            self.bindings.insert(user.to_owned(), next);
        }
        (answer.copy(request, &HeaderName::Path), changes)
    }
}

fn wanted(contact: &Contact<'_>, general: Option<u32>, config: &SwitchConfig) -> Result<Wanted, StatusCode> {
    let Some(uri) = contact.uri().filter(|uri| uri.as_sip().is_some()) else {
        return Err(StatusCode::BAD_REQUEST);
    };
    let asked = contact.expires().or(general).map(|seconds| Duration::from_secs(seconds.into()));
    let expires = asked.unwrap_or(config.expires_default).min(config.expires_max);
    if !expires.is_zero() && expires < config.expires_min {
        return Err(StatusCode::INTERVAL_TOO_BRIEF);
    }
    let q = contact.q().map_or(1_000, rvoip_sip_core::header::QValue::thousandths);
    Ok(Wanted { contact: uri.into(), q, expires })
}
