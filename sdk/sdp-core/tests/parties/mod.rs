//! Alice and Bob of the examples in RFC 3264 and RFC 4317, with addresses in place of their host names.
#![expect(clippy::unwrap_used, reason = "the fixtures are sound")]
#![allow(dead_code, reason = "each test binary uses some of these")]

use rvoip_sdp_core::SessionDescription;
use rvoip_sdp_core::negotiation::{LocalAudio, LocalCodec};

pub(crate) const ALICE: &str = "192.0.2.1";
pub(crate) const BOB: &str = "192.0.2.2";

pub(crate) fn read(text: &str) -> SessionDescription {
    SessionDescription::parse(text).unwrap()
}

/// A description of Alice with these lines below `t=`.
pub(crate) fn by_alice(media: &str) -> SessionDescription {
    read(&format!("v=0\no=alice 2890844526 2890844526 IN IP4 {ALICE}\ns=\nc=IN IP4 {ALICE}\nt=0 0\n{media}"))
}

/// A description of Bob with these lines below `t=`.
pub(crate) fn by_bob(media: &str) -> SessionDescription {
    read(&format!("v=0\no=bob 2808844564 2808844564 IN IP4 {BOB}\ns=\nc=IN IP4 {BOB}\nt=0 0\n{media}"))
}

pub(crate) fn codec(name: &str) -> LocalCodec {
    match name {
        "PCMU" => LocalCodec::new(name, 0, 8000),
        "PCMA" => LocalCodec::new(name, 8, 8000),
        "G723" => LocalCodec::new(name, 4, 8000),
        "G729" => LocalCodec::new(name, 18, 8000),
        "CN" => LocalCodec::new(name, 13, 8000),
        "iLBC" => LocalCodec { fmtp: Some("mode=20".to_owned()), ..LocalCodec::new(name, 97, 8000) },
        "opus" => LocalCodec { channels: 2, ..LocalCodec::new(name, 111, 48000) },
        _ => panic!("no such codec in these tests"),
    }
}

pub(crate) fn alice(codecs: &[&str]) -> LocalAudio {
    LocalAudio {
        user_name: "alice".to_owned(),
        session_id: 2_890_844_526,
        session_version: 2_890_844_526,
        ..LocalAudio::new(ALICE.parse().unwrap(), 49170, codecs.iter().map(|name| codec(name)).collect())
    }
}

pub(crate) fn bob(codecs: &[&str]) -> LocalAudio {
    LocalAudio {
        user_name: "bob".to_owned(),
        session_id: 2_808_844_564,
        session_version: 2_808_844_564,
        ..LocalAudio::new(BOB.parse().unwrap(), 49172, codecs.iter().map(|name| codec(name)).collect())
    }
}

/// The `m=` lines of a description.
pub(crate) fn media_lines(description: &SessionDescription) -> Vec<String> {
    description.to_string().lines().filter(|line| line.starts_with("m=")).map(str::to_owned).collect()
}

/// The lines of a description that begin with this.
pub(crate) fn lines(description: &SessionDescription, prefix: &str) -> Vec<String> {
    description.to_string().lines().filter(|line| line.starts_with(prefix)).map(str::to_owned).collect()
}
