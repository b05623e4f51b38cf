//! Two of us without a server between: one listens with a certificate of its own.

use anyhow::{Result, ensure};
use rvoip_certificates::Authority;
use rvoip_interop::{LIMIT, Phone, Scratch, in_scratch, of_type};

fn call(transport: &str, scratch: &Scratch) -> Result<()> {
    let authority = Authority::new("Authority of the test")?;
    let issued = authority.issue(&["127.0.0.1"])?;
    let write = |name: &str, text: &str| -> Result<String> {
        let path = scratch.join(name);
        std::fs::write(&path, text)?;
        Ok(path.to_string_lossy().into_owned())
    };
    let ca = write("ca.pem", authority.pem())?;
    let certificate = write("certificate.pem", &issued.chain)?;
    let key = write("key.pem", &issued.key)?;
    let words = ["listen", "--auto-answer", "--echo", "--transport", transport, "--bind", "127.0.0.1:0"];
    let own = ["--tls-cert", &certificate, "--tls-key", &key];
    let words: Vec<&str> = words.into_iter().chain(own).collect();
    let mut bob = Phone::start("rvoip listen", &words, scratch.path())?;
    let uri = format!("sip:bob@{};transport={transport}", bob.listening(transport)?);
    let words = ["call", &uri, "--tls-ca", &ca, "--duration", "1"];
    let mut alice = Phone::start("rvoip call", &words, scratch.path())?;
    ensure!(alice.exit_status(LIMIT)? == 0, "{:?}", alice.complaints());
    ensure!(alice.events()?.iter().any(|event| of_type(event, "audio_received")), "no audio was told");
    let cause = bob.ended(LIMIT)?;
    ensure!(cause == "remote_hang_up", "{cause}");
    bob.quit(LIMIT)
}

#[test]
fn a_call_goes_over_tls_without_a_server() {
    in_scratch(|scratch| call("tls", scratch));
}

#[test]
fn a_call_goes_over_websocket_without_a_server() {
    in_scratch(|scratch| call("ws", scratch));
}

#[test]
fn a_call_goes_over_secure_websocket_without_a_server() {
    in_scratch(|scratch| call("wss", scratch));
}
