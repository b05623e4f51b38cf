//! Settings, and what a build can do.

use std::net::SocketAddr;
use std::time::Duration;

use rvoip::{
    AccountConfig, Bind, Capabilities, ClientConfig, MediaConfig, TimerConfig, TlsConfig, TransportKind,
};

use super::values::PortRange;

/// The transports that a client can use.
#[uniffi::remote(Enum)]
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

/// One local address to take SIP messages on.
#[uniffi::remote(Record)]
pub struct Bind {
    /// How.
    pub transport: TransportKind,
    /// Where; port 0 takes a free one.
    pub address: SocketAddr,
}

/// The settings of a client.
#[uniffi::remote(Record)]
pub struct ClientConfig {
    /// Local addresses; if there are none, UDP and TCP on free ports of all addresses.
    pub binds: Vec<Bind>,
    /// What the User-Agent header field says.
    pub user_agent: String,
    /// How many calls may live at once; a further one is refused with 486 (incoming) or `Busy` (outgoing).
    pub max_calls: u32,
    /// How long closing may take before what is left is given up.
    pub close_deadline: Duration,
    /// Timers of the signalling.
    pub timers: TimerConfig,
    /// Settings of the audio.
    pub media: MediaConfig,
    /// Certificates; the browser has its own.
    pub tls: TlsConfig,
    /// The name of this device, such as `urn:uuid:…`, kept by the program so that a registrar knows the device after a
    /// restart (RFC 5626 §4.1); drawn unless given.
    #[uniffi(default = None)]
    pub instance: Option<String>,
}

/// Certificates for TLS and secure WebSocket: paths of PEM files.
#[uniffi::remote(Record)]
pub struct TlsConfig {
    /// The authorities that servers are checked against, in place of the well-known ones.
    #[uniffi(default = None)]
    pub ca: Option<String>,
    /// Our certificate with its chain, for the addresses that we listen on.
    #[uniffi(default = None)]
    pub certificate: Option<String>,
    /// The private key of our certificate.
    #[uniffi(default = None)]
    pub key: Option<String>,
    /// Take any certificate of a server. For tests alone: whoever is on the way can read and change everything.
    #[uniffi(default = false)]
    pub insecure: bool,
}

/// Timers of the signalling.
#[uniffi::remote(Record)]
pub struct TimerConfig {
    /// Estimated round-trip time (RFC 3261 §17.1.1.1).
    pub t1: Duration,
    /// Longest interval between retransmissions of a request other than INVITE.
    pub t2: Duration,
    /// How long a message may stay in the network.
    pub t4: Duration,
    /// How long a call may ring, here or there, before it ends.
    pub ringing: Duration,
}

/// Settings of the audio.
#[uniffi::remote(Record)]
pub struct MediaConfig {
    /// Codecs by name, the preferred one first.
    pub codecs: Vec<String>,
    /// First and last port for RTP and RTCP, in pairs of an even and an odd one.
    pub rtp_ports: PortRange,
    /// How long the peer's audio may be silent, once it has begun and while nobody holds the call, before the call ends; zero for ever.
    pub timeout: Duration,
    /// Interval between `StatisticsUpdated` events; zero for none but the last.
    pub statistics_interval: Duration,
    /// Interval between `LevelsUpdated` events; zero for none.
    pub levels_interval: Duration,
}

/// The settings of an account.
#[uniffi::remote(Record)]
pub struct AccountConfig {
    /// The address of record, such as `sip:alice@example.com` or `"Alice" <sip:alice@example.com>`.
    pub address: String,
    /// The password, used for every request that is challenged.
    #[uniffi(default = None)]
    pub password: Option<String>,
    /// The user name for the password, where it is not the user part of the address.
    #[uniffi(default = None)]
    pub auth_user: Option<String>,
    /// The registrar, where it is not the address's domain.
    #[uniffi(default = None)]
    pub registrar: Option<String>,
    /// A proxy through which everything goes, such as `sip:proxy.example.com;transport=tcp`.
    #[uniffi(default = None)]
    pub outbound_proxy: Option<String>,
    /// The transport to use where the URI does not say.
    #[uniffi(default = None)]
    pub transport: Option<TransportKind>,
    /// For how many seconds to register (0: 600).
    #[uniffi(default = 0)]
    pub expires: u32,
}

/// The settings of an account as they may be shown: without passwords.
#[uniffi::export]
pub fn describe_account(config: &AccountConfig) -> String {
    format!("{config:?}")
}

/// What this platform and build can do. Anything else fails with `Unsupported`.
#[uniffi::remote(Record)]
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
