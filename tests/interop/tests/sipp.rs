//! Calls with SIPp's built-in scenarios: plain SIP, no RTP unless it echoes ours.

use std::collections::VecDeque;

use anyhow::{Result, ensure};
use rvoip_interop::{LIMIT, Phone, Sipp, Voice, assert_heard, ended, in_scratch, in_state, of_type};

const CALLS: u32 = 200;

/// SIPp sends no audio, so silence must not end its calls, though they last longer than the media timeout.
#[test]
fn two_hundred_calls_of_sipp_are_answered_and_ended_by_sipp() {
    in_scratch(|scratch| {
        let arguments = [
            "listen",
            "--bind",
            "127.0.0.1:0",
            "--transport",
            "udp",
            "--auto-answer",
            "--media-timeout",
            "1",
        ];
        let mut phone = Phone::start("rvoip listen", &arguments, scratch.path())?;
        let address = phone.listening("UDP")?;
        let more = ["-r", "20", "-l", "100", "-d", "1500", "-timeout", "120s"];
        let mut sipp = Sipp::uac(&address, CALLS, &more, scratch.path())?;
        let (counted, errors) = sipp.finish(LIMIT)?;
        ensure!(counted.successful == u64::from(CALLS) && counted.failed == 0, "{counted:?}\n{errors}");
        ensure!(errors.is_empty(), "{errors}");

        phone.quit(LIMIT)?;
        let events = phone.events()?;
        let number =
            |wanted: &dyn Fn(&serde_json::Value) -> bool| events.iter().filter(|event| wanted(event)).count();
        assert_eq!(number(&|event| of_type(event, "incoming_call")), 200);
        assert_eq!(number(&|event| in_state(event, "connected")), 200);
        let causes: Vec<_> = events.iter().filter(|event| in_state(event, "ended")).map(ended).collect();
        assert_eq!(causes, vec![Some("remote_hang_up"); 200]);
        Ok(())
    });
}

#[test]
fn sipp_answers_two_hundred_phones_eight_at_a_time() {
    in_scratch(|scratch| {
        let mut sipp = Sipp::uas(CALLS, &["-timeout", "120s"], scratch.path())?;
        let uri = format!("sip:service@{}", sipp.address());
        let arguments = ["call", &uri, "--bind", "127.0.0.1:0", "--transport", "udp", "--duration", "0.2"];
        let mut phones = VecDeque::new();
        for _ in 0..CALLS {
            if phones.len() == 8
                && let Some(phone) = phones.pop_front()
            {
                check_short_call(phone)?;
            }
            phones.push_back(Phone::start("rvoip call", &arguments, scratch.path())?);
        }
        for phone in phones {
            check_short_call(phone)?;
        }
        let (counted, errors) = sipp.finish(LIMIT)?;
        ensure!(counted.successful == u64::from(CALLS) && counted.failed == 0, "{counted:?}\n{errors}");
        ensure!(errors.is_empty(), "{errors}");
        Ok(())
    });
}

fn check_short_call(mut phone: Phone) -> Result<()> {
    let status = phone.exit_status(LIMIT)?;
    ensure!(status == 0, "status {status}: {:?} {:?}", phone.complaints(), phone.events()?);
    let events = phone.events()?;
    ensure!(events.iter().any(|event| in_state(event, "connected")), "never connected: {events:?}");
    let cause = events.iter().find_map(ended);
    ensure!(cause == Some("local_hang_up"), "{cause:?}: {events:?}");
    Ok(())
}

#[test]
fn speech_that_sipp_echoes_comes_back() {
    in_scratch(|scratch| {
        let mut sipp = Sipp::uas(1, &["-rtp_echo", "-timeout", "120s"], scratch.path())?;
        let uri = format!("sip:service@{}", sipp.address());
        let (speech, recording) = (Voice::Alice.file(), scratch.join("echo.wav"));
        let (speech, file) = (speech.to_string_lossy(), recording.to_string_lossy());
        let arguments = [
            "call",
            &*uri,
            "--bind",
            "127.0.0.1:0",
            "--transport",
            "udp",
            "--play",
            &speech,
            "--record",
            &file,
            "--duration",
            "6",
        ];
        let mut phone = Phone::start("rvoip call", &arguments, scratch.path())?;
        let status = phone.exit_status(LIMIT)?;
        ensure!(status == 0, "status {status}: {:?}", phone.complaints());
        let (counted, errors) = sipp.finish(LIMIT)?;
        ensure!(counted.successful == 1 && errors.is_empty(), "{counted:?}\n{errors}");
        assert_heard(Voice::Alice, &recording, 5)
    });
}

#[test]
fn calls_of_sipp_by_tcp_are_answered() {
    in_scratch(|scratch| {
        let arguments = ["listen", "--bind", "127.0.0.1:0", "--transport", "tcp", "--auto-answer"];
        let mut phone = Phone::start("rvoip listen", &arguments, scratch.path())?;
        let address = phone.listening("TCP")?;
        let more = ["-t", "t1", "-r", "20", "-d", "200", "-timeout", "120s"];
        let mut sipp = Sipp::uac(&address, 40, &more, scratch.path())?;
        let (counted, errors) = sipp.finish(LIMIT)?;
        ensure!(
            counted.successful == 40 && counted.failed == 0 && errors.is_empty(),
            "{counted:?}\n{errors}"
        );
        phone.quit(LIMIT)
    });
}
