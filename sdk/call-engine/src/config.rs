//! What can be set.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rvoip_driver::Protocol;
use rvoip_sip_core::{Algorithm, Host, Password, Uri, UriBuf};

/// One address to take SIP messages on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// How.
    pub protocol: Protocol,
    /// Where; port 0 takes a free one, for TCP that of UDP where both are free.
    pub address: SocketAddr,
}

impl Listen {
    /// Datagrams and plain streams, which every phone of a network can use.
    pub fn plain(address: SocketAddr) -> Vec<Self> {
        [Protocol::Udp, Protocol::Tcp].map(|protocol| Self { protocol, address }).to_vec()
    }

    /// All five transports, each on a free port; TLS and secure WebSocket need a certificate.
    pub fn all(address: IpAddr) -> Vec<Self> {
        let protocols = [Protocol::Udp, Protocol::Tcp, Protocol::Tls, Protocol::Ws, Protocol::Wss];
        protocols.map(|protocol| Self { protocol, address: SocketAddr::new(address, 0) }).to_vec()
    }
}

/// The settings of a [`Switch`](crate::Switch).
#[derive(Clone, Debug)]
pub struct SwitchConfig {
    /// The domains that the switch is responsible for: names, or addresses where there is no name.
    pub domains: Vec<String>,
    /// The realm of its challenges.
    pub realm: String,
    /// The users and their passwords.
    pub users: BTreeMap<String, Password>,
    /// The shortest registration; shorter ones are answered 423. Default 30 s.
    pub expires_min: Duration,
    /// The registration of a phone that asks for none. Default 600 s.
    pub expires_default: Duration,
    /// The longest registration. Default 3,600 s.
    pub expires_max: Duration,
    /// Bindings that one user may have. Default 10.
    pub bindings_per_user: usize,
    /// Whether requests to foreign domains are relayed, for users that authenticate. Default false.
    pub relay: bool,
    /// Domains whose registrar is elsewhere, and where: we are the edge for their phones, whose flows we keep
    /// (RFC 5626 §5). A domain that is ours is not looked for here. Default none.
    pub homes: BTreeMap<String, UriBuf>,
    /// Requests that may be on their way through the proxy at once, half of them those of strangers. Default 10,000.
    pub forwarded: usize,
    /// The algorithms that passwords are asked for by, the preferred one first. Phones answer the first that they know
    /// (RFC 8760 §2.4), but for some that give up when they see one that they do not. Default SHA-256, then MD5.
    pub algorithms: Vec<Algorithm>,
    /// How long a nonce is good. Default 300 s.
    pub nonce_lifetime: Duration,
}

impl SwitchConfig {
    /// A switch for one domain, without users.
    pub fn for_domain(domain: impl Into<String>) -> Self {
        let domain = domain.into();
        Self {
            realm: domain.clone(),
            domains: vec![domain],
            users: BTreeMap::new(),
            expires_min: Duration::from_secs(30),
            expires_default: Duration::from_secs(600),
            expires_max: Duration::from_secs(3_600),
            bindings_per_user: 10,
            relay: false,
            homes: BTreeMap::new(),
            forwarded: 10_000,
            algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
            nonce_lifetime: Duration::from_secs(300),
        }
    }

    /// Whether a URI is in one of our domains.
    pub(crate) fn is_ours(&self, uri: &Uri<'_>) -> bool {
        uri.as_sip().is_some_and(|sip| self.is_domain(&sip.host))
    }

    /// Whether a host is one of our domains.
    pub(crate) fn is_domain(&self, host: &Host<'_>) -> bool {
        self.domains.iter().any(|domain| names(domain, host))
    }

    /// Where the registrar and proxy of a domain is for which we are the edge.
    pub(crate) fn home_of(&self, uri: &Uri<'_>) -> Option<&UriBuf> {
        let sip = uri.as_sip().filter(|sip| !self.is_domain(&sip.host))?;
        self.homes.iter().find(|(domain, _)| names(domain, &sip.host)).map(|(_, home)| home)
    }
}

fn names(domain: &str, host: &Host<'_>) -> bool {
    Host::parse_unbracketed(domain).is_ok_and(|domain| domain.equivalent(host))
}
