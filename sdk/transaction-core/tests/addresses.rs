//! Where a request goes: names and addresses, those that fail, and the size of a datagram.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;

use bench::*;

/// A request with a body of so many bytes.
fn with_body(size: usize) -> MessageBuf {
    request(Method::Message).as_message().edit().set_body("text/plain", "x".repeat(size)).finish().unwrap()
}

#[test]
fn a_large_request_goes_over_tcp_with_a_via_that_says_so() {
    let mut bench = Bench::new();
    bench.send(with_body(2_000), "sip:192.0.2.2");
    assert!(bench.sent.is_empty());
    let open = bench.opens.remove(0);
    assert_eq!((open.protocol, open.remote), (Protocol::Tcp, address(PEER)));
    bench.opened(open.flow, Protocol::Tcp, "192.0.2.1:40000", Some(PEER));
    assert!(bench.sent[0].2.contains("Via: SIP/2.0/TCP 192.0.2.1:40000;rport;branch=z9hG4bK"));
    bench.wait(Duration::from_secs(20));
    let on_stream = bench.sent.iter().filter(|(flow, _, _)| *flow == open.flow).count();
    assert_eq!(on_stream, 1, "nothing is repeated on a stream");
}

#[test]
fn a_large_request_goes_by_datagram_where_nobody_takes_tcp_and_the_next_one_at_once() {
    let mut bench = Bench::new();
    bench.send(with_body(2_000), "sip:192.0.2.2");
    let open = bench.opens.remove(0);
    bench.layer.handle_flow_failed(bench.now, open.flow, "connection refused");
    bench.collect();
    assert!(bench.sent.remove(0).2.contains("Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK"));
    bench.send(with_body(2_000), "sip:192.0.2.2");
    assert!(bench.opens.is_empty());
    assert!(bench.sent.remove(0).2.contains("Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK"));
    bench.wait(Duration::from_secs(400));
    bench.send(with_body(2_000), "sip:192.0.2.2");
    assert_eq!(bench.opens.len(), 1, "after a while it is tried again");
}

#[test]
fn whoever_is_reached_by_a_flow_alone_gets_large_datagrams() {
    let mut bench = Bench::new();
    let uri = UriBuf::parse("sip:192.0.2.2").unwrap();
    let target = Target { bound: true, ..Target::over(uri, FlowId::from_platform(UDP)) };
    let outgoing = Outgoing { request: with_body(2_000), target, contact: None };
    bench.layer.send_request(bench.now, outgoing);
    bench.collect();
    assert!(bench.opens.is_empty());
    assert_eq!(bench.sent[0].0, FlowId::from_platform(UDP));
}

#[test]
fn what_counts_is_the_size_of_a_request_as_it_leaves() {
    let outgoing = |size| {
        let contact = Some(LocalContact::new("alice"));
        let target = Target::new(UriBuf::parse("sip:192.0.2.2").unwrap());
        Outgoing { request: with_body(size), target, contact }
    };
    let mut bench = Bench::new();
    bench.layer.send_request(bench.now, outgoing(500));
    bench.collect();
    let written = bench.sent.remove(0).2.len() - 500;
    assert!(written > with_body(500).as_bytes().len() - 500 + 100, "Via and Contact count");
    for (size, opens) in [(1_300 - written, 0), (1_301 - written, 1)] {
        bench.layer.send_request(bench.now, outgoing(size));
        bench.collect();
        assert_eq!(bench.opens.len(), opens);
        assert!(bench.sent.drain(..).all(|(_, _, sent)| sent.len() == 1_300));
    }
    let open = bench.opens.remove(0);
    bench.opened(open.flow, Protocol::Tcp, "192.0.2.1:40000", Some(PEER));
    let sent = &bench.sent[0].2;
    assert!(sent.contains("Via: SIP/2.0/TCP 192.0.2.1:40000;"), "{sent}");
    assert!(sent.contains("Contact: <sip:alice@192.0.2.1:5060>\r\n"), "answers come by datagrams: {sent}");
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
fn addresses_that_are_there_do_not_wait_long_for_those_that_are_not() {
    let mut bench = Bench::new();
    bench.send(request(Method::Options), "sip:pbx.example");
    let (a, other) = (bench.questions.remove(0), bench.questions.remove(0));
    assert_eq!((a.1.record, other.1.record), (RecordType::A, RecordType::Aaaa));
    bench.layer.handle_dns(bench.now, a.0, Ok(DnsAnswer::Addresses(vec![[192, 0, 2, 8].into()])));
    bench.collect();
    bench.wait(Duration::from_millis(49));
    assert!(bench.sent.is_empty());
    bench.wait(Duration::from_millis(1));
    assert_eq!(bench.sent.remove(0).1, address("192.0.2.8:5060"));
    bench.layer.handle_dns(
        bench.now,
        other.0,
        Ok(DnsAnswer::Addresses(vec!["2001:db8::1".parse().unwrap()])),
    );
    bench.collect();
    assert!(bench.sent.is_empty(), "what comes too late is ignored");
}

#[test]
fn a_resolver_that_never_answers_is_not_waited_for_for_ever() {
    let mut bench = Bench::new();
    let key = bench.send(request(Method::Options), "sip:pbx.example");
    bench.wait(Duration::from_secs(8));
    let failed = ClientFailure::Unreachable("no DNS server answered".to_owned());
    assert_eq!(bench.take_events(), [LayerEvent::ClientFailed(key, failed)]);
    assert!(bench.layer.is_empty() && bench.next.is_none());
}

#[test]
fn an_address_that_does_not_answer_is_tried_last_by_the_next_request_and_not_all_are_waited_for() {
    let mut bench = Bench::new();
    let all: Vec<IpAddr> = (1..=8).map(|host| IpAddr::from([192, 0, 2, 10 + host])).collect();
    let send = |bench: &mut Bench| {
        let key = bench.send(request(Method::Options), "sip:pbx.example");
        for (id, question) in std::mem::take(&mut bench.questions) {
            let addresses = if question.record == RecordType::A { all.clone() } else { Vec::new() };
            bench.layer.handle_dns(bench.now, id, Ok(DnsAnswer::Addresses(addresses)));
        }
        bench.collect();
        key
    };
    let key = send(&mut bench);
    bench.wait(Duration::from_secs(97));
    assert_eq!(bench.take_events(), [LayerEvent::ClientFailed(key, ClientFailure::TimedOut)]);
    let mut tried: Vec<IpAddr> = bench.sent.drain(..).map(|(_, to, _)| to.ip()).collect();
    tried.dedup();
    assert_eq!(tried, all[..3], "three times 32 s are enough");
    send(&mut bench);
    assert_eq!(bench.sent[0].1.ip(), all[3]);
}
