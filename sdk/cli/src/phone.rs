//! `call` and `listen`: a softphone that obeys lines on standard input.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rvoip::{Account, AudioSource, Call, CallKey, CallState, Cause, Client, Error, ErrorKind, Event, Result};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};

use crate::Exit;
use crate::args::{AccountArgs, NetworkArgs, PhoneArgs};
use crate::input::{self, Line, Verb};
use crate::output::{Output, complain};

/// Places a call (with `uri`), or waits for calls; ends when the call is over, at `quit`, or by a signal.
pub(crate) async fn run(
    output: Output,
    who: &AccountArgs,
    network: &NetworkArgs,
    phone: PhoneArgs,
    uri: Option<String>,
) -> Result<Exit> {
    check_files(&phone)?;
    let mut config = network.client_config();
    config.max_calls = phone.max_calls;
    let client = Client::builder().config(config).build().await?;
    let mut events = client.events();
    let account = client.account_with(who.account_config(network)).add().await?;
    let mut signals = Signals::new()?;
    let mut softphone = Softphone {
        output,
        client: client.clone(),
        account,
        phone,
        placed: None,
        begun: BTreeSet::new(),
        newest: None,
    };
    let result = tokio::select! {
        () = signals.received() => Ok(Exit::Done),
        result = softphone.live(&mut events, who.registers(), uri) => result,
    };
    // What was told before the end is still printed, and so is the end itself.
    let closed = client.close().await;
    for event in events.take_events() {
        output.event(&event);
    }
    closed?;
    result
}

/// Files are looked at before anything is sent.
fn check_files(phone: &PhoneArgs) -> Result<()> {
    if let Some(path) = &phone.play {
        std::fs::File::open(path)
            .map_err(|error| ErrorKind::FileFailed.error(format!("{}: {error}", path.display())))?;
    }
    Ok(())
}

struct Softphone {
    output: Output,
    client: Client,
    account: Account,
    phone: PhoneArgs,
    /// The call of the command line, which ends the program when it ends.
    placed: Option<CallKey>,
    /// Calls that were connected once: what the command line asks for is done then, not after each hold.
    begun: BTreeSet<CallKey>,
    /// The newest live call, which a line without a number means.
    newest: Option<CallKey>,
}

impl Softphone {
    async fn live(
        &mut self,
        events: &mut rvoip::Events,
        registers: bool,
        uri: Option<String>,
    ) -> Result<Exit> {
        if registers {
            self.account.register().await?;
        }
        if let Some(uri) = uri {
            self.placed = Some(self.account.call(&uri).await?.key());
        }
        let mut lines = Some(BufReader::new(tokio::io::stdin()).lines());
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
                if self.newest == Some(*call) {
                    self.newest = self.client.calls().last().map(Call::key);
                }
                if self.placed == Some(*call) {
                    return Some(Self::ended(cause.as_ref()));
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

    fn incoming(&self, key: CallKey) {
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
        let phone = self.phone.clone();
        let record = phone.record.as_ref().map(|path| numbered(path, key, self.placed.unwrap_or(CallKey(1))));
        self.spawn(async move {
            if let Some(path) = record {
                call.record(path).await?;
            }
            if phone.echo {
                call.play(AudioSource::Echo).await?;
            }
            let playing = async {
                match phone.play {
                    Some(path) => call.play(path).await,
                    None => Ok(()),
                }
            };
            let pressing = async {
                match phone.dtmf {
                    Some(digits) => call.send_dtmf(&digits).await,
                    None => Ok(()),
                }
            };
            let ending = async {
                if let Some(seconds) = phone.duration {
                    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
                    call.hang_up().await?;
                }
                Ok::<(), Error>(())
            };
            let (played, pressed, ended) = tokio::join!(playing, pressing, ending);
            played.and(pressed).and(ended)
        });
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
    fn line(&mut self, text: &str) -> bool {
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
        self.spawn(obey(self.client.call(key), verb));
        false
    }

    fn spawn(&self, action: impl Future<Output = Result<()>> + Send + 'static) {
        let output = self.output;
        tokio::spawn(async move {
            match action.await {
                // The end of the call is told as an event; it needs no second line.
                Ok(()) | Err(Error::CallEnded { .. } | Error::Closed { .. }) => {}
                Err(error) => output.error(&error),
            }
        });
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

async fn next_line(lines: &mut Option<Lines<BufReader<Stdin>>>) -> Option<String> {
    match lines {
        Some(lines) => lines.next_line().await.ok().flatten(),
        None => std::future::pending().await,
    }
}

/// The signals that end the program in good order.
pub(crate) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    pub(crate) fn new() -> Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let terminate = signal(SignalKind::terminate())
                .map_err(|error| ErrorKind::Internal.error(format!("no signals: {error}")))?;
            Ok(Self { terminate })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    pub(crate) async fn received(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
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
