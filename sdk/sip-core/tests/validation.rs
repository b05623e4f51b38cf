//! What no element may act on, and how it is answered (RFC 3261 §8.1.1, §8.2).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use rvoip_sip_core::{
    HeaderErrorKind, HeaderName, Message, ParseErrorKind, StatusCode, ValidationError, ValidationErrorKind,
};

const INVITE: &str = "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n\
    Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: c\r\n\
    CSeq: 1 INVITE\r\nContact: <sip:a@a.example>\r\nContent-Length: 0\r\n\r\n";

fn validate(text: &str) -> Result<(), ValidationError> {
    Message::parse(text.as_bytes()).unwrap().validate()
}

/// The kind of the only fault of a changed request, which is at the changed line and answered with that code.
fn fault(from: &str, to: &str, status: StatusCode) -> ValidationErrorKind {
    let text = INVITE.replace(from, to);
    assert_ne!(text, INVITE, "{from}");
    let error = validate(&text).unwrap_err();
    assert_eq!(error.status(), Some(status), "{to}");
    if error.offset > 0 {
        let line = text.get(error.offset..).unwrap().split("\r\n").next().unwrap();
        assert!(line.contains(to) || to.contains(line), "{line:?} is not {to:?}");
    }
    error.kind
}

fn header_fault(from: &str, to: &str) -> (HeaderName, HeaderErrorKind) {
    let kind = fault(from, to, StatusCode::BAD_REQUEST);
    let ValidationErrorKind::Header(error) = kind else { panic!("{to}: {kind}") };
    (error.name, error.kind)
}

#[test]
fn a_request_with_all_it_needs_is_acted_on() {
    assert_eq!(validate(INVITE), Ok(()));
    // Elements of RFC 2543 send neither.
    assert_eq!(validate(&INVITE.replace("Max-Forwards: 70\r\n", "")), Ok(()));
    assert_eq!(validate(&INVITE.replace("Contact: <sip:a@a.example>\r\n", "")), Ok(()));
    assert_eq!(validate(&INVITE.replace("Max-Forwards: 70", "Max-Forwards: 0")), Ok(()));
    assert_eq!(validate(&INVITE.replace("sip:bob@example.com SIP", "novel:x SIP")), Ok(()));
}

#[test]
fn every_mandatory_header_is_needed_in_requests_and_responses() {
    let response = INVITE.replace("INVITE sip:bob@example.com SIP/2.0", "SIP/2.0 200 OK");
    assert_eq!(validate(&response), Ok(()));
    for name in [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq] {
        for whole in [INVITE, &response] {
            let line = whole.split_inclusive("\r\n").find(|line| line.starts_with(name.as_str())).unwrap();
            let error = validate(&whole.replace(line, "")).unwrap_err();
            assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
            let ValidationErrorKind::Header(error) = error.kind else { panic!("{name}") };
            assert_eq!((&error.name, error.kind), (&name, HeaderErrorKind::Missing));
        }
    }
}

#[test]
fn what_names_the_transaction_and_the_dialog_must_read() {
    for (from, to, name, kind) in [
        ("Max-Forwards: 70", "Max-Forwards: 256", HeaderName::MaxForwards, HeaderErrorKind::NumberOutOfRange),
        (
            "Max-Forwards: 70",
            "Max-Forwards: -1",
            HeaderName::MaxForwards,
            HeaderErrorKind::UnexpectedCharacter,
        ),
        ("Max-Forwards: 70", "Max-Forwards: ", HeaderName::MaxForwards, HeaderErrorKind::Empty),
        ("CSeq: 1 INVITE", "CSeq: 2147483648 INVITE", HeaderName::CSeq, HeaderErrorKind::NumberOutOfRange),
        ("CSeq: 1 INVITE", "CSeq: INVITE", HeaderName::CSeq, HeaderErrorKind::UnexpectedCharacter),
        ("Call-ID: c", "Call-ID: c d", HeaderName::CallId, HeaderErrorKind::UnexpectedCharacter),
        (
            "<sip:a@example.com>;tag=1",
            "<sip:a@example.com>;tag=1;tag=2",
            HeaderName::From,
            HeaderErrorKind::DuplicateParameter,
        ),
        (
            "To: <sip:bob@example.com>",
            "To: <sip:bob@example.com",
            HeaderName::To,
            HeaderErrorKind::UnbalancedBracket,
        ),
    ] {
        assert_eq!(header_fault(from, to).1, kind, "{to}");
        assert_eq!(header_fault(from, to).0, name, "{to}");
    }
    let (name, kind) = header_fault("sip:bob@example.com SIP", "sip:bob@example.com?a=b SIP");
    assert_eq!((name.as_str(), kind), ("Request-URI", HeaderErrorKind::InvalidUri));
}

#[test]
fn the_method_of_cseq_is_that_of_the_request() {
    let kind = fault("CSeq: 1 INVITE", "CSeq: 1 ACK", StatusCode::BAD_REQUEST);
    assert_eq!(kind, ValidationErrorKind::MethodMismatch);
    let kind = fault("CSeq: 1 INVITE", "CSeq: 1 invite", StatusCode::BAD_REQUEST);
    assert_eq!(kind, ValidationErrorKind::MethodMismatch);
    // Of a method that nobody here knows, that is what the sender is told (RFC 4475 §3.1.2.18).
    let error = validate(&INVITE.replacen("INVITE", "NEWMETHOD", 1)).unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::NOT_IMPLEMENTED));
}

#[test]
fn another_version_is_not_spoken() {
    let kind = fault("example.com SIP/2.0", "example.com SIP/7.0", StatusCode::VERSION_NOT_SUPPORTED);
    assert_eq!(kind, ValidationErrorKind::UnsupportedVersion);
}

#[test]
fn what_may_stand_once_stands_once() {
    for (line, name) in [
        ("CSeq: 1 INVITE\r\n", HeaderName::CSeq),
        ("Call-ID: c\r\n", HeaderName::CallId),
        ("Max-Forwards: 70\r\n", HeaderName::MaxForwards),
        ("Content-Length: 0\r\n", HeaderName::ContentLength),
        ("Content-Type: a/b\r\n", HeaderName::ContentType),
        ("Expires: 1\r\n", HeaderName::Expires),
        ("Event: a\r\n", HeaderName::Event),
        ("Replaces: 1;to-tag=a;from-tag=b\r\n", HeaderName::Replaces),
    ] {
        let place = if INVITE.contains(line) { line } else { "Content-Length: 0\r\n" };
        let kind = fault(place, &line.repeat(2), StatusCode::BAD_REQUEST);
        assert_eq!(kind, ValidationErrorKind::Repeated(name));
    }
    // Nothing depends on these: a proxy that adds its own does no harm.
    for line in [
        "User-Agent: a\r\n",
        "Server: a\r\n",
        "Subject: a\r\n",
        "Session-ID: a\r\n",
        "P-Charging-Vector: a\r\n",
    ] {
        let several = INVITE.replace("Content-Length", &format!("{}Content-Length", line.repeat(2)));
        assert_eq!(validate(&several), Ok(()), "{line:?}");
    }
    let line = "Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\n";
    assert_eq!(validate(&INVITE.replace(line, &line.repeat(2))), Ok(()));
}

#[test]
fn a_dialog_has_one_remote_target() {
    let contact = "Contact: <sip:a@a.example>";
    for several in ["Contact: <sip:a@a.example>, <sip:b@b.example>", "m: <sip:a@b>\r\nContact: <sip:c@d>"] {
        let kind = fault(contact, several, StatusCode::BAD_REQUEST);
        assert_eq!(kind, ValidationErrorKind::Repeated(HeaderName::Contact));
    }
    assert_eq!(header_fault(contact, "Contact: *").0, HeaderName::Contact);
    assert_eq!(header_fault(contact, "Contact: <sip:a@a.example").1, HeaderErrorKind::UnbalancedBracket);
    // A registration may have any number of them.
    let register = INVITE.replace("INVITE", "REGISTER").replace(contact, "Contact: <sip:a@b>, <sip:c@d>");
    assert_eq!(validate(&register), Ok(()));
}

#[test]
fn a_body_shorter_than_its_length_is_answered_and_a_longer_one_cut() {
    let error = Message::parse(INVITE.replace("Length: 0", "Length: 1").as_bytes()).unwrap_err();
    assert_eq!((error.kind, error.status()), (ParseErrorKind::TruncatedBody, Some(StatusCode::BAD_REQUEST)));
    let text = format!("{INVITE}trailing");
    let message = Message::parse(text.as_bytes()).unwrap();
    assert_eq!((message.body(), message.validate()), (&b""[..], Ok(())));
    let two = INVITE.replace("Content-Length: 0", "Content-Length: 0\r\nl: 1");
    let error = Message::parse(two.as_bytes()).unwrap_err();
    assert_eq!(error.kind, ParseErrorKind::ConflictingContentLength);
    assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
}
