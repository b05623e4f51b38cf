//! What a peer hears that is on hold.

use rvoip_media_core::{Lane, Source};
use rvoip_sdp_core::Direction;

use crate::phone::{PEER, Phone, description};

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
