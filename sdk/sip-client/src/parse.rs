//! Messages as plain data, for those who look at traffic.

use rvoip_sip_core::{Message, StartLine};
use serde::{Deserialize, Serialize};

use crate::{ErrorKind, Result};

/// A SIP message, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParsedMessage {
    /// The method of a request.
    pub method: Option<String>,
    /// The request URI.
    pub uri: Option<String>,
    /// The status code of a response (100 to 699).
    pub status: Option<u16>,
    /// The reason phrase of a response.
    pub reason: Option<String>,
    /// The header fields in their order, compact names written out, folds taken out.
    pub headers: Vec<HeaderField>,
    /// The body as text; what is not UTF-8 is replaced.
    pub body: String,
}

/// One header field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderField {
    /// The name, such as `Via`.
    pub name: String,
    /// The value.
    pub value: String,
}

/// Reads one SIP message (RFC 3261 §7) and checks that it is whole and valid.
///
/// ```
/// let text = "OPTIONS sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
///     From: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
/// let message = rvoip::parse_message(text.as_bytes())?;
/// assert_eq!(message.method.as_deref(), Some("OPTIONS"));
/// # Ok::<(), rvoip::Error>(())
/// ```
///
/// # Errors
/// `InvalidArgument` with the place of the fault, and with the status that a request like this is answered with.
pub fn parse_message(bytes: &[u8]) -> Result<ParsedMessage> {
    let refused = |offset: usize, reason: String, status: Option<u16>| {
        ErrorKind::InvalidArgument.with_status(format!("at byte {offset}: {reason}"), status)
    };
    let code = |status: Option<rvoip_sip_core::StatusCode>| status.map(rvoip_sip_core::StatusCode::code);
    let message = Message::parse(bytes)
        .map_err(|fault| refused(fault.offset, fault.kind.to_string(), code(fault.status())))?;
    message.validate().map_err(|fault| refused(fault.offset, fault.to_string(), code(fault.status())))?;
    let (mut method, mut uri, mut status, mut reason) = (None, None, None, None);
    match message.start_line() {
        StartLine::Request { method: of, uri: to } => {
            method = Some(of.as_str().to_owned());
            uri = Some(to.to_string());
        }
        StartLine::Response { status: with, reason: because } => {
            status = Some(with.code());
            reason = Some(because.to_string());
        }
    }
    let headers = message
        .fields()
        .map(|field| HeaderField { name: field.name().as_str().to_owned(), value: field.unfolded() });
    let headers = headers.collect();
    let body = String::from_utf8_lossy(message.body()).into_owned();
    Ok(ParsedMessage { method, uri, status, reason, headers, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_taken_apart_and_a_fault_is_placed() {
        let text = "SIP/2.0 180 Ringing\r\nv: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@a>;tag=1\r\n\
            To: <sip:b@b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\nbody";
        let message = parse_message(text.as_bytes()).unwrap();
        assert_eq!((message.status, message.reason.as_deref()), (Some(180), Some("Ringing")));
        assert_eq!(message.headers[0].name, "Via");
        assert_eq!(message.body, "body");
        let error = parse_message(b"nonsense\r\n\r\n").unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::InvalidArgument, Some(400)));
        assert!(error.reason().starts_with("at byte "), "{error}");
    }
}
