//! What a platform can do.

use rvoip_sans_io::Protocol;

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
