//! Streams added, removed and rejected in the course of a session (RFC 3264 §8).

mod parties;

use parties::{alice, bob, by_alice, by_bob, codec, lines, media_lines};
use rvoip_sdp_core::negotiation::{LocalAudio, accept_answer, answer, answer_again, offer, offer_again};

#[test]
fn later_offer_keeps_payload_types_and_places() {
    let offered = by_alice(
        "m=video 5000 RTP/AVP 31\nm=audio 4000 RTP/AVP 97 120 121\na=rtpmap:97 opus/48000/2\n\
         a=rtpmap:120 iLBC/8000\na=rtpmap:121 telephone-event/8000\n",
    );
    let mut local = LocalAudio { telephone_event: Some(101), ..bob(&["iLBC", "opus"]) };
    let answered = answer(&offered, &local).unwrap().description;
    assert_eq!(media_lines(&answered), ["m=video 0 RTP/AVP 31", "m=audio 49172 RTP/AVP 97 120 121"]);
    local.codecs.push(codec("PCMU"));
    let later = offer_again(&local, &answered);
    // The number 97 stays with opus though iLBC wants it here; events at 48000 hertz are new.
    assert_eq!(media_lines(&later), ["m=video 0 RTP/AVP 31", "m=audio 49172 RTP/AVP 120 97 0 121 101"]);
    assert_eq!(lines(&later, "a=rtpmap:97"), ["a=rtpmap:97 opus/48000/2"]);
    assert_eq!(later.origin.session_version, "2808844565");
    assert_eq!(offer_again(&local, &later), later);
}

#[test]
fn later_offer_adds_audio_where_the_former_was_rejected() {
    let local = bob(&["PCMU"]);
    let previous = by_bob("m=audio 0 RTP/AVP 8\n");
    assert_eq!(
        media_lines(&offer_again(&local, &previous)),
        ["m=audio 0 RTP/AVP 8", "m=audio 49172 RTP/AVP 0"]
    );
}

#[test]
fn offer_of_removed_streams_alone_is_answered_without_stream() {
    let answered = answer(&by_alice("m=audio 0 RTP/AVP 0\nm=video 0 RTP/AVP 31\n"), &bob(&["PCMU"])).unwrap();
    assert_eq!(media_lines(&answered.description), ["m=audio 0 RTP/AVP 0", "m=video 0 RTP/AVP 31"]);
    assert_eq!(answered.stream, None);
}

#[test]
fn rejected_audio_is_no_error() {
    let local = alice(&["PCMU"]);
    assert_eq!(accept_answer(&offer(&local), &by_bob("m=audio 0 RTP/AVP 0\n"), &local), Ok(None));
    assert_eq!(accept_answer(&offer(&local), &by_bob("m=audio 0 RTP/AVP\n"), &local), Ok(None));
}

#[test]
fn peer_removes_the_audio_and_adds_it_in_a_new_place() {
    let local = bob(&["PCMU"]);
    let first = answer(&by_alice("m=audio 4000 RTP/AVP 0\n"), &local).unwrap();
    let removed = answer_again(&by_alice("m=audio 0 RTP/AVP 0\n"), &local, &first.description).unwrap();
    assert_eq!(media_lines(&removed.description), ["m=audio 0 RTP/AVP 0"]);
    assert_eq!((removed.stream, removed.description.origin.session_version.as_str()), (None, "2808844565"));
    let third = by_alice("m=audio 0 RTP/AVP 0\nm=audio 4004 RTP/AVP 0\n");
    let added = answer_again(&third, &local, &removed.description).unwrap();
    assert_eq!(media_lines(&added.description), ["m=audio 0 RTP/AVP 0", "m=audio 49172 RTP/AVP 0"]);
    assert_eq!(added.stream.map(|stream| (stream.index, stream.remote_rtp.port())), Some((1, 4004)));
    assert_eq!(added.description.origin.session_version, "2808844566");
}

#[test]
fn our_offer_after_theirs_keeps_their_rejected_streams_at_port_zero() {
    let local = bob(&["PCMU"]);
    let theirs = by_alice("m=video 5000 RTP/AVP 31\nm=audio 4000 RTP/AVPF 0\nm=audio 4002 RTP/AVP 0\n");
    let answered = answer(&theirs, &local).unwrap().description;
    let ours = offer_again(&local, &answered);
    let places = ["m=video 0 RTP/AVP 31", "m=audio 49172 RTP/AVPF 0", "m=audio 0 RTP/AVP 0"];
    assert_eq!(media_lines(&ours), places);
    assert_eq!(ours, answered, "nothing changed, so the version stays");
    let accepted = by_alice("m=video 0 RTP/AVP 31\nm=audio 4000 RTP/AVPF 0\nm=audio 0 RTP/AVP 0\n");
    let stream = accept_answer(&ours, &accepted, &local).unwrap().unwrap();
    assert_eq!((stream.index, stream.remote_rtp.port()), (1, 4000));
}

#[test]
fn new_address_and_port_make_a_new_version_under_the_same_origin() {
    let mut local = alice(&["PCMU"]);
    let first = offer(&local);
    local.address = "192.0.2.77".parse().unwrap();
    local.rtp_port = 4010;
    let second = offer_again(&local, &first);
    assert_eq!(lines(&second, "o="), ["o=alice 2890844526 2890844527 IN IP4 192.0.2.1"]);
    assert_eq!(lines(&second, "c="), ["c=IN IP4 192.0.2.77"]);
    assert_eq!(media_lines(&second), ["m=audio 4010 RTP/AVP 0"]);
}
