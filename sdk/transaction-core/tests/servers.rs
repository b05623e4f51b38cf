//! Server transactions on a virtual clock: answers, retransmissions, merged and malformed requests.

mod bench;

use bench::*;

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
fn a_request_whose_answer_cannot_be_written_is_answered_500_and_does_not_stay() {
    let mut bench = Bench::new();
    let Some(Heard::Request(key, request, _)) = bench.receive(&received("REGISTER", "z9hG4bK1")) else {
        panic!()
    };
    let message = request.as_message();
    let odd = MessageBuilder::response_to(&message, StatusCode::OK).raw(HeaderName::Server, "a\r\nb");
    assert!(!bench.layer.answer(bench.now, key, &message, "tag", odd));
    bench.collect();
    assert_eq!(bench.take_sent(), ["SIP/2.0 500 Server Internal Error"]);
    assert_eq!(bench.layer.counters().get("answer that cannot be written"), 1);
    bench.wait(Duration::from_secs(32));
    assert_eq!(bench.take_events(), [LayerEvent::ServerTerminated(key)]);
    assert!(bench.layer.is_empty());
}

#[test]
fn what_is_answered_once_is_not_repeated_and_not_held() {
    let mut bench = Bench::new();
    for (branch, method) in [("z9hG4bK1", "INVITE"), ("z9hG4bK2", "OPTIONS")] {
        for _ in 0..2 {
            let Some(Heard::Request(key, request, _)) = bench.receive(&received(method, branch)) else {
                panic!("whoever asks again is heard again")
            };
            let refusal = MessageBuilder::response_to(&request.as_message(), StatusCode::FORBIDDEN);
            bench.layer.respond_once(key, refusal.to_tag("once").build().unwrap());
            bench.collect();
            assert!(bench.layer.is_empty());
            bench.wait(Duration::from_secs(40));
            assert_eq!(bench.take_sent(), ["SIP/2.0 403 Forbidden"]);
            assert_eq!(bench.take_events(), [LayerEvent::ServerTerminated(key)]);
        }
    }
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
fn the_cancel_of_an_old_peer_finds_its_invite() {
    let mut bench = Bench::new();
    let Some(Heard::Request(key, ..)) = bench.receive(&received("INVITE", "1")) else { panic!() };
    for other in ["7 CANCEL", "tag=a", "Call-ID: call"] {
        let stranger = received("CANCEL", "1").replace(other, &format!("{other}x"));
        let stranger = stranger.replace("7 CANCELx", "8 CANCEL");
        assert!(matches!(bench.receive(&stranger), Some(Heard::Request(..))), "{other} is of another INVITE");
    }
    assert!(matches!(bench.receive(&received("CANCEL", "1")), Some(Heard::Cancel(of)) if of == key));
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
fn rfc_4320_limits_what_other_requests_are_answered() {
    let mut bench = Bench::new();
    let Some(Heard::Request(key, request, _)) = bench.receive(&received("OPTIONS", "z9hG4bK1")) else {
        panic!()
    };
    bench.respond(key, &request, 180);
    bench.respond(key, &request, 100);
    assert!(bench.take_sent().is_empty(), "by datagram no 100 before 3.5 s");
    assert_eq!(bench.layer.counters().get("early 100 to a non-INVITE request"), 1);
    bench.respond(key, &request, 408);
    assert!(bench.take_sent().is_empty());
    assert_eq!(bench.take_events(), [LayerEvent::ServerTerminated(key)]);
    assert_eq!(bench.next, None);
}

#[test]
fn another_request_that_nobody_answers_gets_100_when_its_client_repeats_it_every_t2() {
    for (protocol, flow) in [(Protocol::Udp, UDP), (Protocol::Tcp, 9)] {
        let mut bench = Bench::new();
        let flow = FlowId::from_platform(flow);
        if protocol.is_reliable() {
            bench.opened(flow, protocol, HERE, Some(PEER));
        }
        let text = received("MESSAGE", "z9hG4bK1").replace("UDP", protocol.via_name());
        let Some(Heard::Request(key, request, _)) = bench.receive_on(flow, &text) else { panic!() };
        bench.wait(Duration::from_millis(3_499));
        assert!(bench.take_sent().is_empty());
        bench.wait(Duration::from_millis(1));
        assert_eq!(bench.take_sent(), ["SIP/2.0 100 Trying"], "{protocol}");
        assert!(bench.receive_on(flow, &text).is_none());
        bench.respond(key, &request, 200);
        assert_eq!(bench.take_sent(), ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]);
        bench.wait(Duration::from_secs(33));
        assert_eq!(bench.take_events(), [LayerEvent::ServerTerminated(key)]);
    }
}

#[test]
fn a_100_of_the_user_is_sent_at_once_on_a_stream() {
    let mut bench = Bench::new();
    let flow = FlowId::from_platform(9);
    bench.opened(flow, Protocol::Tcp, HERE, Some(PEER));
    let text = received("MESSAGE", "z9hG4bK1").replace("UDP", "TCP");
    let Some(Heard::Request(key, request, _)) = bench.receive_on(flow, &text) else { panic!() };
    bench.respond(key, &request, 100);
    bench.wait(Duration::from_secs(10));
    assert_eq!(bench.take_sent(), ["SIP/2.0 100 Trying"], "and not once more after 3.5 s");
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

#[test]
fn the_answer_to_what_is_malformed_says_where_it_came_from() {
    let natted = received("OPTIONS", "z9hG4bK1").replace("192.0.2.2:5060;", "10.0.0.1:5060;");
    for (what, broken) in [
        ("start line", natted.replace("OPTIONS sip", "OPTIONS  sip")),
        ("header", natted.replace("Max-Forwards: 70", "Max Forwards: 70")),
        ("body", natted.replace("Content-Length: 0", "Content-Length: 9")),
        ("length", natted.replace("Content-Length: 0", "Content-Length: -1")),
        ("CSeq", natted.replace("CSeq: 7", "CSeq: x")),
    ] {
        let mut bench = Bench::new();
        assert!(bench.receive(&broken).is_none());
        let [(_, destination, text)] = &bench.sent[..] else { panic!("{what}: {:?}", bench.sent) };
        assert_eq!(*destination, address(PEER), "{what}");
        assert!(text.starts_with("SIP/2.0 400 "), "{what}: {text}");
        assert!(
            text.contains("Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1;received=192.0.2.2;rport=5060\r\n"),
            "{what}: {text}"
        );
    }
}

#[test]
fn what_is_malformed_on_a_stream_is_answered_and_what_follows_is_taken() {
    let stream = FlowId::from_platform(9);
    let over_tcp = |branch: &str| received("OPTIONS", branch).replace("UDP", "TCP");
    for broken in [
        over_tcp("z9hG4bK1").replace("OPTIONS sip", "OPTIONS  sip"),
        over_tcp("z9hG4bK1").replace("Max-Forwards: 70", "Max Forwards: 70"),
        over_tcp("z9hG4bK1").replace("CSeq: 7", "CSeq: x"),
    ] {
        let mut bench = Bench::new();
        bench.opened(stream, Protocol::Tcp, HERE, Some(PEER));
        let mut framer = StreamFramer::new(Limits::default());
        bench.receive_stream(stream, &mut framer, &(broken.clone() + &over_tcp("z9hG4bK2")));
        assert_eq!(bench.take_sent(), ["SIP/2.0 400 Bad Request"], "{broken}");
        assert_eq!(bench.layer.len(), 1);
    }
    // What the framer cannot go on behind is handed to the layer all the same.
    for (length, status) in [
        ("Content-Length: -1\r\n", "SIP/2.0 400 Bad Request"),
        ("Content-Length: 0\r\nl: 1\r\n", "SIP/2.0 400 Bad Request"),
        ("Content-Length: 70000\r\n", "SIP/2.0 513 Message Too Large"),
        ("", "SIP/2.0 400 Bad Request"),
    ] {
        let mut bench = Bench::new();
        bench.opened(stream, Protocol::Tcp, HERE, Some(PEER));
        let mut framer = StreamFramer::new(Limits::default());
        framer.push(over_tcp("z9hG4bK1").replace("Content-Length: 0\r\n", length).as_bytes());
        let error = framer.next().unwrap().unwrap_err();
        assert!(bench.receive_on(stream, std::str::from_utf8(&error.head).unwrap()).is_none());
        assert_eq!(bench.take_sent(), [status], "{length}");
    }
    // A frame of a WebSocket has bounds.
    let mut bench = Bench::new();
    bench.opened(stream, Protocol::Ws, HERE, Some(PEER));
    let text = over_tcp("z9hG4bK1").replace("TCP", "WS").replace("Content-Length: 0\r\n", "");
    assert!(matches!(bench.receive_on(stream, &text), Some(Heard::Request(..))));
}

#[test]
fn a_request_within_higher_limits_is_taken() {
    let many = "X-Many: of these\r\n".repeat(300);
    let large = received("OPTIONS", "z9hG4bK1").replace("Max-Forwards", &format!("{many}Max-Forwards"));
    let mut bench = Bench::new();
    assert!(bench.receive(&large).is_none());
    assert_eq!(bench.take_sent(), ["SIP/2.0 400 Bad Request"]);
    let limits = Limits { headers: 512, ..Limits::default() };
    let mut bench = Bench::with(Config { limits, ..Config::default() });
    let Some(Heard::Request(key, request, _)) = bench.receive(&large) else {
        panic!("{:?}", bench.take_sent())
    };
    bench.respond(key, &request, 200);
    assert_eq!(bench.take_sent(), ["SIP/2.0 200 OK"]);
}

#[test]
fn transactions_hold_so_many_bytes_and_no_more() {
    let mut bench = Bench::with(Config { server_bytes: 100_000, ..Config::default() });
    let large = |branch: &str| {
        let filler = format!("Subject: {}\r\nContent-Length", "x".repeat(10_000));
        received("MESSAGE", branch).replace("Content-Length", &filler)
    };
    let mut keys = Vec::new();
    for branch in 0..100 {
        if let Some(Heard::Request(key, request, _)) = bench.receive(&large(&format!("z9hG4bK{branch}"))) {
            keys.push((key, request));
        }
    }
    assert!((9..=10).contains(&keys.len()), "{}", keys.len());
    for (key, request) in &keys {
        bench.respond(*key, request, 200);
    }
    let Some(Heard::Request(key, request, _)) = bench.receive(&large("z9hG4bKmore")) else {
        panic!("answers are small")
    };
    bench.respond(key, &request, 200);
    bench.wait(Duration::from_secs(40));
    assert!(bench.layer.is_empty());
}

#[test]
fn too_many_transactions_are_refused_without_keeping_state_but_what_ends_something_is_not() {
    let mut bench = Bench::with(Config { server_transactions: 4, ..Config::default() });
    for branch in ["1", "2", "3"] {
        bench.receive(&received("OPTIONS", &format!("z9hG4bK{branch}")));
    }
    let Some(Heard::Request(invite, ..)) = bench.receive(&received("INVITE", "z9hG4bK4")) else { panic!() };
    assert!(bench.receive(&received("OPTIONS", "z9hG4bK5")).is_none());
    assert_eq!(bench.take_sent(), ["SIP/2.0 503 Service Unavailable"]);
    assert_eq!(bench.layer.len(), 4);
    assert!(
        matches!(bench.receive(&received("CANCEL", "z9hG4bK4")), Some(Heard::Cancel(of)) if of == invite)
    );
    bench.sent.clear();
    assert!(bench.receive(&received("BYE", "z9hG4bK6")).is_none(), "but that is not without limit");
    assert_eq!(bench.take_sent(), ["SIP/2.0 503 Service Unavailable"]);
}
