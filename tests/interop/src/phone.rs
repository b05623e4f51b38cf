//! The command `rvoip` with `--json`, as a phone that tests talk to.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::binary::rvoip_binary;
use crate::process::{Process, Signal};
use crate::wait::LIMIT;

/// One run of `rvoip --json`.
#[derive(Debug)]
pub struct Phone(Process);

impl Phone {
    /// Starts `rvoip --json` with these arguments, in `folder`.
    pub fn start(name: &str, arguments: &[&str], folder: &Path) -> Result<Self> {
        let arguments = ["--json"].iter().chain(arguments);
        Ok(Self(Process::start(name, rvoip_binary()?, arguments, folder)?))
    }

    /// The same for an account, with its words behind the others.
    pub fn start_as(name: &str, words: &[&str], account: &[String], folder: &Path) -> Result<Self> {
        let words: Vec<&str> = words.iter().copied().chain(account.iter().map(String::as_str)).collect();
        Self::start(name, &words, folder)
    }

    /// Waits, at most for `time`, for an event that `wanted` accepts; earlier events count too.
    pub fn wait_for(&self, what: &str, time: Duration, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        self.0.wait_for(what, time, |line| {
            if line.is_error {
                return None;
            }
            serde_json::from_str(&line.text).ok().filter(&wanted)
        })
    }

    /// Waits until it listens for `transport` (`UDP`, `TCP`), and gives the address and port.
    pub fn listening(&self, transport: &str) -> Result<String> {
        let event = self.wait_for(&format!("listening on {transport}"), LIMIT, |event| {
            of_type(event, "listening")
                && event
                    .get("transport")
                    .and_then(Value::as_str)
                    .is_some_and(|name| name.eq_ignore_ascii_case(transport))
        })?;
        Ok(event.get("address").and_then(Value::as_str).context("listening has no address")?.to_owned())
    }

    /// Waits until its account is registered.
    pub fn registered(&self) -> Result<Value> {
        self.wait_for("registered", LIMIT, |event| {
            of_type(event, "registration_changed")
                && event.get("state").is_some_and(|state| state == "registered")
        })
    }

    /// Waits until a call is connected.
    pub fn connected(&self, time: Duration) -> Result<Value> {
        self.wait_for("a connected call", time, |event| in_state(event, "connected"))
    }

    /// Waits until a call has ended, and gives the type of its cause.
    pub fn ended(&self, time: Duration) -> Result<String> {
        let event = self.wait_for("the end of the call", time, |event| in_state(event, "ended"))?;
        Ok(ended(&event).context("the end has no cause")?.to_owned())
    }

    /// Everything that it has told so far; what is not JSON fails.
    pub fn events(&self) -> Result<Vec<Value>> {
        let lines = self.0.lines();
        let parsed = lines.iter().filter(|line| !line.is_error).map(|line| {
            serde_json::from_str(&line.text).with_context(|| format!("not a JSON line: {:?}", line.text))
        });
        parsed.collect()
    }

    /// What it said on standard error.
    pub fn complaints(&self) -> Vec<String> {
        self.0.error_lines()
    }

    /// Ends its standard input.
    pub fn end_input(&mut self) {
        self.0.end_input();
    }

    /// Interrupts it, as a key of the terminal does.
    pub fn interrupt(&mut self) -> Result<()> {
        self.0.signal(Signal::Interrupt)
    }

    /// Gives it a command, such as `hold`.
    pub fn command(&mut self, line: &str) -> Result<()> {
        self.0.send_line(line)
    }

    /// Asks it to hang up, un-register and end, and checks that it does so with status 0.
    pub fn quit(&mut self, time: Duration) -> Result<()> {
        self.0.signal(Signal::Interrupt)?;
        let status = self.exit_status(time)?;
        ensure!(status == 0, "interrupted, it ended with status {status}: {:?}", self.complaints());
        Ok(())
    }

    /// Waits for its end and gives the exit status.
    pub fn exit_status(&mut self, time: Duration) -> Result<i32> {
        self.0.wait_for_exit(time)?.code().context("it was killed")
    }
}

/// Whether an event is of this type.
pub fn of_type(event: &Value, name: &str) -> bool {
    event.get("type").is_some_and(|kind| kind == name)
}

/// Whether an event says that a call is now in this state.
pub fn in_state(event: &Value, state: &str) -> bool {
    of_type(event, "call_state_changed") && event.get("state").is_some_and(|now| now == state)
}

/// The type of the cause, if an event is the end of a call.
pub fn ended(event: &Value) -> Option<&str> {
    if !in_state(event, "ended") {
        return None;
    }
    event.pointer("/cause/type").and_then(Value::as_str)
}
