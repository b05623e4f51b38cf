//! One phone on a virtual clock, and a server that is a test.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_sans_io::{FlowId, FlowOpened, Instant, Now, Protocol, Random};
use rvoip_session_core::{
    Credentials, Identity, IdentityId, Question, UserAgent, UserAgentConfig, UserAgentEvent, UserAgentOutput,
};
use rvoip_sip_core::{HeaderName, MessageBuf, MessageBuilder, NameAddrBuf, Password, StatusCode, UriBuf};

pub const PHONE: &str = "192.0.2.1:5060";
pub const SERVER: &str = "192.0.2.10:5060";

pub struct Bench {
    pub phone: UserAgent,
    pub alice: IdentityId,
    pub now: Now,
    /// What was sent and not yet looked at.
    pub sent: Vec<String>,
    pub events: Vec<UserAgentEvent>,
    pub questions: Vec<Question>,
    pub next: Option<Instant>,
}

impl Bench {
    pub fn new() -> Self {
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
        let alice = phone.add_identity(identity);
        let mut bench = Self {
            phone,
            alice,
            now,
            sent: Vec::new(),
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
                    self.sent.push(String::from_utf8(transmit.bytes.to_vec()).unwrap());
                }
                UserAgentOutput::Media(question) => self.questions.push(question),
                UserAgentOutput::Event(event) => self.events.push(event),
                UserAgentOutput::Timeout(at) => {
                    self.next = at;
                    return;
                }
                UserAgentOutput::OpenFlow(_) | UserAgentOutput::CloseFlow(_) | UserAgentOutput::Dns(..) => {
                    panic!("a phone with addresses on UDP needs none of these")
                }
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
        let server: SocketAddr = SERVER.parse().unwrap();
        self.phone.handle_received(self.now, FlowId::from_platform(1), server, text.as_bytes());
        self.collect();
    }

    /// The last message that was sent; forgets all before it.
    pub fn last(&mut self) -> MessageBuf {
        let last = self.sent.drain(..).next_back().unwrap();
        MessageBuf::parse(last.into()).unwrap()
    }

    /// Answers a request of the phone.
    pub fn answer(&mut self, request: &MessageBuf, status: u16, headers: &[(HeaderName, &str)]) {
        let status = StatusCode::new(status).unwrap();
        let builder = MessageBuilder::response_to(&request.as_message(), status).to_tag("server");
        let builder = headers.iter().fold(builder, |builder, (name, value)| builder.raw(name.clone(), value));
        let answer = builder.build().unwrap();
        self.receive(std::str::from_utf8(answer.as_bytes()).unwrap());
    }

    pub fn take_events(&mut self) -> Vec<UserAgentEvent> {
        std::mem::take(&mut self.events)
    }
}

/// A header of a message, as written.
pub fn header(message: &MessageBuf, name: HeaderName) -> Option<String> {
    message.as_message().raw(name).next().map(str::to_owned)
}

pub fn start_line(message: &MessageBuf) -> String {
    let text = std::str::from_utf8(message.as_bytes()).unwrap();
    text.lines().next().unwrap_or_default().to_owned()
}
