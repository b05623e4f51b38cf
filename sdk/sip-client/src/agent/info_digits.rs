//! Key presses by INFO, as many devices without telephone events understand and send them (`application/dtmf-relay`).

use std::collections::VecDeque;
use std::time::Duration;

use rvoip_driver::{Now, Token};
use rvoip_session_core::{Body, SessionId};
use rvoip_sip_core::Method;

use super::{Agent, Pending, Timer};
use crate::command::Reply;
use crate::{CallKey, Error};

/// How long a key press is said to last, in milliseconds.
const KEY_MS: u32 = 160;
/// How long a comma is, as it is between telephone events.
const PAUSE: Duration = Duration::from_secs(2);

/// The commands whose key presses are on their way, one after the other, and one press at a time.
#[derive(Debug, Default)]
pub(super) struct InfoDigits(VecDeque<(Token, VecDeque<char>)>);

impl InfoDigits {
    /// Adds what a command wants pressed; whether it is alone and can begin.
    fn push(&mut self, token: Token, digits: &str) -> bool {
        self.0.push_back((token, digits.chars().collect()));
        self.0.len() == 1
    }

    /// The next press, or the command whose presses are all made.
    fn next(&mut self) -> Option<Result<char, Token>> {
        let (_, left) = self.0.front_mut()?;
        match left.pop_front() {
            Some(digit) => Some(Ok(digit)),
            None => self.0.pop_front().map(|(token, _)| Err(token)),
        }
    }

    /// Nobody waits for a command any more: what it did not press yet is not pressed.
    pub(super) fn withdraw(&mut self, token: Token) {
        // A press that is under way is answered first; then comes the next command.
        for (of, left) in &mut self.0 {
            if *of == token {
                left.clear();
            }
        }
    }

    /// Takes all who wait.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Token> + '_ {
        self.0.drain(..).map(|(token, _)| token)
    }
}

impl Agent {
    /// The peer takes no telephone events: each key press is an INFO.
    pub(super) fn send_digits_by_info(&mut self, now: Now, key: CallKey, token: Token, digits: &str) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        if call.media.info_digits.push(token, digits) {
            self.next_info_digit(now, key);
        }
    }

    pub(super) fn next_info_digit(&mut self, now: Now, key: CallKey) {
        while let Some(call) = self.calls.get_mut(&key) {
            let session = call.session;
            let digit = match call.media.info_digits.next() {
                Some(Ok(',')) => return self.timers.set(Timer::Pause(key), now.after(PAUSE)),
                Some(Ok(digit)) => digit,
                Some(Err(token)) => {
                    self.done(token, Ok(Reply::Done));
                    continue;
                }
                None => return,
            };
            let text = format!("Signal={}\r\nDuration={KEY_MS}\r\n", digit.to_ascii_uppercase());
            let body = Body::new("application/dtmf-relay", text);
            let request = self.ua.request_in_session(now, session, Method::Info, body);
            self.requests.insert(request, Pending::InfoDigit(key));
            return;
        }
    }

    /// The peer does not take a press: the command that wanted it fails, and the next one may try.
    pub(super) fn give_up_info_digits(&mut self, now: Now, key: CallKey, error: Error) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        if let Some((token, _)) = call.media.info_digits.0.pop_front() {
            self.done(token, Err(error));
        }
        self.next_info_digit(now, key);
    }

    pub(super) fn info_received(&mut self, session: SessionId, content_type: &str, body: &[u8]) {
        let Some(key) = self.sessions.get(&session).copied() else { return };
        let text = String::from_utf8_lossy(body);
        if let Some(digit) = pressed(content_type, &text) {
            self.digit_received(key, digit);
        }
    }
}

/// The key that an INFO says was pressed.
fn pressed(content_type: &str, body: &str) -> Option<char> {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    let signal = if kind.eq_ignore_ascii_case("application/dtmf-relay") {
        body.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("signal").then_some(value)
        })?
    } else if kind.eq_ignore_ascii_case("application/dtmf") {
        body
    } else {
        return None;
    };
    // By the key, or by its number as a telephone event (RFC 4733 §3.2).
    let signal = signal.trim();
    let mut letters = signal.chars();
    match (letters.next()?.to_ascii_uppercase(), letters.next()) {
        (key, None) => matches!(key, '0'..='9' | '*' | '#' | 'A'..='D').then_some(key),
        _ => match signal {
            "10" => Some('*'),
            "11" => Some('#'),
            "12" => Some('A'),
            "13" => Some('B'),
            "14" => Some('C'),
            "15" => Some('D'),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_by_its_name_and_by_its_number() {
        let relay = |signal: &str| {
            pressed("Application/DTMF-Relay;charset=x", &format!("Duration=100\r\nsignal= {signal}\r\n"))
        };
        let keys = "0123456789*#ABCD";
        for (number, key) in keys.chars().enumerate() {
            assert_eq!(relay(&key.to_string()), Some(key));
            assert_eq!(relay(&number.to_string()), Some(key));
            assert_eq!(pressed("application/dtmf", &format!("{key}\r\n")), Some(key));
        }
        assert_eq!(relay("d"), Some('D'));
        for strange in ["", "16", "1x", "E", "ä"] {
            assert_eq!(relay(strange), None, "{strange}");
        }
        assert_eq!(pressed("text/plain", "Signal=1"), None);
    }
}
