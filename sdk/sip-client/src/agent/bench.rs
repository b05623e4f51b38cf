//! An agent on a bench: its peers and its media side grant everything.

use std::time::Duration;

use rvoip_driver::{
    Input, Machine as _, MediaAction, MediaHappened, MediaKey, MediaReport, MediaReported, MediaRequest, Now,
    Output, Random, Token,
};
use rvoip_sans_io::{FlowId, FlowOpened, OpenFlow};
use rvoip_session_core::{MediaAnswer, MediaQuestion};
use rvoip_sip_core::{HeaderName, MessageBuf, MessageBuilder, Method, StatusCode};

use super::Agent;
use crate::command::{AccountCommand, CallCommand, Command, Reply};
use crate::{AccountConfig, AccountKey, CallKey, ClientConfig, Event, Result};

const SDP: &str =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

/// An agent whose every request is granted over whatever connection it opens.
pub(super) struct Bench {
    pub(super) agent: Agent,
    now: Now,
    last_token: u64,
    flow: FlowId,
    opened: Vec<OpenFlow>,
    /// Whether a re-INVITE asked for ICE to start anew.
    pub(super) restarts: Vec<bool>,
    /// Events, in their order.
    pub(super) told: Vec<Event>,
    /// What became of commands.
    pub(super) done: Vec<(Token, Result<Reply>)>,
    /// What the media side was asked beyond offer and answer.
    pub(super) media: Vec<MediaAction>,
    /// The methods of the requests that were sent.
    pub(super) sent: Vec<Method>,
}

impl Bench {
    /// A registered account with a call, both over one connection.
    pub(super) fn talking() -> (Self, AccountKey, CallKey) {
        let mut bench = Self {
            agent: Agent::new(ClientConfig::default(), Random::from_number(1)),
            now: Now::at(Duration::ZERO),
            last_token: 0,
            flow: FlowId::from_platform(1),
            opened: Vec::new(),
            restarts: Vec::new(),
            told: Vec::new(),
            done: Vec::new(),
            media: Vec::new(),
            sent: Vec::new(),
        };
        let config = AccountConfig {
            address: "sip:alice@example.com".to_owned(),
            outbound_proxy: Some("sip:192.0.2.10:5060;transport=tcp".to_owned()),
            ..AccountConfig::default()
        };
        bench.command(Command::AddAccount { config, register: true });
        bench.open();
        let account = AccountKey(1);
        let call = AccountCommand::Call { to: "sip:bob@example.com".to_owned() };
        bench.command(Command::Account(account, call));
        let calls = bench.agent.calls();
        let Some(call) = calls.first() else { panic!("a call") };
        assert_eq!(call.state, crate::CallState::Connected);
        let key = call.call;
        (bench.told, bench.done, bench.media, bench.sent) = Default::default();
        (bench, account, key)
    }

    fn settle(&mut self) {
        loop {
            match self.agent.poll_output() {
                Output::Transmit(transmit) => self.answer(&transmit.bytes),
                Output::OpenFlow(open) => self.opened.push(open),
                Output::Media(MediaRequest { session, action: MediaAction::Ask(negotiation, question) }) => {
                    let answer = match question {
                        MediaQuestion::CreateOffer { restart, .. } => {
                            self.restarts.push(restart);
                            MediaAnswer::Description(SDP.to_owned())
                        }
                        MediaQuestion::CreateAnswer { .. } => MediaAnswer::Description(SDP.to_owned()),
                        MediaQuestion::SetRemote { .. } | MediaQuestion::Rollback => MediaAnswer::Applied,
                    };
                    let report = MediaReported::Answered(negotiation, answer);
                    self.input(Input::Media(MediaReport { session, report }));
                }
                Output::Media(request) => self.media.push(request.action),
                Output::Event(event) => self.told.push(event),
                Output::Done(token, result) => self.done.push((token, result)),
                Output::Timeout(_) => return,
                Output::CloseFlow(_) | Output::Dns(..) | Output::Closed => {}
            }
        }
    }

    fn input(&mut self, input: Input<'_, Agent>) {
        self.agent.handle_input(self.now, input);
    }

    /// Gives an input and lets everything happen that follows.
    pub(super) fn give(&mut self, input: Input<'_, Agent>) {
        self.input(input);
        self.settle();
    }

    pub(super) fn command(&mut self, command: Command) -> Token {
        self.last_token += 1;
        let token = Token(self.last_token);
        self.give(Input::Command(token, command));
        token
    }

    pub(super) fn call_command(&mut self, call: CallKey, command: CallCommand) -> Token {
        self.command(Command::Call(call, command))
    }

    /// The reply of a command that is complete.
    pub(super) fn reply(&mut self, token: Token) -> Option<Reply> {
        let at = self.done.iter().position(|(of, _)| *of == token)?;
        Some(self.done.remove(at).1.unwrap())
    }

    fn answer(&mut self, bytes: &[u8]) {
        let Ok(message) = MessageBuf::parse(bytes.to_vec().into()) else { return };
        let message = message.as_message();
        let Some(method) = message.method() else { return };
        self.sent.push(method.clone());
        if method == Method::Ack {
            return;
        }
        let mut answer = MessageBuilder::response_to(&message, StatusCode::OK).to_tag("server");
        answer = if method == Method::Register {
            answer.copy(&message, &HeaderName::Contact)
        } else {
            answer.raw(HeaderName::Contact, "<sip:bob@192.0.2.10:5060;transport=tcp>")
        };
        if method == Method::Invite {
            answer = answer.body("application/sdp", SDP);
        }
        let answer = answer.build().unwrap();
        let source = "192.0.2.10:5060".parse().unwrap();
        self.input(Input::Received { flow: self.flow, source, bytes: answer.as_bytes() });
    }

    /// The connection that was asked for is there.
    pub(super) fn open(&mut self) {
        let Some(open) = self.opened.pop() else { panic!("a connection") };
        self.flow = open.flow;
        let local = "192.0.2.1:40000".parse().unwrap();
        let opened =
            FlowOpened { flow: open.flow, protocol: open.protocol, local, remote: Some(open.remote) };
        self.give(Input::FlowOpened(opened));
    }

    pub(super) fn cut(&mut self) {
        self.give(Input::FlowFailed { flow: self.flow, reason: "reset".to_owned() });
    }

    /// The media side reports.
    pub(super) fn report(&mut self, key: CallKey, report: MediaReported) {
        self.give(Input::Media(MediaReport { session: MediaKey(key.0), report }));
    }

    pub(super) fn happened(&mut self, key: CallKey, happened: MediaHappened) {
        self.report(key, MediaReported::Happened(happened));
    }
}
