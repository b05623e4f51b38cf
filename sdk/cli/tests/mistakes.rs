//! Every mistake is answered with one clear line and a status that is not zero.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::net::UdpSocket;
use std::process::{Command, Output, Stdio};

fn rvoip(arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rvoip"))
        .args(arguments)
        .env_remove("RVOIP_PASSWORD")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_ref()).unwrap();
    child.wait_with_output().unwrap()
}

/// The one line on standard error, after `rvoip: `, and the exit status.
fn complaint(arguments: &[&str]) -> (String, i32) {
    let output = rvoip(arguments, "");
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{arguments:?}: {text}");
    let line = text.trim_end().strip_prefix("rvoip: ").unwrap_or(&text).to_owned();
    (line, output.status.code().unwrap())
}

#[test]
fn what_the_network_refuses_is_told_with_status_1() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let bind = ["--bind", "127.0.0.1:0"];
    for (arguments, expect) in [
        (vec!["call", "sip:x@nosuchhost.invalid"], "the call failed: the host name does not exist"),
        (vec!["call", "sip:x@127.0.0.1:1;transport=tcp"], "connection refused"),
        (vec!["call", "sips:x@127.0.0.1:1"], "cannot be reached over TLS: connection refused"),
        (vec!["call", "sip:x@127.0.0.1:1", "--play", "/nonexistent.wav"], "/nonexistent.wav: No such file"),
        (vec!["call", "sip:x@127.0.0.1:1", "--play", "/"], "/: it is no regular file"),
        (
            vec!["call", "sip:x@127.0.0.1:1", "--play", env!("CARGO_MANIFEST_PATH")],
            "Cargo.toml: not a readable wav",
        ),
        (
            vec!["call", "sip:x@127.0.0.1:1", "--record", "/nonexistent/x.wav"],
            "/nonexistent/x.wav: No such file",
        ),
        (vec!["call", "sip:x@127.0.0.1:1", "--record", "/"], "/: "),
        (vec!["options", "sip:nosuchhost.invalid"], "the host name does not exist"),
        (vec!["message", "sip:x@nosuchhost.invalid", "hello"], "the host name does not exist"),
        (vec!["register", "--once", "--account", "sip:x@nosuchhost.invalid"], "the host name does not exist"),
    ] {
        let arguments: Vec<&str> = arguments.into_iter().chain(bind).collect();
        let (line, status) = complaint(&arguments);
        assert!(line.contains(expect), "{arguments:?}: {line}");
        assert_eq!(status, 1, "{arguments:?}");
    }
    let (line, status) = complaint(&["listen", "--bind", &address]);
    assert_eq!((line, status), (format!("UDP at {address} cannot be used: it is taken"), 1));
}

#[test]
fn wrong_usage_is_told_with_status_2() {
    for arguments in [&["call", "no uri at all"][..], &["call", "sip:"], &["listen", "--account", "http://x"]]
    {
        let (line, status) = complaint(arguments);
        assert_eq!(status, 2, "{arguments:?}: {line}");
    }
    for (arguments, expect) in [
        (&["call"][..], "<URI>"),
        (&["dance"], "'dance'"),
        (&["listen", "--rtp-ports", "9"], "two ports"),
        (&["listen", "--bind", "nowhere"], "'nowhere'"),
        (&["call", "sip:x@127.0.0.1:1", "--dtmf", "xyz"], "keys are 0 to 9"),
        (&["register"], "--account"),
        (&["call", "http://127.0.0.1"], "no SIP URI"),
    ] {
        let (line, status) = complaint(arguments);
        assert!(status == 2 && line.contains(expect), "{arguments:?}: {status}, {line}");
    }
    let help = rvoip(&["--help"], "");
    assert!(help.status.success() && help.stderr.is_empty());
}

#[test]
fn ports_for_audio_that_are_all_taken_end_the_call_with_the_reason() {
    // An even port and the next, both ours.
    let (_first, _second, range) = (0..1_000_u16)
        .find_map(|offset| {
            let port = 20_000 + 2 * offset;
            let first = UdpSocket::bind(("127.0.0.1", port)).ok()?;
            let second = UdpSocket::bind(("127.0.0.1", port + 1)).ok()?;
            Some((first, second, format!("{port}-{}", port + 1)))
        })
        .unwrap();
    let (line, status) =
        complaint(&["call", "sip:x@127.0.0.1:1", "--bind", "127.0.0.1:0", "--rtp-ports", &range]);
    assert_eq!((line, status), (format!("the call failed: all RTP ports {range} are taken"), 1));
}

#[test]
fn a_message_is_parsed_from_standard_input_and_a_fault_is_placed() {
    let good = "OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b>\r\n\
                Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
    let output = rvoip(&["parse"], good);
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().contains("\"method\": \"OPTIONS\""));
    let output = rvoip(&["parse"], "nonsense");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("\"layer\": \"framing\""));
    let output = rvoip(&["parse", "--sdp"], "v=0\r\nx");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("\"line\": 2"));
    for (words, input, status, kind) in [
        (&["--json", "parse"][..], good, 0, "message"),
        (&["--json", "parse"], "nonsense", 1, "error"),
        (&["--json", "parse", "--sdp"], "v=0\r\nx", 1, "error"),
        (&["--json", "parse", "/nonexistent"], "", 1, "error"),
        (&["--json", "dance"], "", 2, "error"),
    ] {
        let output = rvoip(words, input);
        assert_eq!(output.status.code(), Some(status), "{words:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let event: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(event["type"] == kind && event["time"].is_number(), "{event}");
    }
}

#[test]
fn a_line_that_is_no_text_is_refused_and_the_next_one_is_obeyed() {
    let output = rvoip(&["listen", "--bind", "127.0.0.1:0"], b"\xff\xfe\nquit\n");
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "rvoip: a line that is no UTF-8\n");
}
