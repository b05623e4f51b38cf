//! Secrets of a user and the computation of a response (RFC 7616 §3.4).

use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{Algorithm, DigestCredentials, Password, Qop};

/// The hash of user name, realm and password (`H(A1)`): for its realm and algorithm as good as the password, and kept like
/// one. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1(Zeroizing<String>);

impl Ha1 {
    /// The hash of a password. The variants of an algorithm with and without `-sess` share it.
    pub fn new(algorithm: Algorithm, username: &str, realm: &str, password: &Password) -> Self {
        let secret = Zeroizing::new(format!("{username}:{realm}:{}", password.expose()));
        Self(Zeroizing::new(algorithm.hash(secret.as_bytes())))
    }

    /// A hash as a data base keeps it, in hexadecimal; `None` if it is none of that algorithm.
    pub fn from_hexadecimal(algorithm: Algorithm, text: &str) -> Option<Self> {
        let good = text.len() == algorithm.digits() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        good.then(|| Self(Zeroizing::new(text.to_ascii_lowercase())))
    }

    /// Whether it can be one of this algorithm.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        self.0.len() == algorithm.digits()
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1(…)")
    }
}

/// What a server knows of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// The password: good for every algorithm.
    Password(Password),
    /// The hash of user name, realm and password by the algorithm of the credentials.
    Ha1(Ha1),
}

impl Secret {
    /// The hash for an algorithm; `None` if this one is of another.
    pub(super) fn ha1(&self, algorithm: Algorithm, username: &str, realm: &str) -> Option<Ha1> {
        match self {
            Self::Password(password) => Some(Ha1::new(algorithm, username, realm, password)),
            Self::Ha1(ha1) => ha1.fits(algorithm).then(|| ha1.clone()),
        }
    }
}

/// What a response is computed from.
pub(super) struct Computation<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) nonce: &'a str,
    pub(super) cnonce: &'a str,
    pub(super) nonce_count: u32,
    pub(super) qop: Option<Qop>,
    /// The method; empty for the server's own proof in Authentication-Info.
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) body: &'a [u8],
}

impl<'a> Computation<'a> {
    /// What the credentials of a request claim to have computed.
    pub(super) fn of_request(credentials: &'a DigestCredentials, method: &'a str, body: &'a [u8]) -> Self {
        Self {
            algorithm: credentials.algorithm,
            nonce: &credentials.nonce,
            cnonce: &credentials.cnonce,
            nonce_count: credentials.nonce_count,
            qop: credentials.qop,
            method,
            uri: &credentials.uri,
            body,
        }
    }

    /// What the server proves in the answer to a request with these credentials: as the request, without a method
    /// (RFC 7616 §3.5).
    pub(super) fn of_response(credentials: &'a DigestCredentials, qop: Option<Qop>, body: &'a [u8]) -> Self {
        Self { qop, ..Self::of_request(credentials, "", body) }
    }

    /// Whether a proof is the right one; takes the same time whichever digit is wrong.
    pub(super) fn proves(&self, ha1: &Ha1, proof: &str) -> bool {
        self.response(ha1).as_bytes().ct_eq(proof.as_bytes()).into()
    }

    pub(super) fn response(&self, ha1: &Ha1) -> String {
        let Self { algorithm, nonce, cnonce, nonce_count, method, uri, .. } = self;
        let session;
        let ha1 = if algorithm.is_session() {
            let bound = Zeroizing::new(format!("{}:{nonce}:{cnonce}", *ha1.0));
            session = Zeroizing::new(algorithm.hash(bound.as_bytes()));
            &session
        } else {
            &ha1.0
        };
        let a2 = match self.qop {
            Some(Qop::AuthInt) => format!("{method}:{uri}:{}", algorithm.hash(self.body)),
            Some(Qop::Auth) | None => format!("{method}:{uri}"),
        };
        let ha2 = algorithm.hash(a2.as_bytes());
        let whole = Zeroizing::new(match self.qop {
            Some(qop) => format!("{}:{nonce}:{nonce_count:08x}:{cnonce}:{}:{ha2}", **ha1, qop.as_str()),
            None => format!("{}:{nonce}:{ha2}", **ha1),
        });
        algorithm.hash(whole.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(computation: &Computation<'_>, username: &str, realm: &str, password: &str) -> String {
        let password = Password::new(password);
        computation.response(&Ha1::new(computation.algorithm, username, realm, &password))
    }

    #[test]
    fn the_examples_of_rfc_7616_section_3_9_1() {
        let computation = |algorithm| Computation {
            algorithm,
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            nonce_count: 1,
            qop: Some(Qop::Auth),
            method: "GET",
            uri: "/dir/index.html",
            body: b"",
        };
        let response = |algorithm| {
            response(&computation(algorithm), "Mufasa", "http-auth@example.org", "Circle of Life")
        };
        assert_eq!(response(Algorithm::Md5), "8ca523f5e9506fed4657c9700eebdbec");
        assert_eq!(
            response(Algorithm::Sha256),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    #[test]
    fn the_example_of_rfc_7616_section_3_9_2() {
        // The values printed in the RFC are of a SHA-512 cut off (erratum 4897); these are of the real SHA-512/256, as
        // another implementation of the hash computes them too.
        let algorithm = Algorithm::Sha512Trunc256;
        let username = "J\u{e4}s\u{f8}n Doe";
        let computation = Computation {
            algorithm,
            nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm",
            nonce_count: 1,
            qop: Some(Qop::Auth),
            method: "GET",
            uri: "/doe.json",
            body: b"",
        };
        assert_eq!(
            algorithm.user_hash(username, "api@example.org"),
            "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
        );
        assert_eq!(
            response(&computation, username, "api@example.org", "Secret, or not?"),
            "7a4e1192babbba02e91182d2895bfdbf7adafc6e48d4e517ca301974843d840c"
        );
    }

    #[test]
    fn the_example_of_rfc_2617_section_3_5() {
        let computation = Computation {
            algorithm: Algorithm::Md5,
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            cnonce: "0a4f113b",
            nonce_count: 1,
            qop: Some(Qop::Auth),
            method: "GET",
            uri: "/dir/index.html",
            body: b"",
        };
        let text = response(&computation, "Mufasa", "testrealm@host.com", "Circle Of Life");
        assert_eq!(text, "6629fae49393a05397450978507c4ef1");
    }

    /// No RFC has an example of these: they were computed by the formulas of RFC 7616 §3.4 with Python's hashlib.
    #[test]
    fn secrets_bound_to_a_nonce_protected_bodies_and_proofs_of_servers() {
        const KNOWN: [(Algorithm, Qop, &str, &str); 6] = [
            (
                Algorithm::Md5Sess,
                Qop::Auth,
                "47ec62a3e336c3bdd4d130f6f0f6974a",
                "feb3746fec5dd9f089bd1b707a2c7787",
            ),
            (
                Algorithm::Md5Sess,
                Qop::AuthInt,
                "a1c0aff0f7c7caa6de30b95f1753cf48",
                "40fe6f603edbecff93926d02fcf488c5",
            ),
            (
                Algorithm::Sha256Sess,
                Qop::Auth,
                "4cb8ba33b37693275190eb6f8f561ab4628dfb6a5190a942022398d6e0660fbf",
                "dbd5277ac5ce3c1f78770c447a04769458813e40a0734bc15b1ff75a7f8f72ab",
            ),
            (
                Algorithm::Sha256Sess,
                Qop::AuthInt,
                "f0175dba5467e7140e56ebd3fe30046786c855a055bc214bb0d32798656657e2",
                "f39903f3f6f5a2a65d022fc343038f30a046c0e3fa2198e02f7f13b7256865ea",
            ),
            (
                Algorithm::Sha512Trunc256Sess,
                Qop::Auth,
                "5918b4bb8ed9e42d6ffec09132b57e468940d8b81c1bd7c670d338bc89080bed",
                "e2465157269543dc0a18f2b9a09f883854d14e2727b794bd3016653186bc7778",
            ),
            (
                Algorithm::Sha512Trunc256Sess,
                Qop::AuthInt,
                "120ecf44b9c572543f9d446f2b591b9f7bb44c94f02569762279fa5b59e44a3c",
                "a3446a9417eb8e9c8e097f86e3f1c70ca7ca46ab98c5a5d38eb42a59dd8f23f2",
            ),
        ];
        for (algorithm, qop, of_request, of_response) in KNOWN {
            for (method, expect) in [("MESSAGE", of_request), ("", of_response)] {
                let computation = Computation {
                    algorithm,
                    nonce: "dcd98b7102dd2f0e",
                    cnonce: "0a4f113b",
                    nonce_count: 2,
                    qop: Some(qop),
                    method,
                    uri: "sip:bob@example.com",
                    body: b"pay 1 euro",
                };
                assert_eq!(response(&computation, "alice", "example.com", "se:cret"), expect, "{algorithm}");
            }
        }
    }

    #[test]
    fn a_hash_is_taken_in_hexadecimal_and_only_of_its_length() {
        let password = Password::new("secret");
        for algorithm in Algorithm::ALL {
            let ha1 = Ha1::new(algorithm, "a", "r", &password);
            let text = algorithm.hash(b"a:r:secret");
            assert_eq!(Ha1::from_hexadecimal(algorithm, &text.to_ascii_uppercase()), Some(ha1.clone()));
            assert_eq!(Ha1::from_hexadecimal(algorithm, text.get(1..).unwrap()), None);
            assert_eq!(Ha1::from_hexadecimal(algorithm, &text.replace(|c: char| c.is_ascii(), "x")), None);
            assert!(!format!("{ha1:?}").contains(&text));
        }
        let md5 = Secret::Ha1(Ha1::new(Algorithm::Md5, "a", "r", &password));
        assert!(md5.ha1(Algorithm::Md5Sess, "a", "r").is_some());
        assert_eq!(md5.ha1(Algorithm::Sha256, "a", "r"), None);
    }
}
