//! What a platform can do.

use rvoip_sans_io::Protocol;

use crate::media::{AudioSink, AudioSource, MediaControl, MediaFailure, MediaFailureKind};

/// What a platform can do; what it cannot fails with a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// The ways of SIP messages.
    pub transports: &'static [Protocol],
    /// Codecs by name, the preferred one first.
    pub codecs: &'static [&'static str],
    /// Files can be played and recorded.
    pub files: bool,
    /// The program can make and take audio itself.
    pub frames: bool,
    /// Tones can be played.
    pub tones: bool,
    /// The peer can be played back to itself.
    pub echo: bool,
    /// Microphone and loudspeaker are used.
    pub devices: bool,
}

impl Abilities {
    /// Why a media side with these abilities does not carry out a command, if it does not.
    pub fn refusal(&self, control: &MediaControl) -> Option<MediaFailure> {
        let (able, what) = match control {
            MediaControl::Play(AudioSource::File { .. }) => {
                (self.files, "read a file by its path: play its bytes")
            }
            MediaControl::Play(AudioSource::Tone { .. }) => (self.tones, "play a tone"),
            MediaControl::Play(AudioSource::Echo) => (self.echo, "play the peer back to itself"),
            MediaControl::Record(AudioSink::File { .. }) => (self.files, "record into a file"),
            MediaControl::StopRecording => (self.files || self.frames, "record"),
            MediaControl::Play(AudioSource::Frames)
            | MediaControl::Record(AudioSink::Frames)
            | MediaControl::WriteFrames(_)
            | MediaControl::ReadFrames => (self.frames, "make or take audio frame by frame: use a track"),
            MediaControl::Play(AudioSource::Bytes { .. })
            | MediaControl::StopPlaying
            | MediaControl::SendDigits(_)
            | MediaControl::Mute(_) => return None,
        };
        (!able)
            .then(|| MediaFailure::new(MediaFailureKind::Unsupported, format!("this platform cannot {what}")))
    }
}

/// What this platform can do.
#[cfg(not(target_arch = "wasm32"))]
pub const ABILITIES: Abilities = Abilities {
    transports: &[Protocol::Udp, Protocol::Tcp, Protocol::Tls, Protocol::Ws, Protocol::Wss],
    codecs: &["PCMU", "PCMA"],
    files: true,
    frames: true,
    tones: true,
    echo: true,
    devices: false,
};

/// What this platform can do.
#[cfg(target_arch = "wasm32")]
pub const ABILITIES: Abilities = Abilities {
    transports: &[Protocol::Ws, Protocol::Wss],
    codecs: &["opus", "G722", "PCMU", "PCMA"],
    files: false,
    frames: false,
    tones: true,
    echo: false,
    devices: true,
};

/// What a client's media needs of the program that it runs in: natively nothing.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, Default)]
pub struct Platform;

/// What a client's media needs of the page.
#[cfg(target_arch = "wasm32")]
pub type Platform = Option<crate::web::MediaPlatform>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::ToneKind;

    #[test]
    fn what_a_platform_cannot_do_is_refused_and_nothing_else() {
        let tone = MediaControl::Play(AudioSource::Tone { tone: ToneKind::Busy });
        let file = MediaControl::Record(AudioSink::File { path: "heard.wav".into() });
        let controls = [&tone, &file, &MediaControl::StopRecording, &MediaControl::Mute(true)];
        let refused = |abilities: Abilities| controls.map(|control| abilities.refusal(control).is_some());
        assert_eq!(refused(ABILITIES), [false; 4]);
        let unable = Abilities { files: false, frames: false, tones: false, ..ABILITIES };
        assert_eq!(refused(unable), [true, true, true, false]);
        assert_eq!(refused(Abilities { files: false, ..ABILITIES }), [false, true, false, false]);
        assert_eq!(unable.refusal(&file).unwrap().kind, MediaFailureKind::Unsupported);
    }
}
