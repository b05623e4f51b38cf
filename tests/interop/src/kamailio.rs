//! Kamailio as registrar and proxy.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rvoip_certificates::Authority;

use crate::ports::{free_port, udp_is_bound};
use crate::process::Process;
use crate::wait::{LIMIT, wait_until};

/// The domain that Kamailio serves; no name server knows it, so everything goes by way of an outbound proxy.
pub const DOMAIN: &str = "test.invalid";
/// The password of every user: alice, bob, carol and dave.
pub const PASSWORD: &str = "open-sesame";

const CONFIGURATION: &str = include_str!("../peers/kamailio/kamailio.cfg");
const TLS_CONFIGURATION: &str = include_str!("../peers/kamailio/tls.cfg");

/// The ports of a Kamailio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KamailioPorts {
    /// UDP and TCP.
    pub plain: u16,
    /// TLS.
    pub tls: u16,
    /// WebSocket.
    pub ws: u16,
    /// WebSocket under TLS.
    pub wss: u16,
}

/// A Kamailio that serves [`DOMAIN`] by UDP, TCP, TLS, WebSocket and secure WebSocket.
#[derive(Debug)]
pub struct Kamailio {
    process: Process,
    ports: KamailioPorts,
    control: String,
    authority: PathBuf,
}

impl Kamailio {
    /// Starts it with `folder` for its files; returns when it answers.
    pub fn start(folder: &Path) -> Result<Self> {
        let ports =
            KamailioPorts { plain: free_port()?, tls: free_port()?, ws: free_port()?, wss: free_port()? };
        let control = format!("unix:{}", folder.join("kamailio.ctl").display());
        let issuer = Authority::new("Authority of the tests")?;
        let certificate = issuer.issue(&[DOMAIN, "localhost", "127.0.0.1"])?;
        let write = |name: &str, text: &str| -> Result<PathBuf> {
            let path = folder.join(name);
            std::fs::write(&path, text).with_context(|| path.display().to_string())?;
            Ok(path)
        };
        let authority = write("ca.pem", issuer.pem())?;
        let chain = write("certificate.pem", &certificate.chain)?;
        let key = write("key.pem", &certificate.key)?;
        let tls = TLS_CONFIGURATION
            .replace("@CERTIFICATE@", &chain.to_string_lossy())
            .replace("@KEY@", &key.to_string_lossy());
        let tls = write("tls.cfg", &tls)?;
        let configuration = CONFIGURATION
            .replace("@PORT@", &ports.plain.to_string())
            .replace("@TLS_PORT@", &ports.tls.to_string())
            .replace("@WS_PORT@", &ports.ws.to_string())
            .replace("@WSS_PORT@", &ports.wss.to_string())
            .replace("@TLS_FILE@", &tls.to_string_lossy())
            .replace("@CONTROL@", &control)
            .replace("@DOMAIN@", DOMAIN)
            .replace("@PASSWORD@", PASSWORD);
        let file = write("kamailio.cfg", &configuration)?;
        let file = file.to_string_lossy();
        let run = folder.to_string_lossy();
        // In the foreground (-DD), what it says on standard error (-E), little memory (-m, -M, in MB).
        let arguments = ["-DD", "-E", "-f", &*file, "-Y", &*run, "-m", "64", "-M", "8"];
        let process = Process::start("kamailio", "kamailio", arguments, folder)?;
        let mut kamailio = Self { process, ports, control, authority };
        wait_until("Kamailio's port", LIMIT, || {
            ensure!(kamailio.process.is_running()?, "kamailio ended: {:?}", kamailio.process.error_lines());
            // Its processes start one after the other; the one for remote commands is among the last.
            Ok((udp_is_bound(ports.plain)? && kamailio.ask(&["core.uptime"]).is_ok()).then_some(()))
        })?;
        Ok(kamailio)
    }

    /// Where it listens.
    pub fn ports(&self) -> KamailioPorts {
        self.ports
    }

    /// The file with the certificate of the authority that signed its certificate.
    pub fn authority(&self) -> &Path {
        &self.authority
    }

    /// Its URI as an outbound proxy or registrar, with `transport` (`udp`, `tcp`, `tls`, `ws` or `wss`).
    pub fn uri(&self, transport: &str) -> String {
        let port = match transport {
            "tls" => self.ports.tls,
            "ws" => self.ports.ws,
            "wss" => self.ports.wss,
            _ => self.ports.plain,
        };
        format!("sip:127.0.0.1:{port};transport={transport}")
    }

    /// The same as a loose router (RFC 3261 section 16.12).
    pub fn route(&self, transport: &str) -> String {
        format!("{};lr", self.uri(transport))
    }

    /// The words of the command `rvoip` for a user behind this proxy.
    pub fn account(&self, user: &str, transport: &str) -> Vec<String> {
        account_words(user, transport, self.route(transport), &self.authority)
    }

    /// The contacts that a user has registered, as Kamailio prints them; empty if there are none.
    pub fn contacts(&self, user: &str) -> Result<String> {
        let answer = self.ask(&["ul.dump"])?;
        let of_user = answer
            .split("AoR: ")
            .skip(1)
            .find(|entry| entry.split_whitespace().next().is_some_and(|name| name == user));
        Ok(of_user.unwrap_or_default().to_owned())
    }

    /// Waits until a user has registered.
    pub fn wait_for_contact(&self, user: &str) -> Result<String> {
        wait_until(&format!("a contact of {user}"), LIMIT, || {
            let contacts = self.contacts(user)?;
            Ok((!contacts.is_empty()).then_some(contacts))
        })
    }

    /// Asks it a remote command.
    fn ask(&self, words: &[&str]) -> Result<String> {
        let output =
            Command::new("kamcmd").args(["-s", &self.control]).args(words).output().context("kamcmd")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "kamcmd {words:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(text)
    }
}

/// The words of the command `rvoip` for a user behind a proxy.
pub(crate) fn account_words(user: &str, transport: &str, route: String, authority: &Path) -> Vec<String> {
    let mut words = vec![
        "--transport".to_owned(),
        transport.to_owned(),
        "--account".to_owned(),
        format!("sip:{user}@{DOMAIN}"),
        "--password".to_owned(),
        PASSWORD.to_owned(),
        "--outbound-proxy".to_owned(),
        route,
    ];
    match transport {
        "udp" | "tcp" => words.extend(["--bind".to_owned(), "127.0.0.1:0".to_owned()]),
        // Connections alone: nobody is listened to.
        _ => words.extend(["--tls-ca".to_owned(), authority.to_string_lossy().into_owned()]),
    }
    words
}
