//! Taking a request, and forwarding it (RFC 3261 §16.3 to §16.6).

use rvoip_driver::{Now, Protocol};
use rvoip_sip_core::header::{CallId, Contact, From, MaxForwards, ProxyRequire, RecordRoute, To};
use rvoip_sip_core::{
    BuildError, Header as _, HeaderName, Message, MessageBuf, MessageBuilder, Method, StatusCode, UriBuf,
};
use rvoip_transaction_core::{Outgoing, ServerKey, Source, Target, TransactionLayer};

use super::routing::{self, Routed};
use super::{Branch, Destination, Forwarding, Proxy, TIMER_C};
use crate::authentication::Authentication;
use crate::{Registrar, SwitchConfig};

/// Why a request is not forwarded.
pub(super) enum Refusal {
    Status(StatusCode),
    /// 420 with the extensions.
    Extensions(String),
    /// The answer is written already.
    Written(Box<MessageBuilder>),
}

/// What the proxy leans on.
pub(crate) struct Surroundings<'s> {
    pub(crate) config: &'s SwitchConfig,
    pub(crate) registrar: &'s Registrar,
    pub(crate) authentication: &'s mut Authentication,
}

impl Proxy {
    /// A request that is not for the registrar. Gives how many places it was forwarded to.
    pub(crate) fn handle_request(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        around: &mut Surroundings<'_>,
        key: ServerKey,
        request: &MessageBuf,
        source: Source,
    ) -> usize {
        let message = request.as_message();
        match self.destinations(now, layer, around, &message) {
            Ok((routed, destinations)) => {
                self.forward(now, layer, key, request, source, &routed, &destinations);
                destinations.len()
            }
            Err(refusal) => {
                let builder = match refusal {
                    Refusal::Status(status) => MessageBuilder::response_to(&message, status),
                    Refusal::Extensions(list) => {
                        MessageBuilder::response_to(&message, StatusCode::BAD_EXTENSION)
                            .raw(HeaderName::Unsupported, &list)
                    }
                    Refusal::Written(builder) => *builder,
                };
                // The tag is the proxy's own: it answers as a user agent server.
                if let Ok(answer) =
                    builder.to_tag(&format!("proxy{}", now.unix.as_nanos() % 1_000_000_007)).build()
                {
                    layer.respond(now, key, answer);
                }
                0
            }
        }
    }

    /// The checks of §16.3 and the target set of §16.5.
    fn destinations(
        &mut self,
        now: Now,
        layer: &TransactionLayer,
        around: &mut Surroundings<'_>,
        request: &Message<'_>,
    ) -> Result<(Routed, Vec<Destination>), Refusal> {
        let method = request.method().unwrap_or(Method::Options);
        let uri: UriBuf = match request.request_uri() {
            Some(Ok(uri)) if uri.as_sip().is_some() => uri.into(),
            Some(Ok(_)) => return Err(Refusal::Status(StatusCode::UNSUPPORTED_URI_SCHEME)),
            Some(Err(_)) | None => return Err(Refusal::Status(StatusCode::BAD_REQUEST)),
        };
        match request.get::<MaxForwards>() {
            Some(Ok(MaxForwards(0))) => return Err(Refusal::Status(StatusCode::TOO_MANY_HOPS)),
            Some(Err(_)) => return Err(Refusal::Status(StatusCode::BAD_REQUEST)),
            Some(Ok(_)) | None => {}
        }
        let extensions: Vec<&str> =
            request.get_all::<ProxyRequire<'_>>().filter_map(Result::ok).map(|option| option.0).collect();
        if !extensions.is_empty() {
            return Err(Refusal::Extensions(extensions.join(", ")));
        }
        if self.forwardings.len() >= around.config.forwarded {
            return Err(Refusal::Status(StatusCode::SERVICE_UNAVAILABLE));
        }
        if method != Method::Cancel && self.is_loop(request) {
            return Err(Refusal::Status(StatusCode::LOOP_DETECTED));
        }
        let routed = routing::routes(layer, request, uri);
        let in_dialog = request.get::<To<'_>>().and_then(Result::ok).is_some_and(|to| to.tag().is_some());
        if in_dialog {
            if let Some(next) = &routed.next
                && around.config.relay
            {
                let target = Target::new(next.clone());
                let destination = Destination { uri: routed.uri.clone(), target, path: Vec::new() };
                return Ok((routed, vec![destination]));
            }
            let destination = self.in_dialog(around.registrar, around.config, request, &routed.uri);
            let destination =
                destination.ok_or(Refusal::Status(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST))?;
            return Ok((routed, vec![destination]));
        }
        if method == Method::Cancel {
            // It matched no INVITE of ours.
            return Err(Refusal::Status(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST));
        }
        authenticate(now, around, request)?;
        let target = routed.uri.as_uri();
        if !around.config.is_ours(&target) && !routing::names_us(layer, &target) {
            if !around.config.relay {
                return Err(Refusal::Status(StatusCode::FORBIDDEN));
            }
            let next = routed.next.clone().unwrap_or_else(|| routed.uri.clone());
            let destination =
                Destination { uri: routed.uri.clone(), target: Target::new(next), path: Vec::new() };
            return Ok((routed, vec![destination]));
        }
        let user = target.as_sip().and_then(rvoip_sip_core::SipUri::user_unescaped).unwrap_or_default();
        if user.is_empty() {
            let status = if method == Method::Options { StatusCode::OK } else { StatusCode::NOT_FOUND };
            return Err(Refusal::Status(status));
        }
        if !around.config.users.contains_key(&*user) {
            return Err(Refusal::Status(StatusCode::NOT_FOUND));
        }
        let destinations = routing::bindings(around.registrar, &user);
        if destinations.is_empty() {
            return Err(Refusal::Status(StatusCode::TEMPORARILY_UNAVAILABLE));
        }
        Ok((routed, destinations))
    }

    /// The same request is on its way already: it came back to us (RFC 3261 §16.3).
    fn is_loop(&self, request: &Message<'_>) -> bool {
        let name = |message: &Message<'_>| {
            let parts =
                [HeaderName::CallId, HeaderName::CSeq, HeaderName::From, HeaderName::To, HeaderName::Route];
            let mut name = message.request_uri_text().unwrap_or_default().to_owned();
            for part in parts {
                name.push('\n');
                name.push_str(message.raw(part).next().unwrap_or_default());
            }
            name
        };
        let wanted = name(request);
        self.forwardings.values().any(|forwarding| name(&forwarding.request.as_message()) == wanted)
    }

    #[expect(clippy::too_many_arguments, reason = "what is forwarded, from where and whereto")]
    fn forward(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        key: ServerKey,
        request: &MessageBuf,
        source: Source,
        routed: &Routed,
        destinations: &[Destination],
    ) {
        let message = request.as_message();
        let is_invite = message.method() == Some(Method::Invite);
        let mut forwarding = Forwarding {
            request: request.clone(),
            is_invite,
            branches: std::collections::BTreeMap::new(),
            answered: false,
            cancelled: false,
        };
        if is_invite {
            self.remember(&message, contact(&message), source);
            if let Ok(trying) = MessageBuilder::response_to(&message, StatusCode::TRYING).build() {
                layer.respond(now, key, trying);
            }
        }
        if message.method() == Some(Method::Bye)
            && let Some(Ok(call_id)) = message.get::<CallId<'_>>()
        {
            self.forget_call(call_id.0);
        }
        for destination in destinations {
            let Ok(forwarded) = prepared(layer, &message, source, routed, destination, is_invite) else {
                self.counters.count("request that cannot be forwarded");
                continue;
            };
            let outgoing = Outgoing { request: forwarded, target: destination.target.clone(), contact: None };
            let branch = layer.send_request(now, outgoing);
            if is_invite {
                self.timers.set(branch, now.monotonic + TIMER_C);
            }
            self.branches.insert(branch, key);
            forwarding.branches.insert(branch, Branch::default());
        }
        if forwarding.branches.is_empty() {
            if let Ok(answer) = MessageBuilder::response_to(&message, StatusCode::SERVER_INTERNAL_ERROR)
                .to_tag("proxy")
                .build()
            {
                layer.respond(now, key, answer);
            }
            return;
        }
        self.forwardings.insert(key, forwarding);
    }

    /// The ACK of a 2xx goes on its way without state (RFC 3261 §16.11).
    pub(crate) fn handle_ack(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        around: &mut Surroundings<'_>,
        ack: &Message<'_>,
        source: Source,
    ) {
        match self.destinations(now, layer, around, ack) {
            Ok((routed, destinations)) => {
                for destination in destinations.iter().take(1) {
                    if let Ok(request) = prepared(layer, ack, source, &routed, destination, false) {
                        let target = destination.target.clone();
                        layer.send_ack(now, Outgoing { request, target, contact: None });
                    }
                }
            }
            Err(_) => self.counters.count("ACK that leads nowhere"),
        }
    }
}

/// Whoever claims to be one of our users has to prove it; strangers may call our users.
fn authenticate(now: Now, around: &mut Surroundings<'_>, request: &Message<'_>) -> Result<(), Refusal> {
    let from = request.get::<From<'_>>().and_then(Result::ok);
    let Some(from) = from.filter(|from| around.config.is_ours(&from.address.uri)) else { return Ok(()) };
    let claimed = from.address.uri.as_sip().and_then(rvoip_sip_core::SipUri::user_unescaped);
    match around.authentication.user(now, around.config, request, true) {
        Ok(user) if claimed.as_deref() == Some(&*user) => Ok(()),
        Ok(_) => Err(Refusal::Status(StatusCode::FORBIDDEN)),
        Err(failure) => {
            Err(Refusal::Written(Box::new(around.authentication.challenge(now, request, failure, true))))
        }
    }
}

/// The Contact of a message.
pub(super) fn contact(message: &Message<'_>) -> Option<UriBuf> {
    message.get::<Contact<'_>>()?.ok()?.uri().map(Into::into)
}

/// The copy that one destination gets (RFC 3261 §16.6).
fn prepared(
    layer: &TransactionLayer,
    request: &Message<'_>,
    source: Source,
    routed: &Routed,
    destination: &Destination,
    record: bool,
) -> Result<MessageBuf, BuildError> {
    let hops = request.get::<MaxForwards>().and_then(Result::ok).map_or(70, |hops| hops.0.saturating_sub(1));
    let mut edit = routed.edit(request.edit(), request);
    edit = edit.set_request_uri(&destination.uri.as_uri()).set(&MaxForwards(hops));
    // Our own challenge is answered; the credentials are for nobody else.
    edit = edit.remove(&HeaderName::ProxyAuthorization);
    for path in destination.path.iter().rev() {
        if let Ok(route) = rvoip_sip_core::header::Route::decode(path) {
            edit = edit.push_front(&route);
        }
    }
    if record {
        for route in record_routes(layer, source, destination) {
            if let Ok(route) = RecordRoute::decode(&route) {
                edit = edit.push_front(&route);
            }
        }
    }
    edit.finish()
}

/// Our own routes: one where both sides speak alike, else one for each (RFC 5658).
fn record_routes(layer: &TransactionLayer, source: Source, destination: &Destination) -> Vec<String> {
    let route = |flow| -> Option<String> {
        let address = layer.local_address(flow)?;
        let transport = match layer.protocol(flow)? {
            Protocol::Udp => String::new(),
            other @ (Protocol::Tcp | Protocol::Tls | Protocol::Ws | Protocol::Wss) => {
                format!(";transport={}", other.via_name().to_ascii_lowercase())
            }
        };
        Some(format!("<sip:{address}{transport};lr>"))
    };
    let incoming = route(source.flow);
    let outgoing =
        destination.target.flow.and_then(route).filter(|outgoing| Some(outgoing) != incoming.as_ref());
    incoming.into_iter().chain(outgoing).collect()
}
