//! Which server a certificate is for, where SIP is spoken (RFC 5922 §7).

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use webpki::EndEntityCert;

/// Checks a server's certificate against the authorities and the domain that was meant.
#[derive(Debug)]
pub(super) struct SipIdentity {
    pub(super) roots: RootCertStore,
    pub(super) provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for SipIdentity {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&certificate, &self.roots, intermediates, now, algorithms)?;
        match server_name {
            ServerName::DnsName(name) => is_for(end_entity, name.as_ref())?,
            // The host of a URI that is an address has no domain; RFC 5922 is silent about it.
            ServerName::IpAddress(_) | _ => verify_server_name(&certificate, server_name)?,
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Whether a domain is among the identities of a certificate: those of its SIP URIs, or else its DNS names
/// (RFC 5922 §7.1).
fn is_for(certificate: &CertificateDer<'_>, domain: &str) -> Result<(), Error> {
    let refused = Error::InvalidCertificate(CertificateError::NotValidForName);
    let certificate = EndEntityCert::try_from(certificate).map_err(|_| refused.clone())?;
    let mut uris = certificate.valid_uri_names().filter_map(domain_of).peekable();
    let found = if uris.peek().is_some() {
        uris.any(|identity| same_domain(identity, domain))
    } else {
        certificate.valid_dns_names().any(|identity| same_domain(identity, domain))
    };
    if found { Ok(()) } else { Err(refused) }
}

/// The domain that a URI names: that of `sip:example.com`, and none of a person or of another scheme.
fn domain_of(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once(':')?;
    let is_domain = scheme.eq_ignore_ascii_case("sip") && !rest.contains('@');
    // Parameters and a port do not count (RFC 5922 §7.2).
    is_domain.then(|| rest.split([';', '?', ':']).next().unwrap_or_default())
}

/// Compares as DNS names, in their entirety: no suffix and no wildcard is another's (RFC 5922 §7.2).
fn same_domain(identity: &str, domain: &str) -> bool {
    let whole = |name: &str| name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    whole(identity) == whole(domain)
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject as _;
    use rvoip_certificates::Authority;

    use super::*;

    #[test]
    fn the_identities_of_a_certificate_are_those_of_the_rfc() {
        let authority = Authority::new("a").unwrap();
        let fits = |names: &[&str], domain: &str| {
            let issued = authority.issue(names).unwrap();
            let certificate = CertificateDer::from_pem_slice(issued.chain.as_bytes()).unwrap();
            is_for(&certificate, domain).is_ok()
        };
        assert!(fits(&["Example.com"], "example.COM."));
        assert!(!fits(&["example.com"], "sip.example.com") && !fits(&["sip.example.com"], "example.com"));
        assert!(!fits(&["*.example.com"], "sip.example.com"), "no wildcard is another's");
        assert!(fits(&["sip:example.com"], "example.com"));
        assert!(fits(&["SIP:example.com:5061;transport=tls"], "example.com"));
        assert!(!fits(&["sip:example.com", "sip.example.com"], "sip.example.com"), "the URI alone counts");
        for other in ["sips:example.com", "https://example.com", "sip:alice@example.com"] {
            assert!(!fits(&[other], "example.com"), "{other}");
            assert!(fits(&[other, "example.com"], "example.com"), "{other} is no identity");
        }
        assert!(!fits(&["192.0.2.1"], "example.com"));
    }
}
