//! The words of the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use rvoip::{AccountConfig, Bind, ClientConfig, TlsConfig, TransportKind};

/// A softphone, a script tool and a diagnostic for SIP.
#[derive(Debug, Parser)]
#[command(name = "rvoip", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    /// Prints one JSON object a line instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What to log on standard error: a level, or a filter such as `rvoip::wire=info`.
    #[arg(long, global = true, value_name = "LEVEL", default_value = "off")]
    pub(crate) log: String,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a server and two phones on this machine, and makes them call each other.
    Demo(DemoArgs),
    /// Places a call.
    Call(CallArgs),
    /// Waits for calls.
    Listen(ListenArgs),
    /// Registers an account and keeps it registered.
    Register(RegisterArgs),
    /// Sends a text (MESSAGE) and prints the answer.
    Message(MessageArgs),
    /// Asks a peer what it can do (OPTIONS) and prints the answer.
    Options(OptionsArgs),
    /// Reads a SIP message, or a session description, and prints it as JSON.
    Parse(ParseArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Where the two recordings go; a temporary folder unless given.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) output: Option<PathBuf>,
    /// How alice reaches the server, which listens on all five transports.
    #[arg(long, value_enum, value_name = "TRANSPORT", default_value = "udp")]
    pub(crate) transport_a: Transport,
    /// How bob does.
    #[arg(long, value_enum, value_name = "TRANSPORT", default_value = "udp")]
    pub(crate) transport_b: Transport,
}

#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    /// Whom to call.
    pub(crate) uri: String,
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    #[command(flatten)]
    pub(crate) phone: PhoneArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ListenArgs {
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    #[command(flatten)]
    pub(crate) phone: PhoneArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RegisterArgs {
    /// Registers, prints the bindings, removes them and exits.
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(Debug, Args)]
pub(crate) struct MessageArgs {
    /// Whom to send to.
    pub(crate) uri: String,
    /// The text.
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(Debug, Args)]
pub(crate) struct OptionsArgs {
    /// Whom to ask.
    pub(crate) uri: String,
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ParseArgs {
    /// The file; standard input unless given.
    pub(crate) file: Option<PathBuf>,
    /// It is a session description (SDP).
    #[arg(long)]
    pub(crate) sdp: bool,
}

/// Who we are.
#[derive(Debug, Args)]
pub(crate) struct AccountArgs {
    /// The address of record, such as sip:alice@example.com.
    #[arg(long = "account", value_name = "AOR")]
    pub(crate) address: Option<String>,
    /// The password (better: the environment variable `RVOIP_PASSWORD`).
    #[arg(long, env = "RVOIP_PASSWORD", hide_env_values = true, value_name = "PW")]
    pub(crate) password: Option<String>,
    /// The user name for the password, where it differs.
    #[arg(long, value_name = "NAME")]
    pub(crate) auth_user: Option<String>,
    /// The registrar, where it is not the account's domain.
    #[arg(long, value_name = "URI")]
    pub(crate) registrar: Option<String>,
    /// A proxy through which everything goes.
    #[arg(long, value_name = "URI")]
    pub(crate) outbound_proxy: Option<String>,
    /// For how long to register, in seconds.
    #[arg(long, value_name = "S", default_value_t = 600)]
    pub(crate) expires: u32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Transport {
    Udp,
    Tcp,
    Tls,
    Ws,
    Wss,
}

impl From<Transport> for TransportKind {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Udp => Self::Udp,
            Transport::Tcp => Self::Tcp,
            Transport::Tls => Self::Tls,
            Transport::Ws => Self::Ws,
            Transport::Wss => Self::Wss,
        }
    }
}

/// Where we are.
#[derive(Debug, Args)]
pub(crate) struct NetworkArgs {
    /// A local address for SIP; may be given several times. TLS and WSS need a certificate to listen with.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) bind: Vec<SocketAddr>,
    /// The transport to use where the URI does not say.
    #[arg(long, value_enum)]
    pub(crate) transport: Option<Transport>,
    /// The authorities that servers are checked against, as a PEM file; the well-known ones unless given.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_ca: Option<String>,
    /// Our certificate with its chain, as a PEM file, to listen by TLS or WSS.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<String>,
    /// The private key of our certificate, as a PEM file.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<String>,
    /// Takes any certificate of a server: for tests alone.
    #[arg(long)]
    pub(crate) tls_insecure: bool,
    /// Ports for RTP and RTCP.
    #[arg(long, value_name = "A-B", value_parser = port_range)]
    pub(crate) rtp_ports: Option<(u16, u16)>,
    /// Codecs, the preferred one first.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) codecs: Vec<String>,
    /// Ends a call when the peer's audio stops for so many seconds (0: never).
    #[arg(long, value_name = "S", default_value_t = 30.0, value_parser = seconds)]
    pub(crate) media_timeout: f64,
}

/// What to do in calls.
#[derive(Clone, Debug, Args)]
pub(crate) struct PhoneArgs {
    /// Answers incoming calls at once; with a code, with that (180 rings, 486 is busy).
    #[arg(long, value_name = "CODE", num_args = 0..=1, default_missing_value = "200", value_parser = clap::value_parser!(u16).range(180..700))]
    pub(crate) auto_answer: Option<u16>,
    /// Plays a WAV file once the call is connected.
    #[arg(long, value_name = "FILE")]
    pub(crate) play: Option<PathBuf>,
    /// Records what the peer says into a WAV file.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Sends back what the peer says.
    #[arg(long, conflicts_with = "play")]
    pub(crate) echo: bool,
    /// Sends key presses once the call is connected.
    #[arg(long, value_name = "DIGITS", value_parser = keys)]
    pub(crate) dtmf: Option<String>,
    /// Hangs up so many seconds after the call was connected.
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) duration: Option<f64>,
    /// How many calls may live at once.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) max_calls: u32,
}

impl NetworkArgs {
    /// The settings of a client with these words.
    pub(crate) fn client_config(&self) -> ClientConfig {
        let mut config = ClientConfig::default();
        let kinds = match self.transport {
            Some(transport) => vec![TransportKind::from(transport)],
            None => vec![TransportKind::Udp, TransportKind::Tcp],
        };
        config.binds = self
            .bind
            .iter()
            .flat_map(|address| {
                kinds.iter().map(|transport| Bind { transport: *transport, address: *address })
            })
            .collect();
        if let Some(ports) = self.rtp_ports {
            config.media.rtp_ports = ports;
        }
        if !self.codecs.is_empty() {
            config.media.codecs.clone_from(&self.codecs);
        }
        config.tls = TlsConfig {
            ca: self.tls_ca.clone(),
            certificate: self.tls_cert.clone(),
            key: self.tls_key.clone(),
            insecure: self.tls_insecure,
        };
        config.media.timeout = Duration::from_secs_f64(self.media_timeout);
        config
    }
}

impl AccountArgs {
    /// The settings of the account with these words; an account of this machine alone unless one is named.
    pub(crate) fn account_config(&self, network: &NetworkArgs) -> AccountConfig {
        AccountConfig {
            address: self.address.clone().unwrap_or_else(|| "sip:rvoip@localhost.invalid".to_owned()),
            password: self.password.clone(),
            auth_user: self.auth_user.clone(),
            registrar: self.registrar.clone(),
            outbound_proxy: self.outbound_proxy.clone(),
            transport: network.transport.map(TransportKind::from),
            expires: self.expires,
        }
    }

    /// Whether there is somebody to register.
    pub(crate) fn registers(&self) -> bool {
        self.address.is_some() && (self.password.is_some() || self.registrar.is_some())
    }
}

fn port_range(text: &str) -> Result<(u16, u16), String> {
    let (first, last) = text.split_once('-').ok_or("two ports with a hyphen between, such as 16384-32767")?;
    let port = |text: &str| text.trim().parse::<u16>().map_err(|_| format!("{text:?} is no port"));
    let (first, last) = (port(first)?, port(last)?);
    if first == 0 || last <= first {
        return Err("the first port must be above 0 and below the last".to_owned());
    }
    Ok((first, last))
}

fn keys(text: &str) -> Result<String, String> {
    let key = |key| matches!(key, '0'..='9' | '*' | '#' | 'A'..='D' | 'a'..='d' | ',');
    if !text.is_empty() && text.chars().all(key) {
        Ok(text.to_owned())
    } else {
        Err("keys are 0 to 9, *, #, A to D, and a comma for a pause".to_owned())
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=1e9).contains(&seconds) => Ok(seconds),
        _ => Err("a number of seconds from 0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn port_ranges_are_checked() {
        assert_eq!(port_range("4000-4010"), Ok((4000, 4010)));
        for wrong in ["4000", "0-10", "10-10", "20-10", "a-b", "1-70000"] {
            assert!(port_range(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_bind_serves_both_transports_unless_one_is_named() {
        let cli = Cli::parse_from(["rvoip", "listen", "--bind", "127.0.0.1:5060"]);
        let Command::Listen(listen) = cli.command else { panic!("listen") };
        assert_eq!(listen.network.client_config().binds.len(), 2);
        let cli = Cli::parse_from([
            "rvoip",
            "listen",
            "--bind",
            "127.0.0.1:5060",
            "--transport",
            "tcp",
            "--auto-answer",
        ]);
        let Command::Listen(listen) = cli.command else { panic!("listen") };
        assert_eq!(listen.network.client_config().binds.len(), 1);
        assert_eq!(listen.phone.auto_answer, Some(200));
    }

    #[test]
    fn certificates_are_named_by_file_and_a_key_belongs_to_its_certificate() {
        let words = ["rvoip", "register", "--transport", "wss", "--tls-ca", "ca.pem", "--tls-insecure"];
        let Command::Register(register) = Cli::parse_from(words).command else { panic!("register") };
        let tls = register.network.client_config().tls;
        assert_eq!((tls.ca.as_deref(), tls.certificate, tls.insecure), (Some("ca.pem"), None, true));
        for half in [["--tls-cert", "c.pem"], ["--tls-key", "k.pem"]] {
            assert!(Cli::try_parse_from(["rvoip", "listen"].into_iter().chain(half)).is_err());
        }
    }
}
