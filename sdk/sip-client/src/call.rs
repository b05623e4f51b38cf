//! The handle of a call.

use std::time::Duration;

use rvoip_driver::{AudioSink, AudioSource};

use crate::command::{CallCommand, Command, Reply};
use crate::events::Events;
use crate::handle::{Handle, unexpected};
use crate::{CallInfo, CallKey, Cause, Error, Result, Scope};

/// A call: a handle that can be cloned and sent to other threads.
///
/// The call belongs to its client: dropping a handle ends nothing, and
/// [`Client::calls`](crate::Client::calls) finds the call again.
#[derive(Clone, Debug)]
pub struct Call {
    handle: Handle,
    key: CallKey,
}

impl Call {
    pub(crate) fn new(handle: Handle, key: CallKey) -> Self {
        Self { handle, key }
    }

    /// Names the call.
    pub fn key(&self) -> CallKey {
        self.key
    }

    /// The call as it is now; none once it is over.
    pub fn info(&self) -> Option<CallInfo> {
        self.handle.read(|agent| agent.call(self.key))
    }

    /// Waits until the peer answers.
    ///
    /// # Errors
    /// Why the call ended instead: `Rejected` with the peer's status, `AuthenticationFailed`, `TimedOut`,
    /// `Unreachable`, `MediaFailed`, `CallEnded`.
    pub async fn answered(&self) -> Result<()> {
        self.command(CallCommand::Answered).await.map(drop)
    }

    /// Waits until the call is over, and says why.
    ///
    /// # Errors
    /// `CallEnded` if it was over long ago: the causes of the last 1,024 calls are remembered.
    pub async fn ended(&self) -> Result<Cause> {
        let reply = self.command(CallCommand::Ended).await?;
        if let Reply::Ended(cause) = reply { Ok(cause) } else { Err(unexpected(&reply)) }
    }

    /// Answers an incoming call.
    ///
    /// # Errors
    /// `InvalidState` unless it rings here; `CallEnded` if the caller gave up.
    pub async fn answer(&self) -> Result<()> {
        self.command(CallCommand::Answer).await.map(drop)
    }

    /// Refuses an incoming call with a SIP status code (300 to 699; 486 is Busy Here, 603 Decline).
    ///
    /// # Errors
    /// `InvalidState` unless it rings here, `InvalidArgument` for another status.
    pub async fn reject(&self, status: u16) -> Result<()> {
        self.command(CallCommand::Reject(status)).await.map(drop)
    }

    /// Ends the call in whatever state it is: cancels, refuses or hangs up. Completes when it is over.
    ///
    /// # Errors
    /// `Closed` if the client is.
    pub async fn hang_up(&self) -> Result<()> {
        self.command(CallCommand::HangUp).await.map(drop)
    }

    /// Puts the peer on hold (RFC 3264 §8.4).
    ///
    /// # Errors
    /// `InvalidState` unless connected; `Rejected` if the peer refuses.
    pub async fn hold(&self) -> Result<()> {
        self.command(CallCommand::Hold).await.map(drop)
    }

    /// Takes the peer off hold.
    ///
    /// # Errors
    /// As [`hold`](Self::hold).
    pub async fn resume(&self) -> Result<()> {
        self.command(CallCommand::Resume).await.map(drop)
    }

    /// Negotiates the media anew (re-INVITE, RFC 3261 §14).
    ///
    /// # Errors
    /// As [`hold`](Self::hold).
    pub async fn reinvite(&self) -> Result<()> {
        self.command(CallCommand::Reinvite).await.map(drop)
    }

    /// Stops (true) or starts sending our audio; the peer hears silence.
    ///
    /// # Errors
    /// `CallEnded`.
    pub async fn mute(&self, muted: bool) -> Result<()> {
        self.command(CallCommand::Mute(muted)).await.map(drop)
    }

    /// Sends key presses (`0`–`9`, `*`, `#`, `A`–`D`, a comma pauses), as telephone events (RFC 4733) or, if the peer
    /// takes none, by INFO. Completes when all are sent.
    ///
    /// # Errors
    /// `InvalidArgument` for other characters, `InvalidState` unless connected.
    pub async fn send_dtmf(&self, digits: &str) -> Result<()> {
        self.command(CallCommand::SendDigits(digits.to_owned())).await.map(drop)
    }

    /// Waits for key presses of the peer, including earlier ones that nobody collected. Gives fewer than `count` if the
    /// time is over, none at the worst.
    ///
    /// # Errors
    /// `CallEnded` if the call ends before any key is pressed; `Busy` if somebody else collects.
    pub async fn collect_digits(&self, count: u32, within: Duration) -> Result<String> {
        let reply = self.command(CallCommand::CollectDigits { count, within }).await?;
        if let Reply::Digits(digits) = reply { Ok(digits) } else { Err(unexpected(&reply)) }
    }

    /// Plays to the peer in place of what was played. A clip completes when it was played to its end (dropping the
    /// future stops it); a tone or an echo completes at once and goes on until [`stop_playing`](Self::stop_playing).
    ///
    /// A path is a WAV file: `call.play("hello.wav")`.
    ///
    /// # Errors
    /// `FileFailed` if it cannot be read, `CallEnded`.
    pub async fn play(&self, source: impl Into<AudioSource>) -> Result<()> {
        self.command(CallCommand::Play(source.into())).await.map(drop)
    }

    /// Stops playing.
    ///
    /// # Errors
    /// `CallEnded`.
    pub async fn stop_playing(&self) -> Result<()> {
        self.command(CallCommand::StopPlaying).await.map(drop)
    }

    /// Records the peer's audio into a WAV file, until [`stop_recording`](Self::stop_recording) or the end of the call.
    ///
    /// # Errors
    /// `FileFailed` if it cannot be written, `CallEnded`.
    pub async fn record(&self, sink: impl Into<AudioSink>) -> Result<()> {
        self.command(CallCommand::Record(sink.into())).await.map(drop)
    }

    /// Stops recording; when it completes, the file is complete.
    ///
    /// # Errors
    /// `CallEnded`.
    pub async fn stop_recording(&self) -> Result<()> {
        self.command(CallCommand::StopRecording).await.map(drop)
    }

    /// Adds 16-bit samples (8,000 a second, one channel) to what the peer hears, after `play(AudioSource::Frames)`. Completes
    /// when there was room for the last of them: a second waits at most, so that a program that writes as it completes keeps
    /// the pace of the call.
    ///
    /// # Errors
    /// `InvalidState` unless frames are being played, `CallEnded`.
    pub async fn write_frames(&self, samples: &[i16]) -> Result<()> {
        self.command(CallCommand::WriteFrames(samples.to_vec())).await.map(drop)
    }

    /// Takes what the peer said since the last time, after `record(AudioSink::Frames)`: waits until there is something.
    /// Nothing (an empty vector) if nothing more will come, because the call or the recording is over. Two seconds wait at
    /// most; older audio is lost.
    ///
    /// # Errors
    /// `InvalidState` unless frames are being recorded, `CallEnded` if the call was over long ago.
    pub async fn read_frames(&self) -> Result<Vec<i16>> {
        let reply = self.command(CallCommand::ReadFrames).await?;
        if let Reply::Frames(samples) = reply { Ok(samples) } else { Err(unexpected(&reply)) }
    }

    /// Sends a text within the call (MESSAGE, RFC 3428).
    ///
    /// # Errors
    /// `InvalidState` unless connected; `Rejected` with the peer's status.
    pub async fn message(&self, text: &str) -> Result<()> {
        self.command(CallCommand::Message(text.to_owned())).await.map(drop)
    }

    /// Listens to this call.
    pub fn events(&self) -> Events {
        self.handle.listen(Scope::Call(self.key))
    }

    fn command(
        &self,
        command: CallCommand,
    ) -> impl Future<Output = std::result::Result<Reply, Error>> + use<> {
        self.handle.run(Command::Call(self.key, command))
    }
}
