//! Calls between a phone and a baresip in which both sides speak, and what each heard is compared.

use anyhow::{Result, ensure};

use crate::{Baresip, BaresipOptions, DOMAIN, LIMIT, Phone, Scratch, Server, Voice, assert_heard, of_type};

/// Seconds of the speech that are compared.
const COMPARED: u32 = 5;
/// Seconds that a call with speech lasts.
const DURATION: &str = "6.5";

/// How the two reach their server, and what they speak.
#[derive(Clone, Copy, Debug)]
pub struct Ways<'a> {
    /// The transport of our phone.
    pub ours: &'a str,
    /// The transport of the baresip.
    pub theirs: &'a str,
    /// The codecs of the baresip, the preferred one first.
    pub codecs: &'a str,
}

/// Alice calls bob, who is a baresip; both are registered.
pub fn we_call<S: Server>(ways: Ways<'_>, scratch: &Scratch) -> Result<()> {
    let server = S::begin(scratch.path())?;
    let proxy = server.proxy(ways.theirs)?;
    let options =
        BaresipOptions { user: "bob", proxy: Some(&proxy), answers: true, dials: None, codecs: ways.codecs };
    let mut bob = Baresip::start_with(&options, &server.files(), scratch.path())?;
    server.has_registered("bob")?;
    let (speech, recording) = (Voice::Alice.file(), scratch.join("alice.wav"));
    let (uri, speech, file) =
        (format!("sip:bob@{DOMAIN}"), speech.to_string_lossy(), recording.to_string_lossy());
    let words = ["call", &*uri, "--play", &speech, "--record", &file, "--duration", DURATION];
    let account = server.words("alice", ways.ours)?;
    let mut phone = Phone::start_as("rvoip call", &words, &account, scratch.path())?;
    let status = phone.exit_status(LIMIT)?;
    ensure!(status == 0, "status {status}: {:?}", phone.complaints());
    ensure!(phone.ended(LIMIT)? == "local_hang_up");
    ensure!(phone.events()?.iter().any(|event| of_type(event, "audio_received")), "no audio was told");
    bob.wait_for_line("session closed", LIMIT)?;
    bob.quit()?;
    assert_heard(Voice::Bob, &recording, COMPARED)?;
    assert_heard(Voice::Alice, &bob.recording()?, COMPARED)
}

/// Bob, a baresip, calls alice, and hears that she hangs up.
pub fn we_are_called<S: Server>(ways: Ways<'_>, scratch: &Scratch) -> Result<()> {
    let server = S::begin(scratch.path())?;
    let (speech, recording) = (Voice::Alice.file(), scratch.join("alice.wav"));
    let (speech, file) = (speech.to_string_lossy(), recording.to_string_lossy());
    let words = ["listen", "--auto-answer", "--play", &*speech, "--record", &*file, "--duration", DURATION];
    let account = server.words("alice", ways.ours)?;
    let mut phone = Phone::start_as("rvoip listen", &words, &account, scratch.path())?;
    phone.registered()?;
    let (proxy, uri) = (server.proxy(ways.theirs)?, format!("sip:alice@{DOMAIN}"));
    let options = BaresipOptions {
        user: "bob",
        proxy: Some(&proxy),
        answers: false,
        dials: Some(&uri),
        codecs: ways.codecs,
    };
    let mut bob = Baresip::start_with(&options, &server.files(), scratch.path())?;
    let incoming = phone.wait_for("a call", LIMIT, |event| of_type(event, "incoming_call"))?;
    let from = incoming.get("from").is_some_and(|from| from.to_string().contains(&format!("bob@{DOMAIN}")));
    ensure!(from, "{incoming}");
    phone.connected(LIMIT)?;
    ensure!(phone.ended(LIMIT)? == "local_hang_up");
    bob.wait_for_line("session closed", LIMIT)?;
    bob.quit()?;
    phone.quit(LIMIT)?;
    assert_heard(Voice::Bob, &recording, COMPARED)?;
    assert_heard(Voice::Alice, &bob.recording()?, COMPARED)
}
