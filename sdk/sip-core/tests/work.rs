//! Hostile texts of every kind take steps in proportion to their size.

use rvoip_hostile::work::assert_linear as check;
use rvoip_sans_io::work;
use rvoip_sip_core::header::{
    Accept, CallId, Contact, ContentType, From, RecordRoute, Require, Route, Supported, To, Via,
};
use rvoip_sip_core::{Frame, Header, Limits, Message, Multipart, Params, StreamFramer, Uri, schemes};

const LIMITS: Limits = Limits {
    message_size: 1 << 22,
    start_line: 1 << 22,
    header_line: 1 << 22,
    headers: 1 << 22,
    parts: 64,
    nesting: 4,
};

fn read_lists(message: &Message<'_>) {
    fn count<'a, T: Header<'a>>(message: &Message<'a>) -> usize {
        message.get_all::<T>().count()
    }
    count::<Via<'_>>(message);
    count::<Route<'_>>(message);
    count::<RecordRoute<'_>>(message);
    count::<Contact<'_>>(message);
    count::<Supported<'_>>(message);
    count::<Require<'_>>(message);
    count::<Accept<'_>>(message);
    count::<From<'_>>(message);
    count::<To<'_>>(message);
    count::<CallId<'_>>(message);
    count::<ContentType<'_>>(message);
    let _ = message.request_uri();
    let _ = message.validate();
}

/// Reads a head as a datagram, for an answer, and as a stream that comes in pieces.
fn read_all(head: &str) {
    let text = format!("OPTIONS sip:a@b SIP/2.0\r\n{head}\r\nContent-Length: 0\r\n\r\n");
    if let Ok(message) = Message::parse_with(text.as_bytes(), &LIMITS) {
        read_lists(&message);
    }
    if let Some(message) = Message::salvage(text.as_bytes(), &LIMITS) {
        read_lists(&message);
    }
    let mut framer = StreamFramer::new(LIMITS);
    let mut whole = 0;
    for piece in text.as_bytes().chunks(3) {
        framer.push(piece);
        whole += framer.by_ref().filter(|frame| matches!(frame, Ok(Frame::Message(_)))).count();
    }
    assert!(whole <= 1);
}

#[test]
fn hostile_fields_take_steps_in_proportion_to_their_size() {
    let pieces = [
        ",",
        "a,",
        "<",
        "<,",
        ">,",
        "<a>,",
        "\"",
        "\",",
        "\"a\",",
        "\\",
        "\"\\\"",
        "\\\",",
        ";",
        ";a",
        ";a=b,",
        "=",
        " ",
        "\t",
        "\r\n ",
        "\r\n\t,",
        "\r\n x",
        "a ",
        "@",
        ":",
        "[",
        "[:,",
        "%",
        "?",
        "&a=b",
        "(",
        "SIP/2.0/UDP a,",
        "<sip:a@b>,",
        "\"<\" <sip:a>,",
        "sip:a;",
        "SIP / ",
        "1",
        "-",
        ".",
        "a.",
        "é",
        "\u{7f}",
    ];
    let starts = ["", "\"", "<", "<sip:", "sip:a@b;", "SIP/2.0/UDP a;", "sip:a@b?a=b", "a/b;c=\""];
    for name in ["Via", "Route", "Contact", "Supported", "Accept", "From", "Call-ID", "Content-Type"] {
        for start in starts {
            for piece in pieces {
                check(&format!("{name}: {start}({piece})*"), |size| {
                    read_all(&format!("{name}: {start}{}", piece.repeat(size / piece.len())));
                });
            }
        }
    }
}

#[test]
fn hostile_texts_and_comments_take_steps_in_proportion_to_their_size() {
    use rvoip_sip_core::header::{AlertInfo, Event, Replaces, RetryAfter, UserAgent, Warning};
    for piece in ["(", "()", "\\", "\"", ",", ".", ";a=b", "<a:b>,", "a ", "a/", "/", "1"] {
        for start in ["", "1 (", "301 a \"", "301 ", "<http:", "<http:a>", "a;", "a;to-tag=1"] {
            check(&format!("{start}({piece})*"), |size| {
                let text = format!("{start}{}", piece.repeat(size / piece.len()));
                // Not every header looks beyond the start.
                work::add(size);
                let _ = AlertInfo::decode(&text);
                let _ = Event::decode(&text).map(|event| event.templates().count());
                let _ = Replaces::decode(&text);
                let _ = RetryAfter::decode(&text);
                let _ = UserAgent::decode(&text).map(|agent| agent.products().count());
                let _ = Warning::decode(&text);
            });
        }
    }
}

#[test]
fn hostile_heads_take_steps_in_proportion_to_their_size() {
    for line in [
        "a:\r\n",
        "Via: SIP/2.0/UDP a\r\n",
        "Route: <sip:a>,<sip:b>\r\n",
        "From: \"\r\n",
        "a\r\n",
        "\r",
        "a: b\r\n c\r\n d\r\n",
        "Content-Length: 0\r\n",
        "CSeq: 1 OPTIONS\r\n",
        "a",
        " ",
        "X-Unknown-Extension-Header: \r\n",
    ] {
        check(&format!("({line:?})*"), |size| read_all(&line.repeat(size / line.len())));
    }
}

#[test]
fn hostile_values_take_steps_in_proportion_to_their_size() {
    for piece in [";a=b", ";a", "%41", "a", "@", ":", "&a=b", "=", "?", "1", "-", "+", "(", "#"] {
        for start in ["sip:", "sip:a@b", "sip:a@b?x=y", "tel:+1", "tel:", "urn:", "sip:[", ""] {
            check(&format!("{start}({piece})*"), |size| {
                let text = format!("{start}{}", piece.repeat(size / piece.len()));
                // Not every text is looked at beyond its start.
                work::add(size);
                if let Ok(uri) = Uri::parse(&text) {
                    assert!(uri.equivalent(&uri));
                }
                let _ = Params::parse(&text).map(|params| (params.iter().count(), params.duplicate()));
            });
        }
    }
}

#[test]
fn hostile_bodies_of_parts_take_steps_in_proportion_to_their_size() {
    let limits = Limits { parts: usize::MAX, ..LIMITS };
    let content_type = ContentType::decode("multipart/mixed;boundary=b").unwrap();
    for piece in [
        "--b\r\n",
        "--b",
        "--b--x\r\n",
        "--b ",
        "\n",
        "\r",
        "-",
        " ",
        "a: b\r\n",
        " b\r\n",
        "\r\n--b\r\n\r\n",
    ] {
        for start in ["", "--b\r\n", "--b\r\na: ", "--b\r\n\r\n"] {
            check(&format!("{start:?}({piece:?})*"), |size| {
                let text = format!("{start}{}\r\n--b--", piece.repeat(size / piece.len()));
                // Not every text is looked at beyond its start.
                work::add(size);
                if let Ok(parts) = Multipart::new(&content_type, text.as_bytes(), &limits) {
                    let _ = parts.map_while(Result::ok).map(|part| part.fields().count()).sum::<usize>();
                }
            });
        }
    }
}

#[test]
fn hostile_credentials_take_steps_in_proportion_to_their_size() {
    for piece in ["a=b,", "a,", ",", "a ", "a", "=", "\"", "\\", "\"\\\"", "Digest ", "a=\"\","] {
        for start in ["", "Digest ", "Basic ", "Digest a=\"", "a b, c "] {
            check(&format!("{start}({piece})*"), |size| {
                let text = format!("{start}{}", piece.repeat(size / piece.len()));
                work::add(size);
                let _ = schemes(&text);
            });
        }
    }
}
