//! Calls with baresip by way of our own switch: both sides speak, over other transports, and what each heard is compared.

use anyhow::{Result, ensure};
use rvoip_interop::{
    Baresip, BaresipFiles, BaresipOptions, DOMAIN, LIMIT, OwnSwitch, Phone, Scratch, Voice, assert_heard,
    in_scratch, of_type,
};

/// Seconds of the speech that are compared.
const COMPARED: u32 = 5;
/// Seconds that a call with speech lasts.
const DURATION: &str = "6.5";

fn files(switch: &OwnSwitch) -> BaresipFiles {
    BaresipFiles { trusts: Some(switch.authority().to_owned()), ..BaresipFiles::default() }
}

fn start(name: &str, words: &[&str], account: &[String], scratch: &Scratch) -> Result<Phone> {
    let arguments: Vec<&str> = words.iter().copied().chain(account.iter().map(String::as_str)).collect();
    Phone::start(name, &arguments, scratch.path())
}

/// Alice calls bob, who is a baresip.
fn we_call(ours: &str, theirs: &str, scratch: &Scratch) -> Result<()> {
    let switch = OwnSwitch::start(scratch.path())?;
    let proxy = switch.uri(theirs)?;
    let options =
        BaresipOptions { user: "bob", proxy: Some(&proxy), answers: true, dials: None, codecs: "pcmu" };
    let mut bob = Baresip::start_with(&options, &files(&switch), scratch.path())?;
    switch.wait_for_contact("bob")?;
    let (speech, recording) = (Voice::Alice.file(), scratch.join("alice.wav"));
    let (uri, speech, file) =
        (format!("sip:bob@{DOMAIN}"), speech.to_string_lossy(), recording.to_string_lossy());
    let words = ["call", &*uri, "--play", &speech, "--record", &file, "--duration", DURATION];
    let mut phone = start("rvoip call", &words, &switch.account("alice", ours)?, scratch)?;
    let status = phone.exit_status(LIMIT)?;
    ensure!(status == 0, "status {status}: {:?}", phone.complaints());
    ensure!(phone.ended(LIMIT)? == "local_hang_up");
    bob.wait_for_line("session closed", LIMIT)?;
    bob.quit()?;
    assert_heard(Voice::Bob, &recording, COMPARED)?;
    assert_heard(Voice::Alice, &bob.recording()?, COMPARED)?;
    switch.close()
}

/// Bob, a baresip, calls alice, and hears that she hangs up.
fn we_are_called(ours: &str, theirs: &str, scratch: &Scratch) -> Result<()> {
    let switch = OwnSwitch::start(scratch.path())?;
    let (speech, recording) = (Voice::Alice.file(), scratch.join("alice.wav"));
    let (speech, file) = (speech.to_string_lossy(), recording.to_string_lossy());
    let words = ["listen", "--auto-answer", "--play", &*speech, "--record", &*file, "--duration", DURATION];
    let mut phone = start("rvoip listen", &words, &switch.account("alice", ours)?, scratch)?;
    phone.registered()?;
    let (proxy, uri) = (switch.uri(theirs)?, format!("sip:alice@{DOMAIN}"));
    let options = BaresipOptions {
        user: "bob",
        proxy: Some(&proxy),
        answers: false,
        dials: Some(&uri),
        codecs: "pcma",
    };
    let mut bob = Baresip::start_with(&options, &files(&switch), scratch.path())?;
    phone.wait_for("a call", LIMIT, |event| of_type(event, "incoming_call"))?;
    phone.connected(LIMIT)?;
    ensure!(phone.ended(LIMIT)? == "local_hang_up");
    bob.wait_for_line("session closed", LIMIT)?;
    bob.quit()?;
    phone.quit(LIMIT)?;
    assert_heard(Voice::Bob, &recording, COMPARED)?;
    assert_heard(Voice::Alice, &bob.recording()?, COMPARED)?;
    switch.close()
}

#[test]
fn a_phone_on_a_secure_websocket_calls_a_baresip_on_udp() {
    in_scratch(|scratch| we_call("wss", "udp", scratch));
}

#[test]
fn a_baresip_on_tls_calls_a_phone_on_udp() {
    in_scratch(|scratch| we_are_called("udp", "tls", scratch));
}

#[test]
fn a_baresip_on_tcp_calls_a_phone_on_a_websocket() {
    in_scratch(|scratch| we_are_called("ws", "tcp", scratch));
}
