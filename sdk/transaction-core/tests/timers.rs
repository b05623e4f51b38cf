//! The timers of all four machines, with other base intervals than the usual ones, on datagrams and on streams.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;

use bench::*;

const T1: u64 = 100;
const T2: u64 = 1_000;
const T4: u64 = 2_000;
const GIVE_UP: u64 = 64 * T1;
const STREAM: u64 = 9;

fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn bench() -> Bench {
    let timers = TimerConfig { t1: milliseconds(T1), t2: milliseconds(T2), t4: milliseconds(T4) };
    let mut bench = Bench::with(Config { timers, ..Config::default() });
    bench.opened(FlowId::from_platform(STREAM), Protocol::Tcp, HERE, Some(PEER));
    bench
}

/// When something was sent, in milliseconds, until nothing is to be done any more.
fn moments(bench: &mut Bench) -> Vec<u64> {
    let start = bench.now.monotonic;
    let mut moments = Vec::new();
    loop {
        let elapsed = bench.now.monotonic.duration_since(start).as_millis();
        moments.extend(bench.sent.drain(..).map(|_| u64::try_from(elapsed).unwrap()));
        let Some(at) = bench.next else { return moments };
        bench.wait(at.duration_since(bench.now.monotonic));
    }
}

/// How long it takes until a transaction is over.
fn lasts(bench: &mut Bench) -> u64 {
    let start = bench.now.monotonic;
    bench.events.clear();
    while !bench.layer.is_empty() {
        let at = bench.next.unwrap();
        bench.wait(at.duration_since(bench.now.monotonic));
    }
    assert_eq!(bench.next, None, "no timer outlives its transaction");
    u64::try_from(bench.now.monotonic.duration_since(start).as_millis()).unwrap()
}

fn sent_by(bench: &mut Bench, method: Method, uri: &str) -> String {
    bench.send(request(method), uri);
    bench.sent.last().unwrap().2.clone()
}

#[test]
fn requests_are_repeated_by_t1_and_t2_and_given_up_after_64_t1() {
    let mut bench = bench();
    bench.send(request(Method::Invite), "sip:192.0.2.2");
    assert_eq!(moments(&mut bench), [0, 100, 300, 700, 1_500, 3_100, 6_300], "timer A is not capped");
    assert!(matches!(bench.take_events()[..], [LayerEvent::ClientFailed(_, ClientFailure::TimedOut)]));

    bench.send(request(Method::Options), "sip:192.0.2.2");
    let expected = [0, 100, 300, 700, 1_500, 2_500, 3_500, 4_500, 5_500];
    assert_eq!(moments(&mut bench), expected, "timer E is capped at T2");
    assert!(matches!(bench.take_events()[..], [LayerEvent::ClientFailed(_, ClientFailure::TimedOut)]));

    let sent = sent_by(&mut bench, Method::Options, "sip:192.0.2.2");
    bench.sent.clear();
    assert!(bench.receive(&answer(&sent, 100)).is_some());
    assert_eq!(moments(&mut bench)[..4], [100, 1_100, 2_100, 3_100], "in Proceeding every T2");
}

#[test]
fn nothing_is_repeated_on_a_stream_and_what_waits_for_repetitions_waits_no_time() {
    let mut bench = bench();
    let stream = FlowId::from_platform(STREAM);
    for method in [Method::Invite, Method::Options] {
        bench.send(request(method), "sip:192.0.2.2;transport=tcp");
        assert_eq!(moments(&mut bench), [0]);
        assert!(matches!(bench.take_events()[..], [LayerEvent::ClientFailed(_, ClientFailure::TimedOut)]));
    }
    for (method, status, waits) in
        [(Method::Invite, 486, 0), (Method::Invite, 200, GIVE_UP), (Method::Options, 200, 0)]
    {
        let sent = sent_by(&mut bench, method, "sip:192.0.2.2;transport=tcp");
        assert!(bench.receive_on(stream, &answer(&sent, status)).is_some());
        assert_eq!(lasts(&mut bench), waits, "D, M and K of {status}");
    }
    let tcp = |method: &str, branch: &str| received(method, branch).replace("UDP", "TCP");
    let Some(Heard::Request(key, options, _)) = bench.receive_on(stream, &tcp("OPTIONS", "z9hG4bK1")) else {
        panic!()
    };
    bench.respond(key, &options, 200);
    assert_eq!(lasts(&mut bench), 0, "J");
    let Some(Heard::Request(key, invite, _)) = bench.receive_on(stream, &tcp("INVITE", "z9hG4bK2")) else {
        panic!()
    };
    bench.sent.clear();
    bench.respond(key, &invite, 486);
    assert_eq!(bench.take_sent().len(), 1);
    bench.wait(milliseconds(GIVE_UP - 1));
    assert!(bench.take_sent().is_empty(), "no timer G on a stream");
    assert!(bench.receive_on(stream, &tcp("ACK", "z9hG4bK2")).is_none());
    assert_eq!(lasts(&mut bench), 0, "I");
}

#[test]
fn what_comes_again_by_datagram_is_waited_for() {
    let mut bench = bench();
    // Timer D is at least 32 s (RFC 3261 §17.1.1.2).
    for (method, status, waits) in
        [(Method::Invite, 486, 32_000), (Method::Invite, 200, GIVE_UP), (Method::Options, 200, T4)]
    {
        let sent = sent_by(&mut bench, method, "sip:192.0.2.2");
        assert!(bench.receive(&answer(&sent, status)).is_some());
        assert_eq!(lasts(&mut bench), waits, "D, M and K of {status}");
    }
    for (method, status, waits) in [("OPTIONS", 200, GIVE_UP), ("INVITE", 200, GIVE_UP)] {
        let Some(Heard::Request(key, request, _)) = bench.receive(&received(method, "z9hG4bK1")) else {
            panic!()
        };
        bench.respond(key, &request, status);
        assert_eq!(lasts(&mut bench), waits, "J and L of {method}");
    }
}

#[test]
fn a_refusal_is_repeated_by_t1_and_t2_until_its_ack_and_that_is_waited_for_t4() {
    let mut bench = bench();
    let Some(Heard::Request(key, invite, _)) = bench.receive(&received("INVITE", "z9hG4bK1")) else {
        panic!()
    };
    bench.respond(key, &invite, 486);
    let expected = [0, 100, 300, 700, 1_500, 2_500, 3_500, 4_500, 5_500];
    assert_eq!(moments(&mut bench), expected, "timer G, until H");
    assert_eq!(bench.take_events(), [LayerEvent::AckMissing(key)]);

    let Some(Heard::Request(key, invite, _)) = bench.receive(&received("INVITE", "z9hG4bK2")) else {
        panic!()
    };
    bench.respond(key, &invite, 486);
    assert!(bench.receive(&received("ACK", "z9hG4bK2")).is_none());
    assert_eq!(lasts(&mut bench), T4, "timer I");
}

#[test]
fn another_request_gets_100_when_its_clients_interval_reaches_t2() {
    let mut bench = bench();
    bench.receive(&received("OPTIONS", "z9hG4bK1"));
    bench.wait(milliseconds(1_499));
    assert!(bench.take_sent().is_empty());
    bench.wait(milliseconds(1));
    assert_eq!(bench.take_sent(), ["SIP/2.0 100 Trying"], "after 0.1 + 0.2 + 0.4 + 0.8 s");
}
