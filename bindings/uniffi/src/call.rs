//! A call.

use std::time::Duration;

use rvoip::{AudioSink, AudioSource, CallInfo, CallKey, Cause, Result};

use crate::{EventStream, Samples};

/// A call. It belongs to its client: freeing a handle ends nothing, and the client's list of calls finds it again.
#[derive(Debug, uniffi::Object)]
pub struct Call(pub(crate) rvoip::Call);

#[uniffi::export]
impl Call {
    /// Names the call.
    pub fn key(&self) -> CallKey {
        self.0.key()
    }

    /// The call as it is now; none once it is over.
    pub fn info(&self) -> Option<CallInfo> {
        self.0.info()
    }

    /// Waits until the peer answers.
    ///
    /// Fails with why the call ended instead: `Rejected` with the peer's status, `AuthenticationFailed`, `TimedOut`,
    /// `Unreachable`, `MediaFailed` or `CallEnded`.
    pub async fn answered(&self) -> Result<()> {
        self.0.answered().await
    }

    /// Waits until the call is over, and says why.
    ///
    /// Fails as `CallEnded` if it was over long ago: the causes of the last 1,024 calls are remembered.
    pub async fn ended(&self) -> Result<Cause> {
        self.0.ended().await
    }

    /// Answers an incoming call.
    ///
    /// Fails as `InvalidState` unless it rings here, as `CallEnded` if the caller gave up.
    pub async fn answer(&self) -> Result<()> {
        self.0.answer().await
    }

    /// Refuses an incoming call with a SIP status code (300 to 699; 486 is Busy Here, 603 Decline).
    ///
    /// Fails as `InvalidState` unless it rings here, as `InvalidArgument` for another status.
    pub async fn reject(&self, status: u16) -> Result<()> {
        self.0.reject(status).await
    }

    /// Ends the call in whatever state it is: cancels, refuses or hangs up. Completes when it is over.
    pub async fn hang_up(&self) -> Result<()> {
        self.0.hang_up().await
    }

    /// Puts the peer on hold (RFC 3264 §8.4).
    ///
    /// Fails as `InvalidState` unless connected, as `Rejected` if the peer refuses.
    pub async fn hold(&self) -> Result<()> {
        self.0.hold().await
    }

    /// Takes the peer off hold. Fails as holding does.
    pub async fn resume(&self) -> Result<()> {
        self.0.resume().await
    }

    /// Negotiates the media anew (re-INVITE, RFC 3261 §14). Fails as holding does.
    pub async fn reinvite(&self) -> Result<()> {
        self.0.reinvite().await
    }

    /// Stops (true) or starts sending our audio; the peer hears silence.
    pub async fn mute(&self, muted: bool) -> Result<()> {
        self.0.mute(muted).await
    }

    /// Sends key presses (`0`–`9`, `*`, `#`, `A`–`D`, a comma pauses for two seconds). Completes when all are sent.
    ///
    /// Fails as `InvalidArgument` for other characters, as `InvalidState` unless connected.
    pub async fn send_dtmf(&self, digits: String) -> Result<()> {
        self.0.send_dtmf(&digits).await
    }

    /// Waits for key presses of the peer, including earlier ones that nobody collected. Gives fewer than `count` if the
    /// time is over, none at the worst.
    ///
    /// Fails as `CallEnded` if the call ends before any key is pressed, as `Busy` if somebody else collects.
    pub async fn collect_digits(&self, count: u32, within: Duration) -> Result<String> {
        self.0.collect_digits(count, within).await
    }

    /// Plays to the peer in place of what was played. A clip completes when it was played to its end (giving up the
    /// wait stops it); a tone or an echo completes at once and goes on until it is stopped.
    ///
    /// Fails as `FileFailed` if a file cannot be read, as `CallEnded`.
    pub async fn play(&self, source: AudioSource) -> Result<()> {
        self.0.play(source).await
    }

    /// Stops playing.
    pub async fn stop_playing(&self) -> Result<()> {
        self.0.stop_playing().await
    }

    /// Records the peer's audio, until it is stopped or the call ends.
    ///
    /// Fails as `FileFailed` if a file cannot be written, as `CallEnded`.
    pub async fn record(&self, sink: AudioSink) -> Result<()> {
        self.0.record(sink).await
    }

    /// Stops recording; when it completes, the file is complete.
    pub async fn stop_recording(&self) -> Result<()> {
        self.0.stop_recording().await
    }

    /// Adds audio to what the peer hears, after `play` of frames. Completes when there was room for the last of it: a
    /// second waits at most, so that a program that writes as it completes keeps the pace of the call.
    ///
    /// Fails as `InvalidState` unless frames are being played, as `CallEnded`.
    pub async fn write_frames(&self, samples: Samples) -> Result<()> {
        self.0.write_frames(&samples.0).await
    }

    /// Takes what the peer said since the last time, after `record` into frames: waits until there is something. Nothing
    /// if nothing more will come, because the call or the recording is over. Two seconds wait at most.
    ///
    /// Fails as `InvalidState` unless frames are being recorded, as `CallEnded` if the call was over long ago.
    pub async fn read_frames(&self) -> Result<Samples> {
        Ok(Samples(self.0.read_frames().await?))
    }

    /// Sends a text within the call (MESSAGE, RFC 3428).
    ///
    /// Fails as `InvalidState` unless connected, as `Rejected` with the peer's status.
    pub async fn message(&self, text: String) -> Result<()> {
        self.0.message(&text).await
    }

    /// Listens to this call. Its end is followed by its last figures, and then nothing more comes until the client closes.
    pub fn listen(&self) -> EventStream {
        EventStream(self.0.events())
    }
}
