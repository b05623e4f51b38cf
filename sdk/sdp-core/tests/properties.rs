//! What holds for every description, sound or not.
#![expect(clippy::unwrap_used, reason = "the generators make sound values")]

use proptest::prelude::*;
use rvoip_sdp_core::negotiation::{
    LocalAudio, LocalCodec, accept_answer, answer, answer_again, offer, offer_again,
};
use rvoip_sdp_core::{
    Attribute, Bandwidth, Connection, Direction, MediaDescription, MediaKind, Origin, SessionDescription,
    TimeDescription, UnknownLine,
};

fn token() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9.+-]{1,10}"
}

fn text() -> impl Strategy<Value = String> {
    "[^\r\n\0]{0,20}"
}

fn connection() -> impl Strategy<Value = Connection> {
    (token(), token(), token()).prop_map(|(network_type, address_type, address)| Connection {
        network_type,
        address_type,
        address,
    })
}

fn attribute() -> impl Strategy<Value = Attribute> {
    (token(), prop::option::of(text())).prop_map(|(name, value)| Attribute { name, value })
}

fn bandwidth() -> impl Strategy<Value = Bandwidth> {
    (token(), any::<u64>()).prop_map(|(kind, value)| Bandwidth { kind, value })
}

fn unknown() -> impl Strategy<Value = UnknownLine> {
    ("[A-Zdfghjlnqwxy]", text())
        .prop_map(|(kind, value)| UnknownLine { kind: kind.chars().next().unwrap(), value })
}

fn time() -> impl Strategy<Value = TimeDescription> {
    (any::<u64>(), any::<u64>(), prop::collection::vec(text(), 0..3))
        .prop_map(|(start, stop, repeats)| TimeDescription { start, stop, repeats })
}

fn list<T: Strategy>(of: T) -> impl Strategy<Value = Vec<T::Value>> {
    prop::collection::vec(of, 0..4)
}

fn media() -> impl Strategy<Value = MediaDescription> {
    let line = (
        token(),
        any::<u16>(),
        prop::option::of(any::<u32>()),
        token(),
        prop::collection::vec(token(), 1..5),
    );
    let below = (
        prop::option::of(text()),
        list(connection()),
        list(bandwidth()),
        prop::option::of(text()),
        list(attribute()),
        list(unknown()),
    );
    (line, below).prop_map(
        |(
            (kind, port, port_count, protocol, formats),
            (information, connections, bandwidths, key, attributes, unknown),
        )| {
            MediaDescription {
                kind: MediaKind::from_token(&kind),
                port,
                port_count,
                protocol,
                formats,
                information,
                connections,
                bandwidths,
                key,
                attributes,
                unknown,
            }
        },
    )
}

fn description() -> impl Strategy<Value = SessionDescription> {
    let origin = (token(), "[0-9]{1,30}", "[0-9]{1,30}", connection()).prop_map(
        |(user_name, session_id, session_version, connection)| Origin {
            user_name,
            session_id,
            session_version,
            connection,
        },
    );
    let optional = || prop::option::of(text());
    let first =
        (origin, text(), optional(), optional(), list(text()), list(text()), prop::option::of(connection()));
    let second = (
        list(bandwidth()),
        list(time()),
        optional(),
        optional(),
        list(attribute()),
        list(unknown()),
        list(media()),
    );
    (first, second).prop_map(|(first, second)| {
        let (origin, session_name, information, uri, emails, phones, connection) = first;
        let (bandwidths, times, time_zones, key, attributes, unknown, media) = second;
        SessionDescription {
            version: 0,
            origin,
            session_name,
            information,
            uri,
            emails,
            phones,
            connection,
            bandwidths,
            times,
            time_zones,
            key,
            attributes,
            unknown,
            media,
        }
    })
}

/// Lines that are mostly sound, in any order, so that a good share of the texts parses.
fn offered_text() -> impl Strategy<Value = String> {
    let audio = || {
        (0..4_u16, "(RTP/AVP|RTP/AVP|RTP/AVPF|RTP/SAVP)", "( (0|8|9|13|96|97|101|300|x)){1,5}")
            .prop_map(|(port, protocol, formats)| format!("m=audio {} {protocol}{formats}", port * 21844))
    };
    let line = prop_oneof![
        audio(),
        Just("m=video 9000 RTP/AVP 31".to_owned()),
        "a=rtpmap:(0|96|97|101) (PCMU|telephone-event|opus|x)/(8000|48000|0)(/2)?",
        "a=(sendonly|recvonly|inactive|sendrecv|rtcp-mux|ptime:[0-9]{0,6}|rtcp:[0-9]{1,5})",
        "c=IN IP(4|6) (192.0.2.9|0.0.0.0|::|2001:db8::9|host|224.0.0.1)",
        "a=fmtp:(0|96|101) [a-z0-9=-]{0,5}",
    ];
    (audio(), prop::collection::vec(line, 0..10)).prop_map(|(audio, lines)| {
        let head = "v=0\no=- 1 1 IN IP4 192.0.2.9\ns=-\nc=IN IP4 192.0.2.9\nt=0 0";
        format!("{head}\n{audio}\n{}\n", lines.join("\n"))
    })
}

fn local() -> impl Strategy<Value = LocalAudio> {
    let codec = ("(PCMU|PCMA|opus|CN)", any::<u8>(), prop::sample::select(vec![8000, 48000]), 1..3_u8)
        .prop_map(|(name, payload_type, clock_rate, channels)| LocalCodec {
            channels,
            ..LocalCodec::new(name, payload_type, clock_rate)
        });
    let direction = (any::<bool>(), any::<bool>()).prop_map(|(send, receive)| Direction::new(send, receive));
    (
        prop::collection::vec(codec, 0..5),
        prop::option::of(any::<u8>()),
        any::<u16>(),
        prop::option::of(any::<u16>()),
        any::<bool>(),
        direction,
    )
        .prop_map(|(codecs, telephone_event, ptime, max_ptime, rtcp_mux, direction)| LocalAudio {
            telephone_event,
            ptime,
            max_ptime,
            rtcp_mux,
            direction,
            ..LocalAudio::new("192.0.2.1".parse().unwrap(), 4000, codecs)
        })
}

proptest! {
    #[test]
    fn printing_and_parsing_are_inverse(description in description()) {
        let text = description.to_string();
        let read = SessionDescription::parse(&text).unwrap();
        prop_assert_eq!(read.to_string(), text);
        prop_assert_eq!(read, description);
    }

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let lines = bytes.split(|byte| *byte == b'\n').count();
        match SessionDescription::parse_bytes(&bytes) {
            Ok(read) => prop_assert_eq!(SessionDescription::parse(&read.to_string()), Ok(read)),
            Err(error) => prop_assert!((1..=lines + 1).contains(&error.line)),
        }
    }

    #[test]
    fn lines_of_any_kind_are_read_or_refused(body in "([a-zA-Z]=[ -~]{0,12}\r?\n){0,12}") {
        if let Ok(read) = SessionDescription::parse(&format!("v=0\no=- 1 1 IN IP4 h\ns=-\n{body}")) {
            prop_assert_eq!(SessionDescription::parse(&read.to_string()), Ok(read));
        }
    }

    #[test]
    fn fields_with_line_ends_add_no_line(mut description in description(), evil in "[a=\r\n\0]{0,12}") {
        let lines = description.to_string().lines().count();
        description.session_name.push_str(&evil);
        prop_assert_eq!(description.to_string().lines().count(), lines);
        prop_assert!(SessionDescription::parse(&description.to_string()).is_ok());
    }

    #[test]
    fn answers_fit_their_offers(text in offered_text(), local in local()) {
        let Ok(offered) = SessionDescription::parse(&text) else { return Ok(()) };
        let Ok(answered) = answer(&offered, &local) else { return Ok(()) };
        let description = &answered.description;
        prop_assert_eq!(SessionDescription::parse(&description.to_string()), Ok(description.clone()));
        prop_assert_eq!(description.media.len(), offered.media.len());
        for (ours, theirs) in description.media.iter().zip(&offered.media) {
            prop_assert_eq!((&ours.kind, &ours.protocol), (&theirs.kind, &theirs.protocol));
            prop_assert!(theirs.port != 0 || ours.port == 0);
            prop_assert!(ours.formats.iter().all(|format| theirs.formats.contains(format)));
        }
        prop_assert!(description.media.iter().filter(|media| media.port != 0).count() <= 1);
        if let Some(stream) = &answered.stream {
            prop_assert!(!stream.codecs.is_empty());
            prop_assert!((1..=200).contains(&stream.ptime) || local.max_ptime > Some(200));
            let media = &description.media[stream.index];
            prop_assert_eq!(media.direction(description), stream.direction);
            prop_assert!(!(stream.remote_hold && stream.direction.sends()));
        }
        let again = answer_again(&offered, &local, description).unwrap();
        prop_assert_eq!(again, answered);
    }

    #[test]
    fn any_answer_is_accepted_or_refused(text in offered_text(), local in local()) {
        let Ok(answered) = SessionDescription::parse(&text) else { return Ok(()) };
        if let Ok(Some(stream)) = accept_answer(&offer(&local), &answered, &local) {
            prop_assert_eq!(stream.direction.and(local.direction), stream.direction);
            let offered: Vec<u8> = offer(&local).media[0].formats.iter().map(|format| format.parse().unwrap()).collect();
            prop_assert!(stream.codecs.iter().all(|codec| offered.contains(&codec.receive_payload_type)));
        }
    }

    #[test]
    fn both_sides_agree_on_the_same_stream(alice in local(), bob in local()) {
        let offered = offer(&alice);
        let Ok(answered) = answer(&offered, &bob) else { return Ok(()) };
        let theirs = answered.stream.unwrap();
        let ours = accept_answer(&offered, &answered.description, &alice).unwrap().unwrap();
        prop_assert_eq!(ours.direction, theirs.direction.reversed());
        prop_assert_eq!(ours.rtcp_mux, theirs.rtcp_mux);
        prop_assert_eq!(&ours.telephone_event, &theirs.telephone_event);
        let numbers = |stream: &rvoip_sdp_core::negotiation::Stream| {
            stream.codecs.iter().map(|codec| (codec.payload_type, codec.clock_rate)).collect::<Vec<_>>()
        };
        prop_assert_eq!(numbers(&ours), numbers(&theirs));
    }

    #[test]
    fn later_offers_never_give_a_number_another_meaning(first in local(), second in local()) {
        let before = offer(&first);
        let after = offer_again(&second, &before);
        prop_assert_eq!(after.media.len(), 1);
        for (number, map) in after.media[0].rtpmaps() {
            if let Some(old) = before.media[0].rtpmaps().find(|(known, _)| *known == number) {
                prop_assert!(old.1.matches(&map));
            }
        }
        prop_assert_eq!(after == before, after.origin.session_version == before.origin.session_version);
    }
}
