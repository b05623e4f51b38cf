//! Mutants of messages: what a broken or hostile peer may send.

use rvoip_sans_io::Random;

/// A mutant of a message: some bytes flipped, inserted, removed, repeated, or taken from another message.
pub fn mutant(message: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = message.to_vec();
    for _ in 0..=random.below(3) {
        mutate(&mut bytes, other, random);
    }
    bytes.truncate(65_000);
    bytes
}

fn below(random: &mut Random, limit: usize) -> usize {
    usize::try_from(random.below(u64::try_from(limit).unwrap_or(0))).unwrap_or(0)
}

fn mutate(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = below(random, bytes.len() + 1);
    let length = 1 + below(random, 12);
    match random.below(7) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = *b"\r\n:;,<>@\"\\ \t\0=%0".get(below(random, 17)).unwrap_or(&b'x');
            }
        }
        2 => drop(bytes.drain(at..(at + length).min(bytes.len()))),
        3 => {
            let piece: Vec<u8> =
                bytes.iter().skip(below(random, bytes.len() + 1)).take(length * 8).copied().collect();
            bytes.splice(at..at, piece);
        }
        4 => {
            let piece: Vec<u8> =
                other.iter().skip(below(random, other.len() + 1)).take(length * 16).copied().collect();
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, piece);
        }
        5 => repeat_line(bytes, at),
        _ => bytes.truncate(at),
    }
}

/// Repeats the line around an offset.
fn repeat_line(bytes: &mut Vec<u8>, at: usize) {
    let start = bytes.iter().take(at).rposition(|byte| *byte == b'\n').map_or(0, |found| found + 1);
    let end =
        bytes.iter().skip(at).position(|byte| *byte == b'\n').map_or(bytes.len(), |found| at + found + 1);
    let line: Vec<u8> = bytes.get(start..end).unwrap_or_default().to_vec();
    bytes.splice(start..start, line);
}
