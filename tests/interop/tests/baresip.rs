//! Calls with baresip, by way of Kamailio and direct: both sides speak, and what each heard is compared.

use anyhow::ensure;
use rvoip_interop::{
    Baresip, BaresipOptions, DOMAIN, Kamailio, LIMIT, Phone, Ways, in_scratch, of_type, wait_until,
    we_are_called, we_call,
};

fn calling(ours: &str, theirs: &str, codecs: &str) {
    in_scratch(|scratch| we_call::<Kamailio>(Ways { ours, theirs, codecs }, scratch));
}

fn called(ours: &str, theirs: &str, codecs: &str) {
    in_scratch(|scratch| we_are_called::<Kamailio>(Ways { ours, theirs, codecs }, scratch));
}

#[test]
fn we_call_a_registered_baresip_by_udp_and_hear_each_other() {
    calling("udp", "tcp", "pcmu");
}

#[test]
fn we_call_a_registered_baresip_by_tcp_and_hear_each_other() {
    calling("tcp", "udp", "pcma");
}

#[test]
fn a_registered_baresip_calls_us_by_udp_and_we_hear_each_other() {
    called("udp", "udp", "pcma,pcmu");
}

#[test]
fn a_registered_baresip_calls_us_by_tcp_and_we_hear_each_other() {
    called("tcp", "tcp", "pcmu,pcma");
}

#[test]
fn we_call_a_registered_baresip_both_by_tls_and_hear_each_other() {
    calling("tls", "tls", "pcmu");
}

#[test]
fn a_registered_baresip_calls_us_both_by_tls_and_we_hear_each_other() {
    called("tls", "tls", "pcma");
}

#[test]
fn we_call_a_registered_baresip_by_websocket_and_hear_each_other() {
    calling("ws", "udp", "pcmu");
}

#[test]
fn a_registered_baresip_calls_us_by_secure_websocket_and_we_hear_each_other() {
    called("wss", "tcp", "pcmu");
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
        let mut phone =
            Phone::start_as("rvoip call", &words, &kamailio.account("alice", "udp"), scratch.path())?;
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
        wait_until("the end of their hold", LIMIT, || {
            let ends = phone.events()?.iter().filter(|event| hold(false, false)(event)).count();
            Ok((ends == 2).then_some(()))
        })?;
        phone.command("hangup")?;
        ensure!(phone.ended(LIMIT)? == "local_hang_up");
        ensure!(phone.exit_status(LIMIT)? == 0, "{:?}", phone.complaints());
        bob.wait_for_line("session closed", LIMIT)?;
        Ok(())
    });
}
