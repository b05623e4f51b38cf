//! A layer, its clock, and what it gave.
#![allow(dead_code, unused_imports, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

pub use std::net::{IpAddr, SocketAddr};
pub use std::time::Duration;

pub use bytes::Bytes;
pub use rvoip_sans_io::{
    DnsAnswer, DnsError, DnsQuestion, FlowId, FlowOpened, Instant, Now, OpenFlow, Protocol, QuestionId,
    Random, RecordType,
};
pub use rvoip_sip_core::header::{CSeq, CallId, From, MaxForwards, To, Via};
pub use rvoip_sip_core::{
    Frame, HeaderName, Limits, MessageBuf, MessageBuilder, Method, StatusCode, StreamFramer, UriBuf,
};
pub use rvoip_transaction_core::{
    ClientFailure, ClientKey, Config, DialogId, Incoming, LayerEvent, LayerOutput, LocalContact, Outgoing,
    ServerKey, Target, TimerConfig, TransactionLayer, dispatch,
};

pub const UDP: u64 = 1;
pub const HERE: &str = "192.0.2.1:5060";
pub const PEER: &str = "192.0.2.2:5060";

/// A layer, its clock, and what it gave since the last look.
pub struct Bench {
    pub layer: TransactionLayer,
    pub now: Now,
    pub sent: Vec<(FlowId, SocketAddr, String)>,
    pub events: Vec<LayerEvent>,
    pub opens: Vec<OpenFlow>,
    pub closes: Vec<FlowId>,
    pub questions: Vec<(QuestionId, DnsQuestion)>,
    pub next: Option<Instant>,
}

pub fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

impl Bench {
    pub fn new() -> Self {
        Self::with(Config::default())
    }

    pub fn with(config: Config) -> Self {
        let mut bench = Self {
            layer: TransactionLayer::new(config, Random::from_number(1)),
            now: Now::at(Duration::ZERO),
            sent: Vec::new(),
            events: Vec::new(),
            opens: Vec::new(),
            closes: Vec::new(),
            questions: Vec::new(),
            next: None,
        };
        bench.opened(FlowId::from_platform(UDP), Protocol::Udp, HERE, None);
        bench
    }

    pub fn opened(&mut self, flow: FlowId, protocol: Protocol, local: &str, remote: Option<&str>) {
        let opened = FlowOpened { flow, protocol, local: address(local), remote: remote.map(address) };
        self.layer.handle_flow_opened(self.now, &opened);
        self.collect();
    }

    pub fn collect(&mut self) {
        loop {
            match self.layer.poll_output() {
                LayerOutput::Transmit(transmit) => self.sent.push((
                    transmit.flow,
                    transmit.destination,
                    String::from_utf8(transmit.bytes.to_vec()).unwrap(),
                )),
                LayerOutput::OpenFlow(open) => self.opens.push(open),
                LayerOutput::CloseFlow(flow) => self.closes.push(flow),
                LayerOutput::Dns(id, question) => self.questions.push((id, question)),
                LayerOutput::Event(event) => self.events.push(event),
                LayerOutput::Timeout(at) => {
                    self.next = at;
                    return;
                }
            }
        }
    }

    /// Lets time pass, firing every timer at its moment.
    pub fn wait(&mut self, duration: Duration) {
        let end = self.now.later(duration);
        while let Some(at) = self.next.filter(|at| *at <= end.monotonic) {
            self.now = self.now.when(at);
            self.layer.handle_timeout(self.now);
            self.collect();
        }
        self.now = end;
    }

    pub fn receive(&mut self, bytes: &str) -> Option<Heard> {
        self.receive_on(FlowId::from_platform(UDP), bytes)
    }

    pub fn receive_on(&mut self, flow: FlowId, bytes: &str) -> Option<Heard> {
        let heard =
            self.layer.handle_received(self.now, flow, address(PEER), bytes.as_bytes()).map(|incoming| {
                match incoming {
                    Incoming::Request { key, request, merged, .. } => Heard::Request(key, request, merged),
                    Incoming::Cancel { invite } => Heard::Cancel(invite),
                    Incoming::Ack { .. } => Heard::Ack,
                    Incoming::Response { key, message, .. } => {
                        Heard::Response(key, message.status().unwrap())
                    }
                }
            });
        self.collect();
        heard
    }

    /// Receives what a framer makes of bytes of a stream.
    pub fn receive_stream(&mut self, flow: FlowId, framer: &mut StreamFramer, bytes: &str) {
        framer.push(bytes.as_bytes());
        for frame in framer {
            match frame.unwrap() {
                Frame::Message(bytes) => self.receive_on(flow, std::str::from_utf8(&bytes).unwrap()),
                Frame::Ping => self.receive_on(flow, "\r\n\r\n"),
                Frame::Pong => self.receive_on(flow, "\r\n"),
            };
        }
    }

    pub fn send(&mut self, request: MessageBuf, target: &str) -> ClientKey {
        let target = Target::new(UriBuf::parse(target).unwrap());
        let key = self.layer.send_request(self.now, Outgoing { request, target, contact: None });
        self.collect();
        key
    }

    pub fn respond(&mut self, key: ServerKey, request: &MessageBuf, status: u16) {
        let status = StatusCode::new(status).unwrap();
        let mut answer = MessageBuilder::response_to(&request.as_message(), status);
        if status != StatusCode::TRYING {
            answer = answer.to_tag("here");
        }
        self.layer.respond(self.now, key, answer.build().unwrap());
        self.collect();
    }

    pub fn take_sent(&mut self) -> Vec<String> {
        self.sent.drain(..).map(|(_, _, text)| first_line(&text)).collect()
    }

    pub fn take_events(&mut self) -> Vec<LayerEvent> {
        std::mem::take(&mut self.events)
    }
}

#[derive(Debug)]
pub enum Heard {
    Request(ServerKey, MessageBuf, bool),
    Cancel(ServerKey),
    Ack,
    Response(ClientKey, StatusCode),
}

pub fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

pub fn request(method: Method) -> MessageBuf {
    let uri = UriBuf::parse("sip:bob@example.com").unwrap();
    MessageBuilder::request(method.clone(), &uri.as_uri())
        .header(&From::decode_text("<sip:alice@example.com>;tag=a"))
        .header(&To::decode_text("<sip:bob@example.com>"))
        .header(&CallId("call"))
        .header(&CSeq { sequence: 7, method })
        .header(&MaxForwards(70))
        .build()
        .unwrap()
}

pub trait DecodeText<'a> {
    fn decode_text(text: &'a str) -> Self;
}

impl<'a, T: rvoip_sip_core::Header<'a>> DecodeText<'a> for T {
    fn decode_text(text: &'a str) -> Self {
        T::decode(text).unwrap()
    }
}

/// The answer of a peer to what we sent.
pub fn answer(sent: &str, status: u16) -> String {
    let sent = MessageBuf::parse(Bytes::copy_from_slice(sent.as_bytes())).unwrap();
    let status = StatusCode::new(status).unwrap();
    let answer = MessageBuilder::response_to(&sent.as_message(), status).to_tag("peer").build().unwrap();
    String::from_utf8(answer.as_bytes().to_vec()).unwrap()
}

pub fn received(method: &str, branch: &str) -> String {
    format!(
        "{method} sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch={branch};rport\r\n\
         From: <sip:alice@example.com>;tag=a\r\nTo: <sip:bob@example.com>\r\nCall-ID: call\r\n\
         CSeq: 7 {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
}
