//! Media sessions on a virtual clock: two of them with a network between, and one with a peer that the test plays.
#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test fails by panicking")]

mod holding;
mod net;
mod paths;
mod phone;
mod rules;
mod stalls;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use rvoip_media_core::compare::{Comparison, compare};
use rvoip_media_core::wav::PcmClip;
use rvoip_media_core::{DigitsError, Lane, MediaConfig, MediaEvent, Source};
use rvoip_sans_io::Random;
use rvoip_sdp_core::Direction;

use net::{Net, end_with};

/// Eight seconds of what one of the two says.
fn voice(name: &str) -> PcmClip {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/vectors/speech/{name}.wav"));
    let clip = PcmClip::read_wav(std::fs::File::open(path).unwrap()).unwrap();
    clip.between(Duration::ZERO, Duration::from_secs(8))
}

fn speech() -> PcmClip {
    voice("alice")
}

fn clip(speech: &PcmClip) -> Source {
    Source::Clip { samples: speech.samples.clone(), repeat: false }
}

fn likeness(sent: &PcmClip, heard: &[i16]) -> Comparison {
    compare(sent, &PcmClip::new(8_000, heard.to_vec())).unwrap()
}

#[test]
fn speech_arrives_both_ways_as_it_was_sent_and_nobody_hears_itself() {
    let mut net = Net::new(1);
    net.agree(Direction::SendRecv, Direction::SendRecv);
    let (alice, bob) = (voice("alice"), voice("bob"));
    net.alice.session.set_source(clip(&alice));
    net.bob.session.set_source(clip(&bob));
    net.run(Duration::from_secs(9));
    for (end, said, unsaid) in [(&net.alice, &bob, &alice), (&net.bob, &alice, &bob)] {
        let found = likeness(said, &end.heard);
        assert!(found.correlation > 0.98 && found.covered > 0.95, "{found:?}");
        let itself = likeness(unsaid, &end.heard);
        assert!(itself.is_unheard(), "{itself:?}");
        assert_eq!(end.events, [MediaEvent::FirstPacket, MediaEvent::PlaybackFinished]);
        let statistics = end.session.statistics();
        assert_eq!((statistics.received.lost, statistics.codec), (0, Some("PCMU")));
        assert!(statistics.mos_received.unwrap() > 4.2, "{statistics:?}");
    }
}

#[test]
fn speech_survives_loss_jitter_and_duplicates() {
    for seed in [1, 2, 3] {
        let mut net = Net::new(seed);
        (net.loss, net.duplicates, net.spread) = (0.05, 0.02, 60);
        net.agree(Direction::SendRecv, Direction::SendRecv);
        let speech = speech();
        net.alice.session.set_source(clip(&speech));
        net.run(Duration::from_secs(10));
        let found = likeness(&speech, &net.bob.heard);
        assert!(found.correlation > 0.85 && found.covered > 0.85, "seed {seed}: {found:?}");
        let statistics = net.bob.session.statistics();
        assert!(statistics.received.lost > 5 && statistics.received.duplicates > 0, "{statistics:?}");
        let mos = statistics.mos_received.unwrap();
        assert!((2.5..4.3).contains(&mos), "{mos}");
    }
}

#[test]
fn what_is_lost_is_not_made_up_for_by_what_comes_twice() {
    let mut net = Net::new(7);
    (net.loss, net.duplicates) = (0.05, 0.05);
    net.agree(Direction::SendRecv, Direction::SendRecv);
    net.run(Duration::from_secs(60));
    let statistics = net.bob.session.statistics();
    let received = statistics.received;
    assert!((100..200).contains(&received.lost) && received.duplicates > 100, "{received:?}");
    assert!((3.5..4.2).contains(&statistics.mos_received.unwrap()), "{statistics:?}");
}

#[test]
fn key_presses_are_recognised_at_ten_percent_loss() {
    for seed in 0..10 {
        let mut net = Net::new(seed);
        net.loss = 0.1;
        net.agree(Direction::SendRecv, Direction::SendRecv);
        net.run(Duration::from_millis(200));
        net.alice.session.send_digits("15,*#d0").unwrap();
        net.run(Duration::from_secs(6));
        let digits: String = net
            .bob
            .events
            .iter()
            .filter_map(|event| match event {
                MediaEvent::DigitReceived { digit, .. } => Some(*digit),
                _ => None,
            })
            .collect();
        assert_eq!(digits, "15*#D0", "seed {seed}");
        assert!(net.alice.events.contains(&MediaEvent::DigitsSent));
    }
    let mut net = Net::new(1);
    assert_eq!(net.alice.session.send_digits("1"), Err(DigitsError::NotNegotiated));
    net.agree(Direction::SendRecv, Direction::SendRecv);
    assert_eq!(net.alice.session.send_digits("1x"), Err(DigitsError::Invalid));
    assert_eq!(net.alice.session.send_digits(&"1".repeat(300)), Err(DigitsError::Full));
}

#[test]
fn hold_stops_the_audio_and_resume_brings_it_back_on_the_same_stream() {
    let mut net = Net::new(1);
    net.agree(Direction::SendRecv, Direction::SendRecv);
    net.bob.session.set_source(Source::Tone(rvoip_media_core::tone::Tone::continuous(&[440.0], -10.0)));
    net.run(Duration::from_secs(2));
    let (before, bob_before) = (net.alice.session.statistics(), net.bob.session.statistics());
    net.agree(Direction::SendOnly, Direction::SendRecv);
    net.run(Duration::from_secs(60));
    assert_eq!(net.bob.session.statistics().sent.packets, bob_before.sent.packets);
    assert!(!net.alice.events.contains(&MediaEvent::TimedOut), "nobody times out on hold");
    net.agree(Direction::SendRecv, Direction::SendRecv);
    net.run(Duration::from_secs(2));
    let after = net.alice.session.statistics();
    assert!(after.received.packets > before.received.packets + 80, "{after:?}");
    assert_eq!(after.received.lost, 0, "the same stream goes on");
}

#[test]
fn a_peer_that_vanishes_is_noticed_only_after_it_was_heard() {
    let mut net = Net::new(1);
    net.agree(Direction::SendRecv, Direction::SendRecv);
    net.loss = 1.0;
    net.run(Duration::from_secs(60));
    assert_eq!(net.alice.events, []);
    net.loss = 0.0;
    net.run(Duration::from_secs(2));
    net.loss = 1.0;
    net.run(Duration::from_secs(29));
    assert_eq!(net.alice.events, [MediaEvent::FirstPacket]);
    net.run(Duration::from_secs(2));
    assert_eq!(net.alice.events, [MediaEvent::FirstPacket, MediaEvent::TimedOut]);
    net.run(Duration::from_secs(60));
    assert_eq!(net.alice.events.len(), 2, "it is told once");
}

#[test]
fn reports_tell_loss_and_the_way_there_and_back() {
    let mut net = Net::new(4);
    net.agree(Direction::SendRecv, Direction::SendRecv);
    net.loss = 0.1;
    net.run(Duration::from_secs(40));
    let statistics = net.alice.session.statistics();
    let round_trip = statistics.round_trip.unwrap();
    assert!((Duration::from_millis(35)..Duration::from_millis(60)).contains(&round_trip), "{round_trip:?}");
    assert!(statistics.sent.lost.unwrap() > 50, "{statistics:?}");
    assert!(statistics.mos_sent.unwrap() < 4.2);
}

#[test]
fn reports_share_the_port_where_both_agree() {
    let config = MediaConfig { rtcp_mux: true, ..MediaConfig::default() };
    let alice = end_with(1, "192.0.2.1:4000", config.clone());
    let mut net = Net::of(1, alice, end_with(2, "192.0.2.2:4000", config));
    net.agree(Direction::SendRecv, Direction::SendRecv);
    net.run(Duration::from_secs(20));
    assert!(net.alice.session.statistics().round_trip.is_some());
    net.bob.session.hang_up(net.now());
    net.run(Duration::from_secs(1));
    assert_eq!(net.alice.events.last(), Some(&MediaEvent::PeerBye));
}

#[test]
fn the_first_address_that_speaks_is_believed_and_no_other() {
    let mut net = Net::new(1);
    net.agree(Direction::SendRecv, Direction::SendRecv);
    let behind_nat: SocketAddr = "198.51.100.7:9999".parse().unwrap();
    net.bob.rtp = behind_nat;
    net.run(Duration::from_secs(1));
    assert_eq!(net.alice.session.counters().get("RTP address learned"), 1);
    net.bob.rtp = "203.0.113.66:1".parse().unwrap();
    net.run(Duration::from_secs(1));
    assert!(net.alice.session.counters().get("RTP from another address") > 40);
}

#[test]
fn a_stalled_clock_sends_no_burst() {
    let mut net = Net::new(1);
    net.agree(Direction::SendRecv, Direction::SendRecv);
    net.run(Duration::from_secs(1));
    let before = net.alice.session.statistics().sent.packets;
    net.time += Duration::from_secs(30);
    net.run(Duration::from_millis(20));
    let after = net.alice.session.statistics().sent.packets;
    assert!(after - before <= 3, "{}", after - before);
}

#[test]
fn hostile_packets_are_counted_and_change_nothing() {
    let mut net = Net::new(1);
    let mut random = Random::from_number(9);
    let peer = net.bob.rtp;
    let flood = |net: &mut Net, random: &mut Random| {
        for _ in 0..20_000 {
            let mut bytes = vec![0; usize::try_from(random.below(64)).unwrap()];
            random.fill(&mut bytes);
            if let Some(first) = bytes.first_mut() {
                *first = 0x80 | (*first & 0x3f);
            }
            let lane = if random.chance(0.5) { Lane::Rtp } else { Lane::Rtcp };
            net.alice.session.handle_packet(net.now(), lane, peer, &bytes);
        }
    };
    flood(&mut net, &mut random);
    assert_eq!(net.alice.events, []);
    net.agree(Direction::SendRecv, Direction::SendRecv);
    flood(&mut net, &mut random);
    let speech = speech();
    net.bob.session.set_source(clip(&speech));
    net.run(Duration::from_secs(9));
    let found = likeness(&speech, &net.alice.heard);
    assert!(found.correlation > 0.9, "{found:?}");
    for name in ["RTP before an agreement", "RTP of an unknown payload type", "malformed RTCP"] {
        assert!(net.alice.session.counters().get(name) > 0, "{name}");
    }
}

#[test]
fn what_cannot_be_agreed_on_is_refused_with_a_status() {
    let mut net = Net::new(1);
    let now = net.now();
    let error = net.alice.session.create_answer(now, "nonsense", Direction::SendRecv).unwrap_err();
    assert_eq!(error.status, 400);
    let opus = "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 96\r\n\
                a=rtpmap:96 opus/48000/2\r\n";
    let error = net.alice.session.create_answer(now, opus, Direction::SendRecv).unwrap_err();
    assert_eq!(error.status, 488);
    assert_eq!(net.alice.session.set_remote(now, opus).unwrap_err().status, 500);
}

#[test]
fn echo_gives_back_what_it_hears() {
    let mut net = Net::new(1);
    net.agree(Direction::SendRecv, Direction::SendRecv);
    let speech = speech();
    net.bob.session.set_source(Source::Echo);
    net.alice.session.set_source(clip(&speech));
    net.run(Duration::from_secs(10));
    let found = likeness(&speech, &net.alice.heard);
    assert!(found.correlation > 0.97 && found.covered > 0.95, "{found:?}");
}
