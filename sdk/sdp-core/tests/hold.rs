//! Hold (RFC 3264 §8.4), asked for by either side and in the style of RFC 2543.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failure here fails the test")]

mod parties;

use parties::{ALICE, alice, bob, by_alice, by_bob, lines, read};
use rvoip_sdp_core::Direction::{self, Inactive, RecvOnly, SendOnly, SendRecv};
use rvoip_sdp_core::negotiation::{accept_answer, answer, offer, offer_again};

/// Answers an offer of this direction while wanting `ours`: the direction answered, and whether the peer holds.
fn answered(theirs: &str, ours: Direction) -> (Direction, bool) {
    let mut local = bob(&["PCMU"]);
    local.direction = ours;
    let answered = answer(&by_alice(&format!("m=audio 49170 RTP/AVP 0\n{theirs}")), &local).unwrap();
    let stream = answered.stream.unwrap();
    assert_eq!(answered.description.media[0].direction(&answered.description), stream.direction);
    (stream.direction, stream.remote_hold)
}

#[test]
fn answer_reverses_the_direction_of_the_offer_and_keeps_what_we_want() {
    assert_eq!(answered("", SendRecv), (SendRecv, false));
    assert_eq!(answered("a=sendrecv\n", SendRecv), (SendRecv, false));
    assert_eq!(answered("a=sendonly\n", SendRecv), (RecvOnly, true));
    assert_eq!(answered("a=recvonly\n", SendRecv), (SendOnly, false));
    assert_eq!(answered("a=inactive\n", SendRecv), (Inactive, true));
    assert_eq!(answered("", SendOnly), (SendOnly, false));
    assert_eq!(answered("a=sendonly\n", SendOnly), (Inactive, true));
    assert_eq!(answered("a=recvonly\n", SendOnly), (SendOnly, false));
    assert_eq!(answered("", Inactive), (Inactive, false));
}

#[test]
fn direction_of_the_session_holds_where_the_media_say_nothing() {
    let text = |media: &str| {
        format!("v=0\no=- 1 1 IN IP4 {ALICE}\ns=-\nc=IN IP4 {ALICE}\nt=0 0\na=sendonly\n{media}")
    };
    let local = bob(&["PCMU"]);
    let held = answer(&read(&text("m=audio 4000 RTP/AVP 0\n")), &local).unwrap().stream.unwrap();
    assert_eq!((held.direction, held.remote_hold), (RecvOnly, true));
    let active =
        answer(&read(&text("m=audio 4000 RTP/AVP 0\na=sendrecv\n")), &local).unwrap().stream.unwrap();
    assert_eq!((active.direction, active.remote_hold), (SendRecv, false));
}

#[test]
fn unspecified_address_in_an_offer_is_hold() {
    assert_eq!(answered("c=IN IP4 0.0.0.0\n", SendRecv), (RecvOnly, true));
    assert_eq!(answered("c=IN IP6 ::\n", SendRecv), (RecvOnly, true));
    assert_eq!(answered("c=IN IP4 0.0.0.0\na=sendonly\n", SendRecv), (RecvOnly, true));
    assert_eq!(answered("c=IN IP4 0.0.0.0\na=inactive\n", SendRecv), (Inactive, true));
    assert_eq!(answered("c=IN IP4 0.0.0.0\n", SendOnly), (Inactive, true));
}

#[test]
fn unspecified_address_in_an_answer_is_hold() {
    let local = alice(&["PCMU"]);
    let held = by_bob("m=audio 49172 RTP/AVP 0\nc=IN IP4 0.0.0.0\n");
    let stream = accept_answer(&offer(&local), &held, &local).unwrap().unwrap();
    assert_eq!((stream.direction, stream.remote_hold), (RecvOnly, true));
}

#[test]
fn we_hold_and_resume_by_offers_whose_versions_grow() {
    let mut local = alice(&["PCMU"]);
    let first = offer(&local);
    local.direction = SendOnly;
    let hold = offer_again(&local, &first);
    assert_eq!(lines(&hold, "a=sendonly").len(), 1);
    assert_eq!(hold.origin.session_version, "2890844527");
    let answer = by_bob("m=audio 49172 RTP/AVP 0\na=recvonly\n");
    let stream = accept_answer(&hold, &answer, &local).unwrap().unwrap();
    assert_eq!((stream.direction, stream.remote_hold), (SendOnly, false));
    // A peer that ignores the hold is not listened to all the same.
    let deaf = accept_answer(&hold, &by_bob("m=audio 49172 RTP/AVP 0\n"), &local).unwrap().unwrap();
    assert_eq!(deaf.direction, SendOnly);

    assert_eq!(offer_again(&local, &hold), hold, "nothing changed");
    local.direction = SendRecv;
    let resumed = offer_again(&local, &hold);
    assert_eq!(resumed.origin.session_version, "2890844528");
    assert_eq!(resumed.media, first.media);
}

#[test]
fn both_sides_hold() {
    let mut local = alice(&["PCMU"]);
    local.direction = SendOnly;
    let hold = offer(&local);
    let mut theirs = bob(&["PCMU"]);
    theirs.direction = SendOnly;
    let answered = answer(&hold, &theirs).unwrap();
    assert_eq!(answered.stream.unwrap().direction, Inactive);
    let stream = accept_answer(&hold, &answered.description, &local).unwrap().unwrap();
    assert_eq!((stream.direction, stream.remote_hold), (Inactive, true));
}
