//! The stage: a server and two registered phones, on the loopback.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rvoip::{
    Account, Bind, Client, ClientConfig, Error, ErrorKind, MediaConfig, Result, TransportKind, WireEntry,
    WireTap,
};
use rvoip_call_engine::{Listen, RunningSwitch, SwitchConfig, TlsConfig, TransportConfig};
use rvoip_certificates::{Authority, CertificateError, Issued};

use super::ladder::{Party, Seen};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const HOST: &str = "127.0.0.1";

/// A registered phone.
pub(super) struct Phone {
    pub(super) client: Client,
    pub(super) account: Account,
    /// The address of record.
    pub(super) uri: String,
}

/// The server and the phones.
pub(super) struct Stage {
    pub(super) alice: Phone,
    pub(super) bob: Phone,
    server: RunningSwitch,
    /// What the server and each phone saw, which have addresses in common with the server alone.
    wires: [Wire; 3],
}

/// What went over the wire at one place.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Vec<Seen>>>);

impl Wire {
    fn tap(&self) -> WireTap {
        let seen = Self::clone(self);
        WireTap::new(move |entry| {
            seen.0.lock().unwrap_or_else(PoisonError::into_inner).push(witness(entry));
        })
    }

    fn seen(&self) -> Vec<Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The addresses that the one with the tap has.
    fn own(&self, others: &[SocketAddr]) -> Vec<SocketAddr> {
        let all = self.seen().into_iter().flat_map(|seen| [seen.from, seen.to]);
        let mut own: Vec<SocketAddr> = all.filter(|address| !others.contains(address)).collect();
        own.sort_unstable();
        own.dedup();
        own
    }
}

impl Stage {
    pub(super) async fn build(
        transports: [TransportKind; 2],
        folder: &Path,
        say: &impl Fn(&str),
    ) -> Result<Self> {
        let wires = [Wire::default(), Wire::default(), Wire::default()];
        let [server_wire, alice_wire, bob_wire] = &wires;
        let mut config = SwitchConfig::for_domain(HOST);
        for (user, password) in [("alice", "wonderland"), ("bob", "builder")] {
            config.users.insert(user.to_owned(), rvoip_sip_core::Password::new(password));
        }
        let (authority, issued) =
            certificates().map_err(|error| ErrorKind::Internal.error(error.to_string()))?;
        let ca = folder.join("demo-authority.pem");
        if transports.iter().any(|transport| matches!(transport, TransportKind::Tls | TransportKind::Wss)) {
            let written = std::fs::write(&ca, authority.pem());
            written.map_err(|error| ErrorKind::FileFailed.error(format!("{}: {error}", ca.display())))?;
        }
        let tls = TlsConfig {
            certificate: Some(issued.chain.into_bytes()),
            key: Some(issued.key.into_bytes()),
            ..TlsConfig::default()
        };
        let settings = TransportConfig { tls, ..TransportConfig::default() };
        let server =
            rvoip_call_engine::start(config, Listen::all(LOOPBACK), settings, Some(server_wire.tap()))
                .map_err(|error| {
                    ErrorKind::BindFailed.error(format!("the server cannot be started: {error}"))
                })?;
        let listens = server.listens().await.map_err(internal)?;
        let places: Vec<String> =
            listens.iter().map(|listen| format!("{} {}", listen.protocol, listen.address.port())).collect();
        say(&format!("a registrar and proxy listens on {HOST}: {}", places.join(", ")));
        let [first, second] = transports;
        let alice = phone("alice", "wonderland", first, &listens, &ca, alice_wire).await?;
        say(&format!("alice registered with her password, over {}", name(first)));
        let bob = phone("bob", "builder", second, &listens, &ca, bob_wire).await?;
        say(&format!("bob registered with his, over {}", name(second)));
        Ok(Self { alice, bob, server, wires })
    }

    pub(super) async fn parties(&self) -> Result<[Party; 3]> {
        let listens = self.server.listens().await.map_err(internal)?;
        let server: Vec<SocketAddr> = listens.iter().map(|listen| listen.address).collect();
        let [_, alice, bob] = &self.wires;
        let (alice, bob) = (alice.own(&server), bob.own(&server));
        Ok([
            Party { name: "alice", addresses: alice },
            Party { name: "server", addresses: server },
            Party { name: "bob", addresses: bob },
        ])
    }

    /// What went over the wire, from the first message on: everything passes the server.
    pub(super) fn seen(&self) -> Vec<Seen> {
        let [server, ..] = &self.wires;
        let mut seen = server.seen();
        let first = seen.first().map_or(Duration::ZERO, |first| first.at);
        for message in &mut seen {
            message.at = message.at.saturating_sub(first);
        }
        seen
    }

    pub(super) async fn close(&self) -> Result<()> {
        self.alice.client.close().await?;
        self.bob.client.close().await?;
        self.server.close().await.map_err(internal)
    }
}

fn internal(error: impl std::fmt::Display) -> Error {
    ErrorKind::Internal.error(error.to_string())
}

/// An authority of the demo alone, and the server's certificate.
fn certificates() -> std::result::Result<(Authority, Issued), CertificateError> {
    let authority = Authority::new("rvoip demo")?;
    let issued = authority.issue(&[HOST, "localhost"])?;
    Ok((authority, issued))
}

fn witness(entry: &WireEntry) -> Seen {
    let (from, to) = if entry.incoming { (entry.remote, entry.local) } else { (entry.local, entry.remote) };
    Seen { at: entry.time, from, to, text: entry.text.clone() }
}

/// A transport as a URI names it.
fn name(transport: TransportKind) -> &'static str {
    match transport {
        TransportKind::Udp => "udp",
        TransportKind::Tcp => "tcp",
        TransportKind::Tls => "tls",
        TransportKind::Ws => "ws",
        TransportKind::Wss => "wss",
    }
}

async fn phone(
    user: &str,
    password: &str,
    transport: TransportKind,
    listens: &[Listen],
    ca: &Path,
    wire: &Wire,
) -> Result<Phone> {
    let binds = vec![Bind { transport: TransportKind::Udp, address: SocketAddr::new(LOOPBACK, 0) }];
    let mut config = ClientConfig {
        binds,
        media: MediaConfig { statistics_interval: Duration::ZERO, ..MediaConfig::default() },
        ..ClientConfig::default()
    };
    if transport == TransportKind::Tls || transport == TransportKind::Wss {
        config.tls.ca = Some(ca.display().to_string());
    }
    let client = Client::builder().config(config).wire_tap(wire.tap()).build().await?;
    let uri = format!("sip:{user}@{HOST}");
    let wanted = name(transport);
    let server = listens.iter().find(|listen| listen.protocol.via_name().eq_ignore_ascii_case(wanted));
    let port = server.map_or(0, |listen| listen.address.port());
    let proxy = match transport {
        TransportKind::Ws | TransportKind::Wss => format!("{wanted}://{HOST}:{port}"),
        TransportKind::Udp | TransportKind::Tcp | TransportKind::Tls => {
            format!("sip:{HOST}:{port};transport={wanted}")
        }
    };
    let account = client.account(&uri).password(password).outbound_proxy(proxy).register().await?;
    Ok(Phone { client, account, uri })
}
