//! The sans-IO root of the softswitch.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use rvoip_driver::{Hosted, Input, Instant, Machine, Now, Output, Random, Refusal, Token};
use rvoip_sip_core::header::{Require, To};
use rvoip_sip_core::{HeaderName, Message, MessageBuf, MessageBuilder, Method, SipUri, StatusCode};
use rvoip_transaction_core::{
    Config, Incoming, LayerEvent, LayerOutput, ServerKey, Source, TransactionLayer, dispatch,
};
use thiserror::Error;

use crate::authentication::Authentication;
use crate::proxy::{Proxy, Surroundings};
use crate::registrar::Change;
use crate::{Binding, Listen, Registrar, SwitchConfig};

/// What a REGISTER may require.
const EXTENSIONS: [&str; 2] = ["path", "outbound"];

/// Commands that may wait at once. Each is answered as it comes.
const COMMANDS: usize = 1_024;

/// What can be asked of a switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SwitchCommand {
    /// The contacts of a user.
    Bindings {
        /// The user part of the address of record.
        user: String,
    },
    /// Where the switch listens.
    Listens,
    /// Stops.
    Close,
}

/// What a command gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SwitchReply {
    /// Contacts, the preferred ones first.
    Bindings(Vec<String>),
    /// Where the switch listens.
    Listens(Vec<Listen>),
    /// It is done.
    Done,
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SwitchError {
    /// Too many commands wait.
    #[error("too many commands are waiting")]
    Busy,
    /// The switch is closed.
    #[error("the switch is closed")]
    Closed,
    /// A fault of this program.
    #[error("{0}")]
    Internal(String),
}

/// A fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SwitchEvent {
    /// The switch takes messages here.
    Listening {
        /// As in a Via: `UDP`, `TCP`, `TLS`, `WS` or `WSS`.
        transport: String,
        /// Its address.
        address: String,
    },
    /// A phone registered, or refreshed its registration.
    Registered {
        /// The user.
        user: String,
        /// The contact.
        contact: String,
        /// For how long.
        expires: Duration,
    },
    /// A registration was removed, or ended.
    Unregistered {
        /// The user.
        user: String,
        /// The contact.
        contact: String,
    },
    /// Somebody calls one of our users.
    CallForwarded {
        /// The request URI.
        to: String,
        /// To how many phones.
        phones: usize,
    },
    /// A listener lost so many events.
    Lagged {
        /// How many.
        missed: u32,
    },
    /// The switch failed.
    Failed {
        /// One line for people.
        reason: String,
    },
}

impl From<Listen> for SwitchEvent {
    fn from(listen: Listen) -> Self {
        Self::Listening {
            transport: listen.protocol.via_name().to_owned(),
            address: listen.address.to_string(),
        }
    }
}

/// The transaction users that share the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    Registrar,
    Proxy,
}

/// A registrar and a proxy on one transaction layer.
#[derive(Debug)]
pub struct Switch {
    config: SwitchConfig,
    layer: TransactionLayer,
    registrar: Registrar,
    proxy: Proxy,
    authentication: Authentication,
    random: Random,
    listens: Vec<Listen>,
    outputs: VecDeque<Output<Self>>,
}

impl Switch {
    /// A switch without bindings.
    pub fn new(config: SwitchConfig, mut random: Random) -> Self {
        let layer = TransactionLayer::new(Config::default(), random.fork());
        let authentication = Authentication::new(&config, random.fork());
        Self {
            config,
            layer,
            registrar: Registrar::default(),
            proxy: Proxy::new(random.fork()),
            authentication,
            random,
            listens: Vec::new(),
            outputs: VecDeque::new(),
        }
    }

    /// The bindings of a user, the preferred ones first.
    pub fn bindings(&self, user: &str) -> Vec<Binding> {
        self.registrar.bindings(user)
    }

    /// How many transactions and forwarded requests there are; 0 when nothing is on its way.
    pub fn live(&self) -> usize {
        self.layer.len() + self.proxy.len()
    }

    /// What the proxy dropped, by name.
    pub fn dropped(&self, name: &str) -> u64 {
        self.proxy.counters().get(name) + self.layer.counters().get(name)
    }

    fn received(&mut self, now: Now, incoming: Incoming<'_>) {
        match incoming {
            Incoming::Request { key, request, source, .. } => self.request(now, key, &request, source),
            Incoming::Cancel { invite } => {
                self.proxy.handle_cancel(now, &mut self.layer, invite);
            }
            Incoming::Ack { message, source } => {
                let Self { layer, proxy, config, registrar, authentication, .. } = self;
                let mut around = Surroundings { config, registrar, authentication };
                proxy.handle_ack(now, layer, &mut around, &message, source);
            }
            Incoming::Response { key, message, .. } => {
                if self.proxy.owns(key) {
                    self.proxy.handle_response(now, &mut self.layer, &self.config, key, &message);
                }
            }
        }
    }

    fn request(&mut self, now: Now, key: ServerKey, request: &MessageBuf, source: Source) {
        let message = request.as_message();
        // No dialog ends here yet: those of calls pass through.
        if dispatch(&message, |_| None, |request| self.user_of(request)) == User::Registrar {
            return self.register(now, key, &message, source);
        }
        let method = message.method();
        let Self { layer, proxy, config, registrar, authentication, .. } = self;
        let mut around = Surroundings { config, registrar, authentication };
        let phones = proxy.handle_request(now, layer, &mut around, key, request, source);
        if method == Some(Method::Invite) && phones > 0 {
            let to = message.request_uri_text().unwrap_or_default().to_owned();
            self.tell(SwitchEvent::CallForwarded { to, phones });
        }
    }

    /// Who answers for a request outside of dialogs.
    fn user_of(&self, request: &Message<'_>) -> User {
        let uri = request.request_uri().and_then(Result::ok);
        let ours =
            uri.is_some_and(|uri| self.config.is_ours(&uri) || self.proxy.names_us(&self.config, &uri));
        if ours && request.method() == Some(Method::Register) { User::Registrar } else { User::Proxy }
    }

    /// Steps 1 to 5 of RFC 3261 §10.3; the registrar does the rest.
    fn register(&mut self, now: Now, key: ServerKey, request: &Message<'_>, source: Source) {
        let tag = self.random.token(10);
        let required: Vec<&str> = request
            .get_all::<Require<'_>>()
            .filter_map(Result::ok)
            .map(|option| option.0)
            .filter(|option| !EXTENSIONS.iter().any(|known| option.eq_ignore_ascii_case(known)))
            .collect();
        let to = request.get::<To<'_>>().and_then(Result::ok);
        let (builder, changes, user) = if to.as_ref().is_none_or(|to| to.address.uri.as_sip().is_none()) {
            // An address of record is a SIP or SIPS URI (RFC 3261 §10.3, RFC 4475 §3.3.4).
            (MessageBuilder::response_to(request, StatusCode::BAD_REQUEST), Vec::new(), String::new())
        } else if required.is_empty() {
            match self.authentication.user(now, &self.config, request, false) {
                Err(failure) => {
                    (self.authentication.challenge(now, request, failure, false), Vec::new(), String::new())
                }
                Ok(user) => {
                    let ours = to.as_ref().is_some_and(|to| self.config.is_ours(&to.address.uri));
                    let named =
                        to.as_ref().and_then(|to| to.address.uri.as_sip()).and_then(SipUri::user_unescaped);
                    if !ours {
                        (MessageBuilder::response_to(request, StatusCode::NOT_FOUND), Vec::new(), user)
                    } else if named.as_deref() == Some(&*user) {
                        let (builder, changes) =
                            self.registrar.register(now, &self.config, &user, request, source);
                        (builder, changes, user)
                    } else {
                        // The password of one user registers no other.
                        (MessageBuilder::response_to(request, StatusCode::FORBIDDEN), Vec::new(), user)
                    }
                }
            }
        } else {
            let builder = MessageBuilder::response_to(request, StatusCode::BAD_EXTENSION);
            (builder.raw(HeaderName::Unsupported, &required.join(", ")), Vec::new(), String::new())
        };
        if user.is_empty() {
            // Nothing is held for whom nobody knows.
            self.layer.answer_once(key, &tag, builder);
        } else {
            self.layer.answer(now, key, request, &tag, builder);
        }
        for change in changes {
            self.tell(match change {
                Change::Added { contact, expires } => {
                    SwitchEvent::Registered { user: user.clone(), contact: contact.to_string(), expires }
                }
                Change::Removed { contact } => {
                    SwitchEvent::Unregistered { user: user.clone(), contact: contact.to_string() }
                }
            });
        }
    }

    fn tell(&mut self, event: SwitchEvent) {
        self.outputs.push_back(Output::Event(event));
    }

    fn settle(&mut self, now: Now) {
        loop {
            let output = match self.layer.poll_output() {
                LayerOutput::Transmit(transmit) => Output::Transmit(transmit),
                LayerOutput::OpenFlow(open) => Output::OpenFlow(open),
                LayerOutput::CloseFlow(flow) => Output::CloseFlow(flow),
                LayerOutput::Dns(id, question) => Output::Dns(id, question),
                LayerOutput::Event(event) => {
                    match event {
                        LayerEvent::ClientFailed(branch, failure) => {
                            self.proxy.handle_failure(now, &mut self.layer, &self.config, branch, &failure);
                        }
                        LayerEvent::ClientTerminated(branch) => self.proxy.handle_terminated(branch),
                        LayerEvent::FlowLost(flow) => {
                            for (user, contact) in self.registrar.flow_lost(flow) {
                                self.tell(SwitchEvent::Unregistered { user, contact: contact.to_string() });
                            }
                        }
                        LayerEvent::AckMissing(_)
                        | LayerEvent::ServerTransportFailed(_)
                        | LayerEvent::ServerTerminated(_) => {}
                    }
                    continue;
                }
                LayerOutput::Timeout(_) => return,
            };
            self.outputs.push_back(output);
        }
    }

    fn next_timeout(&self) -> Option<Instant> {
        let times = [self.layer.next_timeout(), self.registrar.next_timeout(), self.proxy.next_timeout()];
        times.into_iter().flatten().min()
    }

    fn command(&mut self, token: Token, command: SwitchCommand) {
        let reply = match command {
            SwitchCommand::Bindings { user } => {
                let bindings = self.registrar.bindings(&user);
                SwitchReply::Bindings(bindings.iter().map(|binding| binding.contact.to_string()).collect())
            }
            SwitchCommand::Listens => SwitchReply::Listens(self.listens.clone()),
            SwitchCommand::Close => {
                self.outputs.push_back(Output::Done(token, Ok(SwitchReply::Done)));
                return self.outputs.push_back(Output::Closed);
            }
        };
        self.outputs.push_back(Output::Done(token, Ok(reply)));
    }
}

impl Machine for Switch {
    type Command = SwitchCommand;
    type Reply = SwitchReply;
    type Error = SwitchError;
    type Event = SwitchEvent;
    type MediaRequest = Infallible;
    type MediaReport = Infallible;

    fn handle_input(&mut self, now: Now, input: Input<'_, Self>) {
        match input {
            Input::Received { flow, source, bytes } => {
                if let Some(incoming) = self.layer.handle_received(now, flow, source, bytes) {
                    self.received(now, incoming);
                }
            }
            Input::FlowOpened(opened) => {
                if opened.remote.is_none() {
                    let listen = Listen { protocol: opened.protocol, address: opened.local };
                    self.listens.push(listen);
                    self.tell(listen.into());
                }
                if opened.remote.is_none() || !opened.flow.is_of_machine() {
                    self.proxy.serves_at(opened.local);
                }
                self.layer.handle_flow_opened(now, &opened);
            }
            Input::FlowFailed { flow, reason } => self.layer.handle_flow_failed(now, flow, &reason),
            Input::Dns(id, answer) => self.layer.handle_dns(now, id, answer),
            Input::Command(token, command) => self.command(token, command),
            Input::Cancel(_) | Input::Returned(..) => {}
            Input::Media(report) => match report {},
            Input::Close => self.outputs.push_back(Output::Closed),
        }
        self.settle(now);
    }

    fn handle_timeout(&mut self, now: Now) {
        self.layer.handle_timeout(now);
        self.proxy.handle_timeout(now, &mut self.layer);
        for (user, contact) in self.registrar.expire(now) {
            self.tell(SwitchEvent::Unregistered { user, contact: contact.to_string() });
        }
        self.settle(now);
    }

    fn poll_output(&mut self) -> Output<Self> {
        self.outputs.pop_front().unwrap_or_else(|| Output::Timeout(self.next_timeout()))
    }
}

impl Hosted for Switch {
    fn snapshot(&self, _lost: bool) -> Vec<SwitchEvent> {
        self.listens.iter().copied().map(SwitchEvent::from).collect()
    }

    fn lagged(missed: u32) -> SwitchEvent {
        SwitchEvent::Lagged { missed }
    }

    fn coalescing(_event: &SwitchEvent) -> Option<u64> {
        None
    }

    fn most_commands(&self) -> usize {
        COMMANDS
    }

    fn is_always_taken(command: &SwitchCommand) -> bool {
        matches!(command, SwitchCommand::Close)
    }

    fn refused(refusal: Refusal) -> SwitchError {
        match refusal {
            Refusal::Busy => SwitchError::Busy,
            Refusal::Closed => SwitchError::Closed,
            Refusal::Internal(reason) => SwitchError::Internal(reason),
        }
    }

    fn failed(reason: &str) -> SwitchEvent {
        SwitchEvent::Failed { reason: reason.to_owned() }
    }
}
