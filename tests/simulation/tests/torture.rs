//! What a phone and a switch do with the torture messages of RFC 4475 and RFC 5118, over datagrams and over a stream.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, also where it meets something else"
)]

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_call_engine::{Switch, SwitchConfig};
use rvoip_hostile::torture::{self, Torture};
use rvoip_sans_io::{FlowId, FlowOpened, Input, Machine as _, Now, Output, Protocol, Random};
use rvoip_session_core::{Identity, UserAgent, UserAgentConfig, UserAgentEvent, UserAgentOutput};
use rvoip_sip_core::header::{CSeq, From, Via};
use rvoip_sip_core::{
    DigestClient, Frame, Header as _, HeaderName, Limits, Message, MessageBuf, NameAddrBuf, Password, SipUri,
    StatusCode, StreamFramer,
};

const UDP: FlowId = FlowId::from_platform(1);
const TCP: FlowId = FlowId::from_platform(2);
/// The phone of the switch's user.
const PHONE: &str = "192.0.2.77:5060";
const SECRET: &str = "secret";

fn here() -> SocketAddr {
    "192.0.2.10:5060".parse().unwrap()
}

fn sender() -> SocketAddr {
    "198.51.100.7:5062".parse().unwrap()
}

fn opened(flow: FlowId, protocol: Protocol) -> FlowOpened {
    let remote = (protocol == Protocol::Tcp).then(sender);
    FlowOpened { flow, protocol, local: here(), remote }
}

/// What a party sent, and whether its user heard of a call.
#[derive(Debug, Default)]
struct Done {
    sent: Vec<(SocketAddr, MessageBuf)>,
    rings: bool,
    asked: bool,
}

impl Done {
    fn sent(&mut self, destination: SocketAddr, bytes: bytes::Bytes) {
        self.sent.push((destination, MessageBuf::parse(bytes).unwrap()));
    }

    /// The final answer.
    fn status(&self) -> Option<StatusCode> {
        let statuses = self.sent.iter().filter_map(|(_, message)| message.as_message().status());
        statuses.filter(|status| !status.is_provisional()).last()
    }

    fn in_words(&self) -> String {
        let forwards = self.asked || self.sent.iter().any(|(_, message)| message.as_message().is_request());
        match self.status() {
            Some(status) => status.code().to_string(),
            None if self.rings => "rings".to_owned(),
            None if forwards => "forwards".to_owned(),
            None => "-".to_owned(),
        }
    }
}

trait Party {
    fn receive(&mut self, flow: FlowId, source: SocketAddr, bytes: &[u8]) -> Done;
}

struct Phone(UserAgent);

impl Phone {
    fn new() -> Self {
        let mut agent = UserAgent::new(UserAgentConfig::default(), Random::from_number(1));
        for opened in [opened(UDP, Protocol::Udp), opened(TCP, Protocol::Tcp)] {
            agent.handle_flow_opened(now(), &opened);
        }
        agent.add_identity(Identity::new(NameAddrBuf::parse("sip:user@example.com").unwrap()));
        Self(agent)
    }
}

fn now() -> Now {
    Now::at(Duration::ZERO)
}

impl Party for Phone {
    fn receive(&mut self, flow: FlowId, source: SocketAddr, bytes: &[u8]) -> Done {
        let mut done = Done::default();
        self.0.handle_received(now(), flow, source, bytes);
        loop {
            match self.0.poll_output() {
                UserAgentOutput::Transmit(transmit) => done.sent(transmit.destination, transmit.bytes),
                UserAgentOutput::Event(UserAgentEvent::InviteReceived { .. }) => done.rings = true,
                UserAgentOutput::Event(_) => {}
                UserAgentOutput::Timeout(_) => return done,
                output => panic!("{output:?}"),
            }
        }
    }
}

struct Exchange {
    switch: Switch,
    random: Random,
}

impl Exchange {
    /// A registrar and proxy with a registered phone of one of its users.
    fn new() -> Self {
        let mut config = SwitchConfig::for_domain("example.com");
        for user in ["user", "caller", "j.user", "watson", "resource", "mundane", "fluffy", "null-\0-null"] {
            config.users.insert(user.to_owned(), Password::new(SECRET));
        }
        let mut switch = Switch::new(config, Random::from_number(1));
        for opened in [opened(UDP, Protocol::Udp), opened(TCP, Protocol::Tcp)] {
            switch.handle_input(now(), Input::FlowOpened(opened));
        }
        let mut exchange = Self { switch, random: Random::from_number(2) };
        let register = format!(
            "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP {PHONE};branch=z9hG4bKregister\r\n\
             From: <sip:user@example.com>;tag=1\r\nTo: <sip:user@example.com>\r\nCall-ID: register\r\n\
             CSeq: 1 REGISTER\r\nContact: <sip:user@{PHONE}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        let phone = PHONE.parse().unwrap();
        exchange.take();
        let challenge = exchange.receive(UDP, phone, register.as_bytes());
        let signed = exchange.signed(register.as_bytes(), &challenge);
        let answer = exchange.receive(UDP, phone, signed.as_bytes());
        assert_eq!(answer.status(), Some(StatusCode::OK));
        exchange
    }

    fn take(&mut self) -> Done {
        let mut done = Done::default();
        loop {
            match self.switch.poll_output() {
                Output::Transmit(transmit) => done.sent(transmit.destination, transmit.bytes),
                Output::OpenFlow(_) | Output::Dns(..) => done.asked = true,
                Output::Event(_) => {}
                Output::Timeout(_) => return done,
                output => panic!("{output:?}"),
            }
        }
    }

    /// The request again, as another, with the credentials that it was asked for.
    fn signed(&mut self, request: &[u8], asked: &Done) -> MessageBuf {
        let (_, challenge) = asked.sent.last().unwrap();
        let request = Message::parse(request).unwrap();
        let from = request.require::<From<'_>>().unwrap();
        let user = from.address.uri.as_sip().and_then(SipUri::user_unescaped).unwrap();
        let cseq = request.require::<CSeq>().unwrap();
        let again = CSeq { sequence: cseq.sequence + 1, method: cseq.method };
        // A request of RFC 2543 has no branch to change.
        let via = request.raw(HeaderName::Via).next().unwrap();
        let via = via.replacen("branch=z9hG4bK", "branch=z9hG4bKx", 1);
        let edit = request.edit().set(&again).remove(&HeaderName::Authorization);
        let edit = edit.replace_first(&Via::decode(&via).unwrap());
        let again = edit.finish().unwrap();
        let again = again.as_message();
        let mut client = DigestClient::default();
        client.challenged(&challenge.as_message(), &again).unwrap();
        let headers = client.authorize(&again, &user, &Password::new(SECRET), &mut self.random);
        let signed =
            headers.into_iter().fold(again.edit(), |edit, (name, value)| edit.push_back_raw(name, &value));
        signed.finish().unwrap()
    }
}

impl Party for Exchange {
    fn receive(&mut self, flow: FlowId, source: SocketAddr, bytes: &[u8]) -> Done {
        self.switch.handle_input(now(), Input::Received { flow, source, bytes });
        self.take()
    }
}

/// What the switch says, and what it says to the same request with credentials if it wanted some.
fn of_switch(flow: FlowId, bytes: &[u8]) -> String {
    let mut exchange = Exchange::new();
    let first = exchange.receive(flow, sender(), bytes);
    if !matches!(first.status(), Some(StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED)) {
        return first.in_words();
    }
    let signed = exchange.signed(bytes, &first);
    let second = exchange.receive(flow, sender(), signed.as_bytes());
    format!("{} {}", first.in_words(), second.in_words())
}

/// What a phone says to a message that comes over a stream in pieces.
fn over_a_stream(bytes: &[u8], piece: usize) -> String {
    let (mut phone, mut framer, mut done) =
        (Phone::new(), StreamFramer::new(Limits::default()), Done::default());
    for piece in bytes.chunks(piece) {
        framer.push(piece);
        for frame in framer.by_ref() {
            let bytes = match frame {
                Ok(Frame::Message(bytes)) => bytes,
                Ok(Frame::Ping | Frame::Pong) => continue,
                // As the transport does: what came is handed on, then the connection ends.
                Err(error) => error.head,
            };
            let said = phone.receive(TCP, sender(), &bytes);
            done.sent.extend(said.sent);
            done.rings |= said.rings;
        }
    }
    done.in_words()
}

#[test]
fn a_phone_and_a_switch_answer_each_torture_message_by_the_book() {
    let mut wrong = Vec::new();
    for Torture { name, form, bytes, phone, switch, .. } in torture::messages() {
        let found = (Phone::new().receive(UDP, sender(), &bytes).in_words(), of_switch(UDP, &bytes));
        if found != (phone, switch) {
            wrong.push(format!("{name} ({form}): {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_torture_message_on_a_stream_is_answered_as_in_a_datagram_unless_its_end_is_not_known() {
    let unlike = [
        // Nobody knows yet that they end too early.
        ("baddn", "-"),
        ("clerr", "-"),
        ("ipv6-bug-abnf-3-colons", "-"),
        ("ipv6-correct-abnf-2-colons", "-"),
        ("ipv6-in-sdp", "-"),
        ("mult-ip-in-sdp", "-"),
        // No Content-Length.
        ("inv2543", "400"),
    ];
    let mut wrong = Vec::new();
    for Torture { name, form, bytes, phone, .. } in torture::messages() {
        let file = name.split_once('/').map_or(&*name, |(_, file)| file);
        for piece in [1, 7, usize::MAX] {
            let found = over_a_stream(&bytes, piece);
            let known = unlike.iter().any(|(of, outcome)| *of == file && *outcome == found);
            if found != phone && !known {
                wrong.push(format!("{name} ({form}) in pieces of {piece}: {found:?} is not {phone:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn bindings_keep_the_parameters_and_headers_of_their_uris_alone() {
    for (file, contact) in [
        ("cparam01", "<sip:+19725552222@gw1.example.net>"),
        ("cparam02", "<sip:+19725552222@gw1.example.net;unknownparam>"),
        ("regescrt", "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"),
    ] {
        let message = torture::messages().into_iter().find(|message| message.name.ends_with(file)).unwrap();
        let mut exchange = Exchange::new();
        let first = exchange.receive(UDP, sender(), &message.bytes);
        let signed = exchange.signed(&message.bytes, &first);
        let (_, answer) = exchange.receive(UDP, sender(), signed.as_bytes()).sent.pop().unwrap();
        let answer = answer.as_message();
        let contacts: Vec<&str> = answer.raw(HeaderName::Contact).collect();
        assert!(
            contacts.iter().any(|one| one.split(';').next() == contact.split(';').next()),
            "{contacts:?}"
        );
        assert!(contacts.iter().any(|one| one.starts_with(contact)), "{file}: {contacts:?}");
        assert_eq!(contact.contains("unknownparam"), contacts.iter().any(|one| one.contains("unknownparam")));
    }
}
