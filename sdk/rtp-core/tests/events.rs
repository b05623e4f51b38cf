//! Digits over RTP (RFC 4733).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "functions that tests share may panic as tests do"
)]

use std::time::Duration;

use proptest::prelude::*;
use rvoip_rtp_core::RtpPacket;
use rvoip_rtp_core::event::{
    Digit, EventError, EventPacket, EventReceiver, EventReport, EventSender, TelephoneEvent,
};
use rvoip_sans_io::Now;

const TICK: Duration = Duration::from_millis(20);
const UNITS: u32 = 160;

/// Ticks until the sender is idle; gives the packets with the number of their tick.
fn run(sender: &mut EventSender, first: u32) -> Vec<(u32, EventPacket)> {
    let mut sent = Vec::new();
    for tick in 0..100_000 {
        if sender.is_idle() {
            return sent;
        }
        sender.tick(first.wrapping_add(tick * UNITS), UNITS);
        sent.extend(std::iter::from_fn(|| sender.poll()).map(|packet| (tick, packet)));
    }
    panic!("the sender never ends");
}

fn deliver(receiver: &mut EventReceiver, now: Now, packet: &EventPacket) {
    let payload = packet.event.to_bytes();
    let header = RtpPacket::parse(&[0x80, 101, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]).unwrap();
    receiver.received(
        now,
        &RtpPacket { marker: packet.marker, timestamp: packet.timestamp, payload: &payload, ..header },
    );
}

fn reports(receiver: &mut EventReceiver) -> Vec<EventReport> {
    std::iter::from_fn(|| receiver.poll()).collect()
}

/// What a receiver reports of packets that come in this order, and after all have come.
fn hear(packets: &[(u32, EventPacket)]) -> Vec<EventReport> {
    let mut receiver = EventReceiver::new(8000);
    let mut now = Now::at(Duration::ZERO);
    for (tick, packet) in packets {
        now = now.when(Now::at(TICK * *tick).monotonic);
        deliver(&mut receiver, now, packet);
    }
    receiver.handle_timeout(now.later(Duration::from_secs(1)));
    assert_eq!(receiver.timeout(), None);
    reports(&mut receiver)
}

fn digit(character: char) -> Digit {
    Digit::try_from(character).unwrap()
}

fn both(character: char, milliseconds: u64) -> [EventReport; 2] {
    let digit = digit(character);
    let duration = Duration::from_millis(milliseconds);
    [EventReport::DigitStarted { digit }, EventReport::DigitEnded { digit, duration }]
}

#[test]
fn a_digit_is_sent_with_growing_duration_and_three_ends() {
    let mut sender = EventSender::new(8000);
    sender.push(digit('5'), Duration::from_millis(70)).unwrap();
    let sent = run(&mut sender, u32::MAX - 10);
    let fields: Vec<_> = sent
        .iter()
        .map(|(tick, packet)| (*tick, packet.marker, packet.event.end, packet.event.duration))
        .collect();
    assert_eq!(
        fields,
        [
            (0, true, false, 160),
            (1, false, false, 320),
            (2, false, false, 480),
            (3, false, true, 560),
            (4, false, true, 560),
            (5, false, true, 560)
        ]
    );
    assert!(sent.iter().all(|(_, packet)| packet.timestamp == u32::MAX - 10 && packet.event.event == 5));
    assert_eq!(hear(&sent), both('5', 70));
}

#[test]
fn a_digit_shorter_than_a_tick_has_its_marker_and_its_ends() {
    let mut sender = EventSender::new(8000);
    sender.push(digit('#'), Duration::ZERO).unwrap();
    let sent = run(&mut sender, 0);
    let fields: Vec<_> =
        sent.iter().map(|(_, packet)| (packet.marker, packet.event.end, packet.event.duration)).collect();
    assert_eq!(fields, [(true, true, 1), (false, true, 1), (false, true, 1)]);
}

#[test]
fn digits_wait_for_the_pause_and_leave_it_to_audio() {
    let mut sender = EventSender::new(8000).with_pause(Duration::from_millis(100));
    sender.push_digits("12", Duration::from_millis(40)).unwrap();
    let taken: Vec<_> = (0..14).map(|tick| sender.tick(tick * UNITS, UNITS)).collect();
    let taken: String = taken.iter().map(|taken| if *taken { 'e' } else { '.' }).collect();
    // Two ticks of tone, five of pause, of which the first two repeat the end.
    assert_eq!(taken, "eeee...eeee...");
    let starts: Vec<_> = std::iter::from_fn(|| sender.poll()).filter(|packet| packet.marker).collect();
    assert_eq!(starts.iter().map(|packet| packet.timestamp).collect::<Vec<_>>(), [0, 7 * UNITS]);
    assert!(sender.is_idle());
}

#[test]
fn without_a_pause_the_repeats_still_come_before_the_next_digit() {
    let mut sender = EventSender::new(8000).with_pause(Duration::ZERO);
    sender.push_digits("11", Duration::from_millis(20)).unwrap();
    let sent = run(&mut sender, 0);
    assert_eq!(sent.iter().map(|(_, packet)| packet.timestamp).collect::<Vec<_>>(), [0, 0, 0, 480, 480, 480]);
    assert_eq!(hear(&sent), [both('1', 20), both('1', 20)].concat());
}

#[test]
fn a_long_event_goes_on_in_segments() {
    let mut sender = EventSender::new(8000);
    sender.push(digit('A'), Duration::from_secs(20)).unwrap();
    let sent = run(&mut sender, 1000);
    assert_eq!(sent.iter().filter(|(_, packet)| packet.marker).count(), 1);
    assert_eq!(sent.iter().filter(|(_, packet)| packet.event.end).count(), 3);
    for segment in [1000, 1000 + 0xffff] {
        let ends = sent.iter().filter(|(_, packet)| {
            packet.timestamp == segment && packet.event.duration == 0xffff && !packet.event.end
        });
        assert_eq!(ends.count(), 3, "{segment}");
    }
    // Every update reaches exactly up to the end of its tick.
    for (tick, packet) in
        sent.iter().filter(|(_, packet)| !packet.event.end && packet.event.duration != 0xffff)
    {
        assert_eq!(packet.timestamp + u32::from(packet.event.duration), 1000 + (tick + 1) * UNITS);
    }
    let last = sent.last().unwrap().1;
    assert_eq!(last.timestamp, 1000 + 2 * 0xffff);
    assert_eq!(u32::from(last.event.duration), 160_000 - 2 * 0xffff);
    assert_eq!(hear(&sent), both('A', 20_000));
    // The same with the last packets of each segment lost.
    let lossy: Vec<_> = sent.into_iter().filter(|(_, packet)| packet.event.duration < 0xff00).collect();
    assert_eq!(hear(&lossy), both('A', 20_000));
}

#[test]
fn an_event_of_exactly_one_segment_ends_in_it() {
    let mut sender = EventSender::new(0xffff);
    sender.push(digit('1'), Duration::from_secs(1)).unwrap();
    let sent = run(&mut sender, 0);
    assert!(sent.iter().all(|(_, packet)| packet.timestamp == 0));
    assert_eq!(
        sent.last().unwrap().1.event,
        TelephoneEvent { event: 1, end: true, volume: 10, duration: 0xffff }
    );
}

#[test]
fn the_queue_is_bounded_and_takes_all_or_nothing() {
    let mut sender = EventSender::new(8000);
    assert_eq!(sender.push_digits("12x", TICK), Err(EventError::NotADigit));
    assert!(sender.is_idle());
    sender.push_digits(&"1".repeat(127), TICK).unwrap();
    assert_eq!(sender.push_digits("12", TICK), Err(EventError::QueueFull));
    sender.push_digits("1", TICK).unwrap();
    assert_eq!(sender.push(digit('1'), TICK), Err(EventError::QueueFull));
}

#[test]
fn a_sender_that_is_never_polled_stays_small() {
    let mut sender = EventSender::new(8000);
    sender.push(digit('1'), Duration::from_secs(100)).unwrap();
    for tick in 0..4000 {
        sender.tick(tick * UNITS, UNITS);
    }
    assert_eq!(std::iter::from_fn(|| sender.poll()).count(), 16);
}

#[test]
fn any_single_packet_of_a_digit_is_enough() {
    let mut sender = EventSender::new(8000);
    sender.push(digit('9'), Duration::from_millis(100)).unwrap();
    let sent = run(&mut sender, 500);
    for packet in &sent {
        let known = u64::from(packet.1.event.duration) / 8;
        assert_eq!(hear(&[*packet]), both('9', known));
    }
}

#[test]
fn a_lost_end_is_made_good_by_time_or_by_the_next_digit() {
    let start = |timestamp, event, duration| EventPacket {
        marker: true,
        timestamp,
        event: TelephoneEvent { event, end: false, volume: 10, duration },
    };
    let mut receiver = EventReceiver::new(8000);
    let now = Now::at(Duration::ZERO);
    deliver(&mut receiver, now, &start(0, 1, 160));
    deliver(&mut receiver, now.later(TICK), &start(800, 2, 160));
    assert_eq!(reports(&mut receiver), [&both('1', 20)[..], &both('2', 20)[..1]].concat());
    assert_eq!(receiver.timeout(), Some(now.later(TICK + Duration::from_millis(200)).monotonic));
    receiver.handle_timeout(now.later(Duration::from_millis(219)));
    assert_eq!(reports(&mut receiver), []);
    receiver.handle_timeout(now.later(Duration::from_millis(220)));
    assert_eq!(reports(&mut receiver), both('2', 20)[1..]);
    // What still comes of it is no new digit.
    deliver(&mut receiver, now.later(Duration::from_secs(1)), &start(800, 2, 480));
    assert_eq!(reports(&mut receiver), []);
    assert_eq!(receiver.counters().get("lost end of event"), 2);
    assert_eq!(receiver.counters().get("packet of a past event"), 1);
}

#[test]
fn a_late_packet_of_an_unknown_digit_does_not_cut_the_present_one() {
    let event = TelephoneEvent { event: 3, end: false, volume: 10, duration: 160 };
    let mut receiver = EventReceiver::new(8000);
    let now = Now::at(Duration::ZERO);
    deliver(&mut receiver, now, &EventPacket { marker: true, timestamp: 8000, event });
    let late = TelephoneEvent { event: 2, end: true, ..event };
    deliver(&mut receiver, now, &EventPacket { marker: false, timestamp: 6000, event: late });
    assert_eq!(reports(&mut receiver), both('3', 20)[..1]);
}

#[test]
fn a_new_source_may_begin_with_any_timestamp() {
    let mut receiver = EventReceiver::new(8000);
    let now = Now::at(Duration::ZERO);
    let header = RtpPacket::parse(&[0x80, 101, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 7, 1, 0x8a, 0, 160]).unwrap();
    receiver.received(now, &header);
    receiver.received(now, &RtpPacket { ssrc: 8, ..header.clone() });
    receiver.received(now, &RtpPacket { ssrc: 9, timestamp: 0x3000, ..header });
    assert_eq!(reports(&mut receiver), [both('1', 20), both('1', 20), both('1', 20)].concat());
}

#[test]
fn packed_events_follow_each_other() {
    let payload = [1, 0x8a, 0, 160, 2, 0x8a, 0, 160, 2, 0x0a];
    let header = RtpPacket::parse(&[0x80, 0xe5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]).unwrap();
    let mut receiver = EventReceiver::new(8000);
    receiver.received(Now::at(Duration::ZERO), &RtpPacket { payload: &payload, ..header });
    assert_eq!(reports(&mut receiver), [both('1', 20), both('2', 20)].concat());
}

#[test]
fn what_is_no_digit_is_counted() {
    let mut receiver = EventReceiver::new(8000);
    let now = Now::at(Duration::ZERO);
    let header = RtpPacket::parse(&[0x80, 101, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]).unwrap();
    for payload in [&[16, 0, 0, 160][..], &[1, 0, 0, 0], &[1, 0, 0]] {
        receiver.received(now, &RtpPacket { payload, ..header.clone() });
    }
    assert_eq!(reports(&mut receiver), []);
    for name in ["event that is not a digit", "event without duration", "truncated event"] {
        assert_eq!(receiver.counters().get(name), 1, "{name}");
    }
}

#[test]
fn reports_that_nobody_fetches_are_bounded() {
    let mut receiver = EventReceiver::new(8000);
    let event = TelephoneEvent { event: 1, end: true, volume: 10, duration: 160 };
    for index in 0..100_u32 {
        deliver(
            &mut receiver,
            Now::at(TICK * index),
            &EventPacket { marker: true, timestamp: index * 1000, event },
        );
    }
    assert_eq!(reports(&mut receiver).len(), 64);
    assert_eq!(receiver.counters().get("report that nobody fetched"), 136);
}

proptest! {
    #[test]
    fn each_digit_is_heard_once_whatever_is_lost_doubled_or_overtaken(
        text in "[0-9*#A-D]{1,12}",
        first: u32,
        fates in proptest::collection::vec(0_u8..8, 7..200),
    ) {
        let mut sender = EventSender::new(8000);
        sender.push_digits(&text, Duration::from_millis(100)).unwrap();
        let mut arriving = Vec::new();
        for (index, (tick, packet)) in run(&mut sender, first).into_iter().enumerate() {
            let fate = fates[index % fates.len()];
            // The first end always arrives, so that the digit and its duration can be known.
            if fate > 1 || packet.event.end && packet.event.duration == 800 && index % 7 == 4 {
                arriving.push((tick, packet));
            }
            if fate == 2 {
                arriving.push((tick, packet));
            }
            let last = arriving.len();
            // Nothing is overtaken by the next digit: the pause between two is longer than that.
            if fate == 3 && last > 1 && arriving[last - 2].1.timestamp == packet.timestamp {
                arriving.swap(last - 1, last - 2);
            }
        }
        let expected: Vec<_> = text.chars().flat_map(|character| both(character, 100)).collect();
        prop_assert_eq!(hear(&arriving), expected);
    }

    #[test]
    fn arbitrary_payloads_never_panic(
        packets in proptest::collection::vec((any::<bool>(), any::<u32>(), proptest::collection::vec(any::<u8>(), 0..80)), 0..40),
    ) {
        let mut receiver = EventReceiver::new(0);
        let header = RtpPacket::parse(&[0x80, 101, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]).unwrap();
        for (marker, timestamp, payload) in &packets {
            receiver.received(
                Now::at(Duration::ZERO),
                &RtpPacket { marker: *marker, timestamp: *timestamp, payload, ..header.clone() },
            );
        }
        prop_assert!(reports(&mut receiver).len() <= 64);
    }

    #[test]
    fn events_survive_the_wire(event: u8, end: bool, volume in 0_u8..64, duration: u16) {
        let event = TelephoneEvent { event, end, volume, duration };
        prop_assert_eq!(TelephoneEvent::parse(&event.to_bytes()), Ok(event));
    }
}
