//! Seeded random numbers.

use rand_chacha::ChaCha12Rng;
use rand_core::{Rng, SeedableRng};

/// A seeded, cryptographically strong generator. The platform gives the seed; a simulation gives a number.
#[derive(Clone, Debug)]
pub struct Random(ChaCha12Rng);

impl Random {
    /// A generator from 32 bytes of entropy.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(ChaCha12Rng::from_seed(seed))
    }

    /// A generator for tests and simulations.
    pub fn from_number(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self::from_seed(bytes)
    }

    /// An independent generator, drawn from this one.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        let mut seed = [0; 32];
        self.fill(&mut seed);
        Self::from_seed(seed)
    }

    /// Fills `bytes` with random ones.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// A random number of 32 bits.
    pub fn u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// A random number of 64 bits.
    pub fn u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A random number below `limit` (0 if `limit` is 0).
    pub fn below(&mut self, limit: u64) -> u64 {
        // Multiply and shift: the bias is below 2^-64 * limit, far under what any caller can notice.
        u64::try_from((u128::from(self.u64()) * u128::from(limit)) >> 64).unwrap_or(0)
    }

    /// True with the given probability (0.0 to 1.0).
    pub fn chance(&mut self, probability: f64) -> bool {
        f64::from(self.u32()) < probability * 4_294_967_296.0
    }

    /// A token of `length` lower-case letters and digits (5 bits each), good for tags, branches and Call-IDs.
    pub fn token(&mut self, length: usize) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let mut bits = 0_u64;
        (0..length)
            .map(|index| {
                if index % 12 == 0 {
                    bits = self.u64();
                }
                let letter = ALPHABET.get((bits & 31) as usize).copied().unwrap_or(b'a');
                bits >>= 5;
                char::from(letter)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let (mut a, mut b) = (Random::from_number(7), Random::from_number(7));
        assert_eq!(a.token(40), b.token(40));
        assert_eq!(a.fork().u64(), b.fork().u64());
        assert_ne!(Random::from_number(8).u64(), Random::from_number(7).u64());
    }

    #[test]
    fn below_stays_below() {
        let mut random = Random::from_number(1);
        assert!((0..1000).all(|_| random.below(10) < 10));
        assert_eq!(random.below(0), 0);
        let hits = (0..10_000).filter(|_| random.chance(0.3)).count();
        assert!((2_700..3_300).contains(&hits), "{hits}");
    }
}
