//! Messages that are built, answered and patched.
#![allow(clippy::unwrap_used, reason = "functions that tests share may panic as tests do")]

use rvoip_sip_core::{
    BuildError, EncodeHeader, HeaderName, Message, MessageBuilder, Method, ParseErrorKind, StatusCode, Uri,
};
use std::fmt;

/// A header with any value, to try what the builder lets through.
struct Raw(HeaderName, &'static str);

impl EncodeHeader for Raw {
    fn name(&self) -> HeaderName {
        self.0.clone()
    }

    fn encode(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        out.write_str(self.1)
    }
}

fn options() -> MessageBuilder {
    MessageBuilder::request(Method::Options, &Uri::parse("sip:bob@example.com").unwrap())
        .raw(HeaderName::From, "<sip:alice@example.com>;tag=1")
        .raw(HeaderName::To, "<sip:bob@example.com>")
        .raw(HeaderName::CallId, "a84b4c76e66710")
        .raw(HeaderName::CSeq, "1 OPTIONS")
}

const INVITE: &str = "INVITE sip:bob@biloxi.example SIP/2.0\r\n\
    v: SIP/2.0/UDP a.example;branch=z9hG4bKa , SIP/2.0/UDP b.example;branch=z9hG4bKb\r\n\
    Via: SIP/2.0/TCP c.example;branch=z9hG4bKc\r\n\
    Max-Forwards: 70\r\n\
    To: Bob\r\n <sip:bob@biloxi.example>\r\n\
    fRoM: Alice <sip:alice@atlanta.example>;tag=1928301774\r\n\
    Call-ID: a84b4c76e66710@pc33\r\n\
    CSeq: 314159 INVITE\r\n\
    Route: <sip:p1.example;lr>,<sip:p2.example;lr>\r\n\
    Timestamp: 54\r\n\
    X-Odd:   spaces   kept  \r\n\
    Content-Length: 4\r\n\r\nbody";

fn text(message: &rvoip_sip_core::MessageBuf) -> String {
    String::from_utf8(message.as_bytes().to_vec()).unwrap()
}

#[test]
fn a_request_is_written_in_the_order_given_with_max_forwards_and_content_length() {
    let message = options().body("text/plain", "hello").build().unwrap();
    assert_eq!(
        text(&message),
        "OPTIONS sip:bob@example.com SIP/2.0\r\nFrom: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n\
         Call-ID: a84b4c76e66710\r\nCSeq: 1 OPTIONS\r\nContent-Type: text/plain\r\nMax-Forwards: 70\r\n\
         Content-Length: 5\r\n\r\nhello"
    );
}

#[test]
fn nothing_can_be_injected() {
    for bad in ["x\r\nInjected: yes", "x\ny", "x\ry", "x\0y", "x\u{7f}"] {
        assert_eq!(
            options().raw(HeaderName::Subject, bad).build(),
            Err(BuildError::ForbiddenCharacter { name: HeaderName::Subject, offset: 1 }),
            "{bad:?}"
        );
    }
    assert!(matches!(
        options().header(&Raw(HeaderName::Subject, "a\r\nb")).build(),
        Err(BuildError::ForbiddenCharacter { .. })
    ));
    assert_eq!(
        options().raw(HeaderName::Extension("X:\r\nY".into()), "v").build(),
        Err(BuildError::NotAToken)
    );
    assert!(options().body("text/plain\r\nX: y", "").build().is_err());
    assert!(options().to_tag("a;b").build().is_err());
    assert_eq!(
        MessageBuilder::response(StatusCode::OK, Some("OK\r\nX: y")).build(),
        Err(BuildError::InvalidReason)
    );
    assert_eq!(
        MessageBuilder::request(Method::Extension("A B".into()), &Uri::parse("sip:a@b").unwrap()).build(),
        Err(BuildError::NotAToken)
    );
}

#[test]
fn content_length_is_the_builders_alone() {
    let reserved = BuildError::Reserved(HeaderName::ContentLength);
    assert_eq!(options().raw(HeaderName::ContentLength, "99").build(), Err(reserved.clone()));
    let message = Message::parse(INVITE.as_bytes()).unwrap();
    assert_eq!(message.edit().set_raw(HeaderName::ContentLength, "99").finish(), Err(reserved.clone()));
    assert_eq!(message.edit().remove(&HeaderName::ContentLength).finish(), Err(reserved));
}

#[test]
fn mandatory_headers_and_single_headers_are_checked() {
    let bare = MessageBuilder::request(Method::Options, &Uri::parse("sip:a@b").unwrap());
    assert!(matches!(bare.build(), Err(BuildError::Validation(_))));
    assert!(matches!(options().raw(HeaderName::CallId, "again").build(), Err(BuildError::Validation(_))));
    assert!(matches!(MessageBuilder::response(StatusCode::OK, None).build(), Err(BuildError::Validation(_))));
    let mismatch = MessageBuilder::request(Method::Invite, &Uri::parse("sip:a@b").unwrap())
        .raw(HeaderName::From, "<sip:a@b>;tag=1")
        .raw(HeaderName::To, "<sip:a@b>")
        .raw(HeaderName::CallId, "1")
        .raw(HeaderName::CSeq, "1 OPTIONS");
    assert!(matches!(mismatch.build(), Err(BuildError::Validation(_))));
}

#[test]
fn a_response_copies_what_rfc_3261_section_8_2_6_says() {
    let request = Message::parse(INVITE.as_bytes()).unwrap();
    let response =
        MessageBuilder::response_to(&request, StatusCode::RINGING).to_tag("a6c85cf").build().unwrap();
    assert_eq!(
        text(&response),
        "SIP/2.0 180 Ringing\r\n\
         Via: SIP/2.0/UDP a.example;branch=z9hG4bKa , SIP/2.0/UDP b.example;branch=z9hG4bKb\r\n\
         Via: SIP/2.0/TCP c.example;branch=z9hG4bKc\r\n\
         From: Alice <sip:alice@atlanta.example>;tag=1928301774\r\n\
         To: Bob <sip:bob@biloxi.example>;tag=a6c85cf\r\n\
         Call-ID: a84b4c76e66710@pc33\r\n\
         CSeq: 314159 INVITE\r\n\
         Timestamp: 54\r\n\
         Content-Length: 0\r\n\r\n"
    );
    let with_tag = INVITE.replace("<sip:bob@biloxi.example>", "<sip:bob@biloxi.example> ; TAG=old");
    let request = Message::parse(with_tag.as_bytes()).unwrap();
    let response = MessageBuilder::response_to(&request, StatusCode::OK).to_tag("new").build().unwrap();
    assert!(text(&response).contains("TAG=old\r\n"));
}

#[test]
fn the_topmost_via_alone_can_be_copied() {
    let request = Message::parse(INVITE.as_bytes()).unwrap();
    let cancel = MessageBuilder::request(Method::Cancel, &request.request_uri().unwrap().unwrap())
        .copy_first(&request, &HeaderName::Via)
        .copy(&request, &HeaderName::From)
        .copy(&request, &HeaderName::To)
        .copy(&request, &HeaderName::CallId)
        .raw(HeaderName::CSeq, "314159 CANCEL")
        .build()
        .unwrap();
    let message = cancel.as_message();
    assert_eq!(message.raw(HeaderName::Via).collect::<Vec<_>>(), ["SIP/2.0/UDP a.example;branch=z9hG4bKa"]);
}

#[test]
fn a_patch_leaves_every_other_byte_alone() {
    let message = Message::parse(INVITE.as_bytes()).unwrap();
    assert_eq!(text(&message.edit().finish().unwrap()), INVITE);
    let patched = message
        .edit()
        .push_front(&Raw(HeaderName::Via, "SIP/2.0/UDP me.example;branch=z9hG4bKme"))
        .pop_first(&HeaderName::Route)
        .set(&Raw(HeaderName::MaxForwards, "69"))
        .finish()
        .unwrap();
    let expected = INVITE
        .replace("v: ", "Via: SIP/2.0/UDP me.example;branch=z9hG4bKme\r\nv: ")
        .replace("<sip:p1.example;lr>,", "")
        .replace("Max-Forwards: 70", "Max-Forwards: 69");
    assert_eq!(text(&patched), expected);
}

#[test]
fn edits_apply_in_their_order() {
    let message = Message::parse(INVITE.as_bytes()).unwrap();
    let patched = message
        .edit()
        .pop_first(&HeaderName::Via)
        .pop_first(&HeaderName::Via)
        .replace_first(&Raw(HeaderName::Via, "SIP/2.0/TCP c.example;branch=z9hG4bKc;received=192.0.2.1"))
        .remove(&HeaderName::Route)
        .push_back(&Raw(HeaderName::Route, "<sip:p3.example;lr>"))
        .set_request_uri(&Uri::parse("sip:bob@192.0.2.4").unwrap())
        .set_body("text/plain", "longer body")
        .finish()
        .unwrap();
    let view = patched.as_message();
    assert_eq!(view.request_uri_text(), Some("sip:bob@192.0.2.4"));
    assert_eq!(
        view.raw(HeaderName::Via).collect::<Vec<_>>(),
        ["SIP/2.0/TCP c.example;branch=z9hG4bKc;received=192.0.2.1"]
    );
    assert_eq!(view.raw(HeaderName::Route).collect::<Vec<_>>(), ["<sip:p3.example;lr>"]);
    assert_eq!((view.content_length(), view.body()), (Some(11), &b"longer body"[..]));
    let empty = view.edit().remove_body().finish().unwrap();
    assert_eq!(empty.as_message().raw(HeaderName::ContentType).count(), 0);
    assert_eq!(empty.as_message().content_length(), Some(0));
}

#[test]
fn what_parse_refuses_can_still_be_answered() {
    for (broken, kind) in [
        (INVITE.replace("Content-Length: 4", "Content-Length: 9999"), ParseErrorKind::TruncatedBody),
        (INVITE.replace("Content-Length: 4", "Content-Length: -1"), ParseErrorKind::MalformedContentLength),
        (INVITE.replace("INVITE sip", "INVITE  sip"), ParseErrorKind::MalformedStartLine),
        (INVITE.replace("X-Odd:", "X Odd "), ParseErrorKind::MalformedHeader),
        (INVITE.replace("X-Odd:", "X-\rOdd:"), ParseErrorKind::MalformedHeader),
        (INVITE.replace("\r\n\r\nbody", ""), ParseErrorKind::UnterminatedHeaders),
    ] {
        let error = Message::parse(broken.as_bytes()).unwrap_err();
        assert_eq!(error.kind, kind);
        let request = Message::salvage(broken.as_bytes(), &rvoip_sip_core::Limits::default()).unwrap();
        let response =
            MessageBuilder::response_to(&request, error.status().unwrap()).to_tag("1").build().unwrap();
        assert_eq!(response.as_message().status(), Some(StatusCode::BAD_REQUEST));
        assert_eq!(response.as_message().raw(HeaderName::Via).count(), 2);
    }
    assert!(Message::salvage(b"SIP/2.0 9999 no\r\n\r\n", &rvoip_sip_core::Limits::default()).is_none());
}
