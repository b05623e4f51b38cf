//! Client transactions on a virtual clock: retransmission, acknowledgement, withdrawal.

mod bench;

use bench::*;

#[test]
fn an_invite_without_answer_is_repeated_with_doubled_intervals_and_times_out_after_64_t1() {
    let mut bench = Bench::new();
    let key = bench.send(request(Method::Invite), "sip:192.0.2.2");
    bench.wait(Duration::from_millis(31_999));
    assert_eq!(bench.take_sent().len(), 7, "sent at 0, 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s");
    assert!(bench.take_events().is_empty());
    bench.wait(Duration::from_millis(2));
    assert_eq!(bench.take_events(), [LayerEvent::ClientFailed(key, ClientFailure::TimedOut)]);
    assert!(bench.layer.is_empty());
    assert_eq!(bench.next, None);
}

#[test]
fn another_request_is_repeated_at_most_every_t2() {
    let mut bench = Bench::new();
    bench.send(request(Method::Options), "sip:192.0.2.2");
    bench.wait(Duration::from_secs(33));
    // 0, 0.5, 1.5, 3.5, then every 4 s up to 31.5.
    assert_eq!(bench.take_sent().len(), 11);
    assert!(matches!(bench.take_events()[..], [LayerEvent::ClientFailed(_, ClientFailure::TimedOut)]));
}

#[test]
fn a_failure_response_is_acknowledged_by_the_transaction_each_time() {
    let mut bench = Bench::new();
    let key = bench.send(request(Method::Invite), "sip:192.0.2.2");
    let invite = bench.sent.remove(0).2;
    let busy = answer(&invite, 486);
    assert!(matches!(bench.receive(&busy), Some(Heard::Response(of, StatusCode::BUSY_HERE)) if of == key));
    assert!(bench.receive(&busy).is_none());
    let acks: Vec<_> = bench.sent.drain(..).map(|(_, _, text)| text).collect();
    assert_eq!(acks.len(), 2);
    assert_eq!(acks[0], acks[1]);
    let ack = MessageBuf::parse(Bytes::copy_from_slice(acks[0].as_bytes())).unwrap();
    let invite = MessageBuf::parse(Bytes::copy_from_slice(invite.as_bytes())).unwrap();
    let (ack, invite) = (ack.as_message(), invite.as_message());
    assert_eq!(ack.require::<Via<'_>>().unwrap(), invite.require::<Via<'_>>().unwrap());
    assert_eq!(ack.require::<To<'_>>().unwrap().tag(), Some("peer"));
    assert_eq!(ack.require::<CSeq>().unwrap(), CSeq { sequence: 7, method: Method::Ack });
    bench.wait(Duration::from_secs(32));
    assert_eq!(bench.take_events(), [LayerEvent::ClientTerminated(key)]);
}

#[test]
fn further_2xx_reach_the_user_until_timer_m() {
    let mut bench = Bench::new();
    let key = bench.send(request(Method::Invite), "sip:192.0.2.2");
    let ok = answer(&bench.sent[0].2.clone(), 200);
    for _ in 0..3 {
        assert!(matches!(bench.receive(&ok), Some(Heard::Response(of, StatusCode::OK)) if of == key));
    }
    bench.wait(Duration::from_secs(33));
    assert_eq!(bench.take_events(), [LayerEvent::ClientTerminated(key)]);
    assert!(bench.receive(&ok).is_none());
    assert_eq!(bench.layer.counters().get("stray response"), 1);
}

#[test]
fn a_cancel_waits_for_a_provisional_response() {
    let mut bench = Bench::new();
    let key = bench.send(request(Method::Invite), "sip:192.0.2.2");
    let invite = bench.sent[0].2.clone();
    bench.layer.cancel(bench.now, key);
    bench.collect();
    assert_eq!(bench.take_sent(), ["INVITE sip:bob@example.com SIP/2.0"]);
    assert!(matches!(bench.receive(&answer(&invite, 180)), Some(Heard::Response(_, StatusCode::RINGING))));
    let cancel = bench.sent[0].2.clone();
    assert_eq!(bench.take_sent(), ["CANCEL sip:bob@example.com SIP/2.0"]);
    assert!(bench.receive(&answer(&cancel, 200)).is_none(), "nobody waits for the answer to a CANCEL");
    let ended = bench.receive(&answer(&invite, 487));
    assert!(matches!(ended, Some(Heard::Response(_, StatusCode::REQUEST_TERMINATED))));
    bench.wait(Duration::from_secs(40));
    assert_eq!(bench.take_events(), [LayerEvent::ClientTerminated(key)]);
    assert!(bench.layer.is_empty());
}

#[test]
fn a_cancelled_invite_that_nobody_ends_is_given_up() {
    let mut bench = Bench::new();
    let key = bench.send(request(Method::Invite), "sip:192.0.2.2");
    let invite = bench.sent[0].2.clone();
    bench.receive(&answer(&invite, 180));
    bench.layer.cancel(bench.now, key);
    bench.collect();
    bench.wait(Duration::from_secs(33));
    assert!(bench.take_events().contains(&LayerEvent::ClientFailed(key, ClientFailure::TimedOut)));
    assert!(bench.layer.is_empty());
}

#[test]
fn a_response_that_came_by_another_way_than_its_request_went_is_not_taken() {
    let mut bench = Bench::new();
    bench.send(request(Method::Options), "sip:192.0.2.2");
    let ok = answer(&bench.sent[0].2.clone(), 200);
    let other = ok.replacen("\r\n", "\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKa\r\n", 1);
    let mine = ok.lines().find(|line| line.starts_with("Via")).unwrap();
    let behind = ok.replace(mine, &format!("{mine}\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKa"));
    assert!(bench.receive(&other).is_none());
    assert!(bench.receive(&behind).is_none());
    assert_eq!(bench.layer.counters().get("response with other Vias than its request"), 1);
    assert!(bench.receive(&ok).is_some());
}

#[test]
fn an_invite_whose_cancel_cannot_be_written_is_given_up_too() {
    let mut bench = Bench::new();
    let invite = request(Method::Invite);
    // What a user lets stand in the request line may not be what a builder takes.
    let invite =
        std::str::from_utf8(invite.as_bytes()).unwrap().replace("example.com SIP", "example.com?x=y SIP");
    let key = bench.send(MessageBuf::parse(invite.into()).unwrap(), "sip:192.0.2.2");
    let sent = bench.sent[0].2.clone();
    bench.receive(&answer(&sent, 180));
    bench.layer.cancel(bench.now, key);
    bench.collect();
    assert_eq!(bench.layer.counters().get("CANCEL that cannot be written"), 1);
    bench.wait(Duration::from_secs(33));
    assert_eq!(bench.take_events(), [LayerEvent::ClientFailed(key, ClientFailure::TimedOut)]);
    assert!(bench.layer.is_empty());
}

#[test]
fn one_request_too_many_fails_as_busy_and_the_others_go_on() {
    let mut bench = Bench::with(Config { client_transactions: 1, ..Config::default() });
    bench.send(request(Method::Options), "sip:192.0.2.2");
    assert_eq!(bench.take_sent().len(), 1);
    let refused = bench.send(request(Method::Options), "sip:192.0.2.2");
    assert_eq!(bench.take_events(), [LayerEvent::ClientFailed(refused, ClientFailure::Busy)]);
    assert!(bench.take_sent().is_empty());
}
