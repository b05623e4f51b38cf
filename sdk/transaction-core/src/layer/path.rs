//! The path of a request: its addresses, the flow to one of them, and what is written for that flow.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rvoip_sans_io::{DnsAnswer, DnsError, FlowId, Now, Protocol, QuestionId};
use rvoip_sip_core::header::Via;
use rvoip_sip_core::{Host, Message, MessageBuf};

use super::TransactionLayer;
use super::timers::TimerKey;
use crate::client::{Again, Client, Kind, Phase};
use crate::flows::{Flow, Names, Route, Waiting, is_websocket};
use crate::machine::{InviteClient, NonInviteClient, invite_client, non_invite_client};
use crate::matching::ClientName;
use crate::target::{Candidate, Hop, NextHop, Resolution, Target, too_large};
use crate::via::{self, push_via};
use crate::{ClientFailure, ClientKey, LayerOutput, LocalContact};

/// How long the addresses of one family are waited for when those of the other are there (RFC 8305 §3).
const RESOLUTION_DELAY: Duration = Duration::from_millis(50);

impl TransactionLayer {
    /// Finds the addresses of the target.
    pub(super) fn begin(&mut self, now: Now, key: ClientKey) {
        let Some(client) = self.clients.get(&key) else { return };
        let target = &client.outgoing.target;
        let pinned = self.pinned(client);
        let bound = pinned.filter(|(_, to)| target.bound || is_websocket(to.protocol));
        let hop = Hop::of(target, client.is_secure());
        let by_flow = hop.as_ref().is_ok_and(|hop| hop.by_flow);
        if let Some((flow, to)) = bound.or(pinned.filter(|_| by_flow)) {
            return self.start_client(now, key, flow, to.address);
        }
        let hop = match hop {
            Ok(hop) => hop,
            Err(reason) => return self.fail(key, ClientFailure::Unreachable(reason.to_owned())),
        };
        match &hop.host {
            NextHop::Address(address) => self.found(now, key, &hop, std::iter::once(*address)),
            NextHop::Nowhere => {
                let reason = if target.flow.is_some() {
                    "the host has no address, and the flow to it is gone"
                } else {
                    "the host name does not exist"
                };
                self.fail(key, ClientFailure::Unreachable(reason.to_owned()));
            }
            NextHop::Name(name) => {
                let (resolution, questions) = Resolution::ask(name, &mut self.last_question);
                for (id, question) in questions {
                    self.questions.insert(id, key);
                    self.outputs.push_back(LayerOutput::Dns(id, question));
                }
                self.timers.set(TimerKey::Resolve(key), now.after(self.config.connect_wait));
                if let Some(client) = self.clients.get_mut(&key) {
                    client.phase = Phase::Resolving(resolution);
                }
            }
        }
    }

    /// Where a request to a target goes first; none if its URI leads nowhere.
    pub fn next_hop(&self, target: &Target) -> Option<NextHop> {
        let remote = target.flow.and_then(|flow| self.flows.get(flow)?.remote);
        match remote {
            Some(remote) => Some(NextHop::Address(remote.ip())),
            None => Hop::of(target, false).ok().map(|hop| hop.host),
        }
    }

    /// The connection of a request's dialog, and where it leads, if the request may go over it.
    fn pinned(&self, client: &Client) -> Option<(FlowId, Candidate)> {
        let id = client.outgoing.target.flow?;
        let flow = self.flows.get(id)?;
        let may = flow.protocol.is_secure() || !client.is_secure();
        may.then_some((id, Candidate::new(flow.protocol, flow.remote?)))
    }

    /// An answer to a [`LayerOutput::Dns`].
    pub fn handle_dns(&mut self, now: Now, id: QuestionId, answer: Result<DnsAnswer, DnsError>) {
        let Some(key) = self.questions.remove(&id) else { return };
        let Some(client) = self.clients.get_mut(&key) else { return };
        let Phase::Resolving(resolution) = &mut client.phase else { return };
        let addresses = match answer {
            Ok(DnsAnswer::Addresses(addresses)) => addresses,
            Ok(DnsAnswer::Services(_) | DnsAnswer::Pointers(_)) => Vec::new(),
            Err(error) => {
                client.last_failure = Some(match error {
                    DnsError::NoSuchName => "the host name does not exist".to_owned(),
                    DnsError::Unavailable => "no DNS server answered".to_owned(),
                });
                Vec::new()
            }
        };
        if resolution.answer(id, addresses) {
            self.resolved(now, key);
        } else if resolution.has_addresses() {
            self.timers.set(TimerKey::Resolve(key), now.after(RESOLUTION_DELAY));
        }
    }

    /// All addresses are there, or those that are not came too late.
    pub(super) fn resolved(&mut self, now: Now, key: ClientKey) {
        self.timers.cancel(TimerKey::Resolve(key));
        let Some(client) = self.clients.get_mut(&key) else { return };
        let Phase::Resolving(resolution) = std::mem::replace(&mut client.phase, Phase::Idle) else { return };
        for (id, _) in &resolution.open {
            self.questions.remove(id);
        }
        if !resolution.has_addresses() && client.last_failure.is_none() {
            let overdue = !resolution.open.is_empty();
            let reason = if overdue { "no DNS server answered" } else { "the host name has no address" };
            client.last_failure = Some(reason.to_owned());
        }
        let Ok(hop) = Hop::of(&client.outgoing.target, client.is_secure()) else { return };
        self.found(now, key, &hop, resolution.into_addresses());
    }

    /// The addresses of the next hop are known.
    fn found(&mut self, now: Now, key: ClientKey, hop: &Hop, addresses: impl Iterator<Item = IpAddr>) {
        let at = |address| Candidate::new(hop.protocol, SocketAddr::new(address, hop.port));
        let candidates: VecDeque<Candidate> = addresses.map(at).collect();
        let Some(client) = self.clients.get(&key) else { return };
        // The dialog's own connection, if it leads there; where the URI names no transport, whatever it speaks.
        let leads_there = |(_, to): &(FlowId, Candidate)| {
            let any =
                |one: &Candidate| one.address == to.address && (!hop.named || one.protocol == to.protocol);
            candidates.iter().any(any)
        };
        if let Some((flow, to)) = self.pinned(client).filter(leads_there) {
            return self.start_client(now, key, flow, to.address);
        }
        let candidates = self.failures.last(now, candidates);
        let Some(client) = self.clients.get_mut(&key) else { return };
        client.names = Names { server: hop.server_name.clone(), resource: hop.resource.clone() };
        client.candidates = candidates;
        self.try_next_address(now, key);
    }

    /// Tries the next address of a target, or gives up.
    pub(super) fn try_next_address(&mut self, now: Now, key: ClientKey) {
        loop {
            let Some(client) = self.clients.get_mut(&key) else { return };
            let Some(to) = client.candidates.pop_front() else { return self.no_address_left(now, key) };
            let names = client.names.clone();
            if to.protocol == Protocol::Udp {
                let pinned = client.outgoing.target.flow;
                let is_datagram = |flow: &FlowId| {
                    self.flows.get(*flow).is_some_and(|flow| {
                        flow.protocol == Protocol::Udp && flow.local.is_ipv4() == to.address.is_ipv4()
                    })
                };
                if let Some(flow) = pinned.filter(is_datagram).or_else(|| self.flows.datagram(to.address)) {
                    return self.start_client(now, key, flow, to.address);
                }
                let family = if to.address.is_ipv4() { "IPv4" } else { "IPv6" };
                client.last_failure = Some(format!("no {family} UDP socket is bound"));
                continue;
            }
            let flow = match self.flows.connection(to, &names) {
                Route::Open(flow) => return self.start_client(now, key, flow, to.address),
                Route::Opening(flow) => {
                    self.flows.wait(flow, Waiting::Client(key));
                    flow
                }
                Route::None => self.open_connection(now, to, names, Waiting::Client(key)),
            };
            if let Some(client) = self.clients.get_mut(&key) {
                client.phase = Phase::Connecting(flow);
            }
            return;
        }
    }

    /// Where the URI leads nobody is reached. If nothing was sent there, the dialog's connection is what is left: a peer
    /// behind a NAT may not know where it is.
    fn no_address_left(&mut self, now: Now, key: ClientKey) {
        let Some(client) = self.clients.get(&key) else { return };
        let sent = client.sent.is_some();
        let pinned = self.pinned(client).filter(|_| !sent);
        let Some(client) = self.clients.get_mut(&key) else { return };
        client.outgoing.target.flow = None;
        if let Some((flow, to)) = pinned {
            return self.start_client(now, key, flow, to.address);
        }
        let reason = client.last_failure.take().unwrap_or_else(|| "no address was found".to_owned());
        self.fail(
            key,
            if sent { ClientFailure::Transport(reason) } else { ClientFailure::Unreachable(reason) },
        );
    }

    /// Writes the Via, sends the request and starts its machine.
    pub(super) fn start_client(&mut self, now: Now, key: ClientKey, flow: FlowId, remote: SocketAddr) {
        let branch = format!("z9hG4bK{}{}", self.instance, self.random.token(12));
        let (Some(protocol), Some(address)) = (self.protocol(flow), self.flows.listening(flow)) else {
            return;
        };
        let Some(client) = self.clients.get(&key) else { return };
        // Who is sent a request by a connection for its size alone is to answer by datagrams.
        let lasting =
            if client.too_large && protocol.is_reliable() { self.flows.datagram(remote) } else { None };
        let contact = client.outgoing.contact.as_ref();
        let contact =
            contact.and_then(|contact| self.contact_value(contact, lasting.unwrap_or(flow), remote));
        // The same peer gets the same request: it knows it by its Via, if it has it already.
        let before = client.sent.as_ref().filter(|_| client.again == Again::Now).map(MessageBuf::as_message);
        let before = before.as_ref().and_then(Message::get::<Via<'_>>).and_then(Result::ok);
        let (host, port) = self.named(flow, address);
        let (host, port) = before.as_ref().map_or((host, port), |via| (via.host, via.port));
        let branch = before.as_ref().and_then(Via::branch).map_or(branch, str::to_owned);
        let pushed = push_via(&client.outgoing.request, (protocol, host, port), &branch, contact.as_deref());
        let request = match pushed {
            Ok(request) => request,
            Err(error) => return self.fail(key, ClientFailure::Transport(error.to_string())),
        };
        let bytes = request.to_bytes();
        let Some(client) = self.clients.get_mut(&key) else { return };
        // Who is reached by a flow alone cannot be connected to.
        let alternative = !client.too_large && !client.outgoing.target.bound;
        if protocol == Protocol::Udp && bytes.len() > self.config.datagram_size && alternative {
            client.too_large = true;
            client.candidates.push_front(Candidate::new(protocol, remote));
            let mut candidates = too_large(&client.candidates);
            candidates.retain(|one| one.protocol == Protocol::Udp || !self.failures.has(now, one));
            client.candidates = candidates;
            return self.try_next_address(now, key);
        }
        client.sent = Some(request);
        client.path = Some((flow, remote));
        if client.again == Again::Now {
            client.again = Again::Done;
        }
        let name = ClientName::new(&branch, &client.method);
        if let Some(old) = client.name.replace(name.clone()) {
            self.client_names.remove(&old);
        }
        let actions = match client.kind {
            Kind::Ack => {
                self.clients.remove(&key);
                return self.transmit(flow, remote, bytes);
            }
            Kind::Invite => {
                client.phase = Phase::Invite(invite_client::State::Calling);
                InviteClient::START
            }
            Kind::NonInvite | Kind::Cancel => {
                client.phase = Phase::NonInvite(non_invite_client::State::Trying);
                NonInviteClient::START
            }
        };
        self.goes_over(key, flow);
        self.client_names.insert(name, key);
        self.transmit(flow, remote, bytes);
        self.run_client(now, key, actions, None);
    }

    /// A request is on its way over a flow, and hears when that fails.
    pub(super) fn goes_over(&mut self, key: ClientKey, flow: FlowId) {
        if let Some(flow) = self.flows.get_mut(flow) {
            flow.clients.insert(key);
        }
    }

    /// A request as it left, with its Via and Contact.
    pub fn sent(&self, key: ClientKey) -> Option<&MessageBuf> {
        self.clients.get(&key)?.sent.as_ref()
    }

    /// The path on which whoever answers a request reaches us: that of the request, or that of datagrams where the request
    /// went over a connection for its size alone.
    pub fn path(&self, key: ClientKey) -> Option<(FlowId, SocketAddr)> {
        let client = self.clients.get(&key)?;
        let (flow, remote) = client.path?;
        let datagrams = client.too_large && self.protocol(flow).is_some_and(Protocol::is_reliable);
        let lasting = if datagrams { self.flows.datagram(remote) } else { None };
        Some((lasting.unwrap_or(flow), remote))
    }

    /// The value of a Contact on a path; where its flow is gone, on whichever leads to the peer, or else anywhere.
    pub fn contact_value(&self, contact: &LocalContact, flow: FlowId, peer: SocketAddr) -> Option<String> {
        let flow = if self.protocol(flow).is_some() { flow } else { self.flows.instead(peer)? };
        let protocol = self.protocol(flow)?;
        let address = self.flows.reachable(flow, peer.ip())?;
        let (host, port) = self.named(flow, address);
        contact.at(protocol, host, port).ok()
    }

    /// What stands for us on a flow: an address, or a name of ours that nobody can look up where there is none to connect to
    /// (RFC 7118 §5).
    fn named(&self, flow: FlowId, address: SocketAddr) -> (Host<'_>, Option<u16>) {
        if self.flows.is_unreachable(flow) {
            (Host::Name(&self.nowhere), None)
        } else {
            (via::host(address.ip()), Some(address.port()))
        }
    }

    /// A path failed: tries the next address if nothing was answered yet.
    pub(super) fn path_failed(&mut self, now: Now, key: ClientKey, reason: &str) {
        let Some(client) = self.clients.get_mut(&key) else { return };
        client.last_failure = Some(reason.to_owned());
        if !client.is_unanswered() {
            self.client_transport_failed(now, key);
        } else if client.is_withdrawn() {
            // Nobody else is to hear of it.
            self.fail(key, ClientFailure::Transport(reason.to_owned()));
        } else {
            self.leave_path(key);
            self.try_next_address(now, key);
        }
    }

    /// The connection that a request went over is gone. One of ours that was idle may have died unseen: it is opened once
    /// more, for a request that may arrive twice.
    pub(super) fn connection_lost(&mut self, now: Now, key: ClientKey, flow: &Flow, reason: &str) {
        let Some(client) = self.clients.get_mut(&key) else { return };
        let again = flow.ours && client.again == Again::NotYet && client.is_repeatable();
        if let Some(remote) = flow.remote.filter(|_| again && client.candidates.is_empty()) {
            client.again = Again::Now;
            client.names = flow.names.clone();
            client.candidates.push_back(Candidate::new(flow.protocol, remote));
        }
        self.path_failed(now, key, reason);
    }

    pub(super) fn leave_path(&mut self, key: ClientKey) {
        self.stop_client_timers(key);
        let Some(client) = self.clients.get_mut(&key) else { return };
        client.phase = Phase::Idle;
        if let Some(name) = client.name.take() {
            self.client_names.remove(&name);
        }
        if let Some((flow, _)) = client.path.take()
            && let Some(flow) = self.flows.get_mut(flow)
        {
            flow.clients.remove(&key);
        }
    }
}
