//! Calls and registrations through the switch, among phones on UDP.

mod bench;

use std::time::Duration;

use rvoip_call_engine::SwitchEvent;
use rvoip_sip_core::{HeaderName, MessageBuilder, StatusCode};

use bench::{ALICE, BOB, BOB_TOO, Bench, STRANGER, routes, status, values};

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
    let recorded = values(&invite, HeaderName::RecordRoute);
    assert!(recorded.len() == 2 && recorded.iter().all(|route| route.ends_with("@192.0.2.10:5060;lr>")));
    assert_eq!(message.raw(HeaderName::MaxForwards).next(), Some("69"));
    assert_eq!(message.raw(HeaderName::ProxyAuthorization).next(), None, "the proof is for the proxy alone");
    assert_eq!(message.raw(HeaderName::Via).count(), 2);
    bench.answer(BOB, 180, "bob");
    bench.answer(BOB, 200, "bob");
    assert_eq!(bench.sent_to(ALICE), ["SIP/2.0 180 Ringing", "SIP/2.0 200 OK"]);
    bench.sent.clear();
    let route = &routes(&invite, true);
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
fn a_branch_that_is_long_over_when_another_answers_leaves_nothing() {
    for status in [200, 486] {
        let mut bench = Bench::new();
        bench.register(BOB, "bob", "");
        bench.register(BOB_TOO, "bob", "");
        bench.sent.clear();
        bench.invite("sip:bob@example.com");
        bench.answer(BOB_TOO, 180, "two");
        bench.answer(BOB, 486, "one");
        bench.wait(Duration::from_secs(60));
        bench.answer(BOB_TOO, status, "two");
        bench.assert_idle();
    }
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
fn the_challenges_of_all_phones_reach_the_caller_folds_or_not() {
    let mut bench = Bench::new();
    for phone in [BOB, BOB_TOO] {
        bench.register(phone, "bob", "");
    }
    bench.sent.clear();
    bench.invite("sip:bob@example.com");
    for (phone, nonce) in [(BOB, "one"), (BOB_TOO, "two")] {
        let request = bench.last_to(phone);
        let answer =
            MessageBuilder::response_to(&request.as_message(), StatusCode::UNAUTHORIZED).to_tag(nonce);
        let answer = String::from_utf8(answer.build().unwrap().as_bytes().to_vec()).unwrap();
        let challenge =
            format!("WWW-Authenticate: Digest realm=\"b\",\r\n nonce=\"{nonce}\"\r\nContent-Length");
        bench.receive(phone, &answer.replace("Content-Length", &challenge));
    }
    let answer = bench.last_to(ALICE);
    assert_eq!(status(&answer), 401);
    let challenges = values(&answer, HeaderName::WwwAuthenticate);
    assert_eq!(challenges, ["Digest realm=\"b\", nonce=\"one\"", "Digest realm=\"b\", nonce=\"two\""]);
    bench.assert_idle();
}

#[test]
fn credentials_for_others_are_forwarded_as_they_came() {
    let mut bench = Bench::new();
    bench.register(BOB, "bob", "");
    bench.sent.clear();
    let theirs = "Proxy-Authorization: Digest username=\"a\", realm=\"elsewhere\",\r\n nonce=\"n\", uri=\"sip:b\", response=\"00\"\r\n";
    let request =
        bench.request(STRANGER, "INVITE", "sip:bob@example.com", "zoe", "<sip:bob@example.com>", theirs);
    bench.receive(STRANGER, &request.replace("zoe@example.com", "zoe@elsewhere.example"));
    let (_, invite) = bench.sent.iter().find(|(to, _)| *to == BOB.parse().unwrap()).unwrap();
    assert!(invite.contains(theirs), "{invite}");
    bench.answer(BOB, 486, "bob");
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
    let merged = call.replace("branch=z9hG4bK", "branch=z9hG4bKx");
    bench.receive(STRANGER, &merged);
    assert_eq!(
        bench.sent_to(STRANGER).last().map(String::as_str),
        Some("SIP/2.0 100 Trying"),
        "another path"
    );
    let via = "Via: SIP/2.0/UDP elsewhere.example;branch=z9hG4bKy\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKz\r\nVia";
    bench.receive(STRANGER, &call.replacen("Via", via, 1));
    assert_eq!(bench.sent_to(STRANGER).last().map(String::as_str), Some("SIP/2.0 482 Loop Detected"));
    bench.wait(Duration::from_secs(40));
    bench.assert_idle();
}

#[test]
fn a_strict_router_gets_its_uri_on_top_and_ours_is_undone() {
    let mut bench = Bench::with(|config| config.relay = true);
    let friend = "sip:friend@203.0.113.9";
    let strict = "Route: <sip:192.0.2.10;lr>\r\nRoute: <sip:198.51.100.7>\r\n";
    let request = bench.request(ALICE, "MESSAGE", friend, "alice", &format!("<{friend}>"), strict);
    bench.authenticated(ALICE, &request, "alice", "alice's secret");
    let sent = bench.last_to("198.51.100.7:5060");
    assert_eq!(sent.as_message().request_uri_text(), Some("sip:198.51.100.7"));
    assert_eq!(values(&sent, HeaderName::Route), ["<sip:friend@203.0.113.9>"]);
    // One before us put us on top of the request, and its target last.
    let undo = "Route: <sip:198.51.100.8;lr>\r\nRoute: <sip:friend@203.0.113.9>\r\n";
    let request = bench.request(ALICE, "MESSAGE", "sip:192.0.2.10;lr", "alice", &format!("<{friend}>"), undo);
    bench.authenticated(ALICE, &request, "alice", "alice's secret");
    let sent = bench.last_to("198.51.100.8:5060");
    assert_eq!(sent.as_message().request_uri_text(), Some(friend));
    assert_eq!(values(&sent, HeaderName::Route), ["<sip:198.51.100.8;lr>"]);
    bench.wait(Duration::from_secs(40));
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
