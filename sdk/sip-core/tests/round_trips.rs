//! What is written reads back, what is not edited stays, and a stream is cut the same however it arrives.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use rvoip_sip_core::header::{CSeq, CallId, From, MaxForwards, Supported, To, Via};
use rvoip_sip_core::{
    Frame, Header, HeaderName, Host, Limits, Message, MessageBuf, MessageBuilder, Method, NameAddrBuf,
    ParamsBuf, SipScheme, SipUriBuilder, StatusCode, StreamFramer, Uri, UriBuf,
};

fn token() -> impl Strategy<Value = String> {
    "[A-Za-z0-9.!%*_+`'~-]{1,12}"
}

/// Texts that a header of no grammar may have: no controls, no white space at the ends.
fn plain() -> impl Strategy<Value = String> {
    "[!-~äß漢]([ -~äß漢]{0,30}[!-~äß漢])?"
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9]{0,8}(\\.[a-z]{1,5}){0,2}",
        any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
        any::<std::net::Ipv6Addr>().prop_map(|address| format!("[{address}]")),
    ]
}

/// A SIP URI whose user may be anything.
fn uri() -> impl Strategy<Value = UriBuf> {
    (".{1,10}", host(), proptest::option::of(any::<u16>()), proptest::option::of("[a-z]{1,5}")).prop_map(
        |(user, host, port, param)| {
            let host = Host::parse(&host).unwrap();
            let uri = SipUriBuilder::new(SipScheme::Sip, host).user(&user).port(port);
            match param {
                Some(value) => uri.param("x", Some(&value)),
                None => uri.param("lr", None),
            }
            .build()
            .unwrap()
        },
    )
}

/// What a request is built from.
#[derive(Clone, Debug)]
struct Parts {
    method: Method,
    uri: UriBuf,
    from: UriBuf,
    to: UriBuf,
    display: String,
    tag: String,
    call_id: String,
    sequence: u32,
    branch: String,
    extra: Vec<(String, String)>,
    body: Vec<u8>,
}

prop_compose! {
    fn parts()(
        method in prop_oneof![prop::sample::select(&Method::KNOWN[..]), token().prop_map(|name| Method::parse(&name).unwrap())],
        (uri, from, to) in (uri(), uri(), uri()),
        display in "[ -~äß漢]{1,12}",
        (tag, call_id, branch) in (token(), token(), token()),
        sequence in 0_u32..1 << 31,
        extra in proptest::collection::vec((token().prop_map(|name| format!("X-{name}")), plain()), 0..6),
        body in proptest::collection::vec(any::<u8>(), 0..80),
    ) -> Parts {
        Parts { method, uri, from, to, display, tag, call_id, sequence, branch, extra, body }
    }
}

fn request(parts: &Parts) -> MessageBuf {
    let mut params = ParamsBuf::new();
    params.set("tag", &parts.tag).unwrap();
    let from = NameAddrBuf::new(Some(&parts.display), &parts.from).unwrap();
    let via = format!("SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK{}", parts.branch);
    let mut builder = MessageBuilder::request(parts.method.clone(), &parts.uri.as_uri())
        .header(&Via::decode(&via).unwrap())
        .header(&From { address: from.as_name_addr(), params: params.as_params() })
        .raw(HeaderName::To, &format!("<{}>", parts.to))
        .header(&CallId(&parts.call_id))
        .header(&CSeq { sequence: parts.sequence, method: parts.method.clone() });
    for (name, value) in &parts.extra {
        builder = builder.raw(HeaderName::parse(name).unwrap(), value);
    }
    builder.body("application/octet-stream", parts.body.clone()).build().unwrap()
}

/// A message's fields as name and value.
fn fields(message: &Message<'_>) -> Vec<(String, Vec<u8>)> {
    message.fields().map(|field| (field.name_text().to_owned(), field.value_bytes().to_vec())).collect()
}

fn cut(bytes: &[u8], sizes: &[usize]) -> Vec<Frame> {
    let mut framer = StreamFramer::new(Limits::default());
    let (mut found, mut rest) = (Vec::new(), bytes);
    let mut sizes = sizes.iter().copied().cycle();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(sizes.next().unwrap_or(rest.len()).clamp(1, rest.len()));
        framer.push(piece);
        found.extend(framer.by_ref().map(Result::unwrap));
        rest = after;
    }
    assert_eq!(framer.buffered(), 0);
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_built_reads_back_as_what_was_given(parts in parts()) {
        let bytes = request(&parts);
        let message = Message::parse(bytes.as_bytes()).unwrap();
        message.validate().unwrap();
        prop_assert_eq!(message.method(), Some(parts.method.clone()));
        prop_assert_eq!(message.request_uri_text(), Some(parts.uri.as_str()));
        let from = message.require::<From<'_>>().unwrap();
        prop_assert_eq!(from.tag(), Some(&*parts.tag));
        prop_assert_eq!(from.address.uri_as_written(), parts.from.as_str());
        let display = from.address.display_name();
        prop_assert_eq!(display.as_deref(), Some(&*parts.display));
        prop_assert_eq!(message.require::<To<'_>>().unwrap().address.uri, parts.to.as_uri());
        prop_assert_eq!(message.require::<CallId<'_>>().unwrap(), CallId(&parts.call_id));
        prop_assert_eq!(message.require::<CSeq>().unwrap().sequence, parts.sequence);
        prop_assert_eq!(message.require::<MaxForwards>().unwrap(), MaxForwards(70));
        let branch = format!("z9hG4bK{}", parts.branch);
        let via = message.require::<Via<'_>>().unwrap();
        prop_assert_eq!(via.unique_branch(), Some(&*branch));
        for (name, value) in &parts.extra {
            let found = message.raw(HeaderName::parse(name).unwrap()).any(|found| found == value);
            prop_assert!(found, "{name}: {value:?}");
        }
        prop_assert_eq!(message.body(), &parts.body[..]);
        prop_assert_eq!(message.content_length(), Some(parts.body.len()));
        prop_assert_eq!(MessageBuf::parse(bytes.to_bytes()).unwrap(), bytes);
    }

    #[test]
    fn an_answer_carries_what_names_its_transaction(parts in parts(), tag in token()) {
        let request = request(&parts);
        let request = request.as_message();
        let bytes = MessageBuilder::response_to(&request, StatusCode::RINGING).to_tag(&tag).build().unwrap();
        let response = bytes.as_message();
        response.validate().unwrap();
        prop_assert_eq!(response.require::<Via<'_>>(), request.require::<Via<'_>>());
        prop_assert_eq!(response.require::<From<'_>>(), request.require::<From<'_>>());
        prop_assert_eq!(response.require::<CSeq>(), request.require::<CSeq>());
        prop_assert_eq!(response.require::<To<'_>>().unwrap().tag(), Some(&*tag));
    }

    #[test]
    fn edits_keep_every_byte_that_they_do_not_name(
        parts in parts(),
        hops in any::<u8>(),
        which in any::<prop::sample::Index>(),
    ) {
        let bytes = request(&parts);
        let message = bytes.as_message();
        let unedited = message.edit().finish().unwrap();
        prop_assert_eq!(unedited.as_bytes(), bytes.as_bytes());

        // One header replaced: the bytes before and behind its line are the same.
        let edited = message.edit().set(&MaxForwards(hops)).finish().unwrap();
        let line = message.fields_named(&HeaderName::MaxForwards).next().unwrap();
        let (start, end) = (line.offset(), line.offset() + line.as_bytes().len());
        let line = format!("Max-Forwards: {hops}\r\n");
        let expected = [&bytes.as_bytes()[..start], line.as_bytes(), &bytes.as_bytes()[end..]].concat();
        prop_assert_eq!(edited.as_bytes(), &expected[..]);

        // A Via pushed and taken away again.
        let via = Via::decode("SIP/2.0/TCP proxy.example.com;branch=z9hG4bKproxy").unwrap();
        let pushed = message.edit().push_front(&via).finish().unwrap();
        prop_assert_eq!(fields(&pushed.as_message())[1..].to_vec(), fields(&message));
        let popped = pushed.as_message().edit().pop_first(&HeaderName::Via).finish().unwrap();
        prop_assert_eq!(popped.as_bytes(), bytes.as_bytes());

        // Any extension header removed: all others stay.
        if !parts.extra.is_empty() {
            let name = HeaderName::parse(&parts.extra[which.index(parts.extra.len())].0).unwrap();
            let removed = message.edit().remove(&name).finish().unwrap();
            let others: Vec<u8> =
                message.fields().filter(|field| field.name() != name).flat_map(|field| field.as_bytes()).copied().collect();
            let kept: Vec<u8> = removed.as_message().fields().flat_map(|field| field.as_bytes()).copied().collect();
            prop_assert_eq!(kept, others);
            prop_assert_eq!(removed.as_message().body(), message.body());
        }

        // Another body: the head stays but for what describes it.
        let other = message.edit().push_back(&Supported("100rel")).set_body("text/plain", "new").finish().unwrap();
        prop_assert_eq!(other.as_message().body(), b"new");
        prop_assert_eq!(other.as_message().content_length(), Some(3));
        prop_assert_eq!(other.as_message().require::<From<'_>>(), message.require::<From<'_>>());
    }

    #[test]
    fn any_split_of_a_stream_gives_the_same_messages_as_one_push(
        requests in proptest::collection::vec(parts(), 1..5),
        sizes in proptest::collection::vec(1_usize..300, 1..20),
    ) {
        let sent: Vec<MessageBuf> = requests.iter().map(request).collect();
        let stream: Vec<u8> = sent.iter().flat_map(MessageBuf::as_bytes).copied().collect();
        let expected: Vec<Frame> = sent.iter().map(|message| Frame::Message(message.to_bytes())).collect();
        prop_assert_eq!(&cut(&stream, &[usize::MAX]), &expected);
        prop_assert_eq!(&cut(&stream, &sizes), &expected);
        prop_assert_eq!(&cut(&stream, &[1]), &expected);
    }

    #[test]
    fn a_built_uri_is_what_it_was_built_from(uri in uri()) {
        let read = Uri::parse(uri.as_str()).unwrap();
        prop_assert_eq!(read.to_string(), uri.as_str());
        prop_assert!(read.equivalent(&uri.as_uri()));
        prop_assert!(read.as_sip().is_some());
    }
}
