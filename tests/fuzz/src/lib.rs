//! The bodies of the fuzz targets: each takes any bytes, and panics where a promise of the parser does not hold.
//!
//! libFuzzer calls them through `targets/`, `replay` calls them over the corpora without it.

mod digest;
mod media;
mod session;
mod sip;

use rvoip_hostile::mutation::{below, mutate};
use rvoip_hostile::torture;
use rvoip_sans_io::Random;

pub use digest::digest;
pub use media::{rtcp, rtp, sdp};
pub use session::session;
pub use sip::{header, message, stream, uri};

/// A target: its name, which is also the folder of its corpus, and its body.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// What is called with bytes.
    pub run: fn(&[u8]),
    /// What is replayed and mutated beside the corpus.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: [Target; 9] = [
    Target { name: "message", run: message, seeds: datagrams },
    Target { name: "stream", run: stream, seeds: streams },
    Target { name: "uri", run: uri, seeds: Vec::new },
    Target { name: "header", run: header, seeds: Vec::new },
    Target { name: "digest", run: digest, seeds: Vec::new },
    Target { name: "sdp", run: sdp, seeds: Vec::new },
    Target { name: "rtp", run: rtp, seeds: Vec::new },
    Target { name: "rtcp", run: rtcp, seeds: Vec::new },
    Target { name: "session", run: session, seeds: Vec::new },
];

/// The torture messages of RFC 4475 and RFC 5118.
fn datagrams() -> Vec<Vec<u8>> {
    torture::messages().into_iter().map(|message| message.bytes).collect()
}

/// Each torture message behind a ping, a whole one before it and one after it, in pieces of four sizes.
fn streams() -> Vec<Vec<u8>> {
    const WHOLE: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nl: 3\r\n\r\nabc";
    let around = |message: Vec<u8>| [&[0, 6, 40, 200], WHOLE, b"\r\n\r\n\r\n", &message, WHOLE].concat();
    datagrams().into_iter().map(around).collect()
}

/// One of the files, changed with parts of another: the same seed gives the same change.
#[must_use]
pub fn mutation(files: &[Vec<u8>], seed: u64) -> Vec<u8> {
    let mut random = Random::from_number(seed);
    let (one, other) = (below(&mut random, files.len()), below(&mut random, files.len()));
    let mut bytes = files.get(one).cloned().unwrap_or_default();
    mutate(&mut bytes, files.get(other).map(Vec::as_slice).unwrap_or_default(), &mut random);
    bytes
}
