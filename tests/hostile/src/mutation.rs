//! Makes hostile messages out of good ones: by random numbers from a seed, so that a failure can be had again.

use rvoip_sans_io::Random;

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

/// A number below a limit; 0 if the limit is 0.
pub fn below(random: &mut Random, limit: usize) -> usize {
    usize::try_from(random.below(u64::try_from(limit).unwrap_or(u64::MAX).max(1))).unwrap_or(0)
}

/// A part of a text, of at most `longest` bytes.
fn part(random: &mut Random, text: &[u8], longest: usize) -> std::ops::Range<usize> {
    let start = below(random, text.len() + 1);
    let length = below(random, longest.min(text.len() - start) + 1);
    start..start + length
}

/// Changes a text in one to four places: flips bits, inserts, deletes, doubles a part or a line, or splices a part of another
/// text.
pub fn mutate(text: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=below(random, 4) {
        let at = below(random, text.len() + 1);
        match random.below(8) {
            0 => {
                let bit = 1 << random.below(8);
                if let Some(byte) = text.get_mut(at) {
                    *byte ^= bit;
                }
            }
            1 => text.insert(at, u8::try_from(random.below(256)).unwrap_or(0)),
            2 => {
                let range = part(random, text, 32);
                text.drain(range);
            }
            3 => {
                let range = part(random, text, 64);
                let doubled = text.get(range.clone()).unwrap_or_default().to_vec();
                text.splice(range.end..range.end, doubled);
            }
            4 => {
                let range = part(random, other, 128);
                let piece = other.get(range).unwrap_or_default().to_vec();
                text.splice(at..at, piece);
            }
            5 => {
                // A head of one, a tail of the other.
                let from = below(random, other.len() + 1);
                text.truncate(at);
                text.extend_from_slice(other.get(from..).unwrap_or_default());
            }
            6 => repeat_line(text, at),
            _ => {
                let piece = below(random, PIECES.len());
                let piece = PIECES.get(piece).copied().unwrap_or_default();
                text.splice(at..at, piece.iter().copied());
            }
        }
    }
}

/// Repeats the line around an offset.
fn repeat_line(text: &mut Vec<u8>, at: usize) {
    let line_end = |byte: &u8| *byte == b'\n';
    let start = text.iter().take(at).rposition(line_end).map_or(0, |found| found + 1);
    let end = text.iter().skip(at).position(line_end).map_or(text.len(), |found| at + found + 1);
    let line = text.get(start..end).unwrap_or_default().to_vec();
    text.splice(start..start, line);
}
