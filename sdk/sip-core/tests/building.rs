//! Messages that are built, answered and patched.
#![allow(clippy::unwrap_used, reason = "functions that tests share may panic as tests do")]

use rvoip_sip_core::header::{
    ListOf, MaxForwards, Organization, Priority, Require, RetryAfter, Server, Subject, Supported, UserAgent,
    Warning,
};
use rvoip_sip_core::{
    BuildError, EncodeHeader, Frame, HeaderName, Limits, Message, MessageBuilder, Method, NameAddrBuf,
    ParseErrorKind, StatusCode, StreamFramer, Uri, UriBuf,
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
    assert!(options().body("text/plain\r\nX: y", "").build().is_err());
    assert!(options().to_tag("a;b").build().is_err());
    assert_eq!(
        MessageBuilder::response(StatusCode::OK, Some("OK\r\nX: y")).build(),
        Err(BuildError::InvalidReason)
    );
}

#[test]
fn a_text_with_a_line_end_is_refused_and_a_fold_is_taken_out() {
    fn check(header: &impl EncodeHeader, text: &str) {
        let built = options().header(header).build();
        let forbidden = matches!(built, Err(BuildError::ForbiddenCharacter { .. }));
        assert!(forbidden, "{} {text:?}: {built:?}", header.name());
    }
    for text in ["a\r\nX: y", "a\rX: y", "a\nX: y", "a\r\n \r\nX: y"] {
        check(&Subject(text), text);
        check(&Organization(text), text);
        check(&Server(text), text);
        check(&UserAgent(text), text);
        check(&Warning { code: 399, agent: "a", text: text.into() }, text);
        let comment = format!("({text})");
        check(&RetryAfter { comment: Some(&comment), ..RetryAfter::new(1) }, text);
    }
    let message = options().header(&Subject("a\r\n  b")).build().unwrap();
    assert_eq!(message.as_message().raw(HeaderName::Subject).collect::<Vec<_>>(), ["a b"]);
    // A quoted string may hold any other control character, escaped.
    let uri = UriBuf::parse("sip:a@b").unwrap();
    let bell = NameAddrBuf::new(Some("a\u{7}"), &uri).unwrap();
    assert!(options().raw(HeaderName::ReplyTo, bell.as_str()).build().is_ok());
}

#[test]
fn what_breaks_the_grammar_of_a_header_is_refused() {
    for (name, value) in [
        (HeaderName::Route, "sip:a"),
        (HeaderName::RecordRoute, ""),
        (HeaderName::Expires, "soon"),
        (HeaderName::ContentType, "nonsense"),
        (HeaderName::Require, "a b"),
        (HeaderName::Supported, "a,,b"),
        (HeaderName::Contact, "<<"),
        (HeaderName::Path, "<sip:a>, b"),
        (HeaderName::Via, "SIP/2.0/UDP"),
    ] {
        let built = options().raw(name.clone(), value).build();
        assert!(matches!(built, Err(BuildError::Header(_))), "{name}: {built:?}");
        let message = Message::parse(INVITE.as_bytes()).unwrap();
        let edited = message.edit().push_back_raw(name.clone(), value).finish();
        assert!(matches!(edited, Err(BuildError::Header(_))), "{name}: {edited:?}");
    }
    for built in [
        options().header(&Require("a b")).build(),
        options().header(&ListOf(&[Supported("timer"), Supported("")])).build(),
        options().header(&ListOf::<Require<'_>>(&[])).build(),
        options().header(&Priority("very urgent")).build(),
        options().header(&Warning { code: 1_000, agent: "a", text: "b".into() }).build(),
        options().body("a/b/c", "").build(),
    ] {
        assert!(matches!(built, Err(BuildError::Header(_))), "{built:?}");
    }
    assert!(options().header(&ListOf::<Supported<'_>>(&[])).build().is_ok());
}

#[test]
fn a_response_that_repeats_no_request_is_whole() {
    let response = |call_id: &str, cseq: &str| {
        MessageBuilder::response(StatusCode::OK, None)
            .raw(HeaderName::Via, "SIP/2.0/UDP a;branch=z9hG4bK1")
            .raw(HeaderName::From, "<sip:a@b>;tag=1")
            .raw(HeaderName::To, "<sip:b@c>;tag=2")
            .raw(HeaderName::CallId, call_id)
            .raw(HeaderName::CSeq, cseq)
    };
    assert!(response("1", "1 OPTIONS").build().is_ok());
    for (call_id, cseq) in [("a b", "1 OPTIONS"), ("1", "zzz"), ("1", "")] {
        let built = response(call_id, cseq).build();
        assert!(matches!(built, Err(BuildError::Header(_))), "{built:?}");
    }
    // A fault that is copied is found at the end.
    let broken = INVITE.replace("314159 INVITE", "x");
    let broken = Message::parse(broken.as_bytes()).unwrap();
    let built = MessageBuilder::response(StatusCode::OK, None)
        .copy(&broken, &HeaderName::Via)
        .copy(&broken, &HeaderName::From)
        .copy(&broken, &HeaderName::To)
        .copy(&broken, &HeaderName::CallId)
        .copy(&broken, &HeaderName::CSeq);
    assert!(matches!(built.build(), Err(BuildError::Validation(_))));
    let again = response("1", "1 OPTIONS").raw(HeaderName::Server, "a").raw(HeaderName::Server, "b").build();
    assert!(matches!(again, Err(BuildError::Validation(_))), "{again:?}");
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
    for (to, tagged) in [
        ("<sip:a@b>;x=\";tag=1\"", "<sip:a@b>;x=\";tag=1\";tag=new"),
        ("<sip:a@b>;tag=1;x=\">\"", "<sip:a@b>;tag=1;x=\">\""),
        ("sip:a@b;tag=1", "sip:a@b;tag=1"),
        ("sip:a@b", "sip:a@b;tag=new"),
        ("<sip:a@b ;tag=1", "<sip:a@b ;tag=1"),
    ] {
        let request = INVITE.replace("Bob\r\n <sip:bob@biloxi.example>", to);
        let request = Message::parse(request.as_bytes()).unwrap();
        let response = MessageBuilder::response_to(&request, StatusCode::OK).to_tag("new").build().unwrap();
        assert!(text(&response).contains(&format!("To: {tagged}\r\n")), "{}", text(&response));
    }
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
fn an_edited_message_says_how_long_its_body_is() {
    let bare = INVITE.replace("Content-Length: 4\r\n", "").replace('\r', "");
    let message = Message::parse(bare.as_bytes()).unwrap();
    assert_eq!(
        text(&message.edit().finish().unwrap()),
        bare,
        "what is not edited stays, lone line feeds too"
    );
    for edited in [
        message.edit().set(&MaxForwards(69)),
        message.edit().pop_first(&HeaderName::Route),
        message.edit().set_request_uri(&Uri::parse("sip:bob@192.0.2.4").unwrap()),
    ] {
        let edited = edited.finish().unwrap();
        assert_eq!(edited.as_message().content_length(), Some(4), "{}", text(&edited));
        let mut framer = StreamFramer::new(Limits::default());
        framer.push(edited.as_bytes());
        assert_eq!(framer.next(), Some(Ok(Frame::Message(edited.to_bytes()))));
    }
}

#[test]
fn what_was_read_within_higher_limits_can_be_edited_and_answered() {
    let limits = Limits {
        headers: 2_000,
        header_line: 100_000,
        start_line: 100_000,
        message_size: 1 << 20,
        ..Limits::default()
    };
    let many = INVITE.replace("Timestamp", &format!("{}Timestamp", "X-Many: of these\r\n".repeat(1_000)));
    let long = INVITE.replace("spaces", &"s".repeat(50_000));
    let far = INVITE.replace("bob@biloxi.example SIP", &format!("{}@biloxi.example SIP", "b".repeat(50_000)));
    for request in [many, long, far] {
        let message = Message::parse_with(request.as_bytes(), &limits).unwrap();
        let edited =
            message.edit().push_front(&Raw(HeaderName::Via, "SIP/2.0/UDP me;branch=z9hG4bKme")).finish();
        assert!(edited.is_ok());
        assert!(MessageBuilder::response_to(&edited.unwrap().as_message(), StatusCode::OK).build().is_ok());
    }
}

#[test]
fn fields_move_between_messages_and_folds_do_not() {
    let folded = INVITE.replace(
        "Timestamp: 54\r\n",
        "Proxy-Authorization: Digest realm=\"a\",\r\n\tnonce=\"1\"\r\nProxy-Authorization: Digest realm=\"b\"\r\n",
    );
    let from = Message::parse(folded.as_bytes()).unwrap();
    let to = Message::parse(INVITE.as_bytes()).unwrap();
    let moved = from
        .fields_named(&HeaderName::ProxyAuthorization)
        .fold(to.edit(), |edit, field| edit.push_back_field(&field))
        .finish()
        .unwrap();
    assert_eq!(
        moved.as_message().raw(HeaderName::ProxyAuthorization).collect::<Vec<_>>(),
        ["Digest realm=\"a\", nonce=\"1\"", "Digest realm=\"b\""]
    );
    let kept =
        from.edit().retain(&HeaderName::ProxyAuthorization, |value| value.ends_with(b"\"1\"")).finish();
    assert_eq!(text(&kept.unwrap()), folded.replace("Proxy-Authorization: Digest realm=\"b\"\r\n", ""));
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

#[test]
fn a_request_that_is_just_within_the_limits_can_be_answered() {
    let vias = "Via: SIP/2.0/UDP a.example;branch=z9hG4bKa\r\n".repeat(251);
    let lines = "From: <sip:a@a>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    let request = format!("OPTIONS sip:b@b SIP/2.0\r\n{vias}{lines}");
    let request = Message::parse(request.as_bytes()).unwrap();
    assert_eq!(request.fields().count(), 256);
    let answer = MessageBuilder::response_to(&request, StatusCode::OK).raw(HeaderName::Server, "us");
    assert_eq!(answer.to_tag("t").build().unwrap().as_message().fields().count(), 257);
}
