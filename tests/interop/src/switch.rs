//! Our own registrar and proxy, on all five transports, for the users and the domain that Kamailio has.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rvoip_call_engine::{Listen, Protocol, RunningSwitch, SwitchConfig, TlsConfig, TransportConfig};
use rvoip_certificates::Authority;
use rvoip_sip_core::{Algorithm, Password};
use tokio::runtime::Runtime;

use crate::kamailio::{DOMAIN, PASSWORD, account_words};
use crate::wait::{LIMIT, wait_until};

/// The users of Kamailio and of our switch.
pub const USERS: [&str; 4] = ["alice", "bob", "carol", "dave"];

/// Our switch, until it is dropped.
#[derive(Debug)]
pub struct OwnSwitch {
    runtime: Runtime,
    switch: RunningSwitch,
    listens: Vec<Listen>,
    authority: PathBuf,
}

impl OwnSwitch {
    /// Starts it on free ports of the loopback; its authority's certificate is written into `folder`.
    pub fn start(folder: &Path) -> Result<Self> {
        let mut config = SwitchConfig::for_domain(DOMAIN);
        config.domains.extend(["localhost", "127.0.0.1"].map(str::to_owned));
        // The baresip of Debian gives up at a challenge by another algorithm, even beside one by MD5.
        config.algorithms = vec![Algorithm::Md5];
        for user in USERS {
            config.users.insert(user.to_owned(), Password::new(PASSWORD));
        }
        let authority = Authority::new("rvoip-testbed")?;
        let server = authority.issue(&["localhost", "127.0.0.1", DOMAIN])?;
        let file = folder.join("authority.pem");
        std::fs::write(&file, authority.pem())?;
        let tls = TlsConfig {
            certificate: Some(server.chain.into_bytes()),
            key: Some(server.key.into_bytes()),
            ..TlsConfig::default()
        };
        let transports = TransportConfig { tls, ..TransportConfig::default() };
        let runtime = Runtime::new()?;
        let (switch, listens) = runtime.block_on(async {
            let listens = Listen::all(Ipv4Addr::LOCALHOST.into());
            let switch = rvoip_call_engine::start(config, listens, transports, None)?;
            let listens = switch.listens().await?;
            anyhow::Ok((switch, listens))
        })?;
        Ok(Self { runtime, switch, listens, authority: file })
    }

    /// The name and the port of each transport.
    pub fn ports(&self) -> Vec<(String, u16)> {
        let of = |listen: &Listen| (name(listen.protocol), listen.address.port());
        self.listens.iter().map(of).collect()
    }

    /// The switch as an outbound proxy.
    pub fn uri(&self, transport: &str) -> Result<String> {
        let (_, port) = self
            .ports()
            .into_iter()
            .find(|(name, _)| name == transport)
            .with_context(|| format!("no transport {transport}"))?;
        Ok(format!("sip:127.0.0.1:{port};transport={transport}"))
    }

    /// The file with the authority that signed the switch's certificate.
    pub fn authority(&self) -> &Path {
        &self.authority
    }

    /// The words of the command `rvoip` for a user behind this proxy.
    pub fn account(&self, user: &str, transport: &str) -> Result<Vec<String>> {
        Ok(account_words(user, transport, format!("{};lr", self.uri(transport)?), &self.authority))
    }

    /// Waits until a user has registered.
    pub fn wait_for_contact(&self, user: &str) -> Result<()> {
        wait_until(&format!("a contact of {user}"), LIMIT, || {
            Ok((!self.runtime.block_on(self.switch.bindings(user))?.is_empty()).then_some(()))
        })
    }

    /// Stops it.
    pub fn close(self) -> Result<()> {
        Ok(self.runtime.block_on(self.switch.close())?)
    }
}

fn name(protocol: Protocol) -> String {
    protocol.via_name().to_ascii_lowercase()
}
