//! Registration, texts and questions at and through Kamailio.

use anyhow::{Context, Result, ensure};
use rvoip_certificates::Authority;
use rvoip_interop::{
    Baresip, BaresipOptions, DOMAIN, Kamailio, LIMIT, PASSWORD, Phone, Scratch, in_scratch, of_type,
    wait_until,
};

fn registers_and_unregisters(transport: &str, scratch: &Scratch) -> Result<()> {
    let kamailio = Kamailio::start(scratch.path())?;
    let account = kamailio.account("alice", transport);
    let mut phone = Phone::start_as("rvoip register", &["register"], &account, scratch.path())?;
    let event = phone.registered()?;
    ensure!(event.get("expires").and_then(serde_json::Value::as_u64).is_some_and(|s| s > 0), "{event}");
    let contacts = kamailio.contacts("alice")?;
    ensure!(contacts.contains("sip:"), "{contacts}");
    let written = contacts.to_ascii_lowercase();
    match transport {
        "udp" => {}
        "ws" | "wss" => {
            ensure!(written.contains(".invalid") && written.contains("transport=ws"), "{contacts}");
        }
        _ => ensure!(written.contains(&format!("transport={transport}")), "{contacts}"),
    }
    phone.quit(LIMIT)?;
    wait_until("no contact of alice", LIMIT, || Ok(kamailio.contacts("alice")?.is_empty().then_some(())))
}

#[test]
fn a_phone_registers_by_udp_and_its_end_removes_the_contact() {
    in_scratch(|scratch| registers_and_unregisters("udp", scratch));
}

#[test]
fn a_phone_registers_by_tcp_and_its_end_removes_the_contact() {
    in_scratch(|scratch| registers_and_unregisters("tcp", scratch));
}

#[test]
fn a_phone_registers_by_tls_and_its_end_removes_the_contact() {
    in_scratch(|scratch| registers_and_unregisters("tls", scratch));
}

#[test]
fn a_phone_registers_by_websocket_and_its_end_removes_the_contact() {
    in_scratch(|scratch| registers_and_unregisters("ws", scratch));
}

#[test]
fn a_phone_registers_by_secure_websocket_and_its_end_removes_the_contact() {
    in_scratch(|scratch| registers_and_unregisters("wss", scratch));
}

#[test]
fn texts_go_between_all_transports() {
    in_scratch(|scratch| {
        let kamailio = Kamailio::start(scratch.path())?;
        for (from, to) in [("tls", "ws"), ("ws", "wss"), ("wss", "tls"), ("udp", "wss"), ("ws", "tcp")] {
            let mut carol =
                Phone::start_as("rvoip listen", &["listen"], &kamailio.account("carol", to), scratch.path())?;
            carol.registered()?;
            let uri = format!("sip:carol@{DOMAIN}");
            let text = format!("from {from} to {to}");
            let words = ["message", &uri, &text];
            let mut alice =
                Phone::start_as("rvoip message", &words, &kamailio.account("alice", from), scratch.path())?;
            let status = alice.exit_status(LIMIT)?;
            ensure!(status == 0, "{text}: status {status}: {:?}", alice.complaints());
            carol.wait_for(&text, LIMIT, |event| {
                of_type(event, "message_received")
                    && event.get("text").is_some_and(|received| *received == text)
            })?;
            carol.quit(LIMIT)?;
        }
        Ok(())
    });
}

/// A certificate that is not of the authority that the phone knows: nothing is sent, and one line says why.
fn distrusts(transport: &str, scratch: &Scratch) -> Result<()> {
    let kamailio = Kamailio::start(scratch.path())?;
    let other = scratch.join("other.pem");
    std::fs::write(&other, Authority::new("Another authority")?.pem())?;
    let other = other.to_string_lossy().into_owned();
    let mut account = kamailio.account("alice", transport);
    let known = kamailio.authority().to_string_lossy().into_owned();
    for word in &mut account {
        if *word == known {
            word.clone_from(&other);
        }
    }
    let mut phone = Phone::start_as("rvoip with another authority", &["register"], &account, scratch.path())?;
    let status = phone.exit_status(LIMIT)?;
    ensure!(status == 1, "status {status}: {:?}", phone.complaints());
    let complaints = phone.complaints();
    ensure!(complaints.len() == 1, "one line says it: {complaints:?}");
    let says = |line: &String| line.contains("its certificate is of an unknown authority");
    ensure!(complaints.iter().all(says), "{complaints:?}");
    // The well-known authorities do not know it either, and insecure does not ask.
    let kept: Vec<String> =
        account.iter().filter(|word| *word != "--tls-ca" && **word != other).cloned().collect();
    let mut phone =
        Phone::start_as("rvoip without an authority", &["register", "--once"], &kept, scratch.path())?;
    ensure!(phone.exit_status(LIMIT)? == 1, "{:?}", phone.complaints());
    let words = ["register", "--once", "--tls-insecure"];
    let mut phone = Phone::start_as("rvoip that asks for no authority", &words, &kept, scratch.path())?;
    ensure!(phone.exit_status(LIMIT)? == 0, "{:?}", phone.complaints());
    Ok(())
}

#[test]
fn a_server_of_an_unknown_authority_is_not_talked_to_by_tls() {
    in_scratch(|scratch| distrusts("tls", scratch));
}

#[test]
fn a_server_of_an_unknown_authority_is_not_talked_to_by_secure_websocket() {
    in_scratch(|scratch| distrusts("wss", scratch));
}

#[test]
fn a_port_without_tls_is_told_in_one_line() {
    in_scratch(|scratch| {
        let kamailio = Kamailio::start(scratch.path())?;
        let mut account = kamailio.account("alice", "tls");
        let (tls, plain) = (kamailio.ports().tls.to_string(), kamailio.ports().plain.to_string());
        for word in &mut account {
            *word = word.replace(&tls, &plain);
        }
        let mut phone = Phone::start_as("rvoip at a plain port", &["register"], &account, scratch.path())?;
        ensure!(phone.exit_status(LIMIT)? == 1, "{:?}", phone.complaints());
        let complaints = phone.complaints();
        ensure!(
            complaints.len() == 1 && complaints.iter().all(|line| line.contains("TLS")),
            "{complaints:?}"
        );
        Ok(())
    });
}

#[test]
fn a_file_that_is_no_certificate_is_named() {
    in_scratch(|scratch| {
        let file = scratch.join("not.pem");
        std::fs::write(&file, "hello")?;
        let file = file.to_string_lossy().into_owned();
        for (path, words) in [(file.as_str(), "cannot be used"), ("/nowhere/ca.pem", "cannot be read")] {
            let arguments = ["options", "sip:127.0.0.1", "--tls-ca", path];
            let mut phone = Phone::start("rvoip with a wrong file", &arguments, scratch.path())?;
            ensure!(phone.exit_status(LIMIT)? != 0, "it ran");
            let complaints = phone.complaints();
            ensure!(
                complaints.len() == 1
                    && complaints.iter().all(|line| line.contains(path) && line.contains(words)),
                "{complaints:?}"
            );
        }
        Ok(())
    });
}

/// The same server named as the registrar, without a proxy, and the bindings printed.
#[test]
fn register_once_prints_the_bindings_and_removes_them() {
    in_scratch(|scratch| {
        let kamailio = Kamailio::start(scratch.path())?;
        let registrar = kamailio.uri("udp");
        let address = format!("sip:bob@{DOMAIN}");
        let arguments = [
            "register",
            "--once",
            "--bind",
            "127.0.0.1:0",
            "--transport",
            "udp",
            "--account",
            &address,
            "--password",
            PASSWORD,
            "--registrar",
            &registrar,
        ];
        let mut phone = Phone::start("rvoip register --once", &arguments, scratch.path())?;
        let status = phone.exit_status(LIMIT)?;
        ensure!(status == 0, "status {status}: {:?}", phone.complaints());
        let events = phone.events()?;
        let bindings = events.iter().find(|event| of_type(event, "bindings")).context("no bindings")?;
        let contacts =
            bindings.get("contacts").and_then(serde_json::Value::as_array).context("no contacts")?;
        ensure!(contacts.len() == 1, "{bindings}");
        ensure!(kamailio.contacts("bob")?.is_empty(), "the contact is still there");
        Ok(())
    });
}

fn refused(words: &[&str], transport: &str, scratch: &Scratch) -> Result<()> {
    let kamailio = Kamailio::start(scratch.path())?;
    let mut account = kamailio.account("alice", transport);
    for word in &mut account {
        if word == PASSWORD {
            "wrong".clone_into(word);
        }
    }
    let mut phone = Phone::start_as("rvoip with a wrong password", words, &account, scratch.path())?;
    let status = phone.exit_status(LIMIT)?;
    ensure!(status == 1, "status {status}: {:?}", phone.complaints());
    let complaints = phone.complaints();
    ensure!(complaints.len() == 1, "one line says it: {complaints:?}");
    ensure!(complaints.iter().all(|line| line.contains("401") || line.contains("403")), "{complaints:?}");
    let events = phone.events()?;
    let error = events.iter().find(|event| of_type(event, "error")).context("no error event")?;
    ensure!(error.pointer("/error/type").is_some_and(|kind| kind == "authentication_failed"), "{error}");
    let told = error.pointer("/error/status").and_then(serde_json::Value::as_u64);
    ensure!(matches!(told, Some(401 | 403)), "{error}");
    ensure!(kamailio.contacts("alice")?.is_empty(), "a wrong password registered");
    Ok(())
}

#[test]
fn a_wrong_password_fails_to_register_with_one_clear_line() {
    in_scratch(|scratch| refused(&["register"], "udp", scratch));
}

#[test]
fn a_wrong_password_fails_to_listen_by_tcp_with_one_clear_line() {
    in_scratch(|scratch| refused(&["listen"], "tcp", scratch));
}

#[test]
fn a_text_goes_through_the_proxy_to_a_phone() {
    in_scratch(|scratch| {
        let kamailio = Kamailio::start(scratch.path())?;
        let mut carol =
            Phone::start_as("rvoip listen", &["listen"], &kamailio.account("carol", "tcp"), scratch.path())?;
        carol.registered()?;
        let text = "Grüße: 1 < 2";
        let uri = format!("sip:carol@{DOMAIN}");
        let mut alice = Phone::start_as(
            "rvoip message",
            &["message", &uri, text],
            &kamailio.account("alice", "udp"),
            scratch.path(),
        )?;
        let status = alice.exit_status(LIMIT)?;
        ensure!(status == 0, "status {status}: {:?}", alice.complaints());
        let event = carol.wait_for("the text", LIMIT, |event| of_type(event, "message_received"))?;
        ensure!(event.get("text").is_some_and(|received| received == text), "{event}");
        let from = event.get("from").and_then(serde_json::Value::as_str).unwrap_or_default();
        ensure!(from.contains("alice@test.invalid"), "{event}");
        carol.quit(LIMIT)
    });
}

#[test]
fn a_text_goes_through_the_proxy_to_baresip() {
    in_scratch(|scratch| {
        let kamailio = Kamailio::start(scratch.path())?;
        let proxy = kamailio.uri("udp");
        let options =
            BaresipOptions { user: "bob", proxy: Some(&proxy), answers: true, dials: None, codecs: "pcmu" };
        let bob = Baresip::start(&options, scratch.path())?;
        kamailio.wait_for_contact("bob")?;
        let uri = format!("sip:bob@{DOMAIN}");
        let words = ["message", &uri, "the quick brown fox"];
        let mut alice =
            Phone::start_as("rvoip message", &words, &kamailio.account("alice", "tcp"), scratch.path())?;
        let status = alice.exit_status(LIMIT)?;
        ensure!(status == 0, "status {status}: {:?}", alice.complaints());
        bob.wait_for_line("the quick brown fox", LIMIT)?;
        Ok(())
    });
}

#[test]
fn a_text_to_nobody_is_refused() {
    in_scratch(|scratch| {
        let kamailio = Kamailio::start(scratch.path())?;
        let uri = format!("sip:nobody@{DOMAIN}");
        let words = ["message", &uri, "hello"];
        let mut alice =
            Phone::start_as("rvoip message", &words, &kamailio.account("alice", "udp"), scratch.path())?;
        let status = alice.exit_status(LIMIT)?;
        ensure!(status == 1, "status {status}: {:?}", alice.complaints());
        let events = alice.events()?;
        let answer = events.iter().find(|event| of_type(event, "answer")).context("no answer")?;
        ensure!(answer.get("status").is_some_and(|status| status == 404), "{answer}");
        Ok(())
    });
}

#[test]
fn options_are_answered_by_the_server_by_baresip_and_by_a_phone() {
    in_scratch(|scratch| {
        let kamailio = Kamailio::start(scratch.path())?;
        let proxy = kamailio.uri("tcp");
        let options =
            BaresipOptions { user: "bob", proxy: Some(&proxy), answers: true, dials: None, codecs: "pcmu" };
        let _bob = Baresip::start(&options, scratch.path())?;
        let mut carol =
            Phone::start_as("rvoip listen", &["listen"], &kamailio.account("carol", "udp"), scratch.path())?;
        carol.registered()?;
        kamailio.wait_for_contact("bob")?;
        for user in ["", "bob@", "carol@"] {
            let uri = format!("sip:{user}{DOMAIN}");
            let account = kamailio.account("alice", "udp");
            let mut alice = Phone::start_as("rvoip options", &["options", &uri], &account, scratch.path())?;
            let status = alice.exit_status(LIMIT)?;
            ensure!(status == 0, "{uri}: status {status}: {:?}", alice.complaints());
            let events = alice.events()?;
            let answer = events.iter().find(|event| of_type(event, "answer")).context("no answer")?;
            ensure!(answer.get("status").is_some_and(|status| status == 200), "{uri}: {answer}");
            if !user.is_empty() {
                let allow = answer.get("allow").context("no Allow")?.to_string();
                ensure!(allow.contains("INVITE") && allow.contains("BYE"), "{uri}: {answer}");
            }
        }
        carol.quit(LIMIT)
    });
}
