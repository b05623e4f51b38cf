//! The handle of a call.

use std::time::Duration;

use rvoip_driver::{AudioSink, AudioSource};

use crate::command::{CallCommand, Command, Reply};
use crate::events::Events;
use crate::handle::Handle;
use crate::verb::{Take, Verb, done};
use crate::{CallInfo, CallKey, Cause, Scope};

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
    pub fn answered(&self) -> Verb<()> {
        self.command(CallCommand::Answered, done)
    }

    /// Waits until the call is over, and says why.
    ///
    /// # Errors
    /// `CallEnded` if it was over long ago: the causes of the last 1,024 calls are remembered.
    pub fn ended(&self) -> Verb<Cause> {
        self.command(
            CallCommand::Ended,
            |_, reply| if let Reply::Ended(it) = reply { Ok(it) } else { Err(reply) },
        )
    }

    /// Answers an incoming call.
    ///
    /// # Errors
    /// `InvalidState` unless it rings here; `CallEnded` if the caller gave up.
    pub fn answer(&self) -> Verb<()> {
        self.command(CallCommand::Answer, done)
    }

    /// Refuses an incoming call with a SIP status code (300 to 699; 486 is Busy Here, 603 Decline).
    ///
    /// # Errors
    /// `InvalidState` unless it rings here, `InvalidArgument` for another status.
    pub fn reject(&self, status: u16) -> Verb<()> {
        self.command(CallCommand::Reject(status), done)
    }

    /// Ends the call in whatever state it is: cancels, refuses or hangs up. Completes when it is over.
    ///
    /// # Errors
    /// `Closed` if the client is.
    pub fn hang_up(&self) -> Verb<()> {
        self.command(CallCommand::HangUp, done)
    }

    /// Puts the peer on hold (RFC 3264 §8.4): it hears what is played to it, and not what is said here.
    ///
    /// # Errors
    /// `InvalidState` unless connected; `Rejected` if the peer refuses.
    pub fn hold(&self) -> Verb<()> {
        self.command(CallCommand::Hold, done)
    }

    /// Takes the peer off hold.
    ///
    /// # Errors
    /// As [`hold`](Self::hold).
    pub fn resume(&self) -> Verb<()> {
        self.command(CallCommand::Resume, done)
    }

    /// Negotiates the media anew (re-INVITE, RFC 3261 §14).
    ///
    /// # Errors
    /// As [`hold`](Self::hold).
    pub fn reinvite(&self) -> Verb<()> {
        self.command(CallCommand::Reinvite, done)
    }

    /// Stops (true) or starts sending our audio; the peer hears silence.
    ///
    /// # Errors
    /// `CallEnded`.
    pub fn mute(&self, muted: bool) -> Verb<()> {
        self.command(CallCommand::Mute(muted), done)
    }

    /// Sends key presses (`0`–`9`, `*`, `#`, `A`–`D`, a comma pauses for two seconds), as telephone events (RFC 4733) or, if
    /// the peer takes none, by INFO. Completes when all are sent.
    ///
    /// # Errors
    /// `InvalidArgument` for other characters, `InvalidState` unless connected, `Rejected` if the peer takes none, or no more
    /// of them.
    pub fn send_dtmf(&self, digits: &str) -> Verb<()> {
        self.command(CallCommand::SendDigits(digits.to_owned()), done)
    }

    /// Waits for key presses of the peer, including earlier ones that nobody collected. Gives fewer than `count` if the
    /// time is over, none at the worst.
    ///
    /// # Errors
    /// `CallEnded` if the call ends before any key is pressed; `Busy` if somebody else collects.
    pub fn collect_digits(&self, count: u32, within: Duration) -> Verb<String> {
        self.command(CallCommand::CollectDigits { count, within }, |_, reply| {
            if let Reply::Digits(_, digits) = reply { Ok(digits) } else { Err(reply) }
        })
    }

    /// Plays to the peer in place of what was played, which goes on until this is there. A clip completes when it was played to
    /// its end or something else plays in its place (dropping the future stops it); a tone or an echo completes at once and goes on until [`stop_playing`](Self::stop_playing).
    ///
    /// A path is a WAV file: `call.play("hello.wav")`.
    ///
    /// # Errors
    /// `FileFailed` if it cannot be read, `CallEnded`.
    pub fn play(&self, source: impl Into<AudioSource>) -> Verb<()> {
        self.command(CallCommand::Play(source.into()), done)
    }

    /// Stops playing.
    ///
    /// # Errors
    /// `CallEnded`.
    pub fn stop_playing(&self) -> Verb<()> {
        self.command(CallCommand::StopPlaying, done)
    }

    /// Records the peer's audio into a WAV file, until [`stop_recording`](Self::stop_recording) or the end of the call.
    ///
    /// # Errors
    /// `FileFailed` if it cannot be written, `CallEnded`.
    pub fn record(&self, sink: impl Into<AudioSink>) -> Verb<()> {
        self.command(CallCommand::Record(sink.into()), done)
    }

    /// Stops recording; when it completes, the file is complete.
    ///
    /// # Errors
    /// `CallEnded`.
    pub fn stop_recording(&self) -> Verb<()> {
        self.command(CallCommand::StopRecording, done)
    }

    /// Adds 16-bit samples (8,000 a second, one channel) to what the peer hears, after `play(AudioSource::Frames)`. Completes
    /// when there was room for the last of them: a second waits at most, so that a program that writes as it completes keeps
    /// the pace of the call.
    ///
    /// # Errors
    /// `InvalidState` unless frames are being played, `CallEnded`.
    pub fn write_frames(&self, samples: &[i16]) -> Verb<()> {
        self.command(CallCommand::WriteFrames(samples.to_vec()), done)
    }

    /// Takes what the peer said since the last time, after `record(AudioSink::Frames)`: waits until there is something.
    /// Nothing (an empty vector) if nothing more will come, because the call or the recording is over. Two seconds wait at
    /// most; older audio is lost.
    ///
    /// # Errors
    /// `InvalidState` unless frames are being recorded, `CallEnded` if the call was over long ago.
    pub fn read_frames(&self) -> Verb<Vec<i16>> {
        self.command(CallCommand::ReadFrames, |_, reply| {
            if let Reply::Frames(_, it) = reply { Ok(it) } else { Err(reply) }
        })
    }

    /// Sends a text within the call (MESSAGE, RFC 3428).
    ///
    /// # Errors
    /// `InvalidState` unless connected; `Rejected` with the peer's status.
    pub fn message(&self, text: &str) -> Verb<()> {
        self.command(CallCommand::Message(text.to_owned()), done)
    }

    /// Listens to this call. The end of the call (`CallStateChanged` with the state `Ended`) is followed by its last figures
    /// and the end of a recording; then nothing more comes, and the listener waits until the client closes.
    pub fn events(&self) -> Events {
        self.handle.listen(Scope::Call(self.key))
    }

    fn command<T>(&self, command: CallCommand, take: Take<T>) -> Verb<T> {
        self.handle.verb(Command::Call(self.key, command), take)
    }
}
