//! Targets of the SIP grammar.

use bytes::Bytes;
use rvoip_hostile::typed;
use rvoip_sip_core::{
    Frame, Limits, Message, MessageBuf, MessageBuilder, NameAddr, Params, ParseErrorKind, StatusCode,
    StreamFramer, Uri,
};

/// A datagram: what parses is written back byte for byte, what validates can be answered, what does not parse may be
/// salvaged, and every typed header reads or tells why not.
pub fn message(bytes: &[u8]) {
    let salvaged = Message::salvage(bytes, &Limits::default());
    let message = match Message::parse(bytes) {
        Ok(message) => message,
        Err(error) => {
            assert!(error.offset <= bytes.len());
            if let Some(request) = salvaged {
                typed::read_all(&request);
                // Who sends no Via or From gets no answer; nobody may be harmed by the attempt.
                let _ = MessageBuilder::response_to(&request, StatusCode::BAD_REQUEST).to_tag("1").build();
            }
            return;
        }
    };
    assert_eq!(salvaged.is_some(), message.is_request());
    assert!(bytes.ends_with(message.as_bytes()) || bytes.len() > message.as_bytes().len());
    typed::read_all(&message);

    let owned = MessageBuf::parse(Bytes::copy_from_slice(bytes)).expect("what was read is read again");
    assert_eq!(owned.as_bytes(), message.as_bytes());
    let edited = message.edit().finish().expect("an edit that changes nothing is possible");
    let again = edited.as_message();
    assert!(again.fields().map(|field| field.as_bytes()).eq(message.fields().map(|field| field.as_bytes())));
    assert_eq!(again.body(), message.body());

    let valid = message.validate().is_ok();
    if valid && message.is_request() {
        let response = MessageBuilder::response_to(&message, StatusCode::OK).to_tag("1").build();
        let response = response.expect("a valid request can be answered");
        assert!(response.as_message().validate().is_ok());
    }
}

/// The messages of a stream, each with the line ends before it; the line ends behind the last; and what ended it.
type Cut = (Vec<(usize, Bytes)>, usize, Option<(ParseErrorKind, u64)>);

/// Cuts a stream that comes in pieces. Whether two line ends are a ping or two frames depends on when they arrive, so line
/// ends are counted.
fn cut(bytes: &[u8], sizes: &[u8]) -> Cut {
    let mut framer = StreamFramer::new(Limits::default());
    let mut sizes = sizes.iter().map(|size| usize::from(*size) + 1).cycle();
    let (mut found, mut line_ends, mut rest) = (Vec::new(), 0, bytes);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(sizes.next().unwrap_or(rest.len()).min(rest.len()));
        rest = after;
        framer.push(piece);
        for frame in framer.by_ref() {
            match frame {
                Ok(Frame::Message(message)) => found.push((std::mem::take(&mut line_ends), message)),
                Ok(Frame::Ping) => line_ends += 2,
                Ok(Frame::Pong) => line_ends += 1,
                Err(error) => return (found, line_ends, Some((error.kind, error.offset))),
            }
        }
    }
    (found, line_ends, None)
}

/// A stream: the first bytes say in which pieces the others arrive, which changes no message and no keep-alive; what the framer
/// cuts off is a message by the rules of datagrams too, or has a fault that says nothing of its length.
pub fn stream(bytes: &[u8]) {
    let (sizes, stream) = bytes.split_at(bytes.len().min(4));
    let (whole, end, fault) = cut(stream, &[]);
    let (pieces, pieces_end, same_fault) = cut(stream, sizes);
    assert_eq!(pieces, whole);
    assert_eq!(same_fault, fault);
    // Of two line ends at the very end, the first may have to wait for the second.
    assert!(pieces_end.abs_diff(end) <= 1);
    for (_, message) in whole {
        match Message::parse(&message) {
            Ok(parsed) => assert_eq!(parsed.as_bytes(), &message[..]),
            Err(error) => assert!(!is_of_length(error.kind), "{error}"),
        }
    }
}

/// Whether a fault is of where the message ends.
fn is_of_length(kind: ParseErrorKind) -> bool {
    matches!(
        kind,
        ParseErrorKind::Empty
            | ParseErrorKind::MessageTooLarge
            | ParseErrorKind::UnterminatedHeaders
            | ParseErrorKind::MalformedContentLength
            | ParseErrorKind::ConflictingContentLength
            | ParseErrorKind::TruncatedBody
            | ParseErrorKind::MissingContentLength
    )
}

/// A URI, and what URIs stand in: written so that it reads as the same, equivalent to itself.
pub fn uri(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(uri) = Uri::parse(&text) {
        // Not the same text: an IPv6 address is written in its usual form.
        let written = uri.to_string();
        assert_eq!(Uri::parse(&written), Ok(uri));
        assert!(uri.equivalent(&uri));
        let buf = uri.to_buf();
        assert_eq!(buf.as_uri(), uri);
        if let Some(sip) = uri.as_sip() {
            let _ = (sip.user_unescaped(), sip.transport(), sip.maddr(), sip.ttl(), sip.method());
            let _ = sip.telephone_subscriber();
            assert!(sip.headers.iter().all(|(name, _)| sip.headers.get(name).is_some()));
        }
    }
    if let Ok(address) = NameAddr::parse(&text) {
        let written = address.to_string();
        let again = NameAddr::parse(&written).expect("what was written is read");
        assert_eq!(again.to_string(), written);
        assert_eq!(again.uri, address.uri);
    }
    if let Ok(params) = Params::parse(&text) {
        assert!(params.iter().all(|(name, _)| params.contains(name)));
        assert_eq!(params.duplicate().is_some(), has_duplicate(params));
    }
}

/// As `Params::duplicate`, by comparing all with all.
fn has_duplicate(params: Params<'_>) -> bool {
    let names: Vec<&str> = params.iter().map(|(name, _)| name).take(200).collect();
    if params.iter().count() > names.len() {
        return params.duplicate().is_some();
    }
    names
        .iter()
        .enumerate()
        .any(|(at, name)| names[..at].iter().any(|earlier| earlier.eq_ignore_ascii_case(name)))
}

/// A value of every typed header: what reads is written so that it reads again.
pub fn header(bytes: &[u8]) {
    typed::decode_all(&String::from_utf8_lossy(bytes));
}
