//! Reading a message touches no heap: the parse and the typed headers that every request is routed by.

use std::hint::black_box;

use rvoip_hostile::memory::{Counting, allocations};
use rvoip_sip_core::Message;
use rvoip_sip_core::header::{CSeq, CallId, Contact, From, MaxForwards, RecordRoute, Route, To, Via};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const INVITE: &[u8] = b"INVITE sip:bob@client.biloxi.example.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP ss2.biloxi.example.com:5060;branch=z9hG4bK721e418c4.1\r\n\
    Via: SIP/2.0/TLS ss1.atlanta.example.com:5061;branch=z9hG4bK2d4790.1;received=192.0.2.111\r\n\
    Via: SIP/2.0/TCP [2001:db8::9]:5060;branch=z9hG4bKa7c6f2e1.2;received=2001:db8::10;rport=41234\r\n\
    v: SIP/2.0/WSS client.invalid;branch=z9hG4bK74b43\r\n\
    Max-Forwards: 67\r\n\
    Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>\r\n\
    Record-Route: <sip:ss2.biloxi.example.com;lr>,\r\n <sip:ss1.atlanta.example.com;lr>\r\n\
    From: \"Alice \\\"A\\\" Liddell\" <sip:alice@atlanta.example.com>;tag=9fxced76sl\r\n\
    To: Bob <sip:bob@biloxi.example.com>\r\n\
    Call-ID: 3848276298220188511@client.atlanta.example.com\r\n\
    CSeq: 2 INVITE\r\n\
    m: <sip:alice@client.atlanta.example.com;transport=tcp>;+sip.instance=\"<urn:uuid:f81d4fae>\";q=0.7\r\n\
    Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, INFO\r\n\
    X-Custom-Header-With-A-Name-That-No-Table-Holds: value\r\n\
    Content-Length: 4\r\n\r\nbody";

/// Reads what every element reads; returns how many values there were.
fn read(bytes: &[u8]) -> usize {
    let Ok(message) = Message::parse(bytes) else { return 0 };
    let mut values = usize::from(message.validate().is_ok());
    values += message.get_all::<Via<'_>>().flat_map(black_box).count();
    values += message.get_all::<Route<'_>>().flat_map(black_box).count();
    values += message.get_all::<RecordRoute<'_>>().flat_map(black_box).count();
    values += usize::from(black_box(message.require::<From<'_>>()).is_ok());
    values += usize::from(black_box(message.require::<To<'_>>()).is_ok());
    values += usize::from(black_box(message.require::<CallId<'_>>()).is_ok());
    values += usize::from(black_box(message.require::<CSeq>()).is_ok());
    values += usize::from(black_box(message.require::<Contact<'_>>()).is_ok());
    values += usize::from(black_box(message.require::<MaxForwards>()).is_ok());
    values += usize::from(black_box(message.request_uri()).is_some_and(|uri| uri.is_ok()));
    values + message.fields().map(black_box).count()
}

#[test]
fn parsing_and_typed_reads_allocate_nothing() {
    let before = allocations();
    let values = read(black_box(INVITE));
    let parsed = allocations();
    assert_eq!(values, 1 + 4 + 2 + 2 + 7 + 15, "something did not read");
    assert_eq!(parsed - before, 0, "allocations");

    // The counter counts: an owned message needs its bytes and its spans, and no more.
    let owned = Message::parse(INVITE).map(|message| message.to_buf());
    let copied = allocations() - parsed;
    assert!((1..=3).contains(&copied), "{copied} allocations for {owned:?}");
}
