//! Why something is not there, or is over, as one line for people.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "most errors of other crates are told in their own words"
)]

use std::io;

use rustls::CertificateError;
use tokio_websockets::Error;

/// An error in words, without the number of the operating system where there are words.
pub(super) fn phrase(error: &io::Error) -> String {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return format!("the peer broke TLS: {tls}");
    }
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            return "the peer ended the connection".to_owned();
        }
        // TLS that ended without saying so.
        io::ErrorKind::UnexpectedEof => return "the peer closed the connection".to_owned(),
        _ => {}
    }
    let words = error.kind().to_string();
    if matches!(words.as_str(), "other error" | "uncategorized error") { error.to_string() } else { words }
}

/// Why there is no TLS with a peer, as words about it.
pub(super) fn refusal(error: &io::Error, name: &str) -> String {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                "it ended the connection before TLS began, and may not speak it".to_owned()
            }
            _ => phrase(error),
        };
    };
    match tls {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("its certificate is not for {name}")
            }
            CertificateError::UnknownIssuer => "its certificate is of an unknown authority".to_owned(),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "its certificate has expired".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet".to_owned()
            }
            _ => format!("its certificate is refused: {certificate}"),
        },
        rustls::Error::InvalidMessage(_) => "it does not speak TLS".to_owned(),
        rustls::Error::AlertReceived(alert) => format!("it refused TLS ({alert:?})"),
        rustls::Error::PeerIncompatible(_) => {
            "it has no version or cipher of TLS in common with us".to_owned()
        }
        _ => format!("TLS failed: {tls}"),
    }
}

/// Why a WebSocket ended, as one line for people.
pub(super) fn ending(error: &Error) -> String {
    match error {
        Error::Io(error) => phrase(error),
        Error::PayloadTooLong { .. } => "the peer sent a message that is too large".to_owned(),
        Error::Protocol(error) => format!("the peer broke WebSocket: {error}"),
        Error::AlreadyClosed => "the peer closed the connection".to_owned(),
        _ => format!("WebSocket failed: {error}"),
    }
}
