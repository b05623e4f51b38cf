//! A phone: signalling and media, driven by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use rvoip_media_core::tone::Tone;
use rvoip_media_core::{Lane, LocalMedia, MediaConfig, MediaEvent, MediaOutput, MediaSession, Source};
use rvoip_sans_io::{FlowId, FlowOpened, Instant, Now, Protocol, Random};
use rvoip_session_core::{
    EndCause, Identity, IdentityId, MediaAnswer, MediaQuestion, NegotiationId, Question, SessionId,
    UserAgent, UserAgentConfig, UserAgentEvent, UserAgentOutput,
};
use rvoip_sip_core::{NameAddrBuf, StatusCode, SyntaxError, UriBuf};

use crate::network::{Network, Packet};

/// What a phone has been told about its call, and what it has to remember.
#[derive(Debug, Default)]
pub struct Told {
    /// Somebody calls.
    pub rings: bool,
    /// The call was established, and when.
    pub established: Option<Instant>,
    /// How often the end was told.
    pub ended: u32,
    /// When it last did.
    pub over: Option<Instant>,
    /// Why it ended.
    pub cause: Option<EndCause>,
    /// Events of the session after its end.
    pub after_end: u32,
    /// Key presses of the peer.
    pub digits: String,
    /// When keys were pressed here that the peer takes.
    pub pressed: Option<Instant>,
    /// When the peer was put on hold from here.
    pub holding: Option<Instant>,
    /// How often the peer held us.
    pub holds: u32,
    /// The peer's media were taken to be gone.
    pub timed_out: bool,
    /// SIP messages that arrived.
    pub heard: u32,
    /// ACKs among them.
    pub acks: u32,
    /// Whether the registrar has us.
    pub registered: bool,
    /// Whether the peer holds us.
    pub held: bool,
    /// How often a connection was lost that a registration or a call was on.
    pub recovering: u32,
    /// How often that was made good.
    pub recovered: u32,
    /// Packets that the media had received when the call ended, each counted once.
    pub received: u64,
    /// Packets that it had sent.
    pub sent: u64,
    /// How often a registrar took us.
    pub registrations: u32,
    /// How many calls were established.
    pub calls: u32,
}

/// One phone.
#[derive(Debug)]
pub struct Phone {
    /// The signalling.
    pub agent: UserAgent,
    /// The only identity.
    pub identity: IdentityId,
    /// The only call, or the last one.
    pub session: Option<SessionId>,
    /// The calls that have not ended.
    pub sessions: BTreeSet<SessionId>,
    /// The media of calls; those of the last one stay.
    pub media: BTreeMap<SessionId, MediaSession>,
    /// What it was told.
    pub told: Told,
    sip: SocketAddr,
    rtp: SocketAddr,
    random: Random,
    /// Answers of the media side that are not given yet: it takes its time.
    answers: Vec<(Instant, NegotiationId, MediaAnswer)>,
}

const FLOW: u64 = 1;

impl Phone {
    /// A phone that has one UDP socket for SIP at `address`, and its media two thousand ports above.
    ///
    /// # Errors
    /// The name is no user.
    pub fn new(name: &str, address: SocketAddr, now: Now, random: Random) -> Result<Self, SyntaxError> {
        Self::with_config(name, address, now, random, UserAgentConfig::default())
    }

    /// The same with other settings.
    ///
    /// # Errors
    /// The name is no user.
    pub fn with_config(
        name: &str,
        address: SocketAddr,
        now: Now,
        mut random: Random,
        config: UserAgentConfig,
    ) -> Result<Self, SyntaxError> {
        let mut agent = UserAgent::new(config, random.fork());
        let flow = FlowId::from_platform(FLOW);
        agent.handle_flow_opened(
            now,
            &FlowOpened { flow, protocol: Protocol::Udp, local: address, remote: None },
        );
        let aor = NameAddrBuf::parse(&format!("sip:{name}@example.com"))?;
        let identity = agent.add_identity(Identity::new(aor));
        let rtp = SocketAddr::new(address.ip(), address.port() + 2_000);
        Ok(Self {
            agent,
            identity,
            session: None,
            sessions: BTreeSet::new(),
            media: BTreeMap::new(),
            told: Told::default(),
            sip: address,
            rtp,
            random,
            answers: Vec::new(),
        })
    }

    /// The URI at which this phone is called.
    ///
    /// # Errors
    /// None: an address is always a URI.
    pub fn uri(&self) -> Result<UriBuf, SyntaxError> {
        UriBuf::parse(&format!("sip:phone@{}", self.sip))
    }

    /// The media of the last call.
    pub fn media(&mut self) -> Option<&mut MediaSession> {
        self.media.get_mut(&self.session?)
    }

    /// Whether a packet is for this phone.
    pub fn owns(&self, address: SocketAddr) -> bool {
        address.ip() == self.sip.ip()
    }

    /// Takes a packet of the network.
    pub fn receive(&mut self, now: Now, packet: &Packet) {
        let lane = if packet.destination == self.sip {
            self.told.heard += 1;
            self.told.acks += u32::from(packet.bytes.starts_with(b"ACK "));
            return self.agent.handle_received(
                now,
                FlowId::from_platform(FLOW),
                packet.source,
                &packet.bytes,
            );
        } else if packet.destination.port() == self.rtp.port() {
            Lane::Rtp
        } else {
            Lane::Rtcp
        };
        if let Some(media) = self.media() {
            media.handle_packet(now, lane, packet.source, &packet.bytes);
        }
    }

    /// Lets due timers fire and due answers be given.
    pub fn tick(&mut self, now: Now) {
        self.agent.handle_timeout(now);
        if let Some(media) = self.media() {
            media.handle_timeout(now);
        }
        while let Some(at) = self.answers.iter().position(|(due, ..)| *due <= now.monotonic) {
            let (_, negotiation, answer) = self.answers.remove(at);
            self.agent.media_answered(now, negotiation, answer);
        }
    }

    /// Sends what wants to be sent; gives when the phone wants to be called.
    pub fn settle(&mut self, now: Now, network: &mut Network, ladder: &mut Vec<String>) -> Option<Instant> {
        let signalling = loop {
            match self.agent.poll_output() {
                UserAgentOutput::Transmit(transmit) => {
                    let text = String::from_utf8_lossy(&transmit.bytes);
                    let line = text.lines().next().unwrap_or_default();
                    let milliseconds = now.monotonic.duration_since(Instant::ZERO).as_millis();
                    ladder.push(format!("{milliseconds:>7} ms {} {line}", self.sip.ip()));
                    let bytes = transmit.bytes.to_vec();
                    let packet = Packet { source: self.sip, destination: transmit.destination, bytes };
                    network.send(now.monotonic, packet);
                }
                UserAgentOutput::Media(question) => self.question(now, question),
                UserAgentOutput::Event(event) => self.event(now, event),
                // Phones with addresses on UDP need none of these.
                UserAgentOutput::OpenFlow(_) | UserAgentOutput::CloseFlow(_) | UserAgentOutput::Dns(..) => {}
                UserAgentOutput::Timeout(at) => break at,
            }
        };
        let media = self.settle_media(now, network);
        [signalling, media, self.next_answer()].into_iter().flatten().min()
    }

    /// When the media side answers next.
    pub fn next_answer(&self) -> Option<Instant> {
        self.answers.iter().map(|(due, ..)| *due).min()
    }

    fn settle_media(&mut self, now: Now, network: &mut Network) -> Option<Instant> {
        let media = self.media.get_mut(&self.session?)?;
        loop {
            match media.poll_output() {
                MediaOutput::Transmit { lane, destination, bytes } => {
                    let port = self.rtp.port() + u16::from(lane == Lane::Rtcp);
                    let source = SocketAddr::new(self.rtp.ip(), port);
                    network.send(now.monotonic, Packet { source, destination, bytes });
                }
                MediaOutput::Event(MediaEvent::DigitReceived { digit, .. }) => self.told.digits.push(digit),
                MediaOutput::Event(MediaEvent::TimedOut) => self.told.timed_out = true,
                MediaOutput::Event(_) => {}
                MediaOutput::Timeout(at) => return at,
            }
        }
    }

    /// Lets the media side answer a question.
    pub fn question(&mut self, now: Now, question: Question) {
        let media = self.media.entry(question.session).or_insert_with(|| {
            let local =
                LocalMedia { rtp: self.rtp, rtcp: SocketAddr::new(self.rtp.ip(), self.rtp.port() + 1) };
            let mut media = MediaSession::new(now, MediaConfig::default(), local, self.random.fork());
            media.set_source(Source::Tone(Tone::continuous(&[440.0], -10.0)));
            media
        });
        let answer = match question.question {
            MediaQuestion::CreateOffer { direction, .. } => {
                media.create_offer(now, direction).map(MediaAnswer::Description)
            }
            MediaQuestion::CreateAnswer { offer, direction } => {
                media.create_answer(now, &offer, direction).map(MediaAnswer::Description)
            }
            MediaQuestion::SetRemote { answer, .. } => {
                media.set_remote(now, &answer).map(|()| MediaAnswer::Applied)
            }
            MediaQuestion::Rollback => {
                media.rollback();
                Ok(MediaAnswer::Applied)
            }
        };
        let answer = answer.unwrap_or_else(|error| MediaAnswer::Refused {
            status: StatusCode::new(error.status).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR),
            reason: error.reason,
        });
        let takes = Duration::from_millis(self.random.below(60));
        self.answers.push((now.monotonic + takes, question.negotiation, answer));
    }

    /// Takes an event of the signalling.
    pub fn event(&mut self, now: Now, event: UserAgentEvent) {
        if self.told.ended > 0 && !matches!(event, UserAgentEvent::InviteReceived { .. }) {
            self.told.after_end += 1;
        }
        match event {
            UserAgentEvent::InviteReceived { session, .. } => {
                self.session = Some(session);
                self.sessions.insert(session);
                self.told.rings = true;
            }
            UserAgentEvent::Established { session } => {
                self.told.established = Some(now.monotonic);
                self.told.calls += 1;
                if let Some(media) = self.media.get_mut(&session) {
                    media.watch(now);
                }
            }
            UserAgentEvent::Ended { session, cause, .. } => {
                self.sessions.remove(&session);
                self.told.ended += 1;
                self.told.over = Some(now.monotonic);
                self.told.cause = Some(cause);
                if let Some(media) = self.media.get_mut(&session) {
                    media.hang_up(now);
                    let statistics = media.statistics();
                    let received = statistics.received;
                    self.told.received = received.packets.saturating_sub(received.duplicates);
                    self.told.sent = statistics.sent.packets;
                }
                let (live, last) = (&self.sessions, self.session);
                self.media.retain(|of, _| live.contains(of) || Some(*of) == last);
            }
            UserAgentEvent::Registered { .. } => {
                self.told.registered = true;
                self.told.registrations += 1;
            }
            UserAgentEvent::RegistrationFailed { .. } | UserAgentEvent::Unregistered { .. } => {
                self.told.registered = false;
            }
            UserAgentEvent::HoldChanged { remote, .. } => {
                self.told.holds += u32::from(remote && !self.told.held);
                self.told.held = remote;
            }
            UserAgentEvent::Recovering { .. } => self.told.recovering += 1,
            UserAgentEvent::Recovered { .. } => self.told.recovered += 1,
            UserAgentEvent::Progress { .. }
            | UserAgentEvent::Modified { .. }
            | UserAgentEvent::ModifyFailed { .. }
            | UserAgentEvent::RequestAnswered { .. }
            | UserAgentEvent::RequestFailed { .. }
            | UserAgentEvent::MessageReceived { .. }
            | UserAgentEvent::InfoReceived { .. } => {}
        }
    }
}
