//! Races between the two sides of a call, and peers and servers that do not do what they should.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod phones;
mod server;

use std::time::Duration;

use phones::Wire;
use rvoip_session_core::{EndCause, MediaAnswer, UserAgentEvent};
use rvoip_sip_core::{HeaderName, MessageBuf, StatusCode, UriBuf};
use server::{Bench, start_line};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Alice's INVITE as the server gets it.
fn invited(bench: &mut Bench) -> (rvoip_session_core::SessionId, MessageBuf) {
    let to = UriBuf::parse("sip:bob@example.com").unwrap();
    let session = bench.phone.invite(bench.now, bench.alice, &to);
    bench.collect();
    let question = bench.questions.remove(0);
    let offer =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    let answer = MediaAnswer::Description(offer.to_owned());
    bench.phone.media_answered(bench.now, question.negotiation, answer);
    bench.collect();
    (session, bench.last())
}

#[test]
fn a_call_that_was_given_up_is_not_placed_again_when_the_proxy_asks_for_credentials() {
    let mut bench = Bench::new();
    let (session, invite) = invited(&mut bench);
    bench.answer(&invite, 100, &[]);
    bench.phone.hang_up(bench.now, session);
    bench.collect();
    let challenge = "Digest realm=\"example.com\", nonce=\"1\", qop=\"auth\", algorithm=MD5";
    bench.sent.clear();
    bench.answer(&invite, 407, &[(HeaderName::ProxyAuthenticate, challenge)]);
    assert_eq!(bench.sent.len(), 1, "{:?}", bench.sent);
    assert!(start_line(&bench.last()).starts_with("ACK "));
    let ended = UserAgentEvent::Ended { session, cause: EndCause::LocalHangUp };
    assert_eq!(bench.take_events(), [ended]);
}

#[test]
fn an_answer_with_another_number_than_its_request_is_not_taken_and_the_right_one_still_is() {
    let mut bench = Bench::new();
    let (session, invite) = invited(&mut bench);
    let answer = rvoip_sip_core::MessageBuilder::response_to(&invite.as_message(), StatusCode::OK)
        .to_tag("bob")
        .raw(HeaderName::Contact, "<sip:bob@192.0.2.10>")
        .build()
        .unwrap();
    let text = std::str::from_utf8(answer.as_bytes()).unwrap();
    let hostile = text.replace("CSeq: 1 INVITE", "CSeq: 2147483647 INVITE");
    assert_ne!(text, hostile);
    bench.receive(&hostile);
    assert!(bench.sent.is_empty(), "{:?}", bench.sent);
    assert_eq!(bench.phone.layer().counters().get("response with another CSeq than its request"), 1);
    // Neither does it end what waits for the answer.
    bench.receive(&hostile.replace("200 OK", "486 Busy Here"));
    assert!(bench.sent.is_empty() && bench.take_events().is_empty());
    let text = text.replace("200 OK", "486 Busy Here");
    bench.receive(&text);
    assert!(start_line(&bench.last()).starts_with("ACK "));
    let [UserAgentEvent::Ended { session: ended, .. }] = bench.take_events()[..] else { panic!("the end") };
    assert_eq!(ended, session);
}

#[test]
fn a_registrar_that_sees_us_elsewhere_each_time_is_not_followed_for_ever() {
    let mut bench = Bench::new();
    bench.phone.register(bench.now, bench.alice);
    bench.collect();
    let mut registers = 0;
    while !bench.sent.is_empty() && registers < 50 {
        registers += 1;
        let request = bench.last();
        let answer = rvoip_sip_core::MessageBuilder::response_to(&request.as_message(), StatusCode::OK)
            .to_tag("server")
            .build()
            .unwrap();
        let text = std::str::from_utf8(answer.as_bytes()).unwrap();
        let elsewhere = format!(";rport={};received=198.51.100.7;", 10_000 + registers);
        bench.receive(&text.replace(";rport;", &elsewhere));
    }
    assert!(registers < 10, "{registers}");
    assert!(matches!(bench.take_events()[..], [UserAgentEvent::Registered { .. }]));
}

#[test]
fn nothing_is_kept_alive_when_a_registrar_refuses_to_let_us_go() {
    let mut bench = Bench::new();
    bench.phone.register(bench.now, bench.alice);
    bench.collect();
    let register = bench.last();
    bench.answer(&register, 200, &[]);
    assert!(bench.sent.is_empty(), "an answer without contacts says nothing");
    bench.phone.unregister(bench.now, bench.alice);
    bench.collect();
    let register = bench.last();
    bench.answer(&register, 500, &[]);
    bench.wait(seconds(200));
    assert!(bench.sent.is_empty(), "{:?}", bench.sent);
}

#[test]
fn a_callee_that_hung_up_before_the_ack_hangs_up_when_the_caller_goes_on_without_it() {
    let mut wire = Wire::new();
    wire.lose = Box::new(|from, text| from == "alice" && text.starts_with("ACK"));
    let to = wire.bob.uri();
    let a = wire.alice.agent.invite(wire.now, wire.alice.identity, &to);
    wire.settle();
    let b = wire.bob.incoming();
    wire.bob.agent.accept(wire.now, b);
    wire.settle();
    wire.bob.agent.hang_up(wire.now, b);
    wire.alice.agent.hold(wire.now, a);
    wire.settle();
    assert_eq!(wire.bob.ended(), Some(&EndCause::LocalHangUp), "{:?}", wire.ladder);
    assert_eq!(wire.alice.ended(), Some(&EndCause::RemoteHangUp), "{:?}", wire.ladder);
    wire.assert_nothing_lives();
}

#[test]
fn a_change_that_is_never_answered_is_withdrawn_and_its_late_answer_is_not_for_the_next() {
    let mut wire = Wire::new();
    let (a, b) = wire.connect();
    wire.bob.media.push_back(None);
    wire.alice.agent.hold(wire.now, a);
    wire.wait(seconds(31));
    wire.take_ladder();
    wire.wait(seconds(2));
    assert_eq!(wire.take_ladder(), ["a CANCEL", "b 200", "b 487", "a ACK"]);
    let failed = |event: &UserAgentEvent| matches!(event, UserAgentEvent::ModifyFailed { .. });
    assert!(wire.alice.take_events().iter().any(failed));

    wire.bob.media.extend([Some(MediaAnswer::Applied), None]);
    wire.bob.media.pop_front();
    wire.alice.agent.reinvite(wire.now, a);
    wire.settle();
    let (late, open) = (wire.bob.open[0], wire.bob.open[1]);
    let description = wire.bob.description(rvoip_session_core::Direction::SendRecv);
    wire.take_ladder();
    wire.bob.agent.media_answered(wire.now, late, MediaAnswer::Description(description.clone()));
    wire.settle();
    assert!(!wire.take_ladder().contains(&"b 200".to_owned()));
    wire.bob.agent.media_answered(wire.now, open, MediaAnswer::Description(description));
    wire.settle();
    assert!(wire.take_ladder().contains(&"b 200".to_owned()));
    wire.bob.agent.hang_up(wire.now, b);
    wire.assert_nothing_lives();
}

#[test]
fn a_change_that_is_never_answered_leaves_nothing_when_the_call_ends() {
    for by_alice in [true, false] {
        let mut wire = Wire::new();
        let (a, b) = wire.connect();
        wire.bob.media.push_back(None);
        wire.alice.agent.hold(wire.now, a);
        wire.wait(seconds(1));
        // Whatever answers the change is lost.
        wire.lose = Box::new(|from, text| from == "bob" && text.contains(" INVITE\r\n"));
        if by_alice {
            wire.alice.agent.hang_up(wire.now, a);
        } else {
            wire.bob.agent.hang_up(wire.now, b);
        }
        wire.settle();
        wire.wait(seconds(40));
        wire.assert_nothing_lives();
    }
}

#[test]
fn a_proxy_that_wants_credentials_for_the_bye_of_another_fork_gets_them() {
    let mut bench = Bench::new();
    let (_, invite) = invited(&mut bench);
    for tag in ["bob", "carol"] {
        let answer = rvoip_sip_core::MessageBuilder::response_to(&invite.as_message(), StatusCode::OK)
            .to_tag(tag)
            .raw(HeaderName::Contact, "<sip:bob@192.0.2.10>")
            .body("application/sdp", "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nt=0 0\r\n")
            .build()
            .unwrap();
        bench.receive(std::str::from_utf8(answer.as_bytes()).unwrap());
    }
    let bye = bench.last();
    assert!(start_line(&bye).starts_with("BYE "));
    let challenge = "Digest realm=\"example.com\", nonce=\"1\", qop=\"auth\", algorithm=MD5";
    bench.answer(&bye, 407, &[(HeaderName::ProxyAuthenticate, challenge)]);
    let again = bench.last();
    assert!(start_line(&again).starts_with("BYE "));
    assert!(server::header(&again, HeaderName::ProxyAuthorization).is_some());
    bench.answer(&again, 200, &[]);
}
