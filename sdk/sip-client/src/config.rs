//! Settings. Everything has a good default; in the serde form what is missing has it, and durations are seconds.

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::settings::{Seconds, settings};

/// The transports that a client can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransportKind {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// A stream under TLS.
    Tls,
    /// WebSocket (RFC 7118).
    Ws,
    /// WebSocket under TLS.
    Wss,
}

impl From<rvoip_driver::Protocol> for TransportKind {
    fn from(protocol: rvoip_driver::Protocol) -> Self {
        match protocol {
            rvoip_driver::Protocol::Udp => Self::Udp,
            rvoip_driver::Protocol::Tcp => Self::Tcp,
            rvoip_driver::Protocol::Tls => Self::Tls,
            rvoip_driver::Protocol::Ws => Self::Ws,
            rvoip_driver::Protocol::Wss => Self::Wss,
        }
    }
}

impl TransportKind {
    pub(crate) fn protocol(self) -> rvoip_driver::Protocol {
        match self {
            Self::Udp => rvoip_driver::Protocol::Udp,
            Self::Tcp => rvoip_driver::Protocol::Tcp,
            Self::Tls => rvoip_driver::Protocol::Tls,
            Self::Ws => rvoip_driver::Protocol::Ws,
            Self::Wss => rvoip_driver::Protocol::Wss,
        }
    }
}

/// One local address to take SIP messages on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bind {
    /// How.
    pub transport: TransportKind,
    /// Where; port 0 takes a free one.
    pub address: SocketAddr,
}

/// The settings of a client.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientConfig {
    /// Local addresses; if there are none, UDP on a free port of all addresses, of IPv4 and of IPv6. Connections are opened
    /// where they are needed.
    pub binds: Vec<Bind>,
    /// What the User-Agent header field says.
    pub user_agent: String,
    /// How many calls may live at once; a further one is refused with 486 (incoming) or `Busy` (outgoing). Eight commands for
    /// each, and 1,024 at least, may wait for their completion at once; a further one fails with `Busy`, unless it ends
    /// something (`hang_up`, `reject`, `unregister`, `remove`, `close`) or answers a call.
    pub max_calls: u32,
    /// How long closing may take before what is left is given up.
    #[serde(with = "crate::seconds")]
    pub close_deadline: Duration,
    /// Timers of the signalling.
    pub timers: TimerConfig,
    /// Settings of the audio.
    pub media: MediaConfig,
    /// Certificates; the browser has its own.
    pub tls: TlsConfig,
    /// The name of this device, such as `urn:uuid:…`, kept by the program so that a registrar knows the device after a
    /// restart (RFC 5626 §4.1); drawn unless given.
    pub instance: Option<String>,
}

settings!(ClientConfig {
    binds,
    user_agent,
    max_calls,
    close_deadline as Seconds,
    timers,
    media,
    tls,
    instance,
});

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            binds: Vec::new(),
            user_agent: concat!("rvoip/", env!("CARGO_PKG_VERSION")).to_owned(),
            max_calls: 1_000,
            close_deadline: Duration::from_secs(4),
            timers: TimerConfig::default(),
            media: MediaConfig::default(),
            tls: TlsConfig::default(),
            instance: None,
        }
    }
}

/// Certificates for TLS and secure WebSocket: paths of PEM files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// The authorities that servers are checked against, in place of the well-known ones.
    pub ca: Option<String>,
    /// Our certificate with its chain, for the addresses that we listen on.
    pub certificate: Option<String>,
    /// The private key of our certificate.
    pub key: Option<String>,
    /// Take any certificate of a server. For tests alone: whoever is on the way can read and change everything.
    pub insecure: bool,
}

settings!(TlsConfig { ca, certificate, key, insecure });

/// Timers of the signalling.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimerConfig {
    /// Estimated round-trip time (RFC 3261 §17.1.1.1).
    #[serde(with = "crate::seconds")]
    pub t1: Duration,
    /// Longest interval between retransmissions of a request other than INVITE.
    #[serde(with = "crate::seconds")]
    pub t2: Duration,
    /// How long a message may stay in the network.
    #[serde(with = "crate::seconds")]
    pub t4: Duration,
    /// How long a call may ring, here or there, before it ends.
    #[serde(with = "crate::seconds")]
    pub ringing: Duration,
}

settings!(TimerConfig {
    t1 as Seconds,
    t2 as Seconds,
    t4 as Seconds,
    ringing as Seconds,
});

impl Default for TimerConfig {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            ringing: Duration::from_secs(180),
        }
    }
}

/// Settings of the audio.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaConfig {
    /// Codecs by name, the preferred one first.
    pub codecs: Vec<String>,
    /// First and last port for RTP and RTCP, in pairs of an even and an odd one.
    pub rtp_ports: (u16, u16),
    /// How long the peer's audio may be silent before the call ends, once it is answered and the peer was heard, and while nobody
    /// holds; zero for ever.
    #[serde(with = "crate::seconds")]
    pub timeout: Duration,
    /// Interval between `StatisticsUpdated` events; zero for none but the last.
    #[serde(with = "crate::seconds")]
    pub statistics_interval: Duration,
    /// Interval between `LevelsUpdated` events; zero for none.
    #[serde(with = "crate::seconds")]
    pub levels_interval: Duration,
}

settings!(MediaConfig {
    codecs,
    rtp_ports,
    timeout as Seconds,
    statistics_interval as Seconds,
    levels_interval as Seconds,
});

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            codecs: rvoip_driver::ABILITIES.codecs.iter().map(|&codec| codec.to_owned()).collect(),
            rtp_ports: (16_384, 32_767),
            timeout: Duration::from_secs(30),
            statistics_interval: Duration::from_secs(5),
            levels_interval: Duration::ZERO,
        }
    }
}

/// The settings of an account.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountConfig {
    /// The address of record, such as `sip:alice@example.com` or `"Alice" <sip:alice@example.com>`.
    pub address: String,
    /// The password, used for every request that is challenged.
    pub password: Option<String>,
    /// The user name for the password, where it is not the user part of the address.
    pub auth_user: Option<String>,
    /// The registrar, where it is not the address's domain.
    pub registrar: Option<String>,
    /// A proxy through which everything goes, such as `sip:proxy.example.com;transport=tcp`; or the URL of a WebSocket
    /// server, such as `wss://example.com:8089/ws`, to which everything is sent without naming it in a Route.
    pub outbound_proxy: Option<String>,
    /// The transport to use where the URI does not say.
    pub transport: Option<TransportKind>,
    /// For how many seconds to register (0: 600).
    pub expires: u32,
}

settings!(AccountConfig { address, password, auth_user, registrar, outbound_proxy, transport, expires });

impl std::fmt::Debug for AccountConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let uri = |uri: &Option<String>| uri.as_deref().map(without_password);
        f.debug_struct("AccountConfig")
            .field("address", &without_password(&self.address))
            .field("password", &self.password.as_ref().map(|_| "…"))
            .field("auth_user", &self.auth_user)
            .field("registrar", &uri(&self.registrar))
            .field("outbound_proxy", &uri(&self.outbound_proxy))
            .field("transport", &self.transport)
            .field("expires", &self.expires)
            .finish()
    }
}

/// A URI, or what was meant to be one, as it may be shown: without the password that may be in it (RFC 3261 §19.1.1).
fn without_password(uri: &str) -> String {
    let Some((before, host)) = uri.rsplit_once('@') else { return uri.to_owned() };
    let lead = before.rfind(['<', '"', ' ', '/']).map_or(0, |at| at + 1);
    let (lead, user) = before.split_at(lead);
    let is_scheme = |word: &str| ["sip", "sips"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
    let mut parts = user.splitn(3, ':');
    let shown: Vec<&str> = match (parts.next().unwrap_or_default(), parts.next(), parts.next()) {
        (scheme, Some(user), None) if is_scheme(scheme) => vec![scheme, user],
        (scheme, Some(user), Some(_)) if is_scheme(scheme) => vec![scheme, user, "…"],
        (user, Some(_), _) => vec![user, "…"],
        (user, None, _) => vec![user],
    };
    format!("{lead}{}@{host}", shown.join(":"))
}

/// What this platform and build can do. Anything else fails with `Unsupported`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Transports that can be used.
    pub transports: Vec<TransportKind>,
    /// Codecs that can be used, by name.
    pub codecs: Vec<String>,
    /// Whether files can be played and recorded.
    pub files: bool,
    /// Whether the program can make and take audio itself, by `write_frames` and `read_frames`.
    pub frames: bool,
    /// Whether tones can be played.
    pub tones: bool,
    /// Whether the peer can be played back to itself.
    pub echo: bool,
    /// Whether microphone and loudspeaker are used.
    pub devices: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let some = |text: &str| Some(text.to_owned());
        let config = AccountConfig {
            address: "\"Alice\" <sip:alice:hunter2@example.com>".to_owned(),
            password: some("hunter2"),
            registrar: some("sip:hunter2@alice:hunter2@example.com;transport=tcp"),
            outbound_proxy: some("wss://alice:hunter2@example.com/ws"),
            ..AccountConfig::default()
        };
        for shown in [format!("{config:?}"), format!("{config:#?}")] {
            assert!(!shown.contains("hunter2@e") && !shown.contains("\"hunter2"), "{shown}");
            assert!(shown.contains("sip:alice:…@example.com"), "{shown}");
        }
        assert_eq!(without_password("alice:hunter2@example.com"), "alice:…@example.com");
        for harmless in
            ["sip:alice@example.com:5070", "sips:example.com;x=1", "alice@example.com", "nonsense", ""]
        {
            assert_eq!(without_password(harmless), harmless);
        }
    }
}
