//! What somebody whom nobody knows can make the switch send, hold and believe.

mod bench;

use std::time::Duration;

use rvoip_driver::Protocol;
use rvoip_sip_core::HeaderName;

use bench::{ALICE, BOB, BOB_TOO, Bench, STRANGER, routes, status, values};

const TO_BOB: &str = "<sip:bob@example.com>";

/// A request of somebody from elsewhere.
fn strange(bench: &mut Bench, method: &str, uri: &str, extra: &str) -> String {
    let request = bench.request(STRANGER, method, uri, "zoe", TO_BOB, extra);
    request.replace("zoe@example.com", "zoe@elsewhere.example")
}

#[test]
fn a_refusal_is_sent_once_and_nothing_is_held() {
    let mut bench = Bench::new();
    bench.register(BOB, "bob", "");
    for (method, uri, user, expect) in [
        ("INVITE", "sip:bob@example.com", "alice", "SIP/2.0 407"),
        ("INVITE", "sip:nobody@example.com", "zoe", "SIP/2.0 404"),
        ("INVITE", "sip:carol@example.com", "zoe", "SIP/2.0 480"),
        ("INVITE", "sip:x@elsewhere.example", "zoe", "SIP/2.0 403"),
        ("REGISTER", "sip:example.com", "bob", "SIP/2.0 401"),
        ("BYE", "sip:bob@192.0.2.2:5060", "zoe", "SIP/2.0 481"),
    ] {
        bench.wait(Duration::from_secs(40));
        bench.sent.clear();
        let to = if method == "BYE" { "<sip:bob@example.com>;tag=1" } else { TO_BOB };
        let request = bench.request(STRANGER, method, uri, user, to, "");
        bench.receive(STRANGER, &request.replace("zoe@example.com", "zoe@elsewhere.example"));
        assert_eq!(bench.switch.live(), 0, "{method} {uri}");
        bench.wait(Duration::from_secs(40));
        let answers = bench.sent_to(STRANGER);
        assert!(answers.len() == 1 && answers[0].starts_with(expect), "{answers:?}");
        assert!(bench.sent.is_empty());
    }
}

#[test]
fn nobody_but_users_has_anything_relayed() {
    let mut bench = Bench::with(|config| config.relay = true);
    bench.sent.clear();
    let request = strange(&mut bench, "INVITE", "sip:victim@203.0.113.9", "");
    bench.receive(STRANGER, &request);
    assert_eq!(bench.sent_to(STRANGER), ["SIP/2.0 407 Proxy Authentication Required"]);
    let ack = strange(&mut bench, "ACK", "sip:victim@203.0.113.9", "");
    bench.receive(STRANGER, &ack);
    let route = "Route: <sip:203.0.113.9;lr>\r\n";
    for to in [TO_BOB, "<sip:bob@example.com>;tag=1"] {
        let options = strange(&mut bench, "OPTIONS", "sip:bob@example.com", route).replace(TO_BOB, to);
        bench.receive(STRANGER, &options);
        let answers = bench.sent_to(STRANGER);
        assert!(answers[0].starts_with("SIP/2.0 48"), "{answers:?}");
    }
    assert!(bench.sent.is_empty(), "{:?}", bench.sent);
    let call =
        bench.request(ALICE, "INVITE", "sip:friend@203.0.113.9", "alice", "<sip:friend@203.0.113.9>", "");
    bench.authenticated(ALICE, &call, "alice", "alice's secret");
    assert_eq!(bench.sent_to("203.0.113.9:5060"), ["INVITE sip:friend@203.0.113.9 SIP/2.0"]);
    bench.wait(Duration::from_secs(40));
    bench.assert_idle();
}

#[test]
fn the_ack_of_a_stranger_rings_at_nobody() {
    let mut bench = Bench::new();
    bench.register(BOB, "bob", "");
    bench.sent.clear();
    let ack = strange(&mut bench, "ACK", "sip:bob@example.com", "");
    bench.receive(STRANGER, &ack);
    assert!(bench.sent.is_empty());
    assert_eq!(bench.switch.dropped("ACK that leads nowhere"), 1);
}

#[test]
fn a_register_with_a_user_in_its_uri_is_for_the_registrar_too() {
    let mut bench = Bench::new();
    bench.register(BOB, "bob", "");
    bench.sent.clear();
    for uri in ["sip:bob@example.com", "sip:192.0.2.10"] {
        let request = bench.request(STRANGER, "REGISTER", uri, "zoe", TO_BOB, "");
        bench.receive(STRANGER, &request);
        assert_eq!(bench.sent_to(STRANGER), ["SIP/2.0 401 Unauthorized"], "{uri}");
    }
    assert!(bench.sent_to(BOB).is_empty());
}

#[test]
fn a_request_becomes_no_more_branches_than_it_may() {
    let mut bench = Bench::new();
    bench.register(BOB, "bob", "");
    bench.register(BOB_TOO, "bob", "");
    bench.sent.clear();
    let one = strange(&mut bench, "INVITE", "sip:bob@example.com", "Max-Breadth: 1\r\n");
    bench.receive(STRANGER, &one);
    assert_eq!(bench.sent_to(STRANGER), ["SIP/2.0 440 Max-Breadth Exceeded"]);
    let some = strange(&mut bench, "INVITE", "sip:bob@example.com", "");
    bench.receive(STRANGER, &some);
    assert_eq!(values(&bench.last_to(BOB), HeaderName::MaxBreadth), ["30"]);
    bench.answer(BOB, 486, "one");
    bench.answer(BOB_TOO, 486, "two");
    bench.assert_idle();
}

#[test]
fn credentials_for_others_are_passed_on_and_ours_are_not() {
    let mut bench = Bench::new();
    bench.register(BOB, "bob", "");
    let theirs = "Digest username=\"alice\", realm=\"elsewhere\", nonce=\"1\", uri=\"sip:x\", response=\"00000000000000000000000000000000\"";
    let request = bench.request(ALICE, "INVITE", "sip:bob@example.com", "alice", TO_BOB, "");
    let ours = bench.authenticated(ALICE, &request, "alice", "alice's secret");
    assert!(values(&bench.last_to(BOB), HeaderName::ProxyAuthorization).is_empty(), "{ours}");
    bench.answer(BOB, 486, "bob");
    let request =
        strange(&mut bench, "INVITE", "sip:bob@example.com", &format!("Proxy-Authorization: {theirs}\r\n"));
    bench.receive(STRANGER, &request);
    assert_eq!(values(&bench.last_to(BOB), HeaderName::ProxyAuthorization), [theirs]);
    bench.answer(BOB, 486, "bob");
    bench.assert_idle();
}

#[test]
fn hidden_user_names_are_not_searched_for() {
    let mut bench = Bench::new();
    let request = bench.request(BOB, "REGISTER", "sip:example.com", "bob", TO_BOB, "");
    let hide = |text: String| text.replace("username=\"bob\"", "username=\"bob\", userhash=true");
    bench.receive(BOB, &request);
    let challenge = bench.last_to(BOB);
    let signed = bench.signed(BOB, &request, &challenge, "bob", "bob's secret");
    bench.receive(BOB, &hide(signed));
    assert_eq!(status(&bench.last_to(BOB)), 401);
}

#[test]
fn too_many_requests_on_their_way_are_refused_and_calls_go_on() {
    let mut bench = Bench::with(|config| config.forwarded = 2);
    bench.register(BOB, "bob", "");
    bench.register(BOB_TOO, "carol", "");
    bench.invite("sip:bob@example.com");
    let invite = bench.last_to(BOB);
    bench.sent.clear();
    let other = strange(&mut bench, "INVITE", "sip:bob@example.com", "");
    bench.receive(STRANGER, &other);
    assert_eq!(bench.sent_to(STRANGER), ["SIP/2.0 503 Service Unavailable"]);
    let ack = bench.request(
        ALICE,
        "ACK",
        "sip:bob@192.0.2.2:5060",
        "alice",
        "<sip:bob@example.com>;tag=1",
        &routes(&invite, true),
    );
    bench.receive(ALICE, &ack);
    assert_eq!(bench.sent_to(BOB).len(), 1, "an ACK needs no room");
    bench.wait(Duration::from_secs(40));
    bench.assert_idle();
}

#[test]
fn a_page_that_is_loaded_again_and_again_is_not_locked_out() {
    let mut bench = Bench::with(|config| config.bindings_per_user = 3);
    for load in 0..10 {
        let from = format!("192.0.2.2:{}", 40_000 + load);
        bench.connect(Protocol::Ws, &from);
        let contact = format!("<sip:bob@load{load}.invalid;transport=ws>");
        assert_eq!(status(&bench.register_as(&from, "bob", &contact, "")), 200, "load {load}");
        bench.disconnect(&from);
    }
    assert!(bench.switch.bindings("bob").is_empty());
}

#[test]
fn a_message_full_of_routes_to_us_is_soon_done_with() {
    let mut bench = Bench::new();
    bench.register(BOB, "bob", "");
    bench.sent.clear();
    let routes = "Route: <sip:192.0.2.10;lr>\r\n".repeat(60);
    let request = strange(&mut bench, "OPTIONS", "sip:bob@example.com", &routes);
    bench.receive(STRANGER, &request);
    assert!(values(&bench.last_to(BOB), HeaderName::Route).is_empty());
    bench.answer(BOB, 200, "bob");
    bench.assert_idle();
}
