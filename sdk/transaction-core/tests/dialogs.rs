//! Requests of a dialog: over its connection, or where its route and target lead.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;

use bench::*;

const DIALOG: u64 = 9;

/// A layer with a dialog's connection to the peer.
fn bench(protocol: Protocol) -> Bench {
    let mut bench = Bench::new();
    bench.opened(FlowId::from_platform(DIALOG), protocol, "192.0.2.1:40000", Some(PEER));
    bench
}

fn target(uri: &str) -> Target {
    Target::over(UriBuf::parse(uri).unwrap(), FlowId::from_platform(DIALOG))
}

/// Sends a BYE of the dialog.
fn send(bench: &mut Bench, target: Target) -> ClientKey {
    let outgoing = Outgoing { request: request(Method::Bye), target, contact: None };
    let key = bench.layer.send_request(bench.now, outgoing);
    bench.collect();
    key
}

fn goes_over_the_connection(protocol: Protocol, target: Target) -> bool {
    let mut bench = bench(protocol);
    send(&mut bench, target);
    bench.opens.is_empty()
        && bench.questions.is_empty()
        && bench.sent.iter().all(|(flow, ..)| *flow == FlowId::from_platform(DIALOG))
        && bench.sent.len() == 1
}

#[test]
fn what_leads_to_the_other_end_goes_over_the_connection() {
    for uri in ["sip:192.0.2.2:5060;transport=tcp;lr", "sip:bob@192.0.2.2", "sip:bob@192.0.2.2:5060"] {
        assert!(goes_over_the_connection(Protocol::Tcp, target(uri)), "{uri}");
    }
    for uri in
        ["sip:bob@192.0.2.2:5070;transport=tcp", "sip:bob@192.0.2.2;transport=udp", "sip:bob@192.0.2.9"]
    {
        assert!(!goes_over_the_connection(Protocol::Tcp, target(uri)), "{uri}");
    }
}

#[test]
fn what_only_the_connection_leads_to_goes_over_it() {
    for uri in ["sip:bob@192.0.2.9;transport=tcp;ob", "sip:x@df7jal23ls0d.invalid;transport=ws"] {
        assert!(goes_over_the_connection(Protocol::Tcp, target(uri)), "{uri}");
    }
    let behind_nat = Target { bound: true, ..target("sip:bob@10.0.0.7:5060;transport=tcp") };
    assert!(goes_over_the_connection(Protocol::Tcp, behind_nat));
    assert!(
        goes_over_the_connection(Protocol::Ws, target("sip:bob@192.0.2.9")),
        "a WebSocket has one server"
    );
}

#[test]
fn a_route_that_leads_elsewhere_is_followed() {
    let mut bench = bench(Protocol::Tcp);
    send(&mut bench, target("sip:bob@192.0.2.9"));
    assert_eq!((bench.sent[0].0, bench.sent[0].1), (FlowId::from_platform(UDP), address("192.0.2.9:5060")));
    send(&mut bench, target("sip:192.0.2.9;transport=tcp;lr"));
    let open = bench.opens.remove(0);
    assert_eq!((open.protocol, open.remote), (Protocol::Tcp, address("192.0.2.9:5060")));
    send(&mut bench, target("sip:proxy.example;transport=tcp;lr"));
    for (id, question) in std::mem::take(&mut bench.questions) {
        let here = vec![[192, 0, 2, 2].into()];
        let addresses = if question.record == RecordType::A { here } else { Vec::new() };
        bench.layer.handle_dns(bench.now, id, Ok(DnsAnswer::Addresses(addresses)));
    }
    bench.collect();
    assert!(bench.opens.is_empty(), "the name of the other end");
    assert_eq!(bench.sent[1].0, FlowId::from_platform(DIALOG));
}

#[test]
fn where_nobody_is_reached_the_connection_is_what_is_left() {
    for gone in [false, true] {
        let mut bench = bench(Protocol::Tcp);
        let key = send(&mut bench, target("sip:bob@10.0.0.7;transport=tcp"));
        let open = bench.opens.remove(0);
        if gone {
            bench.layer.handle_flow_failed(bench.now, FlowId::from_platform(DIALOG), "connection reset");
            bench.collect();
            bench.events.clear();
        }
        bench.layer.handle_flow_failed(bench.now, open.flow, "no route to host");
        bench.collect();
        if gone {
            let failed = ClientFailure::Unreachable("no route to host".to_owned());
            assert_eq!(bench.take_events(), [LayerEvent::ClientFailed(key, failed)]);
        } else {
            assert_eq!(bench.sent[0].0, FlowId::from_platform(DIALOG));
        }
        assert!(bench.opens.is_empty());
    }
}

#[test]
fn a_sips_request_does_not_go_over_a_plain_connection() {
    let mut bench = bench(Protocol::Tcp);
    let secure = std::str::from_utf8(request(Method::Bye).as_bytes()).unwrap().replacen("sip:", "sips:", 1);
    let outgoing = Outgoing {
        request: MessageBuf::parse(secure.into()).unwrap(),
        target: Target { bound: true, ..target("sip:192.0.2.2;lr") },
        contact: None,
    };
    bench.layer.send_request(bench.now, outgoing);
    bench.collect();
    let open = bench.opens.remove(0);
    assert_eq!((open.protocol, open.remote), (Protocol::Tls, address("192.0.2.2:5061")));
    assert!(bench.sent.is_empty());
}

#[test]
fn whoever_got_a_request_by_a_connection_for_its_size_answers_by_datagrams() {
    let mut bench = Bench::new();
    let large =
        request(Method::Invite).as_message().edit().set_body("text/plain", "x".repeat(2_000)).finish();
    let key = bench.send(large.unwrap(), "sip:192.0.2.2");
    let open = bench.opens.remove(0);
    bench.opened(open.flow, Protocol::Tcp, "192.0.2.1:40000", Some(PEER));
    let by_datagrams = (FlowId::from_platform(UDP), address(PEER));
    assert_eq!(bench.layer.path(key), Some(by_datagrams));
    let key = bench.send(request(Method::Options), "sip:192.0.2.2;transport=tcp");
    assert_eq!(bench.layer.path(key), Some((open.flow, address(PEER))));
}
