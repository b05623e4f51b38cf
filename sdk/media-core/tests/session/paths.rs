//! Where the peer is: behind an address translator, at another address, or not known yet.

use rvoip_media_core::{LocalMedia, MediaConfig, MediaEvent};
use rvoip_sdp_core::Direction;

use crate::phone::{PEER, Phone, STRANGER, address, description};

const NAT: &str = "203.0.113.5:62000";

/// What a peer behind an address translator describes.
fn at(version: u32, host: &str, port: u16) -> String {
    description(version, "a=sendrecv\r\n")
        .replace("c=IN IP4 192.0.2.2", &format!("c=IN IP4 {host}"))
        .replace("m=audio 4000", &format!("m=audio {port}"))
}

/// A call with a peer that describes 192.168.1.5 and is heard from elsewhere.
fn behind_nat() -> Phone {
    let mut phone = Phone::new(MediaConfig::default());
    phone.takes(&at(1, "192.168.1.5", 4_000));
    phone.session.watch(phone.now());
    phone.stream(NAT, 1, 0..50);
    assert_eq!(phone.destination(), address(NAT));
    phone
}

#[test]
fn a_peer_behind_nat_that_holds_by_no_address_is_found_again_when_it_resumes() {
    let mut phone = behind_nat();
    phone.takes(&at(2, "0.0.0.0", 4_000));
    assert_eq!(phone.run(1_000), []);
    phone.takes(&at(3, "192.168.1.5", 4_000));
    phone.stream(NAT, 1, 50..60);
    assert_eq!(phone.destination(), address(NAT));
    assert_eq!(phone.session.statistics().received.lost, 0, "the same stream goes on");
}

#[test]
fn a_peer_behind_nat_that_describes_another_port_is_still_where_it_is_heard() {
    let mut phone = behind_nat();
    phone.takes(&at(2, "192.168.1.5", 4_010));
    phone.stream(NAT, 1, 50..60);
    assert_eq!(phone.destination(), address(NAT));
}

#[test]
fn another_party_behind_another_nat_is_heard_although_the_old_one_still_sends() {
    let mut phone = behind_nat();
    phone.takes(&at(2, "10.0.0.9", 5_000));
    // What the old party had sent before it learned of it.
    phone.stream(NAT, 1, 50..60);
    phone.stream(STRANGER, 77, 900..920);
    assert_eq!(phone.destination(), address(STRANGER));
    phone.stream(NAT, 1, 60..70);
    assert_eq!(phone.destination(), address(STRANGER), "the old party cannot come back");
    let heard = phone.session.statistics().received.packets;
    phone.stream(STRANGER, 77, 920..970);
    assert!(phone.session.statistics().received.packets >= heard + 50);
    phone.run(29_000);
    assert!(!phone.events.contains(&MediaEvent::TimedOut));
}

#[test]
fn another_party_that_is_slow_to_speak_is_heard_too() {
    let mut phone = behind_nat();
    phone.takes(&at(2, "10.0.0.9", 5_000));
    phone.run(5_000);
    phone.stream(STRANGER, 77, 900..920);
    assert_eq!(phone.destination(), address(STRANGER));
}

#[test]
fn once_the_peer_has_settled_nobody_comes_from_elsewhere() {
    let mut phone = behind_nat();
    phone.takes(&at(2, "192.168.1.5", 4_010));
    phone.stream(NAT, 1, 50..120);
    phone.stream(STRANGER, 77, 900..920);
    assert_eq!(phone.destination(), address(NAT));
    phone.stream(STRANGER, 1, 120..130);
    assert_eq!(phone.destination(), address(NAT), "not even under its name");
    assert_eq!(phone.session.counters().get("RTP from another address"), 30);
}

#[test]
fn what_overtakes_the_answer_is_heard_and_nothing_is_sent_for_it() {
    let mut phone = Phone::new(MediaConfig::default());
    phone.session.create_offer(phone.now(), Direction::SendRecv).unwrap();
    assert_eq!(phone.stream(PEER, 1, 0..25), []);
    assert_eq!(phone.events, [MediaEvent::FirstPacket]);
    let heard = phone.heard();
    assert!(heard.iter().filter(|sample| **sample == 32_124).count() > 3_000, "{}", heard.len());
    phone.session.set_remote(phone.now(), &description(1, "")).unwrap();
    phone.stream(PEER, 1, 25..50);
    assert_eq!(phone.destination(), address(PEER));
    let received = phone.session.statistics().received;
    assert_eq!((received.packets, received.lost), (49, 0), "the first was in probation");
}

#[test]
fn what_overtook_the_answer_from_behind_a_nat_is_believed_after_it_too() {
    let mut phone = Phone::new(MediaConfig::default());
    phone.session.create_offer(phone.now(), Direction::SendRecv).unwrap();
    phone.stream(NAT, 1, 0..25);
    phone.session.set_remote(phone.now(), &at(1, "192.168.1.5", 4_000)).unwrap();
    phone.stream(NAT, 1, 25..50);
    assert_eq!(phone.destination(), address(NAT));
    assert_eq!(phone.session.statistics().received.lost, 0);
}

#[test]
fn who_holds_or_takes_its_offer_back_hears_nothing_before_an_answer() {
    let mut phone = Phone::new(MediaConfig::default());
    phone.session.create_offer(phone.now(), Direction::SendOnly).unwrap();
    phone.stream(PEER, 1, 0..5);
    assert!(phone.heard().iter().all(|sample| *sample == 0));
    phone.session.rollback();
    phone.receive(PEER, 1, 5);
    assert_eq!(phone.session.counters().get("RTP before an agreement"), 1);
}

#[test]
fn a_peer_that_rings_may_be_silent_and_is_watched_from_the_answer_on() {
    let mut phone = Phone::new(MediaConfig::default());
    phone.session.create_offer(phone.now(), Direction::SendRecv).unwrap();
    phone.session.set_remote(phone.now(), &description(1, "")).unwrap();
    // An announcement, and then nothing for as long as it rings.
    phone.stream(PEER, 1, 0..50);
    phone.run(120_000);
    assert_eq!(phone.events, [MediaEvent::FirstPacket]);
    phone.session.set_remote(phone.now(), &description(1, "")).unwrap();
    phone.session.watch(phone.now());
    phone.run(29_000);
    assert_eq!(phone.events, [MediaEvent::FirstPacket], "it has the whole time from the answer on");
    phone.run(2_000);
    assert_eq!(phone.events, [MediaEvent::FirstPacket, MediaEvent::TimedOut]);
}

#[test]
fn a_peer_that_is_negotiated_with_has_the_whole_time_again() {
    let mut phone = Phone::agreed();
    phone.stream(PEER, 1, 0..50);
    phone.run(29_000);
    phone.takes(&at(2, "10.0.0.9", 5_000));
    phone.run(29_000);
    assert_eq!(phone.events, [MediaEvent::FirstPacket]);
}

#[test]
fn sockets_that_moved_are_described_in_the_next_offer() {
    let mut phone = Phone::agreed();
    let local = LocalMedia { rtp: address("[2001:db8::1]:6000"), rtcp: address("[2001:db8::1]:6001") };
    phone.session.set_local(local);
    let offer = phone.session.create_offer(phone.now(), Direction::SendRecv).unwrap();
    assert!(offer.contains("c=IN IP6 2001:db8::1\r\n") && offer.contains("m=audio 6000 "), "{offer}");
    assert_eq!(phone.session.peer(), Some(address(PEER)));
}

#[test]
fn a_peer_whose_translator_forgot_it_is_found_again() {
    let mut phone = behind_nat();
    let other = "203.0.113.5:1027";
    phone.stream(NAT, 1, 50..200);
    phone.stream(other, 1, 200..220);
    assert_eq!(phone.destination(), address(NAT), "it was heard where it was a moment ago");
    phone.stream(NAT, 1, 220..230);
    phone.run(2_000);
    phone.stream(other, 99, 230..240);
    assert_eq!(phone.destination(), address(NAT), "another source is a stranger as ever");
    phone.stream(other, 1, 330..350);
    assert_eq!(phone.destination(), address(other));
    phone.stream(NAT, 1, 350..360);
    assert_eq!(phone.destination(), address(other), "the old address is that of a stranger by now");
}
