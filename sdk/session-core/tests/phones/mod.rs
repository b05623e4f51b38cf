//! Two phones on a wire without loss, on a virtual clock, with a media side that writes fixed descriptions.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    clippy::type_complexity,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use rvoip_sans_io::{FlowId, FlowOpened, Now, Protocol, Random};
use rvoip_session_core::{
    Direction, Identity, IdentityId, MediaAnswer, MediaQuestion, NegotiationId, SessionId, UserAgent,
    UserAgentConfig, UserAgentEvent, UserAgentOutput,
};
use rvoip_sip_core::{NameAddrBuf, StatusCode, UriBuf};

pub const FLOW: u64 = 1;

/// One phone.
pub struct Phone {
    pub name: &'static str,
    pub address: SocketAddr,
    pub agent: UserAgent,
    pub identity: IdentityId,
    pub events: Vec<UserAgentEvent>,
    /// What the media side was asked, in short.
    pub asked: Vec<String>,
    /// Answers that the media side gives next, in place of the usual ones.
    pub media: VecDeque<Option<MediaAnswer>>,
    /// Questions that were left open.
    pub open: Vec<NegotiationId>,
    version: u32,
}

impl Phone {
    pub fn new(name: &'static str, address: &str, seed: u64) -> Self {
        let mut agent = UserAgent::new(UserAgentConfig::default(), Random::from_number(seed));
        let address: SocketAddr = address.parse().unwrap();
        let flow = FlowId::from_platform(FLOW);
        let opened = FlowOpened { flow, protocol: Protocol::Udp, local: address, remote: None };
        agent.handle_flow_opened(Now::at(Duration::ZERO), &opened);
        let identity = agent
            .add_identity(Identity::new(NameAddrBuf::parse(&format!("sip:{name}@example.com")).unwrap()));
        Self {
            name,
            address,
            agent,
            identity,
            events: Vec::new(),
            asked: Vec::new(),
            media: VecDeque::new(),
            open: Vec::new(),
            version: 0,
        }
    }

    pub fn uri(&self) -> UriBuf {
        UriBuf::parse(&format!("sip:{}@{}", self.name, self.address)).unwrap()
    }

    pub fn description(&mut self, direction: Direction) -> String {
        self.version += 1;
        let ip = self.address.ip();
        format!(
            "v=0\r\no=- 1 {} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na={}\r\n",
            self.version,
            direction.name()
        )
    }

    fn answer_media(&mut self, now: Now, negotiation: NegotiationId, question: &MediaQuestion) {
        let (short, usual) = match question {
            MediaQuestion::CreateOffer { direction, .. } => (
                format!("offer {}", direction.name()),
                MediaAnswer::Description(self.description(*direction)),
            ),
            MediaQuestion::CreateAnswer { offer, direction } => {
                let offered = rvoip_sdp_core::SessionDescription::parse(offer).unwrap();
                let theirs = offered.media[0].direction(&offered);
                let answer = theirs.reversed().and(*direction);
                (format!("answer {}", direction.name()), MediaAnswer::Description(self.description(answer)))
            }
            MediaQuestion::SetRemote { provisional, .. } => {
                (if *provisional { "early" } else { "remote" }.to_owned(), MediaAnswer::Applied)
            }
            MediaQuestion::Rollback => ("rollback".to_owned(), MediaAnswer::Applied),
        };
        self.asked.push(short);
        match self.media.pop_front() {
            None => self.agent.media_answered(now, negotiation, usual),
            Some(Some(answer)) => self.agent.media_answered(now, negotiation, answer),
            Some(None) => self.open.push(negotiation),
        }
    }

    pub fn take_events(&mut self) -> Vec<UserAgentEvent> {
        std::mem::take(&mut self.events)
    }

    /// The session of the last incoming call.
    pub fn incoming(&self) -> SessionId {
        let session = self.events.iter().rev().find_map(|event| match event {
            UserAgentEvent::InviteReceived { session, .. } => Some(*session),
            _ => None,
        });
        session.unwrap()
    }

    pub fn ended(&self) -> Option<&rvoip_session_core::EndCause> {
        self.events.iter().rev().find_map(|event| match event {
            UserAgentEvent::Ended { cause, .. } => Some(cause),
            _ => None,
        })
    }
}

/// Two phones, the wire between them, and its ladder.
pub struct Wire {
    pub now: Now,
    pub alice: Phone,
    pub bob: Phone,
    /// First lines of what was sent, with the sender: `a INVITE`, `b 180`.
    pub ladder: Vec<String>,
    /// Whole messages.
    pub messages: Vec<String>,
    /// Drops a message: given the sender and its text.
    pub lose: Box<dyn FnMut(&str, &str) -> bool>,
}

impl Wire {
    pub fn new() -> Self {
        Self {
            now: Now::at(Duration::ZERO),
            alice: Phone::new("alice", "192.0.2.1:5060", 1),
            bob: Phone::new("bob", "192.0.2.2:5060", 2),
            ladder: Vec::new(),
            messages: Vec::new(),
            lose: Box::new(|_, _| false),
        }
    }

    /// Carries messages, with 1 ms each, until nobody has anything to say.
    pub fn settle(&mut self) {
        loop {
            let mut moved = false;
            for from_alice in [true, false] {
                let (from, to) = if from_alice {
                    (&mut self.alice, &mut self.bob)
                } else {
                    (&mut self.bob, &mut self.alice)
                };
                loop {
                    match from.agent.poll_output() {
                        UserAgentOutput::Transmit(transmit) => {
                            moved = true;
                            let text = String::from_utf8(transmit.bytes.to_vec()).unwrap();
                            let line = text.lines().next().unwrap_or_default();
                            let word = line.strip_prefix("SIP/2.0 ").unwrap_or(line);
                            let word = word.split(' ').next().unwrap_or_default();
                            self.ladder.push(format!("{} {word}", &from.name[..1]));
                            self.messages.push(text.clone());
                            if !(self.lose)(from.name, &text) && transmit.destination == to.address {
                                let flow = FlowId::from_platform(FLOW);
                                to.agent.handle_received(self.now, flow, from.address, &transmit.bytes);
                            }
                        }
                        UserAgentOutput::Media(question) => {
                            moved = true;
                            from.answer_media(self.now, question.negotiation, &question.question);
                        }
                        UserAgentOutput::Event(event) => {
                            moved = true;
                            from.events.push(event);
                        }
                        UserAgentOutput::OpenFlow(_)
                        | UserAgentOutput::CloseFlow(_)
                        | UserAgentOutput::Dns(..) => {
                            panic!("phones with addresses on UDP need none of these");
                        }
                        UserAgentOutput::Timeout(_) => break,
                    }
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// Lets time pass, firing every timer at its moment.
    pub fn wait(&mut self, duration: Duration) {
        let end = self.now.later(duration);
        loop {
            self.settle();
            let next = [&mut self.alice, &mut self.bob]
                .into_iter()
                .filter_map(|phone| match phone.agent.poll_output() {
                    UserAgentOutput::Timeout(at) => at,
                    _ => None,
                })
                .min();
            let Some(at) = next.filter(|at| *at <= end.monotonic) else { break };
            self.now = self.now.when(at);
            self.alice.agent.handle_timeout(self.now);
            self.bob.agent.handle_timeout(self.now);
        }
        self.now = end;
    }

    pub fn take_ladder(&mut self) -> Vec<String> {
        self.messages.clear();
        std::mem::take(&mut self.ladder)
    }

    /// Alice calls Bob, who answers.
    pub fn connect(&mut self) -> (SessionId, SessionId) {
        let to = self.bob.uri();
        let a = self.alice.agent.invite(self.now, self.alice.identity, &to);
        self.settle();
        let b = self.bob.incoming();
        self.bob.agent.ring(self.now, b, StatusCode::RINGING);
        self.bob.agent.accept(self.now, b);
        self.settle();
        assert!(self.alice.events.contains(&UserAgentEvent::Established { session: a }));
        assert!(self.bob.events.contains(&UserAgentEvent::Established { session: b }));
        (a, b)
    }

    /// After all that may still be on its way, nothing is left.
    pub fn assert_nothing_lives(&mut self) {
        self.wait(Duration::from_secs(64));
        assert_eq!((self.alice.agent.live(), self.bob.agent.live()), (0, 0));
    }

    /// A request or response of neither phone, as if from the other.
    pub fn inject_to_bob(&mut self, text: &str) {
        let flow = FlowId::from_platform(FLOW);
        self.bob.agent.handle_received(self.now, flow, self.alice.address, text.as_bytes());
        self.settle();
    }
}
