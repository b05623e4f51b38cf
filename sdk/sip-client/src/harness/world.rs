//! The simulated network and its clients.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use rvoip_driver::clock::VirtualClock;
use rvoip_driver::{
    DnsAnswer, DnsError, DnsQuestion, Driving, FlowId, FlowOpened, Hub, Instant, IoInput, IoOutput, Protocol,
    Random,
};
use rvoip_sans_io::RecordType;

use super::media::SimulatedMedia;
use super::network::{Inbound, Network};
use super::peer::{Peer, Received};
use crate::ClientConfig;
use crate::agent::Agent;

/// Where the scripted peer is; every name leads there, unless it is of a special kind.
pub(super) const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)), 5_060);
/// Where nobody answers: names that begin with `silent`.
const SILENT: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 9));
/// Turns of what happens at one moment; more is a loop without end.
const TURNS: u32 = 100_000;

/// What happens at one moment goes on without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Endless;

/// The turns that are left of a moment.
#[derive(Debug)]
struct Moment(u32);

impl Moment {
    fn turn(&mut self) -> Result<(), Endless> {
        self.0 = self.0.checked_sub(1).ok_or(Endless)?;
        Ok(())
    }
}

/// A message on its way to a client.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    pub(super) client: usize,
    pub(super) flow: FlowId,
    pub(super) bytes: Bytes,
}

#[derive(Debug)]
pub(super) struct Member {
    driving: Driving<Agent>,
    pub(super) address: Ipv4Addr,
    pub(super) media: SimulatedMedia,
    /// Connections that are open.
    pub(super) connections: Vec<FlowId>,
    last_port: u16,
    timeout: Option<Instant>,
}

impl Member {
    /// The flow of datagrams.
    pub(super) fn datagrams() -> FlowId {
        FlowId::from_platform(1)
    }

    /// Whether something can still arrive by a flow.
    fn has(&self, flow: FlowId) -> bool {
        flow == Self::datagrams() || self.connections.contains(&flow)
    }

    /// A fault of the client's own ends it.
    pub(super) fn break_down(&self) {
        self.driving.fail();
    }

    pub(super) fn fail(&mut self, flow: FlowId, reason: &str) {
        self.connections.retain(|open| *open != flow);
        self.driving.give(IoInput::FlowFailed { flow, reason: reason.to_owned() });
    }
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) clock: VirtualClock,
    random: Random,
    pub(super) members: Vec<Member>,
    pub(super) peer: Peer,
    pub(super) network: Network,
    /// Turns that may pass at one moment.
    pub(super) turns: u32,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::from_number(seed);
        let peer = Peer::new(random.fork());
        Self {
            clock: VirtualClock::default(),
            random,
            members: Vec::new(),
            peer,
            network: Network::default(),
            turns: TURNS,
        }
    }

    /// Where the next client is.
    pub(super) fn next_address(&self) -> Ipv4Addr {
        let number = u8::try_from(self.members.len() + 1).unwrap_or(u8::MAX);
        Ipv4Addr::new(192, 0, 2, number)
    }

    pub(super) fn add(&mut self, config: ClientConfig) -> Hub<Agent> {
        let agent = Agent::new(config, self.random.fork());
        let (hub, driving) = Hub::with_virtual_clock(agent, self.clock.clone());
        let address = self.next_address();
        driving.give(IoInput::FlowOpened(FlowOpened {
            flow: Member::datagrams(),
            protocol: Protocol::Udp,
            local: SocketAddr::new(address.into(), 5_060),
            remote: None,
        }));
        self.members.push(Member {
            driving,
            address,
            media: SimulatedMedia::new(address),
            connections: Vec::new(),
            last_port: 40_000,
            timeout: None,
        });
        hub
    }

    /// Carries out everything that is wanted at this moment, until nobody wants anything.
    pub(super) fn settle(&mut self) -> Result<(), Endless> {
        self.settle_within(&mut Moment(self.turns))
    }

    fn settle_within(&mut self, moment: &mut Moment) -> Result<(), Endless> {
        loop {
            let mut busy = false;
            for index in 0..self.members.len() {
                busy |= self.carry_out(index);
            }
            busy |= self.transport();
            if !busy {
                return Ok(());
            }
            moment.turn()?;
        }
    }

    /// Brings what arrives at this moment.
    fn transport(&mut self) -> bool {
        let now = self.clock.now();
        let mut busy = false;
        while let Some(received) = self.network.to_peer.receive(now.monotonic) {
            busy = true;
            self.peer.receive(received);
        }
        for packet in self.peer.outgoing.drain(..) {
            self.network.to_client.send(now.monotonic, Inbound::Message(packet));
        }
        while let Some(inbound) = self.network.to_client.receive(now.monotonic) {
            busy = true;
            match inbound {
                Inbound::Message(Packet { client, flow, bytes }) => {
                    if let Some(member) = self.members.get(client).filter(|member| member.has(flow)) {
                        member.driving.give(IoInput::Received { flow, source: PEER, bytes });
                    }
                }
                Inbound::Media { client, call, heard } => {
                    if let Some(member) = self.members.get_mut(client) {
                        member.media.hear(now, call, heard);
                    }
                }
            }
        }
        busy
    }

    fn carry_out(&mut self, index: usize) -> bool {
        let now = self.clock.now();
        let Some(member) = self.members.get_mut(index) else { return false };
        let (outputs, timeout) = member.driving.take();
        member.timeout = timeout;
        let mut busy = !outputs.is_empty();
        for output in outputs {
            match output {
                IoOutput::Transmit(transmit) => {
                    let silent = transmit.destination.ip() == SILENT;
                    if !silent {
                        let (flow, bytes) = (transmit.flow, transmit.bytes);
                        let received = Received { client: index, flow, bytes };
                        self.network.to_peer.send(now.monotonic, received);
                    }
                }
                IoOutput::OpenFlow(open) => {
                    if open.remote.ip() == SILENT {
                        continue;
                    }
                    if self.peer.refuses {
                        let reason = "the connection was refused".to_owned();
                        member.driving.give(IoInput::FlowFailed { flow: open.flow, reason });
                        continue;
                    }
                    member.last_port += 1;
                    member.connections.push(open.flow);
                    member.driving.give(IoInput::FlowOpened(FlowOpened {
                        flow: open.flow,
                        protocol: open.protocol,
                        local: SocketAddr::new(member.address.into(), member.last_port),
                        remote: Some(open.remote),
                    }));
                }
                IoOutput::CloseFlow(flow) => member.connections.retain(|open| *open != flow),
                IoOutput::Dns(id, question) => {
                    let answer = look_up(&question);
                    member.driving.give(IoInput::Dns(id, answer));
                }
                IoOutput::Media(request) => member.media.request(now, request),
            }
        }
        while let Some(report) = member.media.reports.pop_front() {
            busy = true;
            member.driving.give(IoInput::Media(report));
        }
        busy
    }

    pub(super) fn advance(&mut self, by: Duration) -> Result<(), Endless> {
        let end = self.clock.now().after(by);
        let mut moment = Moment(self.turns);
        self.settle_within(&mut moment)?;
        loop {
            let timeouts = self.members.iter().filter_map(|member| member.timeout);
            let media = self.members.iter().filter_map(|member| member.media.next());
            let arrival = self.network.next();
            let Some(at) = timeouts.chain(media).chain(arrival).min().filter(|at| *at <= end) else { break };
            if at > self.clock.now().monotonic {
                moment = Moment(self.turns);
                self.clock.move_to(at);
            }
            // So that a timer which is set for the same moment again and again is no silent loop.
            moment.turn()?;
            let now = self.clock.now();
            for member in &mut self.members {
                if member.timeout.is_some_and(|at| at <= now.monotonic) {
                    member.timeout = None;
                    member.driving.give(IoInput::Timeout);
                }
                member.media.tick(now);
            }
            self.settle_within(&mut moment)?;
        }
        self.clock.move_to(end);
        self.settle()
    }

    pub(super) fn waiting(&self) -> (usize, usize) {
        self.members
            .iter()
            .map(|member| member.driving.waiting())
            .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    pub(super) fn submitted(&self) -> u64 {
        self.members.iter().map(|member| member.driving.submitted()).sum()
    }
}

/// Every name leads to the peer, but those that begin with `unreachable` to nowhere and with `silent` to nobody.
fn look_up(question: &DnsQuestion) -> Result<DnsAnswer, DnsError> {
    if question.name.starts_with("unreachable") {
        return Err(DnsError::NoSuchName);
    }
    let address = if question.name.starts_with("silent") { SILENT } else { PEER.ip() };
    Ok(match question.record {
        RecordType::A => DnsAnswer::Addresses(vec![address]),
        RecordType::Aaaa => DnsAnswer::Addresses(Vec::new()),
        RecordType::Srv => DnsAnswer::Services(Vec::new()),
        RecordType::Naptr => DnsAnswer::Pointers(Vec::new()),
    })
}
