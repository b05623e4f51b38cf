//! What a phone answers to requests, by the book (RFC 3261 §8.2, §11, §12.2.2).
#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and looks at one event"
)]

mod server;

use std::time::Duration;

use rvoip_session_core::{EndCause, MediaAnswer, MediaQuestion, SessionId, UserAgentEvent};
use rvoip_sip_core::{HeaderName, MessageBuf, MessageBuilder, StatusCode, UriBuf};
use server::{Bench, PHONE, SERVER, header, start_line};

fn request(method: &str, branch: &str, to_tag: &str, extra: &str, body: &str) -> String {
    format!(
        "{method} sip:alice@{PHONE} SIP/2.0\r\nVia: SIP/2.0/UDP {SERVER};branch=z9hG4bK{branch};rport\r\n\
         From: <sip:bob@example.com>;tag=bob\r\nTo: <sip:alice@example.com>{to_tag}\r\nCall-ID: {branch}\r\n\
         CSeq: 1 {method}\r\nMax-Forwards: 70\r\nContact: <sip:bob@{SERVER}>\r\n{extra}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The status that a request is answered with.
fn answered(bench: &mut Bench, text: &str) -> MessageBuf {
    bench.sent.clear();
    bench.receive(text);
    bench.last()
}

fn code(message: &MessageBuf) -> u16 {
    message.as_message().status().map_or(0, StatusCode::code)
}

#[test]
fn requests_outside_of_dialogs_are_answered_by_the_book() {
    let mut bench = Bench::new();
    for (branch, method, to_tag, extra, body, expect) in [
        ("options", "OPTIONS", "", "", "", 200),
        ("unknown", "DANCE", "", "", "", 501),
        ("known", "SUBSCRIBE", "", "", "", 405),
        ("register", "REGISTER", "", "", "", 405),
        ("nodialog", "BYE", "", "", "", 481),
        ("gone", "BYE", ";tag=nobody", "", "", 481),
        ("info", "INFO", "", "", "", 481),
        ("extension", "INVITE", "", "Require: magic, more\r\n", "", 420),
        ("body", "INVITE", "", "Content-Type: application/pidf\r\n", "<x/>", 415),
        ("nobody", "INVITE", "", "", "v=0", 415),
        ("encoded", "INVITE", "", "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n", "x", 415),
        ("image", "MESSAGE", "", "Content-Type: image/png\r\n", "x", 415),
        ("text", "MESSAGE", "", "Content-Type: text/plain\r\n", "hello", 200),
    ] {
        let answer = answered(&mut bench, &request(method, branch, to_tag, extra, body));
        assert_eq!(code(&answer), expect, "{branch}");
        match expect {
            420 => assert_eq!(header(&answer, HeaderName::Unsupported).as_deref(), Some("magic, more")),
            405 | 501 => {
                assert!(header(&answer, HeaderName::Allow).is_some_and(|allow| allow.contains("INVITE")));
            }
            415 if branch == "encoded" => assert!(header(&answer, HeaderName::AcceptEncoding).is_some()),
            415 => assert!(header(&answer, HeaderName::Accept).is_some_and(|accept| accept.contains("sdp"))),
            _ => {}
        }
    }
    let scheme =
        request("OPTIONS", "scheme", "", "", "").replace(&format!("sip:alice@{PHONE} SIP"), "nobody:x SIP");
    assert_eq!(code(&answered(&mut bench, &scheme)), 416);
    let received =
        bench.events.iter().filter(|event| matches!(event, UserAgentEvent::MessageReceived { .. }));
    assert_eq!(received.count(), 1);
    bench.wait(Duration::from_secs(64));
    assert_eq!(bench.phone.live(), 0);
}

#[test]
fn a_request_that_came_on_two_paths_is_answered_482() {
    let mut bench = Bench::new();
    let first = request("INVITE", "path", "", "", "");
    bench.receive(&first);
    let second = first.replace("z9hG4bKpath", "z9hG4bKother");
    assert_eq!(code(&answered(&mut bench, &second)), 482);
}

const OFFER: &str =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

/// An incoming call that is answered; gives its session and our tag.
fn answered_call(bench: &mut Bench) -> (SessionId, String) {
    let invite = request("INVITE", "call", "", "Content-Type: application/sdp\r\n", OFFER);
    bench.receive(&invite);
    let session = bench.events.iter().find_map(|event| match event {
        UserAgentEvent::InviteReceived { session, .. } => Some(*session),
        _ => None,
    });
    let session = session.unwrap();
    bench.phone.accept(bench.now, session);
    bench.collect();
    let question = bench.questions.remove(0);
    assert!(matches!(question.question, MediaQuestion::CreateAnswer { .. }));
    bench.phone.media_answered(bench.now, question.negotiation, MediaAnswer::Description(OFFER.to_owned()));
    bench.collect();
    let ok = bench.last();
    assert_eq!(start_line(&ok), "SIP/2.0 200 OK");
    let to = header(&ok, HeaderName::To).unwrap_or_default();
    (session, to.split_once(";tag=").map(|(_, tag)| tag.to_owned()).unwrap_or_default())
}

/// A request of the peer within the call.
fn in_call(method: &str, tag: &str, sequence: u32, body: &str) -> String {
    let kind = match method {
        "INFO" => "Content-Type: application/dtmf-relay\r\n",
        _ if body.is_empty() => "",
        _ => "Content-Type: application/sdp\r\n",
    };
    request(method, &format!("{method}{sequence}"), &format!(";tag={tag}"), kind, body)
        .replace(&format!("Call-ID: {method}{sequence}"), "Call-ID: call")
        .replace("CSeq: 1 ", &format!("CSeq: {sequence} "))
}

#[test]
fn a_call_takes_requests_in_order_and_refuses_the_others() {
    let mut bench = Bench::new();
    let (session, tag) = answered_call(&mut bench);
    let ack = in_call("ACK", &tag, 1, "");
    bench.receive(&ack);
    assert!(bench.events.contains(&UserAgentEvent::Established { session }));
    assert_eq!(code(&answered(&mut bench, &in_call("INFO", &tag, 3, "Signal=1"))), 200);
    assert!(bench.events.iter().any(|event| matches!(event, UserAgentEvent::InfoReceived { .. })));
    assert_eq!(code(&answered(&mut bench, &in_call("INFO", &tag, 2, "Signal=1"))), 500, "out of order");
    assert_eq!(code(&answered(&mut bench, &in_call("UPDATE", &tag, 4, ""))), 405);
    bench.sent.clear();
    bench.receive(&in_call("INVITE", &tag, 5, OFFER));
    let again = in_call("INVITE", &tag, 6, OFFER).replace("z9hG4bKINVITE6", "z9hG4bKsecond");
    let refused = answered(&mut bench, &again);
    assert_eq!(code(&refused), 500, "the one before is not answered");
    assert!(header(&refused, HeaderName::RetryAfter).is_some());
    bench.receive(&in_call("BYE", &tag, 7, ""));
    let statuses: Vec<&str> = bench.sent.iter().filter_map(|text| text.lines().next()).collect();
    assert!(statuses.contains(&"SIP/2.0 487 Request Terminated") && statuses.contains(&"SIP/2.0 200 OK"));
    let ended = bench.events.iter().find_map(|event| match event {
        UserAgentEvent::Ended { cause, .. } => Some(cause.clone()),
        _ => None,
    });
    assert_eq!(ended, Some(EndCause::RemoteHangUp));
    bench.wait(Duration::from_secs(64));
    assert_eq!(bench.phone.live(), 0);
}

#[test]
fn a_redirect_is_followed_once_to_each_target_by_preference() {
    let mut bench = Bench::new();
    let to = UriBuf::parse("sip:bob@example.com").unwrap();
    let session = bench.phone.invite(bench.now, bench.alice, &to);
    bench.collect();
    let question = bench.questions.remove(0);
    bench.phone.media_answered(bench.now, question.negotiation, MediaAnswer::Description(OFFER.to_owned()));
    bench.collect();
    let invite = bench.last();
    let contacts = "<sip:low@192.0.2.30>;q=0.1, <sip:bob@example.com>, <sip:high@192.0.2.31>;q=0.9";
    bench.answer(&invite, 302, &[(HeaderName::Contact, contacts)]);
    let second = bench.last();
    assert_eq!(start_line(&second), "INVITE sip:high@192.0.2.31 SIP/2.0");
    assert_eq!(header(&second, HeaderName::CallId), header(&invite, HeaderName::CallId));
    bench.answer(&second, 302, &[(HeaderName::Contact, "<sip:high@192.0.2.31>, <sip:low@192.0.2.30>")]);
    let third = bench.last();
    assert_eq!(start_line(&third), "INVITE sip:low@192.0.2.30 SIP/2.0");
    bench.answer(&third, 302, &[(HeaderName::Contact, "<sip:bob@example.com>")]);
    let ended = bench.take_events().into_iter().find_map(|event| match event {
        UserAgentEvent::Ended { session: of, cause } if of == session => Some(cause),
        _ => None,
    });
    assert!(matches!(ended, Some(EndCause::Rejected { status, .. }) if status.code() == 302));
    bench.wait(Duration::from_secs(64));
    assert_eq!(bench.phone.live(), 0);
}

#[test]
fn every_phone_of_a_fork_but_the_first_is_hung_up() {
    let mut bench = Bench::new();
    let to = UriBuf::parse("sip:bob@example.com").unwrap();
    let session = bench.phone.invite(bench.now, bench.alice, &to);
    bench.collect();
    let question = bench.questions.remove(0);
    bench.phone.media_answered(bench.now, question.negotiation, MediaAnswer::Description(OFFER.to_owned()));
    bench.collect();
    let invite = bench.last();
    let response = |status: StatusCode, tag: &str| {
        let builder = MessageBuilder::response_to(&invite.as_message(), status).to_tag(tag);
        let builder =
            builder.raw(HeaderName::Contact, &format!("<sip:{tag}@{SERVER}>")).body("application/sdp", OFFER);
        String::from_utf8(builder.build().unwrap().as_bytes().to_vec()).unwrap()
    };
    for tag in ["one", "two", "three"] {
        bench.receive(&response(StatusCode::RINGING, tag));
    }
    bench.sent.clear();
    bench.receive(&response(StatusCode::OK, "two"));
    assert!(bench.sent.iter().any(|text| text.starts_with("ACK sip:two@")));
    bench.sent.clear();
    bench.receive(&response(StatusCode::OK, "three"));
    let lines: Vec<&str> = bench.sent.iter().filter_map(|text| text.split(' ').next()).collect();
    assert_eq!(lines, ["ACK", "BYE"]);
    assert!(bench.sent.iter().all(|text| text.contains("sip:three@")));
    bench.sent.clear();
    bench.receive(&response(StatusCode::OK, "two"));
    assert_eq!(bench.sent.len(), 1, "the 2xx that came again is acknowledged again");
    bench.phone.hang_up(bench.now, session);
    bench.wait(Duration::from_secs(64));
    assert_eq!(bench.phone.live(), 0);
}
