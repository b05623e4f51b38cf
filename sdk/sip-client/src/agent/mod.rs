//! The agent: decides everything about accounts and calls, sans-IO.
//!
//! It owns the signalling ([`UserAgent`]) and tells the media side what to do. Every state that a user sees is here.

mod account;
#[cfg(test)]
mod bench;
mod call;
mod closing;
mod control;
mod digits;
mod frames;
mod identity;
mod info_digits;
mod media;
mod recovering;
mod registering;
mod returned;
mod websocket;

use rvoip_sans_io::{Map, Set};
use std::collections::VecDeque;

use rvoip_driver::{Input, Instant, Machine, MediaReport, MediaRequest, Now, Output, Random, Timers, Token};
use rvoip_session_core::{
    EndpointConfig, Failure, FailureKind, IdentityId, RequestId, SessionId, UserAgent, UserAgentConfig,
    UserAgentEvent, UserAgentOutput,
};
use rvoip_transaction_core::TimerConfig;

use crate::command::{Command, Reply};
use crate::{AccountInfo, AccountKey, CallInfo, CallKey, ClientConfig, Error, ErrorKind, Event, Result};
use account::Account;
use call::{Call, Ended};
use closing::Closing;

/// Commands that may wait at once, however few calls there may be.
const COMMANDS: usize = 1_024;
/// Commands that may wait for each call: that it is answered, that it ends, a clip, keys, audio in and out, and more.
const COMMANDS_A_CALL: usize = 8;

/// The sans-IO root of a client.
#[derive(Debug)]
pub struct Agent {
    config: ClientConfig,
    ua: UserAgent,
    accounts: Map<AccountKey, Account>,
    identities: Map<IdentityId, AccountKey>,
    last_account: u32,
    calls: Map<CallKey, Call>,
    sessions: Map<SessionId, CallKey>,
    /// The calls of the commands that wait.
    callers: Map<Token, CallKey>,
    /// How the last calls ended, for those who ask a moment too late.
    ended: Map<CallKey, Ended>,
    last_call: u32,
    requests: Map<RequestId, Pending>,
    /// Calls whose media side is not closed yet: sockets and files are still in use.
    open_media: Set<CallKey>,
    timers: Timers<Timer>,
    listening: Vec<Event>,
    closing: Closing,
    signalling_timeout: Option<Instant>,
    out: VecDeque<Output<Agent>>,
}

/// A request outside the machines of registration and session that waits for its answer.
#[derive(Debug)]
enum Pending {
    /// A command waits for the answer.
    Request(Token),
    /// A command waits for its success.
    Message(Token),
    /// One key press sent by INFO.
    InfoDigit(CallKey),
}

/// What can come due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// The collector of key presses has waited long enough.
    Collect(CallKey),
    /// A pause between key presses that go by INFO is over.
    Pause(CallKey),
    /// Closing has taken long enough.
    Close,
}

impl Agent {
    /// An agent without accounts.
    pub fn new(config: ClientConfig, random: Random) -> Self {
        let ua = UserAgent::new(user_agent_config(&config), random);
        Self {
            config,
            ua,
            accounts: Map::new(),
            identities: Map::new(),
            last_account: 0,
            calls: Map::new(),
            sessions: Map::new(),
            callers: Map::new(),
            ended: Map::new(),
            last_call: 0,
            requests: Map::new(),
            open_media: Set::new(),
            timers: Timers::new(),
            listening: Vec::new(),
            closing: Closing::default(),
            signalling_timeout: None,
            out: VecDeque::new(),
        }
    }

    /// The accounts as they are now.
    pub fn accounts(&self) -> Vec<AccountInfo> {
        self.accounts.iter().map(|(key, account)| account.info(*key)).collect()
    }

    /// The calls that live now.
    pub fn calls(&self) -> Vec<CallInfo> {
        self.calls.values().map(|call| call.info.clone()).collect()
    }

    /// One call, while it lives.
    pub fn call(&self, key: CallKey) -> Option<CallInfo> {
        self.calls.get(&key).map(|call| call.info.clone())
    }

    /// The facts that tell a new listener how things stand. With `lost` also how the last calls ended, for one that may have
    /// missed it.
    pub fn snapshot(&self, lost: bool) -> Vec<Event> {
        let listening = self.listening.iter().cloned();
        let accounts = self.accounts.iter().map(|(key, account)| account.snapshot(*key));
        let ended = self.ended.iter().filter(|_| lost).map(|(key, ended)| ended.fact(*key));
        let calls = self.calls.values().flat_map(Call::snapshot);
        listening.chain(accounts).chain(ended).chain(calls).collect()
    }

    /// How many transactions, dialogs, sessions, calls and waiting requests there are; all zero when nothing lives.
    pub fn live(&self) -> usize {
        self.ua.live() + self.calls.len() + self.requests.len() + self.open_media.len()
    }

    /// How many commands may wait at once: several for each call that may live.
    pub fn most_commands(&self) -> usize {
        self.max_calls().saturating_mul(COMMANDS_A_CALL).max(COMMANDS)
    }

    fn done(&mut self, token: Token, result: Result<Reply>) {
        self.callers.remove(&token);
        self.out.push_back(Output::Done(token, result));
    }

    fn tell(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    /// Moves what the signalling has to say into our own outputs.
    fn settle(&mut self, now: Now) {
        self.signalling_timeout = loop {
            match self.ua.poll_output() {
                UserAgentOutput::Transmit(transmit) => self.out.push_back(Output::Transmit(transmit)),
                UserAgentOutput::OpenFlow(open) => self.out.push_back(Output::OpenFlow(open)),
                UserAgentOutput::CloseFlow(flow) => self.out.push_back(Output::CloseFlow(flow)),
                UserAgentOutput::Dns(id, question) => self.out.push_back(Output::Dns(id, question)),
                UserAgentOutput::Media(question) => self.ask_media(question),
                UserAgentOutput::Event(event) => self.user_agent_event(now, event),
                UserAgentOutput::Timeout(at) => break at,
            }
        };
        self.close_when_over();
    }

    fn user_agent_event(&mut self, now: Now, event: UserAgentEvent) {
        match event {
            UserAgentEvent::Registered { identity, expires, contacts } => {
                self.registered(identity, expires, contacts);
            }
            UserAgentEvent::RegistrationFailed { identity, failure, .. } => {
                self.registration_failed(identity, &failure);
            }
            UserAgentEvent::Unregistered { identity } => self.unregistered(now, identity),
            UserAgentEvent::InviteReceived { session, identity, from, to, .. } => {
                self.call_received(now, session, identity, &from, &to);
            }
            UserAgentEvent::Progress { session, early_media, .. } => self.progressed(session, early_media),
            UserAgentEvent::Established { session } => self.established(session),
            UserAgentEvent::HoldChanged { session, local, remote } => {
                self.hold_changed(session, local, remote);
            }
            UserAgentEvent::Modified { session } => self.modified(session, Ok(())),
            UserAgentEvent::ModifyFailed { session, failure } => {
                self.modified(session, Err(account::failure_error(&failure)));
            }
            UserAgentEvent::Recovering { identity, session, reason } => {
                self.flow_lost(identity, session, &reason);
            }
            UserAgentEvent::Recovered { identity, session } => self.flow_restored(identity, session),
            UserAgentEvent::Ended { session, cause } => self.ended(session, cause),
            UserAgentEvent::RequestAnswered { request, answer } => {
                self.request_answered(now, request, &answer);
            }
            UserAgentEvent::RequestFailed { request, failure } => self.request_failed(now, request, &failure),
            UserAgentEvent::MessageReceived { identity, session, from, content_type, body, .. } => {
                let account = identity.and_then(|identity| self.identities.get(&identity).copied());
                let call = session.and_then(|session| self.sessions.get(&session).copied());
                let text = String::from_utf8_lossy(&body).into_owned();
                let from = from.as_name_addr().uri.to_string();
                self.tell(Event::MessageReceived { account, call, from, content_type, text });
            }
            UserAgentEvent::InfoReceived { session, content_type, body } => {
                self.info_received(session, &content_type, &body);
            }
        }
    }
}

/// The kind of a failure, as the facade names it.
fn failure_kind(failure: &Failure) -> ErrorKind {
    match failure.kind {
        FailureKind::Rejected => ErrorKind::Rejected,
        FailureKind::AuthenticationFailed => ErrorKind::AuthenticationFailed,
        FailureKind::TimedOut => ErrorKind::TimedOut,
        FailureKind::Unreachable => ErrorKind::Unreachable,
        FailureKind::MediaRefused => ErrorKind::MediaFailed,
        FailureKind::InvalidState => ErrorKind::InvalidState,
        FailureKind::Busy => ErrorKind::Busy,
    }
}

fn user_agent_config(config: &ClientConfig) -> UserAgentConfig {
    let timers = TimerConfig { t1: config.timers.t1, t2: config.timers.t2, t4: config.timers.t4 };
    UserAgentConfig {
        transactions: rvoip_transaction_core::Config { timers, ..rvoip_transaction_core::Config::default() },
        endpoint: EndpointConfig {
            user_agent: config.user_agent.clone(),
            ringing: config.timers.ringing,
            instance: config.instance.clone(),
            sessions: usize::try_from(config.max_calls).unwrap_or(usize::MAX).saturating_mul(2).max(16),
            ..EndpointConfig::default()
        },
    }
}

impl Machine for Agent {
    type Command = Command;
    type Reply = Reply;
    type Error = Error;
    type Event = Event;
    type MediaRequest = MediaRequest;
    type MediaReport = MediaReport;

    fn handle_input(&mut self, now: Now, input: Input<'_, Self>) {
        match input {
            Input::Received { flow, source, bytes } => self.ua.handle_received(now, flow, source, bytes),
            Input::FlowOpened(opened) => {
                if opened.remote.is_none() {
                    let event = Event::Listening {
                        transport: opened.protocol.via_name().to_owned(),
                        address: opened.local.to_string(),
                    };
                    self.listening.push(event.clone());
                    self.tell(event);
                }
                self.ua.handle_flow_opened(now, &opened);
            }
            Input::FlowFailed { flow, reason } => self.ua.handle_flow_failed(now, flow, &reason),
            Input::Dns(id, answer) => self.ua.handle_dns(now, id, answer),
            Input::Media(report) => self.media_reported(now, report),
            Input::Command(token, command) => self.command(now, token, command),
            Input::Cancel(token) => self.cancel(now, token),
            Input::Returned(token, reply) => self.returned(now, token, reply),
            Input::Close => self.close(now),
        }
        self.settle(now);
    }

    fn handle_timeout(&mut self, now: Now) {
        self.ua.handle_timeout(now);
        self.settle(now);
        while let Some(timer) = self.timers.pop_due(now.monotonic) {
            match timer {
                Timer::Collect(call) => self.collect_timed_out(call),
                Timer::Pause(call) => self.next_info_digit(now, call),
                Timer::Close => self.closing.give_up(),
            }
        }
        self.settle(now);
    }

    fn poll_output(&mut self) -> Output<Self> {
        self.out.pop_front().unwrap_or_else(|| {
            let next = [self.signalling_timeout, self.timers.next()];
            Output::Timeout(next.into_iter().flatten().min())
        })
    }
}
