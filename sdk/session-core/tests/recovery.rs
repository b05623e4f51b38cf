//! Registrations that fail, move, are lost, and are wanted and not wanted in turn.
#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test looks at one event")]

mod server;

use std::time::Duration;

use rvoip_session_core::{FailureKind, Identity, UserAgentEvent};
use rvoip_sip_core::{HeaderName, MessageBuf, NameAddrBuf, UriBuf};
use server::{Bench, header, response, start_line};

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn contact(register: &MessageBuf) -> String {
    header(register, HeaderName::Contact).unwrap_or_default()
}

/// Sends a REGISTER; gives it.
fn register(bench: &mut Bench) -> MessageBuf {
    bench.phone.register(bench.now, bench.alice);
    bench.collect();
    bench.last()
}

/// Registers, as the registrar answers with what it was sent and further lines.
fn registered(bench: &mut Bench, more: &[(HeaderName, &str)]) -> MessageBuf {
    let request = register(bench);
    let contact = contact(&request);
    let headers: Vec<_> = more.iter().cloned().chain([(HeaderName::Contact, &*contact)]).collect();
    bench.answer(&request, 200, &headers);
    assert!(bench.take_events().iter().any(|event| matches!(event, UserAgentEvent::Registered { .. })));
    request
}

/// A phone whose registrar is reached over TCP.
fn over_tcp() -> Bench {
    Bench::with(|identity| {
        identity.registrar = Some("sip:192.0.2.10;transport=tcp".parse().unwrap());
        identity.outbound_proxy.clone_from(&identity.registrar);
    })
}

fn pings(bench: &mut Bench) -> usize {
    bench.sent.drain(..).filter(|text| text == "\r\n\r\n").count()
}

#[test]
fn a_registrar_cannot_have_a_phone_wait_beyond_all_clocks() {
    for lost in [false, true] {
        for asked in ["18446744073709551615", "9223372036854775807", "9999999999 (never)"] {
            let mut bench = over_tcp();
            bench.phone.register(bench.now, bench.alice);
            bench.collect();
            let flow = bench.connect(40_000);
            let mut request = bench.last();
            if lost {
                let contact = contact(&request);
                bench.answer(&request, 200, &[(HeaderName::Contact, &contact)]);
                bench.lose(flow);
                bench.connect(40_001);
                request = bench.last();
            }
            bench.take_events();
            bench.answer(&request, 503, &[(HeaderName::RetryAfter, asked)]);
            bench.wait(seconds(1_801));
            assert!(
                bench.sent.iter().any(|text| text.starts_with("REGISTER")),
                "it is tried again: {asked} {lost}"
            );
        }
    }
}

#[test]
fn what_a_failed_refresh_left_at_the_registrar_is_removed() {
    let mut bench = Bench::new();
    registered(&mut bench, &[]);
    bench.wait(seconds(271));
    bench.sent.retain(|text| text.starts_with("REGISTER"));
    let refresh = bench.last();
    bench.answer(&refresh, 503, &[]);
    assert!(
        bench.take_events().iter().any(|event| matches!(event, UserAgentEvent::RegistrationFailed { .. }))
    );
    bench.sent.clear();
    bench.phone.unregister(bench.now, bench.alice);
    bench.collect();
    let removal = bench.last();
    assert_eq!(header(&removal, HeaderName::Expires).as_deref(), Some("0"));
    assert!(bench.take_events().is_empty(), "it is not gone yet");
    bench.answer(&removal, 200, &[]);
    assert_eq!(bench.take_events(), [UserAgentEvent::Unregistered { identity: bench.alice }]);
    bench.wait(seconds(300));
    assert_eq!((pings(&mut bench), bench.phone.live()), (0, 0));
}

#[test]
fn nothing_is_sent_for_what_cannot_be_there_any_more() {
    let mut bench = Bench::new();
    registered(&mut bench, &[]);
    bench.wait(seconds(271));
    let refresh = {
        bench.sent.retain(|text| text.starts_with("REGISTER"));
        bench.last()
    };
    bench.answer(&refresh, 503, &[(HeaderName::RetryAfter, "1800")]);
    bench.take_events();
    bench.wait(seconds(400));
    bench.sent.clear();
    bench.phone.unregister(bench.now, bench.alice);
    bench.collect();
    assert!(bench.sent.is_empty());
    assert_eq!(bench.take_events(), [UserAgentEvent::Unregistered { identity: bench.alice }]);
    bench.wait(seconds(300));
    assert_eq!(pings(&mut bench), 0);
}

#[test]
fn whoever_registers_again_while_it_is_removed_is_registered() {
    let mut bench = Bench::new();
    registered(&mut bench, &[]);
    bench.phone.unregister(bench.now, bench.alice);
    bench.collect();
    let removal = bench.last();
    bench.phone.register(bench.now, bench.alice);
    bench.collect();
    assert!(bench.sent.is_empty(), "one after the other");
    bench.answer(&removal, 200, &[]);
    let again = bench.last();
    assert_eq!(header(&again, HeaderName::Expires).as_deref(), Some("300"));
    let contact = contact(&again);
    bench.answer(&again, 200, &[(HeaderName::Contact, &contact)]);
    let events = bench.take_events();
    assert!(matches!(events[..], [UserAgentEvent::Unregistered { .. }, UserAgentEvent::Registered { .. }]));
}

#[test]
fn no_refresh_is_sent_while_a_register_is_on_its_way() {
    let mut bench = Bench::new();
    registered(&mut bench, &[]);
    bench.wait(seconds(260));
    bench.sent.clear();
    bench.phone.register(bench.now, bench.alice);
    bench.collect();
    bench.wait(seconds(20));
    let sent: Vec<&String> = bench.sent.iter().filter(|text| text.starts_with("REGISTER")).collect();
    assert!(sent.len() > 2 && sent.iter().all(|text| *text == sent[0]), "one, again and again");
}

#[test]
fn a_registrar_that_always_wants_a_second_more_is_not_followed_for_ever() {
    let mut bench = Bench::new();
    let mut request = register(&mut bench);
    let mut registers = 1;
    while registers < 50 {
        let asked: u32 = header(&request, HeaderName::Expires).unwrap().parse().unwrap();
        bench.answer(&request, 423, &[(HeaderName::MinExpires, &(asked + 1).to_string())]);
        if bench.sent.is_empty() {
            break;
        }
        request = bench.last();
        registers += 1;
    }
    assert_eq!(registers, 4);
    let failed = bench.take_events().into_iter().find_map(|event| match event {
        UserAgentEvent::RegistrationFailed { failure, retry, .. } => Some((failure.status, retry.is_some())),
        _ => None,
    });
    assert_eq!(failed, Some((Some(423), true)));
}

#[test]
fn a_registrar_that_keeps_us_for_no_time_has_not_registered_us() {
    let mut bench = Bench::new();
    let request = register(&mut bench);
    bench.answer(&request, 200, &[(HeaderName::Contact, "<sip:alice@192.0.2.1:5060>;expires=0")]);
    let failed = bench.take_events().into_iter().find_map(|event| match event {
        UserAgentEvent::RegistrationFailed { failure, .. } => Some(failure.kind),
        _ => None,
    });
    assert_eq!(failed, Some(FailureKind::Rejected));
    bench.wait(seconds(10));
    assert!(bench.sent.is_empty(), "it is not asked each second");
}

#[test]
fn an_address_that_moved_takes_the_place_of_the_one_before() {
    let mut bench = Bench::new();
    let first = register(&mut bench);
    assert_eq!(contact(&first), "<sip:alice@192.0.2.1:5060>;expires=300");
    let answered = |request: &MessageBuf, port: &str| {
        let text = response(request, 200, "server", &[], None);
        text.replace(";rport;", &format!(";rport={port};received=203.0.113.5;"))
    };
    bench.receive(&answered(&first, "33333"));
    let second = bench.last();
    assert_eq!(
        contact(&second),
        "<sip:alice@203.0.113.5:33333>;expires=300, <sip:alice@192.0.2.1:5060>;expires=0"
    );
    bench.receive(&answered(&second, "33333"));
    bench.wait(seconds(271));
    bench.sent.retain(|text| text.starts_with("REGISTER"));
    let refresh = bench.last();
    assert_eq!(contact(&refresh), "<sip:alice@203.0.113.5:33333>;expires=300");
    // The NAT forgot us.
    bench.receive(&answered(&refresh, "44444"));
    let moved = bench.last();
    assert_eq!(
        contact(&moved),
        "<sip:alice@203.0.113.5:44444>;expires=300, <sip:alice@203.0.113.5:33333>;expires=0"
    );
    bench.receive(&answered(&moved, "44444"));
    bench.phone.unregister(bench.now, bench.alice);
    bench.collect();
    assert_eq!(contact(&bench.last()), "<sip:alice@203.0.113.5:44444>;expires=0");
}

#[test]
fn a_connection_that_takes_the_place_of_a_lost_one_leaves_no_contact_behind() {
    for (require, expected) in [
        (&[][..], Some("<sip:alice@192.0.2.1:40000;transport=tcp>;expires=0")),
        (&[(HeaderName::Require, "outbound")][..], None),
    ] {
        let mut bench = over_tcp();
        bench.phone.register(bench.now, bench.alice);
        bench.collect();
        let flow = bench.connect(40_000);
        let request = bench.last();
        let own = contact(&request);
        let headers: Vec<_> = require.iter().cloned().chain([(HeaderName::Contact, &*own)]).collect();
        bench.answer(&request, 200, &headers);
        bench.lose(flow);
        bench.connect(40_001);
        let again = contact(&bench.last());
        assert!(again.starts_with("<sip:alice@192.0.2.1:40001;transport=tcp>;expires=300"), "{again}");
        assert_eq!(again.split_once(", ").map(|(_, removed)| removed), expected);
    }
}

#[test]
fn a_phone_whose_first_hop_keeps_no_flow_registers_without() {
    let mut bench = over_tcp();
    bench.phone.register(bench.now, bench.alice);
    bench.collect();
    bench.connect(40_000);
    let request = bench.last();
    assert!(contact(&request).contains(";reg-id=1"));
    bench.answer(&request, 439, &[]);
    let plain = bench.last();
    assert!(!contact(&plain).contains("reg-id"), "{}", contact(&plain));
    assert_eq!(header(&plain, HeaderName::Supported).as_deref(), Some("path"));
    let own = contact(&plain);
    bench.answer(&plain, 200, &[(HeaderName::Contact, &own)]);
    assert!(matches!(bench.take_events()[..], [UserAgentEvent::Registered { .. }]));
    // One that says so all the same is not followed for ever.
    bench.phone.register(bench.now, bench.alice);
    bench.collect();
    for status in [439, 439] {
        let request = bench.last();
        bench.answer(&request, status, &[]);
    }
    assert!(bench.sent.is_empty());
}

#[test]
fn a_server_hears_of_us_as_often_as_it_asks() {
    let mut bench = over_tcp();
    bench.phone.register(bench.now, bench.alice);
    bench.collect();
    let flow = bench.connect(40_000);
    let request = bench.last();
    let own = contact(&request);
    let flow_timer = (HeaderName::FlowTimer, "30");
    bench.answer(
        &request,
        200,
        &[(HeaderName::Contact, &own), (HeaderName::Require, "outbound"), flow_timer],
    );
    let mut pings = 0;
    for _ in 0..120 {
        bench.wait(seconds(1));
        let now = bench.sent.drain(..).filter(|text| text == "\r\n\r\n").count();
        pings += now;
        if now > 0 {
            bench.receive_on(flow, server::SERVER, "\r\n");
        }
    }
    assert!((4..=5).contains(&pings), "{pings}");
}

#[test]
fn one_account_that_leaves_does_not_silence_the_other() {
    let mut bench = Bench::new();
    let mut identity = Identity::new(NameAddrBuf::parse("<sip:carol@example.com>").unwrap());
    identity.registrar = Some(UriBuf::parse("sip:192.0.2.10").unwrap());
    let carol = bench.phone.add_identity(identity);
    registered(&mut bench, &[]);
    bench.phone.register(bench.now, carol);
    bench.collect();
    let request = bench.last();
    let own = contact(&request);
    bench.answer(&request, 200, &[(HeaderName::Contact, &own)]);
    bench.phone.unregister(bench.now, bench.alice);
    bench.collect();
    let removal = bench.last();
    assert_eq!(start_line(&removal), "REGISTER sip:192.0.2.10:5060 SIP/2.0");
    bench.answer(&removal, 200, &[]);
    bench.wait(seconds(100));
    assert!((4..=5).contains(&pings(&mut bench)));
    bench.phone.unregister(bench.now, carol);
    bench.collect();
    let removal = bench.last();
    bench.answer(&removal, 200, &[]);
    bench.wait(seconds(100));
    assert_eq!(pings(&mut bench), 0);
}
