//! One phone on a virtual clock, and a server that is a test.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_sans_io::{FlowId, FlowOpened, Instant, Now, OpenFlow, Protocol, Random};
use rvoip_session_core::{
    Credentials, Identity, IdentityId, MediaAnswer, Question, SessionId, UserAgent, UserAgentConfig,
    UserAgentEvent, UserAgentOutput,
};
use rvoip_sip_core::{
    HeaderName, Limits, MessageBuf, MessageBuilder, NameAddrBuf, Password, StatusCode, UriBuf,
};

pub const PHONE: &str = "192.0.2.1:5060";
pub const SERVER: &str = "192.0.2.10:5060";
pub const SDP: &str =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

pub struct Bench {
    pub phone: UserAgent,
    pub alice: IdentityId,
    pub now: Now,
    /// What was sent and not yet looked at.
    pub sent: Vec<String>,
    /// The path of the last of it.
    pub path: Option<(FlowId, SocketAddr)>,
    /// Connections that were asked for.
    pub opens: Vec<OpenFlow>,
    pub closes: Vec<FlowId>,
    pub events: Vec<UserAgentEvent>,
    pub questions: Vec<Question>,
    pub next: Option<Instant>,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// A phone of which something is changed before anything else.
    pub fn with(change: impl FnOnce(&mut Identity)) -> Self {
        let mut phone = UserAgent::new(UserAgentConfig::default(), Random::from_number(1));
        let now = Now::at(Duration::ZERO);
        let (flow, local) = (FlowId::from_platform(1), PHONE.parse().unwrap());
        phone.handle_flow_opened(now, &FlowOpened { flow, protocol: Protocol::Udp, local, remote: None });
        let mut identity = Identity::new(NameAddrBuf::parse("Alice <sip:alice@example.com>").unwrap());
        identity.registrar = Some(UriBuf::parse(&format!("sip:{SERVER}")).unwrap());
        identity.outbound_proxy = Some(UriBuf::parse(&format!("sip:{SERVER}")).unwrap());
        identity.credentials =
            Some(Credentials { username: "alice".to_owned(), password: Password::new("secret") });
        identity.expires = Duration::from_secs(300);
        change(&mut identity);
        let alice = phone.add_identity(identity);
        let mut bench = Self {
            phone,
            alice,
            now,
            sent: Vec::new(),
            path: None,
            opens: Vec::new(),
            closes: Vec::new(),
            events: Vec::new(),
            questions: Vec::new(),
            next: None,
        };
        bench.collect();
        bench
    }

    pub fn collect(&mut self) {
        loop {
            match self.phone.poll_output() {
                UserAgentOutput::Transmit(transmit) => {
                    self.path = Some((transmit.flow, transmit.destination));
                    self.sent.push(String::from_utf8(transmit.bytes.to_vec()).unwrap());
                }
                UserAgentOutput::Media(question) => self.questions.push(question),
                UserAgentOutput::Event(event) => self.events.push(event),
                UserAgentOutput::Timeout(at) => {
                    self.next = at;
                    return;
                }
                UserAgentOutput::OpenFlow(open) => self.opens.push(open),
                UserAgentOutput::CloseFlow(flow) => self.closes.push(flow),
                UserAgentOutput::Dns(..) => panic!("a phone with addresses needs no names"),
            }
        }
    }

    pub fn wait(&mut self, duration: Duration) {
        let end = self.now.later(duration);
        while let Some(at) = self.next.filter(|at| *at <= end.monotonic) {
            self.now = self.now.when(at);
            self.phone.handle_timeout(self.now);
            self.collect();
        }
        self.now = end;
    }

    pub fn receive(&mut self, text: &str) {
        self.receive_on(FlowId::from_platform(1), SERVER, text);
    }

    pub fn receive_on(&mut self, flow: FlowId, source: &str, text: &str) {
        self.phone.handle_received(self.now, flow, source.parse().unwrap(), text.as_bytes());
        self.collect();
    }

    /// The connection that was asked for last is there, from that port of the phone.
    pub fn connect(&mut self, port: u16) -> FlowId {
        let OpenFlow { flow, protocol, remote, .. } = self.opens.pop().unwrap();
        let local = SocketAddr::from(([192, 0, 2, 1], port));
        let opened = FlowOpened { flow, protocol, local, remote: Some(remote) };
        self.phone.handle_flow_opened(self.now, &opened);
        self.collect();
        flow
    }

    /// Somebody connects to the phone.
    pub fn accept(&mut self, protocol: Protocol, from: &str) -> FlowId {
        let flow = FlowId::from_platform(9);
        let (local, remote) = (PHONE.parse().unwrap(), Some(from.parse().unwrap()));
        self.phone.handle_flow_opened(self.now, &FlowOpened { flow, protocol, local, remote });
        self.collect();
        flow
    }

    /// The phone takes connections too.
    pub fn listen(&mut self, protocol: Protocol) {
        let (flow, local) = (FlowId::from_platform(2), PHONE.parse().unwrap());
        self.phone.handle_flow_opened(self.now, &FlowOpened { flow, protocol, local, remote: None });
        self.collect();
    }

    pub fn lose(&mut self, flow: FlowId) {
        self.phone.handle_flow_failed(self.now, flow, "connection reset");
        self.collect();
    }

    /// The media side writes a description, or takes one.
    pub fn describe(&mut self) {
        let question = self.questions.remove(0);
        self.phone.media_answered(self.now, question.negotiation, MediaAnswer::Description(SDP.to_owned()));
        self.collect();
    }

    pub fn apply(&mut self) {
        let question = self.questions.remove(0);
        self.phone.media_answered(self.now, question.negotiation, MediaAnswer::Applied);
        self.collect();
    }

    /// Calls bob; gives the INVITE.
    pub fn call(&mut self, to: &str) -> (SessionId, MessageBuf) {
        let session = self.phone.invite(self.now, self.alice, &UriBuf::parse(to).unwrap());
        self.collect();
        self.describe();
        (session, self.last())
    }

    /// Calls bob, who answers with this Contact; gives the INVITE.
    pub fn talk(&mut self, to: &str, contact: &str) -> (SessionId, MessageBuf) {
        let (session, invite) = self.call(to);
        self.answer_with_media(&invite, 200, &[(HeaderName::Contact, contact)]);
        self.apply();
        assert!(self.take_events().contains(&UserAgentEvent::Established { session }));
        (session, invite)
    }

    /// The session of the last incoming call.
    pub fn incoming(&self) -> SessionId {
        let received = self.events.iter().rev().find_map(|event| {
            if let UserAgentEvent::InviteReceived { session, .. } = event { Some(*session) } else { None }
        });
        received.unwrap()
    }

    /// Accepts the last incoming call; gives the 2xx.
    pub fn accept_call(&mut self) -> (SessionId, MessageBuf) {
        let session = self.incoming();
        self.phone.accept(self.now, session);
        self.collect();
        self.describe();
        (session, self.last())
    }

    /// The last message that was sent; forgets all before it.
    pub fn last(&mut self) -> MessageBuf {
        let last = self.sent.drain(..).next_back().unwrap();
        // An answer may have more fields than we take ourselves.
        let limits = Limits { headers: 1_024, ..Limits::default() };
        MessageBuf::parse_with(last.into(), &limits).unwrap()
    }

    /// Answers a request of the phone, on the path that it took.
    pub fn answer(&mut self, request: &MessageBuf, status: u16, headers: &[(HeaderName, &str)]) {
        self.respond(&response(request, status, "server", headers, None));
    }

    pub fn answer_with_media(&mut self, request: &MessageBuf, status: u16, headers: &[(HeaderName, &str)]) {
        self.respond(&response(request, status, "server", headers, Some(SDP)));
    }

    pub fn respond(&mut self, text: &str) {
        let (flow, source) = self.path.unwrap();
        self.receive_on(flow, &source.to_string(), text);
    }

    pub fn take_events(&mut self) -> Vec<UserAgentEvent> {
        std::mem::take(&mut self.events)
    }
}

/// A response of the server.
pub fn response(
    request: &MessageBuf,
    status: u16,
    tag: &str,
    headers: &[(HeaderName, &str)],
    body: Option<&str>,
) -> String {
    let status = StatusCode::new(status).unwrap();
    let builder = MessageBuilder::response_to(&request.as_message(), status).to_tag(tag);
    let builder = headers.iter().fold(builder, |builder, (name, value)| builder.raw(name.clone(), value));
    let builder = match body {
        Some(body) => builder.body("application/sdp", body.to_owned()),
        None => builder,
    };
    String::from_utf8(builder.build().unwrap().as_bytes().to_vec()).unwrap()
}

/// A request of the server to the phone. `tag` is ours, if it is one of a dialog.
pub fn request(method: &str, call: &str, tag: &str, sequence: u32, extra: &str, body: &str) -> String {
    let tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
    let typed = if body.is_empty() || extra.contains("Content-Type") {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    let contact =
        if extra.contains("Contact:") { String::new() } else { format!("Contact: <sip:bob@{SERVER}>\r\n") };
    format!(
        "{method} sip:alice@{PHONE} SIP/2.0\r\nVia: SIP/2.0/UDP {SERVER};branch=z9hG4bK{method}{call}{sequence};rport\r\n\
         From: <sip:bob@example.com>;tag=server\r\nTo: <sip:alice@example.com>{tag}\r\nCall-ID: {call}\r\n\
         CSeq: {sequence} {method}\r\nMax-Forwards: 70\r\n{contact}{extra}{typed}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Our tag in a message of ours.
pub fn our_tag(answer: &MessageBuf) -> String {
    let name = if answer.as_message().is_request() { HeaderName::From } else { HeaderName::To };
    let value = header(answer, name).unwrap_or_default();
    value.split_once(";tag=").map(|(_, tag)| tag.to_owned()).unwrap_or_default()
}

/// A header of a message, as written.
pub fn header(message: &MessageBuf, name: HeaderName) -> Option<String> {
    message.as_message().raw(name).next().map(str::to_owned)
}

pub fn start_line(message: &MessageBuf) -> String {
    let text = std::str::from_utf8(message.as_bytes()).unwrap();
    text.lines().next().unwrap_or_default().to_owned()
}
