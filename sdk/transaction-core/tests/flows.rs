//! Flows and targets: addresses, connections, keep-alives.

mod bench;

use bench::*;

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
    assert_eq!(bench.take_events(), [LayerEvent::FlowLost(open.flow)]);
    let again = bench.opens.remove(0);
    assert!(bench.opens.is_empty());
    bench.layer.handle_flow_failed(bench.now, again.flow, "connection refused");
    bench.collect();
    let events = bench.take_events();
    let refused = |event: &&LayerEvent| matches!(event, LayerEvent::ClientFailed(_, ClientFailure::Transport(reason)) if reason == "connection refused");
    assert_eq!((events.len(), events.iter().filter(refused).count()), (3, 3));
    assert!(bench.opens.is_empty() && bench.layer.is_empty());
}

#[test]
fn a_request_without_response_is_sent_over_a_new_connection_once() {
    let mut bench = Bench::new();
    bench.send(request(Method::Invite), "sip:192.0.2.2;transport=tcp");
    for attempt in 1..=2 {
        let open = bench.opens.remove(0);
        bench.opened(open.flow, Protocol::Tcp, "192.0.2.1:40000", Some(PEER));
        assert_eq!(bench.sent.len(), attempt);
        bench.layer.handle_flow_failed(bench.now, open.flow, "connection reset");
        bench.collect();
    }
    assert!(bench.opens.is_empty() && bench.layer.is_empty());
    let failed = |event: &LayerEvent| matches!(event, LayerEvent::ClientFailed(_, ClientFailure::Transport(reason)) if reason == "connection reset");
    assert_eq!(bench.take_events().iter().filter(|event| failed(event)).count(), 1);
}

#[test]
fn a_withdrawn_request_goes_nowhere_else() {
    let mut bench = Bench::new();
    let key = bench.send(request(Method::Invite), "sip:192.0.2.2;transport=tcp");
    let open = bench.opens.remove(0);
    bench.opened(open.flow, Protocol::Tcp, "192.0.2.1:40000", Some(PEER));
    bench.layer.cancel(bench.now, key);
    bench.layer.handle_flow_failed(bench.now, open.flow, "connection reset");
    bench.collect();
    assert!(bench.opens.is_empty() && bench.layer.is_empty());
    assert_eq!(bench.sent.len(), 1);
}

#[test]
fn over_a_connection_we_name_the_socket_that_listens_unless_the_peer_sees_us_elsewhere() {
    let mut bench = Bench::new();
    bench.opened(FlowId::from_platform(2), Protocol::Tcp, "192.0.2.1:5070", None);
    let outgoing = |request| Outgoing {
        request,
        target: Target::new(UriBuf::parse("sip:192.0.2.2;transport=tcp").unwrap()),
        contact: Some(LocalContact::new("alice")),
    };
    bench.layer.send_request(bench.now, outgoing(request(Method::Register)));
    bench.collect();
    let open = bench.opens.remove(0);
    bench.opened(open.flow, Protocol::Tcp, "192.0.2.1:40000", Some(PEER));
    let sent = bench.sent.remove(0).2;
    assert!(sent.contains("Contact: <sip:alice@192.0.2.1:5070;transport=tcp>\r\n"), "{sent}");
    assert!(sent.contains("Via: SIP/2.0/TCP 192.0.2.1:5070;"), "{sent}");
    let seen = answer(&sent, 200).replace(";rport", ";rport=33333;received=203.0.113.5");
    assert!(bench.receive_on(open.flow, &seen).is_some());
    bench.layer.send_request(bench.now, outgoing(request(Method::Register)));
    bench.collect();
    assert!(bench.sent[0].2.contains("Contact: <sip:alice@203.0.113.5:33333;transport=tcp>\r\n"));
}

#[test]
fn a_client_by_websocket_has_a_name_that_leads_nowhere_and_stays() {
    let mut bench = Bench::new();
    let outgoing = || Outgoing {
        request: request(Method::Register),
        target: Target::new(UriBuf::parse("sip:192.0.2.2:8080;transport=ws").unwrap()),
        contact: Some(LocalContact::new("alice")),
    };
    bench.layer.send_request(bench.now, outgoing());
    bench.collect();
    let open = bench.opens.remove(0);
    assert_eq!((open.protocol, open.remote), (Protocol::Ws, address("192.0.2.2:8080")));
    bench.opened(open.flow, Protocol::Ws, "192.0.2.1:40000", Some("192.0.2.2:8080"));
    let sent = bench.sent.remove(0).2;
    let (_, rest) = sent.split_once("Via: SIP/2.0/WS ").unwrap();
    let host = rest.split(';').next().unwrap().to_owned();
    assert!(host.len() == 20 && host.ends_with(".invalid"), "{sent}");
    assert!(sent.contains(&format!("Contact: <sip:alice@{host};transport=ws>\r\n")), "{sent}");
    // Where the server sees us does not matter, and another connection has the same name.
    let seen = answer(&sent, 200).replace(";rport", ";rport=33333;received=203.0.113.5");
    assert!(bench.receive_on(open.flow, &seen).is_some());
    bench.layer.handle_flow_failed(bench.now, open.flow, "gone");
    bench.collect();
    bench.layer.send_request(bench.now, outgoing());
    bench.collect();
    let again = bench.opens.remove(0);
    bench.opened(again.flow, Protocol::Ws, "192.0.2.1:40001", Some("192.0.2.2:8080"));
    let sent = bench.sent.remove(0).2;
    assert!(sent.contains(&format!("Via: SIP/2.0/WS {host};")), "{sent}");
    assert!(sent.contains(&format!("Contact: <sip:alice@{host};transport=ws>\r\n")), "{sent}");
}

#[test]
fn a_server_by_websocket_has_an_address() {
    let mut bench = Bench::new();
    bench.opened(FlowId::from_platform(2), Protocol::Ws, "192.0.2.1:8080", None);
    let phone = FlowId::from_platform(3);
    bench.opened(phone, Protocol::Ws, "192.0.2.1:8080", Some("192.0.2.9:40000"));
    let mut target = Target::new(UriBuf::parse("sip:alice@x.invalid;transport=ws").unwrap());
    target.flow = Some(phone);
    let contact = Some(LocalContact::new("server"));
    bench.layer.send_request(bench.now, Outgoing { request: request(Method::Options), target, contact });
    bench.collect();
    let (flow, _, sent) = bench.sent.remove(0);
    assert_eq!(flow, phone);
    assert!(sent.contains("Via: SIP/2.0/WS 192.0.2.1:8080;"), "{sent}");
    assert!(sent.contains("Contact: <sip:server@192.0.2.1:8080;transport=ws>\r\n"), "{sent}");
}

#[test]
fn what_a_certificate_was_checked_for_is_what_a_connection_is_used_for() {
    let mut bench = Bench::new();
    let look_up = |bench: &mut Bench, uri: &str| {
        bench.send(request(Method::Options), uri);
        for (id, question) in std::mem::take(&mut bench.questions) {
            let addresses = match question.record {
                RecordType::A => vec![[192, 0, 2, 8].into()],
                RecordType::Aaaa | RecordType::Srv | RecordType::Naptr => Vec::new(),
            };
            bench.layer.handle_dns(bench.now, id, Ok(DnsAnswer::Addresses(addresses)));
        }
        bench.collect();
    };
    look_up(&mut bench, "sips:one.example");
    let open = bench.opens.remove(0);
    assert_eq!((open.protocol, open.server_name.as_deref()), (Protocol::Tls, Some("one.example")));
    assert_eq!(open.remote, address("192.0.2.8:5061"));
    look_up(&mut bench, "sip:one.example;transport=tls");
    assert!(bench.opens.is_empty());
    bench.opened(open.flow, Protocol::Tls, "192.0.2.1:40000", Some("192.0.2.8:5061"));
    assert_eq!(bench.sent.len(), 2);
    assert!(bench.sent.iter().all(|(_, _, sent)| sent.contains("Via: SIP/2.0/TLS 192.0.2.1:40000;")));
    look_up(&mut bench, "sips:two.example");
    assert_eq!(bench.opens.remove(0).server_name.as_deref(), Some("two.example"));
    // Whoever names the address alone, as Contacts do, means whoever is there.
    look_up(&mut bench, "sip:192.0.2.8;transport=tls");
    assert!(bench.opens.is_empty());
    assert_eq!(bench.sent.len(), 3);
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
fn a_name_that_stands_for_no_host_is_not_looked_up() {
    let mut bench = Bench::new();
    for uri in ["sip:x@df7jal23ls0d.invalid;transport=ws", "sip:invalid", "sip:x@a.INVALID."] {
        let key = bench.send(request(Method::Options), uri);
        assert!(bench.questions.is_empty() && bench.opens.is_empty(), "{uri}");
        let [LayerEvent::ClientFailed(failed, ClientFailure::Unreachable(_))] = &bench.take_events()[..]
        else {
            panic!("{uri}")
        };
        assert_eq!(*failed, key);
    }
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

const STREAM: FlowId = FlowId::from_platform(9);

#[test]
fn an_idle_connection_whose_peer_answers_every_ping_stays() {
    let mut bench = Bench::new();
    let mut framer = StreamFramer::new(Limits::default());
    bench.opened(STREAM, Protocol::Tcp, "192.0.2.1:5060", Some(PEER));
    bench.layer.keep_alive(bench.now, STREAM, address(PEER));
    bench.collect();
    for _ in 0..10 {
        while bench.sent.is_empty() {
            bench.wait(Duration::from_secs(1));
        }
        assert_eq!(bench.sent.drain(..).map(|(_, _, text)| text).collect::<Vec<_>>(), ["\r\n\r\n"]);
        bench.receive_stream(STREAM, &mut framer, "\r\n");
        assert!(bench.sent.is_empty(), "an answer is not answered");
    }
    assert!(bench.now.unix > Duration::from_secs(800));
    assert!(bench.closes.is_empty());
}

#[test]
fn a_ping_in_two_halves_is_answered_once_also_while_ours_is_on_its_way() {
    let mut bench = Bench::new();
    let mut framer = StreamFramer::new(Limits::default());
    bench.opened(STREAM, Protocol::Tcp, "192.0.2.1:5060", Some(PEER));
    for _ in 0..3 {
        bench.receive_stream(STREAM, &mut framer, "\r\n");
        assert!(bench.sent.is_empty());
        bench.receive_stream(STREAM, &mut framer, "\r\n");
        assert_eq!(bench.sent.drain(..).map(|(_, _, text)| text).collect::<Vec<_>>(), ["\r\n"]);
    }
    bench.layer.keep_alive(bench.now, STREAM, address(PEER));
    bench.collect();
    bench.wait(Duration::from_secs(101));
    bench.sent.clear();
    // Two halves of a ping and one answer, in whichever order.
    for piece in ["\r\n", "\r\n", "\r\n"] {
        bench.receive_stream(STREAM, &mut framer, piece);
    }
    assert_eq!(bench.sent.drain(..).map(|(_, _, text)| text).collect::<Vec<_>>(), ["\r\n"]);
    // What ends a message begins no ping.
    bench.receive_stream(STREAM, &mut framer, "\r\n");
    bench.receive_stream(STREAM, &mut framer, &received("OPTIONS", "z9hG4bK1").replace("UDP", "TCP"));
    bench.receive_stream(STREAM, &mut framer, "\r\n");
    assert!(bench.sent.is_empty());
    bench.wait(Duration::from_secs(20));
    assert!(bench.closes.is_empty());
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
