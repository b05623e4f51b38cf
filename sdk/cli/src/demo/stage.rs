//! The stage: a server and two registered phones, on the loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rvoip::{
    Account, Bind, Client, ClientConfig, ErrorKind, Event, Events, MediaConfig, Result, TransportKind,
    WireEntry, WireTap,
};
use rvoip_call_engine::{Listen, RunningSwitch, SwitchConfig, TlsConfig};

use super::ladder::{Party, Seen};

/// What both phones say.
pub(super) const SPEECH: &[u8] = include_bytes!("../../assets/speech.wav");

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A registered phone.
pub(super) struct Phone {
    pub(super) client: Client,
    pub(super) account: Account,
    /// The address of record.
    pub(super) uri: String,
    local: SocketAddr,
}

/// The server and the phones.
pub(super) struct Stage {
    pub(super) alice: Phone,
    pub(super) bob: Phone,
    server: RunningSwitch,
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Stage {
    pub(super) async fn build(say: &impl Fn(&str)) -> Result<Self> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        // Everything passes the server, so what it sees is the whole ladder.
        let tap = WireTap::new({
            let seen = Arc::clone(&seen);
            move |entry| seen.lock().unwrap_or_else(PoisonError::into_inner).push(witness(entry))
        });
        let mut config = SwitchConfig::for_domain("127.0.0.1");
        for (user, password) in [("alice", "wonderland"), ("bob", "builder")] {
            config.users.insert(user.to_owned(), rvoip_sip_core::Password::new(password));
        }
        let server = rvoip_call_engine::start(config, Listen::plain(ANY), TlsConfig::default(), Some(tap))
            .map_err(|error| ErrorKind::BindFailed.error(format!("the server cannot be started: {error}")))?;
        let address = listening(&server).await?;
        say(&format!("a registrar and proxy listens on {address}"));
        let alice = phone("alice", "wonderland", address).await?;
        say("alice registered with her password");
        let bob = phone("bob", "builder", address).await?;
        say("bob registered with his");
        Ok(Self { alice, bob, server, address, seen })
    }

    pub(super) fn parties(&self) -> [Party; 3] {
        [
            Party { name: "alice", addresses: vec![self.alice.local] },
            Party { name: "server", addresses: vec![self.address] },
            Party { name: "bob", addresses: vec![self.bob.local] },
        ]
    }

    /// What went over the wire, from the first message on.
    pub(super) fn seen(&self) -> Vec<Seen> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let first = seen.first().map_or(Duration::ZERO, |first| first.at);
        for message in &mut seen {
            message.at = message.at.saturating_sub(first);
        }
        seen
    }

    pub(super) async fn close(&self) -> Result<()> {
        self.alice.client.close().await?;
        self.bob.client.close().await?;
        self.server.close().await.map_err(|error| ErrorKind::Internal.error(error.to_string()))
    }
}

fn witness(entry: &WireEntry) -> Seen {
    let (from, to) = if entry.incoming { (entry.remote, entry.local) } else { (entry.local, entry.remote) };
    Seen { at: entry.time, from, to, text: entry.text.clone() }
}

async fn listening(server: &RunningSwitch) -> Result<SocketAddr> {
    let events = server.events();
    let waiting = async {
        loop {
            events.ready().await;
            for event in events.take_events() {
                if let rvoip_call_engine::SwitchEvent::Listening { address, .. } = event
                    && let Ok(address) = address.parse()
                {
                    return address;
                }
            }
        }
    };
    let address = tokio::time::timeout(Duration::from_secs(5), waiting).await;
    address.map_err(|_| ErrorKind::TimedOut.error("the server does not listen"))
}

async fn phone(user: &str, password: &str, server: SocketAddr) -> Result<Phone> {
    let config = ClientConfig {
        binds: vec![Bind { transport: TransportKind::Udp, address: ANY }],
        media: MediaConfig { statistics_interval: Duration::ZERO, ..MediaConfig::default() },
        ..ClientConfig::default()
    };
    let client = Client::builder().config(config).build().await?;
    let mut events: Events = client.events();
    let uri = format!("sip:{user}@127.0.0.1");
    let account = client
        .account(&uri)
        .password(password)
        .registrar(format!("sip:127.0.0.1:{}", server.port()))
        .outbound_proxy(format!("sip:127.0.0.1:{}", server.port()))
        .register()
        .await?;
    let local = loop {
        match events.next().await {
            Some(Event::Listening { address, .. }) => {
                break address.parse().map_err(|_| ErrorKind::Internal.error("a phone has no address"))?;
            }
            Some(_) => {}
            None => return Err(ErrorKind::Closed.error("a phone closed")),
        }
    };
    Ok(Phone { client, account, uri, local })
}
