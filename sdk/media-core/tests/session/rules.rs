//! Rules of a media session, one packet at a time.

use std::time::Duration;

use rvoip_media_core::{Lane, LocalMedia, MediaConfig, MediaEvent, MediaSession, Source};
use rvoip_rtp_core::rtcp::{Report, ReportBlock, write_report};
use rvoip_rtp_core::{RtpHeader, RtpPacket};
use rvoip_sans_io::Random;
use rvoip_sdp_core::Direction;

use crate::phone::{PEER, PEER_RTCP, Phone, STRANGER, address, description};

#[test]
fn one_packet_of_a_stranger_takes_nothing_away() {
    let mut phone = Phone::agreed();
    phone.receive(STRANGER, 99, 1);
    phone.stream(PEER, 1, 0..5);
    assert_eq!(phone.destination(), address(PEER));
    assert_eq!(phone.events, [MediaEvent::FirstPacket]);
}

#[test]
fn a_stranger_with_another_ssrc_cannot_take_over_from_a_peer_that_was_heard() {
    let mut phone = Phone::agreed();
    phone.stream(PEER, 1, 0..5);
    phone.stream(STRANGER, 99, 0..5);
    assert_eq!(phone.destination(), address(PEER));
    assert!(phone.session.counters().get("RTP from another address") >= 5);
}

#[test]
fn the_described_address_takes_the_stream_back_from_who_came_first() {
    let mut phone = Phone::agreed();
    phone.stream(STRANGER, 99, 0..5);
    assert_eq!(phone.destination(), address(STRANGER));
    phone.stream(PEER, 1, 0..5);
    assert_eq!(phone.destination(), address(PEER));
    phone.stream("203.0.113.66:1", 1, 5..10);
    assert_eq!(phone.destination(), address(PEER), "once in a negotiation");
}

#[test]
fn a_peer_that_moves_with_its_ssrc_is_followed_and_again_after_a_negotiation() {
    let mut phone = Phone::agreed();
    phone.stream(PEER, 1, 0..5);
    phone.stream(STRANGER, 1, 5..10);
    assert_eq!(phone.destination(), address(STRANGER));
    phone.offered("a=sendrecv\r\n");
    assert_eq!(phone.destination(), address(STRANGER), "what was seen still holds");
    phone.stream("203.0.113.66:1", 1, 10..15);
    assert_eq!(phone.destination(), address("203.0.113.66:1"));
    assert_eq!(phone.session.statistics().received.lost, 0);
}

#[test]
fn another_ssrc_of_the_peer_begins_anew_but_a_single_stray_packet_does_not() {
    let mut phone = Phone::agreed();
    phone.stream(PEER, 1, 0..50);
    let before = phone.session.statistics().received;
    phone.receive(PEER, 77, 30_000);
    phone.stream(PEER, 1, 50..60);
    let after = phone.session.statistics().received;
    assert_eq!((after.packets, after.lost), (before.packets + 10, 0));
    phone.stream(PEER, 2, 4_000..4_050);
    let last = phone.session.statistics().received;
    assert!(last.packets >= after.packets + 49, "the counts of both sources: {last:?}");
    assert_eq!(last.lost, 0);
}

#[test]
fn rtcp_goes_only_where_valid_rtcp_of_the_peer_came_from() {
    let mut phone = Phone::agreed();
    phone.stream(PEER, 1, 0..5);
    let host = "192.0.2.2:50000";
    phone.session.handle_packet(phone.now(), Lane::Rtcp, address(host), b"nonsense");
    phone.rtcp(host, 4711, false);
    let sent = phone.run(10_000);
    let reports: Vec<_> = sent.iter().filter(|(lane, ..)| *lane == Lane::Rtcp).collect();
    assert!(!reports.is_empty());
    assert!(reports.iter().all(|(_, destination, _)| *destination == address(PEER_RTCP)), "{reports:?}");
}

#[test]
fn rtcp_on_the_port_of_rtp_is_no_rtcp_unless_that_was_agreed() {
    let mut phone = Phone::agreed();
    phone.stream(PEER, 1, 0..5);
    let mut bytes = Vec::new();
    write_report(&mut bytes, &Report { ssrc: 1, sender: None, reports: &[], cname: "peer", bye: true });
    phone.session.handle_packet(phone.now(), Lane::Rtp, address(PEER), &bytes);
    phone.run(20);
    assert_eq!(phone.events, [MediaEvent::FirstPacket]);
}

#[test]
fn a_goodbye_is_told_once() {
    let mut phone = Phone::agreed();
    phone.stream(PEER, 1, 0..5);
    for _ in 0..3 {
        phone.rtcp(PEER_RTCP, 1, true);
    }
    phone.run(20);
    assert_eq!(phone.events, [MediaEvent::FirstPacket, MediaEvent::PeerBye]);
}

#[test]
fn silence_is_told_again_after_the_peer_was_heard_again() {
    let mut phone = Phone::agreed();
    phone.stream(PEER, 1, 0..5);
    phone.run(31_000);
    phone.stream(PEER, 1, 5..10);
    phone.run(31_000);
    assert_eq!(phone.events, [MediaEvent::FirstPacket, MediaEvent::TimedOut, MediaEvent::TimedOut]);
}

#[test]
fn a_stall_moves_the_media_clock_on_and_begins_a_talk_spurt() {
    let mut phone = Phone::agreed();
    let before = phone.rtp(1_000);
    phone.millis += 30_007;
    let after = phone.rtp(10);
    assert_eq!(after.len(), 1, "no burst");
    let (_, timestamp, marker) = after[0];
    // The beat stays: whole packet times from the last packet before the stall.
    let passed = timestamp.wrapping_sub(before.last().unwrap().1);
    assert_eq!(passed % 160, 0);
    assert!((30_000 * 8..=30_040 * 8).contains(&passed), "{passed}");
    assert!(marker);
    let beat: Vec<u32> = phone.rtp(1_000).iter().map(|(_, timestamp, _)| *timestamp).collect();
    assert_eq!(beat.len(), 50);
}

#[test]
fn a_version_that_the_peer_may_have_seen_is_not_used_again() {
    let mut phone = Phone::new(MediaConfig::default());
    let origin = |text: &str| text.lines().nth(1).unwrap().to_owned();
    let now = phone.now();
    let first = phone.session.create_offer(now, Direction::SendRecv).unwrap();
    phone.session.rollback();
    let second = phone.session.create_offer(now, Direction::SendOnly).unwrap();
    assert_ne!(origin(&first), origin(&second));
    phone.session.set_remote(now, &description(1, "a=recvonly\r\n")).unwrap();
    let third = phone.session.create_offer(now, Direction::SendRecv).unwrap();
    phone.session.rollback();
    let fourth = phone.session.create_offer(now, Direction::Inactive).unwrap();
    assert_ne!(origin(&third), origin(&fourth));
}

#[test]
fn an_answer_without_an_offer_is_refused() {
    let mut phone = Phone::agreed();
    let error = phone.session.set_remote(phone.now(), &description(2, "")).unwrap_err();
    assert_eq!(error.status, 500);
}

#[test]
fn every_packet_that_is_dropped_has_a_count() {
    let mut phone = Phone::agreed();
    phone.stream(PEER, 1, 0..5);
    phone.receive(PEER, 1, 4);
    phone.receive(PEER, 1, 20_000);
    phone.receive(PEER, 2, 1);
    phone.session.hang_up(phone.now());
    phone.receive(PEER, 1, 5);
    for name in ["duplicate RTP", "RTP sequence jump", "RTP in probation", "packet after the end"] {
        assert!(phone.session.counters().get(name) > 0, "{name}");
    }
}

#[test]
fn what_digits_are_dropped_has_a_count() {
    let mut phone = Phone::agreed();
    phone.stream(PEER, 1, 0..3);
    let mut bytes = Vec::new();
    let header = RtpHeader { marker: true, payload_type: 101, sequence: 3, timestamp: 480, ssrc: 1 };
    header.write(&[200, 10, 0, 160], &mut bytes);
    phone.session.handle_packet(phone.now(), Lane::Rtp, address(PEER), &bytes);
    assert_eq!(phone.session.counters().get("event that is not a digit"), 1);
}

#[test]
fn each_session_has_a_name_of_its_own_in_rtcp_unless_one_is_given() {
    let names: Vec<Vec<u8>> = [1, 2]
        .into_iter()
        .map(|seed| {
            let mut phone = Phone::agreed();
            let local = LocalMedia { rtp: address("192.0.2.1:4000"), rtcp: address("192.0.2.1:4001") };
            let random = Random::from_number(seed);
            phone.session = MediaSession::new(phone.now(), MediaConfig::default(), local, random);
            phone.offered("");
            let sent = phone.run(10_000);
            let report = sent.into_iter().find(|(lane, ..)| *lane == Lane::Rtcp).unwrap();
            // Report of 28 octets with what was sent, then the description: head, SSRC, kind and length.
            report.2[28 + 8..].to_vec()
        })
        .collect();
    assert_ne!(names[0], names[1]);
}

#[test]
fn nothing_is_sent_to_a_peer_without_an_address_and_the_media_clock_goes_on() {
    let mut phone = Phone::agreed();
    let before = phone.rtp(100);
    let hold = description(2, "a=sendrecv\r\n").replace("c=IN IP4 192.0.2.2", "c=IN IP4 0.0.0.0");
    phone.session.create_answer(phone.now(), &hold, Direction::SendRecv).unwrap();
    assert_eq!(phone.run(20_000), []);
    phone.offered("a=sendrecv\r\n");
    let after = phone.rtp(100);
    let passed = after[0].1.wrapping_sub(before.last().unwrap().1);
    assert_eq!(passed, 20_020 * 8);
    assert!(after[0].2, "a talk spurt begins");
}

#[test]
fn digits_wait_while_sending_is_forbidden_and_those_without_a_way_are_counted() {
    let mut phone = Phone::agreed();
    phone.session.send_digits("12").unwrap();
    phone.run(60);
    phone.offered("a=sendonly\r\n");
    phone.run(5_000);
    assert!(!phone.events.contains(&MediaEvent::DigitsSent));
    phone.offered("a=sendrecv\r\n");
    phone.millis += 10;
    let sent = phone.run(2_000);
    assert!(phone.events.contains(&MediaEvent::DigitsSent));
    let digits: Vec<u8> = sent
        .iter()
        .filter_map(|(_, _, bytes)| RtpPacket::parse(bytes).ok())
        .filter(|packet| packet.payload_type == 101)
        .map(|packet| packet.payload[0])
        .collect();
    assert!(
        !digits.is_empty() && digits.iter().all(|digit| *digit == 2),
        "the first was cut off: {digits:?}"
    );
    phone.session.send_digits("3").unwrap();
    phone.session.send_digits("45").unwrap();
    phone.run(60);
    phone.events.clear();
    let without = description(2, "").replace(" 101", "").replace("a=rtpmap:101 telephone-event/8000\r\n", "");
    phone.takes(&without);
    phone.run(20);
    assert_eq!(phone.session.counters().get("digits that were not sent"), 2);
    assert_eq!(
        phone.events,
        [MediaEvent::DigitsDropped { begun: true }, MediaEvent::DigitsDropped { begun: false }]
    );
}

#[test]
fn whoever_sends_digits_is_told_when_its_own_are_sent() {
    let mut phone = Phone::agreed();
    phone.session.send_digits("1").unwrap();
    phone.session.send_digits(",2").unwrap();
    phone.run(400);
    assert_eq!(phone.events, [MediaEvent::DigitsSent]);
    phone.run(2_500);
    assert_eq!(phone.events, [MediaEvent::DigitsSent, MediaEvent::DigitsSent]);
}

#[test]
fn packets_of_a_payload_type_that_was_not_agreed_are_no_loss_and_no_silence() {
    let mut phone = Phone::agreed();
    phone.stream(PEER, 1, 0..5);
    for sequence in 5..2_000 {
        // Comfort noise, which the description does not have.
        phone.receive_of(PEER, 1, sequence, 13);
        phone.run(20);
    }
    assert_eq!(phone.events, [MediaEvent::FirstPacket], "it is there");
    phone.stream(PEER, 1, 2_000..2_010);
    let received = phone.session.statistics().received;
    assert_eq!((received.lost, received.packets), (0, 2_009));
    assert_eq!(phone.session.counters().get("RTP of an unknown payload type"), 1_995);
}

#[test]
fn a_peer_that_goes_on_after_its_goodbye_is_there_again() {
    let mut phone = Phone::agreed();
    phone.stream(PEER, 1, 0..5);
    phone.rtcp(PEER_RTCP, 1, true);
    phone.stream(PEER, 1, 5..10);
    phone.rtcp(PEER_RTCP, 1, true);
    phone.run(20);
    assert_eq!(phone.events, [MediaEvent::FirstPacket, MediaEvent::PeerBye, MediaEvent::PeerBye]);
}

#[test]
fn a_clock_of_the_wall_that_is_set_makes_no_round_trip() {
    let mut phone = Phone::agreed();
    phone.stream(PEER, 1, 0..5);
    let sent = phone.run(8_000);
    let (_, _, report) = sent.iter().find(|(lane, ..)| *lane == Lane::Rtcp).unwrap();
    let middle = u32::from_be_bytes([report[10], report[11], report[12], report[13]]);
    let ssrc = phone.session.ssrc();
    let block = ReportBlock { ssrc, last_sr: middle, ..ReportBlock::default() };
    let mut bytes = Vec::new();
    let report = Report { ssrc: 1, sender: None, reports: &[block], cname: "peer", bye: false };
    write_report(&mut bytes, &report);
    let mut now = phone.now();
    now.unix += Duration::from_secs(20);
    phone.session.handle_packet(now, Lane::Rtcp, address(PEER_RTCP), &bytes);
    let round_trip = phone.session.statistics().round_trip.unwrap();
    assert!(round_trip <= Duration::from_secs(8), "{round_trip:?}");
    // One that waited for us while we were late says nothing of the way.
    phone.millis += 900;
    phone.session.handle_packet(phone.now(), Lane::Rtcp, address(PEER_RTCP), &bytes);
    assert_eq!(phone.session.statistics().round_trip, Some(round_trip));
}

#[test]
fn a_codec_that_changes_within_the_stream_is_followed() {
    let mut phone = Phone::agreed();
    let mut heard = Vec::new();
    for sequence in 0..100_u16 {
        let mut bytes = Vec::new();
        let payload_type = if sequence < 50 { 0 } else { 8 };
        let header = RtpHeader {
            marker: false,
            payload_type,
            sequence,
            timestamp: u32::from(sequence) * 160,
            ssrc: 1,
        };
        // The loudest value of each law: 32124 and 32256.
        header.write(&[if sequence < 50 { 0x80 } else { 0xaa }; 160], &mut bytes);
        phone.session.handle_packet(phone.now(), Lane::Rtp, address(PEER), &bytes);
        phone.run(20);
        phone.session.take_audio(&mut heard);
    }
    assert!(heard.iter().filter(|sample| **sample == 32_124).count() > 7_000);
    assert!(heard.iter().filter(|sample| **sample == 32_256).count() > 6_500);
}

#[test]
fn audio_that_nobody_takes_is_bounded() {
    let mut phone = Phone::agreed();
    phone.stream(PEER, 1, 0..400);
    let mut heard = Vec::new();
    phone.session.take_audio(&mut heard);
    assert_eq!(heard.len(), 16_000);
    phone.millis += 3_600_000;
    phone.run(20);
    heard.clear();
    phone.session.take_audio(&mut heard);
    assert!(heard.len() <= 16_000);
}

#[test]
fn a_source_that_is_muted_goes_on_unheard() {
    let mut phone = Phone::agreed();
    phone.session.set_source(Source::Clip { samples: vec![9_000; 1_600].into(), repeat: false });
    phone.session.set_muted(true);
    let sent = phone.run(400);
    assert!(phone.events.contains(&MediaEvent::PlaybackFinished));
    assert!(
        sent.iter().filter(|(lane, ..)| *lane == Lane::Rtp).all(|(_, _, bytes)| bytes[12..] == [0xff; 160])
    );
}

#[test]
fn a_platform_that_is_always_late_sends_neither_more_nor_less() {
    let mut phone = Phone::agreed();
    let mut random = Random::from_number(3);
    let mut timestamps = Vec::new();
    while phone.millis < 100_000 {
        phone.millis += 1 + random.below(90);
        let sent = phone.tick();
        let rtp = sent.iter().filter(|(lane, ..)| *lane == Lane::Rtp);
        timestamps.extend(rtp.map(|(_, _, bytes)| RtpPacket::parse(bytes).unwrap().timestamp));
    }
    assert_eq!(u64::try_from(timestamps.len()).unwrap(), phone.millis / 20 + 1);
    assert!(timestamps.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == 160));
}

#[test]
fn negotiating_again_keeps_ssrc_sequence_and_clock() {
    let mut phone = Phone::agreed();
    let mut sent = phone.run(200);
    phone.offered("a=sendrecv\r\n");
    sent.append(&mut phone.run(200));
    let now = phone.now();
    phone.session.create_offer(now, Direction::SendRecv).unwrap();
    sent.append(&mut phone.run(200));
    phone.session.set_remote(now, &description(3, "a=ptime:40\r\n")).unwrap();
    sent.append(&mut phone.run(400));
    let packets: Vec<_> = sent
        .iter()
        .filter(|(lane, ..)| *lane == Lane::Rtp)
        .map(|(_, _, bytes)| RtpPacket::parse(bytes).unwrap())
        .collect();
    assert_eq!(packets.last().unwrap().payload.len(), 320);
    for pair in packets.windows(2) {
        assert_eq!(pair[0].ssrc, pair[1].ssrc);
        assert_eq!(pair[0].sequence.wrapping_add(1), pair[1].sequence);
        let length = u32::try_from(pair[0].payload.len()).unwrap();
        assert_eq!(pair[0].timestamp.wrapping_add(length), pair[1].timestamp);
    }
    assert_eq!(packets.iter().filter(|packet| packet.marker).count(), 1);
}

#[test]
fn what_the_jitter_buffer_leaves_out_is_counted_and_was_not_heard() {
    let mut phone = Phone::agreed();
    phone.stream(PEER, 1, 0..100);
    let good = phone.session.statistics();
    assert_eq!(good.received.discarded, 0);
    // The network had held two seconds of audio up: more than may ever wait to be played.
    phone.run(2_000);
    for sequence in 100..200 {
        phone.receive(PEER, 1, sequence);
    }
    phone.stream(PEER, 1, 200..300);
    let bad = phone.session.statistics();
    assert!(bad.received.discarded >= 50 && bad.received.lost == 0, "{bad:?}");
    let named = ["RTP left out to lower the delay", "RTP that the jitter buffer has no room for"];
    let counted: u64 = named.iter().map(|name| phone.session.counters().get(name)).sum();
    assert_eq!(counted, bad.received.discarded);
    // Nobody understands what lacks a quarter, however long the way.
    assert!(bad.mos_received.unwrap() < 1.5, "{bad:?}");
}
