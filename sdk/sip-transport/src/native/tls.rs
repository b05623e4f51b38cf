//! TLS of clients and servers (RFC 3261 §26, RFC 5922).

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme};
use rvoip_sans_io::Protocol;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use super::identity::SipIdentity;
use super::provider::provider;
use super::words::refusal;
use crate::{TlsConfig, TlsError};

/// What connections need of TLS; cheap to clone.
#[derive(Clone)]
pub(super) struct Tls {
    /// To servers of SIP, whose certificates are read as RFC 5922 says.
    client: Arc<ClientConfig>,
    /// To servers of WebSocket, whose certificates are those of the web (RFC 2818).
    web_client: Arc<ClientConfig>,
    server: Option<Arc<ServerConfig>>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("serves", &self.server.is_some()).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the certificates.
    pub(super) fn new(config: &TlsConfig) -> Result<Self, TlsError> {
        Self::with_provider(config, &provider())
    }

    pub(super) fn with_provider(
        config: &TlsConfig,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, TlsError> {
        let roots = match &config.ca {
            Some(pem) => authorities(pem)?,
            None => webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect(),
        };
        if config.insecure {
            tracing::warn!(
                "certificates of servers are not checked: whoever is on the way can read and change everything"
            );
        }
        let client = |checks: Option<Arc<dyn ServerCertVerifier>>| {
            let builder = ClientConfig::builder_with_provider(Arc::clone(provider))
                .with_safe_default_protocol_versions()
                .map_err(|error| TlsError::Unusable(error.to_string()))?;
            let builder = match checks {
                Some(checks) => builder.dangerous().with_custom_certificate_verifier(checks),
                None => builder.with_root_certificates(roots.clone()),
            };
            Ok(Arc::new(builder.with_no_client_auth()))
        };
        let any = || -> Arc<dyn ServerCertVerifier> { Arc::new(AnyServer(Arc::clone(provider))) };
        let of_sip = || -> Arc<dyn ServerCertVerifier> {
            Arc::new(SipIdentity { roots: roots.clone(), provider: Arc::clone(provider) })
        };
        let (sip_client, web_client) = if config.insecure {
            (client(Some(any()))?, client(Some(any()))?)
        } else {
            (client(Some(of_sip()))?, client(None)?)
        };
        let server = match (&config.certificate, &config.key) {
            (Some(chain), Some(key)) => Some(Arc::new(identity(chain, key, provider)?)),
            (Some(_), None) => {
                return Err(TlsError::Key("there is a certificate, and no key of it".to_owned()));
            }
            (None, Some(_)) => {
                return Err(TlsError::Certificate("there is a key, and no certificate of it".to_owned()));
            }
            (None, None) => None,
        };
        Ok(Self { client: sip_client, web_client, server })
    }

    /// Whether there is a certificate to listen with.
    pub(super) fn serves(&self) -> bool {
        self.server.is_some()
    }

    /// Makes a connection secure; the server must have a certificate for `name`, or for the address where there is no name.
    ///
    /// # Errors
    /// One line for people, about the server.
    pub(super) async fn connect(
        &self,
        stream: TcpStream,
        protocol: Protocol,
        name: Option<&str>,
        address: IpAddr,
    ) -> Result<TlsStream<TcpStream>, String> {
        let (server, shown) = match name {
            Some(name) => match ServerName::try_from(name.to_owned()) {
                Ok(server) => (server, name.to_owned()),
                Err(_) => return Err("no certificate can be for the name of the server".to_owned()),
            },
            None => (ServerName::from(address), address.to_string()),
        };
        let client = if protocol == Protocol::Wss { &self.web_client } else { &self.client };
        let connector = TlsConnector::from(Arc::clone(client));
        match connector.connect(server, stream).await {
            Ok(stream) => Ok(TlsStream::Client(stream)),
            Err(error) => Err(refusal(&error, &shown)),
        }
    }

    /// Takes a connection of a client.
    ///
    /// # Errors
    /// One line for people.
    pub(super) async fn accept(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, String> {
        let Some(server) = &self.server else { return Err("there is no certificate".to_owned()) };
        let acceptor = TlsAcceptor::from(Arc::clone(server));
        acceptor.accept(stream).await.map(TlsStream::Server).map_err(|error| refusal(&error, "anybody"))
    }
}

fn authorities(pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem).map_err(TlsError::Ca)? {
        roots.add(certificate).map_err(|error| TlsError::Ca(error.to_string()))?;
    }
    Ok(roots)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => Err("there is no PEM certificate in it".to_owned()),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(format!("it is not PEM: {error}")),
    }
}

fn identity(chain: &[u8], key: &[u8], provider: &Arc<CryptoProvider>) -> Result<ServerConfig, TlsError> {
    let chain = certificates(chain).map_err(TlsError::Certificate)?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| TlsError::Key(format!("there is no PEM private key in it ({error})")))?;
    ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Unusable(error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| {
            if matches!(error, rustls::Error::InconsistentKeys(_)) {
                TlsError::Key("it is not the key of the certificate".to_owned())
            } else if matches!(error, rustls::Error::InvalidCertificate(_)) {
                TlsError::Certificate(error.to_string())
            } else {
                TlsError::Key(error.to_string())
            }
        })
}

/// Takes any certificate, as long as the server has its key.
#[derive(Debug)]
struct AnyServer(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rvoip_certificates::Authority;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::super::provider::portable;
    use super::*;

    #[tokio::test]
    async fn the_portable_algorithms_and_those_of_this_machine_understand_each_other() {
        let authority = Authority::new("a").unwrap();
        let issued = authority.issue(&["a.example"]).unwrap();
        let config = TlsConfig {
            ca: Some(authority.pem().as_bytes().to_vec()),
            certificate: Some(issued.chain.into_bytes()),
            key: Some(issued.key.into_bytes()),
            insecure: false,
        };
        let portable = Arc::new(portable());
        for (of_client, of_server) in [
            (provider(), Arc::clone(&portable)),
            (Arc::clone(&portable), provider()),
            (portable.clone(), portable),
        ] {
            let client = Tls::with_provider(&config, &of_client).unwrap();
            let server = Tls::with_provider(&config, &of_server).unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let connecting = async {
                let stream = TcpStream::connect(address).await.unwrap();
                let mut stream =
                    client.connect(stream, Protocol::Tls, Some("a.example"), address.ip()).await.unwrap();
                stream.write_all(b"hello").await.unwrap();
                stream.flush().await.unwrap();
                stream
            };
            let accepting = async {
                let (stream, _) = listener.accept().await.unwrap();
                let mut stream = server.accept(stream).await.unwrap();
                let mut text = [0; 5];
                stream.read_exact(&mut text).await.unwrap();
                text
            };
            let (_stream, text) = tokio::join!(connecting, accepting);
            assert_eq!(&text, b"hello");
        }
    }
}
