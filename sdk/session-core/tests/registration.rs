//! Registration against a server that is a test (RFC 3261 §10).
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks at one event")]

mod server;

use std::time::Duration;

use rvoip_session_core::{FailureKind, UserAgentEvent};
use rvoip_sip_core::HeaderName;
use server::{Bench, header, start_line};

const CHALLENGE: (HeaderName, &str) =
    (HeaderName::WwwAuthenticate, "Digest realm=\"example.com\", nonce=\"one\", qop=\"auth\", algorithm=MD5");

fn registered(bench: &mut Bench) -> Option<(Duration, Vec<String>)> {
    bench.take_events().into_iter().find_map(|event| match event {
        UserAgentEvent::Registered { expires, contacts, .. } => Some((expires, contacts)),
        _ => None,
    })
}

fn failed(bench: &mut Bench) -> Option<(FailureKind, Option<u16>, Option<Duration>)> {
    bench.take_events().into_iter().find_map(|event| match event {
        UserAgentEvent::RegistrationFailed { failure, retry, .. } => {
            Some((failure.kind, failure.status, retry))
        }
        _ => None,
    })
}

/// Registers with a challenge; gives the contact.
fn register(bench: &mut Bench) -> String {
    bench.phone.register(bench.now, bench.alice);
    bench.collect();
    let first = bench.last();
    assert_eq!(header(&first, HeaderName::Authorization), None);
    bench.answer(&first, 401, &[CHALLENGE]);
    let second = bench.last();
    let contact = header(&second, HeaderName::Contact).unwrap_or_default();
    bench.answer(&second, 200, &[(HeaderName::Contact, &contact)]);
    contact
}

#[test]
fn a_phone_registers_with_digest_and_refreshes_before_the_end() {
    let mut bench = Bench::new();
    bench.phone.register(bench.now, bench.alice);
    bench.collect();
    let first = bench.last();
    assert_eq!(start_line(&first), "REGISTER sip:192.0.2.10:5060 SIP/2.0");
    assert_eq!(header(&first, HeaderName::To).as_deref(), Some("<sip:alice@example.com>"));
    bench.answer(&first, 401, &[CHALLENGE]);
    let second = bench.last();
    assert!(header(&second, HeaderName::Authorization).is_some_and(|value| value.contains("nc=00000001")));
    assert_eq!(header(&second, HeaderName::CallId), header(&first, HeaderName::CallId));
    assert_eq!(header(&second, HeaderName::CSeq).as_deref(), Some("2 REGISTER"));
    let contact = header(&second, HeaderName::Contact).unwrap_or_default();
    assert_eq!(contact, "<sip:alice@192.0.2.1:5060>;expires=300");
    bench.answer(&second, 200, &[(HeaderName::Contact, &contact)]);
    assert_eq!(
        registered(&mut bench),
        Some((Duration::from_secs(300), vec!["sip:alice@192.0.2.1:5060".to_owned()]))
    );
    bench.wait(Duration::from_secs(269));
    assert!(bench.sent.iter().all(|text| !text.starts_with("REGISTER")), "keep-alives alone");
    bench.sent.clear();
    bench.wait(Duration::from_secs(2));
    bench.sent.retain(|text| text.starts_with("REGISTER"));
    let refresh = bench.last();
    assert!(header(&refresh, HeaderName::Authorization).is_some_and(|value| value.contains("nc=00000002")));
    bench.answer(&refresh, 200, &[(HeaderName::Contact, &contact)]);
    assert!(registered(&mut bench).is_some());
}

#[test]
fn a_wrong_password_is_tried_once_and_never_again() {
    let mut bench = Bench::new();
    bench.phone.register(bench.now, bench.alice);
    bench.collect();
    let first = bench.last();
    bench.answer(&first, 401, &[CHALLENGE]);
    let second = bench.last();
    bench.answer(
        &second,
        401,
        &[(HeaderName::WwwAuthenticate, "Digest realm=\"example.com\", nonce=\"two\"")],
    );
    assert_eq!(failed(&mut bench), Some((FailureKind::AuthenticationFailed, Some(401), None)));
    bench.wait(Duration::from_secs(10_000));
    assert!(bench.sent.is_empty());
    assert_eq!(bench.phone.live(), 0);
}

#[test]
fn a_registrar_that_wants_longer_gets_it_and_one_that_is_down_is_tried_again() {
    let mut bench = Bench::new();
    bench.phone.register(bench.now, bench.alice);
    bench.collect();
    let first = bench.last();
    bench.answer(&first, 423, &[(HeaderName::MinExpires, "1800")]);
    let second = bench.last();
    assert_eq!(header(&second, HeaderName::Expires).as_deref(), Some("1800"));
    bench.answer(&second, 503, &[]);
    let Some((FailureKind::Rejected, Some(503), Some(retry))) = failed(&mut bench) else { panic!() };
    assert!((Duration::from_secs(15)..=Duration::from_secs(30)).contains(&retry), "{retry:?}");
    bench.wait(retry);
    assert_eq!(start_line(&bench.last()), "REGISTER sip:192.0.2.10:5060 SIP/2.0");
    bench.wait(Duration::from_secs(33));
    let Some((FailureKind::TimedOut, None, Some(later))) = failed(&mut bench) else { panic!() };
    assert!(later > retry, "{later:?}");
}

#[test]
fn a_registration_is_removed_and_says_so() {
    let mut bench = Bench::new();
    register(&mut bench);
    bench.events.clear();
    bench.phone.unregister(bench.now, bench.alice);
    bench.collect();
    let removal = bench.last();
    assert_eq!(header(&removal, HeaderName::Expires).as_deref(), Some("0"));
    bench.answer(&removal, 200, &[]);
    assert_eq!(bench.take_events(), [UserAgentEvent::Unregistered { identity: bench.alice }]);
    bench.wait(Duration::from_secs(10_000));
    assert!(bench.sent.is_empty(), "no refresh and no keep-alive is left");
}

#[test]
fn the_service_route_is_taken_for_requests_and_a_path_is_offered() {
    let mut bench = Bench::new();
    bench.phone.register(bench.now, bench.alice);
    bench.collect();
    let first = bench.last();
    assert_eq!(header(&first, HeaderName::Supported).as_deref(), Some("path, outbound"));
    let contact = header(&first, HeaderName::Contact).unwrap_or_default();
    let route = "<sip:192.0.2.10:5060;lr>, <sip:home.example.com;lr>";
    bench.answer(&first, 200, &[(HeaderName::Contact, &contact), (HeaderName::ServiceRoute, route)]);
    let to = rvoip_sip_core::UriBuf::parse("sip:bob@example.com").unwrap();
    bench.phone.request(bench.now, bench.alice, rvoip_sip_core::Method::Message, &to, None);
    bench.collect();
    let message = bench.last();
    let routes: Vec<String> = message.as_message().raw(HeaderName::Route).map(str::to_owned).collect();
    assert_eq!(routes, ["<sip:192.0.2.10:5060;lr>", "<sip:192.0.2.10:5060;lr>", "<sip:home.example.com;lr>"]);
}

#[test]
fn a_phone_behind_a_nat_registers_the_address_that_the_server_sees() {
    let mut bench = Bench::new();
    bench.phone.register(bench.now, bench.alice);
    bench.collect();
    let first = bench.last();
    let answer = rvoip_sip_core::MessageBuilder::response_to(
        &first.as_message(),
        rvoip_sip_core::StatusCode::UNAUTHORIZED,
    )
    .to_tag("server")
    .raw(CHALLENGE.0, CHALLENGE.1)
    .build()
    .unwrap();
    let seen = String::from_utf8(answer.as_bytes().to_vec()).unwrap();
    bench.receive(&seen.replace(";rport", ";rport=33333;received=203.0.113.5"));
    let second = bench.last();
    let contact = header(&second, HeaderName::Contact);
    assert_eq!(contact.as_deref(), Some("<sip:alice@203.0.113.5:33333>;expires=300"));
}
