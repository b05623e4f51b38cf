//! What arrives from the network may be anything: nothing panics, and what is accepted means the same everywhere.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use bytes::Bytes;
use proptest::prelude::*;
use rvoip_hostile::mutation::{below, mutate};
use rvoip_hostile::{torture, typed};
use rvoip_sans_io::Random;
use rvoip_sip_core::{
    Frame, HeaderName, Limits, Message, MessageBuf, MessageBuilder, NameAddr, Params, ParseErrorKind,
    StreamFramer, Uri,
};

/// The torture messages in all their forms.
fn corpus() -> Vec<Vec<u8>> {
    torture::messages().into_iter().map(|message| message.bytes).collect()
}

/// Does with a datagram all that an element may do; returns whether it is a message, and whether it validates.
fn exercise(bytes: &[u8]) -> (bool, bool) {
    let limits = Limits::default();
    let salvaged = Message::salvage(bytes, &limits);
    let message = match Message::parse(bytes) {
        Ok(message) => message,
        Err(error) => {
            assert!(error.offset <= bytes.len(), "{error}");
            if let Some(request) = salvaged {
                typed::read_all(&request);
            }
            return (false, false);
        }
    };
    assert_eq!(salvaged.is_some(), message.is_request());
    typed::read_all(&message);
    let _ = message.request_uri();
    let whole: usize = message.fields().map(|field| field.as_bytes().len()).sum();
    assert!(whole + message.body().len() < message.as_bytes().len());
    let owned = MessageBuf::parse(bytes.to_vec().into()).unwrap();
    assert_eq!(owned.as_bytes(), message.as_bytes());
    let edited = message.edit().finish().unwrap();
    assert!(edited.as_message().headers().eq(message.headers()));
    let valid = message.validate().is_ok();
    if valid && let Some(Ok(uri)) = message.request_uri() {
        let response =
            MessageBuilder::response_to(&message, rvoip_sip_core::StatusCode::OK).to_tag("1").build();
        // A lone Content-Length or a tag that is there already does not matter; what was read can be written.
        assert!(response.unwrap().as_message().validate().is_ok());
        assert_eq!(Uri::parse(&uri.to_string()).unwrap(), uri);
    }
    if let Ok(Some(parts)) = message.parts(&limits) {
        let size: usize = parts.flatten().map(|part| part.body().len()).sum();
        assert!(size <= message.body().len());
    }
    (true, valid)
}

/// Cuts a stream that comes in pieces of the given sizes.
fn frames(bytes: &[u8], mut size: impl FnMut() -> usize) -> (Vec<Frame>, Option<(ParseErrorKind, u64)>) {
    let mut framer = StreamFramer::new(Limits::default());
    let (mut found, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(size().clamp(1, rest.len()));
        rest = after;
        framer.push(piece);
        for frame in framer.by_ref() {
            match frame {
                Ok(frame) => found.push(frame),
                Err(error) => return (found, Some((error.kind, error.offset))),
            }
        }
        assert!(framer.buffered() <= Limits::default().message_size + piece.len());
    }
    (found, None)
}

/// The messages among frames, each with the line ends before it, and the line ends behind the last. Whether two of these
/// are one ping or two frames depends on when they arrive.
fn messages(frames: Vec<Frame>) -> (Vec<(usize, Bytes)>, usize) {
    let (mut found, mut line_ends) = (Vec::new(), 0);
    for frame in frames {
        match frame {
            Frame::Message(message) => found.push((std::mem::take(&mut line_ends), message)),
            Frame::Ping => line_ends += 2,
            Frame::Pong => line_ends += 1,
        }
    }
    (found, line_ends)
}

/// Whether two ways to cut a stream are the same. Of two line ends at its very end, the first may have to wait for the second.
fn are_same(one: Vec<Frame>, other: Vec<Frame>) -> bool {
    let ((one, end), (other, other_end)) = (messages(one), messages(other));
    one == other && end.abs_diff(other_end) <= 1
}

/// Reads what was cut off: that it ends where it was cut is sure, whatever else is wrong with it.
fn read_cut(frame: &Frame) {
    let Frame::Message(bytes) = frame else { return };
    match Message::parse(bytes) {
        Ok(message) => assert_eq!(message.as_bytes(), &bytes[..]),
        Err(error) => assert!(
            matches!(
                error.kind,
                ParseErrorKind::MalformedStartLine
                    | ParseErrorKind::StatusCodeOutOfRange
                    | ParseErrorKind::MalformedHeader
                    | ParseErrorKind::HeaderLineTooLong
                    | ParseErrorKind::StartLineTooLong
                    | ParseErrorKind::TooManyHeaders
            ),
            "{error}"
        ),
    }
}

#[test]
fn two_hundred_thousand_mutants_break_nothing() {
    let corpus = corpus();
    let mut random = Random::from_number(0x5349_5020_322E_3000);
    let (mut parsed, mut valid) = (0, 0);
    for round in 0..200_000 {
        let mut bytes = corpus[round % corpus.len()].clone();
        let other = below(&mut random, corpus.len());
        mutate(&mut bytes, &corpus[other], &mut random);
        let (is_message, is_valid) = exercise(&bytes);
        parsed += u32::from(is_message);
        valid += u32::from(is_valid);
    }
    // Mutants that all die at the door would prove nothing.
    assert!(parsed > 50_000 && valid > 15_000 && parsed < 190_000, "{parsed} parsed, {valid} valid");
}

#[test]
fn mutants_on_a_stream_are_cut_the_same_however_they_arrive() {
    let corpus = corpus();
    let mut random = Random::from_number(7);
    let mut cut = 0;
    for round in 0..2_000 {
        let mut bytes = corpus[round % corpus.len()].clone();
        for _ in 0..3 {
            let next = below(&mut random, corpus.len());
            bytes.extend_from_slice(&b"\r\n\r\n\r\n"[..2 * below(&mut random, 4)]);
            bytes.extend_from_slice(&corpus[next]);
        }
        if round % 2 == 0 {
            let other = below(&mut random, corpus.len());
            mutate(&mut bytes, &corpus[other], &mut random);
        }
        let (whole, fault) = frames(&bytes, || usize::MAX);
        let most = 1 + below(&mut random, 200);
        let (pieces, same_fault) = frames(&bytes, || 1 + below(&mut random, most));
        cut += messages(whole.clone()).0.len();
        whole.iter().for_each(read_cut);
        assert!(are_same(whole, pieces));
        assert_eq!(same_fault, fault);
    }
    assert!(cut > 1_000, "{cut}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_a_datagram_that_harms_nobody(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        exercise(&bytes);
    }

    #[test]
    fn arbitrary_bytes_are_a_stream_that_harms_nobody(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        size in 1_usize..50,
    ) {
        let (whole, fault) = frames(&bytes, || usize::MAX);
        let (pieces, same_fault) = frames(&bytes, || size);
        whole.iter().for_each(read_cut);
        prop_assert!(are_same(whole, pieces));
        prop_assert_eq!(same_fault, fault);
    }

    #[test]
    fn arbitrary_values_harm_no_typed_header(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for name in typed::names() {
            let mut message = b"OPTIONS sip:a@b SIP/2.0\r\n".to_vec();
            message.extend_from_slice(name.as_str().as_bytes());
            message.extend_from_slice(b": ");
            message.extend(bytes.iter().filter(|byte| !matches!(byte, b'\r' | b'\n')));
            message.extend_from_slice(b"\r\n\r\n");
            if let Ok(message) = Message::parse(&message) {
                typed::read_all(&message);
            } else {
                prop_assert!(name == HeaderName::ContentLength);
            }
        }
        typed::decode_all(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn texts_of_the_grammars_own_characters_are_written_as_they_read(
        text in "[a-c0-9 \t\"<>@:;,=?%\\[\\]()./*+_\\\\-]{0,40}",
        prefix in prop::sample::select(&["", "sip:", "<sip:a@b>;", "SIP/2.0/UDP a;", "1 ", "a/b;", "tel:", "\""][..]),
    ) {
        let text = format!("{prefix}{text}");
        typed::decode_all(&text);
        if let Ok(uri) = Uri::parse(&text) {
            let written = uri.to_string();
            prop_assert_eq!(Uri::parse(&written), Ok(uri));
            prop_assert!(uri.equivalent(&uri));
        }
        if let Ok(address) = NameAddr::parse(&text) {
            let written = address.to_string();
            prop_assert_eq!(NameAddr::parse(&written).unwrap().to_string(), written);
        }
        if let Ok(params) = Params::parse(&text) {
            prop_assert_eq!(Params::parse(&params.to_string()).unwrap().iter().count(), params.iter().count());
        }
    }
}
