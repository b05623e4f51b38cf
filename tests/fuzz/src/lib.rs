//! The bodies of the fuzz targets: each takes any bytes, and panics where a promise of the parser does not hold.
//!
//! libFuzzer calls them through `targets/`, `replay` calls them over the corpora without it.

mod digest;
mod media;
#[path = "../../../sdk/sip-core/tests/mutator/mod.rs"]
mod mutator;
mod sip;
#[path = "../../../sdk/sip-core/tests/typed/mod.rs"]
mod typed;

pub use digest::digest;
pub use media::{rtcp, rtp, sdp};
pub use sip::{header, message, stream, uri};

/// A target: its name, which is also the folder of its corpus, and its body.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// What is called with bytes.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 8] = [
    Target { name: "message", run: message },
    Target { name: "stream", run: stream },
    Target { name: "uri", run: uri },
    Target { name: "header", run: header },
    Target { name: "digest", run: digest },
    Target { name: "sdp", run: sdp },
    Target { name: "rtp", run: rtp },
    Target { name: "rtcp", run: rtcp },
];

/// Changes of corpus files, from a seed.
#[derive(Clone, Debug)]
pub struct Mutations(mutator::Mutator);

impl Mutations {
    /// The changes of a seed: the same seed gives the same changes.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(mutator::Mutator::new(seed))
    }

    /// One of the files, changed with parts of another.
    pub fn next(&mut self, files: &[Vec<u8>]) -> Vec<u8> {
        let (one, other) = (self.0.below(files.len()), self.0.below(files.len()));
        let mut bytes = files.get(one).cloned().unwrap_or_default();
        self.0.mutate(&mut bytes, files.get(other).map(Vec::as_slice).unwrap_or_default());
        bytes
    }
}
