//! Connections: their reuse, their loss, and what is written on them.

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
fn a_request_without_response_is_sent_over_a_new_connection_once_as_the_same() {
    let mut bench = Bench::new();
    let invite = Outgoing {
        request: request(Method::Invite),
        target: Target::new(UriBuf::parse("sip:192.0.2.2;transport=tcp").unwrap()),
        contact: Some(LocalContact::new("alice")),
    };
    bench.layer.send_request(bench.now, invite);
    bench.collect();
    for attempt in 1..=2 {
        let open = bench.opens.remove(0);
        bench.opened(open.flow, Protocol::Tcp, &format!("192.0.2.1:4000{attempt}"), Some(PEER));
        assert_eq!(bench.sent.len(), attempt);
        bench.layer.handle_flow_failed(bench.now, open.flow, "connection reset");
        bench.collect();
    }
    assert!(bench.opens.is_empty() && bench.layer.is_empty());
    let failed = |event: &LayerEvent| matches!(event, LayerEvent::ClientFailed(_, ClientFailure::Transport(reason)) if reason == "connection reset");
    assert_eq!(bench.take_events().iter().filter(|event| failed(event)).count(), 1);
    let line = |sent: &str, name: &str| sent.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let (first, second) = (&bench.sent[0].2, &bench.sent[1].2);
    assert_eq!(line(first, "Via"), line(second, "Via"), "a server that has it knows it");
    assert_eq!(line(second, "Contact"), "Contact: <sip:alice@192.0.2.1:40002;transport=tcp>");
}

#[test]
fn what_would_be_delivered_twice_is_not_sent_again() {
    let mut bench = Bench::new();
    let key = bench.send(request(Method::Message), "sip:192.0.2.2;transport=tcp");
    let open = bench.opens.remove(0);
    bench.opened(open.flow, Protocol::Tcp, "192.0.2.1:40000", Some(PEER));
    bench.layer.handle_flow_failed(bench.now, open.flow, "connection reset");
    bench.collect();
    assert!(bench.opens.is_empty() && bench.layer.is_empty());
    let failed = LayerEvent::ClientFailed(key, ClientFailure::Transport("connection reset".to_owned()));
    assert_eq!(bench.take_events(), [LayerEvent::FlowLost(open.flow), failed]);
}

#[test]
fn a_flow_that_fails_late_does_not_disturb_a_request_that_left_it() {
    let mut bench = Bench::new();
    bench.send(request(Method::Options), "sip:pbx.example");
    let (a, b) = (IpAddr::from([192, 0, 2, 8]), IpAddr::from([192, 0, 2, 9]));
    for (id, question) in std::mem::take(&mut bench.questions) {
        let addresses = if question.record == RecordType::A { vec![a, b] } else { Vec::new() };
        bench.layer.handle_dns(bench.now, id, Ok(DnsAnswer::Addresses(addresses)));
    }
    bench.collect();
    // Two connections for a size alone: the first is silent, the second opens while the first fails.
    bench.wait(Duration::from_secs(33));
    assert_eq!(bench.sent.last().unwrap().1.ip(), b, "the first did not answer");
    let key = bench.send(request(Method::Options), "sip:pbx.example;transport=tcp");
    for (id, question) in std::mem::take(&mut bench.questions) {
        let addresses = if question.record == RecordType::A { vec![a, b] } else { Vec::new() };
        bench.layer.handle_dns(bench.now, id, Ok(DnsAnswer::Addresses(addresses)));
    }
    bench.collect();
    let first = bench.opens.remove(0);
    bench.opened(first.flow, Protocol::Tcp, "192.0.2.1:40000", Some(&first.remote.to_string()));
    bench.wait(Duration::from_secs(33));
    let second = bench.opens.remove(0);
    bench.sent.clear();
    bench.layer.handle_flow_failed(bench.now, first.flow, "connection reset");
    bench.collect();
    assert!(bench.opens.is_empty());
    bench.opened(second.flow, Protocol::Tcp, "192.0.2.1:40001", Some(&second.remote.to_string()));
    assert_eq!(bench.sent.len(), 1, "it is sent once, over the second");
    let sent = bench.sent[0].2.clone();
    assert!(
        matches!(bench.receive_on(second.flow, &answer(&sent, 200)), Some(Heard::Response(of, _)) if of == key)
    );
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
fn an_answer_finds_another_connection_when_its_own_is_gone() {
    for rport in ["", ";rport"] {
        let mut bench = Bench::new();
        let flow = FlowId::from_platform(9);
        bench.opened(flow, Protocol::Tcp, "192.0.2.1:5060", Some("192.0.2.2:4444"));
        let text = received("OPTIONS", "z9hG4bK1").replace("UDP", "TCP").replace(";rport", rport);
        let Some(Heard::Request(key, request, _)) = bench.receive_on(flow, &text) else { panic!() };
        bench.layer.handle_flow_failed(bench.now, flow, "connection reset");
        bench.respond(key, &request, 200);
        assert!(bench.sent.is_empty());
        let open = bench.opens.remove(0);
        assert_eq!(open.remote, address(PEER), "where the sender listens, not where it sent from");
        bench.opened(open.flow, Protocol::Tcp, "192.0.2.1:41000", Some(PEER));
        assert_eq!(bench.take_sent(), ["SIP/2.0 200 OK"]);
    }
}

#[test]
fn nobody_connects_to_the_client_of_a_websocket() {
    for method in ["OPTIONS", "INVITE"] {
        let mut bench = Bench::new();
        let flow = FlowId::from_platform(9);
        bench.opened(flow, Protocol::Ws, "192.0.2.1:80", Some("192.0.2.2:4444"));
        let text = received(method, "z9hG4bK1").replace("UDP 192.0.2.2:5060", "WS x.invalid");
        let Some(Heard::Request(key, request, _)) = bench.receive_on(flow, &text) else { panic!() };
        bench.layer.handle_flow_failed(bench.now, flow, "connection reset");
        bench.collect();
        bench.events.clear();
        bench.respond(key, &request, 486);
        assert!(bench.opens.is_empty() && bench.sent.is_empty());
        assert_eq!(bench.take_events()[0], LayerEvent::ServerTransportFailed(key));
        bench.wait(Duration::from_secs(33));
        assert!(bench.layer.is_empty() && bench.next.is_none(), "{method}");
    }
}

#[test]
fn a_request_that_comes_again_over_another_connection_is_answered_there() {
    let mut bench = Bench::new();
    let (first, second) = (FlowId::from_platform(8), FlowId::from_platform(9));
    bench.opened(first, Protocol::Tcp, "192.0.2.1:5060", Some("192.0.2.2:4444"));
    let text = received("INVITE", "z9hG4bK1").replace("UDP", "TCP");
    let Some(Heard::Request(key, request, _)) = bench.receive_on(first, &text) else { panic!() };
    bench.respond(key, &request, 180);
    // The sender knows that the connection is gone before we do.
    bench.opened(second, Protocol::Tcp, "192.0.2.1:5060", Some("192.0.2.2:5555"));
    assert!(bench.receive_on(second, &text).is_none(), "it is the same request");
    bench.layer.handle_flow_failed(bench.now, first, "connection reset");
    bench.respond(key, &request, 486);
    let over: Vec<FlowId> = bench.sent.iter().map(|(flow, ..)| *flow).collect();
    assert_eq!(over, [first, second, second]);
    assert!(bench.opens.is_empty());
}
