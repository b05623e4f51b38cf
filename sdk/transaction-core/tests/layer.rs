//! The layer on a virtual clock: ladders of requests and responses, over datagrams and streams.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use rvoip_sans_io::{
    DnsAnswer, DnsError, DnsQuestion, FlowId, FlowOpened, Instant, Now, OpenFlow, Protocol, QuestionId,
    Random, RecordType,
};
use rvoip_sip_core::header::{CSeq, CallId, From, MaxForwards, To, Via};
use rvoip_sip_core::{MessageBuf, MessageBuilder, Method, StatusCode, UriBuf};
use rvoip_transaction_core::{
    ClientFailure, ClientKey, Config, DialogId, Incoming, LayerEvent, LayerOutput, LocalContact, Outgoing,
    ServerKey, Target, TransactionLayer, dispatch,
};

const UDP: u64 = 1;
const HERE: &str = "192.0.2.1:5060";
const PEER: &str = "192.0.2.2:5060";

/// A layer, its clock, and what it gave since the last look.
struct Bench {
    layer: TransactionLayer,
    now: Now,
    sent: Vec<(FlowId, SocketAddr, String)>,
    events: Vec<LayerEvent>,
    opens: Vec<OpenFlow>,
    closes: Vec<FlowId>,
    questions: Vec<(QuestionId, DnsQuestion)>,
    next: Option<Instant>,
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

impl Bench {
    fn new() -> Self {
        Self::with(Config::default())
    }

    fn with(config: Config) -> Self {
        let mut bench = Self {
            layer: TransactionLayer::new(config, Random::from_number(1)),
            now: Now::at(Duration::ZERO),
            sent: Vec::new(),
            events: Vec::new(),
            opens: Vec::new(),
            closes: Vec::new(),
            questions: Vec::new(),
            next: None,
        };
        bench.opened(FlowId::from_platform(UDP), Protocol::Udp, HERE, None);
        bench
    }

    fn opened(&mut self, flow: FlowId, protocol: Protocol, local: &str, remote: Option<&str>) {
        let opened = FlowOpened { flow, protocol, local: address(local), remote: remote.map(address) };
        self.layer.handle_flow_opened(self.now, &opened);
        self.collect();
    }

    fn collect(&mut self) {
        loop {
            match self.layer.poll_output() {
                LayerOutput::Transmit(transmit) => self.sent.push((
                    transmit.flow,
                    transmit.destination,
                    String::from_utf8(transmit.bytes.to_vec()).unwrap(),
                )),
                LayerOutput::OpenFlow(open) => self.opens.push(open),
                LayerOutput::CloseFlow(flow) => self.closes.push(flow),
                LayerOutput::Dns(id, question) => self.questions.push((id, question)),
                LayerOutput::Event(event) => self.events.push(event),
                LayerOutput::Timeout(at) => {
                    self.next = at;
                    return;
                }
            }
        }
    }

    /// Lets time pass, firing every timer at its moment.
    fn wait(&mut self, duration: Duration) {
        let end = self.now.later(duration);
        while let Some(at) = self.next.filter(|at| *at <= end.monotonic) {
            self.now = self.now.when(at);
            self.layer.handle_timeout(self.now);
            self.collect();
        }
        self.now = end;
    }

    fn receive(&mut self, bytes: &str) -> Option<Heard> {
        self.receive_on(FlowId::from_platform(UDP), bytes)
    }

    fn receive_on(&mut self, flow: FlowId, bytes: &str) -> Option<Heard> {
        let heard =
            self.layer.handle_received(self.now, flow, address(PEER), bytes.as_bytes()).map(|incoming| {
                match incoming {
                    Incoming::Request { key, request, merged, .. } => Heard::Request(key, request, merged),
                    Incoming::Cancel { invite } => Heard::Cancel(invite),
                    Incoming::Ack { .. } => Heard::Ack,
                    Incoming::Response { key, message, .. } => {
                        Heard::Response(key, message.status().unwrap())
                    }
                }
            });
        self.collect();
        heard
    }

    fn send(&mut self, request: MessageBuf, target: &str) -> ClientKey {
        let target = Target::new(UriBuf::parse(target).unwrap());
        let key = self.layer.send_request(self.now, Outgoing { request, target, contact: None });
        self.collect();
        key
    }

    fn respond(&mut self, key: ServerKey, request: &MessageBuf, status: u16) {
        let status = StatusCode::new(status).unwrap();
        let mut answer = MessageBuilder::response_to(&request.as_message(), status);
        if status != StatusCode::TRYING {
            answer = answer.to_tag("here");
        }
        self.layer.respond(self.now, key, answer.build().unwrap());
        self.collect();
    }

    fn take_sent(&mut self) -> Vec<String> {
        self.sent.drain(..).map(|(_, _, text)| first_line(&text)).collect()
    }

    fn take_events(&mut self) -> Vec<LayerEvent> {
        std::mem::take(&mut self.events)
    }
}

#[derive(Debug)]
enum Heard {
    Request(ServerKey, MessageBuf, bool),
    Cancel(ServerKey),
    Ack,
    Response(ClientKey, StatusCode),
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn request(method: Method) -> MessageBuf {
    let uri = UriBuf::parse("sip:bob@example.com").unwrap();
    MessageBuilder::request(method.clone(), &uri.as_uri())
        .header(&From::decode_text("<sip:alice@example.com>;tag=a"))
        .header(&To::decode_text("<sip:bob@example.com>"))
        .header(&CallId("call"))
        .header(&CSeq { sequence: 7, method })
        .header(&MaxForwards(70))
        .build()
        .unwrap()
}

trait DecodeText<'a> {
    fn decode_text(text: &'a str) -> Self;
}

impl<'a, T: rvoip_sip_core::Header<'a>> DecodeText<'a> for T {
    fn decode_text(text: &'a str) -> Self {
        T::decode(text).unwrap()
    }
}

/// The answer of a peer to what we sent.
fn answer(sent: &str, status: u16) -> String {
    let sent = MessageBuf::parse(Bytes::copy_from_slice(sent.as_bytes())).unwrap();
    let status = StatusCode::new(status).unwrap();
    let answer = MessageBuilder::response_to(&sent.as_message(), status).to_tag("peer").build().unwrap();
    String::from_utf8(answer.as_bytes().to_vec()).unwrap()
}

fn received(method: &str, branch: &str) -> String {
    format!(
        "{method} sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch={branch};rport\r\n\
         From: <sip:alice@example.com>;tag=a\r\nTo: <sip:bob@example.com>\r\nCall-ID: call\r\n\
         CSeq: 7 {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
}

#[test]
fn an_invite_without_answer_is_repeated_with_doubled_intervals_and_times_out_after_64_t1() {
    let mut bench = Bench::new();
    let key = bench.send(request(Method::Invite), "sip:192.0.2.2");
    bench.wait(Duration::from_millis(31_999));
    assert_eq!(bench.take_sent().len(), 7, "sent at 0, 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s");
    assert!(bench.take_events().is_empty());
    bench.wait(Duration::from_millis(2));
    assert_eq!(bench.take_events(), [LayerEvent::ClientFailed(key, ClientFailure::TimedOut)]);
    assert!(bench.layer.is_empty());
    assert_eq!(bench.next, None);
}

#[test]
fn another_request_is_repeated_at_most_every_t2() {
    let mut bench = Bench::new();
    bench.send(request(Method::Options), "sip:192.0.2.2");
    bench.wait(Duration::from_secs(33));
    // 0, 0.5, 1.5, 3.5, then every 4 s up to 31.5.
    assert_eq!(bench.take_sent().len(), 11);
    assert!(matches!(bench.take_events()[..], [LayerEvent::ClientFailed(_, ClientFailure::TimedOut)]));
}

#[test]
fn a_failure_response_is_acknowledged_by_the_transaction_each_time() {
    let mut bench = Bench::new();
    let key = bench.send(request(Method::Invite), "sip:192.0.2.2");
    let invite = bench.sent.remove(0).2;
    let busy = answer(&invite, 486);
    assert!(matches!(bench.receive(&busy), Some(Heard::Response(of, StatusCode::BUSY_HERE)) if of == key));
    assert!(bench.receive(&busy).is_none());
    let acks: Vec<_> = bench.sent.drain(..).map(|(_, _, text)| text).collect();
    assert_eq!(acks.len(), 2);
    assert_eq!(acks[0], acks[1]);
    let ack = MessageBuf::parse(Bytes::copy_from_slice(acks[0].as_bytes())).unwrap();
    let invite = MessageBuf::parse(Bytes::copy_from_slice(invite.as_bytes())).unwrap();
    let (ack, invite) = (ack.as_message(), invite.as_message());
    assert_eq!(ack.require::<Via<'_>>().unwrap(), invite.require::<Via<'_>>().unwrap());
    assert_eq!(ack.require::<To<'_>>().unwrap().tag(), Some("peer"));
    assert_eq!(ack.require::<CSeq>().unwrap(), CSeq { sequence: 7, method: Method::Ack });
    bench.wait(Duration::from_secs(32));
    assert_eq!(bench.take_events(), [LayerEvent::ClientTerminated(key)]);
}

#[test]
fn further_2xx_reach_the_user_until_timer_m() {
    let mut bench = Bench::new();
    let key = bench.send(request(Method::Invite), "sip:192.0.2.2");
    let ok = answer(&bench.sent[0].2.clone(), 200);
    for _ in 0..3 {
        assert!(matches!(bench.receive(&ok), Some(Heard::Response(of, StatusCode::OK)) if of == key));
    }
    bench.wait(Duration::from_secs(33));
    assert_eq!(bench.take_events(), [LayerEvent::ClientTerminated(key)]);
    assert!(bench.receive(&ok).is_none());
    assert_eq!(bench.layer.counters().get("stray response"), 1);
}

#[test]
fn a_cancel_waits_for_a_provisional_response() {
    let mut bench = Bench::new();
    let key = bench.send(request(Method::Invite), "sip:192.0.2.2");
    let invite = bench.sent[0].2.clone();
    bench.layer.cancel(bench.now, key);
    bench.collect();
    assert_eq!(bench.take_sent(), ["INVITE sip:bob@example.com SIP/2.0"]);
    assert!(matches!(bench.receive(&answer(&invite, 180)), Some(Heard::Response(_, StatusCode::RINGING))));
    let cancel = bench.sent[0].2.clone();
    assert_eq!(bench.take_sent(), ["CANCEL sip:bob@example.com SIP/2.0"]);
    assert!(bench.receive(&answer(&cancel, 200)).is_none(), "nobody waits for the answer to a CANCEL");
    let ended = bench.receive(&answer(&invite, 487));
    assert!(matches!(ended, Some(Heard::Response(_, StatusCode::REQUEST_TERMINATED))));
    bench.wait(Duration::from_secs(40));
    assert_eq!(bench.take_events(), [LayerEvent::ClientTerminated(key)]);
    assert!(bench.layer.is_empty());
}

#[test]
fn a_cancelled_invite_that_nobody_ends_is_given_up() {
    let mut bench = Bench::new();
    let key = bench.send(request(Method::Invite), "sip:192.0.2.2");
    let invite = bench.sent[0].2.clone();
    bench.receive(&answer(&invite, 180));
    bench.layer.cancel(bench.now, key);
    bench.collect();
    bench.wait(Duration::from_secs(33));
    assert!(bench.take_events().contains(&LayerEvent::ClientFailed(key, ClientFailure::TimedOut)));
    assert!(bench.layer.is_empty());
}

#[test]
fn a_request_that_comes_again_gets_the_same_answer_and_nobody_hears_of_it() {
    let mut bench = Bench::new();
    let text = received("OPTIONS", "z9hG4bK1");
    let Some(Heard::Request(key, request, false)) = bench.receive(&text) else { panic!() };
    assert!(bench.receive(&text).is_none());
    assert!(bench.take_sent().is_empty(), "nothing was answered yet");
    bench.respond(key, &request, 200);
    assert!(bench.receive(&text).is_none());
    assert_eq!(bench.take_sent(), ["SIP/2.0 200 OK", "SIP/2.0 200 OK"]);
    bench.respond(key, &request, 500);
    assert!(bench.take_sent().is_empty());
    assert_eq!(bench.layer.counters().get("answer after the final answer"), 1);
    bench.wait(Duration::from_secs(32));
    assert_eq!(bench.take_events(), [LayerEvent::ServerTerminated(key)]);
}

#[test]
fn an_invite_is_answered_100_after_200_ms_unless_the_user_was_faster() {
    let mut bench = Bench::new();
    bench.receive(&received("INVITE", "z9hG4bK1"));
    bench.wait(Duration::from_millis(199));
    assert!(bench.take_sent().is_empty());
    bench.wait(Duration::from_millis(1));
    assert_eq!(bench.take_sent(), ["SIP/2.0 100 Trying"]);
    let text = received("INVITE", "z9hG4bK2").replace("call", "other");
    let Some(Heard::Request(key, request, _)) = bench.receive(&text) else { panic!() };
    bench.respond(key, &request, 180);
    bench.wait(Duration::from_secs(1));
    assert_eq!(bench.take_sent(), ["SIP/2.0 180 Ringing"]);
}

#[test]
fn a_failure_response_is_repeated_until_its_ack() {
    let mut bench = Bench::new();
    let Some(Heard::Request(key, request, _)) = bench.receive(&received("INVITE", "z9hG4bK1")) else {
        panic!()
    };
    bench.respond(key, &request, 486);
    bench.wait(Duration::from_millis(1_600));
    assert_eq!(bench.take_sent(), ["SIP/2.0 486 Busy Here"; 3]);
    assert!(bench.receive(&received("ACK", "z9hG4bK1")).is_none());
    bench.wait(Duration::from_secs(10));
    assert!(bench.take_sent().is_empty());
    assert_eq!(bench.take_events(), [LayerEvent::ServerTerminated(key)]);
}

#[test]
fn a_missing_ack_is_told() {
    let mut bench = Bench::new();
    let Some(Heard::Request(key, request, _)) = bench.receive(&received("INVITE", "z9hG4bK1")) else {
        panic!()
    };
    bench.respond(key, &request, 486);
    bench.wait(Duration::from_secs(32));
    assert_eq!(bench.take_events(), [LayerEvent::AckMissing(key)]);
    assert!(bench.layer.is_empty());
}

#[test]
fn an_ack_of_a_2xx_is_for_the_dialog() {
    let mut bench = Bench::new();
    let Some(Heard::Request(key, request, _)) = bench.receive(&received("INVITE", "z9hG4bK1")) else {
        panic!()
    };
    bench.respond(key, &request, 200);
    assert!(matches!(bench.receive(&received("ACK", "z9hG4bK9")), Some(Heard::Ack)));
    assert!(
        bench.receive(&received("INVITE", "z9hG4bK1")).is_none(),
        "the user repeats a 2xx, not the transaction"
    );
    assert_eq!(bench.take_sent(), ["SIP/2.0 200 OK"]);
    bench.wait(Duration::from_secs(32));
    assert_eq!(bench.take_events(), [LayerEvent::ServerTerminated(key)]);
}

#[test]
fn a_cancel_is_answered_and_told_with_the_tag_of_the_invite() {
    let mut bench = Bench::new();
    let Some(Heard::Request(key, request, _)) = bench.receive(&received("INVITE", "z9hG4bK1")) else {
        panic!()
    };
    bench.respond(key, &request, 180);
    assert!(matches!(bench.receive(&received("CANCEL", "z9hG4bK1")), Some(Heard::Cancel(of)) if of == key));
    assert!(bench.sent[1].2.contains(";tag=here\r\n"));
    assert_eq!(bench.take_sent(), ["SIP/2.0 180 Ringing", "SIP/2.0 200 OK"]);
    bench.respond(key, &request, 487);
    assert!(bench.receive(&received("CANCEL", "z9hG4bK1")).is_none());
    assert_eq!(bench.take_sent(), ["SIP/2.0 487 Request Terminated", "SIP/2.0 200 OK"]);
    let Some(Heard::Request(..)) = bench.receive(&received("CANCEL", "z9hG4bK7")) else {
        panic!("a CANCEL that matches nothing is for the user, which answers 481")
    };
}

#[test]
fn old_peers_are_matched_by_what_rfc_2543_has() {
    let mut bench = Bench::new();
    let invite = received("INVITE", "1");
    let Some(Heard::Request(key, request, _)) = bench.receive(&invite) else { panic!() };
    assert!(bench.receive(&invite).is_none());
    bench.respond(key, &request, 486);
    let ack = received("ACK", "1").replace("To: <sip:bob@example.com>", "To: <sip:bob@example.com>;tag=here");
    assert!(bench.receive(&ack).is_none());
    bench.wait(Duration::from_secs(6));
    assert_eq!(bench.take_events(), [LayerEvent::ServerTerminated(key)]);
}

#[test]
fn a_request_on_two_paths_is_merged() {
    let mut bench = Bench::new();
    assert!(matches!(bench.receive(&received("INVITE", "z9hG4bK1")), Some(Heard::Request(_, _, false))));
    assert!(matches!(bench.receive(&received("INVITE", "z9hG4bK2")), Some(Heard::Request(_, _, true))));
    let in_dialog =
        received("INVITE", "z9hG4bK3").replace("To: <sip:bob@example.com>", "To: <sip:b@x>;tag=x");
    assert!(matches!(bench.receive(&in_dialog), Some(Heard::Request(_, _, false))));
}

#[test]
fn answers_go_to_the_source_port_where_it_is_asked_for() {
    let mut bench = Bench::new();
    let Some(Heard::Request(key, request, _)) = bench.receive(&received("OPTIONS", "z9hG4bK1")) else {
        panic!()
    };
    let via = request.as_message().require::<Via<'_>>().unwrap().to_string();
    assert!(via.contains("received=192.0.2.2;rport=5060"), "{via}");
    bench.respond(key, &request, 200);
    assert_eq!(bench.sent[0].1, address(PEER));
}

#[test]
fn rfc_4320_holds_for_other_methods() {
    let mut bench = Bench::new();
    let Some(Heard::Request(key, request, _)) = bench.receive(&received("OPTIONS", "z9hG4bK1")) else {
        panic!()
    };
    bench.respond(key, &request, 180);
    assert!(bench.take_sent().is_empty());
    bench.respond(key, &request, 100);
    assert_eq!(bench.take_sent(), ["SIP/2.0 100 Trying"]);
    bench.respond(key, &request, 408);
    assert!(bench.take_sent().is_empty());
    assert_eq!(bench.take_events(), [LayerEvent::ServerTerminated(key)]);
}

#[test]
fn a_large_request_goes_over_tcp_with_a_via_that_says_so_and_falls_back_to_udp() {
    let mut bench = Bench::new();
    let large =
        request(Method::Message).as_message().edit().set_body("text/plain", "x".repeat(2_000)).finish();
    bench.send(large.unwrap(), "sip:192.0.2.2");
    assert!(bench.sent.is_empty());
    let open = bench.opens.remove(0);
    assert_eq!((open.protocol, open.remote), (Protocol::Tcp, address(PEER)));
    bench.layer.handle_flow_failed(bench.now, open.flow, "connection refused");
    bench.collect();
    assert!(bench.sent[0].2.contains("Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK"));
    bench.sent.clear();

    let large =
        request(Method::Message).as_message().edit().set_body("text/plain", "x".repeat(2_000)).finish();
    bench.send(large.unwrap(), "sip:192.0.2.2");
    let open = bench.opens.remove(0);
    bench.opened(open.flow, Protocol::Tcp, "192.0.2.1:40000", Some(PEER));
    assert!(bench.sent[0].2.contains("Via: SIP/2.0/TCP 192.0.2.1:40000;rport;branch=z9hG4bK"));
    bench.wait(Duration::from_secs(20));
    let on_stream = bench.sent.iter().filter(|(flow, _, _)| *flow == open.flow).count();
    assert_eq!(on_stream, 1, "nothing is repeated on a stream");
}

#[test]
fn a_connection_is_reused_and_shared_while_it_opens() {
    let mut bench = Bench::new();
    bench.send(request(Method::Options), "sip:192.0.2.2;transport=tcp");
    bench.send(request(Method::Options), "sip:192.0.2.2;transport=tcp");
    assert_eq!(bench.opens.len(), 1);
    let open = bench.opens.remove(0);
    bench.opened(open.flow, Protocol::Tcp, "192.0.2.1:40000", Some(PEER));
    bench.send(request(Method::Options), "sip:192.0.2.2;transport=tcp");
    assert_eq!(bench.sent.len(), 3);
    assert!(bench.opens.is_empty());
    bench.layer.handle_flow_failed(bench.now, open.flow, "connection reset");
    bench.collect();
    let events = bench.take_events();
    let reset = |event: &&LayerEvent| matches!(event, LayerEvent::ClientFailed(_, ClientFailure::Transport(reason)) if reason == "connection reset");
    assert_eq!(events.iter().filter(reset).count(), 3);
    assert_eq!(events.last(), Some(&LayerEvent::FlowLost(open.flow)));
    assert!(bench.layer.is_empty());
}

#[test]
fn a_connection_that_does_not_open_in_time_is_given_up() {
    let mut bench = Bench::new();
    let key = bench.send(request(Method::Options), "sip:192.0.2.2;transport=tcp");
    bench.wait(Duration::from_secs(9));
    assert_eq!(bench.closes.len(), 1);
    let failed = ClientFailure::Unreachable("the connection could not be opened in time".to_owned());
    assert_eq!(bench.take_events(), [LayerEvent::ClientFailed(key, failed)]);
}

#[test]
fn a_name_is_looked_up_and_the_next_address_tried() {
    let mut bench = Bench::new();
    let key = bench.send(request(Method::Options), "sip:pbx.example:5070;transport=tcp");
    let names: Vec<_> =
        bench.questions.iter().map(|(_, question)| (question.name.as_str(), question.record)).collect();
    assert_eq!(names, [("pbx.example", RecordType::A), ("pbx.example", RecordType::Aaaa)]);
    let ids: Vec<_> = bench.questions.drain(..).map(|(id, _)| id).collect();
    let addresses: Vec<IpAddr> = vec![[192, 0, 2, 8].into(), [192, 0, 2, 9].into()];
    bench.layer.handle_dns(bench.now, ids[0], Ok(DnsAnswer::Addresses(addresses)));
    bench.layer.handle_dns(bench.now, ids[1], Err(DnsError::Unavailable));
    bench.collect();
    let first = bench.opens.remove(0);
    assert_eq!(first.remote, address("192.0.2.8:5070"));
    assert_eq!(first.server_name.as_deref(), Some("pbx.example"));
    bench.layer.handle_flow_failed(bench.now, first.flow, "connection refused");
    bench.collect();
    let second = bench.opens.remove(0);
    assert_eq!(second.remote, address("192.0.2.9:5070"));
    bench.layer.handle_flow_failed(bench.now, second.flow, "connection refused");
    bench.collect();
    let failed = ClientFailure::Unreachable("connection refused".to_owned());
    assert_eq!(bench.take_events(), [LayerEvent::ClientFailed(key, failed)]);
}

#[test]
fn an_unknown_name_fails_with_a_clear_reason_and_a_withdrawn_look_up_too() {
    let mut bench = Bench::new();
    let key = bench.send(request(Method::Options), "sip:nowhere.example");
    for (id, _) in std::mem::take(&mut bench.questions) {
        bench.layer.handle_dns(bench.now, id, Err(DnsError::NoSuchName));
    }
    bench.collect();
    let failed = ClientFailure::Unreachable("the host name does not exist".to_owned());
    assert_eq!(bench.take_events(), [LayerEvent::ClientFailed(key, failed)]);
    let key = bench.send(request(Method::Invite), "sip:nowhere.example");
    bench.layer.cancel(bench.now, key);
    bench.collect();
    assert_eq!(bench.take_events(), [LayerEvent::ClientFailed(key, ClientFailure::Withdrawn)]);
    for (id, _) in std::mem::take(&mut bench.questions) {
        bench.layer.handle_dns(bench.now, id, Err(DnsError::NoSuchName));
    }
    assert!(bench.layer.is_empty());
}

#[test]
fn a_contact_shows_what_the_peer_sees() {
    let mut bench = Bench::new();
    let outgoing = |request| Outgoing {
        request,
        target: Target::new(UriBuf::parse("sip:192.0.2.2").unwrap()),
        contact: Some(LocalContact::new("alice")),
    };
    bench.layer.send_request(bench.now, outgoing(request(Method::Register)));
    bench.collect();
    let sent = bench.sent.remove(0).2;
    assert!(sent.contains("Contact: <sip:alice@192.0.2.1:5060>\r\n"), "{sent}");
    let natted = answer(&sent, 200).replace(";rport", ";rport=33333;received=203.0.113.5");
    assert!(bench.receive(&natted).is_some());
    bench.layer.send_request(bench.now, outgoing(request(Method::Register)));
    bench.collect();
    assert!(bench.sent[0].2.contains("Contact: <sip:alice@203.0.113.5:33333>\r\n"));
}

#[test]
fn malformed_requests_are_answered_and_everything_else_is_counted() {
    let mut bench = Bench::new();
    assert!(bench.receive(&received("OPTIONS", "z9hG4bK1").replace("7 OPTIONS", "7 INVITE")).is_none());
    assert_eq!(bench.take_sent(), ["SIP/2.0 400 Bad Request"]);
    assert!(bench.receive(&received("ACK", "z9hG4bK1").replace("7 ACK", "7 INVITE")).is_none());
    assert!(bench.receive("hello\r\n\r\n").is_none());
    assert!(bench.receive("\r\n\r\n").is_none());
    assert!(bench.receive("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n\r\n").is_none());
    assert!(bench.take_sent().is_empty());
    for name in ["not a SIP message", "keep-alive on a datagram flow", "invalid response"] {
        assert_eq!(bench.layer.counters().get(name), 1, "{name}");
    }
    assert!(bench.layer.is_empty());
}

#[test]
fn too_many_transactions_are_refused_without_keeping_state() {
    let mut bench = Bench::with(Config { server_transactions: 1, ..Config::default() });
    bench.receive(&received("OPTIONS", "z9hG4bK1"));
    assert!(bench.receive(&received("OPTIONS", "z9hG4bK2")).is_none());
    assert_eq!(bench.take_sent(), ["SIP/2.0 503 Service Unavailable"]);
    assert_eq!(bench.layer.len(), 1);
}

#[test]
fn a_stream_is_kept_alive_and_given_up_when_a_peer_that_answered_falls_silent() {
    let mut bench = Bench::new();
    let flow = FlowId::from_platform(9);
    bench.opened(flow, Protocol::Tcp, "192.0.2.1:5060", Some(PEER));
    bench.layer.keep_alive(bench.now, flow, address(PEER));
    bench.collect();
    bench.wait(Duration::from_secs(101));
    assert_eq!(bench.sent.drain(..).map(|(_, _, text)| text).collect::<Vec<_>>(), ["\r\n\r\n"]);
    assert!(bench.receive_on(flow, "\r\n").is_none());
    bench.wait(Duration::from_secs(101));
    assert_eq!(bench.sent.len(), 1);
    bench.wait(Duration::from_secs(10));
    assert_eq!(bench.closes, [flow]);
    assert_eq!(bench.take_events(), [LayerEvent::FlowLost(flow)]);
    assert_eq!(bench.next, None);
}

#[test]
fn a_ping_on_a_stream_is_answered() {
    let mut bench = Bench::new();
    let flow = FlowId::from_platform(9);
    bench.opened(flow, Protocol::Tcp, "192.0.2.1:5060", Some(PEER));
    assert!(bench.receive_on(flow, "\r\n\r\n").is_none());
    assert_eq!(bench.sent[0].2, "\r\n");
}

#[test]
fn an_answer_finds_another_connection_when_its_own_is_gone() {
    let mut bench = Bench::new();
    let flow = FlowId::from_platform(9);
    bench.opened(flow, Protocol::Tcp, "192.0.2.1:5060", Some("192.0.2.2:4444"));
    let text = received("OPTIONS", "z9hG4bK1").replace("UDP", "TCP").replace(";rport", "");
    let Some(Heard::Request(key, request, _)) = bench.receive_on(flow, &text) else { panic!() };
    bench.layer.handle_flow_failed(bench.now, flow, "connection reset");
    bench.respond(key, &request, 200);
    assert!(bench.sent.is_empty());
    let open = bench.opens.remove(0);
    assert_eq!(open.remote, address(PEER));
    bench.opened(open.flow, Protocol::Tcp, "192.0.2.1:41000", Some(PEER));
    assert_eq!(bench.take_sent(), ["SIP/2.0 200 OK"]);
}

#[test]
fn a_request_goes_to_the_owner_of_its_dialog_or_to_whom_answers_otherwise() {
    let text = received("BYE", "z9hG4bK1").replace("To: <sip:bob@example.com>", "To: <sip:b@x>;tag=mine");
    let message = MessageBuf::parse(text.into()).unwrap();
    let message = message.as_message();
    let knows = |id: &DialogId| (id.local_tag == "mine" && id.remote_tag == "a").then_some("endpoint");
    assert_eq!(dispatch(&message, knows, |_| "proxy"), "endpoint");
    assert_eq!(dispatch(&message, |_| None, |_| "proxy"), "proxy");
    let outside = MessageBuf::parse(received("INVITE", "z9hG4bK1").into()).unwrap();
    assert_eq!(dispatch(&outside.as_message(), |_| Some("endpoint"), |_| "proxy"), "proxy");
}
