//! A switch on a virtual clock, with phones that are texts.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use rvoip_call_engine::{Switch, SwitchConfig, SwitchEvent};
use rvoip_driver::{
    FlowId, FlowOpened, Input, Instant, Machine as _, Now, OpenFlow, Output, Protocol, Random,
};
use rvoip_sip_core::{DigestClient, HeaderName, MessageBuf, MessageBuilder, Password, StatusCode};

pub const SWITCH: &str = "192.0.2.10:5060";
pub const ALICE: &str = "192.0.2.1:5060";
pub const BOB: &str = "192.0.2.2:5060";
pub const BOB_TOO: &str = "192.0.2.3:5060";
pub const STRANGER: &str = "198.51.100.1:5060";

/// Where the switch listens, by transport.
pub const LISTENS: [(Protocol, &str); 5] = [
    (Protocol::Udp, SWITCH),
    (Protocol::Tcp, SWITCH),
    (Protocol::Tls, "192.0.2.10:5061"),
    (Protocol::Ws, "192.0.2.10:80"),
    (Protocol::Wss, "192.0.2.10:443"),
];

/// A switch, its clock, and what it sent.
pub struct Bench {
    pub switch: Switch,
    pub now: Now,
    pub sent: Vec<(SocketAddr, String)>,
    pub events: Vec<SwitchEvent>,
    next: Option<Instant>,
    random: Random,
    sequence: u32,
    /// Connections of phones, by their addresses.
    pub connections: BTreeMap<SocketAddr, (FlowId, Protocol)>,
    /// Connections that the switch asked for.
    pub opening: Vec<OpenFlow>,
    last_flow: u64,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// A switch with other settings, on all five transports.
    pub fn with(change: impl FnOnce(&mut SwitchConfig)) -> Self {
        let mut config = SwitchConfig::for_domain("example.com");
        for user in ["alice", "bob", "carol"] {
            config.users.insert(user.to_owned(), Password::new(format!("{user}'s secret")));
        }
        change(&mut config);
        let mut bench = Self {
            switch: Switch::new(config, Random::from_number(1)),
            now: Now::at(Duration::ZERO),
            sent: Vec::new(),
            events: Vec::new(),
            next: None,
            random: Random::from_number(2),
            sequence: 0,
            connections: BTreeMap::new(),
            opening: Vec::new(),
            last_flow: 10,
        };
        for (number, (protocol, local)) in LISTENS.into_iter().enumerate() {
            let flow = FlowId::from_platform(u64::try_from(number).unwrap() + 1);
            let opened = FlowOpened { flow, protocol, local: local.parse().unwrap(), remote: None };
            bench.switch.handle_input(bench.now, Input::FlowOpened(opened));
        }
        bench.collect();
        bench.events.clear();
        bench
    }

    pub fn collect(&mut self) {
        loop {
            match self.switch.poll_output() {
                Output::Transmit(transmit) => {
                    let text = String::from_utf8(transmit.bytes.to_vec()).unwrap();
                    self.sent.push((transmit.destination, text));
                }
                Output::Event(event) => self.events.push(event),
                Output::Timeout(at) => {
                    self.next = at;
                    return;
                }
                Output::OpenFlow(open) => self.opening.push(open),
                Output::CloseFlow(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub fn receive(&mut self, from: &str, text: &str) {
        let source: SocketAddr = from.parse().unwrap();
        let flow = self.connections.get(&source).map_or(FlowId::from_platform(1), |(flow, _)| *flow);
        self.switch.handle_input(self.now, Input::Received { flow, source, bytes: text.as_bytes() });
        self.collect();
    }

    /// A phone connects.
    pub fn connect(&mut self, protocol: Protocol, from: &str) {
        self.last_flow += 1;
        let (flow, remote) = (FlowId::from_platform(self.last_flow), from.parse().unwrap());
        self.connections.insert(remote, (flow, protocol));
        let (_, local) = LISTENS.into_iter().find(|(listens, _)| *listens == protocol).unwrap();
        let opened = FlowOpened { flow, protocol, local: local.parse().unwrap(), remote: Some(remote) };
        self.switch.handle_input(self.now, Input::FlowOpened(opened));
        self.collect();
    }

    /// The connection of a phone is gone.
    pub fn disconnect(&mut self, from: &str) {
        let (flow, _) = self.connections.remove(&from.parse().unwrap()).unwrap();
        let reason = "the peer closed the connection".to_owned();
        self.switch.handle_input(self.now, Input::FlowFailed { flow, reason });
        self.collect();
    }

    /// The transport that a phone writes into its Via.
    fn transport(&self, from: &str) -> &'static str {
        let connection = self.connections.get(&from.parse().unwrap());
        connection.map_or(Protocol::Udp, |(_, protocol)| *protocol).via_name()
    }

    pub fn wait(&mut self, duration: Duration) {
        let end = self.now.later(duration);
        while let Some(at) = self.next.filter(|at| *at <= end.monotonic) {
            self.now = self.now.when(at);
            self.switch.handle_timeout(self.now);
            self.collect();
        }
        self.now = end;
    }

    /// What was sent to an address since the last look: first lines.
    pub fn sent_to(&mut self, address: &str) -> Vec<String> {
        let address: SocketAddr = address.parse().unwrap();
        let (to, others) = self.sent.drain(..).partition(|(destination, _)| *destination == address);
        self.sent = others;
        let to: Vec<(SocketAddr, String)> = to;
        to.into_iter().map(|(_, text)| text.lines().next().unwrap_or_default().to_owned()).collect()
    }

    /// The last message to an address.
    pub fn last_to(&self, address: &str) -> MessageBuf {
        let address: SocketAddr = address.parse().unwrap();
        let (_, text) = self.sent.iter().rev().find(|(destination, _)| *destination == address).unwrap();
        MessageBuf::parse(text.clone().into()).unwrap()
    }

    /// A request of a phone; `extra` are further header lines.
    pub fn request(
        &mut self,
        from: &str,
        method: &str,
        uri: &str,
        user: &str,
        to: &str,
        extra: &str,
    ) -> String {
        self.sequence += 1;
        let branch = self.random.token(12);
        let (sequence, transport) = (self.sequence, self.transport(from));
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{transport} {from};branch=z9hG4bK{branch};rport\r\n\
             From: <sip:{user}@example.com>;tag={user}\r\nTo: {to}\r\nCall-ID: {user}-call\r\n\
             CSeq: {sequence} {method}\r\nMax-Forwards: 70\r\nContact: <sip:{user}@{from}>\r\n{extra}Content-Length: 0\r\n\r\n"
        )
    }

    /// Sends a request, and once more with credentials when it is challenged.
    pub fn authenticated(&mut self, from: &str, request: &str, user: &str, password: &str) -> String {
        self.receive(from, request);
        let challenge = self.last_to(from);
        let text = self.signed(from, request, &challenge, user, password);
        self.sent.clear();
        self.receive(from, &text);
        text
    }

    /// A request again, with credentials.
    pub fn signed(
        &mut self,
        from: &str,
        request: &str,
        challenge: &MessageBuf,
        user: &str,
        password: &str,
    ) -> String {
        let sent = MessageBuf::parse(request.to_owned().into()).unwrap();
        let mut client = DigestClient::default();
        client.challenged(&challenge.as_message(), &sent.as_message()).unwrap();
        let password = Password::new(password);
        let headers = client.authorize(&sent.as_message(), user, &password, &mut self.random);
        let message = sent.as_message();
        let edit =
            headers.iter().fold(message.edit(), |edit, (name, value)| edit.set_raw(name.clone(), value));
        self.sequence += 1;
        let method = message.method().unwrap();
        let edit = edit.set_raw(HeaderName::CSeq, &format!("{} {method}", self.sequence));
        let edited = edit.finish().unwrap();
        let text = String::from_utf8(edited.as_bytes().to_vec()).unwrap();
        let branch = self.random.token(12);
        let via = format!("Via: SIP/2.0/{} {from};branch=z9hG4bK{branch};rport", self.transport(from));
        let text = text.lines().map(|line| if line.starts_with("Via:") { &via } else { line });
        text.collect::<Vec<_>>().join("\r\n") + "\r\n"
    }

    pub fn register(&mut self, from: &str, user: &str, extra: &str) -> MessageBuf {
        let to = format!("<sip:{user}@example.com>");
        let request = self.request(from, "REGISTER", "sip:example.com", user, &to, extra);
        self.authenticated(from, &request, user, &format!("{user}'s secret"));
        self.last_to(from)
    }

    /// Registers with this Contact.
    pub fn register_as(&mut self, from: &str, user: &str, contact: &str, extra: &str) -> MessageBuf {
        let to = format!("<sip:{user}@example.com>");
        let request = self.request(from, "REGISTER", "sip:example.com", user, &to, extra);
        let plain = format!("Contact: <sip:{user}@{from}>");
        let request = request.replace(&plain, &format!("Contact: {contact}"));
        self.authenticated(from, &request, user, &format!("{user}'s secret"));
        self.last_to(from)
    }

    /// Lets what nobody answers end.
    pub fn answer_lost(&mut self) {
        self.wait(Duration::from_secs(40));
    }

    pub fn answer(&mut self, at: &str, status: u16, tag: &str) {
        self.answer_as(at, status, tag, &format!("<sip:bob@{at}>"));
    }

    /// Answers the last request with this Contact.
    pub fn answer_as(&mut self, at: &str, status: u16, tag: &str, contact: &str) {
        let request = self.last_to(at);
        let status = StatusCode::new(status).unwrap();
        let builder = MessageBuilder::response_to(&request.as_message(), status)
            .copy(&request.as_message(), &HeaderName::RecordRoute)
            .raw(HeaderName::Contact, contact)
            .to_tag(tag);
        let answer = builder.build().unwrap();
        let text = String::from_utf8(answer.as_bytes().to_vec()).unwrap();
        self.receive(at, &text);
    }

    pub fn invite(&mut self, to: &str) -> String {
        let request = self.request(ALICE, "INVITE", to, "alice", &format!("<{to}>"), "");
        self.authenticated(ALICE, &request, "alice", "alice's secret")
    }

    pub fn assert_idle(&mut self) {
        self.wait(Duration::from_secs(300));
        assert_eq!(self.switch.live(), 0);
    }
}

pub fn status(message: &MessageBuf) -> u16 {
    message.as_message().status().unwrap().code()
}

/// The values of a header.
pub fn values(message: &MessageBuf, name: HeaderName) -> Vec<String> {
    message.as_message().raw(name).map(str::to_owned).collect()
}

/// The Route lines of a dialog's requests: the recorded route, reversed for the caller.
pub fn routes(recorded: &MessageBuf, of_caller: bool) -> String {
    let mut routes = values(recorded, HeaderName::RecordRoute);
    if of_caller {
        routes.reverse();
    }
    routes.iter().fold(String::new(), |lines, route| lines + "Route: " + route + "\r\n")
}
