//! Certificates for demonstrations and tests: an authority that lives as long as the program, and what it signs.
//!
//! ```
//! use rvoip_certificates::Authority;
//!
//! let authority = Authority::new("Test authority").unwrap();
//! let server = authority.issue(&["sip.example.com", "127.0.0.1"]).unwrap();
//! assert!(server.chain.starts_with("-----BEGIN CERTIFICATE-----"));
//! ```
//!
//! # RFCs
//! - RFC 5280 (certificates of an authority and of a server), RFC 5958 (keys)
//!
//! # Invariants
//! - The authority's key is never written anywhere, so nobody else can sign for it.
//! - What is signed is good for a month at most unless asked otherwise.

use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer as _;
use p256::pkcs8::{EncodePrivateKey as _, LineEnding};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyIdMethod, KeyUsagePurpose, SanType, SerialNumber,
};
use thiserror::Error;
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

/// Why there is no certificate.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The system gives no random numbers.
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
    /// A name that cannot stand in a certificate.
    #[error("the certificate cannot be written: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The key cannot be written.
    #[error("the key cannot be written: {0}")]
    Key(#[from] p256::pkcs8::Error),
}

type Result<T> = std::result::Result<T, CertificateError>;

/// A private key for ECDSA on P-256.
struct Key {
    signing: SigningKey,
    public: Vec<u8>,
}

impl Key {
    fn new() -> Result<Self> {
        let mut secret = Zeroizing::new([0; 32]);
        loop {
            getrandom::fill(&mut *secret).map_err(CertificateError::Random)?;
            // Almost every number is a key.
            if let Ok(signing) = SigningKey::from_slice(&*secret) {
                let public = signing.verifying_key().to_encoded_point(false).as_bytes().to_vec();
                return Ok(Self { signing, public });
            }
        }
    }

    fn pem(&self) -> Result<String> {
        Ok(self.signing.to_pkcs8_pem(LineEnding::LF)?.to_string())
    }
}

impl rcgen::PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for Key {
    fn sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, rcgen::Error> {
        let signature: p256::ecdsa::Signature = self.signing.sign(message);
        Ok(signature.to_der().as_bytes().to_vec())
    }
}

/// A certificate and its private key.
#[derive(Clone)]
pub struct Issued {
    /// The certificate, and behind it that of the authority, in PEM.
    pub chain: String,
    /// The key, PKCS #8 in PEM.
    pub key: String,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("chain", &self.chain).finish_non_exhaustive()
    }
}

/// From when to when a certificate is valid, in days from now.
#[derive(Clone, Copy, Debug)]
pub struct Validity {
    /// The first day.
    pub from: i64,
    /// The last day.
    pub until: i64,
}

impl Default for Validity {
    fn default() -> Self {
        Self { from: -1, until: 30 }
    }
}

/// An authority that nobody trusts but who is told to.
pub struct Authority {
    issuer: Issuer<'static, Key>,
    pem: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// An authority of this name, with a key of its own.
    ///
    /// # Errors
    /// There are no random numbers, or a name cannot be certified.
    pub fn new(name: &str) -> Result<Self> {
        let key = Key::new()?;
        let mut params = parameters(&[], name, Validity::default())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem })
    }

    /// Its own certificate, in PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Signs a certificate of a server for these names, addresses and URIs (such as `sip:example.com`), with a new key.
    ///
    /// # Errors
    /// There are no random numbers, or a name cannot be certified.
    pub fn issue(&self, names: &[&str]) -> Result<Issued> {
        self.issue_for(names, Validity::default())
    }

    /// The same, valid at that time alone.
    ///
    /// # Errors
    /// There are no random numbers, or a name cannot be certified.
    pub fn issue_for(&self, names: &[&str], validity: Validity) -> Result<Issued> {
        let key = Key::new()?;
        let mut params = parameters(names, "Test server", validity)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued { chain: certificate.pem() + &self.pem, key: key.pem()? })
    }
}

fn parameters(names: &[&str], name: &str, validity: Validity) -> Result<CertificateParams> {
    let is_uri = |name: &&str| name.contains(':') && name.parse::<std::net::IpAddr>().is_err();
    let (uris, hosts): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| is_uri(name));
    let hosts: Vec<String> = hosts.into_iter().map(str::to_owned).collect();
    let mut params = CertificateParams::new(hosts)?;
    for uri in uris {
        params.subject_alt_names.push(SanType::URI(uri.try_into()?));
    }
    let mut number = [0; 16];
    getrandom::fill(&mut number).map_err(CertificateError::Random)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from_slice(&number));
    params.key_identifier_method = KeyIdMethod::PreSpecified(number.to_vec());
    let now = OffsetDateTime::now_utc();
    params.not_before = now + Duration::days(validity.from);
    params.not_after = now + Duration::days(validity.until);
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_not_shown() {
        let authority = Authority::new("a").unwrap();
        let issued = authority.issue(&["a.example"]).unwrap();
        let shown = format!("{issued:?} {authority:?}");
        assert!(shown.contains("BEGIN CERTIFICATE") && !shown.contains("PRIVATE"), "{shown}");
    }
}
