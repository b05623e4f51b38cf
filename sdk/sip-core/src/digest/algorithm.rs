//! Hash algorithms and the computation of a response (RFC 7616 §3.4).

use std::fmt;

use md5::Md5;
use sha2::{Digest as _, Sha256, Sha512_256};
use zeroize::Zeroizing;

use super::Password;

/// A hash algorithm, from the weakest to the strongest; each has a variant whose secret is bound to one nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// `MD5`
    Md5,
    /// `MD5-sess`
    Md5Sess,
    /// `SHA-256`
    Sha256,
    /// `SHA-256-sess`
    Sha256Sess,
    /// `SHA-512-256`
    Sha512Trunc256,
    /// `SHA-512-256-sess`
    Sha512Trunc256Sess,
}

impl Algorithm {
    /// All algorithms, the weakest first.
    pub const ALL: [Self; 6] = [
        Self::Md5,
        Self::Md5Sess,
        Self::Sha256,
        Self::Sha256Sess,
        Self::Sha512Trunc256,
        Self::Sha512Trunc256Sess,
    ];

    /// The name as written in `algorithm`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
            Self::Sha512Trunc256 => "SHA-512-256",
            Self::Sha512Trunc256Sess => "SHA-512-256-sess",
        }
    }

    /// Reads a name; case does not matter.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(text))
    }

    /// Whether the secret is bound to one nonce.
    pub fn is_session(self) -> bool {
        matches!(self, Self::Md5Sess | Self::Sha256Sess | Self::Sha512Trunc256Sess)
    }

    /// The hash of some bytes, in lower-case hexadecimal.
    pub fn hash(self, data: &[u8]) -> String {
        match self {
            Self::Md5 | Self::Md5Sess => hexadecimal(&Md5::digest(data)),
            Self::Sha256 | Self::Sha256Sess => hexadecimal(&Sha256::digest(data)),
            Self::Sha512Trunc256 | Self::Sha512Trunc256Sess => hexadecimal(&Sha512_256::digest(data)),
        }
    }

    /// The hash of a user name that hides it (`userhash`, RFC 7616 §3.4.4).
    pub fn user_hash(self, username: &str, realm: &str) -> String {
        self.hash(format!("{username}:{realm}").as_bytes())
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a response protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qop {
    /// Method and URI.
    Auth,
    /// Method, URI and body.
    AuthInt,
}

impl Qop {
    /// The name as written in `qop`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }

    /// Reads a name; case does not matter.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Auth, Self::AuthInt].into_iter().find(|qop| qop.as_str().eq_ignore_ascii_case(text))
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The hash of user name, realm and password: as good as the password.
pub(super) struct Ha1(Zeroizing<String>);

impl Ha1 {
    pub(super) fn new(algorithm: Algorithm, username: &str, realm: &str, password: &Password) -> Self {
        let secret = Zeroizing::new(format!("{username}:{realm}:{}", password.expose()));
        Self(Zeroizing::new(algorithm.hash(secret.as_bytes())))
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

impl Computation<'_> {
    pub(super) fn response(&self, ha1: &Ha1) -> String {
        let Self { algorithm, nonce, cnonce, nonce_count, method, uri, .. } = self;
        let session;
        let ha1 = if algorithm.is_session() {
            session = Zeroizing::new(algorithm.hash(format!("{}:{nonce}:{cnonce}", *ha1.0).as_bytes()));
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

    #[test]
    fn names_are_read_without_case() {
        assert_eq!(Algorithm::parse("sha-512-256-SESS"), Some(Algorithm::Sha512Trunc256Sess));
        assert_eq!(Algorithm::parse("SHA-1"), None);
        assert_eq!(Qop::parse("AUTH-INT"), Some(Qop::AuthInt));
    }
}
