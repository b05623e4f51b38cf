//! Calls and registrations that lost their connection, or their way to the peer's media. Whatever was lost of a call, its
//! user hears of it once, and once when all of it is back.

use rvoip_driver::Now;
use rvoip_session_core::{IdentityId, SessionId};

use super::Agent;
use crate::{CallKey, Cause, Event};

impl Agent {
    /// The signalling lost a connection, and carries on over another.
    pub(super) fn flow_lost(
        &mut self,
        identity: Option<IdentityId>,
        session: Option<SessionId>,
        reason: &str,
    ) {
        let reason = reason.to_owned();
        if let Some(account) = identity.and_then(|identity| self.identities.get(&identity).copied()) {
            self.tell(Event::Recovering { account: Some(account), call: None, reason: reason.clone() });
        }
        let call = session.and_then(|session| self.sessions.get(&session).copied());
        if let Some(key) = call
            && let Some(call) = self.calls.get_mut(&key)
        {
            call.media.flow_lost = true;
            if !call.media.path_lost {
                self.tell(Event::Recovering { account: None, call: Some(key), reason });
            }
        }
    }

    /// The signalling goes over another connection by now.
    pub(super) fn flow_restored(&mut self, identity: Option<IdentityId>, session: Option<SessionId>) {
        if let Some(account) = identity.and_then(|identity| self.identities.get(&identity).copied()) {
            self.tell(Event::Recovered { account: Some(account), call: None });
        }
        let call = session.and_then(|session| self.sessions.get(&session).copied());
        if let Some(key) = call
            && let Some(call) = self.calls.get_mut(&key)
        {
            call.media.flow_lost = false;
            if !call.media.path_lost {
                self.tell(Event::Recovered { account: None, call: Some(key) });
            }
        }
    }

    /// The peer cannot be heard any more: the media are negotiated anew, once.
    pub(super) fn path_lost(&mut self, now: Now, key: CallKey, reason: String) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        if std::mem::replace(&mut call.media.path_lost, true) || !call.is_established() {
            return self.end_for(now, key, Cause::MediaFailed { reason });
        }
        let (session, known) = (call.session, call.media.flow_lost);
        if !known {
            self.tell(Event::Recovering { account: None, call: Some(key), reason });
        }
        self.ua.reinvite(now, session);
    }

    /// The peer can be heard again.
    pub(super) fn path_restored(&mut self, key: CallKey) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        if std::mem::take(&mut call.media.path_lost) && !call.media.flow_lost {
            self.tell(Event::Recovered { account: None, call: Some(key) });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rvoip_driver::{
        Input, Machine as _, MediaAction, MediaHappened, MediaReport, MediaReported, MediaRequest, Output,
        Random, Token,
    };
    use rvoip_sans_io::{FlowId, FlowOpened, OpenFlow};
    use rvoip_session_core::{MediaAnswer, MediaQuestion};
    use rvoip_sip_core::{HeaderName, MessageBuf, MessageBuilder, Method, StatusCode};

    use super::*;
    use crate::command::{AccountCommand, Command};
    use crate::{AccountConfig, AccountKey, ClientConfig};

    const SDP: &str =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

    /// An agent whose every request is granted over whatever connection it opens.
    struct Bench {
        agent: Agent,
        now: Now,
        flow: FlowId,
        opened: Vec<OpenFlow>,
        /// Whether a re-INVITE asked for ICE to start anew.
        restarts: Vec<bool>,
        told: Vec<Event>,
    }

    impl Bench {
        fn settle(&mut self) {
            loop {
                match self.agent.poll_output() {
                    Output::Transmit(transmit) => self.answer(&transmit.bytes),
                    Output::OpenFlow(open) => self.opened.push(open),
                    Output::Media(MediaRequest {
                        session,
                        action: MediaAction::Ask(negotiation, question),
                    }) => {
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
                    Output::Event(event) => {
                        if matches!(event, Event::Recovering { .. } | Event::Recovered { .. }) {
                            self.told.push(event);
                        }
                    }
                    Output::Timeout(_) => return,
                    Output::CloseFlow(_)
                    | Output::Dns(..)
                    | Output::Done(..)
                    | Output::Media(_)
                    | Output::Closed => {}
                }
            }
        }

        fn input(&mut self, input: Input<'_, Agent>) {
            self.agent.handle_input(self.now, input);
        }

        fn answer(&mut self, bytes: &[u8]) {
            let Ok(message) = MessageBuf::parse(bytes.to_vec().into()) else { return };
            let message = message.as_message();
            let Some(method) = message.method().filter(|method| *method != Method::Ack) else { return };
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
        fn open(&mut self) {
            let Some(open) = self.opened.pop() else { panic!("a connection") };
            self.flow = open.flow;
            let local = "192.0.2.1:40000".parse().unwrap();
            let opened =
                FlowOpened { flow: open.flow, protocol: open.protocol, local, remote: Some(open.remote) };
            self.input(Input::FlowOpened(opened));
            self.settle();
        }

        fn cut(&mut self) {
            self.input(Input::FlowFailed { flow: self.flow, reason: "reset".to_owned() });
            self.settle();
        }

        fn media(&mut self, key: CallKey, happened: MediaHappened) {
            let report = MediaReport {
                session: rvoip_driver::MediaKey(key.0),
                report: MediaReported::Happened(happened),
            };
            self.input(Input::Media(report));
            self.settle();
        }
    }

    /// A registered account with a call, both over one connection.
    fn talking() -> (Bench, AccountKey, CallKey) {
        let now = Now::at(Duration::ZERO);
        let agent = Agent::new(ClientConfig::default(), Random::from_number(1));
        let flow = FlowId::from_platform(1);
        let (opened, restarts, told) = (Vec::new(), Vec::new(), Vec::new());
        let mut bench = Bench { agent, now, flow, opened, restarts, told };
        let account = AccountConfig {
            address: "sip:alice@example.com".to_owned(),
            outbound_proxy: Some("sip:192.0.2.10:5060;transport=tcp".to_owned()),
            ..AccountConfig::default()
        };
        bench.input(Input::Command(Token(1), Command::AddAccount(account)));
        let account = AccountKey(1);
        let register = Command::Account(account, AccountCommand::Register);
        bench.input(Input::Command(Token(2), register));
        bench.settle();
        bench.open();
        let call = AccountCommand::Call { to: "sip:bob@example.com".to_owned() };
        bench.input(Input::Command(Token(3), Command::Account(account, call)));
        bench.settle();
        let calls = bench.agent.calls();
        let Some(call) = calls.first() else { panic!("a call") };
        assert_eq!(call.state, crate::CallState::Connected);
        (bench, account, call.call)
    }

    #[test]
    fn a_lost_connection_is_told_once_for_the_account_and_once_for_the_call() {
        let (mut bench, account, call) = talking();
        bench.cut();
        let reason = "the connection was lost".to_owned();
        let of_account = Event::Recovering { account: Some(account), call: None, reason: reason.clone() };
        let of_call = Event::Recovering { account: None, call: Some(call), reason };
        assert_eq!(std::mem::take(&mut bench.told), [of_account, of_call]);
        bench.open();
        let of_account = Event::Recovered { account: Some(account), call: None };
        let of_call = Event::Recovered { account: None, call: Some(call) };
        assert_eq!(bench.told, [of_account, of_call]);
        assert_eq!(bench.restarts, [false, true]);
    }

    #[test]
    fn a_call_that_lost_connection_and_media_is_told_once_and_recovered_when_both_are_back() {
        let (mut bench, _, call) = talking();
        bench.cut();
        bench.media(call, MediaHappened::PathLost { reason: "silence".to_owned() });
        bench.open();
        let of_call = |event: &&Event| event.call() == Some(call);
        assert_eq!(bench.told.iter().filter(of_call).count(), 1, "{:?}", bench.told);
        bench.media(call, MediaHappened::PathRestored);
        assert_eq!(bench.told.last(), Some(&Event::Recovered { account: None, call: Some(call) }));
        assert_eq!(bench.told.iter().filter(of_call).count(), 2, "{:?}", bench.told);
    }
}
