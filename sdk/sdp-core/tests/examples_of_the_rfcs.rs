//! RFC 3264 §10 and RFC 4317, as far as they concern one audio stream.

mod parties;

use parties::{ALICE, BOB, alice, bob, by_alice, by_bob, lines, media_lines};
use rvoip_sdp_core::Direction;
use rvoip_sdp_core::negotiation::{
    EventPayload, Stream, accept_answer, answer, answer_again, offer, offer_again,
};

fn names(stream: &Stream) -> Vec<&str> {
    stream.codecs.iter().map(|codec| codec.name.as_str()).collect()
}

const THREE_CODECS_AND_VIDEO: &str = "m=audio 49170 RTP/AVP 0 8 97\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\n\
    a=rtpmap:97 iLBC/8000\nm=video 51372 RTP/AVP 31 32\na=rtpmap:31 H261/90000\na=rtpmap:32 MPV/90000\n";

#[test]
fn rfc_3264_10_1_takes_the_audio_and_rejects_both_videos_in_place() {
    let offer = by_alice(
        "m=audio 49170 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nm=video 51372 RTP/AVP 31\na=rtpmap:31 H261/90000\n\
         m=video 53000 RTP/AVP 32\na=rtpmap:32 MPV/90000\n",
    );
    let answered = answer(&offer, &bob(&["PCMA", "PCMU"])).unwrap();
    assert_eq!(
        media_lines(&answered.description),
        ["m=audio 49172 RTP/AVP 0", "m=video 0 RTP/AVP 31", "m=video 0 RTP/AVP 32"]
    );
    assert_eq!(lines(&answered.description, "o="), [format!("o=bob 2808844564 2808844564 IN IP4 {BOB}")]);
    let stream = answered.stream.unwrap();
    assert_eq!(stream.index, 0);
    assert_eq!(stream.remote_rtp, format!("{ALICE}:49170").parse().unwrap());
    assert_eq!(stream.remote_rtcp, format!("{ALICE}:49171").parse().unwrap());
    assert_eq!(names(&stream), ["PCMU"]);
    assert_eq!((stream.direction, stream.remote_hold), (Direction::SendRecv, false));
}

#[test]
fn rfc_3264_10_1_second_audio_stream_offered_later_is_rejected_and_the_port_change_is_followed() {
    let local = alice(&["PCMU"]);
    let first = offer(&local);
    let second = by_bob(
        "m=audio 65422 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nm=video 0 RTP/AVP 31\nm=video 53000 RTP/AVP 32\n\
         a=rtpmap:32 MPV/90000\nm=audio 51434 RTP/AVP 110\na=rtpmap:110 telephone-events/8000\na=recvonly\n",
    );
    let answered = answer_again(&second, &local, &first).unwrap();
    assert_eq!(
        media_lines(&answered.description),
        ["m=audio 49170 RTP/AVP 0", "m=video 0 RTP/AVP 31", "m=video 0 RTP/AVP 32", "m=audio 0 RTP/AVP 110"]
    );
    assert_eq!(lines(&answered.description, "o="), [format!("o=alice 2890844526 2890844527 IN IP4 {ALICE}")]);
    assert_eq!(answered.stream.unwrap().remote_rtp, format!("{BOB}:65422").parse().unwrap());
}

#[test]
fn rfc_3264_10_2_narrows_three_inactive_codecs_to_one_active() {
    let mut local = alice(&["PCMU", "G723", "G729"]);
    local.direction = Direction::Inactive;
    let first = offer(&local);
    assert_eq!(media_lines(&first), ["m=audio 49170 RTP/AVP 0 4 18"]);
    assert_eq!(lines(&first, "a=inactive").len(), 1);

    let bobs = bob(&["G723", "PCMU"]);
    let answered = answer(&first, &bobs).unwrap();
    assert_eq!(media_lines(&answered.description), ["m=audio 49172 RTP/AVP 0 4"]);
    assert_eq!(answered.stream.unwrap().direction, Direction::Inactive);
    let stream = accept_answer(&first, &answered.description, &local).unwrap().unwrap();
    assert_eq!((names(&stream), stream.direction), (vec!["PCMU", "G723"], Direction::Inactive));
    assert!(!stream.remote_hold, "an inactive stream was asked for");

    let local = alice(&["G723"]);
    let second = offer_again(&local, &first);
    assert_eq!(media_lines(&second), ["m=audio 49170 RTP/AVP 4"]);
    assert_eq!(lines(&second, "o="), [format!("o=alice 2890844526 2890844527 IN IP4 {ALICE}")]);
    let again = answer_again(&second, &bobs, &answered.description).unwrap();
    assert_eq!(media_lines(&again.description), ["m=audio 49172 RTP/AVP 4"]);
    assert_eq!(lines(&again.description, "o="), [format!("o=bob 2808844564 2808844565 IN IP4 {BOB}")]);
    assert_eq!(again.stream.unwrap().direction, Direction::SendRecv);
}

#[test]
fn rfc_4317_2_1_one_of_three_codecs_is_taken() {
    let offer = by_alice(THREE_CODECS_AND_VIDEO);
    let answered = answer(&offer, &bob(&["PCMU"])).unwrap();
    assert_eq!(media_lines(&answered.description), ["m=audio 49172 RTP/AVP 0", "m=video 0 RTP/AVP 31 32"]);
}

#[test]
fn rfc_4317_2_2_two_of_three_codecs_are_taken_in_the_order_of_the_offer() {
    let offer = by_alice(THREE_CODECS_AND_VIDEO);
    let answered = answer(&offer, &bob(&["PCMA", "PCMU"])).unwrap();
    assert_eq!(media_lines(&answered.description), ["m=audio 49172 RTP/AVP 0 8", "m=video 0 RTP/AVP 31 32"]);
    assert_eq!(names(&answered.stream.unwrap()), ["PCMU", "PCMA"]);
}

#[test]
fn rfc_4317_2_3_answer_may_use_another_payload_type_for_the_same_codec() {
    let local = alice(&["PCMU", "PCMA", "iLBC"]);
    let offered = offer(&local);
    let answered = by_bob("m=audio 49172 RTP/AVP 99\na=rtpmap:99 iLBC/8000\n");
    let stream = accept_answer(&offered, &answered, &local).unwrap().unwrap();
    assert_eq!(names(&stream), ["iLBC"]);
    assert_eq!((stream.codecs[0].payload_type, stream.codecs[0].receive_payload_type), (99, 97));
}

#[test]
fn rfc_4317_2_4_stream_of_events_alone_is_no_audio() {
    let offer = by_alice(
        "m=audio 49170 RTP/AVP 0 97\na=rtpmap:0 PCMU/8000\na=rtpmap:97 iLBC/8000\nm=audio 49172 RTP/AVP 98\n\
         a=rtpmap:98 telephone-event/8000\na=sendonly\n",
    );
    let mut local = bob(&["iLBC"]);
    local.telephone_event = Some(101);
    let answered = answer(&offer, &local).unwrap();
    assert_eq!(media_lines(&answered.description), ["m=audio 49172 RTP/AVP 97", "m=audio 0 RTP/AVP 98"]);
    assert_eq!(answered.stream.unwrap().telephone_event, None);
}

#[test]
fn rfc_4317_2_5_peer_moves_and_an_unchanged_answer_keeps_its_version() {
    let local = alice(&["iLBC"]);
    let first = offer(&local);
    let second = by_bob("m=audio 49178 RTP/AVP 97\nc=IN IP4 192.0.2.99\na=rtpmap:97 iLBC/8000\n");
    let answered = answer_again(&second, &local, &first).unwrap();
    assert_eq!(answered.description, first);
    assert_eq!(answered.stream.unwrap().remote_rtp, "192.0.2.99:49178".parse().unwrap());
}

#[test]
fn rfc_4317_2_6_second_audio_is_taken_where_the_first_is_not_acceptable() {
    let offer = by_alice(
        "m=audio 49170 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nm=audio 51372 RTP/AVP 97 101\na=rtpmap:97 iLBC/8000\n\
         a=rtpmap:101 telephone-event/8000\n",
    );
    let mut local = bob(&["iLBC"]);
    local.telephone_event = Some(96);
    let answered = answer(&offer, &local).unwrap();
    assert_eq!(media_lines(&answered.description), ["m=audio 0 RTP/AVP 0", "m=audio 49172 RTP/AVP 97 101"]);
    let stream = answered.stream.unwrap();
    assert_eq!(stream.index, 1);
    assert_eq!(stream.remote_rtp.port(), 51372);
    assert_eq!(stream.telephone_event, Some(EventPayload { send: 101, receive: 101 }));
}

#[test]
fn rfc_4317_3_1_answer_puts_on_hold_and_the_next_offer_resumes() {
    let local = alice(&["PCMU", "iLBC"]);
    let first = offer(&local);
    let held = by_bob("m=audio 49172 RTP/AVP 97\na=rtpmap:97 iLBC/8000\na=sendonly\n");
    let stream = accept_answer(&first, &held, &local).unwrap().unwrap();
    assert_eq!((stream.direction, stream.remote_hold), (Direction::RecvOnly, true));

    let resumed = by_bob("m=audio 49170 RTP/AVP 97\na=rtpmap:97 iLBC/8000\n");
    let answered = answer_again(&resumed, &local, &first).unwrap();
    assert_eq!(media_lines(&answered.description), ["m=audio 49170 RTP/AVP 97"]);
    let stream = answered.stream.unwrap();
    assert_eq!((stream.direction, stream.remote_hold), (Direction::SendRecv, false));
}

#[test]
fn rfc_4317_4_2_video_added_later_is_rejected_and_the_audio_goes_on() {
    let local = bob(&["PCMU"]);
    let first = answer(&by_alice("m=audio 49170 RTP/AVP 0\na=rtpmap:0 PCMU/8000\n"), &local).unwrap();
    let second = by_alice(
        "m=audio 49170 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nm=video 49172 RTP/AVP 31\na=rtpmap:31 H261/90000\n",
    );
    let answered = answer_again(&second, &local, &first.description).unwrap();
    assert_eq!(media_lines(&answered.description), ["m=audio 49172 RTP/AVP 0", "m=video 0 RTP/AVP 31"]);
    assert_eq!(answered.stream, first.stream);
}

#[test]
fn rfc_4317_5_1_call_without_media_gets_audio_by_a_later_offer() {
    let local = bob(&["PCMU"]);
    let answered = answer(&by_alice(""), &local).unwrap();
    assert_eq!((media_lines(&answered.description).len(), &answered.stream), (0, &None));
    let second = offer_again(&local, &answered.description);
    assert_eq!(media_lines(&second), ["m=audio 49172 RTP/AVP 0"]);
    assert_eq!(second.origin.session_version, "2808844565");
}
