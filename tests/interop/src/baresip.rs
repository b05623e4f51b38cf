//! baresip as a phone without sound hardware.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::kamailio::{DOMAIN, PASSWORD};
use crate::ports::{free_port, free_port_range, udp_is_bound};
use crate::process::{Process, Signal};
use crate::recording::Voice;
use crate::wait::{LIMIT, wait_until};

const CONFIGURATION: &str = include_str!("../peers/baresip/config");

/// How a baresip is set up.
#[derive(Clone, Debug)]
pub struct BaresipOptions<'a> {
    /// The user name of the account.
    pub user: &'a str,
    /// The registrar and proxy, as a URI with its transport; without one it is called directly.
    pub proxy: Option<&'a str>,
    /// It answers calls at once.
    pub answers: bool,
    /// It calls this URI once it runs.
    pub dials: Option<&'a str>,
    /// Its codecs, the preferred one first, such as `pcmu` or `pcma`.
    pub codecs: &'a str,
}

/// The files of a baresip.
#[derive(Clone, Debug, Default)]
pub struct BaresipFiles {
    /// The WAV file that it says; bob's voice unless given.
    pub plays: Option<PathBuf>,
    /// Where its recordings go; its own folder unless given.
    pub records_in: Option<PathBuf>,
    /// The authority that servers are checked against, for TLS.
    pub trusts: Option<PathBuf>,
}

/// One run of baresip, which says one file and records what it hears.
#[derive(Debug)]
pub struct Baresip {
    process: Process,
    port: u16,
    recordings: PathBuf,
}

impl Baresip {
    /// Starts it with a folder of its own under `folder`; returns when it can be called.
    pub fn start(options: &BaresipOptions<'_>, folder: &Path) -> Result<Self> {
        Self::start_with(options, &BaresipFiles::default(), folder)
    }

    /// The same with files of the caller.
    pub fn start_with(options: &BaresipOptions<'_>, files: &BaresipFiles, folder: &Path) -> Result<Self> {
        let port = free_port()?;
        let folder = folder.join(format!("baresip-{}", options.user));
        std::fs::create_dir_all(&folder)?;
        let plays = files.plays.clone().unwrap_or_else(|| Voice::Bob.file());
        let plays = plays.canonicalize().with_context(|| plays.display().to_string())?;
        let recordings = files.records_in.clone().unwrap_or_else(|| folder.clone());
        std::fs::create_dir_all(&recordings)?;
        let recordings = recordings.canonicalize()?;
        let trusts = match &files.trusts {
            Some(file) => format!("sip_cafile {}", file.canonicalize()?.display()),
            None => String::new(),
        };
        let configuration = CONFIGURATION
            .replace("@PORT@", &port.to_string())
            .replace("@RTP_PORTS@", &free_port_range()?.to_string())
            .replace("@USER@", options.user)
            .replace("@SPEECH@", &plays.to_string_lossy())
            .replace("@TRUSTS@", &trusts)
            .replace("@FOLDER@", &recordings.to_string_lossy());
        std::fs::write(folder.join("config"), configuration)?;
        std::fs::write(folder.join("accounts"), account(options))?;
        std::fs::write(folder.join("contacts"), "")?;
        let home = folder.to_string_lossy().into_owned();
        // IPv4 alone (-4), messages on standard output (-s), chatty (-v).
        let mut arguments = vec!["-4".to_owned(), "-s".to_owned(), "-v".to_owned(), "-f".to_owned(), home];
        if let Some(uri) = options.dials {
            arguments.extend(["-e".to_owned(), format!("/dial {uri}")]);
        }
        let process = Process::start(&format!("baresip {}", options.user), "baresip", arguments, &folder)?;
        wait_until("baresip's port", LIMIT, || Ok(udp_is_bound(port)?.then_some(())))?;
        Ok(Self { process, port, recordings })
    }

    /// Where it is called without a proxy: address and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Waits for a line of its log that contains `text`.
    pub fn wait_for_line(&self, text: &str, time: Duration) -> Result<String> {
        self.process.wait_for_line(text, time)
    }

    /// Types at its keyboard; within a call, digits are sent to the peer.
    pub fn type_line(&mut self, keys: &str) -> Result<()> {
        self.process.send_line(keys)
    }

    /// Ends it as a power cut would: nobody is told.
    pub fn vanish(&mut self) -> Result<()> {
        self.process.signal(Signal::Kill)?;
        self.process.wait_for_exit(LIMIT)?;
        Ok(())
    }

    /// Ends it in good order, so that its recordings are complete.
    pub fn quit(&mut self) -> Result<()> {
        self.process.signal(Signal::Interrupt)?;
        self.process.wait_for_exit(LIMIT)?;
        Ok(())
    }

    /// What it heard in its call.
    pub fn recording(&self) -> Result<PathBuf> {
        let entries = std::fs::read_dir(&self.recordings)?.filter_map(std::result::Result::ok);
        let mut found =
            entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with("-dec.wav"));
        found.next().with_context(|| format!("no recording in {}", self.recordings.display()))
    }
}

fn account(options: &BaresipOptions<'_>) -> String {
    let BaresipOptions { user, proxy, answers, codecs, .. } = options;
    let answering = if *answers { "auto" } else { "manual" };
    let server = match proxy {
        Some(proxy) => format!("outbound=\"{proxy}\";auth_pass={PASSWORD};regint=120"),
        None => "regint=0".to_owned(),
    };
    let domain = if proxy.is_some() { DOMAIN } else { "127.0.0.1" };
    format!("<sip:{user}@{domain}>;{server};audio_codecs={codecs};answermode={answering}\n")
}
