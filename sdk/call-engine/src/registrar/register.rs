//! Carrying out a REGISTER: all of it or nothing (RFC 3261 §10.3 steps 6 to 8, RFC 5626 §6).

use std::time::Duration;

use rvoip_driver::Now;
use rvoip_sip_core::header::{CSeq, CallId, Contact, Expires, Path, Supported, Via};
use rvoip_sip_core::{HeaderName, Message, MessageBuilder, StatusCode, UriBuf};
use rvoip_transaction_core::Source;

use super::{Binding, OutboundFlow, Registrar};
use crate::SwitchConfig;

/// Contacts of one REGISTER that are looked at.
const CONTACTS: usize = 32;
/// Proxies of a path.
const PATH: usize = 16;
/// The longest name of a phone, in bytes.
const INSTANCE: usize = 256;

/// What a REGISTER changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Added { contact: UriBuf, expires: Duration },
    Removed { contact: UriBuf },
}

/// Why nothing is carried out.
enum Refused {
    Status(StatusCode),
    /// 423: shorter than we take.
    TooBrief,
}

impl From<StatusCode> for Refused {
    fn from(status: StatusCode) -> Self {
        Self::Status(status)
    }
}

/// One contact of a REGISTER, as it is wanted.
struct Wanted {
    contact: UriBuf,
    q: u16,
    expires: Duration,
    outbound: Option<OutboundFlow>,
}

impl Wanted {
    fn names(&self, binding: &Binding) -> bool {
        match &self.outbound {
            Some(_) if binding.outbound.is_some() => self.outbound == binding.outbound,
            // A phone that has learnt outbound meanwhile leaves no second binding behind.
            _ => binding.contact.equivalent(&self.contact),
        }
    }
}

/// What is the same for all contacts of a REGISTER.
struct Registering<'r> {
    now: Now,
    config: &'r SwitchConfig,
    source: Source,
    call_id: &'r str,
    sequence: u32,
    general: Option<u32>,
    path: Vec<String>,
    /// Flows are kept for who asks for it: on connections alone, as the keep-alive of datagrams is STUN (§4.4.2).
    outbound: bool,
}

impl Registrar {
    /// Carries out the REGISTER of a user; gives the answer.
    pub(crate) fn register(
        &mut self,
        now: Now,
        config: &SwitchConfig,
        user: &str,
        request: &Message<'_>,
        source: Source,
    ) -> (MessageBuilder, Vec<Change>) {
        match self.carried_out(now, config, user, request, source) {
            Ok(done) => done,
            Err(Refused::Status(status)) => (MessageBuilder::response_to(request, status), Vec::new()),
            Err(Refused::TooBrief) => {
                let seconds = config.expires_min.as_secs().to_string();
                let builder = MessageBuilder::response_to(request, StatusCode::INTERVAL_TOO_BRIEF);
                (builder.raw(HeaderName::MinExpires, &seconds), Vec::new())
            }
        }
    }

    fn carried_out(
        &mut self,
        now: Now,
        config: &SwitchConfig,
        user: &str,
        request: &Message<'_>,
        source: Source,
    ) -> Result<(MessageBuilder, Vec<Change>), Refused> {
        let (Ok(call_id), Ok(cseq)) = (request.require::<CallId<'_>>(), request.require::<CSeq>()) else {
            return Err(StatusCode::BAD_REQUEST.into());
        };
        let general = match request.get::<Expires>() {
            None => None,
            Some(Ok(Expires(seconds))) => Some(seconds),
            Some(Err(_)) => return Err(StatusCode::BAD_REQUEST.into()),
        };
        let contacts: Vec<Contact<'_>> = request
            .get_all::<Contact<'_>>()
            .take(CONTACTS + 1)
            .collect::<Result<_, _>>()
            .map_err(|_| StatusCode::BAD_REQUEST)?;
        if contacts.len() > CONTACTS {
            return Err(StatusCode::FORBIDDEN.into());
        }
        let bindings = self.bindings.get(user).cloned().unwrap_or_default();
        let any = contacts.iter().any(|contact| matches!(contact, Contact::Any));
        let (mut next, changes) = if any {
            if contacts.len() != 1 || general != Some(0) {
                return Err(StatusCode::BAD_REQUEST.into());
            }
            if bindings.iter().any(|old| old.call_id == call_id.0 && old.sequence >= cseq.sequence) {
                return Err(StatusCode::SERVER_INTERNAL_ERROR.into());
            }
            let removed = |binding: Binding| Change::Removed { contact: binding.contact };
            (Vec::new(), bindings.into_iter().map(removed).collect())
        } else {
            let (path, outbound) = path(request, source, &contacts)?;
            let registering = Registering {
                now,
                config,
                source,
                call_id: call_id.0,
                sequence: cseq.sequence,
                general,
                path,
                outbound,
            };
            registering.all(bindings, &contacts)?
        };
        if next.len() > config.bindings_per_user {
            // A page that is loaded again and again leaves a binding each time, which leads nowhere.
            next.retain(|binding| !binding.lost);
        }
        if next.len() > config.bindings_per_user {
            return Err(StatusCode::FORBIDDEN.into());
        }
        let live = next.iter().filter(|binding| !binding.lost);
        let mut answer = live
            .fold(MessageBuilder::response_to(request, StatusCode::OK), |builder, binding| {
                builder.raw(HeaderName::Contact, &binding.told(now))
            });
        let kept = |binding: &Binding| {
            let this = binding.call_id == call_id.0 && binding.sequence == cseq.sequence;
            this && binding.outbound.is_some()
        };
        if next.iter().any(kept) {
            answer = answer.raw(HeaderName::Require, "outbound");
        }
        self.put(user, next);
        Ok((answer.raw(HeaderName::Supported, "path, outbound").copy(request, &HeaderName::Path), changes))
    }
}

impl Registering<'_> {
    /// The bindings of a user after the REGISTER, and what of them is new.
    fn all(
        &self,
        bindings: Vec<Binding>,
        contacts: &[Contact<'_>],
    ) -> Result<(Vec<Binding>, Vec<Change>), Refused> {
        let mut next = bindings;
        let mut added: Vec<Binding> = Vec::new();
        let mut changes = Vec::new();
        let (mut lasting, mut flows) = (0, 0);
        for contact in contacts {
            let wanted = self.wanted(contact)?;
            lasting += usize::from(!wanted.expires.is_zero());
            flows += usize::from(wanted.outbound.is_some());
            // One phone over one flow (RFC 5626 §6).
            if flows > 0 && lasting > 1 {
                return Err(StatusCode::BAD_REQUEST.into());
            }
            let (old, others): (Vec<_>, Vec<_>) = next.into_iter().partition(|binding| wanted.names(binding));
            next = others;
            added.retain(|binding| !wanted.names(binding));
            // An old REGISTER that was overtaken: nothing of it is carried out.
            if old.iter().any(|old| old.call_id == self.call_id && old.sequence >= self.sequence) {
                return Err(StatusCode::SERVER_INTERNAL_ERROR.into());
            }
            if wanted.expires.is_zero() {
                if old.iter().any(|old| !old.lost) {
                    changes.push(Change::Removed { contact: wanted.contact });
                }
                continue;
            }
            changes.push(Change::Added { contact: wanted.contact.clone(), expires: wanted.expires });
            let mut binding = Binding {
                contact: wanted.contact,
                q: wanted.q,
                expires: self.now.after(wanted.expires),
                source: self.source,
                path: self.path.clone(),
                outbound: wanted.outbound,
                call_id: self.call_id.to_owned(),
                sequence: self.sequence,
                lost: false,
                previous: Vec::new(),
            };
            for old in &old {
                binding.follow(old);
            }
            added.push(binding);
        }
        next.extend(added);
        Ok((next, changes))
    }

    fn wanted(&self, contact: &Contact<'_>) -> Result<Wanted, Refused> {
        let Some(uri) = contact.uri().filter(|uri| uri.as_sip().is_some()) else {
            return Err(StatusCode::BAD_REQUEST.into());
        };
        let asked = contact.expires().or(self.general).map(|seconds| Duration::from_secs(seconds.into()));
        let expires = asked.unwrap_or(self.config.expires_default).min(self.config.expires_max);
        if !expires.is_zero() && expires < self.config.expires_min {
            return Err(Refused::TooBrief);
        }
        let q = contact.q().map_or(1_000, rvoip_sip_core::header::QValue::thousandths);
        let outbound = outbound(contact).filter(|_| self.outbound);
        Ok(Wanted { contact: uri.into(), q, expires, outbound })
    }
}

/// The phone and the flow that a contact names; a `reg-id` without a phone is nothing.
fn outbound(contact: &Contact<'_>) -> Option<OutboundFlow> {
    let params = contact.params();
    let instance =
        params.value("+sip.instance").filter(|name| name.len() <= INSTANCE && name.starts_with('"'))?;
    let reg_id = params.value("reg-id")?.parse().ok().filter(|reg_id| *reg_id > 0)?;
    Some(OutboundFlow { instance: instance.to_owned(), reg_id })
}

/// The proxies between the phone and us, and whether the flow is kept.
fn path(
    request: &Message<'_>,
    source: Source,
    contacts: &[Contact<'_>],
) -> Result<(Vec<String>, bool), Refused> {
    let path: Vec<Path<'_>> = request
        .get_all::<Path<'_>>()
        .take(PATH + 1)
        .collect::<Result<_, _>>()
        .map_err(|_| StatusCode::BAD_REQUEST)?;
    if path.len() > PATH {
        return Err(StatusCode::FORBIDDEN.into());
    }
    let direct = request.get_all::<Via<'_>>().take(2).count() < 2;
    if direct && !path.is_empty() {
        // Only proxies write a path: a phone would have its calls sent to others.
        return Err(StatusCode::BAD_REQUEST.into());
    }
    let asks = request
        .get_all::<Supported<'_>>()
        .filter_map(Result::ok)
        .any(|option| option.0.eq_ignore_ascii_case("outbound"));
    let keeps = if direct {
        source.protocol.is_reliable()
    } else {
        // The last of the path is the first proxy, which has the flow.
        path.last().and_then(|first| first.address.uri.as_sip().map(|sip| sip.params.contains("ob")))
            == Some(true)
    };
    if asks && !keeps && !direct && contacts.iter().any(|contact| outbound(contact).is_some()) {
        return Err(StatusCode::FIRST_HOP_LACKS_OUTBOUND_SUPPORT.into());
    }
    Ok((path.iter().map(ToString::to_string).collect(), asks && keeps))
}
