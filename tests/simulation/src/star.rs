//! Two phones and a switch between them on a virtual clock, each phone on a transport of its own.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rvoip_call_engine::{Switch, SwitchConfig};
use rvoip_sans_io::{
    DnsError, FlowId, FlowOpened, Input, Instant, Machine as _, Now, Output, Protocol, Random,
};
use rvoip_session_core::{Credentials, Identity, UserAgentConfig, UserAgentOutput};
use rvoip_sip_core::{NameAddrBuf, Password, SyntaxError, UriBuf};

use crate::phone::Phone;
use crate::wire::{Tamper, Wire};

/// Where the switch listens, by transport.
pub const LISTENS: [(Protocol, u16); 5] = [
    (Protocol::Udp, 5_060),
    (Protocol::Tcp, 5_060),
    (Protocol::Tls, 5_061),
    (Protocol::Ws, 80),
    (Protocol::Wss, 443),
];
const SWITCH: [u8; 4] = [192, 0, 2, 10];
/// How long everything takes on its way.
const DELAY: Duration = Duration::from_millis(10);

/// A way between a phone and the switch.
#[derive(Clone, Copy, Debug)]
struct Link {
    phone: usize,
    at_phone: FlowId,
    at_switch: FlowId,
    /// The phone's end.
    address: SocketAddr,
}

/// Bytes on their way.
#[derive(Clone, Debug)]
struct Message {
    link: Link,
    to_switch: bool,
    bytes: Vec<u8>,
}

/// What a star is made with.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Of both phones.
    pub phone: UserAgentConfig,
    /// Requests that may be on their way through the switch at once; the switch's own limit where it is none.
    pub forwarded: Option<usize>,
}

/// The phones, the switch and what is under way between them.
#[derive(Debug)]
pub struct Star {
    /// The time.
    pub now: Now,
    /// The phones: alice and bob.
    pub phones: [Phone; 2],
    /// The switch between them.
    pub switch: Switch,
    /// First lines of all messages, with who sent them.
    pub ladder: Vec<String>,
    links: Vec<Link>,
    /// What each connection has brought so far, by its name at the switch: towards the switch, towards the phone.
    wires: BTreeMap<FlowId, [Wire; 2]>,
    under_way: BTreeMap<(Instant, u64), Message>,
    sent: u64,
    /// Whether connections can be opened.
    reachable: bool,
    /// Where the switch wanted to connect to.
    pub refused: Vec<SocketAddr>,
    /// Who changes what is sent.
    pub tamper: Option<Tamper>,
}

impl Star {
    /// Phones that are not registered yet.
    ///
    /// # Errors
    /// None: all names and addresses are good.
    pub fn new(seed: u64, transports: [Protocol; 2]) -> Result<Self, SyntaxError> {
        Self::with_settings(seed, transports, &Settings::default())
    }

    /// The same with other settings.
    ///
    /// # Errors
    /// None: all names and addresses are good.
    pub fn with_settings(
        seed: u64,
        transports: [Protocol; 2],
        settings: &Settings,
    ) -> Result<Self, SyntaxError> {
        let (now, mut random) = (Now::at(Duration::ZERO), Random::from_number(seed));
        let mut config = SwitchConfig::for_domain("example.com");
        for user in ["alice", "bob"] {
            config.users.insert(user.to_owned(), Password::new(user));
        }
        config.forwarded = settings.forwarded.unwrap_or(config.forwarded);
        let mut switch = Switch::new(config, random.fork());
        for (number, (protocol, port)) in (1..).zip(LISTENS) {
            let local = SocketAddr::from((SWITCH, port));
            let opened = FlowOpened { flow: FlowId::from_platform(number), protocol, local, remote: None };
            switch.handle_input(now, Input::FlowOpened(opened));
        }
        let mut phone = |name: &str, host: u8, protocol: Protocol| -> Result<Phone, SyntaxError> {
            let address = SocketAddr::from(([192, 0, 2, host], 5_060));
            let mut phone = Phone::with_config(name, address, now, random.fork(), settings.phone.clone())?;
            let port =
                LISTENS.iter().find(|(listens, _)| *listens == protocol).map_or(5_060, |(_, port)| *port);
            let server =
                format!("sip:192.0.2.10:{port};transport={}", protocol.via_name().to_ascii_lowercase());
            let mut identity = Identity::new(NameAddrBuf::parse(&format!("sip:{name}@example.com"))?);
            identity.credentials =
                Some(Credentials { username: name.to_owned(), password: Password::new(name) });
            identity.outbound_proxy = Some(UriBuf::parse(&server)?);
            phone.identity = phone.agent.add_identity(identity);
            Ok(phone)
        };
        let phones = [phone("alice", 1, transports[0])?, phone("bob", 2, transports[1])?];
        let datagrams = |phone: usize, address: SocketAddr| Link {
            phone,
            at_phone: FlowId::from_platform(1),
            at_switch: FlowId::from_platform(1),
            address,
        };
        let links = vec![
            datagrams(0, SocketAddr::from(([192, 0, 2, 1], 5_060))),
            datagrams(1, SocketAddr::from(([192, 0, 2, 2], 5_060))),
        ];
        let (ladder, wires, under_way) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Ok(Self {
            now,
            phones,
            switch,
            ladder,
            links,
            wires,
            under_way,
            sent: 0,
            reachable: true,
            refused: Vec::new(),
            tamper: None,
        })
    }

    /// Registers both phones and lets that be done.
    pub fn register(&mut self) {
        for phone in &mut self.phones {
            phone.agent.register(self.now, phone.identity);
        }
        self.pass(Duration::from_secs(2));
    }

    /// One phone calls the other.
    ///
    /// # Errors
    /// None: the address is good.
    pub fn call(&mut self, caller: usize) -> Result<(), SyntaxError> {
        let to = UriBuf::parse(if caller == 0 { "sip:bob@example.com" } else { "sip:alice@example.com" })?;
        let now = self.now;
        if let Some(phone) = self.phones.get_mut(caller) {
            phone.session = Some(phone.agent.invite(now, phone.identity, &to));
        }
        self.pass(Duration::from_secs(1));
        Ok(())
    }

    /// The connections of a phone are gone, and both ends know; new ones can be opened or not.
    pub fn cut(&mut self, phone: usize, reachable: bool) {
        self.reachable = reachable;
        let cut: Vec<Link> =
            self.links.iter().copied().filter(|link| link.phone == phone && link.is_connection()).collect();
        for link in cut {
            self.end(link);
        }
        self.settle();
    }

    /// A connection is gone, and both ends know.
    fn end(&mut self, link: Link) {
        if !link.is_connection() {
            return;
        }
        self.links.retain(|one| one.at_switch != link.at_switch);
        self.wires.remove(&link.at_switch);
        self.under_way.retain(|_, message| message.link.at_switch != link.at_switch);
        if let Some(phone) = self.phones.get_mut(link.phone) {
            phone.agent.handle_flow_failed(self.now, link.at_phone, "cut");
        }
        let failed = Input::FlowFailed { flow: link.at_switch, reason: "cut".to_owned() };
        self.switch.handle_input(self.now, failed);
    }

    /// Somebody on the wires sends a message that nobody wrote; on a connection half of those that are left incomplete end it,
    /// as a transport does after a while.
    pub fn intrude(&mut self, random: &mut Random) {
        let Some(bytes) = self.tamper.as_mut().map(Tamper::make_up) else { return };
        let index = usize::try_from(random.below(self.links.len() as u64)).unwrap_or(0);
        let Some(link) = self.links.get(index).copied() else { return };
        let to_switch = random.chance(0.5);
        self.hand(link, to_switch, &bytes);
        let wires = self.wires.get(&link.at_switch);
        if wires.is_some_and(|wires| wires.iter().any(Wire::is_waiting)) && random.chance(0.5) {
            self.end(link);
        }
        self.settle();
    }

    /// Connections can be opened again.
    pub fn heal(&mut self) {
        self.reachable = true;
    }

    /// Does something with a phone and lets it take effect.
    pub fn with(&mut self, phone: usize, act: impl FnOnce(&mut Phone, Now)) {
        let now = self.now;
        if let Some(phone) = self.phones.get_mut(phone) {
            act(phone, now);
        }
        self.pass(Duration::from_secs(1));
    }

    /// Lets time pass.
    pub fn pass(&mut self, duration: Duration) {
        let end = self.now.monotonic + duration;
        loop {
            let next = [self.settle(), self.under_way.first_key_value().map(|((at, _), _)| *at)];
            let Some(next) = next.into_iter().flatten().min().filter(|next| *next <= end) else { break };
            self.now = self.now.when(next.max(self.now.monotonic));
            self.deliver();
            for phone in &mut self.phones {
                phone.tick(self.now);
            }
            self.switch.handle_timeout(self.now);
        }
        self.now = self.now.when(end);
    }

    /// How much lives anywhere; 0 when nothing is on its way.
    pub fn live(&self) -> usize {
        self.switch.live() + self.phones.iter().map(|phone| phone.agent.live()).sum::<usize>()
    }

    fn deliver(&mut self) {
        while let Some(entry) =
            self.under_way.first_entry().filter(|entry| entry.key().0 <= self.now.monotonic)
        {
            let Message { link, to_switch, bytes } = entry.remove();
            self.hand(link, to_switch, &bytes);
        }
    }

    /// Bytes arrive at one end of a link.
    fn hand(&mut self, link: Link, to_switch: bool, bytes: &[u8]) {
        let wire =
            self.wires.get_mut(&link.at_switch).map(|[there, here]| if to_switch { there } else { here });
        let (whole, goes_on) = match wire {
            Some(wire) => wire.take(bytes),
            None => (vec![bytes::Bytes::copy_from_slice(bytes)], true),
        };
        for bytes in whole {
            if to_switch {
                let source = link.address;
                let received = Input::Received { flow: link.at_switch, source, bytes: &bytes };
                self.switch.handle_input(self.now, received);
            } else if let Some(phone) = self.phones.get_mut(link.phone) {
                let source = SocketAddr::from((SWITCH, link.port()));
                phone.agent.handle_received(self.now, link.at_phone, source, &bytes);
            }
        }
        if !goes_on {
            self.end(link);
        }
    }

    fn send(&mut self, link: Link, to_switch: bool, bytes: &[u8]) {
        let first = String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned();
        let who = ["alice", "bob"].get(link.phone).copied().unwrap_or_default();
        let arrow = if to_switch { "->" } else { "<-" };
        self.ladder.push(format!("{:?} {who} {arrow} {first}", self.now.monotonic));
        self.sent += 1;
        let mut bytes = bytes.to_vec();
        if let Some(tamper) = &mut self.tamper {
            tamper.pass(&mut bytes);
        }
        let message = Message { link, to_switch, bytes };
        self.under_way.insert((self.now.monotonic + DELAY, self.sent), message);
    }

    /// Carries out what everybody wants; gives when somebody wants to be called.
    fn settle(&mut self) -> Option<Instant> {
        let mut wanted = Vec::new();
        for index in 0..self.phones.len() {
            wanted.extend(self.settle_phone(index));
        }
        loop {
            match self.switch.poll_output() {
                Output::Transmit(transmit) => {
                    let link =
                        self.links.iter().copied().find(|link| {
                            link.at_switch == transmit.flow && link.address == transmit.destination
                        });
                    if let Some(link) = link {
                        self.send(link, false, &transmit.bytes);
                    }
                }
                Output::Timeout(at) => {
                    wanted.extend(at);
                    return wanted.into_iter().min();
                }
                // Nobody listens for connections, and no name leads anywhere.
                Output::OpenFlow(open) => {
                    self.refused.push(open.remote);
                    let failed =
                        Input::FlowFailed { flow: open.flow, reason: "connection refused".to_owned() };
                    self.switch.handle_input(self.now, failed);
                }
                Output::Dns(id, _) => {
                    self.switch.handle_input(self.now, Input::Dns(id, Err(DnsError::NoSuchName)));
                }
                Output::CloseFlow(flow) => {
                    let link = self.links.iter().copied().find(|link| link.at_switch == flow);
                    if let Some(link) = link {
                        self.end(link);
                    }
                }
                Output::Done(..) | Output::Event(_) | Output::Closed => {}
                Output::Media(request) => match request {},
            }
        }
    }

    fn settle_phone(&mut self, index: usize) -> Option<Instant> {
        loop {
            let phone = self.phones.get_mut(index)?;
            match phone.agent.poll_output() {
                UserAgentOutput::Transmit(transmit) => {
                    let mut links = self.links.iter().copied();
                    let link = links.find(|link| link.phone == index && link.at_phone == transmit.flow);
                    if let Some(link) = link {
                        self.send(link, true, &transmit.bytes);
                    }
                }
                UserAgentOutput::OpenFlow(open)
                    if !self.reachable || open.remote.ip() != IpAddr::from(SWITCH) =>
                {
                    phone.agent.handle_flow_failed(self.now, open.flow, "unreachable");
                }
                UserAgentOutput::OpenFlow(open) => {
                    let number = 100 + self.sent;
                    self.sent += 1;
                    let port = 40_000 + u16::try_from(number % 20_000).unwrap_or(0);
                    let host = u8::try_from(index).unwrap_or(0) + 1;
                    let address = SocketAddr::from(([192, 0, 2, host], port));
                    let at_switch = FlowId::from_platform(number << 16 | u64::from(open.remote.port()));
                    let link = Link { phone: index, at_phone: open.flow, at_switch, address };
                    self.links.push(link);
                    self.wires.insert(at_switch, [Wire::new(open.protocol), Wire::new(open.protocol)]);
                    let opened = FlowOpened {
                        flow: open.flow,
                        protocol: open.protocol,
                        local: address,
                        remote: Some(open.remote),
                    };
                    phone.agent.handle_flow_opened(self.now, &opened);
                    let accepted =
                        FlowOpened { flow: at_switch, local: open.remote, remote: Some(address), ..opened };
                    self.switch.handle_input(self.now, Input::FlowOpened(accepted));
                }
                UserAgentOutput::Media(question) => phone.question(self.now, question),
                UserAgentOutput::Event(event) => phone.event(self.now, event),
                UserAgentOutput::CloseFlow(flow) => {
                    let of_phone = |link: &Link| link.phone == index && link.at_phone == flow;
                    if let Some(link) = self.links.iter().copied().find(of_phone) {
                        self.end(link);
                    }
                }
                UserAgentOutput::Dns(id, _) => {
                    phone.agent.handle_dns(self.now, id, Err(DnsError::NoSuchName));
                }
                UserAgentOutput::Timeout(at) => {
                    return [at, phone.next_answer()].into_iter().flatten().min();
                }
            }
        }
    }
}

impl Link {
    /// Whether it is a connection, and not the datagrams of a phone.
    fn is_connection(self) -> bool {
        self.at_switch != FlowId::from_platform(1)
    }

    /// The port of the switch.
    fn port(self) -> u16 {
        if !self.is_connection() {
            return 5_060;
        }
        u16::try_from(self.at_switch.to_bits() & 0xffff).unwrap_or(0)
    }
}
