//! What is printed: one line an event, for people or for programs.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use rvoip::{CallDirection, CallState, Cause, Error, Event, RegistrationState};
use serde::Serialize;

/// Where and how to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    /// Prints an event.
    pub(crate) fn event(self, event: &Event) {
        if self.json {
            Self::json(event);
        } else if let Some(text) = describe(event) {
            line(&text);
        }
    }

    /// Prints something else: as text, or as an object with the same fields.
    pub(crate) fn fact(self, text: &str, object: &impl Serialize) {
        if self.json { Self::json(object) } else { line(text) }
    }

    fn json(object: &impl Serialize) {
        if let Ok(serde_json::Value::Object(mut fields)) = serde_json::to_value(object) {
            fields.insert("time".to_owned(), unix_time().into());
            line(&serde_json::Value::Object(fields).to_string());
        }
    }

    /// Says what went wrong, in one line on standard error; with `--json` also as an object on standard output.
    pub(crate) fn error(self, error: &Error) {
        if self.json {
            Self::json(&ErrorLine { kind: "error", error });
        }
        complain(&error.to_string());
    }
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    error: &'a Error,
}

/// Prints a line on standard output; a reader that went away ends nothing.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints a line on standard error.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "rvoip: {text}");
}

fn unix_time() -> f64 {
    #[expect(clippy::disallowed_methods, reason = "the time is printed, nothing is decided by it")]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).map_or(0.0, |since| (since.as_secs_f64() * 1e3).round() / 1e3)
}

fn describe(event: &Event) -> Option<String> {
    Some(match event {
        Event::Listening { transport, address } => format!("listening on {address} ({transport})"),
        Event::RegistrationChanged { state, reason, expires, contacts, .. } => match state {
            RegistrationState::Registering => "registering".to_owned(),
            RegistrationState::Registered => {
                format!("registered for {} s: {}", expires.unwrap_or(0), contacts.join(", "))
            }
            RegistrationState::Unregistered => "not registered".to_owned(),
            RegistrationState::Failed => {
                format!("registration failed: {}", reason.as_deref().unwrap_or("no reason given"))
            }
        },
        Event::IncomingCall { call, from, from_name, .. } => match from_name {
            Some(name) => format!("call {call} from {name} <{from}>"),
            None => format!("call {call} from {from}"),
        },
        Event::CallStateChanged { call, direction, state, cause } => {
            let state = match (state, direction) {
                (CallState::Calling, _) => "calling",
                (CallState::Ringing, CallDirection::Outgoing) => "ringing there",
                (CallState::Ringing, CallDirection::Incoming) => "ringing here",
                (CallState::EarlyMedia, _) => "early media",
                (CallState::Connected, _) => "connected",
                (CallState::OnHold, _) => "on hold",
                (CallState::Ended, _) => "ended",
            };
            match cause {
                Some(cause) => format!("call {call} {state}: {}", describe_cause(cause)),
                None => format!("call {call} {state}"),
            }
        }
        Event::HoldChanged { call, held_by_us, held_by_peer } => {
            let who = match (held_by_us, held_by_peer) {
                (true, true) => "held by both sides",
                (true, false) => "held by us",
                (false, true) => "held by the peer",
                (false, false) => "held by nobody",
            };
            format!("call {call} {who}")
        }
        Event::AudioReceived { call } => format!("call {call} audio"),
        Event::DigitReceived { call, digit } => format!("call {call} digit {digit}"),
        Event::PlaybackFinished { call } => format!("call {call} playback finished"),
        Event::RecordingFinished { call } => format!("call {call} recording finished"),
        Event::StatisticsUpdated { .. } | Event::LevelsUpdated { .. } => return None,
        Event::Recovering { call, reason, .. } => match call {
            Some(call) => format!("call {call} recovers: {reason}"),
            None => format!("connecting again: {reason}"),
        },
        Event::Recovered { call, .. } => match call {
            Some(call) => format!("call {call} recovered"),
            None => "connected again".to_owned(),
        },
        Event::MessageReceived { from, text, .. } => format!("message from {from}: {text}"),
        Event::Lagged { missed } => format!("{missed} events were lost"),
        Event::ClientClosed { reason } => format!("closed: {}", reason.as_deref()?),
    })
}

/// Why a call ended, in words.
pub(crate) fn describe_cause(cause: &Cause) -> String {
    match cause {
        Cause::LocalHangUp => "we hung up".to_owned(),
        Cause::RemoteHangUp => "the peer hung up".to_owned(),
        Cause::Cancelled => "the caller gave up".to_owned(),
        Cause::Rejected { status, reason } => format!("refused, {status} {reason}"),
        Cause::AuthenticationFailed { status, reason } => {
            format!("the server refused the credentials, {status} {reason}")
        }
        Cause::TimedOut => "nobody answered in time".to_owned(),
        Cause::Unreachable { reason } | Cause::MediaFailed { reason } | Cause::ProtocolFailed { reason } => {
            reason.clone()
        }
        Cause::MediaTimeout => "the peer's audio stopped".to_owned(),
    }
}
