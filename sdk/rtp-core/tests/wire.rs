//! Whatever comes from the wire, and back to it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "functions that tests share may panic as tests do"
)]

use std::time::Duration;

use proptest::prelude::*;
use rvoip_rtp_core::rtcp::{
    CompoundWriter, NtpTime, Report, ReportBlock, RtcpPacket, SenderInfo, compound, reduced, write_report,
};
use rvoip_rtp_core::{ArrivalKind, Extension, Reception, RtpHeader, RtpPacket, looks_like_rtcp};
use rvoip_sans_io::Now;

prop_compose! {
    fn report_block()(
        ssrc: u32, fraction_lost: u8, cumulative_lost in -0x80_0000..0x80_0000_i32, highest_sequence: u32,
        jitter: u32, last_sr: u32, delay_since_last_sr: u32,
    ) -> ReportBlock {
        ReportBlock { ssrc, fraction_lost, cumulative_lost, highest_sequence, jitter, last_sr, delay_since_last_sr }
    }
}

/// Bytes that are likely to get past the first checks.
fn rtcp_like() -> impl Strategy<Value = Vec<u8>> {
    let packet = (any::<u8>(), 198_u8..208, proptest::collection::vec(any::<u8>(), 0..64)).prop_map(
        |(first, packet_type, mut body)| {
            body.resize(body.len().next_multiple_of(4), 4);
            let words = u8::try_from(body.len() / 4).unwrap();
            [&[0x80 | first & 0x3f, packet_type, 0, words], &body[..]].concat()
        },
    );
    proptest::collection::vec(packet, 0..5).prop_map(|packets| packets.concat())
}

/// Reads everything that can be read.
fn exhaust(bytes: &[u8]) -> usize {
    let mut seen = 0;
    for packet in reduced(bytes).into_iter().flatten() {
        seen += 1;
        match packet {
            RtcpPacket::SenderReport { reports, .. } | RtcpPacket::ReceiverReport { reports, .. } => {
                seen += reports.filter_map(|block| block.round_trip(NtpTime(1))).count();
            }
            RtcpPacket::SourceDescription(chunks) => {
                seen += chunks
                    .map(|chunk| chunk.items.clone().count() + usize::from(chunk.cname().is_some()))
                    .sum::<usize>();
            }
            RtcpPacket::Bye { ssrcs, reason } => seen += ssrcs.count() + reason.map_or(0, <[u8]>::len),
            RtcpPacket::Application { data, .. } => seen += data.len(),
            RtcpPacket::Other { body, .. } => seen += body.len(),
        }
    }
    seen
}

proptest! {
    #[test]
    fn a_written_packet_reads_the_same(
        marker: bool, payload_type in 0_u8..128, sequence: u16, timestamp: u32, ssrc: u32,
        payload in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let header = RtpHeader { marker, payload_type, sequence, timestamp, ssrc };
        let mut out = Vec::new();
        header.write(&payload, &mut out);
        let packet = RtpPacket::parse(&out).unwrap();
        prop_assert_eq!(packet.header(), header);
        prop_assert_eq!(packet.payload, &payload[..]);
        prop_assert_eq!(packet.csrcs.len(), 0);
        prop_assert_eq!(packet.extension, None);
        prop_assert_eq!(looks_like_rtcp(&out), marker && (64..96).contains(&payload_type));
    }

    #[test]
    fn every_part_of_a_packet_is_found(
        csrcs in proptest::collection::vec(any::<u32>(), 0..16),
        extension in proptest::option::of((any::<u16>(), 0_u8..8)),
        payload in proptest::collection::vec(any::<u8>(), 0..40),
        padding in 0_u8..20,
    ) {
        let flags = u8::from(padding > 0) << 5 | u8::from(extension.is_some()) << 4;
        let mut bytes = vec![0x80 | flags | u8::try_from(csrcs.len()).unwrap(), 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        bytes.extend(csrcs.iter().flat_map(|csrc| csrc.to_be_bytes()));
        let data: Vec<u8> = (0..extension.map_or(0, |(_, words)| words * 4)).collect();
        if let Some((profile, words)) = extension {
            bytes.extend(profile.to_be_bytes());
            bytes.extend([0, words]);
            bytes.extend(&data);
        }
        bytes.extend(&payload);
        bytes.extend((1..=padding).map(|octet| if octet == padding { padding } else { 0xff }));
        let packet = RtpPacket::parse(&bytes).unwrap();
        prop_assert_eq!(packet.csrcs.collect::<Vec<_>>(), csrcs);
        prop_assert_eq!(packet.extension, extension.map(|(profile, _)| Extension { profile, data: &data }));
        prop_assert_eq!(packet.payload, &payload[..]);
    }

    #[test]
    fn arbitrary_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), version: bool) {
        if let Some(first) = bytes.first_mut().filter(|_| version) {
            *first = 0x80 | *first & 0x3f;
        }
        if let Ok(packet) = RtpPacket::parse(&bytes) {
            prop_assert!(packet.payload.len() + 12 <= bytes.len());
            if let Some(extension) = packet.extension {
                for profile in [0xbede, 0x1000, extension.profile] {
                    let elements = Extension { profile, ..extension }.elements().count();
                    prop_assert!(elements <= extension.data.len());
                }
            }
        }
        exhaust(&bytes);
    }

    #[test]
    fn bytes_that_look_like_rtcp_never_panic(bytes in rtcp_like(), cut in 0_usize..300) {
        exhaust(&bytes);
        exhaust(bytes.get(..cut).unwrap_or(&bytes));
    }

    #[test]
    fn a_written_report_reads_the_same(
        ssrc: u32,
        sender in proptest::option::of((any::<u64>(), any::<u32>(), any::<u32>(), any::<u32>())),
        blocks in proptest::collection::vec(report_block(), 0..70),
        cname in "\\PC{0,60}",
        bye: bool,
    ) {
        let sender = sender.map(|(ntp, rtp_timestamp, packets, octets)| {
            SenderInfo { ntp: NtpTime(ntp), rtp_timestamp, packets, octets }
        });
        let mut out = Vec::new();
        write_report(&mut out, &Report { ssrc, sender, reports: &blocks, cname: &cname, bye });
        let (mut read, mut read_sender, mut names, mut left) = (Vec::new(), None, 0, false);
        for packet in compound(&out).unwrap() {
            match packet {
                RtcpPacket::SenderReport { ssrc: from, ntp, rtp_timestamp, packets, octets, reports } => {
                    prop_assert_eq!(from, ssrc);
                    read_sender = Some(SenderInfo { ntp, rtp_timestamp, packets, octets });
                    read.extend(reports);
                }
                RtcpPacket::ReceiverReport { ssrc: from, reports } => {
                    prop_assert_eq!(from, ssrc);
                    read.extend(reports);
                }
                RtcpPacket::SourceDescription(mut chunks) => {
                    let chunk = chunks.next().unwrap();
                    let kept = cname.floor_char_boundary(255);
                    prop_assert_eq!((chunk.ssrc, chunk.cname()), (ssrc, Some(&cname.as_bytes()[..kept])));
                    prop_assert_eq!(chunks.next(), None);
                    names += 1;
                }
                RtcpPacket::Bye { ssrcs, reason } => {
                    prop_assert_eq!((ssrcs.collect::<Vec<_>>(), reason), (vec![ssrc], None));
                    left = true;
                }
                RtcpPacket::Application { .. } | RtcpPacket::Other { .. } => prop_assert!(false, "{:?}", out),
            }
        }
        prop_assert_eq!((read, read_sender, names, left), (blocks, sender, 1, bye));
    }

    #[test]
    fn a_goodbye_with_a_reason_reads_the_same(ssrcs in proptest::collection::vec(any::<u32>(), 0..32), reason in "\\PC{0,80}") {
        let mut out = Vec::new();
        let _ = CompoundWriter::receiver_report(&mut out, 1, &[]).bye(&ssrcs, Some(&reason));
        let Some(RtcpPacket::Bye { ssrcs: read, reason: Some(text) }) = compound(&out).unwrap().last() else {
            panic!("{out:?}")
        };
        prop_assert_eq!(read.collect::<Vec<_>>(), ssrcs);
        prop_assert_eq!(text, &reason.as_bytes()[..reason.floor_char_boundary(255)]);
    }

    #[test]
    fn a_receiver_stands_any_sequence(
        packets in proptest::collection::vec((any::<u16>(), any::<u32>(), 0_u64..100_000), 0..200),
        clock_rate: u32,
    ) {
        let mut reception = Reception::new(0, clock_rate);
        let header = RtpPacket::parse(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap();
        for (sequence, timestamp, at) in packets {
            // Time may even go back.
            let now = Now::at(Duration::from_millis(at));
            let arrival = reception.received(now, &RtpPacket { sequence, timestamp, ..header.clone() });
            prop_assert_eq!(arrival.extended_sequence & 0xffff, u64::from(sequence));
            reception.report(now);
        }
        let statistics = reception.statistics();
        prop_assert_eq!(statistics.lost, i64::try_from(statistics.expected).unwrap() - i64::try_from(statistics.packets).unwrap());
    }

    #[test]
    fn a_stream_with_losses_and_short_detours_is_accounted_exactly(
        first: u16,
        fates in proptest::collection::vec(0_u8..10, 20..400),
    ) {
        let header = RtpPacket::parse(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap();
        let mut order: Vec<u16> = vec![first, first.wrapping_add(1)];
        let (mut lost, mut doubled) = (0, 0);
        for (step, fate) in (2_u16..).zip(&fates) {
            let sequence = first.wrapping_add(step);
            match fate {
                0 => lost += 1,
                1 => {
                    doubled += 1;
                    order.extend([sequence, sequence]);
                }
                2 => {
                    let at = order.len().saturating_sub(3).max(2);
                    order.insert(at, sequence);
                }
                _ => order.push(sequence),
            }
        }
        // The last one settles how many were expected.
        let end = u16::try_from(fates.len()).unwrap() + 2;
        order.push(first.wrapping_add(end));
        let mut reception = Reception::new(0, 8000);
        let mut duplicates = 0;
        for sequence in &order {
            let arrival = reception.received(Now::at(Duration::ZERO), &RtpPacket { sequence: *sequence, ..header.clone() });
            duplicates += u64::from(arrival.kind == ArrivalKind::Duplicate);
            prop_assert_ne!(arrival.kind, ArrivalKind::Invalid);
        }
        let statistics = reception.statistics();
        prop_assert_eq!(statistics.expected, u64::from(end));
        prop_assert_eq!((statistics.duplicates, duplicates), (doubled, doubled));
        prop_assert_eq!(statistics.lost, lost - i64::try_from(doubled).unwrap());
    }
}
