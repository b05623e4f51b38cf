//! Bodies of several parts: what is written is read, what is malformed is told, and limits hold.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rvoip_sans_io::Random;
use rvoip_sip_core::header::{ContentDisposition, ContentType, Header};
use rvoip_sip_core::{
    BuildError, HeaderName, Limits, Message, Multipart, MultipartBuilder, MultipartError, Part, PartBuilder,
    StatusCode,
};

fn read<'a>(content_type: &str, body: &'a [u8]) -> Result<Vec<Part<'a>>, MultipartError> {
    Multipart::new(&ContentType::decode(content_type).unwrap(), body, &Limits::default())?.collect()
}

fn bodies(text: &str) -> Result<Vec<String>, MultipartError> {
    let parts = read("multipart/mixed;boundary=b", text.as_bytes())?;
    Ok(parts.iter().map(|part| String::from_utf8(part.body().to_vec()).unwrap()).collect())
}

#[test]
fn a_body_of_several_parts_is_taken_apart() {
    let text = "INVITE sip:conf-fact@example.com SIP/2.0\r\n\
        c: multipart/mixed;boundary=\"boundary1\"\r\nContent-Length: 461\r\n\r\n\
        ignored\r\n--boundary1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\no=a\r\n\r\n\
        --boundary1 \t\r\nContent-Type: application/resource-lists+xml\r\nContent-Disposition: recipient-list;\r\n handling=optional\r\n\r\n\
        <x/>\r\n--boundary1--\r\nignored --boundary1\r\n";
    let text = text.replace("461", &(text.len() - text.find("\r\n\r\n").unwrap() - 4).to_string());
    let message = Message::parse(text.as_bytes()).unwrap();
    let parts: Vec<Part<'_>> =
        message.parts(&Limits::default()).unwrap().unwrap().map(Result::unwrap).collect();
    assert_eq!(parts.len(), 2);
    assert!(parts[0].content_type().unwrap().is("application", "sdp"));
    assert_eq!(parts[0].body(), b"v=0\r\no=a\r\n");
    assert_eq!(parts[0].handling_is_required(), Ok(true));
    let disposition = parts[1].get::<ContentDisposition<'_>>().unwrap().unwrap();
    assert_eq!((disposition.disposition, parts[1].body()), ("recipient-list", &b"<x/>"[..]));
    assert_eq!(parts[1].handling_is_required(), Ok(false));
    let fields: Vec<&[u8]> = parts[1].fields().map(|field| field.as_bytes()).collect();
    assert_eq!(
        fields,
        [
            &b"Content-Type: application/resource-lists+xml\r\n"[..],
            &b"Content-Disposition: recipient-list;\r\n handling=optional\r\n"[..]
        ]
    );
    assert!(parts[1].parts().unwrap().is_none());
}

#[test]
fn the_line_end_before_a_boundary_belongs_to_it() {
    for (text, expected) in [
        ("--b\r\n\r\nx\r\n--b--", vec!["x"]),
        ("--b\r\n\r\nx\r\n\r\n--b--\r\n", vec!["x\r\n"]),
        ("--b\r\n\r\n\r\n--b--\r\n", vec![""]),
        ("--b\r\n\r\n--b--\r\n", vec![""]),
        ("--b\r\n--b--\r\n", vec![""]),
        ("--b\r\nX: y\r\n--b\r\nX: y\r\n\r\n--b--\r\n", vec!["", ""]),
        ("--b\n\nx\n--b\n\n--bb\n--b--x\n --b\ny\n--b-- \n", vec!["x", "--bb\n--b--x\n --b\ny"]),
        ("--b--\r\n", vec![]),
        ("preamble\r\n--b--", vec![]),
    ] {
        assert_eq!(bodies(text).unwrap(), expected, "{text:?}");
    }
}

#[test]
fn a_part_without_a_blank_line_has_headers_and_no_body() {
    let parts = read("multipart/mixed;boundary=b", b"--b\r\nContent-Type: a/b\r\n--b--").unwrap();
    assert!(parts[0].content_type().unwrap().is("a", "b"));
    assert_eq!(parts[0].raw(HeaderName::ContentType).collect::<Vec<_>>(), ["a/b"]);
    assert!(parts[0].body().is_empty());
}

#[test]
fn malformed_bodies_are_told() {
    for text in ["", "--b", "--b\r\n", "--b\r\n\r\nx", "--b\r\n\r\nx\r\n--b\r\n", "--c--", "x--b--"] {
        assert_eq!(bodies(text), Err(MultipartError::Unterminated), "{text:?}");
    }
    for text in ["--b\r\nnot a header\r\n--b--", "--b\r\n: x\r\n--b--", "--b\r\nX\r\n--b--"] {
        assert!(matches!(bodies(text), Err(MultipartError::Head(_))), "{text:?}");
    }
    let kind = |content_type| read(content_type, b"--b--").unwrap_err();
    assert_eq!(kind("multipart/mixed"), MultipartError::MissingBoundary);
    assert_eq!(kind("multipart/mixed;boundary=\"b \""), MultipartError::InvalidBoundary);
    assert_eq!(kind("multipart/mixed;boundary=\"\""), MultipartError::InvalidBoundary);
    assert_eq!(kind("multipart/mixed;boundary=\"ü\""), MultipartError::InvalidBoundary);
    let long = format!("multipart/mixed;boundary={}", "b".repeat(71));
    assert_eq!(kind(&long), MultipartError::InvalidBoundary);
    assert_eq!(kind(&long).status(), StatusCode::BAD_REQUEST);
}

#[test]
fn a_fault_ends_the_parts() {
    let content_type = ContentType::decode("multipart/mixed;boundary=b").unwrap();
    let body = b"--b\r\n\r\nx\r\n--b\r\n?\r\n--b\r\n\r\ny\r\n--b--";
    let found: Vec<bool> =
        Multipart::new(&content_type, body, &Limits::default()).unwrap().map(|part| part.is_ok()).collect();
    assert_eq!(found, [true, false]);
}

#[test]
fn parts_are_counted_and_nest_to_the_limit() {
    let many = |count: usize| format!("{}--b--", "--b\r\n\r\n\r\n".repeat(count));
    assert_eq!(bodies(&many(64)).unwrap().len(), 64);
    assert_eq!(bodies(&many(65)), Err(MultipartError::TooManyParts));
    assert_eq!(MultipartError::TooManyParts.status(), StatusCode::REQUEST_ENTITY_TOO_LARGE);

    let mut random = Random::from_number(1);
    let mut content = ("text/plain".to_owned(), bytes::Bytes::from_static(b"inside"));
    for _ in 0..5 {
        let part = PartBuilder::new(&content.0, content.1);
        content = MultipartBuilder::new("mixed").part(part).build(&mut random).unwrap();
    }
    let mut level =
        Multipart::new(&ContentType::decode(&content.0).unwrap(), &content.1, &Limits::default()).unwrap();
    for _ in 0..3 {
        let part = level.next().unwrap().unwrap();
        level = part.parts().unwrap().unwrap();
    }
    assert_eq!(level.next().unwrap().unwrap().parts().unwrap_err(), MultipartError::TooDeep);
}

#[test]
fn headers_of_a_part_are_bounded() {
    let limits = Limits { headers: 3, header_line: 20, ..Limits::default() };
    let content_type = ContentType::decode("multipart/mixed;boundary=b").unwrap();
    let read = |text: &str| {
        Multipart::new(&content_type, text.as_bytes(), &limits).unwrap().next().unwrap().map(|_| ())
    };
    assert_eq!(read(&format!("--b\r\n{}--b--", "A: b\r\n".repeat(3))), Ok(()));
    assert!(matches!(read(&format!("--b\r\n{}--b--", "A: b\r\n".repeat(4))), Err(MultipartError::Head(_))));
    assert!(matches!(read(&format!("--b\r\nA: {}\r\n--b--", "b".repeat(20))), Err(MultipartError::Head(_))));
}

#[test]
fn mistakes_of_the_writer_are_told() {
    let build = |builder: MultipartBuilder| builder.build(&mut Random::from_number(1)).unwrap_err();
    assert_eq!(build(MultipartBuilder::new("mixed")), BuildError::NoParts);
    let part = || PartBuilder::new("text/plain", "x");
    assert_eq!(build(MultipartBuilder::new("a b").part(part())), BuildError::NotAToken);
    let own = MultipartBuilder::new("mixed").param("Boundary", "x").part(part());
    assert_eq!(build(own), BuildError::Reserved(HeaderName::ContentType));
    let injected = PartBuilder::new("text/plain\r\nX: y", "x");
    assert!(matches!(
        build(MultipartBuilder::new("mixed").part(injected)),
        BuildError::ForbiddenCharacter { .. }
    ));
    let related = MultipartBuilder::new("related").param("start", "<a@b>").part(part());
    let (content_type, _) = related.build(&mut Random::from_number(1)).unwrap();
    assert_eq!(
        ContentType::decode(&content_type).unwrap().params.unquoted("start").as_deref(),
        Some("<a@b>")
    );
}

#[test]
fn a_boundary_that_is_in_a_part_is_not_taken() {
    // The first boundary that this generator gives.
    let boundary = Random::from_number(1).token(24);
    let part = PartBuilder::new("text/plain", format!("\r\n--{boundary}--\r\n"));
    let (content_type, body) =
        MultipartBuilder::new("mixed").part(part).build(&mut Random::from_number(1)).unwrap();
    assert!(!content_type.contains(&boundary));
    assert_eq!(read(&content_type, &body).unwrap().len(), 1);
}

const SDP: &str = "v=0\r\n\
    o=alice 2890844526 2890842807 IN IP4 atlanta.example.com\r\n\
    s=-\r\n\
    c=IN IP4 192.0.2.1\r\n\
    t=0 0\r\n\
    m=audio 20000 RTP/AVP 0\r\n\
    a=rtpmap:0 PCMU/8000\r\n\
    m=video 20002 RTP/AVP 31\r\n\
    a=rtpmap:31 H261/90000\r\n";

const LIST: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
    <resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\">\r\n\
    \x20 <list>\r\n\
    \x20   <entry uri=\"sip:bill@example.com\"/>\r\n\
    \x20   <entry uri=\"sip:randy@example.net\"/>\r\n\
    \x20   <entry uri=\"sip:joe@example.org\"/>\r\n\
    \x20 </list>\r\n\
    </resource-lists>";

#[test]
fn the_example_of_rfc_5621_has_its_two_parts() {
    let text = format!(
        "INVITE sip:conf-fact@example.com SIP/2.0\r\nContent-Type: multipart/mixed;boundary=\"boundary1\"\r\n\r\n\
         --boundary1\r\nContent-Type: application/sdp\r\n\r\n{SDP}\r\n\
         --boundary1\r\nContent-Type: application/resource-lists+xml\r\n\
         Content-Disposition: recipient-list\r\n\r\n{LIST}\r\n--boundary1--\r\n"
    );
    let message = Message::parse(text.as_bytes()).unwrap();
    let parts: Vec<Part<'_>> =
        message.parts(&Limits::default()).unwrap().unwrap().map(Result::unwrap).collect();
    let [session, list] = parts.as_slice() else { panic!("{} parts", parts.len()) };
    assert!(session.content_type().unwrap().is("application", "sdp"));
    assert_eq!(session.body(), SDP.as_bytes());
    assert!(session.get::<ContentDisposition<'_>>().is_none());
    assert_eq!(list.get::<ContentDisposition<'_>>().unwrap().unwrap().disposition, "recipient-list");
    assert_eq!(list.body(), LIST.as_bytes());
}

#[test]
fn a_binary_part_of_a_torture_message_is_taken_out_whole() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/rfc4475/mpart01.dat");
    let bytes = fs::read(file).unwrap();
    let message = Message::parse(&bytes).unwrap();
    let parts: Vec<Part<'_>> =
        message.parts(&Limits::default()).unwrap().unwrap().map(Result::unwrap).collect();
    let [text, binary] = parts.as_slice() else { panic!("{} parts", parts.len()) };
    assert_eq!(text.body(), b"Hello");
    // A structure in DER, which says itself how long it is.
    let [0x30, 0x82, high, low, inside @ ..] = binary.body() else { panic!("not a DER sequence") };
    assert_eq!(inside.len(), usize::from(u16::from_be_bytes([*high, *low])));
}

#[test]
fn a_body_inside_whose_boundary_starts_with_the_outer_one_is_left_whole() {
    let text = "--b\r\nContent-Type: multipart/mixed;boundary=bb\r\n\r\n--bb\r\n\r\nx\r\n--bb--\r\n--b--";
    let outer = read("multipart/mixed;boundary=b", text.as_bytes()).unwrap();
    assert_eq!(outer.len(), 1);
    let inside: Vec<&[u8]> = outer
        .iter()
        .flat_map(|part| part.parts().unwrap().unwrap())
        .map(|part| part.unwrap().body())
        .collect();
    assert_eq!(inside, [b"x"]);
    // Of hyphens alone, a boundary is still told from the last one.
    let hyphens = read("multipart/mixed;boundary=-", b"---\r\n\r\nx\r\n----\r\n-----\r\n").unwrap();
    assert_eq!(hyphens.iter().map(Part::body).collect::<Vec<_>>(), [b"x\r\n----"]);
}

#[test]
fn of_ten_thousand_parts_no_more_are_read_than_the_limit() {
    let text = format!("{}--b--", "--b\r\n\r\n".repeat(10_000));
    let content_type = ContentType::decode("multipart/mixed;boundary=b").unwrap();
    let mut parts = Multipart::new(&content_type, text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(parts.by_ref().take_while(Result::is_ok).count(), 64);
    assert!(parts.next().is_none());
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        parts in prop::collection::vec(("[a-z]{1,8}/[a-z]{1,8}", prop::collection::vec(any::<u8>(), 0..60)), 1..8),
        seed: u64,
    ) {
        let builder = parts.iter().fold(MultipartBuilder::new("mixed"), |builder, (content_type, body)| {
            builder.part(PartBuilder::new(content_type, body.clone()).raw(HeaderName::ContentId, "<a@b>"))
        });
        let (content_type, body) = builder.build(&mut Random::from_number(seed)).unwrap();
        let found = read(&content_type, &body).unwrap();
        prop_assert_eq!(found.len(), parts.len());
        for (found, (content_type, body)) in found.iter().zip(&parts) {
            prop_assert_eq!(found.content_type().unwrap().to_string(), content_type.as_str());
            prop_assert_eq!(found.raw(HeaderName::ContentId).collect::<Vec<_>>(), ["<a@b>"]);
            prop_assert_eq!(found.body(), body.as_slice());
        }
    }

    #[test]
    fn whatever_is_read_ends_and_lies_within_the_body(text in "(--b|--|b|\r\n|\n|\r|:| |a|A: b|\r\n--b\r\n|\r\n--b--){0,40}") {
        let content_type = ContentType::decode("multipart/mixed;boundary=b").unwrap();
        let mut total = 0;
        let mut faults = 0;
        for part in Multipart::new(&content_type, text.as_bytes(), &Limits::default()).unwrap() {
            match part {
                Ok(part) => total += part.body().len() + part.fields().map(|field| field.as_bytes().len()).sum::<usize>(),
                Err(_) => faults += 1,
            }
        }
        prop_assert!(total <= text.len());
        prop_assert!(faults <= 1);
    }
}
