//! Calls over connections: which way their requests go, what keeps a connection, and what its loss means.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod server;

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_sans_io::{FlowId, Protocol};
use rvoip_session_core::{SessionId, UserAgentEvent};
use rvoip_sip_core::{HeaderName, Method};
use server::{Bench, SDP, SERVER, header, our_tag, request, response, start_line};

const ELSEWHERE: &str = "192.0.2.66:5060";

/// A phone without proxy, which calls and is called directly.
fn direct() -> Bench {
    Bench::with(|identity| identity.outbound_proxy = None)
}

/// Alice calls somebody over TCP, whose answer has this Contact and these further lines.
fn over_tcp(bench: &mut Bench, contact: &str, more: &[(HeaderName, &str)]) -> (SessionId, FlowId) {
    let session =
        bench.phone.invite(bench.now, bench.alice, &"sip:bob@192.0.2.10;transport=tcp".parse().unwrap());
    bench.collect();
    bench.describe();
    let flow = bench.connect(40_000);
    let invite = bench.last();
    let headers: Vec<_> = more.iter().cloned().chain([(HeaderName::Contact, contact)]).collect();
    bench.answer_with_media(&invite, 200, &headers);
    bench.apply();
    assert!(bench.take_events().contains(&UserAgentEvent::Established { session }));
    (session, flow)
}

/// Where the phone's last request went: its connection, or an address by datagram.
fn way(bench: &Bench) -> (FlowId, String) {
    let (flow, to) = bench.path.unwrap();
    (flow, to.to_string())
}

fn by_datagram(to: &str) -> (FlowId, String) {
    (FlowId::from_platform(1), to.to_owned())
}

#[test]
fn a_peer_that_is_elsewhere_than_the_connection_leads_is_spoken_to_there() {
    // A proxy took the INVITE and did not stay: the callee is where its Contact says (RFC 3261 §12.2.1.1).
    let mut bench = direct();
    let (session, _) = over_tcp(&mut bench, "<sip:bob@192.0.2.66>", &[]);
    assert_eq!(start_line(&bench.last()), "ACK sip:bob@192.0.2.66 SIP/2.0");
    assert_eq!(way(&bench), by_datagram(ELSEWHERE));
    bench.phone.hang_up(bench.now, session);
    bench.collect();
    let bye = bench.last();
    assert_eq!(
        (start_line(&bye).as_str(), way(&bench)),
        ("BYE sip:bob@192.0.2.66 SIP/2.0", by_datagram(ELSEWHERE))
    );
    bench.answer(&bye, 200, &[]);
    bench.wait(Duration::from_secs(64));
    assert_eq!(bench.phone.live(), 0);
}

#[test]
fn a_recorded_route_is_followed_over_connections() {
    let mut bench = direct();
    let route =
        [(HeaderName::RecordRoute, "<sip:192.0.2.66;transport=tcp;lr>, <sip:192.0.2.10;transport=tcp;lr>")];
    let (session, flow) = over_tcp(&mut bench, "<sip:bob@192.0.2.77>", &route);
    // The first hop of the reversed route is whom the connection leads to.
    let ack = bench.last();
    assert_eq!(way(&bench), (flow, SERVER.to_owned()));
    let routes: Vec<&str> = ack.as_message().raw(HeaderName::Route).collect();
    assert_eq!(routes, ["<sip:192.0.2.10;transport=tcp;lr>", "<sip:192.0.2.66;transport=tcp;lr>"]);
    bench.phone.hang_up(bench.now, session);
    bench.collect();
    assert_eq!(way(&bench), (flow, SERVER.to_owned()));

    let mut bench = direct();
    let route =
        [(HeaderName::RecordRoute, "<sip:192.0.2.10;transport=tcp;lr>, <sip:192.0.2.66;transport=tcp;lr>")];
    over_tcp(&mut bench, "<sip:bob@192.0.2.77>", &route);
    assert_eq!(bench.opens.pop().unwrap().remote.to_string(), ELSEWHERE, "the ACK goes to the first hop");
}

#[test]
fn a_peer_behind_a_nat_that_connected_to_us_is_spoken_to_over_its_connection() {
    for (via, over_connection) in [("10.0.0.7:5060", true), ("192.0.2.10:5060", false)] {
        let mut bench = direct();
        bench.listen(Protocol::Tcp);
        let flow = bench.accept(Protocol::Tcp, "192.0.2.10:33333");
        let invite = request("INVITE", "call", "", 1, "Contact: <sip:bob@10.0.0.7;transport=tcp>\r\n", SDP)
            .replace(&format!("UDP {SERVER}"), &format!("TCP {via}"));
        bench.receive_on(flow, "192.0.2.10:33333", &invite);
        let (session, ok) = bench.accept_call();
        let ack = request("ACK", "call", &our_tag(&ok), 1, "", "").replace("UDP", "TCP");
        bench.receive_on(flow, "192.0.2.10:33333", &ack);
        bench.phone.hang_up(bench.now, session);
        bench.collect();
        if over_connection {
            assert_eq!(way(&bench).0, flow);
        } else {
            assert_eq!(bench.opens.pop().unwrap().remote.to_string(), "10.0.0.7:5060");
        }
    }
}

#[test]
fn a_target_is_refreshed_by_the_answer_to_our_reinvite() {
    for (old, new) in [
        ("<sip:bob@192.0.2.10;transport=tcp>", "<sip:bob@192.0.2.66>"),
        ("<sip:bob@192.0.2.55>", "<sip:carol@192.0.2.66>"),
    ] {
        let mut bench = direct();
        let (session, _) = over_tcp(&mut bench, old, &[]);
        bench.sent.clear();
        bench.phone.reinvite(bench.now, session);
        bench.collect();
        bench.describe();
        let reinvite = bench.last();
        bench.answer_with_media(&reinvite, 200, &[(HeaderName::Contact, new)]);
        let ack = bench.last();
        let target = new.trim_matches(['<', '>']);
        assert_eq!(
            (start_line(&ack), way(&bench)),
            (format!("ACK {target} SIP/2.0"), by_datagram(ELSEWHERE))
        );
        bench.apply();
        bench.phone.hang_up(bench.now, session);
        bench.collect();
        assert_eq!(start_line(&bench.last()), format!("BYE {target} SIP/2.0"));
        assert_eq!(way(&bench), by_datagram(ELSEWHERE));
    }
}

#[test]
fn a_target_is_refreshed_by_a_reinvite_that_is_accepted_and_by_no_other() {
    for accepted in [true, false] {
        let mut bench = direct();
        bench.receive(&request("INVITE", "call", "", 1, "", SDP));
        let (session, ok) = bench.accept_call();
        let tag = our_tag(&ok);
        bench.receive(&request("ACK", "call", &tag, 1, "", ""));
        bench.receive(&request("INVITE", "call", &tag, 2, "Contact: <sip:carol@192.0.2.66>\r\n", SDP));
        if accepted {
            bench.describe();
            bench.receive(&request("ACK", "call", &tag, 2, "", ""));
        } else {
            let question = bench.questions.remove(0);
            let status = rvoip_sip_core::StatusCode::NOT_ACCEPTABLE_HERE;
            let refused = rvoip_session_core::MediaAnswer::Refused { status, reason: "no codec".to_owned() };
            bench.phone.media_answered(bench.now, question.negotiation, refused);
            bench.collect();
            assert_eq!(start_line(&bench.last()), "SIP/2.0 488 Not Acceptable Here");
        }
        bench.phone.hang_up(bench.now, session);
        bench.collect();
        let target = if accepted { "sip:carol@192.0.2.66" } else { "sip:bob@192.0.2.10:5060" };
        assert_eq!(start_line(&bench.last()), format!("BYE {target} SIP/2.0"));
    }
}

#[test]
fn a_connection_that_nobody_needs_may_go_without_a_word() {
    let mut bench = direct();
    bench.listen(Protocol::Tcp);
    let (session, flow) = over_tcp(&mut bench, "<sip:bob@192.0.2.10;transport=tcp>", &[]);
    bench.sent.clear();
    bench.wait(Duration::from_secs(1_000));
    assert!(bench.sent.is_empty(), "nor is it kept alive: {:?}", bench.sent);
    bench.lose(flow);
    bench.wait(Duration::from_secs(60));
    assert!(bench.take_events().is_empty() && bench.sent.is_empty() && bench.opens.is_empty());
    bench.phone.hang_up(bench.now, session);
    bench.collect();
    let again = bench.connect(40_001);
    let bye = bench.last();
    assert_eq!((start_line(&bye).split(' ').next(), way(&bench).0), (Some("BYE"), again));
}

#[test]
fn a_connection_that_is_needed_is_kept_alive_and_followed_by_a_reinvite_when_it_is_lost() {
    let mut bench = direct();
    let (session, flow) = over_tcp(&mut bench, "<sip:bob@192.0.2.10;transport=tcp>", &[]);
    bench.sent.clear();
    bench.wait(Duration::from_secs(300));
    let pings = bench.sent.drain(..).filter(|text| text == "\r\n\r\n").count();
    assert!((3..=4).contains(&pings), "{pings}: nobody could connect to us");
    bench.lose(flow);
    assert!(
        matches!(bench.take_events()[..], [UserAgentEvent::Recovering { session: Some(of), .. }] if of == session)
    );
    bench.describe();
    let again = bench.connect(40_001);
    let reinvite = bench.last();
    assert_eq!(
        header(&reinvite, HeaderName::Contact).as_deref(),
        Some("<sip:alice@192.0.2.1:40001;transport=tcp>")
    );
    bench.answer_with_media(&reinvite, 200, &[(HeaderName::Contact, "<sip:bob@192.0.2.10;transport=tcp>")]);
    bench.apply();
    assert!(
        matches!(bench.take_events()[0], UserAgentEvent::Recovered { session: Some(of), .. } if of == session)
    );
    assert_eq!(way(&bench).0, again);
    bench.phone.hang_up(bench.now, session);
    bench.collect();
    let bye = bench.last();
    bench.answer(&bye, 200, &[]);
    bench.wait(Duration::from_secs(300));
    assert!(bench.sent.is_empty() && bench.phone.live() == 0, "{:?}", bench.sent);
}

#[test]
fn silence_while_a_call_recovers_does_not_end_it_before_its_time() {
    let mut bench = direct();
    let (_, flow) = over_tcp(&mut bench, "<sip:bob@192.0.2.10;transport=tcp>", &[]);
    bench.lose(flow);
    bench.take_events();
    bench.describe();
    bench.connect(40_001);
    let reinvite = bench.last();
    // A proxy on the way waits for a peer whose connection is lost too.
    bench.answer(&reinvite, 408, &[]);
    assert!(bench.take_events().is_empty());
    assert!(bench.sent.iter().all(|text| !text.starts_with("BYE")));
    bench.wait(Duration::from_secs(2));
    assert!(!bench.questions.is_empty(), "it is tried again");
}

#[test]
fn a_call_that_went_over_a_connection_for_its_size_alone_is_a_call_by_datagrams() {
    let mut bench = direct();
    let description = format!("{SDP}{}", "a=candidate:1 1 udp 1 192.0.2.1 4000 typ host\r\n".repeat(40));
    let session = bench.phone.invite(bench.now, bench.alice, &"sip:bob@192.0.2.10".parse().unwrap());
    bench.collect();
    let question = bench.questions.remove(0);
    let answer = rvoip_session_core::MediaAnswer::Description(description);
    bench.phone.media_answered(bench.now, question.negotiation, answer);
    bench.collect();
    let flow = bench.connect(40_000);
    let invite = bench.last();
    assert_eq!(header(&invite, HeaderName::Contact).as_deref(), Some("<sip:alice@192.0.2.1:5060>"));
    bench.answer_with_media(&invite, 200, &[(HeaderName::Contact, "<sip:bob@192.0.2.10>")]);
    assert_eq!(
        (start_line(&bench.last()).split(' ').next(), way(&bench)),
        (Some("ACK"), by_datagram(SERVER))
    );
    bench.apply();
    bench.take_events();
    bench.lose(flow);
    assert!(bench.take_events().is_empty());
    bench.phone.hang_up(bench.now, session);
    bench.collect();
    assert_eq!(
        (start_line(&bench.last()).split(' ').next(), way(&bench)),
        (Some("BYE"), by_datagram(SERVER))
    );
}

#[test]
fn an_answer_has_a_contact_when_the_connection_of_its_call_is_gone() {
    let mut bench = direct();
    bench.listen(Protocol::Tcp);
    let flow = bench.accept(Protocol::Tcp, "192.0.2.10:33333");
    let invite = request("INVITE", "call", "", 1, "", SDP).replace("UDP", "TCP");
    bench.receive_on(flow, "192.0.2.10:33333", &invite);
    bench.lose(flow);
    let session = bench.incoming();
    bench.phone.accept(bench.now, session);
    bench.collect();
    bench.describe();
    let again = bench.connect(40_001);
    let ok = bench.last();
    assert_eq!(start_line(&ok), "SIP/2.0 200 OK");
    assert!(
        header(&ok, HeaderName::Contact)
            .is_some_and(|contact| contact.starts_with("<sip:alice@192.0.2.1:5060"))
    );
    assert_eq!(way(&bench), (again, SERVER.to_owned()), "where the caller listens");
}

#[test]
fn a_reinvite_in_place_of_the_ack_of_a_lost_connection_is_answered_before_a_change_of_ours() {
    let mut bench = direct();
    let flow = bench.accept(Protocol::Tcp, "192.0.2.10:33333");
    let contact = "Contact: <sip:bob@10.0.0.7;transport=tcp>\r\n";
    let behind = |sequence: u32, tag: &str| {
        let invite = request("INVITE", "call", tag, sequence, contact, SDP);
        invite.replace(&format!("UDP {SERVER}"), "TCP 10.0.0.7:5060")
    };
    bench.receive_on(flow, "192.0.2.10:33333", &behind(1, ""));
    let (session, ok) = bench.accept_call();
    bench.lose(flow);
    let again = bench.accept(Protocol::Tcp, "192.0.2.10:44444");
    bench.sent.clear();
    bench.receive_on(again, "192.0.2.10:44444", &behind(2, &our_tag(&ok)));
    while !bench.questions.is_empty() {
        bench.describe();
    }
    assert!(
        bench.sent.iter().any(|text| text.starts_with("SIP/2.0 200 ") && text.contains("CSeq: 2 INVITE\r\n")),
        "{:?}",
        bench.sent
    );
    assert!(!bench.sent.iter().any(|text| text.starts_with("INVITE ")), "{:?}", bench.sent);
    bench.phone.hang_up(bench.now, session);
    bench.collect();
}

#[test]
fn every_request_of_a_page_goes_to_its_server_whatever_the_route_says() {
    let server = "sip:192.0.2.10:8080;transport=ws;ws-path=%2Fsip";
    let mut bench = Bench::with(|identity| {
        identity.outbound_proxy = None;
        identity.server = Some(server.parse().unwrap());
    });
    let session = bench.phone.invite(bench.now, bench.alice, &"sip:bob@example.com".parse().unwrap());
    bench.collect();
    bench.describe();
    let open = bench.opens[0].clone();
    assert_eq!((open.protocol, open.resource.as_deref()), (Protocol::Ws, Some("/sip")));
    let flow = bench.connect(40_000);
    let invite = bench.last();
    let route = (HeaderName::RecordRoute, "<sip:192.0.2.66;transport=ws;ws-path=%2Fadmin;lr>");
    bench.answer_with_media(&invite, 200, &[(HeaderName::Contact, "<sip:bob@192.0.2.77>"), route]);
    assert_eq!(way(&bench).0, flow);
    bench.apply();
    bench.lose(flow);
    bench.describe();
    assert_eq!(bench.opens.pop().map(|open| open.resource), Some(Some("/sip".to_owned())));
    bench.phone.hang_up(bench.now, session);
}

#[test]
fn nobody_who_is_called_names_the_resource_of_a_websocket() {
    let mut bench = direct();
    let to = "sip:bob@192.0.2.66;transport=ws;ws-path=%2Fadmin".parse().unwrap();
    bench.phone.request(bench.now, bench.alice, Method::Message, &to, None);
    bench.collect();
    assert_eq!(bench.opens.pop().map(|open| open.resource), Some(None));
}

#[test]
fn a_call_by_a_sips_uri_is_secure_on_every_hop_and_says_so() {
    let mut bench = Bench::with(|identity| {
        identity.outbound_proxy = Some("sip:192.0.2.10".parse().unwrap());
    });
    let session = bench.phone.invite(bench.now, bench.alice, &"sips:bob@example.com".parse().unwrap());
    bench.collect();
    bench.describe();
    let open = bench.opens[0].clone();
    let tls: SocketAddr = "192.0.2.10:5061".parse().unwrap();
    assert_eq!((open.protocol, open.remote), (Protocol::Tls, tls), "though the proxy is a sip: URI");
    bench.connect(40_000);
    let invite = bench.last();
    let secure = "<sips:alice@192.0.2.1:40000>";
    assert_eq!(header(&invite, HeaderName::Contact).as_deref(), Some(secure));
    let text = response(&invite, 200, "server", &[(HeaderName::Contact, "<sips:bob@192.0.2.10>")], Some(SDP));
    bench.respond(&text);
    assert_eq!(header(&bench.last(), HeaderName::Contact).as_deref(), Some(secure), "the ACK too");
    bench.phone.hang_up(bench.now, session);
}
