//! The switch on a virtual clock, with phones that are texts.
#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_call_engine::{Switch, SwitchConfig, SwitchEvent};
use rvoip_driver::{FlowId, FlowOpened, Input, Instant, Machine as _, Now, Output, Protocol, Random};
use rvoip_sip_core::{DigestClient, HeaderName, MessageBuf, MessageBuilder, Password, StatusCode};

const SWITCH: &str = "192.0.2.10:5060";
const ALICE: &str = "192.0.2.1:5060";
const BOB: &str = "192.0.2.2:5060";
const BOB_TOO: &str = "192.0.2.3:5060";
const STRANGER: &str = "198.51.100.1:5060";

/// A switch, its clock, and what it sent.
struct Bench {
    switch: Switch,
    now: Now,
    sent: Vec<(SocketAddr, String)>,
    events: Vec<SwitchEvent>,
    next: Option<Instant>,
    random: Random,
    sequence: u32,
}

impl Bench {
    fn new() -> Self {
        let mut config = SwitchConfig::for_domain("example.com");
        for user in ["alice", "bob", "carol"] {
            config.users.insert(user.to_owned(), Password::new(format!("{user}'s secret")));
        }
        let mut bench = Self {
            switch: Switch::new(config, Random::from_number(1)),
            now: Now::at(Duration::ZERO),
            sent: Vec::new(),
            events: Vec::new(),
            next: None,
            random: Random::from_number(2),
            sequence: 0,
        };
        let (flow, local) = (FlowId::from_platform(1), SWITCH.parse().unwrap());
        let opened = FlowOpened { flow, protocol: Protocol::Udp, local, remote: None };
        bench.switch.handle_input(bench.now, Input::FlowOpened(opened));
        bench.collect();
        bench.events.clear();
        bench
    }

    fn collect(&mut self) {
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
                other => panic!("{other:?}"),
            }
        }
    }

    fn receive(&mut self, from: &str, text: &str) {
        let (flow, source) = (FlowId::from_platform(1), from.parse().unwrap());
        self.switch.handle_input(self.now, Input::Received { flow, source, bytes: text.as_bytes() });
        self.collect();
    }

    fn wait(&mut self, duration: Duration) {
        let end = self.now.later(duration);
        while let Some(at) = self.next.filter(|at| *at <= end.monotonic) {
            self.now = self.now.when(at);
            self.switch.handle_timeout(self.now);
            self.collect();
        }
        self.now = end;
    }

    /// What was sent to an address since the last look: first lines.
    fn sent_to(&mut self, address: &str) -> Vec<String> {
        let address: SocketAddr = address.parse().unwrap();
        let (to, others) = self.sent.drain(..).partition(|(destination, _)| *destination == address);
        self.sent = others;
        let to: Vec<(SocketAddr, String)> = to;
        to.into_iter().map(|(_, text)| text.lines().next().unwrap_or_default().to_owned()).collect()
    }

    /// The last message to an address.
    fn last_to(&self, address: &str) -> MessageBuf {
        let address: SocketAddr = address.parse().unwrap();
        let (_, text) = self.sent.iter().rev().find(|(destination, _)| *destination == address).unwrap();
        MessageBuf::parse(text.clone().into()).unwrap()
    }

    /// A request of a phone; `extra` are further header lines.
    fn request(&mut self, from: &str, method: &str, uri: &str, user: &str, to: &str, extra: &str) -> String {
        self.sequence += 1;
        let branch = self.random.token(12);
        let sequence = self.sequence;
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{branch};rport\r\n\
             From: <sip:{user}@example.com>;tag={user}\r\nTo: {to}\r\nCall-ID: {user}-call\r\n\
             CSeq: {sequence} {method}\r\nMax-Forwards: 70\r\nContact: <sip:{user}@{from}>\r\n{extra}Content-Length: 0\r\n\r\n"
        )
    }

    /// Sends a request, and once more with credentials when it is challenged.
    fn authenticated(&mut self, from: &str, request: &str, user: &str, password: &str) -> String {
        self.receive(from, request);
        let challenge = self.last_to(from);
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
        let via = format!("Via: SIP/2.0/UDP {from};branch=z9hG4bK{branch};rport");
        let text = text.lines().map(|line| if line.starts_with("Via:") { &via } else { line });
        let text = text.collect::<Vec<_>>().join("\r\n") + "\r\n\r\n";
        self.sent.clear();
        self.receive(from, &text);
        text
    }

    fn register(&mut self, from: &str, user: &str, extra: &str) -> MessageBuf {
        let to = format!("<sip:{user}@example.com>");
        let request = self.request(from, "REGISTER", "sip:example.com", user, &to, extra);
        self.authenticated(from, &request, user, &format!("{user}'s secret"));
        self.last_to(from)
    }

    fn answer(&mut self, at: &str, status: u16, tag: &str) {
        let request = self.last_to(at);
        let status = StatusCode::new(status).unwrap();
        let builder = MessageBuilder::response_to(&request.as_message(), status)
            .copy(&request.as_message(), &HeaderName::RecordRoute)
            .raw(HeaderName::Contact, &format!("<sip:bob@{at}>"))
            .to_tag(tag);
        let answer = builder.build().unwrap();
        let text = String::from_utf8(answer.as_bytes().to_vec()).unwrap();
        self.receive(at, &text);
    }

    fn invite(&mut self, to: &str) -> String {
        let request = self.request(ALICE, "INVITE", to, "alice", &format!("<{to}>"), "");
        self.authenticated(ALICE, &request, "alice", "alice's secret")
    }

    fn assert_idle(&mut self) {
        self.wait(Duration::from_secs(300));
        assert_eq!(self.switch.live(), 0);
    }
}

fn status(message: &MessageBuf) -> u16 {
    message.as_message().status().unwrap().code()
}

#[test]
fn a_phone_registers_refreshes_and_leaves() {
    let mut bench = Bench::new();
    let ok = bench.register(BOB, "bob", "Expires: 60\r\n");
    assert_eq!(status(&ok), 200);
    assert_eq!(ok.as_message().raw(HeaderName::Contact).next(), Some("<sip:bob@192.0.2.2:5060>;expires=60"));
    let registered =
        |event: &SwitchEvent| matches!(event, SwitchEvent::Registered { user, .. } if user == "bob");
    assert!(bench.events.iter().any(registered));
    bench.wait(Duration::from_secs(30));
    bench.register(BOB, "bob", "Expires: 60\r\n");
    bench.wait(Duration::from_secs(59));
    assert_eq!(bench.switch.bindings("bob").len(), 1);
    bench.wait(Duration::from_secs(2));
    assert!(bench.switch.bindings("bob").is_empty(), "it ended");
    bench.register(BOB, "bob", "Expires: 60\r\n");
    let ok = bench.register(BOB, "bob", "Expires: 0\r\n");
    assert_eq!((status(&ok), ok.as_message().raw(HeaderName::Contact).next()), (200, None));
    let left = bench.events.iter().filter(|event| matches!(event, SwitchEvent::Unregistered { .. })).count();
    assert_eq!(left, 2);
    bench.assert_idle();
}

#[test]
fn a_wrong_password_and_a_foreign_address_are_refused() {
    let mut bench = Bench::new();
    let request = bench.request(BOB, "REGISTER", "sip:example.com", "bob", "<sip:bob@example.com>", "");
    bench.authenticated(BOB, &request, "bob", "guess");
    assert_eq!(status(&bench.last_to(BOB)), 401);
    bench.authenticated(BOB, &request, "nobody", "guess");
    assert_eq!(status(&bench.last_to(BOB)), 401);
    let request = bench.request(BOB, "REGISTER", "sip:example.com", "bob", "<sip:alice@example.com>", "");
    bench.authenticated(BOB, &request, "bob", "bob's secret");
    assert_eq!(status(&bench.last_to(BOB)), 403);
    assert!(bench.switch.bindings("bob").is_empty() && bench.switch.bindings("alice").is_empty());
    bench.assert_idle();
}

#[test]
fn short_many_and_all_contacts_are_treated_by_the_book() {
    let mut bench = Bench::new();
    let refused = bench.register(BOB, "bob", "Expires: 5\r\n");
    assert_eq!(status(&refused), 423);
    assert_eq!(refused.as_message().raw(HeaderName::MinExpires).next(), Some("30"));
    let contacts: Vec<String> = (6_000..6_011).map(|port| format!("<sip:bob@192.0.2.2:{port}>")).collect();
    let many = format!("Contact: {}\r\n", contacts.join(", "));
    assert_eq!(status(&bench.register(BOB, "bob", &many)), 403);
    assert!(bench.switch.bindings("bob").is_empty(), "all of a REGISTER or nothing");
    bench.register(BOB, "bob", "Contact: <sip:bob@192.0.2.2:6000>;q=0.3\r\n");
    assert_eq!(bench.switch.bindings("bob").len(), 2);
    let to = "<sip:bob@example.com>";
    let request = bench.request(BOB, "REGISTER", "sip:example.com", "bob", to, "Expires: 0\r\n");
    let all = request.replace("Contact: <sip:bob@192.0.2.2:5060>", "Contact: *");
    bench.authenticated(BOB, &all, "bob", "bob's secret");
    assert_eq!(status(&bench.last_to(BOB)), 200);
    assert!(bench.switch.bindings("bob").is_empty());
    let request = bench.request(BOB, "REGISTER", "sip:example.com", "bob", to, "");
    let wrong = request.replace("Contact: <sip:bob@192.0.2.2:5060>", "Contact: *");
    bench.authenticated(BOB, &wrong, "bob", "bob's secret");
    assert_eq!(status(&bench.last_to(BOB)), 400);
    bench.assert_idle();
}

#[test]
fn a_call_rings_is_answered_and_ends_through_the_proxy() {
    let mut bench = Bench::new();
    bench.register(BOB, "bob", "");
    bench.register(ALICE, "alice", "");
    bench.sent.clear();
    bench.invite("sip:bob@example.com");
    assert_eq!(bench.sent_to(ALICE), ["SIP/2.0 100 Trying"]);
    let invite = bench.last_to(BOB);
    let message = invite.as_message();
    assert_eq!(message.request_uri_text(), Some("sip:bob@192.0.2.2:5060"));
    assert_eq!(message.raw(HeaderName::RecordRoute).next(), Some("<sip:192.0.2.10:5060;lr>"));
    assert_eq!(message.raw(HeaderName::MaxForwards).next(), Some("69"));
    assert_eq!(message.raw(HeaderName::ProxyAuthorization).next(), None, "the proof is for the proxy alone");
    assert_eq!(message.raw(HeaderName::Via).count(), 2);
    bench.answer(BOB, 180, "bob");
    bench.answer(BOB, 200, "bob");
    assert_eq!(bench.sent_to(ALICE), ["SIP/2.0 180 Ringing", "SIP/2.0 200 OK"]);
    bench.sent.clear();
    let route = "Route: <sip:192.0.2.10:5060;lr>\r\n";
    let to = "<sip:bob@example.com>;tag=bob";
    let ack = bench.request(ALICE, "ACK", "sip:bob@192.0.2.2:5060", "alice", to, route);
    bench.receive(ALICE, &ack);
    assert_eq!(bench.sent_to(BOB), ["ACK sip:bob@192.0.2.2:5060 SIP/2.0"]);
    let bye = bench.request(ALICE, "BYE", "sip:bob@192.0.2.2:5060", "alice", to, route);
    bench.receive(ALICE, &bye);
    assert_eq!(bench.last_to(BOB).as_message().raw(HeaderName::Route).count(), 0);
    bench.answer(BOB, 200, "bob");
    assert_eq!(bench.sent_to(ALICE), ["SIP/2.0 200 OK"]);
    bench.assert_idle();
}

#[test]
fn a_call_to_two_phones_is_taken_by_one_and_cancelled_at_the_other() {
    let mut bench = Bench::new();
    bench.register(BOB, "bob", "");
    bench.register(BOB_TOO, "bob", "");
    bench.sent.clear();
    bench.invite("sip:bob@example.com");
    bench.answer(BOB, 180, "one");
    bench.answer(BOB_TOO, 180, "two");
    bench.answer(BOB, 200, "one");
    assert_eq!(
        bench.sent_to(BOB_TOO).last().map(String::as_str),
        Some("CANCEL sip:bob@192.0.2.3:5060 SIP/2.0")
    );
    let ladder = bench.sent_to(ALICE);
    assert_eq!(ladder.last().map(String::as_str), Some("SIP/2.0 200 OK"));
    bench.assert_idle();
}

#[test]
fn the_best_answer_of_all_branches_is_the_callers() {
    let mut bench = Bench::new();
    bench.register(BOB, "bob", "");
    bench.register(BOB_TOO, "bob", "");
    bench.sent.clear();
    bench.invite("sip:bob@example.com");
    bench.answer(BOB, 503, "one");
    bench.answer(BOB_TOO, 486, "two");
    assert_eq!(bench.sent_to(ALICE).last().map(String::as_str), Some("SIP/2.0 486 Busy Here"));
    bench.assert_idle();
}

#[test]
fn a_caller_that_gives_up_cancels_every_branch() {
    let mut bench = Bench::new();
    bench.register(BOB, "bob", "");
    bench.sent.clear();
    let invite = bench.invite("sip:bob@example.com");
    bench.answer(BOB, 180, "bob");
    let keep = |line: &&str| !line.starts_with("Contact") && !line.starts_with("Proxy-Auth");
    let cancel: Vec<&str> = invite.lines().filter(keep).collect();
    let cancel = cancel.join("\r\n").replace("INVITE", "CANCEL") + "\r\n\r\n";
    let forwarded = bench.last_to(BOB);
    bench.receive(ALICE, &cancel);
    assert_eq!(bench.sent_to(BOB).last().map(String::as_str), Some("CANCEL sip:bob@192.0.2.2:5060 SIP/2.0"));
    let ended = MessageBuilder::response_to(&forwarded.as_message(), StatusCode::REQUEST_TERMINATED);
    let ended = ended.to_tag("bob").build().unwrap();
    bench.receive(BOB, std::str::from_utf8(ended.as_bytes()).unwrap());
    let ladder = bench.sent_to(ALICE);
    assert_eq!(&ladder[ladder.len() - 2..], ["SIP/2.0 200 OK", "SIP/2.0 487 Request Terminated"]);
    bench.assert_idle();
}

#[test]
fn what_cannot_be_forwarded_is_refused_by_the_book() {
    let mut bench = Bench::new();
    bench.register(BOB, "bob", "");
    for (uri, extra, expect) in [
        ("sip:nobody@example.com", "", 404),
        ("sip:carol@example.com", "", 480),
        ("sip:x@elsewhere.example", "", 403),
        ("sip:bob@example.com", "Proxy-Require: magic\r\n", 420),
    ] {
        let request = bench.request(ALICE, "INVITE", uri, "alice", &format!("<{uri}>"), extra);
        if expect == 420 {
            bench.receive(ALICE, &request);
        } else {
            bench.authenticated(ALICE, &request, "alice", "alice's secret");
        }
        assert_eq!(status(&bench.last_to(ALICE)), expect, "{uri}");
    }
    let to = "<sip:bob@example.com>";
    let request = bench.request(ALICE, "INVITE", "sip:bob@example.com", "alice", to, "");
    bench.receive(ALICE, &request.replace("Max-Forwards: 70", "Max-Forwards: 0"));
    assert_eq!(status(&bench.last_to(ALICE)), 483);
    let request = bench.request(ALICE, "INVITE", "http://x", "alice", to, "");
    bench.receive(ALICE, &request);
    assert_eq!(status(&bench.last_to(ALICE)), 416);
    bench.sent.clear();
    let stranger = bench.request(STRANGER, "BYE", "sip:victim@203.0.113.9", "mallory", "<sip:x@y>;tag=1", "");
    bench.receive(STRANGER, &stranger.replace("mallory@example.com", "mallory@evil.example"));
    assert_eq!(
        bench.sent_to(STRANGER),
        ["SIP/2.0 481 Call/Transaction Does Not Exist"],
        "nothing is relayed"
    );
    assert!(bench.sent.is_empty());
    bench.assert_idle();
}

#[test]
fn a_stranger_may_call_our_users_and_nobody_may_pretend_to_be_one() {
    let mut bench = Bench::new();
    bench.register(BOB, "bob", "");
    bench.sent.clear();
    let to = "<sip:bob@example.com>";
    let call = bench.request(STRANGER, "INVITE", "sip:bob@example.com", "zoe", to, "");
    bench.receive(STRANGER, &call.replace("zoe@example.com", "zoe@elsewhere.example"));
    bench.answer(BOB, 486, "bob");
    assert_eq!(bench.sent_to(BOB).len(), 2, "the INVITE and the ACK");
    let call = bench.request(STRANGER, "INVITE", "sip:bob@example.com", "alice", to, "");
    bench.receive(STRANGER, &call);
    assert_eq!(
        bench.sent_to(STRANGER).last().map(String::as_str),
        Some("SIP/2.0 407 Proxy Authentication Required")
    );
    let call = bench.request(STRANGER, "INVITE", "sip:bob@example.com", "alice", to, "");
    let call = call.replace("alice-call", "other-call");
    bench.authenticated(STRANGER, &call, "bob", "bob's secret");
    assert_eq!(bench.sent_to(STRANGER), ["SIP/2.0 403 Forbidden"]);
    bench.assert_idle();
}

#[test]
fn a_request_that_comes_back_is_a_loop() {
    let mut bench = Bench::new();
    bench.register(BOB, "bob", "");
    bench.sent.clear();
    let call = bench.request(STRANGER, "INVITE", "sip:bob@example.com", "zoe", "<sip:bob@example.com>", "");
    let call = call.replace("zoe@example.com", "zoe@elsewhere.example");
    bench.receive(STRANGER, &call);
    let again = call.replace("branch=z9hG4bK", "branch=z9hG4bKx");
    bench.receive(STRANGER, &again);
    assert_eq!(bench.sent_to(STRANGER).last().map(String::as_str), Some("SIP/2.0 482 Loop Detected"));
    bench.answer(BOB, 486, "bob");
    bench.assert_idle();
}

#[test]
fn a_phone_that_does_not_answer_is_given_up_and_leaves_nothing() {
    let mut bench = Bench::new();
    bench.register(BOB, "bob", "");
    bench.sent.clear();
    bench.invite("sip:bob@example.com");
    bench.wait(Duration::from_secs(33));
    assert_eq!(bench.sent_to(ALICE).last().map(String::as_str), Some("SIP/2.0 408 Request Timeout"));
    bench.assert_idle();
    bench.register(BOB, "bob", "");
    bench.invite("sip:bob@example.com");
    bench.answer(BOB, 180, "bob");
    bench.sent.clear();
    bench.wait(Duration::from_secs(182));
    assert!(bench.sent_to(BOB).iter().any(|line| line.starts_with("CANCEL")), "timer C");
    bench.assert_idle();
}
