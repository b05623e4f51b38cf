//! Whether a request is taken, and where it goes (RFC 3261 §16.3 to §16.5).

use rvoip_sip_core::header::{CallId, From, MaxForwards, ProxyRequire, To, Via};
use rvoip_sip_core::{HeaderName, Message, MessageBuilder, Method, SipUri, StatusCode, UriBuf};
use rvoip_transaction_core::{Source, TransactionLayer};

use rvoip_driver::{Now, Protocol};

use super::route::{Destination, Routed, places};
use super::{Forwarding, Proxy};
use crate::authentication::Authentication;
use crate::flow_token::Hop;
use crate::{Registrar, SwitchConfig};

/// Vias of a request that are looked at.
const VIAS: usize = 70;
/// The branches that a request may become unless it says (RFC 5393 §5.3.1).
const BREADTH: u32 = 60;

/// Why a request is not forwarded.
pub(super) enum Refusal {
    Status(StatusCode),
    /// 420 with the extensions.
    Extensions(String),
    /// The answer is written already.
    Written(Box<MessageBuilder>),
}

impl std::convert::From<StatusCode> for Refusal {
    fn from(status: StatusCode) -> Self {
        Self::Status(status)
    }
}

/// What the proxy leans on.
pub(crate) struct Surroundings<'s> {
    pub(crate) config: &'s SwitchConfig,
    pub(crate) registrar: &'s Registrar,
    pub(crate) authentication: &'s mut Authentication,
}

/// A request that is taken.
pub(super) struct Admitted {
    pub(super) routed: Routed,
    /// For each phone its flows.
    pub(super) places: Vec<Vec<Destination>>,
    /// How many branches each may become.
    pub(super) breadth: u32,
    /// A user proved who it is, or a call of ours led here.
    pub(super) known: bool,
}

/// Where a request goes.
struct Places {
    of_phones: Vec<Vec<Destination>>,
    known: bool,
}

impl Proxy {
    /// The checks of §16.3 and the target set of §16.5.
    pub(super) fn admit(
        &self,
        now: Now,
        layer: &TransactionLayer,
        around: &mut Surroundings<'_>,
        request: &Message<'_>,
    ) -> Result<Admitted, Refusal> {
        let uri: UriBuf = match request.request_uri() {
            Some(Ok(uri)) if uri.as_sip().is_some() => uri.into(),
            Some(Ok(_)) => return Err(StatusCode::UNSUPPORTED_URI_SCHEME.into()),
            Some(Err(_)) | None => return Err(StatusCode::BAD_REQUEST.into()),
        };
        match request.get::<MaxForwards>() {
            Some(Ok(MaxForwards(0))) => return Err(StatusCode::TOO_MANY_HOPS.into()),
            Some(Err(_)) => return Err(StatusCode::BAD_REQUEST.into()),
            Some(Ok(_)) | None => {}
        }
        let extensions: Vec<&str> =
            request.get_all::<ProxyRequire<'_>>().filter_map(Result::ok).map(|option| option.0).collect();
        if !extensions.is_empty() {
            return Err(Refusal::Extensions(extensions.join(", ")));
        }
        if self.is_loop(around.config, request) {
            return Err(StatusCode::LOOP_DETECTED.into());
        }
        let routed = self.routes(around.config, request, uri).map_err(|_| StatusCode::FORBIDDEN)?;
        let Places { of_phones: places, known } = self.places(now, layer, around, request, &routed)?;
        let breadth = breadth(request)?;
        let branches = u32::try_from(places.len()).unwrap_or(u32::MAX).max(1);
        if branches > breadth {
            return Err(StatusCode::MAX_BREADTH_EXCEEDED.into());
        }
        Ok(Admitted { routed, places, breadth: breadth / branches, known })
    }

    fn places(
        &self,
        now: Now,
        layer: &TransactionLayer,
        around: &mut Surroundings<'_>,
        request: &Message<'_>,
        routed: &Routed,
    ) -> Result<Places, Refusal> {
        let in_dialog = request.get::<To<'_>>().and_then(Result::ok).is_some_and(|to| to.tag().is_some());
        let outside = !in_dialog && request.method() != Some(Method::Register);
        let proven = if outside { authenticate(now, around, request)? } else { None };
        let one = |destination, known| Ok(Places { of_phones: vec![vec![destination]], known });
        match routed.hop {
            Some(Hop::Flow(source)) => {
                let source =
                    alive(layer, around.registrar, source, &routed.uri).ok_or(StatusCode::FLOW_FAILED)?;
                let place = Destination::over(routed.uri.clone(), source);
                return one(place.ok_or(StatusCode::SERVER_INTERNAL_ERROR)?, true);
            }
            Some(Hop::Routed) if in_dialog => {
                let next = routed.next.as_ref().unwrap_or(&routed.uri);
                return one(Destination::routed(routed.uri.clone(), next.clone()), true);
            }
            // It went through us by no route of ours: whoever sends it was led here by no call.
            None if in_dialog => return Err(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST.into()),
            Some(Hop::Routed) | None => {}
        }
        let target = routed.uri.as_uri();
        if let Some(home) = around.config.home_of(&target) {
            return one(Destination::routed(routed.uri.clone(), home.clone()), false);
        }
        if !self.names_us(around.config, &target) && !around.config.is_ours(&target) {
            if !around.config.relay {
                return Err(StatusCode::FORBIDDEN.into());
            }
            // Strangers are led to our own users alone.
            if proven.is_none() {
                user(now, around, request)?;
            }
            let next = routed.next.as_ref().unwrap_or(&routed.uri);
            return one(Destination::routed(routed.uri.clone(), next.clone()), true);
        }
        let user = target.as_sip().and_then(SipUri::user_unescaped).unwrap_or_default();
        if user.is_empty() {
            let is_options = request.method() == Some(Method::Options);
            return Err(if is_options { StatusCode::OK } else { StatusCode::NOT_FOUND }.into());
        }
        if !around.config.users.contains_key(&*user) {
            return Err(StatusCode::NOT_FOUND.into());
        }
        let places = places(layer, around.registrar, &user);
        if !places.is_empty() {
            return Ok(Places { of_phones: places, known: proven.is_some() });
        }
        // Whoever chooses between us and other proxies of the user tries those (RFC 5626 §11.5).
        let lost = around.registrar.has_lost(&user);
        Err(if lost { StatusCode::FLOW_FAILED } else { StatusCode::TEMPORARILY_UNAVAILABLE }.into())
    }

    /// The same request is on its way already, and passed us: it came back (RFC 3261 §16.3).
    fn is_loop(&self, config: &SwitchConfig, request: &Message<'_>) -> bool {
        let ours = |via: &Via<'_>| {
            let at = via.host.address().map(|ip| std::net::SocketAddr::new(ip, via.port_or_default()));
            at.is_some_and(|at| self.own.contains(&at)) || config.is_domain(&via.host)
        };
        let passed = request.get_all::<Via<'_>>().take(VIAS).filter_map(Result::ok).any(|via| ours(&via));
        passed && self.names.contains(&Forwarding::name(request))
    }
}

impl Forwarding {
    /// What tells a request from others, whatever way it takes.
    pub(super) fn name(request: &Message<'_>) -> String {
        let parts =
            [HeaderName::CallId, HeaderName::CSeq, HeaderName::From, HeaderName::To, HeaderName::Route];
        let mut name = request.request_uri_text().unwrap_or_default().to_owned();
        for part in parts {
            name.push('\n');
            name.push_str(request.raw(part).next().unwrap_or_default());
        }
        name
    }
}

/// The flow, or the one that took its place: the same phone registered over it, or it is registered with the very contact
/// that is called, whose calls may go over a connection for their size alone.
fn alive(
    layer: &TransactionLayer,
    registrar: &Registrar,
    source: Source,
    contact: &UriBuf,
) -> Option<Source> {
    let open = |source: &Source| layer.protocol(source.flow) == Some(source.protocol);
    if open(&source) || source.protocol == Protocol::Udp {
        return Some(source).filter(open);
    }
    registrar.successor(source.flow).or_else(|| registrar.at(contact)).filter(open)
}

/// Whoever claims to be one of our users has to prove it, and is given; strangers may call our users.
fn authenticate(
    now: Now,
    around: &mut Surroundings<'_>,
    request: &Message<'_>,
) -> Result<Option<String>, Refusal> {
    let from = request.get::<From<'_>>().and_then(Result::ok);
    let Some(from) = from.filter(|from| around.config.is_ours(&from.address.uri)) else { return Ok(None) };
    let claimed = from.address.uri.as_sip().and_then(SipUri::user_unescaped);
    let proven = user(now, around, request)?;
    if claimed.as_deref() == Some(&*proven) { Ok(Some(proven)) } else { Err(StatusCode::FORBIDDEN.into()) }
}

/// The user who sent a request, as proven to us.
fn user(now: Now, around: &mut Surroundings<'_>, request: &Message<'_>) -> Result<String, Refusal> {
    around.authentication.user(now, around.config, request, true).map_err(|failure| {
        Refusal::Written(Box::new(around.authentication.challenge(now, request, failure, true)))
    })
}

/// How many branches a request may become.
fn breadth(request: &Message<'_>) -> Result<u32, StatusCode> {
    match request.raw(HeaderName::MaxBreadth).next() {
        None => Ok(BREADTH),
        Some(text) => text.trim().parse().map_err(|_| StatusCode::BAD_REQUEST),
    }
}

/// The Call-ID of a request.
pub(super) fn call_id<'m>(request: &Message<'m>) -> &'m str {
    request.get::<CallId<'m>>().and_then(Result::ok).map_or("", |call_id| call_id.0)
}
