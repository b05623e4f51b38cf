//! Makes hostile messages out of good ones: from a seed, so that a failure can be had again.

/// A stream of numbers from a seed, and what to do with them.
#[derive(Clone, Debug)]
pub(crate) struct Mutator {
    state: u64,
}

/// Pieces that parsers look at: separators, ends, and what tends to be counted wrong.
const PIECES: [&[u8]; 40] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"\r\n ",
    b"\0",
    b"\"",
    b"\\",
    b"<",
    b">",
    b",",
    b";",
    b"=",
    b":",
    b"@",
    b"%",
    b"%00",
    b"?",
    b"[",
    b"]",
    b"/",
    b" ",
    b"\t",
    b"-1",
    b"0",
    b"4294967296",
    b"18446744073709551616",
    b"99999999999999999999999999",
    b"\xc3\xa9",
    b"\xff",
    b"\xe2\x80",
    b"sip:",
    b"tel:",
    b"SIP/2.0",
    b"[::1]",
    b"256.256.256.256",
    b"\r\nContent-Length: 0",
    b"\r\nVia: ",
    b";branch=z9hG4bK",
    b"*",
];

impl Mutator {
    /// The mutations of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number of the stream (`SplitMix64`).
    pub(crate) fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit; 0 if the limit is 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.number() % limit).unwrap_or(0)
    }

    /// A part of the text, of at most `longest` bytes.
    fn range(&mut self, text: &[u8], longest: usize) -> std::ops::Range<usize> {
        let start = self.below(text.len() + 1);
        let length = self.below(longest.min(text.len() - start) + 1);
        start..start + length
    }

    /// Changes a text in one to four places: flips bits, inserts, deletes, doubles, or splices a part of another text.
    pub(crate) fn mutate(&mut self, text: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(4) {
            let at = self.below(text.len() + 1);
            match self.below(7) {
                0 => {
                    let bit = 1 << self.below(8);
                    if let Some(byte) = text.get_mut(at) {
                        *byte ^= bit;
                    }
                }
                1 => {
                    let byte = u8::try_from(self.below(256)).unwrap_or(0);
                    text.insert(at, byte);
                }
                2 => {
                    let range = self.range(text, 32);
                    text.drain(range);
                }
                3 => {
                    let range = self.range(text, 64);
                    let part = text.get(range.clone()).unwrap_or_default().to_vec();
                    text.splice(range.end..range.end, part);
                }
                4 => {
                    let range = self.range(other, 128);
                    let part = other.get(range).unwrap_or_default().to_vec();
                    text.splice(at..at, part);
                }
                5 => {
                    // A head of one, a tail of the other.
                    let from = self.below(other.len() + 1);
                    text.truncate(at);
                    text.extend_from_slice(other.get(from..).unwrap_or_default());
                }
                _ => {
                    let piece = self.below(PIECES.len());
                    let piece = PIECES.get(piece).copied().unwrap_or_default();
                    text.splice(at..at, piece.iter().copied());
                }
            }
        }
    }
}
