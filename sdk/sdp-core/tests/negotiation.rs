//! Formats, transport, addresses and refusals.
#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

mod parties;

use parties::{ALICE, BOB, alice, bob, by_alice, by_bob, codec, lines, media_lines, read};
use rvoip_sdp_core::negotiation::{
    AnswerError, EventPayload, LocalAudio, Refusal, Stream, accept_answer, answer, offer, offer_again,
};
use rvoip_sdp_core::{AddressError, Direction, SessionDescription};

fn stream(offer: &SessionDescription, local: &LocalAudio) -> Stream {
    answer(offer, local).unwrap().stream.unwrap()
}

fn refusal(offer: &SessionDescription, local: &LocalAudio) -> (u16, u16) {
    let Refusal { status, warning } = answer(offer, local).unwrap_err();
    (status, warning.unwrap().0)
}

#[test]
fn offer_says_all_the_local_side_can_do() {
    let local = LocalAudio {
        telephone_event: Some(101),
        max_ptime: Some(60),
        rtcp_mux: true,
        rtcp_port: 50000,
        direction: Direction::RecvOnly,
        ..alice(&["opus", "PCMU", "iLBC"])
    };
    assert_eq!(
        offer(&local).to_string(),
        "v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
         m=audio 49170 RTP/AVP 111 0 97 101 96\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:97 iLBC/8000\r\na=fmtp:97 mode=20\r\na=rtpmap:101 telephone-event/48000\r\na=fmtp:101 0-15\r\n\
         a=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\na=ptime:20\r\na=maxptime:60\r\na=rtcp:50000\r\n\
         a=rtcp-mux\r\na=recvonly\r\n"
    );
}

#[test]
fn user_name_cannot_break_the_origin_line() {
    let local = LocalAudio { user_name: "a b\r\nm=x".to_owned(), ..alice(&["PCMU"]) };
    let described = read(&offer(&local).to_string());
    assert_eq!((described.origin.user_name.as_str(), described.media.len()), ("a_b__m=x", 1));
    let local = LocalAudio { user_name: String::new(), ..local };
    assert_eq!(offer(&local).origin.user_name, "-");
}

#[test]
fn static_payload_types_need_no_rtpmap() {
    let stream = stream(&by_alice("m=audio 4000 RTP/AVP 18 8 0\n"), &bob(&["PCMU", "PCMA"]));
    let codecs: Vec<_> =
        stream.codecs.iter().map(|codec| (codec.payload_type, codec.name.as_str())).collect();
    assert_eq!(codecs, [(8, "PCMA"), (0, "PCMU")]);
}

#[test]
fn rtpmap_overrides_the_static_assignment_and_dynamic_numbers_need_one() {
    let offered = by_alice("m=audio 4000 RTP/AVP 0 96 97\na=rtpmap:0 L16/8000\na=rtpmap:97 pcmu/8000/1\n");
    let stream = stream(&offered, &bob(&["PCMU"]));
    assert_eq!(stream.codecs.iter().map(|codec| codec.payload_type).collect::<Vec<_>>(), [97]);
}

#[test]
fn clock_rate_and_channels_must_fit() {
    let local = bob(&["opus"]);
    assert_eq!(refusal(&by_alice("m=audio 4000 RTP/AVP 96\na=rtpmap:96 opus/48000\n"), &local), (488, 305));
    assert_eq!(refusal(&by_alice("m=audio 4000 RTP/AVP 96\na=rtpmap:96 opus/16000/2\n"), &local), (488, 305));
    let offered = by_alice("m=audio 4000 RTP/AVP 96\na=rtpmap:96 OPUS/48000/2\na=fmtp:96 useinbandfec=1\n");
    let codec = stream(&offered, &local).codecs.remove(0);
    assert_eq!((codec.channels, codec.fmtp.as_deref()), (2, Some("useinbandfec=1")));
}

#[test]
fn answer_carries_our_parameters_under_the_number_of_the_offer() {
    let offered = by_alice("m=audio 4000 RTP/AVP 110\na=rtpmap:110 ilbc/8000\na=fmtp:110 mode=30\n");
    let answered = answer(&offered, &bob(&["iLBC"])).unwrap();
    assert_eq!(lines(&answered.description, "a=fmtp"), ["a=fmtp:110 mode=20"]);
    assert_eq!(answered.stream.unwrap().codecs[0].fmtp.as_deref(), Some("mode=30"));
}

#[test]
fn telephone_event_follows_the_clock_rate_of_the_codec() {
    let offered = by_alice(
        "m=audio 4000 RTP/AVP 111 0 101 102\na=rtpmap:111 opus/48000/2\na=rtpmap:101 telephone-event/8000\n\
         a=rtpmap:102 telephone-event/48000\n",
    );
    let mut local = bob(&["opus", "PCMU"]);
    assert_eq!(media_lines(&answer(&offered, &local).unwrap().description), ["m=audio 49172 RTP/AVP 111 0"]);
    local.telephone_event = Some(96);
    let answered = answer(&offered, &local).unwrap();
    assert_eq!(media_lines(&answered.description), ["m=audio 49172 RTP/AVP 111 0 101 102"]);
    assert_eq!(answered.stream.unwrap().telephone_event, Some(EventPayload { send: 102, receive: 102 }));
    local.codecs = vec![codec("PCMU")];
    let answered = answer(&offered, &local).unwrap();
    assert_eq!(media_lines(&answered.description), ["m=audio 49172 RTP/AVP 0 101"]);
    assert_eq!(answered.stream.unwrap().telephone_event, Some(EventPayload { send: 101, receive: 101 }));
}

#[test]
fn telephone_event_may_have_another_number_each_way() {
    let local = LocalAudio { telephone_event: Some(101), ..alice(&["PCMU"]) };
    let answered = by_bob("m=audio 4000 RTP/AVP 0 96\na=rtpmap:96 telephone-event/8000\n");
    let agreed = accept_answer(&offer(&local), &answered, &local).unwrap().unwrap();
    assert_eq!(agreed.telephone_event, Some(EventPayload { send: 96, receive: 101 }));
    let without =
        accept_answer(&offer(&local), &by_bob("m=audio 4000 RTP/AVP 0\n"), &local).unwrap().unwrap();
    assert_eq!(without.telephone_event, None);
}

#[test]
fn comfort_noise_is_never_the_codec_to_send_with() {
    let offered = by_alice("m=audio 4000 RTP/AVP 13 0\n");
    let agreed = stream(&offered, &bob(&["CN", "PCMU"]));
    assert_eq!(agreed.codecs.iter().map(|codec| codec.payload_type).collect::<Vec<_>>(), [0, 13]);
    assert_eq!(refusal(&by_alice("m=audio 4000 RTP/AVP 13\n"), &bob(&["CN", "PCMU"])), (488, 305));
}

#[test]
fn packet_time_is_what_the_peer_prefers_within_what_both_take() {
    let time = |attributes: &str, max_ptime| {
        let local = LocalAudio { max_ptime, ..bob(&["PCMU"]) };
        stream(&by_alice(&format!("m=audio 4000 RTP/AVP 0\n{attributes}")), &local).ptime
    };
    assert_eq!(time("", None), 20);
    assert_eq!(time("a=ptime:30\n", None), 30);
    assert_eq!(time("a=ptime:60\na=maxptime:40\n", None), 40);
    assert_eq!(time("a=ptime:60\n", Some(40)), 40);
    assert_eq!(time("a=maxptime:10\n", None), 10);
    assert_eq!(time("a=ptime:65535\n", None), 200);
    assert_eq!(time("a=ptime:2.5\n", None), 2);
    for ignored in ["a=ptime:0\n", "a=ptime:-5\n", "a=ptime\n", "a=ptime:long\n", "a=ptime:99999\n"] {
        assert_eq!(time(ignored, None), 20, "{ignored}");
    }
}

#[test]
fn rtcp_is_multiplexed_only_where_both_say_so() {
    let with = by_alice("m=audio 4000 RTP/AVP 0\na=rtcp-mux\n");
    let without = by_alice("m=audio 4000 RTP/AVP 0\n");
    for (offered, ours, expected) in [(&with, true, true), (&with, false, false), (&without, true, false)] {
        let local = LocalAudio { rtcp_mux: ours, ..bob(&["PCMU"]) };
        let answered = answer(offered, &local).unwrap();
        assert_eq!(answered.description.media[0].rtcp_mux(), expected);
        let agreed = answered.stream.unwrap();
        let port = if expected { 4000 } else { 4001 };
        assert_eq!((agreed.rtcp_mux, agreed.remote_rtcp.port()), (expected, port));
    }
    let local = LocalAudio { rtcp_mux: true, ..alice(&["PCMU"]) };
    let accepted =
        |text: &str| accept_answer(&offer(&local), &by_bob(text), &local).unwrap().unwrap().rtcp_mux;
    assert!(accepted("m=audio 4000 RTP/AVP 0\na=rtcp-mux\n"));
    assert!(!accepted("m=audio 4000 RTP/AVP 0\n"));
    let plain = alice(&["PCMU"]);
    let unasked = by_bob("m=audio 4000 RTP/AVP 0\na=rtcp-mux\n");
    assert!(!accept_answer(&offer(&plain), &unasked, &plain).unwrap().unwrap().rtcp_mux);
}

#[test]
fn rtcp_attribute_names_port_and_address() {
    let local = LocalAudio { rtcp_port: 60000, ..bob(&["PCMU"]) };
    let agreed = answer(&by_alice("m=audio 4000 RTP/AVP 0\na=rtcp:5000 IN IP4 192.0.2.7\n"), &local).unwrap();
    assert_eq!(lines(&agreed.description, "a=rtcp"), ["a=rtcp:60000"]);
    assert_eq!(agreed.stream.unwrap().remote_rtcp, "192.0.2.7:5000".parse().unwrap());
    let port_alone = stream(&by_alice("m=audio 4000 RTP/AVP 0\na=rtcp:5000\n"), &local);
    assert_eq!(port_alone.remote_rtcp, format!("{ALICE}:5000").parse().unwrap());
    assert_eq!(refusal(&by_alice("m=audio 65535 RTP/AVP 0\n"), &local), (488, 301));
}

#[test]
fn plain_rtp_is_taken_with_and_without_feedback_and_secure_rtp_is_refused() {
    let local = bob(&["PCMU"]);
    let answered = answer(&by_alice("m=audio 4000 RTP/AVPF 0\n"), &local).unwrap();
    assert_eq!(media_lines(&answered.description), ["m=audio 49172 RTP/AVPF 0"]);
    for protocol in ["RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVPF", "udp"] {
        assert_eq!(
            refusal(&by_alice(&format!("m=audio 4000 {protocol} 0\n")), &local),
            (488, 302),
            "{protocol}"
        );
    }
    let both = by_alice("m=audio 4000 RTP/SAVP 0\nm=audio 4002 RTP/AVP 0\n");
    let answered = answer(&both, &local).unwrap();
    assert_eq!(media_lines(&answered.description), ["m=audio 0 RTP/SAVP 0", "m=audio 49172 RTP/AVP 0"]);
    assert_eq!(answered.stream.unwrap().index, 1);
}

#[test]
fn refusals_say_why() {
    let local = bob(&["PCMU"]);
    assert_eq!(refusal(&by_alice("m=video 4000 RTP/AVP 31\n"), &local), (488, 304));
    assert_eq!(refusal(&by_alice("m=audio 4000 RTP/AVP 18\n"), &local), (488, 305));
    assert_eq!(refusal(&by_alice("m=video 4000 RTP/AVP 31\nm=audio 4000 RTP/AVP 18\n"), &local), (488, 305));
    assert_eq!(refusal(&by_alice("m=audio 4000 RTP/AVP 0\nc=IN IP4 host.example.com\n"), &local), (488, 301));
    assert_eq!(refusal(&by_alice("m=audio 4000 RTP/AVP 0\nc=IN IP6 2001:db8::1\n"), &local), (488, 301));
    assert_eq!(refusal(&by_alice("m=audio 4000 RTP/AVP 0\nc=IN IP4 233.252.0.1/127\n"), &local), (488, 301));
    let nowhere = read("v=0\no=- 1 1 IN IP4 h\ns=-\nt=0 0\nm=audio 4000 RTP/AVP 0\n");
    assert_eq!(refusal(&nowhere, &local), (400, 399));
}

#[test]
fn answer_repeats_the_time_of_the_offer() {
    let offered = read("v=0\no=- 1 1 IN IP4 h\ns=-\nc=IN IP4 192.0.2.1\nt=10 20\nm=audio 4000 RTP/AVP 0\n");
    assert_eq!(lines(&answer(&offered, &bob(&["PCMU"])).unwrap().description, "t="), ["t=10 20"]);
}

#[test]
fn codecs_with_the_same_number_are_told_apart() {
    let mut local = alice(&["iLBC", "opus", "PCMU"]);
    local.codecs[1].payload_type = 97;
    local.codecs[2].payload_type = 200;
    assert_eq!(media_lines(&offer(&local)), ["m=audio 49170 RTP/AVP 97 96 98"]);
}

#[test]
fn answers_that_do_not_fit_are_refused() {
    let local = alice(&["PCMU", "iLBC"]);
    let refused =
        |offered: &SessionDescription, text: &str| accept_answer(offered, &by_bob(text), &local).unwrap_err();
    let first = offer(&local);
    assert_eq!(refused(&first, ""), AnswerError::MediaCount { offered: 1, answered: 0 });
    let two = "m=audio 4000 RTP/AVP 0\nm=video 0 RTP/AVP 31\n";
    assert_eq!(refused(&first, two), AnswerError::MediaCount { offered: 1, answered: 2 });
    assert_eq!(refused(&first, "m=video 4000 RTP/AVP 0\n"), AnswerError::Kind { index: 0 });
    assert_eq!(refused(&first, "m=audio 4000 RTP/SAVP 0\n"), AnswerError::Protocol { index: 0 });
    assert_eq!(refused(&first, "m=audio 4000 RTP/AVP 8 18\n"), AnswerError::NoCodec { index: 0 });
    let redefined = "m=audio 4000 RTP/AVP 97\na=rtpmap:97 opus/48000/2\n";
    assert_eq!(refused(&first, redefined), AnswerError::NoCodec { index: 0 });
    let address = |reason| AnswerError::Address { index: 0, reason };
    assert_eq!(
        refused(&first, "m=audio 4000 RTP/AVP 0\nc=IN IP4 h.example\n"),
        address(AddressError::HostName)
    );
    assert_eq!(
        refused(&first, "m=audio 4000 RTP/AVP 0\nc=IN IP6 2001:db8::2\n"),
        address(AddressError::OtherFamily)
    );

    let later = offer_again(&local, &by_alice("m=video 0 RTP/AVP 31\nm=audio 49170 RTP/AVP 0\n"));
    let removed = "m=video 4000 RTP/AVP 31\nm=audio 4000 RTP/AVP 0\n";
    assert_eq!(refused(&later, removed), AnswerError::Removed { index: 0 });
}

#[test]
fn answer_without_rtpmap_means_what_the_offer_said() {
    let local = alice(&["PCMU", "iLBC"]);
    let agreed =
        accept_answer(&offer(&local), &by_bob("m=audio 4000 RTP/AVP 97\n"), &local).unwrap().unwrap();
    assert_eq!((agreed.codecs[0].name.as_str(), agreed.codecs[0].payload_type), ("iLBC", 97));
}

#[test]
fn ipv6_works_like_ipv4() {
    let local = LocalAudio { address: "2001:db8::1".parse().unwrap(), ..alice(&["PCMU"]) };
    let remote = LocalAudio { address: "2001:db8::2".parse().unwrap(), ..bob(&["PCMU"]) };
    let offered = read(&offer(&local).to_string());
    assert_eq!(lines(&offered, "c="), ["c=IN IP6 2001:db8::1"]);
    let answered = answer(&offered, &remote).unwrap();
    assert_eq!(answered.stream.unwrap().remote_rtp, "[2001:db8::1]:49170".parse().unwrap());
    let agreed = accept_answer(&offered, &answered.description, &local).unwrap().unwrap();
    assert_eq!(agreed.remote_rtcp, "[2001:db8::2]:49173".parse().unwrap());
    let four = answer(&offered, &LocalAudio { address: BOB.parse().unwrap(), ..remote }).unwrap_err();
    assert_eq!(four.status, 488);
}
