//! Phones that are reached by the connection that they opened (RFC 5626), beside phones on datagrams.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;

use std::time::Duration;

use rvoip_call_engine::SwitchEvent;
use rvoip_driver::Protocol;
use rvoip_sip_core::{HeaderName, MessageBuf, MessageBuilder, StatusCode};

use bench::{ALICE, BOB, BOB_TOO, Bench, STRANGER, routes, status, values};

/// The Contact of a page: nobody can connect to it.
const PAGE: &str = "<sip:x7@df7jal23ls0d.invalid;transport=ws>";
const SUPPORTED: &str = "Supported: path, outbound\r\n";

fn flow(reg_id: u32) -> String {
    format!("{PAGE};+sip.instance=\"<urn:uuid:00000000-0000-4000-8000-000000000001>\";reg-id={reg_id}")
}

/// Bob's page connects and registers one of its flows.
fn page(bench: &mut Bench, from: &str, reg_id: u32) -> MessageBuf {
    bench.connect(Protocol::Wss, from);
    bench.register_as(from, "bob", &flow(reg_id), SUPPORTED)
}

fn call(bench: &mut Bench) -> MessageBuf {
    bench.sent.clear();
    bench.invite("sip:bob@example.com");
    let invite = bench.last_to(BOB);
    bench.answer_as(BOB, 200, "bob", PAGE);
    assert_eq!(bench.sent_to(ALICE).last().map(String::as_str), Some("SIP/2.0 200 OK"));
    bench.sent.clear();
    invite
}

/// A request within alice's call, from either side.
fn within(bench: &mut Bench, by_alice: bool, from: &str, method: &str, invite: &MessageBuf) {
    let request = if by_alice {
        let to = "<sip:bob@example.com>;tag=bob";
        let uri = "sip:x7@df7jal23ls0d.invalid;transport=ws";
        bench.request(from, method, uri, "alice", to, &routes(invite, true))
    } else {
        let request = bench.request(
            from,
            method,
            "sip:alice@192.0.2.1:5060",
            "bob",
            "<sip:alice@example.com>;tag=alice",
            &routes(invite, false),
        );
        request.replace("Call-ID: bob-call", "Call-ID: alice-call")
    };
    bench.receive(from, &request);
}

#[test]
fn a_phone_on_datagrams_and_a_page_on_a_websocket_call_each_other() {
    let mut bench = Bench::new();
    bench.register(ALICE, "alice", "");
    page(&mut bench, BOB, 1);
    let invite = call(&mut bench);
    assert_eq!(invite.as_message().request_uri_text(), Some("sip:x7@df7jal23ls0d.invalid;transport=ws"));
    let recorded = values(&invite, HeaderName::RecordRoute);
    let ends: Vec<&str> = recorded.iter().filter_map(|route| Some(route.split_once('@')?.1)).collect();
    assert_eq!(ends, ["192.0.2.10:443;transport=wss;lr>", "192.0.2.10:5060;lr>"], "one for each side");
    for (by_alice, from, to) in [(true, ALICE, BOB), (false, BOB, ALICE)] {
        within(&mut bench, by_alice, from, "ACK", &invite);
        within(&mut bench, by_alice, from, "INVITE", &invite);
        bench.answer(to, 200, "any");
        within(&mut bench, by_alice, from, "BYE", &invite);
        let methods: Vec<String> =
            bench.sent_to(to).iter().filter_map(|line| Some(line.split_once(' ')?.0.to_owned())).collect();
        assert_eq!(methods, ["ACK", "INVITE", "BYE"], "to {to}");
        bench.wait(Duration::from_secs(40));
        bench.sent.clear();
    }
    assert!(bench.opening.is_empty(), "nobody connects to .invalid");
    bench.assert_idle();
}

#[test]
fn what_came_without_content_length_leaves_on_a_stream_with_one() {
    const BARE: (&str, &str) = ("Content-Length: 0\r\n", "");
    let mut bench = Bench::new();
    bench.register(ALICE, "alice", "");
    bench.connect(Protocol::Tcp, BOB);
    bench.register_as(BOB, "bob", &format!("<sip:bob@{BOB};transport=tcp>"), "");
    // A request from datagrams to a stream.
    let to = "<sip:bob@example.com>";
    let request = bench.request(ALICE, "OPTIONS", "sip:bob@example.com", "alice", to, "");
    bench.receive(ALICE, &request);
    let signed = bench.signed(ALICE, &request, &bench.last_to(ALICE), "alice", "alice's secret");
    bench.sent.clear();
    bench.receive(ALICE, &signed.replace(BARE.0, BARE.1));
    let (_, forwarded) = bench.sent.iter().find(|(to, _)| *to == BOB.parse().unwrap()).unwrap();
    assert!(forwarded.contains("Content-Length: 0\r\n"), "{forwarded}");
    bench.answer(BOB, 200, "bob");
    // An answer from datagrams to a stream.
    bench.sent.clear();
    let to = "<sip:alice@example.com>";
    let request = bench.request(BOB, "OPTIONS", "sip:alice@example.com", "bob", to, "");
    bench.authenticated(BOB, &request, "bob", "bob's secret");
    let answer =
        MessageBuilder::response_to(&bench.last_to(ALICE).as_message(), StatusCode::OK).to_tag("alice");
    let answer = String::from_utf8(answer.build().unwrap().as_bytes().to_vec()).unwrap();
    bench.receive(ALICE, &answer.replace(BARE.0, BARE.1));
    let (_, forwarded) = bench.sent.iter().rev().find(|(to, _)| *to == BOB.parse().unwrap()).unwrap();
    assert!(
        forwarded.starts_with("SIP/2.0 200 ") && forwarded.contains("Content-Length: 0\r\n"),
        "{forwarded}"
    );
    bench.assert_idle();
}

#[test]
fn a_page_calls_a_phone_on_datagrams() {
    let mut bench = Bench::new();
    bench.register(ALICE, "alice", "");
    page(&mut bench, BOB, 1);
    bench.sent.clear();
    let to = "<sip:alice@example.com>";
    let request = bench.request(BOB, "INVITE", "sip:alice@example.com", "bob", to, "");
    bench.authenticated(BOB, &request, "bob", "bob's secret");
    let invite = bench.last_to(ALICE);
    let recorded = values(&invite, HeaderName::RecordRoute);
    assert!(recorded[0].ends_with("@192.0.2.10:5060;lr>"));
    assert!(recorded[1].ends_with("@192.0.2.10:443;transport=wss;lr>"));
    bench.answer(ALICE, 486, "alice");
    assert_eq!(bench.sent_to(BOB).last().map(String::as_str), Some("SIP/2.0 486 Busy Here"));
    bench.assert_idle();
}

#[test]
fn a_flow_is_kept_for_who_asks_for_it_on_a_connection() {
    let mut bench = Bench::new();
    let ok = page(&mut bench, BOB, 1);
    assert_eq!(values(&ok, HeaderName::Require), ["outbound"]);
    assert!(values(&ok, HeaderName::Contact)[0].ends_with(";reg-id=1"));
    let binding = &bench.switch.bindings("bob")[0];
    assert_eq!(binding.outbound.as_ref().map(|outbound| outbound.reg_id), Some(1));
    let ok = bench.register_as(ALICE, "alice", &flow(1), SUPPORTED);
    assert_eq!((status(&ok), values(&ok, HeaderName::Require)), (200, vec![]), "no keep-alive by STUN");
    bench.connect(Protocol::Tcp, BOB_TOO);
    let ok = bench.register_as(BOB_TOO, "carol", &flow(1), "");
    assert_eq!((status(&ok), values(&ok, HeaderName::Require)), (200, vec![]), "not asked for");
    bench.wait(Duration::from_secs(700));
    assert!(bench.switch.bindings("bob").is_empty());
    bench.assert_idle();
}

#[test]
fn a_phone_has_one_binding_a_flow_and_rings_once() {
    let mut bench = Bench::new();
    page(&mut bench, BOB, 1);
    bench.disconnect(BOB);
    page(&mut bench, BOB, 1);
    assert_eq!(bench.switch.bindings("bob").len(), 1, "the new connection takes the place of the old one");
    page(&mut bench, BOB_TOO, 2);
    assert_eq!(bench.switch.bindings("bob").len(), 2);
    bench.sent.clear();
    bench.invite("sip:bob@example.com");
    let rings = |bench: &Bench, at: &str| {
        let at: std::net::SocketAddr = at.parse().unwrap();
        bench.sent.iter().filter(|(to, text)| *to == at && text.starts_with("INVITE")).count()
    };
    assert_eq!((rings(&bench, BOB), rings(&bench, BOB_TOO)), (1, 0));
    bench.disconnect(BOB);
    assert_eq!(rings(&bench, BOB_TOO), 1, "the next flow of the same phone");
    bench.answer(BOB_TOO, 486, "bob");
    assert_eq!(bench.sent_to(ALICE).last().map(String::as_str), Some("SIP/2.0 486 Busy Here"));
    bench.assert_idle();
}

#[test]
fn two_phones_of_a_user_ring_both_and_a_lost_one_is_left_out() {
    let mut bench = Bench::new();
    page(&mut bench, BOB, 1);
    bench.register(BOB_TOO, "bob", "");
    bench.disconnect(BOB);
    bench.sent.clear();
    bench.invite("sip:bob@example.com");
    assert_eq!(bench.sent_to(BOB_TOO).len(), 1);
    assert!(bench.sent_to(BOB).is_empty() && bench.opening.is_empty());
    bench.answer_lost();
    bench.assert_idle();
}

#[test]
fn a_lost_flow_is_said_and_leads_nowhere_until_the_phone_registers_again() {
    let mut bench = Bench::new();
    bench.register(ALICE, "alice", "");
    page(&mut bench, BOB, 1);
    let invite = call(&mut bench);
    bench.disconnect(BOB);
    let gone = |event: &SwitchEvent| matches!(event, SwitchEvent::Unregistered { user, .. } if user == "bob");
    assert!(bench.events.iter().any(gone));
    assert!(bench.switch.bindings("bob").is_empty());
    bench.sent.clear();
    within(&mut bench, true, ALICE, "INFO", &invite);
    assert_eq!(bench.sent_to(ALICE), ["SIP/2.0 430 Flow Failed"]);
    bench.invite("sip:bob@example.com");
    assert_eq!(bench.sent_to(ALICE), ["SIP/2.0 430 Flow Failed"]);
    assert!(bench.opening.is_empty(), "nobody connects to .invalid");
    page(&mut bench, BOB_TOO, 1);
    bench.sent.clear();
    within(&mut bench, true, ALICE, "BYE", &invite);
    assert_eq!(bench.sent_to(BOB_TOO).len(), 1, "the call finds its phone on the new connection");
    bench.wait(Duration::from_secs(700));
    let left = bench.events.iter().filter(|event| gone(event)).count();
    assert_eq!(left, 2, "the flow's loss, and the end of the new binding");
    bench.assert_idle();
}

#[test]
fn what_breaks_the_rules_of_outbound_is_refused() {
    let mut bench = Bench::new();
    bench.connect(Protocol::Tcp, BOB);
    let two = format!("{}, <sip:bob@192.0.2.2>", flow(1));
    assert_eq!(status(&bench.register_as(BOB, "bob", &two, SUPPORTED)), 400, "one contact a flow");
    let path = "Path: <sip:elsewhere.example;lr>\r\n";
    assert_eq!(status(&bench.register(BOB, "bob", path)), 400, "a path that no proxy can have written");
    let via = "Via: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKother\r\nSupported: path, outbound\r\n";
    assert_eq!(status(&bench.register_as(BOB, "bob", &flow(1), via)), 439, "the first hop keeps no flow");
    assert_eq!(
        status(&bench.register_as(BOB, "bob", &flow(1), &format!("{via}Path: <sip:edge;lr>\r\n"))),
        439
    );
    let edge = format!("{via}Path: <sip:token@192.0.2.7;lr;ob>\r\n");
    let ok = bench.register_as(BOB, "bob", &flow(1), &edge);
    assert_eq!(values(&ok, HeaderName::Require), ["outbound"]);
    bench.disconnect(BOB);
    bench.sent.clear();
    bench.invite("sip:bob@example.com");
    let invite = bench.last_to("192.0.2.7:5060");
    assert_eq!(values(&invite, HeaderName::Route), ["<sip:token@192.0.2.7;lr;ob>"], "by way of the edge");
    bench.answer_lost();
    bench.assert_idle();
}

#[test]
fn a_phone_that_listens_where_it_registered_from_is_connected_to_again() {
    let mut bench = Bench::new();
    bench.connect(Protocol::Tcp, "192.0.2.2:40000");
    bench.register_as("192.0.2.2:40000", "bob", "<sip:bob@192.0.2.2:5060;transport=tcp>", "");
    bench.connect(Protocol::Tcp, "192.0.2.3:40000");
    bench.register_as("192.0.2.3:40000", "carol", "<sip:carol@203.0.113.7;transport=tcp>", "");
    bench.disconnect("192.0.2.2:40000");
    bench.disconnect("192.0.2.3:40000");
    bench.invite("sip:bob@example.com");
    let opened = bench.opening.pop().unwrap();
    assert_eq!((opened.protocol, opened.remote.to_string()), (Protocol::Tcp, "192.0.2.2:5060".to_owned()));
    bench.sent.clear();
    bench.invite("sip:carol@example.com");
    assert!(bench.opening.is_empty(), "not an address that the phone only names");
    assert_eq!(bench.sent_to(ALICE).last().map(String::as_str), Some("SIP/2.0 430 Flow Failed"));
    bench.wait(Duration::from_secs(700));
    bench.assert_idle();
}

/// A switch that is the edge of another domain, and the registrar of that.
fn edge() -> Bench {
    Bench::with(|config| {
        let home = rvoip_sip_core::UriBuf::parse("sip:192.0.2.20").unwrap();
        config.homes.insert("home.example".to_owned(), home);
    })
}

const HOME: &str = "192.0.2.20:5060";

#[test]
fn an_edge_keeps_the_flow_of_phones_that_register_elsewhere() {
    let mut bench = edge();
    bench.connect(Protocol::Ws, BOB);
    let request =
        bench.request(BOB, "REGISTER", "sip:home.example", "bob", "<sip:bob@home.example>", SUPPORTED);
    bench.receive(BOB, &request);
    let register = bench.last_to(HOME);
    let path = values(&register, HeaderName::Path);
    assert!(path[0].ends_with("@192.0.2.10:5060;lr;ob>"), "{path:?}");
    bench.answer(HOME, 200, "home");
    assert_eq!(bench.sent_to(BOB), ["SIP/2.0 200 OK"]);
    bench.sent.clear();
    // The home sends bob a call by that path.
    let route = format!("Route: {}\r\n", path[0]);
    let uri = "sip:x7@df7jal23ls0d.invalid;transport=ws";
    let call = bench.request(HOME, "INVITE", uri, "zoe", "<sip:bob@home.example>", &route);
    let call = call.replace("zoe@example.com", "zoe@elsewhere.example");
    bench.receive(HOME, &call);
    let invite = bench.last_to(BOB);
    assert!(values(&invite, HeaderName::Route).is_empty());
    assert_eq!(values(&invite, HeaderName::RecordRoute).len(), 2);
    bench.answer_as(BOB, 200, "bob", PAGE);
    assert_eq!(bench.sent_to(HOME).last().map(String::as_str), Some("SIP/2.0 200 OK"));
    let forged = call.replace("Route: <sip:w", "Route: <sip:t").replace("branch=z9hG4bK", "branch=z9hG4bKx");
    bench.receive(HOME, &forged);
    assert_eq!(bench.sent_to(HOME), ["SIP/2.0 403 Forbidden"]);
    bench.disconnect(BOB);
    bench.receive(HOME, &call.replace("branch=z9hG4bK", "branch=z9hG4bKy").replace("zoe-call", "next"));
    assert_eq!(bench.sent_to(HOME), ["SIP/2.0 430 Flow Failed"]);
    bench.assert_idle();
}

#[test]
fn a_call_of_a_phone_at_an_edge_goes_home_and_its_requests_follow_the_route() {
    let mut bench = edge();
    bench.connect(Protocol::Ws, BOB);
    let call = bench.request(BOB, "INVITE", "sip:alice@home.example", "bob", "<sip:alice@home.example>", "");
    let call = call.replace("bob@example.com", "bob@home.example");
    bench.receive(BOB, &call);
    let invite = bench.last_to(HOME);
    bench.answer(HOME, 200, "alice");
    assert_eq!(bench.sent_to(BOB).last().map(String::as_str), Some("SIP/2.0 200 OK"));
    bench.sent.clear();
    let bye = |bench: &mut Bench, call_id: &str| {
        let routes = routes(&invite, true) + "Route: <sip:192.0.2.21;lr>\r\n";
        let bye = bench.request(
            BOB,
            "BYE",
            "sip:alice@203.0.113.1",
            "bob",
            "<sip:alice@home.example>;tag=1",
            &routes,
        );
        bench.receive(BOB, &bye.replace("bob-call", call_id));
    };
    bye(&mut bench, "bob-call");
    assert_eq!(bench.sent_to("192.0.2.21:5060"), ["BYE sip:alice@203.0.113.1 SIP/2.0"]);
    bench.sent.clear();
    bye(&mut bench, "another-call");
    assert_eq!(bench.sent_to(BOB), ["SIP/2.0 403 Forbidden"], "the route is good for its call alone");
    assert!(bench.sent.is_empty() && bench.sent_to(STRANGER).is_empty());
    bench.wait(Duration::from_secs(40));
    bench.assert_idle();
}
