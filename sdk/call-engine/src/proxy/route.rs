//! Where a request goes: routes that name us are taken out and read, strict routers undone, bindings made places (RFC 3261
//! §16.4, §16.5; RFC 5626 §5.3).

use std::net::SocketAddr;

use rvoip_driver::Protocol;
use rvoip_sip_core::header::{CallId, Route};
use rvoip_sip_core::{
    Edit, Header as _, HeaderName, Host, Message, SipScheme, SipUri, SipUriBuilder, Uri, UriBuf,
};
use rvoip_transaction_core::{Source, Target, TransactionLayer};

use super::Proxy;
use crate::flow_token::{Forged, Hop};
use crate::{Binding, Registrar, SwitchConfig};

/// Routes of a request that are looked at; no path has more hops.
const ROUTES: usize = 70;

/// One place to forward to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Destination {
    /// The new request URI.
    pub(super) uri: UriBuf,
    /// The next hop.
    pub(super) target: Target,
    /// Routes to put in front: the path of a binding.
    pub(super) path: Vec<String>,
    /// The flow that leads there, if it is a phone of ours.
    pub(super) hop: Option<Source>,
}

/// What became of the routes of a request.
#[derive(Clone, Debug)]
pub(super) struct Routed {
    /// How many of its routes are ours, from the top.
    ours: usize,
    /// The request URI after a strict router was undone.
    pub(super) uri: UriBuf,
    /// A strict router was undone: the last route is the request URI now.
    undone: bool,
    /// The next hop that a remaining route names.
    pub(super) next: Option<UriBuf>,
    /// What the last of our routes says of the hop behind us.
    pub(super) hop: Option<Hop>,
}

impl Destination {
    /// A next hop that is found by its name.
    pub(super) fn routed(uri: UriBuf, next: UriBuf) -> Self {
        Self { uri, target: Target::new(next), path: Vec::new(), hop: None }
    }

    /// The peer at the end of a flow.
    pub(super) fn over(uri: UriBuf, source: Source) -> Option<Self> {
        Some(Self { uri, target: towards(source)?, path: Vec::new(), hop: Some(source) })
    }
}

impl Proxy {
    /// Whether a URI names this proxy itself: one of its sockets, or one of its domains.
    pub(crate) fn names_us(&self, config: &SwitchConfig, uri: &Uri<'_>) -> bool {
        let Some(sip) = uri.as_sip() else { return false };
        if let Some(address) = sip.maddr().unwrap_or(sip.host).address()
            && self.own.contains(&SocketAddr::new(address, port(sip)))
        {
            return true;
        }
        config.is_ours(uri)
            && sip.port.is_none_or(|port| self.own.iter().any(|address| address.port() == port))
    }

    /// Reads the routes.
    ///
    /// # Errors
    /// A route of ours was not written by us.
    pub(super) fn routes(
        &self,
        config: &SwitchConfig,
        request: &Message<'_>,
        uri: UriBuf,
    ) -> Result<Routed, Forged> {
        let call_id = request.get::<CallId<'_>>().and_then(Result::ok).map_or("", |call_id| call_id.0);
        let routes: Vec<UriBuf> = request
            .get_all::<Route<'_>>()
            .take(ROUTES)
            .filter_map(Result::ok)
            .map(|route| (&route.address.uri).into())
            .collect();
        let is_ours = |uri: &UriBuf| self.names_us(config, &uri.as_uri());
        let token = |uri: &UriBuf| {
            let uri = uri.as_uri();
            self.tokens.read(uri.as_sip()?.user?, call_id)
        };
        // A strict router put us into the request URI; what it was is the last route (RFC 3261 §16.4).
        let is_route = |uri: &UriBuf| {
            let parsed = uri.as_uri();
            let loose = parsed.as_sip().is_some_and(SipUri::is_loose_router);
            let bare = parsed.as_sip().is_some_and(|sip| sip.user.is_none());
            loose && (bare || token(uri).is_some()) && is_ours(uri)
        };
        let (undone, own, routes, uri) = match routes.split_last() {
            Some((last, before)) if is_route(&uri) => (true, Some(uri), before.to_vec(), last.clone()),
            Some(_) | None => (false, None, routes, uri),
        };
        let ours = routes.iter().take_while(|route| is_ours(route)).count();
        let read = own.iter().chain(routes.iter().take(ours)).filter_map(token);
        let hop = read.collect::<Result<Vec<Hop>, Forged>>()?.pop();
        Ok(Routed { ours, uri, undone, next: routes.get(ours).cloned(), hop })
    }
}

impl Routed {
    /// Takes out what is ours.
    pub(super) fn edit<'m>(&self, mut edit: Edit<'m>, request: &Message<'_>) -> Edit<'m> {
        for _ in 0..self.ours {
            edit = edit.pop_first(&HeaderName::Route);
        }
        if self.undone {
            // The last route became the request URI: the others are written anew.
            let all: Vec<String> = request
                .get_all::<Route<'_>>()
                .filter_map(Result::ok)
                .map(|route| route.to_string())
                .collect();
            let kept: Vec<String> =
                all.iter().skip(self.ours).take(all.len().saturating_sub(self.ours + 1)).cloned().collect();
            edit = edit.remove(&HeaderName::Route);
            if !kept.is_empty() {
                edit = edit.set_raw(HeaderName::Route, &kept.join(", "));
            }
        }
        edit
    }
}

/// The port that a URI means.
fn port(sip: &SipUri<'_>) -> u16 {
    let transport = sip.transport().and_then(|transport| transport.protocol());
    let protocol = transport.unwrap_or(if sip.is_secure() { Protocol::Tls } else { Protocol::Udp });
    sip.port.unwrap_or(protocol.default_port())
}

/// The host of an address.
pub(super) fn host(address: SocketAddr) -> Host<'static> {
    match address {
        SocketAddr::V4(address) => Host::V4(*address.ip()),
        SocketAddr::V6(address) => Host::V6(*address.ip()),
    }
}

/// The address that a phone spoke from, as a next hop.
fn towards(source: Source) -> Option<Target> {
    let builder = SipUriBuilder::new(SipScheme::Sip, host(source.address)).port(Some(source.address.port()));
    let builder = match source.protocol.uri_name() {
        Some(transport) => builder.param("transport", Some(transport)),
        None => builder,
    };
    Some(Target { bound: true, ..Target::over(builder.build().ok()?, source.flow) })
}

/// The place that a binding leads to, if anything does.
fn place(layer: &TransactionLayer, binding: Binding) -> Option<Destination> {
    if let Some(first) = binding.path.first() {
        let next = (&Route::decode(first).ok()?.address.uri).into();
        return Some(Destination { path: binding.path, ..Destination::routed(binding.contact, next) });
    }
    if layer.protocol(binding.source.flow).is_some() {
        return Destination::over(binding.contact, binding.source);
    }
    let contact = binding.contact.clone();
    binding.can_be_connected().then(|| Destination::routed(contact.clone(), contact))
}

/// The places of one of our users: of each phone one, with its other flows for when that one fails (RFC 5626 §7).
pub(super) fn places(layer: &TransactionLayer, registrar: &Registrar, user: &str) -> Vec<Vec<Destination>> {
    let mut places: Vec<(Option<String>, Vec<Destination>)> = Vec::new();
    for binding in registrar.bindings(user) {
        let instance = binding.outbound.as_ref().map(|outbound| outbound.instance.clone());
        let Some(place) = place(layer, binding) else { continue };
        let known = places.iter_mut().find(|(known, _)| instance.is_some() && *known == instance);
        match known {
            Some((_, flows)) => flows.push(place),
            None => places.push((instance, vec![place])),
        }
    }
    places.into_iter().map(|(_, flows)| flows).collect()
}
