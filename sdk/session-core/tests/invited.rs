//! Calls that come: what is answered, in whichever form they come, and what they may hold.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks at one event")]

mod server;

use std::time::Duration;

use rvoip_session_core::{EndCause, UserAgentEvent};
use rvoip_sip_core::{HeaderName, StatusCode};
use server::{Bench, SDP, header, our_tag, request, response, start_line};

fn ended(bench: &mut Bench) -> Option<EndCause> {
    bench.take_events().into_iter().find_map(|event| match event {
        UserAgentEvent::Ended { cause, .. } => Some(cause),
        _ => None,
    })
}

#[test]
fn a_call_with_as_many_fields_as_are_read_is_answered_and_leaves_nothing() {
    // 256 fields, most of which the answer repeats and adds to.
    for (name, value) in
        [("Record-Route", "<sip:192.0.2.10;lr>"), ("Via", "SIP/2.0/UDP a.example;branch=z9hG4bKa")]
    {
        let mut bench = Bench::new();
        let usual = request("INVITE", "call", "", 1, "", SDP);
        let fields = usual.split("\r\n\r\n").next().unwrap().lines().count() - 1;
        let more = format!("{name}: {value}\r\n").repeat(256 - fields);
        let invite = request("INVITE", "call", "", 1, &more, SDP);
        assert!(invite.len() < 16_000);
        bench.receive(&invite);
        let (session, ok) = bench.accept_call();
        assert_eq!(start_line(&ok), "SIP/2.0 200 OK", "{name}");
        bench.receive(&request("ACK", "call", &our_tag(&ok), 1, "", ""));
        bench.phone.hang_up(bench.now, session);
        bench.collect();
        if !bench.opens.is_empty() {
            bench.connect(40_000);
        }
        let bye = bench.last();
        assert!(start_line(&bye).starts_with("BYE "));
        bench.answer(&bye, 200, &[]);
        bench.wait(Duration::from_secs(64));
        assert_eq!(bench.phone.live(), 0);
    }
}

#[test]
fn whatever_a_caller_calls_itself_it_can_be_held_and_hung_up() {
    for (from, contact) in [
        ("\"\\\u{7}\" <sip:bob@example.com>", "<sip:bob@192.0.2.10>"),
        ("<sip:bob@example.com>", "<sip:bob@192.0.2.10;method=BYE?X=y>"),
        ("<sip:bob@example.com>", "\"\\\u{1}\" <sip:bob@192.0.2.10>;x=\"\\\u{1}\""),
    ] {
        let mut bench = Bench::new();
        let named = |text: String| text.replace("From: <sip:bob@example.com>", &format!("From: {from}"));
        bench.receive(&named(request("INVITE", "call", "", 1, &format!("Contact: {contact}\r\n"), SDP)));
        let (session, ok) = bench.accept_call();
        bench.receive(&named(request("ACK", "call", &our_tag(&ok), 1, "", "")));
        bench.phone.hold(bench.now, session);
        bench.collect();
        bench.describe();
        let reinvite = bench.last();
        assert_eq!(start_line(&reinvite), "INVITE sip:bob@192.0.2.10 SIP/2.0", "{from} {contact}");
        // A builder would not write it.
        let plain = "<sip:bob@192.0.2.10>";
        let ok = response(&reinvite, 200, "server", &[(HeaderName::Contact, plain)], Some(SDP));
        bench.respond(&ok.replace(&format!("Contact: {plain}"), &format!("Contact: {contact}")));
        assert_eq!(start_line(&bench.last()), "ACK sip:bob@192.0.2.10 SIP/2.0");
        bench.apply();
        assert!(bench.take_events().contains(&UserAgentEvent::Modified { session }));
        bench.phone.hang_up(bench.now, session);
        bench.collect();
        assert_eq!(start_line(&bench.last()), "BYE sip:bob@192.0.2.10 SIP/2.0");
    }
}

#[test]
fn all_responses_of_an_invite_have_one_tag() {
    let mut bench = Bench::new();
    bench.receive(&request("INVITE", "call", "", 1, "", SDP));
    let session = bench.incoming();
    bench.phone.ring(bench.now, session, StatusCode::RINGING);
    bench.collect();
    let tag = our_tag(&bench.last());
    bench.receive(&request("BYE", "call", &tag, 2, "", ""));
    assert_eq!(bench.sent.len(), 2, "{:?}", bench.sent);
    let refused = bench.sent.iter().find(|text| text.starts_with("SIP/2.0 487")).unwrap();
    assert!(refused.contains(&format!(";tag={tag}\r\n")), "{refused}");
    assert_eq!(ended(&mut bench), Some(EndCause::RemoteHangUp));
}

#[test]
fn a_call_that_nobody_takes_was_not_refused_by_the_user() {
    let mut bench = Bench::new();
    bench.receive(&request("INVITE", "call", "", 1, "", SDP));
    bench.wait(Duration::from_secs(181));
    assert!(bench.sent.iter().any(|text| text.starts_with("SIP/2.0 480")));
    assert_eq!(ended(&mut bench), Some(EndCause::TimedOut));
}

#[test]
fn a_description_may_be_one_of_several_parts() {
    let mut bench = Bench::new();
    let body = format!(
        "--x\r\nContent-Type: application/sdp\r\n\r\n{SDP}\r\n--x\r\nContent-Type: application/isup\r\n\r\n\u{1}\r\n--x--\r\n"
    );
    let typed = "Content-Type: multipart/mixed;boundary=x\r\n";
    bench.receive(&request("INVITE", "call", "", 1, typed, &body));
    let session = bench.incoming();
    bench.phone.accept(bench.now, session);
    bench.collect();
    let offered = rvoip_session_core::MediaQuestion::CreateAnswer {
        offer: SDP.to_owned(),
        direction: rvoip_session_core::Direction::SendRecv,
    };
    assert_eq!(bench.questions[0].question, offered);
    bench.receive(&request("INVITE", "other", "", 1, typed, "--x\r\n\r\nhello\r\n--x--\r\n"));
    assert!(bench.sent.iter().any(|text| text.starts_with("SIP/2.0 415")));
}

/// A call that is established; gives our tag.
fn talking(bench: &mut Bench) -> (rvoip_session_core::SessionId, String) {
    bench.receive(&request("INVITE", "call", "", 1, "", SDP));
    let (session, ok) = bench.accept_call();
    let tag = our_tag(&ok);
    bench.receive(&request("ACK", "call", &tag, 1, "", ""));
    bench.take_events();
    (session, tag)
}

#[test]
fn a_bye_hangs_up_whatever_it_brings() {
    for extra in ["Content-Type: application/x\r\n", "Content-Encoding: gzip\r\nContent-Type: text/plain\r\n"]
    {
        let mut bench = Bench::new();
        let (_, tag) = talking(&mut bench);
        bench.receive(&request("BYE", "call", &tag, 2, extra, "why"));
        assert_eq!(start_line(&bench.last()), "SIP/2.0 200 OK");
        assert_eq!(ended(&mut bench), Some(EndCause::RemoteHangUp));
    }
    let mut bench = Bench::new();
    let (_, tag) = talking(&mut bench);
    let untyped = request("BYE", "call", &tag, 2, "", "why").replace("Content-Type: application/sdp\r\n", "");
    bench.receive(&untyped);
    assert_eq!(start_line(&bench.last()), "SIP/2.0 200 OK");
}

#[test]
fn an_info_of_a_package_is_not_what_we_take() {
    let mut bench = Bench::new();
    let (_, tag) = talking(&mut bench);
    let info = "Info-Package: nothing\r\nContent-Type: application/x\r\n";
    bench.receive(&request("INFO", "call", &tag, 2, info, "x"));
    let refused = bench.last();
    assert_eq!(start_line(&refused), "SIP/2.0 469 Bad Info Package");
    assert!(header(&refused, HeaderName::RecvInfo).is_some());
    assert!(bench.take_events().is_empty());
}

#[test]
fn what_we_can_do_is_said_in_full() {
    let mut bench = Bench::new();
    bench.receive(&request("OPTIONS", "call", "", 1, "", ""));
    let ok = bench.last();
    for name in [
        HeaderName::Allow,
        HeaderName::Accept,
        HeaderName::AcceptEncoding,
        HeaderName::AcceptLanguage,
        HeaderName::Supported,
    ] {
        assert!(header(&ok, name.clone()).is_some(), "{name:?}");
    }
}

#[test]
fn a_change_that_comes_in_place_of_the_ack_of_the_one_before_leaves_no_timer_of_that() {
    let mut bench = Bench::new();
    let (session, tag) = talking(&mut bench);
    bench.receive(&request("INVITE", "call", &tag, 2, "", SDP));
    bench.describe();
    // No ACK comes; the peer goes on, and our media side takes its time.
    bench.receive(&request("INVITE", "call", &tag, 3, "", SDP));
    bench.sent.clear();
    bench.wait(Duration::from_secs(40));
    assert!(bench.sent.iter().all(|text| !text.contains("CSeq: 2 INVITE") && !text.starts_with("BYE")));
    bench.describe();
    bench.receive(&request("ACK", "call", &tag, 3, "", ""));
    bench.wait(Duration::from_secs(40));
    assert!(bench.take_events().iter().all(|event| !matches!(event, UserAgentEvent::Ended { .. })));
    bench.phone.hang_up(bench.now, session);
}

#[test]
fn an_offer_of_ours_that_waits_for_its_ack_is_not_overtaken() {
    let mut bench = Bench::new();
    let (_, tag) = talking(&mut bench);
    bench.receive(&request("INVITE", "call", &tag, 2, "", ""));
    bench.describe();
    bench.receive(&request("INVITE", "call", &tag, 3, "", SDP));
    assert_eq!(start_line(&bench.last()), "SIP/2.0 491 Request Pending");
}

#[test]
fn a_call_by_sips_is_answered_by_sips() {
    let mut bench = Bench::new();
    let invite = request("INVITE", "call", "", 1, "", SDP).replacen("sip:alice", "sips:alice", 1);
    bench.receive(&invite);
    let (_, ok) = bench.accept_call();
    assert!(header(&ok, HeaderName::Contact).unwrap().starts_with("<sips:alice@"));
}
