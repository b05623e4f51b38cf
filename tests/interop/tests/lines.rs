//! What a phone does that is told by its command line, by lines on its standard input, and by a signal.

use anyhow::{Result, ensure};
use rvoip_interop::{LIMIT, Phone, Scratch, Voice, ended, in_scratch, in_state, of_type, wait_until};
use serde_json::Value;
use std::net::UdpSocket;

/// Bob waits for calls, with further words.
fn listening(words: &[&str], scratch: &Scratch) -> Result<(Phone, String)> {
    let words: Vec<&str> = ["listen", "--transport", "udp", "--bind", "127.0.0.1:0"]
        .into_iter()
        .chain(words.iter().copied())
        .collect();
    let bob = Phone::start("rvoip listen", &words, scratch.path())?;
    let uri = format!("sip:bob@{}", bob.listening("UDP")?);
    Ok((bob, uri))
}

/// Alice calls a URI, with further words.
fn calling(uri: &str, words: &[&str], scratch: &Scratch) -> Result<Phone> {
    let words: Vec<&str> =
        ["call", uri, "--bind", "127.0.0.1:0"].into_iter().chain(words.iter().copied()).collect();
    Phone::start("rvoip call", &words, scratch.path())
}

fn has(event: &Value, field: &str, value: &str) -> bool {
    event.get(field).is_some_and(|found| found == value)
}

#[test]
fn lines_are_carried_out_in_their_order_and_the_end_of_them_ends_nothing() {
    in_scratch(|scratch| {
        let (mut bob, uri) = listening(&[], scratch)?;
        let mut alice = calling(&uri, &["--transport", "udp"], scratch)?;
        bob.wait_for("a call", LIMIT, |event| of_type(event, "incoming_call"))?;
        bob.command("answer")?;
        alice.connected(LIMIT)?;
        // All at once: each is begun before the next.
        alice.command("hold\nresume\nmute\nunmute\nreinvite\n1 message hello\ndtmf 1\ndtmf 2\ndtmf 3")?;
        bob.wait_for("the text", LIMIT, |event| has(event, "text", "hello"))?;
        bob.wait_for("the last key", LIMIT, |event| has(event, "digit", "3"))?;
        let keys = bob
            .events()?
            .iter()
            .filter_map(|event| Some(event.get("digit")?.as_str()?.to_owned()))
            .collect::<String>();
        ensure!(keys == "123", "{keys}");
        let held = |event: &Value| {
            of_type(event, "hold_changed").then(|| event.get("held_by_us").is_some_and(|held| held == true))
        };
        wait_until("hold and resume", LIMIT, || {
            let holds: Vec<bool> = alice.events()?.iter().filter_map(held).collect();
            Ok((holds == [true, false]).then_some(()))
        })?;

        let speech = Voice::Alice.file();
        bob.command(&format!("record {}", scratch.join("heard.wav").display()))?;
        alice.command(&format!("play {}", speech.display()))?;
        bob.wait_for("audio", LIMIT, |event| of_type(event, "audio_received"))?;
        alice.command("stop-playing")?;
        bob.command("stop-recording")?;
        bob.wait_for("the recording", LIMIT, |event| of_type(event, "recording_finished"))?;
        ensure!(scratch.join("heard.wav").is_file());

        alice.end_input();
        bob.command("7 hold")?;
        bob.command("dance")?;
        let complaints = wait_until("two complaints", LIMIT, || {
            let complaints = bob.complaints();
            Ok((complaints.len() == 2).then_some(complaints))
        })?;
        ensure!(complaints.iter().any(|line| line.contains("unknown command")), "{complaints:?}");
        ensure!(alice.events()?.iter().all(|event| ended(event).is_none()), "the end of input ends nothing");
        bob.command("hangup")?;
        ensure!(alice.exit_status(LIMIT)? == 0, "{:?}", alice.complaints());
        ensure!(alice.complaints().is_empty(), "{:?}", alice.complaints());

        let mut again = calling(&uri, &["--transport", "udp"], scratch)?;
        wait_until("a second call", LIMIT, || {
            let calls = bob.events()?.iter().filter(|event| of_type(event, "incoming_call")).count();
            Ok((calls == 2).then_some(()))
        })?;
        bob.command("reject 486")?;
        ensure!(again.exit_status(LIMIT)? == 1);
        ensure!(again.complaints().iter().any(|line| line.contains("486")), "{:?}", again.complaints());
        bob.command("quit")?;
        ensure!(bob.exit_status(LIMIT)? == 0);
        Ok(())
    });
}

#[test]
fn what_cannot_be_done_in_the_call_ends_it_with_its_status() {
    in_scratch(|scratch| {
        let (mut bob, uri) = listening(&[], scratch)?;
        let folder = scratch.join("gone");
        std::fs::create_dir(&folder)?;
        let file = folder.join("x.wav");
        let words = ["--record", &file.to_string_lossy(), "--duration", "60"];
        let mut alice = calling(&uri, &words, scratch)?;
        bob.wait_for("a call", LIMIT, |event| of_type(event, "incoming_call"))?;
        std::fs::remove_dir(&folder)?;
        bob.command("answer")?;
        ensure!(alice.exit_status(LIMIT)? == 1);
        let complaints = alice.complaints();
        ensure!(
            complaints.len() == 1 && complaints.iter().any(|line| line.contains("x.wav")),
            "{complaints:?}"
        );
        ensure!(bob.ended(LIMIT)? == "remote_hang_up");
        bob.quit(LIMIT)
    });
}

#[test]
fn a_call_that_is_not_recorded_still_has_its_duration() {
    in_scratch(|scratch| {
        let folder = scratch.join("gone");
        std::fs::create_dir(&folder)?;
        let file = folder.join("x.wav");
        let words = ["--auto-answer", "--record", &file.to_string_lossy(), "--duration", "1"];
        let (mut bob, uri) = listening(&words, scratch)?;
        std::fs::remove_dir(&folder)?;
        let mut alice = calling(&uri, &[], scratch)?;
        ensure!(alice.exit_status(LIMIT)? == 0, "{:?}", alice.complaints());
        let end = bob.wait_for("the end", LIMIT, |event| in_state(event, "ended"))?;
        ensure!(ended(&end) == Some("local_hang_up"), "{end}");
        bob.quit(LIMIT)
    });
}

/// A registrar that is told when to answer.
struct Registrar(UdpSocket);

impl Registrar {
    fn new() -> Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(LIMIT))?;
        Ok(Self(socket))
    }

    /// The next REGISTER that is not that of `before` again.
    fn register(&self, before: Option<&str>) -> Result<(String, std::net::SocketAddr)> {
        let mut buffer = [0; 4_096];
        loop {
            let (length, source) = self.0.recv_from(&mut buffer)?;
            let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
            if text.starts_with("REGISTER ")
                && Some(field(&text, "CSeq")) != before.map(|text| field(text, "CSeq"))
            {
                return Ok((text, source));
            }
        }
    }

    fn accept(&self, request: &str, source: std::net::SocketAddr) -> Result<()> {
        let copied = ["Via", "From", "To", "Call-ID", "CSeq", "Contact"].map(|name| {
            let tag = if name == "To" { ";tag=1" } else { "" };
            format!("{name}: {}{tag}\r\n", field(request, name))
        });
        let answer = format!("SIP/2.0 200 OK\r\n{}Content-Length: 0\r\n\r\n", copied.concat());
        self.0.send_to(answer.as_bytes(), source)?;
        Ok(())
    }
}

fn field<'a>(message: &'a str, name: &str) -> &'a str {
    let value = message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.unwrap_or_default().trim()
}

#[test]
fn an_interrupt_while_it_registers_removes_what_the_registrar_grants() {
    in_scratch(|scratch| {
        let registrar = Registrar::new()?;
        let uri = format!("sip:{}", registrar.0.local_addr()?);
        let account = "sip:alice@test.invalid";
        let words = ["register", "--account", account, "--registrar", &uri, "--bind", "127.0.0.1:0"];
        let mut alice = Phone::start("rvoip register", &words, scratch.path())?;
        let (request, source) = registrar.register(None)?;
        alice.interrupt()?;
        registrar.accept(&request, source)?;
        let (removal, source) = registrar.register(Some(&request))?;
        ensure!(field(&removal, "Expires") == "0", "{removal}");
        registrar.accept(&removal, source)?;
        ensure!(alice.exit_status(LIMIT)? == 0, "{:?}", alice.complaints());
        Ok(())
    });
}
