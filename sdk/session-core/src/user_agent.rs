//! A phone's signalling: the endpoint and its transaction layer in one sans-IO machine.

use std::collections::VecDeque;
use std::net::SocketAddr;

use rvoip_sans_io::{
    DnsAnswer, DnsError, DnsQuestion, FlowId, FlowOpened, Instant, Now, OpenFlow, QuestionId, Random,
    Transmit,
};
use rvoip_sip_core::{Message, Method, StatusCode, UriBuf};
use rvoip_transaction_core::{Config, Incoming, LayerOutput, TransactionLayer, dispatch};

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
    outputs: VecDeque<UserAgentOutput>,
}

impl UserAgent {
    /// A phone without identities and flows.
    pub fn new(config: UserAgentConfig, mut random: Random) -> Self {
        let layer = TransactionLayer::new(config.transactions, random.fork());
        Self { layer, endpoint: Endpoint::new(config.endpoint, random), outputs: VecDeque::new() }
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
        let Some(incoming) = self.layer.handle_received(now, flow, source, bytes) else {
            return self.settle(now);
        };
        let Self { layer, endpoint, .. } = self;
        // A request is for the session that has its dialog, or else for the endpoint, which answers for all of this port.
        let session = |message: &Message<'_>, endpoint: &Endpoint| {
            dispatch(message, |dialog| endpoint.session_of(dialog).map(Some), |_| None)
        };
        match incoming {
            Incoming::Request { key, request, source, merged } => {
                match session(&request.as_message(), endpoint) {
                    Some(id) => endpoint.handle_request_in_session(now, layer, id, key, &request, source),
                    None => endpoint.handle_request(now, layer, key, &request, source, merged),
                }
            }
            Incoming::Cancel { invite } => endpoint.handle_cancel(now, layer, invite),
            Incoming::Ack { message, .. } => {
                let session = session(&message, endpoint);
                endpoint.handle_ack(now, layer, session, &message);
            }
            Incoming::Response { key, message, .. } => {
                endpoint.handle_response(now, layer, key, &message);
            }
        }
        self.settle(now);
    }

    /// A flow is there.
    pub fn handle_flow_opened(&mut self, now: Now, opened: &FlowOpened) {
        self.layer.handle_flow_opened(now, opened);
        self.settle(now);
    }

    /// A flow is gone, or could not be opened.
    pub fn handle_flow_failed(&mut self, now: Now, flow: FlowId, reason: &str) {
        self.layer.handle_flow_failed(now, flow, reason);
        self.settle(now);
    }

    /// An answer to a look-up.
    pub fn handle_dns(&mut self, now: Now, id: QuestionId, answer: Result<DnsAnswer, DnsError>) {
        self.layer.handle_dns(now, id, answer);
        self.settle(now);
    }

    /// Lets timers fire that are due.
    pub fn handle_timeout(&mut self, now: Now) {
        self.layer.handle_timeout(now);
        self.endpoint.handle_timeout(now, &mut self.layer);
        self.settle(now);
    }

    /// What to do next.
    pub fn poll_output(&mut self) -> UserAgentOutput {
        self.outputs.pop_front().unwrap_or_else(|| {
            let next = [self.layer.next_timeout(), self.endpoint.next_timeout()];
            UserAgentOutput::Timeout(next.into_iter().flatten().min())
        })
    }

    /// Lets the two machines talk to each other until both have said everything.
    fn settle(&mut self, now: Now) {
        loop {
            while let Some(output) = self.endpoint.poll_output() {
                self.outputs.push_back(match output {
                    EndpointOutput::Media(question) => UserAgentOutput::Media(question),
                    EndpointOutput::Event(event) => UserAgentOutput::Event(event),
                });
            }
            let output = match self.layer.poll_output() {
                LayerOutput::Transmit(transmit) => UserAgentOutput::Transmit(transmit),
                LayerOutput::OpenFlow(open) => UserAgentOutput::OpenFlow(open),
                LayerOutput::CloseFlow(flow) => UserAgentOutput::CloseFlow(flow),
                LayerOutput::Dns(id, question) => UserAgentOutput::Dns(id, question),
                LayerOutput::Event(event) => {
                    self.endpoint.handle_layer_event(now, &mut self.layer, event);
                    continue;
                }
                LayerOutput::Timeout(_) => return,
            };
            self.outputs.push_back(output);
        }
    }

    /// Adds an identity. It is not registered until [`Self::register`].
    pub fn add_identity(&mut self, identity: Identity) -> IdentityId {
        self.endpoint.add_identity(identity)
    }

    /// Forgets an identity: nobody is called by it any more. Its sessions and requests go on.
    pub fn remove_identity(&mut self, id: IdentityId) {
        self.endpoint.remove_identity(&mut self.layer, id);
    }

    /// Registers, and keeps registered until [`Self::unregister`].
    pub fn register(&mut self, now: Now, id: IdentityId) {
        self.endpoint.register(now, &mut self.layer, id);
        self.settle(now);
    }

    /// Removes our contact from the registrar.
    pub fn unregister(&mut self, now: Now, id: IdentityId) {
        self.endpoint.unregister(now, &mut self.layer, id);
        self.settle(now);
    }

    /// Calls somebody. The media side is asked for an offer first.
    pub fn invite(&mut self, now: Now, identity: IdentityId, to: &UriBuf) -> SessionId {
        let id = self.endpoint.invite(now, &self.layer, identity, to);
        self.settle(now);
        id
    }

    /// Calls somebody without an offer: the callee offers.
    pub fn invite_without_offer(&mut self, now: Now, identity: IdentityId, to: &UriBuf) -> SessionId {
        let id = self.endpoint.invite_without_offer(now, &mut self.layer, identity, to);
        self.settle(now);
        id
    }

    /// Tells the caller that we ring (180), or another provisional status.
    pub fn ring(&mut self, now: Now, session: SessionId, status: StatusCode) {
        self.endpoint.ring(now, &mut self.layer, session, status);
        self.settle(now);
    }

    /// Accepts a call. The media side is asked for our description first.
    pub fn accept(&mut self, now: Now, session: SessionId) {
        self.endpoint.accept(session);
        self.settle(now);
    }

    /// Refuses a call with 300 to 699.
    pub fn reject(&mut self, now: Now, session: SessionId, status: StatusCode) {
        self.endpoint.reject(now, &mut self.layer, session, status);
        self.settle(now);
    }

    /// Ends a session in whatever state it is.
    pub fn hang_up(&mut self, now: Now, session: SessionId) {
        self.endpoint.hang_up(now, &mut self.layer, session);
        self.settle(now);
    }

    /// Puts the peer on hold.
    pub fn hold(&mut self, now: Now, session: SessionId) {
        self.endpoint.hold(session);
        self.settle(now);
    }

    /// Takes the peer off hold.
    pub fn resume(&mut self, now: Now, session: SessionId) {
        self.endpoint.resume(session);
        self.settle(now);
    }

    /// Agrees on the media anew.
    pub fn reinvite(&mut self, now: Now, session: SessionId) {
        self.endpoint.reinvite(session);
        self.settle(now);
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
        let id = self.endpoint.request(now, &mut self.layer, identity, method, to, body);
        self.settle(now);
        id
    }

    /// Sends an INFO or MESSAGE in a session.
    pub fn request_in_session(
        &mut self,
        now: Now,
        session: SessionId,
        method: Method,
        body: Body,
    ) -> RequestId {
        let id = self.endpoint.request_in_session(now, &mut self.layer, session, method, body);
        self.settle(now);
        id
    }

    /// The answer of the media side to a question.
    pub fn media_answered(&mut self, now: Now, negotiation: NegotiationId, answer: MediaAnswer) {
        self.endpoint.media_answered(now, &mut self.layer, negotiation, answer);
        self.settle(now);
    }
}
