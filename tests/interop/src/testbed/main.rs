//! Real peers for tests in other languages: starts them on free ports of the loopback, says in one line of JSON where they
//! are, and ends them when its standard input closes.
//!
//! `rvoip-testbed switch` starts our own registrar and proxy and prints, but for `baresip`, the same as
//! `rvoip-testbed kamailio`, which prints an object with
//! - `domain`, `password` and `users`: the accounts are `sip:USER@DOMAIN`, all with that password;
//! - `ca`: the file with the authority that signed the server's certificate (for `localhost` and `127.0.0.1`);
//! - `ports`: `udp`, `tcp`, `tls`, `ws` and `wss`;
//! - `speech`: the WAV file for those who call;
//! - `uris`: the server as outbound proxy, by transport, and `websocket`: its `ws` and `wss` URLs;
//! - `baresip`: its `user`, the folder of its `recordings` (`dump-…-dec.wav`, complete once its call is over) and the file with
//!   its `speech`, which is another voice, if it was asked for: it is registered, answers each call at once and says the file.
//!
//! A line `vanish` on its standard input ends baresip without a word to anybody; `{"vanished":true}` is the answer.
//!
//! `rvoip-testbed compare SENT RECEIVED` prints how much of what was sent a recording holds: `correlation` and `covered`,
//! both 0 to 1, and what they say: `heard` if it is there, `unheard` if nothing of it is there.

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Parser};
use rvoip_interop::{
    Baresip, BaresipFiles, BaresipOptions, DOMAIN, Kamailio, OwnSwitch, PASSWORD, Scratch, USERS, Voice,
};
use serde_json::{Value, json};

/// Starts real peers, prints where they are, and ends them when standard input closes.
#[derive(Debug, Parser)]
#[command(name = "rvoip-testbed")]
enum Command {
    /// Our own switch, on all five transports.
    Switch,
    /// Kamailio as registrar and proxy.
    Kamailio(KamailioArguments),
    /// Says how much of what was sent a recording holds.
    Compare(CompareArguments),
}

#[derive(Debug, Args)]
struct CompareArguments {
    /// The WAV file that was played.
    sent: PathBuf,
    /// The WAV file that was recorded.
    received: PathBuf,
    /// Compares only the first seconds of what was sent.
    #[arg(long, value_name = "NUMBER")]
    seconds: Option<u32>,
}

#[derive(Debug, Args)]
struct KamailioArguments {
    /// A baresip that is registered as this user and answers.
    #[arg(long, value_name = "USER", value_parser = USERS)]
    baresip: Option<String>,
    /// The WAV file that baresip says: 16-bit PCM at 8,000 Hz, mono; bob's voice unless given.
    #[arg(long, value_name = "WAV", requires = "baresip")]
    play: Option<PathBuf>,
    /// Where baresip's recordings go.
    #[arg(long, value_name = "FOLDER", requires = "baresip")]
    record_dir: Option<PathBuf>,
    /// The transport by which baresip registers.
    #[arg(long, value_name = "NAME", default_value = "udp", value_parser = ["udp", "tcp", "tls"])]
    baresip_transport: String,
}

fn main() -> Result<()> {
    // Before the folder is made: the help makes none.
    let command = Command::parse();
    let scratch = Scratch::new()?;
    let outcome = match command {
        Command::Switch => switch(&scratch),
        Command::Kamailio(arguments) => kamailio(&arguments, &scratch),
        Command::Compare(arguments) => compare(&arguments),
    };
    scratch.remove()?;
    outcome
}

/// Our own switch for the users and the domain that Kamailio has.
fn switch(scratch: &Scratch) -> Result<()> {
    let switch = OwnSwitch::start(scratch.path())?;
    let (mut ports, mut uris) = (serde_json::Map::new(), serde_json::Map::new());
    let mut websocket = serde_json::Map::new();
    for (name, port) in switch.ports() {
        ports.insert(name.clone(), port.into());
        uris.insert(name.clone(), switch.uri(&name)?.into());
        if name.starts_with("ws") {
            websocket.insert(name.clone(), format!("{name}://127.0.0.1:{port}").into());
        }
    }
    tell(&json!({
        "domain": DOMAIN,
        "password": PASSWORD,
        "users": USERS,
        "ca": switch.authority(),
        "speech": Voice::Alice.file().canonicalize()?,
        "ports": ports,
        "uris": uris,
        "websocket": websocket,
    }))?;
    follow_input(None)?;
    switch.close()
}

fn kamailio(arguments: &KamailioArguments, scratch: &Scratch) -> Result<()> {
    let kamailio = Kamailio::start(scratch.path())?;
    let ports = kamailio.ports();
    let mut told = json!({
        "domain": DOMAIN,
        "password": PASSWORD,
        "users": USERS,
        "ca": kamailio.authority(),
        "speech": Voice::Alice.file().canonicalize()?,
        "ports": {
            "udp": ports.plain, "tcp": ports.plain, "tls": ports.tls, "ws": ports.ws, "wss": ports.wss,
        },
        "uris": {
            "udp": kamailio.uri("udp"),
            "tcp": kamailio.uri("tcp"),
            "tls": kamailio.uri("tls"),
            "ws": kamailio.uri("ws"),
            "wss": kamailio.uri("wss"),
        },
        "websocket": {
            "ws": format!("ws://127.0.0.1:{}", ports.ws),
            "wss": format!("wss://127.0.0.1:{}", ports.wss),
        },
    });
    let mut phone = match &arguments.baresip {
        Some(user) => Some(baresip(user, arguments, &kamailio, scratch, &mut told)?),
        None => None,
    };
    tell(&told)?;
    follow_input(phone.as_mut())?;
    if let Some(phone) = &mut phone {
        phone.quit()?;
    }
    Ok(())
}

fn baresip(
    user: &str,
    arguments: &KamailioArguments,
    kamailio: &Kamailio,
    scratch: &Scratch,
    told: &mut Value,
) -> Result<Baresip> {
    let recordings = arguments.record_dir.clone().unwrap_or_else(|| scratch.join("recordings"));
    let proxy = kamailio.uri(&arguments.baresip_transport);
    let options =
        BaresipOptions { user, proxy: Some(&proxy), answers: true, dials: None, codecs: "pcmu,pcma" };
    let says = arguments.play.clone().unwrap_or_else(|| Voice::Bob.file());
    let files = BaresipFiles {
        plays: Some(says.clone()),
        records_in: Some(recordings.clone()),
        trusts: Some(kamailio.authority().to_owned()),
    };
    let phone = Baresip::start_with(&options, &files, scratch.path())?;
    kamailio.wait_for_contact(user)?;
    let place = recordings.canonicalize().with_context(|| recordings.display().to_string())?;
    if let Some(object) = told.as_object_mut() {
        object.insert(
            "baresip".to_owned(),
            json!({ "user": user, "recordings": place, "speech": says.canonicalize()? }),
        );
    }
    Ok(phone)
}

fn tell(what: &Value) -> Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{what}")?;
    output.flush().context("standard output is closed")
}

/// Does what each line asks for, until the input ends.
fn follow_input(mut phone: Option<&mut Baresip>) -> Result<()> {
    for line in std::io::stdin().lock().lines() {
        if line.context("standard input")?.trim() == "vanish"
            && let Some(phone) = phone.as_deref_mut()
        {
            phone.vanish()?;
            tell(&json!({ "vanished": true }))?;
        }
    }
    Ok(())
}

fn compare(arguments: &CompareArguments) -> Result<()> {
    let heard = rvoip_interop::compare_files(&arguments.sent, &arguments.received, arguments.seconds)?;
    tell(&json!({
        "correlation": heard.correlation,
        "covered": heard.covered,
        "heard": heard.is_heard(),
        "unheard": heard.is_unheard(),
        "delay_ms": heard.delay.as_secs_f64() * 1_000.0,
        "level_difference_db": heard.level_difference_db,
    }))
}
