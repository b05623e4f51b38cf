//! What a peer hears that is on hold.

use rvoip_media_core::{Lane, MediaConfig, Source};
use rvoip_sdp_core::Direction;

use crate::phone::{PEER, Phone, Sent, address, description};

const SILENCE: u8 = 0xff;

impl Phone {
    /// We put the peer on hold, or take it back.
    fn changes(&mut self, version: u32, ours: Direction, theirs: &str) {
        self.session.create_offer(self.now(), ours).unwrap();
        self.session.set_remote(self.now(), &description(version, theirs)).unwrap();
    }

    /// Whether there is sound in what is sent in half a second.
    fn speaks(&mut self) -> bool {
        let said = vec![9_000; 160];
        (0..25).any(|_| {
            self.session.push_frame(&said);
            let sent = self.run(20);
            let audio = sent.iter().filter(|(lane, ..)| *lane == Lane::Rtp);
            audio.flat_map(|(_, _, bytes)| bytes.iter().skip(12)).any(|octet| *octet != SILENCE)
        })
    }
}

#[test]
fn what_a_program_says_is_not_heard_by_whom_it_holds() {
    let mut phone = Phone::agreed();
    phone.session.set_source(Source::Frames);
    assert!(phone.speaks());
    phone.changes(2, Direction::SendOnly, "a=recvonly\r\n");
    assert!(!phone.speaks());
    phone.changes(3, Direction::SendRecv, "a=sendrecv\r\n");
    assert!(phone.speaks());
}

#[test]
fn who_is_on_hold_hears_what_is_played_to_it() {
    let mut phone = Phone::agreed();
    phone.changes(2, Direction::SendOnly, "a=recvonly\r\n");
    phone.session.set_source(Source::Clip { samples: vec![9_000; 16_000].into(), repeat: false });
    assert!(phone.speaks());
}

#[test]
fn a_peer_that_only_listens_is_not_on_hold() {
    let mut phone = Phone::agreed();
    phone.session.set_source(Source::Frames);
    phone.changes(2, Direction::SendRecv, "a=recvonly\r\n");
    assert!(phone.speaks());
}

#[test]
fn a_hold_that_was_refused_silences_nobody() {
    let mut phone = Phone::agreed();
    phone.session.set_source(Source::Frames);
    phone.session.create_offer(phone.now(), Direction::SendOnly).unwrap();
    assert!(!phone.speaks(), "whoever holds is not to be heard from that moment on");
    phone.session.rollback();
    assert!(phone.speaks());
}

#[test]
fn an_echo_of_before_is_not_heard_on_hold() {
    let mut phone = Phone::agreed();
    phone.session.set_source(Source::Echo);
    phone.stream(PEER, 1, 0..25);
    phone.changes(2, Direction::SendOnly, "a=recvonly\r\n");
    assert!(!phone.speaks());
}

#[test]
fn a_way_on_which_nothing_is_said_is_kept_open() {
    let empty = |sent: &[Sent]| sent.iter().filter(|(_, _, bytes)| bytes.is_empty()).count();
    let mut phone = Phone::agreed();
    assert_eq!(empty(&phone.run(60_000)), 0, "speech does it");
    phone.takes(&description(2, "a=sendonly\r\n"));
    let sent = phone.run(61_000);
    assert_eq!(empty(&sent), 4, "one in 15 seconds");
    let rtp: Vec<_> = sent.iter().filter(|(lane, ..)| *lane == Lane::Rtp).collect();
    assert!(rtp.iter().all(|(_, to, bytes)| bytes.is_empty() && *to == address(PEER)), "{rtp:?}");
    phone.session.handle_packet(phone.now(), Lane::Rtp, address(PEER), &[]);
    assert_eq!(phone.session.counters().get("keep-alive"), 1, "that of the peer is no fault");
    // Who is nowhere is not told anything.
    phone.takes(&description(3, "a=inactive\r\n").replace("c=IN IP4 192.0.2.2", "c=IN IP4 0.0.0.0"));
    assert_eq!(phone.run(60_000), []);
}

#[test]
fn who_only_listens_opens_the_way_at_once() {
    let mut phone = Phone::new(MediaConfig::default());
    phone.offered("a=sendonly\r\n");
    assert_eq!(phone.run(20), [(Lane::Rtp, address(PEER), Vec::new())]);
}

#[test]
fn reports_that_share_the_port_of_rtp_keep_its_way_open() {
    let mut phone = Phone::new(MediaConfig { rtcp_mux: true, ..MediaConfig::default() });
    phone.offered("a=sendonly\r\na=rtcp-mux\r\n");
    let sent = phone.run(60_000);
    assert!(sent.len() >= 6 && sent.iter().all(|(_, _, bytes)| !bytes.is_empty()), "{sent:?}");
}
