//! `call` and `listen`: a softphone that obeys lines on standard input.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rvoip::{Account, AudioSource, Call, CallKey, CallState, Cause, Client, Error, ErrorKind, Event, Result};
use tokio::io::{AsyncBufReadExt, BufReader, Split, Stdin};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::args::{AccountArgs, NetworkArgs, PhoneArgs};
use crate::input::{self, Line, Verb};
use crate::output::{Output, complain};
use crate::signals::Signals;
use crate::{Exit, exit_of, files};

/// Places a call (with `uri`), or waits for calls; ends when the call is over, at `quit`, or by a signal.
pub(crate) async fn run(
    output: Output,
    who: &AccountArgs,
    network: &NetworkArgs,
    phone: PhoneArgs,
    uri: Option<String>,
) -> Result<Exit> {
    files::check(&phone)?;
    let mut config = network.client_config();
    config.max_calls = phone.max_calls;
    let client = Client::builder().config(config).build().await?;
    let mut events = client.events();
    let account = client.account_with(who.account_config(network)).add().await?;
    let mut signals = Signals::new()?;
    let (fail, mut failures) = mpsc::unbounded_channel();
    let mut softphone = Softphone {
        output,
        client: client.clone(),
        account,
        phone,
        placed: None,
        fail,
        failed: None,
        rang: BTreeSet::new(),
        begun: BTreeSet::new(),
        newest: None,
    };
    let result = tokio::select! {
        () = signals.received() => Ok(Exit::Done),
        result = softphone.live(&mut events, &mut failures, who.registers(), uri) => result,
    };
    // What was told before the end is still printed, and so is the end itself.
    let closed = client.close().await;
    for event in events.take_events() {
        output.event(&event);
    }
    closed?;
    result
}

struct Softphone {
    output: Output,
    client: Client,
    account: Account,
    phone: PhoneArgs,
    /// The call of the command line, which ends the program when it ends.
    placed: Option<CallKey>,
    /// Tells that what the command line asks for cannot be done in a call.
    fail: UnboundedSender<(CallKey, Error)>,
    /// The exit status of such a failure in the placed call.
    failed: Option<Exit>,
    /// Calls that rang here once: what the command line asks for is done then, and not again when they are told again.
    rang: BTreeSet<CallKey>,
    /// Calls that were connected once: what the command line asks for is done then, not after each hold.
    begun: BTreeSet<CallKey>,
    /// The newest live call, which a line without a number means.
    newest: Option<CallKey>,
}

impl Softphone {
    async fn live(
        &mut self,
        events: &mut rvoip::Events,
        failures: &mut UnboundedReceiver<(CallKey, Error)>,
        registers: bool,
        uri: Option<String>,
    ) -> Result<Exit> {
        if registers {
            self.account.register().await?;
        }
        if let Some(uri) = uri {
            self.placed = Some(self.account.call(&uri).await?.key());
        }
        let mut lines = Some(BufReader::new(tokio::io::stdin()).split(b'\n'));
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(event) => {
                        if let Some(exit) = self.event(&event) {
                            return Ok(exit);
                        }
                    }
                    None => return Err(ErrorKind::Closed.error("the client closed")),
                },
                Some((key, error)) = failures.recv() => self.failed(key, &error),
                line = next_line(&mut lines) => match line {
                    Some(line) => {
                        if self.line(&line) {
                            return Ok(Exit::Done);
                        }
                    }
                    // The end of input ends nothing.
                    None => lines = None,
                },
            }
        }
    }

    /// Prints an event and does what the command line asks for then; gives the exit status if it was the end.
    fn event(&mut self, event: &Event) -> Option<Exit> {
        self.output.event(event);
        match event {
            Event::IncomingCall { call, .. } => {
                self.newest = Some(*call);
                self.incoming(*call);
            }
            Event::CallStateChanged { call, state: CallState::Calling, .. } => self.newest = Some(*call),
            Event::CallStateChanged { call, state: CallState::Connected, .. } => self.connected(*call),
            Event::CallStateChanged { call, state: CallState::Ended, cause, .. } => {
                self.begun.remove(call);
                self.rang.remove(call);
                if self.newest == Some(*call) {
                    self.newest = self.client.calls().last().map(Call::key);
                }
                if self.placed == Some(*call) {
                    return Some(self.failed.unwrap_or_else(|| Self::ended(cause.as_ref())));
                }
            }
            Event::CallStateChanged { .. }
            | Event::Listening { .. }
            | Event::RegistrationChanged { .. }
            | Event::HoldChanged { .. }
            | Event::AudioReceived { .. }
            | Event::DigitReceived { .. }
            | Event::PlaybackFinished { .. }
            | Event::RecordingFinished { .. }
            | Event::StatisticsUpdated { .. }
            | Event::LevelsUpdated { .. }
            | Event::Recovering { .. }
            | Event::Recovered { .. }
            | Event::MessageReceived { .. }
            | Event::Lagged { .. }
            | Event::ClientClosed { .. } => {}
        }
        None
    }

    fn incoming(&mut self, key: CallKey) {
        if !self.rang.insert(key) {
            return;
        }
        let call = self.client.call(key);
        match self.phone.auto_answer {
            Some(200) => self.spawn(async move { call.answer().await }),
            Some(status @ 300..) => self.spawn(async move { call.reject(status).await }),
            Some(_) | None => {}
        }
    }

    /// A call is connected, or taken off hold.
    fn connected(&mut self, key: CallKey) {
        if !self.begun.insert(key) {
            return;
        }
        let call = self.client.call(key);
        let phone = &self.phone;
        if let Some(path) = &phone.record {
            let path = numbered(path, key, self.placed.unwrap_or(CallKey(1)));
            self.attempt(key, call.record(path));
        }
        if phone.echo {
            self.attempt(key, call.play(AudioSource::Echo));
        }
        if let Some(path) = &phone.play {
            self.attempt(key, call.play(path.clone()));
        }
        if let Some(digits) = &phone.dtmf {
            self.attempt(key, call.send_dtmf(digits));
        }
        if let Some(seconds) = phone.duration {
            self.spawn(async move {
                tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
                call.hang_up().await
            });
        }
    }

    /// Does what the command line asks for in a call.
    fn attempt(&self, key: CallKey, action: impl Future<Output = Result<()>> + Send + 'static) {
        let fail = self.fail.clone();
        begin(action, move |error| {
            // The receiver lives as long as the phone.
            let _ = fail.send((key, error));
        });
    }

    /// What the command line asks for cannot be done: the call that it placed has no point any more.
    fn failed(&mut self, key: CallKey, error: &Error) {
        self.output.error(error);
        if self.placed == Some(key) {
            self.failed.get_or_insert(exit_of(error));
            let call = self.client.call(key);
            self.spawn(async move { call.hang_up().await });
        }
    }

    /// The exit status when the call of the command line is over, with one line about a refusal.
    fn ended(cause: Option<&Cause>) -> Exit {
        match cause {
            Some(Cause::LocalHangUp | Cause::RemoteHangUp) => Exit::Done,
            Some(cause) => {
                complain(&format!("the call failed: {}", crate::output::describe_cause(cause)));
                Exit::Refused
            }
            None => Exit::Refused,
        }
    }

    /// Obeys a line; true if it ends the program.
    fn line(&mut self, text: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(text) else {
            self.output.error(&ErrorKind::InvalidArgument.error("a line that is no UTF-8"));
            return false;
        };
        let Line { call, verb } = match input::parse(text) {
            None => return false,
            Some(Ok(line)) => line,
            Some(Err(reason)) => {
                self.output.error(&ErrorKind::InvalidArgument.error(reason));
                return false;
            }
        };
        if verb == Verb::Quit {
            return true;
        }
        if let Verb::Call(uri) = verb {
            let account = self.account.clone();
            self.spawn(async move { account.call(&uri).await.map(drop) });
            return false;
        }
        let Some(key) = call.or(self.newest) else {
            self.output.error(&ErrorKind::InvalidState.error("there is no call"));
            return false;
        };
        if call.is_some() && self.client.call(key).info().is_none() {
            self.output.error(&ErrorKind::InvalidState.error(format!("there is no call {key}")));
            return false;
        }
        self.spawn(obey(self.client.call(key), verb));
        false
    }

    /// Does something aside, and says what goes wrong.
    fn spawn(&self, action: impl Future<Output = Result<()>> + Send + 'static) {
        let output = self.output;
        begin(action, move |error| output.error(&error));
    }
}

/// Begins something before this returns, so that things are done in the order in which they are asked for, and ends it aside.
fn begin(
    action: impl Future<Output = Result<()>> + Send + 'static,
    fail: impl FnOnce(Error) + Send + 'static,
) {
    let finish = move |result| match result {
        // The end of the call is told as an event; it needs no second line.
        Ok(()) | Err(Error::CallEnded { .. } | Error::Closed { .. }) => {}
        Err(error) => fail(error),
    };
    let mut action = Box::pin(action);
    match action.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => finish(result),
        Poll::Pending => {
            tokio::spawn(async move { finish(action.await) });
        }
    }
}

async fn obey(call: Call, verb: Verb) -> Result<()> {
    match verb {
        Verb::Answer => call.answer().await,
        Verb::Reject(status) => call.reject(status).await,
        Verb::Hold => call.hold().await,
        Verb::Resume => call.resume().await,
        Verb::Mute => call.mute(true).await,
        Verb::Unmute => call.mute(false).await,
        Verb::Dtmf(digits) => call.send_dtmf(&digits).await,
        Verb::Play(path) => call.play(path).await,
        Verb::Record(path) => call.record(path).await,
        Verb::StopPlaying => call.stop_playing().await,
        Verb::StopRecording => call.stop_recording().await,
        Verb::Reinvite => call.reinvite().await,
        Verb::Message(text) => call.message(&text).await,
        Verb::HangUp => call.hang_up().await,
        Verb::Call(_) | Verb::Quit => Ok(()),
    }
}

/// The file for a call's recording: the first call has the name itself, further ones get their number.
fn numbered(path: &Path, call: CallKey, first: CallKey) -> PathBuf {
    if call == first {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map_or_else(|| "wav".into(), |extension| extension.to_string_lossy());
    path.with_file_name(format!("{stem}-{call}.{extension}"))
}

async fn next_line(lines: &mut Option<Split<BufReader<Stdin>>>) -> Option<Vec<u8>> {
    match lines {
        Some(lines) => lines.next_segment().await.ok().flatten(),
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_of_further_calls_are_numbered() {
        assert_eq!(numbered(Path::new("a/b.wav"), CallKey(1), CallKey(1)), Path::new("a/b.wav"));
        assert_eq!(numbered(Path::new("a/b.wav"), CallKey(7), CallKey(1)), Path::new("a/b-7.wav"));
    }
}
