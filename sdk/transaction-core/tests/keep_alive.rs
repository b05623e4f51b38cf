//! Keep-alives by CRLF (RFC 5626 §4.4.1).

mod bench;

use bench::*;

#[test]
fn a_stream_is_kept_alive_and_given_up_when_a_peer_that_answered_falls_silent() {
    let mut bench = Bench::new();
    let flow = FlowId::from_platform(9);
    bench.opened(flow, Protocol::Tcp, "192.0.2.1:5060", Some(PEER));
    bench.layer.keep_alive(bench.now, flow, address(PEER));
    bench.collect();
    bench.wait(Duration::from_secs(101));
    assert_eq!(bench.sent.drain(..).map(|(_, _, text)| text).collect::<Vec<_>>(), ["\r\n\r\n"]);
    assert!(bench.receive_on(flow, "\r\n").is_none());
    bench.wait(Duration::from_secs(101));
    assert_eq!(bench.sent.len(), 1);
    bench.wait(Duration::from_secs(10));
    assert_eq!(bench.closes, [flow]);
    assert_eq!(bench.take_events(), [LayerEvent::FlowLost(flow)]);
    assert_eq!(bench.next, None);
}

#[test]
fn a_ping_on_a_stream_is_answered() {
    let mut bench = Bench::new();
    let flow = FlowId::from_platform(9);
    bench.opened(flow, Protocol::Tcp, "192.0.2.1:5060", Some(PEER));
    assert!(bench.receive_on(flow, "\r\n\r\n").is_none());
    assert_eq!(bench.sent[0].2, "\r\n");
}

const STREAM: FlowId = FlowId::from_platform(9);

#[test]
fn an_idle_connection_whose_peer_answers_every_ping_stays() {
    let mut bench = Bench::new();
    let mut framer = StreamFramer::new(Limits::default());
    bench.opened(STREAM, Protocol::Tcp, "192.0.2.1:5060", Some(PEER));
    bench.layer.keep_alive(bench.now, STREAM, address(PEER));
    bench.collect();
    for _ in 0..10 {
        while bench.sent.is_empty() {
            bench.wait(Duration::from_secs(1));
        }
        assert_eq!(bench.sent.drain(..).map(|(_, _, text)| text).collect::<Vec<_>>(), ["\r\n\r\n"]);
        bench.receive_stream(STREAM, &mut framer, "\r\n");
        assert!(bench.sent.is_empty(), "an answer is not answered");
    }
    assert!(bench.now.unix > Duration::from_secs(800));
    assert!(bench.closes.is_empty());
}

#[test]
fn a_ping_in_two_halves_is_answered_once_also_while_ours_is_on_its_way() {
    let mut bench = Bench::new();
    let mut framer = StreamFramer::new(Limits::default());
    bench.opened(STREAM, Protocol::Tcp, "192.0.2.1:5060", Some(PEER));
    for _ in 0..3 {
        bench.receive_stream(STREAM, &mut framer, "\r\n");
        assert!(bench.sent.is_empty());
        bench.receive_stream(STREAM, &mut framer, "\r\n");
        assert_eq!(bench.sent.drain(..).map(|(_, _, text)| text).collect::<Vec<_>>(), ["\r\n"]);
    }
    bench.layer.keep_alive(bench.now, STREAM, address(PEER));
    bench.collect();
    bench.wait(Duration::from_secs(101));
    bench.sent.clear();
    // Two halves of a ping and one answer, in whichever order.
    for piece in ["\r\n", "\r\n", "\r\n"] {
        bench.receive_stream(STREAM, &mut framer, piece);
    }
    assert_eq!(bench.sent.drain(..).map(|(_, _, text)| text).collect::<Vec<_>>(), ["\r\n"]);
    // What ends a message begins no ping.
    bench.receive_stream(STREAM, &mut framer, "\r\n");
    bench.receive_stream(STREAM, &mut framer, &received("OPTIONS", "z9hG4bK1").replace("UDP", "TCP"));
    bench.receive_stream(STREAM, &mut framer, "\r\n");
    assert!(bench.sent.is_empty());
    bench.wait(Duration::from_secs(20));
    assert!(bench.closes.is_empty());
}

/// The moments at which pings leave, in seconds.
fn pings(bench: &mut Bench, until: u64) -> Vec<u64> {
    let mut moments = Vec::new();
    for second in 1..=until {
        bench.wait(Duration::from_secs(1));
        moments.extend(bench.sent.drain(..).map(|_| second));
    }
    moments
}

#[test]
fn a_path_that_two_want_is_kept_alive_until_neither_does() {
    let mut bench = Bench::new();
    let flow = FlowId::from_platform(UDP);
    for _ in 0..2 {
        bench.layer.keep_alive(bench.now, flow, address(PEER));
    }
    bench.collect();
    assert!(pings(&mut bench, 51).len() <= 3, "not twice");
    bench.layer.stop_keep_alive(flow, address(PEER));
    bench.collect();
    assert!(pings(&mut bench, 51).len() >= 2, "the other one still wants it");
    bench.layer.stop_keep_alive(flow, address(PEER));
    bench.collect();
    assert_eq!(bench.next, None);
}

#[test]
fn a_server_says_how_often_it_wants_to_hear_of_us() {
    let mut bench = Bench::new();
    let flow = FlowId::from_platform(9);
    bench.opened(flow, Protocol::Tcp, "192.0.2.1:5060", Some(PEER));
    bench.layer.keep_alive(bench.now, flow, address(PEER));
    bench.layer.expect_pongs(bench.now, flow, address(PEER), Some(Duration::from_secs(30)));
    bench.collect();
    let mut last = 0;
    for second in 1..=120 {
        bench.wait(Duration::from_secs(1));
        if bench.sent.drain(..).count() > 0 {
            assert!((24..=31).contains(&(second - last)), "{second} {last}");
            last = second;
            assert!(bench.receive_on(flow, "\r\n").is_none());
        }
    }
    assert!(last > 80);
    // Nobody has us do nothing but that.
    bench.layer.expect_pongs(bench.now, flow, address(PEER), Some(Duration::ZERO));
    bench.collect();
    assert!(pings(&mut bench, 9).len() <= 2);
}
