//! Nonces that say when they were made, so that none has to be remembered until it is used.

use std::fmt;

use rvoip_sans_io::Random;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::algorithm::hexadecimal;

/// Characters of a nonce that say when it was made, in seconds.
const SECONDS: usize = 16;

/// Characters of a nonce that are random.
const SALT: usize = 8;

/// Characters of a nonce that are its signature.
const SIGNATURE: usize = 32;

/// The key that a server signs its nonces with. `Debug` does not show it, and its memory is wiped when it is dropped.
pub(super) struct NonceKey(Zeroizing<[u8; 32]>);

impl NonceKey {
    pub(super) fn new(random: &mut Random) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        random.fill(&mut *key);
        Self(key)
    }

    /// A fresh nonce of a realm.
    pub(super) fn make(&self, seconds: u64, realm: &str, random: &mut Random) -> String {
        self.signed(seconds, &random.token(SALT), realm)
    }

    /// When one of our nonces was made, in seconds; `None` if it is not ours.
    pub(super) fn made(&self, nonce: &str, realm: &str) -> Option<u64> {
        let (seconds, rest) = nonce.split_at_checked(SECONDS)?;
        let (salt, _) = rest.split_at_checked(SALT)?;
        let made = u64::from_str_radix(seconds, 16).ok()?;
        let genuine: bool = self.signed(made, salt, realm).as_bytes().ct_eq(nonce.as_bytes()).into();
        genuine.then_some(made)
    }

    fn signed(&self, seconds: u64, salt: &str, realm: &str) -> String {
        let mut nonce = format!("{}{salt}", Self::beginning(seconds));
        let mut signature = self.signature(format!("{nonce}:{realm}").as_bytes());
        signature.truncate(SIGNATURE);
        nonce.push_str(&signature);
        nonce
    }

    /// HMAC (RFC 2104) of SHA-256: its key is shorter than a block.
    fn signature(&self, text: &[u8]) -> String {
        let keyed = |pad: u8| {
            let mut hash = Sha256::new();
            let mut block = Zeroizing::new([pad; 64]);
            block.iter_mut().zip(self.0.iter()).for_each(|(byte, key)| *byte ^= key);
            hash.update(*block);
            hash
        };
        let inner = keyed(0x36).chain_update(text).finalize();
        hexadecimal(&keyed(0x5C).chain_update(inner).finalize())
    }

    /// How nonces begin that were made at a time: the order of their texts is that of their age.
    pub(super) fn beginning(seconds: u64) -> String {
        format!("{seconds:016x}")
    }
}

impl fmt::Debug for NonceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NonceKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_rfc_4231() {
        // Test case 1, whose key of 20 bytes is padded to ours with zeros, as HMAC does.
        let mut key = [0; 32];
        key[..20].fill(0x0B);
        assert_eq!(
            NonceKey(Zeroizing::new(key)).signature(b"Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }

    #[test]
    fn a_nonce_is_known_again_and_no_other() {
        let mut random = Random::from_number(1);
        let key = NonceKey::new(&mut random);
        let nonce = key.make(77, "realm", &mut random);
        assert_eq!(nonce.len(), SECONDS + SALT + SIGNATURE);
        assert_eq!(key.made(&nonce, "realm"), Some(77));
        assert_eq!(key.made(&nonce, "other"), None);
        assert_eq!(NonceKey::new(&mut random).made(&nonce, "realm"), None);
        let (first, last) = (nonce.get(1..).unwrap(), nonce.get(..nonce.len() - 1).unwrap());
        for changed in [first, last, "", "00000000000000zz", &nonce.replace('4', "5")] {
            assert_eq!(key.made(changed, "realm"), None, "{changed:?}");
        }
        assert!(!format!("{key:?}").contains(char::is_numeric));
    }
}
