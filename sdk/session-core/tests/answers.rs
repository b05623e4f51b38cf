//! What peers answer to an INVITE of ours, and what is acknowledged, hung up and tried again.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks at one event")]

mod server;

use std::time::Duration;

use rvoip_session_core::{EndCause, FailureKind, MediaAnswer, UserAgentEvent};
use rvoip_sip_core::{HeaderName, StatusCode};
use server::{Bench, SDP, header, our_tag, request, response, start_line};

const BOB: &str = "sip:bob@example.com";
const CONTACT: (HeaderName, &str) = (HeaderName::Contact, "<sip:bob@192.0.2.10>");
const CHALLENGE: (HeaderName, &str) = (
    HeaderName::ProxyAuthenticate,
    "Digest realm=\"example.com\", nonce=\"one\", qop=\"auth\", algorithm=MD5",
);

fn ended(bench: &mut Bench) -> Option<EndCause> {
    bench.take_events().into_iter().find_map(|event| match event {
        UserAgentEvent::Ended { cause, .. } => Some(cause),
        _ => None,
    })
}

fn methods(bench: &Bench) -> Vec<&str> {
    bench.sent.iter().filter_map(|text| text.split(' ').next()).collect()
}

#[test]
fn the_ack_has_the_credentials_of_its_invite() {
    let mut bench = Bench::new();
    let (session, invite) = bench.call(BOB);
    bench.answer(&invite, 407, &[CHALLENGE]);
    let again = bench.last();
    let proof = header(&again, HeaderName::ProxyAuthorization);
    assert!(proof.is_some());
    bench.answer_with_media(&again, 200, &[CONTACT]);
    assert_eq!(header(&bench.last(), HeaderName::ProxyAuthorization), proof);
    bench.apply();

    bench.phone.reinvite(bench.now, session);
    bench.collect();
    bench.describe();
    let reinvite = bench.last();
    bench.answer(
        &reinvite,
        407,
        &[(CHALLENGE.0, "Digest realm=\"example.com\", nonce=\"two\", qop=\"auth\"")],
    );
    let again = bench.last();
    bench.answer_with_media(&again, 200, &[CONTACT]);
    let ack = bench.last();
    assert_eq!(start_line(&ack), "ACK sip:bob@192.0.2.10 SIP/2.0");
    assert_eq!(header(&ack, HeaderName::ProxyAuthorization), header(&again, HeaderName::ProxyAuthorization));
}

#[test]
fn branches_that_nobody_wants_cost_one_bye_each_and_not_without_limit() {
    let mut bench = Bench::new();
    let (session, invite) = bench.call(BOB);
    bench.answer_with_media(&invite, 200, &[CONTACT]);
    bench.apply();
    bench.sent.clear();
    let fork = |tag: &str| response(&invite, 200, tag, &[CONTACT], Some(SDP));
    for _ in 0..3 {
        bench.receive(&fork("other"));
    }
    assert_eq!(methods(&bench), ["ACK", "BYE", "ACK", "ACK"]);
    bench.sent.clear();
    for number in 0..1_000 {
        bench.receive(&fork(&format!("tag{number}")));
    }
    assert_eq!(bench.sent.iter().filter(|text| text.starts_with("BYE")).count(), 15);
    assert_eq!(bench.sent.len(), 30);
    assert_eq!(bench.phone.endpoint().counters().get("2xx of one fork too many"), 985);
    // The same when the call is over.
    bench.phone.hang_up(bench.now, session);
    bench.collect();
    let bye = bench.last();
    bench.answer(&bye, 200, &[]);
    bench.receive(&fork("tag0"));
    bench.receive(&fork("tag999"));
    assert_eq!(methods(&bench), ["ACK"]);
    bench.wait(Duration::from_secs(64));
    assert_eq!(bench.phone.live(), 0);
}

#[test]
fn where_somebody_answered_for_good_nobody_else_is_asked() {
    let alternatives = (HeaderName::Contact, "<sip:one@192.0.2.30>, <sip:two@192.0.2.31>");
    for (status, headers) in [(603, &[][..]), (200, &[][..])] {
        let mut bench = Bench::new();
        let (_, invite) = bench.call(BOB);
        bench.answer(&invite, 302, std::slice::from_ref(&alternatives));
        let first = bench.last();
        assert_eq!(start_line(&first), "INVITE sip:one@192.0.2.30 SIP/2.0");
        bench.answer(&first, status, headers);
        assert!(bench.sent.iter().all(|text| !text.starts_with("INVITE")), "{status}: {:?}", bench.sent);
        assert!(ended(&mut bench).is_some());
    }
}

#[test]
fn a_redirect_to_a_uri_with_headers_is_followed_without_them() {
    let mut bench = Bench::new();
    let (_, invite) = bench.call(BOB);
    bench.answer(
        &invite,
        302,
        &[(HeaderName::Contact, "<sip:one@192.0.2.30;method=BYE?Subject=x&Route=evil>")],
    );
    assert_eq!(start_line(&bench.last()), "INVITE sip:one@192.0.2.30 SIP/2.0");
}

#[test]
fn an_offer_in_the_2xx_that_our_media_refuses_is_answered_and_hung_up() {
    for hangs_up in [false, true] {
        let mut bench = Bench::new();
        let to = BOB.parse().unwrap();
        let session = bench.phone.invite_without_offer(bench.now, bench.alice, &to);
        bench.collect();
        let invite = bench.last();
        bench.answer_with_media(&invite, 200, &[CONTACT]);
        assert!(bench.sent.is_empty(), "the ACK waits for our answer");
        if hangs_up {
            bench.phone.hang_up(bench.now, session);
        } else {
            let question = bench.questions.remove(0);
            let status = StatusCode::NOT_ACCEPTABLE_HERE;
            let refused = MediaAnswer::Refused { status, reason: "no codec".to_owned() };
            bench.phone.media_answered(bench.now, question.negotiation, refused);
        }
        bench.collect();
        assert_eq!(methods(&bench), ["ACK", "BYE"]);
        assert!(bench.sent[0].ends_with("m=audio 0 RTP/AVP 0\r\n"), "{}", bench.sent[0]);
    }
}

#[test]
fn a_withdrawn_change_is_not_sent_again_with_credentials() {
    for hangs_up in [false, true] {
        let mut bench = Bench::new();
        let (session, _) = bench.talk(BOB, CONTACT.1);
        bench.phone.reinvite(bench.now, session);
        bench.collect();
        bench.describe();
        let reinvite = bench.last();
        bench.answer(&reinvite, 100, &[]);
        if hangs_up {
            bench.phone.hang_up(bench.now, session);
            bench.collect();
        } else {
            bench.wait(Duration::from_secs(33));
        }
        assert!(bench.sent.iter().any(|text| text.starts_with("CANCEL")));
        bench.sent.clear();
        bench.answer(&reinvite, 407, &[CHALLENGE]);
        assert_eq!(methods(&bench), ["ACK"]);
    }
}

#[test]
fn the_late_2xx_of_a_change_is_acknowledged_when_the_call_is_over() {
    let mut bench = Bench::new();
    let (session, _) = bench.talk(BOB, CONTACT.1);
    let tag = {
        bench.phone.reinvite(bench.now, session);
        bench.collect();
        bench.describe();
        our_tag(&bench.last())
    };
    bench.sent.clear();
    bench.wait(Duration::from_millis(600));
    let reinvite = bench.last();
    bench.receive(
        &request("BYE", "x", &tag, 7, "", "")
            .replace("Call-ID: x", &format!("Call-ID: {}", header(&reinvite, HeaderName::CallId).unwrap())),
    );
    assert_eq!(ended(&mut bench), Some(EndCause::RemoteHangUp));
    bench.sent.clear();
    bench.answer_with_media(&reinvite, 200, &[CONTACT]);
    let ack = bench.last();
    assert_eq!(start_line(&ack), "ACK sip:bob@192.0.2.10 SIP/2.0");
    assert_eq!(header(&ack, HeaderName::CSeq), Some("2 ACK".to_owned()));
    bench.wait(Duration::from_secs(64));
    assert_eq!(bench.phone.live(), 0);
}

#[test]
fn what_a_peer_says_again_while_it_rings_is_told_once() {
    let mut bench = Bench::new();
    let (session, invite) = bench.call(BOB);
    for _ in 0..5 {
        bench.answer(&invite, 180, &[CONTACT]);
    }
    let progress = |events: &[UserAgentEvent]| {
        events.iter().filter(|event| matches!(event, UserAgentEvent::Progress { .. })).count()
    };
    assert_eq!(progress(&bench.take_events()), 1);
    bench.answer(&invite, 181, &[CONTACT]);
    assert_eq!(progress(&bench.take_events()), 1);
    let mut asked = 0;
    for number in 0..100 {
        let sdp = SDP.replace("4000", &(4_000 + number).to_string());
        bench.receive(&response(&invite, 183, "server", &[CONTACT], Some(&sdp)));
        // One that is refused may be followed by a good one.
        if let Some(question) = bench.questions.pop() {
            asked += 1;
            let status = StatusCode::NOT_ACCEPTABLE_HERE;
            let refused = MediaAnswer::Refused { status, reason: "no codec".to_owned() };
            bench.phone.media_answered(bench.now, question.negotiation, refused);
        }
    }
    assert_eq!(asked, 16, "the media side is not asked without end");
    bench.phone.hang_up(bench.now, session);
}

#[test]
fn a_bye_in_an_early_dialog_ends_that_branch_alone() {
    let mut bench = Bench::new();
    let (session, invite) = bench.call(BOB);
    let call = header(&invite, HeaderName::CallId).unwrap();
    bench.receive(&response(&invite, 180, "server", &[CONTACT], None));
    bench.receive(&response(&invite, 180, "other", &[CONTACT], None));
    bench.sent.clear();
    let bye =
        request("BYE", "x", &our_tag(&invite), 7, "", "").replace("Call-ID: x", &format!("Call-ID: {call}"));
    bench.receive(&bye);
    assert_eq!(start_line(&bench.last()), "SIP/2.0 200 OK", "and no CANCEL");
    bench.receive(&bye.replace("7 BYE", "8 BYE").replace("z9hG4bK", "z9hG4bKagain"));
    assert!(start_line(&bench.last()).starts_with("SIP/2.0 481"));
    bench.receive(&response(&invite, 200, "other", &[CONTACT], Some(SDP)));
    bench.apply();
    assert!(bench.take_events().contains(&UserAgentEvent::Established { session }));
}

#[test]
fn an_invite_of_the_callee_while_ours_is_pending_is_glare() {
    let mut bench = Bench::new();
    let (_, invite) = bench.call(BOB);
    let call = header(&invite, HeaderName::CallId).unwrap();
    bench.receive(&response(&invite, 180, "server", &[CONTACT], None));
    bench.sent.clear();
    let theirs = request("INVITE", "x", &our_tag(&invite), 7, "", SDP);
    bench.receive(&theirs.replace("Call-ID: x", &format!("Call-ID: {call}")));
    assert_eq!(start_line(&bench.last()), "SIP/2.0 491 Request Pending");
}

#[test]
fn the_password_is_for_servers_of_the_account_alone() {
    let mut bench = Bench::with(|identity| {
        identity.outbound_proxy = None;
        identity.registrar = None;
    });
    for (to, answers) in [("sip:bob@192.0.2.66", false), ("sip:bob@192.0.2.10", false)] {
        let (_, invite) = bench.call(to);
        bench.answer(&invite, 401, &[(HeaderName::WwwAuthenticate, CHALLENGE.1)]);
        let failed = bench.take_events().into_iter().find_map(|event| match event {
            UserAgentEvent::Ended { cause: EndCause::AuthenticationFailed { reason, .. }, .. } => {
                Some(reason)
            }
            _ => None,
        });
        assert_eq!(failed.is_none(), answers, "{to}");
        assert!(bench.sent.iter().all(|text| !text.contains("Authorization")));
        bench.sent.clear();
    }
    let mut bench = Bench::with(|identity| identity.outbound_proxy = None);
    let (session, invite) = bench.call("sip:bob@192.0.2.10");
    bench.answer(&invite, 401, &[(HeaderName::WwwAuthenticate, CHALLENGE.1)]);
    let again = bench.last();
    assert!(header(&again, HeaderName::Authorization).is_some(), "the registrar itself");
    bench.answer_with_media(&again, 200, &[(HeaderName::Contact, "<sip:bob@192.0.2.66>")]);
    bench.apply();
    bench.phone.hang_up(bench.now, session);
    bench.collect();
    let bye = bench.last();
    bench.answer(&bye, 407, &[CHALLENGE]);
    assert!(header(&bench.last(), HeaderName::ProxyAuthorization).is_some(), "in its call");
}

#[test]
fn who_is_meant_stands_in_from_and_to_and_not_how_to_get_there() {
    let mut bench = Bench::with(|identity| {
        let aor = "\"Al\" <sip:alice@192.0.2.10:5060;transport=udp>";
        identity.aor = rvoip_sip_core::NameAddrBuf::parse(aor).unwrap();
    });
    let (_, invite) = bench.call("sip:+15551234@192.0.2.10:5070;user=phone;transport=udp");
    assert!(header(&invite, HeaderName::From).unwrap().starts_with("\"Al\" <sip:alice@192.0.2.10>;tag="));
    assert_eq!(header(&invite, HeaderName::To).unwrap(), "<sip:+15551234@192.0.2.10;user=phone>");
    assert_eq!(start_line(&invite), "INVITE sip:+15551234@192.0.2.10:5070;user=phone;transport=udp SIP/2.0");
    assert_eq!(header(&invite, HeaderName::Supported).as_deref(), Some("path, outbound"));
}

#[test]
fn glare_is_waited_out_for_2_1_to_4_s_by_the_caller_and_up_to_2_s_by_the_called() {
    for caller in [true, false] {
        let mut waits = Vec::new();
        for seed in 0..40 {
            let mut bench = Bench::new();
            // Another draw for each call.
            for _ in 0..seed {
                bench.call(BOB);
            }
            bench.events.clear();
            let session = if caller {
                bench.talk(BOB, CONTACT.1).0
            } else {
                bench.receive(&request("INVITE", "call", "", 1, "", SDP));
                let (session, ok) = bench.accept_call();
                bench.receive(&request("ACK", "call", &our_tag(&ok), 1, "", ""));
                session
            };
            bench.phone.reinvite(bench.now, session);
            bench.collect();
            bench.describe();
            let reinvite = bench.last();
            bench.questions.clear();
            bench.answer(&reinvite, 491, &[]);
            let since = bench.now.monotonic;
            while !bench.questions.iter().any(|of| of.session == session && !is_rollback(of)) {
                bench.wait(Duration::from_millis(10));
            }
            waits.push(u64::try_from(bench.now.monotonic.duration_since(since).as_millis()).unwrap());
        }
        let (least, most) = (*waits.iter().min().unwrap(), *waits.iter().max().unwrap());
        if caller {
            assert!(least >= 2_100 && most <= 4_000, "{waits:?}");
            assert!(least < 2_600 && most > 3_500, "it is drawn: {waits:?}");
        } else {
            assert!(most <= 2_000, "{waits:?}");
            assert!(least < 500 && most > 1_500, "it is drawn: {waits:?}");
        }
        assert!(waits.iter().all(|wait| wait % 10 == 0), "in units of 10 ms");
    }
}

fn is_rollback(question: &rvoip_session_core::Question) -> bool {
    matches!(question.question, rvoip_session_core::MediaQuestion::Rollback)
}

#[test]
fn a_change_whose_offer_cannot_be_sent_fails_and_the_next_one_goes_on() {
    let mut bench = Bench::new();
    let (session, _) = bench.talk(BOB, CONTACT.1);
    bench.phone.hold(bench.now, session);
    bench.collect();
    let reinvite = {
        bench.describe();
        bench.last()
    };
    bench.answer(&reinvite, 488, &[]);
    let failed = bench.take_events().into_iter().any(|event| {
        matches!(event, UserAgentEvent::ModifyFailed { failure, .. } if failure.kind == FailureKind::Rejected)
    });
    assert!(failed);
}
