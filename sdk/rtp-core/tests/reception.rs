//! What a receiver says of a source (RFC 3550 appendices A.1, A.3 and A.8).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "functions that tests share may panic as tests do"
)]

use std::time::Duration;

use rvoip_rtp_core::rtcp::{NtpTime, RtcpPacket, compound};
use rvoip_rtp_core::{Arrival, ArrivalKind, Reception, RtpPacket};
use rvoip_sans_io::Now;

use ArrivalKind::{Duplicate, InOrder, Invalid, Probation, Reordered};

const SSRC: u32 = 7;

fn packet(sequence: u16, timestamp: u32) -> RtpPacket<'static> {
    RtpPacket {
        sequence,
        timestamp,
        ..RtpPacket::parse(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 1, 2, 3, 4]).unwrap()
    }
}

/// Receives packets of 20 ms at the moments for which their place in the list stands.
fn receive(reception: &mut Reception, sequences: &[u16]) -> Vec<Arrival> {
    let arrivals = sequences.iter().zip(0_u32..).map(|(sequence, index)| {
        let now = Now::at(Duration::from_millis(20) * index);
        reception.received(now, &packet(*sequence, u32::from(*sequence) * 160))
    });
    arrivals.collect()
}

fn kinds(sequences: &[u16]) -> Vec<ArrivalKind> {
    receive(&mut Reception::new(SSRC, 8000), sequences).iter().map(|arrival| arrival.kind).collect()
}

fn started(first: u16) -> Reception {
    let mut reception = Reception::new(SSRC, 8000);
    receive(&mut reception, &[first.wrapping_sub(1), first]);
    assert!(reception.is_valid());
    reception
}

#[test]
fn a_source_is_valid_after_two_packets_in_sequence() {
    assert_eq!(kinds(&[5, 6, 7]), [Probation, InOrder, InOrder]);
    assert_eq!(kinds(&[5, 9, 7, 8, 9]), [Probation, Probation, Probation, InOrder, InOrder]);
    assert_eq!(kinds(&[5, 5, 6]), [Probation, Probation, InOrder]);
    let mut reception = Reception::new(SSRC, 8000);
    receive(&mut reception, &[1]);
    assert!(!reception.is_valid() && !reception.heard_since_report());
    assert_eq!(reception.statistics().expected, 0);
}

#[test]
fn packets_of_another_source_are_invalid_and_counted() {
    let mut reception = started(10);
    let foreign = RtpPacket { ssrc: 8, ..packet(11, 0) };
    assert_eq!(reception.received(Now::at(Duration::ZERO), &foreign).kind, Invalid);
    assert_eq!(reception.counters().get("packet of another source"), 1);
    assert_eq!(reception.statistics().packets, 1);
}

#[test]
fn late_packets_and_duplicates_are_told_apart() {
    assert_eq!(
        kinds(&[1, 2, 5, 3, 3, 5, 4, 1, 6]),
        [Probation, InOrder, InOrder, Reordered, Duplicate, Duplicate, Reordered, Duplicate, InOrder]
    );
    let mut reception = started(200);
    let arrivals = receive(&mut reception, &[301, 201, 202, 201, 200]);
    assert_eq!(
        arrivals.iter().map(|arrival| arrival.kind).collect::<Vec<_>>()[1..4],
        [Reordered, Reordered, Duplicate]
    );
    assert_eq!(arrivals[4].kind, Invalid, "101 behind is too far");
    let statistics = reception.statistics();
    assert_eq!((statistics.duplicates, statistics.reordered), (1, 2));
}

#[test]
fn sequence_numbers_wrap_without_a_loss() {
    let mut reception = started(65_534);
    let arrivals = receive(&mut reception, &[65_535, 1, 0, 2, 65_533, 65_535]);
    let extended: Vec<_> = arrivals.iter().map(|arrival| arrival.extended_sequence - 65_536).collect();
    assert_eq!(extended, [65_535, 65_537, 65_536, 65_538, 65_533, 65_535]);
    let kinds: Vec<_> = arrivals.iter().map(|arrival| arrival.kind).collect();
    assert_eq!(kinds, [InOrder, InOrder, Reordered, InOrder, Duplicate, Duplicate]);
    let block = reception.report(Now::at(Duration::ZERO));
    assert_eq!(block.highest_sequence, 0x0001_0002);
    // Duplicates count as received (RFC 3550 appendix A.3).
    assert_eq!(block.cumulative_lost, -2);
    assert_eq!(block.fraction_lost, 0);
}

#[test]
fn many_rounds_are_counted() {
    let mut reception = started(0);
    let steps: Vec<u16> = (1..=150_u32).map(|step| u16::try_from(step * 2000 % 65_536).unwrap()).collect();
    let arrivals = receive(&mut reception, &steps);
    assert_eq!(
        arrivals.last().unwrap().extended_sequence,
        2 * 65_536 + 300_000,
        "the first packet was 65535"
    );
    assert_eq!(reception.report(Now::at(Duration::ZERO)).highest_sequence, 300_000);
    assert_eq!(reception.statistics().expected, 300_001);
    assert_eq!(reception.statistics().lost, 300_001 - 151);
}

#[test]
fn a_packet_from_before_the_first_one_has_a_number_as_well() {
    let mut reception = Reception::new(SSRC, 8000);
    let arrivals = receive(&mut reception, &[0, 1, 65_535]);
    assert_eq!(arrivals[2], Arrival { extended_sequence: 65_535, kind: Reordered, restarted: false });
}

#[test]
fn a_source_restarts_with_two_packets_in_sequence() {
    let mut reception = started(10);
    let arrivals = receive(&mut reception, &[11, 40_000, 12, 40_000, 40_001, 40_002, 13]);
    let kinds: Vec<_> = arrivals.iter().map(|arrival| (arrival.kind, arrival.restarted)).collect();
    assert_eq!(
        kinds,
        [
            (InOrder, false),
            (Invalid, false),
            (InOrder, false),
            (Invalid, false),
            (InOrder, true),
            (InOrder, false),
            (Invalid, false)
        ]
    );
    let statistics = reception.statistics();
    assert_eq!((statistics.packets, statistics.expected, statistics.lost), (5, 5, 0));
    assert_eq!(reception.counters().get("sequence jump"), 3);
    assert_eq!(reception.counters().get("restart of the sequence"), 1);
}

#[test]
fn a_restart_backwards_does_not_lower_the_extended_numbers() {
    let mut reception = started(30_000);
    let arrivals = receive(&mut reception, &[100, 101, 102]);
    assert!(arrivals[1].restarted);
    assert_eq!(arrivals[1].extended_sequence, 2 * 65_536 + 101);
    assert_eq!(arrivals[2].extended_sequence, 2 * 65_536 + 102);
}

#[test]
fn the_fraction_lost_is_that_of_the_interval() {
    let mut reception = started(1);
    let now = Now::at(Duration::ZERO);
    // 1 to 8 expected, 3 and 5 missing: 2/8.
    receive(&mut reception, &[2, 4, 6, 7, 8]);
    assert!(reception.heard_since_report());
    let block = reception.report(now);
    assert_eq!((block.fraction_lost, block.cumulative_lost), (64, 2));
    assert!(!reception.heard_since_report());
    // Nothing came: nothing was expected.
    assert_eq!(reception.report(now).fraction_lost, 0);
    // 9 to 12 expected, 12 came.
    receive(&mut reception, &[12]);
    let block = reception.report(now);
    assert_eq!((block.fraction_lost, block.cumulative_lost), (192, 5));
    assert_eq!(reception.statistics().fraction_lost, 192);
    assert_eq!(reception.statistics().octets, 4 * 7);
    // The losses come late: no negative fraction.
    receive(&mut reception, &[9, 10, 11, 13]);
    let block = reception.report(now);
    assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 2));
}

#[test]
fn the_delay_since_the_last_sender_report_is_told() {
    let mut reception = started(1);
    let now = Now::at(Duration::from_secs(10));
    assert_eq!(reception.report(now).last_sr, 0);
    reception.sender_report(now, NtpTime(0xb44d_b705_2000_0000));
    let block = reception.report(now.later(Duration::from_millis(5250)));
    assert_eq!((block.last_sr, block.delay_since_last_sr), (0xb705_2000, 0x0005_4000));
}

#[test]
fn a_steady_stream_has_no_jitter_and_an_unsteady_one_converges() {
    let mut reception = Reception::new(SSRC, 8000);
    receive(&mut reception, &(0..100).collect::<Vec<_>>());
    assert_eq!(reception.jitter(), 0);

    // Every second packet comes 10 ms late: |D| is 80 units each time, and the estimate goes there.
    let mut reception = Reception::new(SSRC, 8000);
    for index in 0..400_u16 {
        let late = Duration::from_millis(if index % 2 == 0 { 0 } else { 10 });
        let now = Now::at(Duration::from_millis(20) * u32::from(index) + late);
        reception.received(now, &packet(index, u32::from(index) * 160));
    }
    assert!((79..=80).contains(&reception.jitter()), "{}", reception.jitter());
    let jitter = reception.statistics().jitter;
    assert!(jitter > Duration::from_micros(9_800) && jitter <= Duration::from_millis(10), "{jitter:?}");
}

#[test]
fn jitter_follows_the_example_computation() {
    // Three packets; the third comes 40 ms (320 units) late: J = 320/16.
    let mut reception = Reception::new(SSRC, 8000);
    for (sequence, at) in [(0, 0), (1, 20), (2, 40), (3, 100)] {
        reception.received(Now::at(Duration::from_millis(at)), &packet(sequence, u32::from(sequence) * 160));
    }
    assert_eq!(reception.jitter(), 20);
}

#[test]
fn the_timestamp_may_wrap_and_events_may_share_one() {
    let mut reception = Reception::new(SSRC, 8000);
    for index in 0..50_u16 {
        let now = Now::at(Duration::from_millis(20) * u32::from(index));
        let timestamp = u32::MAX - 3000;
        // From packet 30 on, a telephone event keeps its timestamp.
        let timestamp = timestamp.wrapping_add(u32::from(index.min(30)) * 160);
        reception.received(now, &packet(index, timestamp));
    }
    assert_eq!(reception.jitter(), 0);
}

#[test]
fn a_report_block_survives_the_wire() {
    let mut reception = started(65_000);
    receive(&mut reception, &[65_001, 65_003]);
    let block = reception.report(Now::at(Duration::from_secs(1)));
    let mut out = Vec::new();
    let report =
        rvoip_rtp_core::rtcp::Report { ssrc: 1, sender: None, reports: &[block], cname: "a", bye: false };
    rvoip_rtp_core::rtcp::write_report(&mut out, &report);
    let Some(RtcpPacket::ReceiverReport { ssrc: 1, mut reports }) = compound(&out).unwrap().next() else {
        panic!("{out:?}")
    };
    assert_eq!(reports.next(), Some(block));
}
