//! Kamailio as registrar and proxy.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::ports::{free_port, udp_is_bound};
use crate::process::Process;
use crate::wait::wait_until;

/// The domain that Kamailio serves; no name server knows it, so everything goes by way of an outbound proxy.
pub const DOMAIN: &str = "test.invalid";
/// The password of every user: alice, bob and carol.
pub const PASSWORD: &str = "open-sesame";

const CONFIGURATION: &str = include_str!("../peers/kamailio/kamailio.cfg");
const START: Duration = Duration::from_secs(20);

/// A Kamailio that serves [`DOMAIN`] on one port, by UDP and TCP.
#[derive(Debug)]
pub struct Kamailio {
    process: Process,
    port: u16,
    control: String,
}

impl Kamailio {
    /// Starts it with `folder` for its files; returns when it answers.
    pub fn start(folder: &Path) -> Result<Self> {
        let port = free_port()?;
        let control = format!("unix:{}", folder.join("kamailio.ctl").display());
        let configuration = CONFIGURATION
            .replace("@PORT@", &port.to_string())
            .replace("@CONTROL@", &control)
            .replace("@DOMAIN@", DOMAIN)
            .replace("@PASSWORD@", PASSWORD);
        let file = folder.join("kamailio.cfg");
        std::fs::write(&file, configuration)?;
        let file = file.to_string_lossy();
        let run = folder.to_string_lossy();
        // In the foreground (-DD), what it says on standard error (-E), little memory (-m, -M, in MB).
        let arguments = ["-DD", "-E", "-f", &*file, "-Y", &*run, "-m", "64", "-M", "8"];
        let process = Process::start("kamailio", "kamailio", arguments, folder)?;
        let mut kamailio = Self { process, port, control };
        wait_until("Kamailio's port", START, || {
            ensure!(kamailio.process.is_running()?, "kamailio ended: {:?}", kamailio.process.error_lines());
            // Its processes start one after the other; the one for remote commands is among the last.
            Ok((udp_is_bound(port)? && kamailio.ask(&["core.uptime"]).is_ok()).then_some(()))
        })?;
        Ok(kamailio)
    }

    /// Its URI as an outbound proxy or registrar, with `transport` (`udp` or `tcp`).
    pub fn uri(&self, transport: &str) -> String {
        format!("sip:127.0.0.1:{};transport={transport}", self.port)
    }

    /// The same as a loose router (RFC 3261 section 16.12).
    pub fn route(&self, transport: &str) -> String {
        format!("{};lr", self.uri(transport))
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
        wait_until(&format!("a contact of {user}"), START, || {
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
