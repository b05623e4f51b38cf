//! Received bytes: to which transaction they belong, and what is refused before anybody sees it.

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_sans_io::{FlowId, Now};
use rvoip_sip_core::header::{CSeq, Via};
use rvoip_sip_core::{HeaderName, Message, MessageBuilder, Method, PING, PONG, ParseErrorKind, StatusCode};

use super::TransactionLayer;
use super::server_side::ServerEvent;
use crate::machine::{InviteServer, NonInviteServer, invite_server, non_invite_server};
use crate::matching::{ClientName, MergeName, ServerName};
use crate::server::{Phase, Server};
use crate::via::{mark_source, response_address};
use crate::{Incoming, ServerKey, Source};

impl TransactionLayer {
    /// Takes one datagram, or one message (or keep-alive) of a stream.
    ///
    /// `None`: a retransmission, a keep-alive, something that was answered here, or something that was dropped and
    /// counted.
    pub fn handle_received<'a>(
        &mut self,
        now: Now,
        flow: FlowId,
        source: SocketAddr,
        bytes: &'a [u8],
    ) -> Option<Incoming<'a>> {
        let Some(protocol) = self.protocol(flow) else {
            self.counters.count("received on an unknown flow");
            return None;
        };
        let source = Source { flow, protocol, address: source };
        if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            self.keep_alive_received(source, bytes);
            return None;
        }
        self.flows.half_ping(flow, false);
        let message = match Message::parse_with(bytes, &self.config.limits) {
            Ok(message) => message,
            Err(error) => {
                self.refuse_malformed(source, bytes, error.status());
                return None;
            }
        };
        let fault = match message.validate() {
            Ok(()) if protocol.is_stream() && message.content_length().is_none() => {
                Some(ParseErrorKind::MissingContentLength.status())
            }
            Ok(()) => None,
            Err(error) => Some(error.status()),
        };
        if let Some(status) = fault {
            if message.is_request() {
                self.refuse(source, &message, status);
            } else {
                self.counters.count("invalid response");
            }
            return None;
        }
        if message.is_request() {
            self.request_received(now, message, source)
        } else {
            self.response_received(now, message, source)
        }
    }

    fn keep_alive_received(&mut self, source: Source, bytes: &[u8]) {
        if !source.protocol.is_reliable() {
            return self.counters.count("keep-alive on a datagram flow");
        }
        // A single CRLF that answers nothing is half of a ping, since a stream may be cut anywhere.
        let half = bytes == PONG && !self.pong_received(source.flow);
        if self.flows.half_ping(source.flow, half) || bytes == PING {
            self.transmit(source.flow, source.address, bytes::Bytes::from_static(PONG));
        }
    }

    fn response_received<'a>(
        &mut self,
        now: Now,
        message: Message<'a>,
        source: Source,
    ) -> Option<Incoming<'a>> {
        let key = ClientName::of_response(&message).and_then(|name| self.client_names.get(&name).copied());
        let Some(key) = key else {
            self.counters.count("stray response");
            return None;
        };
        // One that went through others than the request did is for somebody else (RFC 3261 §8.1.3.3, §16.7 step 3).
        let vias = |message: &Message<'_>| message.raw(HeaderName::Via).count();
        let sequence = |message: &Message<'_>| message.require::<CSeq>().ok().map(|cseq| cseq.sequence);
        if let Some(sent) = self.clients.get(&key).and_then(|client| client.sent.as_ref()) {
            let sent = sent.as_message();
            if vias(&sent) != vias(&message) {
                self.counters.count("response with other Vias than its request");
                return None;
            }
            // It must not end the transaction: whoever waits for it would wait for ever.
            if sequence(&sent) != sequence(&message) {
                self.counters.count("response with another CSeq than its request");
                return None;
            }
        }
        self.client_received(now, key, &message, source).then_some(Incoming::Response {
            key,
            message,
            source,
        })
    }

    fn request_received<'a>(
        &mut self,
        now: Now,
        message: Message<'a>,
        source: Source,
    ) -> Option<Incoming<'a>> {
        let Some(Ok(via)) = message.get::<Via<'_>>() else {
            self.counters.count("request without Via");
            return None;
        };
        let Ok(name) = ServerName::of_request(&message, &via) else {
            self.refuse(source, &message, Some(StatusCode::BAD_REQUEST));
            return None;
        };
        let known = self.server_names.get(&name).copied();
        let method = message.method().unwrap_or(Method::Options);
        if method == Method::Ack {
            let passed = match known {
                Some(key) => self.step_server(now, key, ServerEvent::Ack).unwrap_or(false),
                None => true,
            };
            return passed.then_some(Incoming::Ack { message, source });
        }
        if let Some(key) = known {
            // Who sends a request again over another connection is to be answered there: the first one is gone.
            if let Some(server) = self.servers.get_mut(&key).filter(|_| source.protocol.is_reliable()) {
                server.source = source;
            }
            self.step_server(now, key, ServerEvent::Request);
            return None;
        }
        // What ends something has room when there is none for more.
        let limit = self.config.server_transactions;
        let ends = matches!(method, Method::Bye | Method::Cancel);
        let full = self.servers.len() >= if ends { limit.saturating_add(limit / 4) } else { limit };
        if full || self.server_bytes >= self.config.server_bytes {
            self.counters.count("refused for too many transactions");
            self.answer_without_state(source, &message, StatusCode::SERVICE_UNAVAILABLE);
            return None;
        }
        if method == Method::Cancel
            && let Ok(invite) = ServerName::of_cancelled(&message, &via)
            && let Some(invite) = self.server_names.get(&invite).copied()
        {
            return self.cancel_received(now, invite, name, &message, &via, source);
        }
        let Ok(request) = mark_source(&message, &via, source.address) else {
            self.refuse(source, &message, Some(StatusCode::BAD_REQUEST));
            return None;
        };
        let merge = MergeName::of(&message).filter(|_| method != Method::Cancel);
        let merged = merge.as_ref().is_some_and(|merge| self.merge_names.contains_key(merge));
        let invite = method == Method::Invite;
        let (phase, start) = if invite {
            (Phase::Invite(invite_server::State::Proceeding), InviteServer::START)
        } else {
            (Phase::NonInvite(non_invite_server::State::Trying), NonInviteServer::START)
        };
        let server = Server {
            name,
            merge,
            method,
            phase,
            source,
            destination: response_address(&via, source.address, source.protocol),
            unanswered: Some(request.clone()),
            response: None,
            local_tag: None,
            interval: Duration::ZERO,
            counted: 0,
        };
        let key = self.insert_server(server);
        self.run_server(now, key, start);
        Some(Incoming::Request { key, request, source, merged })
    }

    /// Answers a CANCEL whose INVITE is known (RFC 3261 §9.2).
    fn cancel_received<'a>(
        &mut self,
        now: Now,
        invite: ServerKey,
        name: ServerName,
        message: &Message<'_>,
        via: &Via<'_>,
        source: Source,
    ) -> Option<Incoming<'a>> {
        let pending = self
            .servers
            .get(&invite)
            .is_some_and(|server| matches!(server.phase, Phase::Invite(invite_server::State::Proceeding)));
        let tag = self.servers.get(&invite).and_then(|server| server.local_tag.clone());
        let tag = tag.unwrap_or_else(|| self.tag());
        let server = Server {
            name,
            merge: None,
            method: Method::Cancel,
            phase: Phase::NonInvite(non_invite_server::State::Trying),
            source,
            destination: response_address(via, source.address, source.protocol),
            unanswered: None,
            response: None,
            local_tag: None,
            interval: Duration::ZERO,
            counted: 0,
        };
        let key = self.insert_server(server);
        let marked = mark_source(message, via, source.address).ok();
        let request = marked.as_ref().map_or_else(|| message.clone(), rvoip_sip_core::MessageBuf::as_message);
        if let Ok(answer) = MessageBuilder::response_to(&request, StatusCode::OK).to_tag(&tag).build() {
            self.respond(now, key, answer);
        }
        pending.then_some(Incoming::Cancel { invite })
    }

    fn refuse_malformed(&mut self, source: Source, bytes: &[u8], status: Option<StatusCode>) {
        let limits = self.config.limits;
        match Message::salvage(bytes, &limits) {
            Some(request) => self.refuse(source, &request, status),
            None => self.counters.count("not a SIP message"),
        }
    }

    fn refuse(&mut self, source: Source, request: &Message<'_>, status: Option<StatusCode>) {
        self.counters.count("malformed request");
        let Some(status) = status else { return };
        if request.method() != Some(Method::Ack) {
            self.answer_without_state(source, request, status);
        }
    }

    /// Answers once, without a transaction: the answer is no larger than its request but for a tag and the
    /// source.
    fn answer_without_state(&mut self, source: Source, request: &Message<'_>, status: StatusCode) {
        let tag = self.tag();
        let Ok(answer) = MessageBuilder::response_to(request, status).to_tag(&tag).build() else {
            return self.counters.count("malformed request that cannot be answered");
        };
        // The source is written into the answer: what is malformed in the request cannot be edited.
        let via = request.get::<Via<'_>>().and_then(Result::ok);
        let marked = via.as_ref().and_then(|via| mark_source(&answer.as_message(), via, source.address).ok());
        let answer = marked.unwrap_or(answer);
        let destination =
            via.map_or(source.address, |via| response_address(&via, source.address, source.protocol));
        self.transmit(source.flow, destination, answer.into_bytes());
    }
}
