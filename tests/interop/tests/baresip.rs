//! Calls with baresip, by way of Kamailio and direct: both sides speak, and what each heard is compared.

use anyhow::{Result, ensure};
use rvoip_interop::{
    Baresip, BaresipFiles, BaresipOptions, DOMAIN, Kamailio, LIMIT, Phone, Scratch, Voice, assert_heard,
    in_scratch, of_type,
};

/// Seconds of the speech that are compared.
const COMPARED: u32 = 5;
/// Seconds that a call with speech lasts.
const DURATION: &str = "6.5";

/// Bob trusts the authority that signed the server's certificate.
fn files(kamailio: &Kamailio) -> BaresipFiles {
    BaresipFiles { trusts: Some(kamailio.authority().to_owned()), ..BaresipFiles::default() }
}

fn start(name: &str, words: &[&str], account: &[String], scratch: &Scratch) -> Result<Phone> {
    let arguments: Vec<&str> = words.iter().copied().chain(account.iter().map(String::as_str)).collect();
    Phone::start(name, &arguments, scratch.path())
}

/// Alice calls bob, who is a baresip; both are registered.
fn we_call(transport: &str, theirs: &str, codecs: &str, scratch: &Scratch) -> Result<()> {
    let kamailio = Kamailio::start(scratch.path())?;
    let proxy = kamailio.uri(theirs);
    let options = BaresipOptions { user: "bob", proxy: Some(&proxy), answers: true, dials: None, codecs };
    let mut bob = Baresip::start_with(&options, &files(&kamailio), scratch.path())?;
    kamailio.wait_for_contact("bob")?;
    let (speech, recording) = (Voice::Alice.file(), scratch.join("alice.wav"));
    let (uri, speech, file) =
        (format!("sip:bob@{DOMAIN}"), speech.to_string_lossy(), recording.to_string_lossy());
    let words = ["call", &*uri, "--play", &speech, "--record", &file, "--duration", DURATION];
    let mut phone = start("rvoip call", &words, &kamailio.account("alice", transport), scratch)?;
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
fn we_are_called(transport: &str, theirs: &str, codecs: &str, scratch: &Scratch) -> Result<()> {
    let kamailio = Kamailio::start(scratch.path())?;
    let (speech, recording) = (Voice::Alice.file(), scratch.join("alice.wav"));
    let (speech, file) = (speech.to_string_lossy(), recording.to_string_lossy());
    let words = ["listen", "--auto-answer", "--play", &*speech, "--record", &*file, "--duration", DURATION];
    let mut phone = start("rvoip listen", &words, &kamailio.account("alice", transport), scratch)?;
    phone.registered()?;
    let (proxy, uri) = (kamailio.uri(theirs), format!("sip:alice@{DOMAIN}"));
    let options =
        BaresipOptions { user: "bob", proxy: Some(&proxy), answers: false, dials: Some(&uri), codecs };
    let mut bob = Baresip::start_with(&options, &files(&kamailio), scratch.path())?;
    let incoming = phone.wait_for("a call", LIMIT, |event| of_type(event, "incoming_call"))?;
    ensure!(
        incoming.get("from").is_some_and(|from| from.to_string().contains("bob@test.invalid")),
        "{incoming}"
    );
    phone.connected(LIMIT)?;
    ensure!(phone.ended(LIMIT)? == "local_hang_up");
    bob.wait_for_line("session closed", LIMIT)?;
    bob.quit()?;
    phone.quit(LIMIT)?;
    assert_heard(Voice::Bob, &recording, COMPARED)?;
    assert_heard(Voice::Alice, &bob.recording()?, COMPARED)
}

#[test]
fn we_call_a_registered_baresip_by_udp_and_hear_each_other() {
    in_scratch(|scratch| we_call("udp", "tcp", "pcmu", scratch));
}

#[test]
fn we_call_a_registered_baresip_by_tcp_and_hear_each_other() {
    in_scratch(|scratch| we_call("tcp", "udp", "pcma", scratch));
}

#[test]
fn a_registered_baresip_calls_us_by_udp_and_we_hear_each_other() {
    in_scratch(|scratch| we_are_called("udp", "udp", "pcma,pcmu", scratch));
}

#[test]
fn a_registered_baresip_calls_us_by_tcp_and_we_hear_each_other() {
    in_scratch(|scratch| we_are_called("tcp", "tcp", "pcmu,pcma", scratch));
}

#[test]
fn we_call_a_registered_baresip_both_by_tls_and_hear_each_other() {
    in_scratch(|scratch| we_call("tls", "tls", "pcmu", scratch));
}

#[test]
fn a_registered_baresip_calls_us_both_by_tls_and_we_hear_each_other() {
    in_scratch(|scratch| we_are_called("tls", "tls", "pcma", scratch));
}

#[test]
fn we_call_a_registered_baresip_by_websocket_and_hear_each_other() {
    in_scratch(|scratch| we_call("ws", "udp", "pcmu", scratch));
}

#[test]
fn a_registered_baresip_calls_us_by_secure_websocket_and_we_hear_each_other() {
    in_scratch(|scratch| we_are_called("wss", "tcp", "pcmu", scratch));
}

#[test]
fn a_baresip_that_vanishes_ends_the_call_by_media_timeout() {
    in_scratch(|scratch| {
        let kamailio = Kamailio::start(scratch.path())?;
        let proxy = kamailio.uri("udp");
        let options =
            BaresipOptions { user: "bob", proxy: Some(&proxy), answers: true, dials: None, codecs: "pcmu" };
        let mut bob = Baresip::start(&options, scratch.path())?;
        kamailio.wait_for_contact("bob")?;
        let uri = format!("sip:bob@{DOMAIN}");
        let words = ["call", &*uri, "--media-timeout", "2"];
        let mut phone = start("rvoip call", &words, &kamailio.account("alice", "udp"), scratch)?;
        phone.connected(LIMIT)?;
        phone.wait_for("audio", LIMIT, |event| of_type(event, "audio_received"))?;
        bob.vanish()?;
        let cause = phone.ended(LIMIT)?;
        ensure!(cause == "media_timeout", "{cause}");
        let status = phone.exit_status(LIMIT)?;
        ensure!(status == 1, "status {status}");
        ensure!(phone.complaints().len() == 1, "one line says it: {:?}", phone.complaints());
        Ok(())
    });
}

/// Without a proxy: key presses both ways, and each side puts the other on hold.
#[test]
fn keys_and_hold_go_both_ways_with_a_baresip_called_directly() {
    in_scratch(|scratch| {
        let options = BaresipOptions { user: "bob", proxy: None, answers: true, dials: None, codecs: "pcmu" };
        let mut bob = Baresip::start(&options, scratch.path())?;
        let uri = format!("sip:bob@{}", bob.address());
        let words = ["call", &*uri, "--bind", "127.0.0.1:0", "--transport", "udp", "--media-timeout", "2"];
        let mut phone = Phone::start("rvoip call", &words, scratch.path())?;
        phone.connected(LIMIT)?;
        phone.wait_for("audio", LIMIT, |event| of_type(event, "audio_received"))?;

        phone.command("dtmf 5#")?;
        bob.wait_for_line("'5'", LIMIT)?;
        bob.wait_for_line("'#'", LIMIT)?;
        bob.type_line("7")?;
        phone.wait_for("the digit 7", LIMIT, |event| {
            of_type(event, "digit_received") && event.get("digit").is_some_and(|digit| digit == "7")
        })?;

        let hold = |by_us: bool, by_peer: bool| {
            move |event: &serde_json::Value| {
                of_type(event, "hold_changed")
                    && event.get("held_by_us").is_some_and(|held| held == by_us)
                    && event.get("held_by_peer").is_some_and(|held| held == by_peer)
            }
        };
        phone.command("hold")?;
        phone.wait_for("our hold", LIMIT, hold(true, false))?;
        phone.command("resume")?;
        phone.wait_for("the end of our hold", LIMIT, hold(false, false))?;
        // The key x holds in baresip, X resumes.
        bob.type_line("x")?;
        phone.wait_for("their hold", LIMIT, hold(false, true))?;
        bob.type_line("X")?;
        phone.command("hangup")?;
        ensure!(phone.ended(LIMIT)? == "local_hang_up");
        ensure!(phone.exit_status(LIMIT)? == 0, "{:?}", phone.complaints());
        bob.wait_for_line("session closed", LIMIT)?;
        Ok(())
    });
}
