//! A phone's signalling: the endpoint and its transaction layer in one sans-IO machine.

use std::net::SocketAddr;

use rvoip_sans_io::{
    DnsAnswer, DnsError, DnsQuestion, FlowId, FlowOpened, Instant, Now, OpenFlow, QuestionId, Random,
    Transmit,
};
use rvoip_sip_core::{Method, StatusCode, UriBuf};
use rvoip_transaction_core::{Config, Incoming, LayerOutput, TransactionLayer};

use crate::{
    Body, Endpoint, EndpointConfig, EndpointOutput, Identity, IdentityId, MediaAnswer, NegotiationId,
    Question, RequestId, SessionId, UserAgentEvent,
};

/// The settings of a [`UserAgent`].
#[derive(Clone, Debug, Default)]
pub struct UserAgentConfig {
    /// Of the transactions.
    pub transactions: Config,
    /// Of the endpoint.
    pub endpoint: EndpointConfig,
}

/// What a [`UserAgent`] wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserAgentOutput {
    /// Send this.
    Transmit(Transmit),
    /// Open a connection.
    OpenFlow(OpenFlow),
    /// Close a connection.
    CloseFlow(FlowId),
    /// Look this up.
    Dns(QuestionId, DnsQuestion),
    /// Ask the media side.
    Media(Question),
    /// Tell the user.
    Event(UserAgentEvent),
    /// Always last: when to call `handle_timeout` again, or never.
    Timeout(Option<Instant>),
}

/// The sans-IO root of a phone's signalling.
#[derive(Debug)]
pub struct UserAgent {
    layer: TransactionLayer,
    endpoint: Endpoint,
}

impl UserAgent {
    /// A phone without identities and flows.
    pub fn new(config: UserAgentConfig, mut random: Random) -> Self {
        let layer = TransactionLayer::new(config.transactions, random.fork());
        Self { layer, endpoint: Endpoint::new(config.endpoint, random) }
    }

    /// The transaction layer, for its counters and flows.
    pub fn layer(&self) -> &TransactionLayer {
        &self.layer
    }

    /// The endpoint, for its counters.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// How many transactions, sessions, dialogs and questions there are; 0 when nothing lives.
    pub fn live(&self) -> usize {
        self.layer.len() + self.endpoint.live()
    }

    /// Takes one datagram, or one message (or keep-alive) of a stream.
    pub fn handle_received(&mut self, now: Now, flow: FlowId, source: SocketAddr, bytes: &[u8]) {
        let Some(incoming) = self.layer.handle_received(now, flow, source, bytes) else { return };
        let Self { layer, endpoint } = self;
        match incoming {
            Incoming::Request { key, request, source, merged } => {
                endpoint.handle_request(now, layer, key, &request, source, merged);
            }
            Incoming::Cancel { invite } => endpoint.handle_cancel(now, layer, invite),
            Incoming::Ack { message, .. } => endpoint.handle_ack(now, layer, &message),
            Incoming::Response { key, message, source } => {
                endpoint.handle_response(now, layer, key, &message, source);
            }
        }
    }

    /// A flow is there.
    pub fn handle_flow_opened(&mut self, now: Now, opened: &FlowOpened) {
        self.layer.handle_flow_opened(now, opened);
    }

    /// A flow is gone, or could not be opened.
    pub fn handle_flow_failed(&mut self, now: Now, flow: FlowId, reason: &str) {
        self.layer.handle_flow_failed(now, flow, reason);
    }

    /// An answer to a look-up.
    pub fn handle_dns(&mut self, now: Now, id: QuestionId, answer: Result<DnsAnswer, DnsError>) {
        self.layer.handle_dns(now, id, answer);
    }

    /// Lets timers fire that are due.
    pub fn handle_timeout(&mut self, now: Now) {
        self.layer.handle_timeout(now);
        self.endpoint.handle_timeout(now, &mut self.layer);
    }

    /// What to do next.
    pub fn poll_output(&mut self, now: Now) -> UserAgentOutput {
        loop {
            if let Some(output) = self.endpoint.poll_output() {
                return match output {
                    EndpointOutput::Media(question) => UserAgentOutput::Media(question),
                    EndpointOutput::Event(event) => UserAgentOutput::Event(event),
                };
            }
            match self.layer.poll_output() {
                LayerOutput::Transmit(transmit) => return UserAgentOutput::Transmit(transmit),
                LayerOutput::OpenFlow(open) => return UserAgentOutput::OpenFlow(open),
                LayerOutput::CloseFlow(flow) => return UserAgentOutput::CloseFlow(flow),
                LayerOutput::Dns(id, question) => return UserAgentOutput::Dns(id, question),
                LayerOutput::Event(event) => self.endpoint.handle_layer_event(now, &mut self.layer, event),
                LayerOutput::Timeout(at) => {
                    let next = [at, self.endpoint.next_timeout()].into_iter().flatten().min();
                    return UserAgentOutput::Timeout(next);
                }
            }
        }
    }

    /// Adds an identity. It is not registered until [`Self::register`].
    pub fn add_identity(&mut self, identity: Identity) -> IdentityId {
        self.endpoint.add_identity(identity)
    }

    /// Forgets an identity.
    pub fn remove_identity(&mut self, id: IdentityId) {
        self.endpoint.remove_identity(id);
    }

    /// Registers, and keeps registered until [`Self::unregister`].
    pub fn register(&mut self, now: Now, id: IdentityId) {
        self.endpoint.register(now, &mut self.layer, id);
    }

    /// Removes our contact from the registrar.
    pub fn unregister(&mut self, now: Now, id: IdentityId) {
        self.endpoint.unregister(now, &mut self.layer, id);
    }

    /// Calls somebody. The media side is asked for an offer first.
    pub fn invite(&mut self, now: Now, identity: IdentityId, to: &UriBuf) -> SessionId {
        self.endpoint.invite(now, identity, to)
    }

    /// Calls somebody without an offer: the callee offers.
    pub fn invite_without_offer(&mut self, now: Now, identity: IdentityId, to: &UriBuf) -> SessionId {
        self.endpoint.invite_without_offer(now, &mut self.layer, identity, to)
    }

    /// Tells the caller that we ring (180), or another provisional status.
    pub fn ring(&mut self, now: Now, session: SessionId, status: StatusCode) {
        self.endpoint.ring(now, &mut self.layer, session, status);
    }

    /// Accepts a call. The media side is asked for our description first.
    pub fn accept(&mut self, session: SessionId) {
        self.endpoint.accept(session);
    }

    /// Refuses a call with 300 to 699.
    pub fn reject(&mut self, now: Now, session: SessionId, status: StatusCode) {
        self.endpoint.reject(now, &mut self.layer, session, status);
    }

    /// Ends a session in whatever state it is.
    pub fn hang_up(&mut self, now: Now, session: SessionId) {
        self.endpoint.hang_up(now, &mut self.layer, session);
    }

    /// Puts the peer on hold.
    pub fn hold(&mut self, session: SessionId) {
        self.endpoint.hold(session);
    }

    /// Takes the peer off hold.
    pub fn resume(&mut self, session: SessionId) {
        self.endpoint.resume(session);
    }

    /// Agrees on the media anew.
    pub fn reinvite(&mut self, session: SessionId) {
        self.endpoint.reinvite(session);
    }

    /// Sends a request outside of dialogs.
    pub fn request(
        &mut self,
        now: Now,
        identity: IdentityId,
        method: Method,
        to: &UriBuf,
        body: Option<Body>,
    ) -> RequestId {
        self.endpoint.request(now, &mut self.layer, identity, method, to, body)
    }

    /// Sends an INFO or MESSAGE in a session.
    pub fn request_in_session(
        &mut self,
        now: Now,
        session: SessionId,
        method: Method,
        body: Body,
    ) -> RequestId {
        self.endpoint.request_in_session(now, &mut self.layer, session, method, body)
    }

    /// The answer of the media side to a question.
    pub fn media_answered(&mut self, now: Now, negotiation: NegotiationId, answer: MediaAnswer) {
        self.endpoint.media_answered(now, &mut self.layer, negotiation, answer);
    }
}
