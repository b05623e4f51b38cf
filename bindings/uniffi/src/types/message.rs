//! Messages as plain data, for those who look at traffic.

use rvoip::{HeaderField, ParsedMessage, Result};

/// A SIP message, taken apart.
#[uniffi::remote(Record)]
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
#[uniffi::remote(Record)]
pub struct HeaderField {
    /// The name, such as `Via`.
    pub name: String,
    /// The value.
    pub value: String,
}

/// Reads one SIP message (RFC 3261 §7) and checks that it is whole and valid.
///
/// Fails as `InvalidArgument` with the place of the fault, and with the status that a request like this is answered with.
#[uniffi::export]
#[expect(clippy::needless_pass_by_value, reason = "a borrowed slice is no byte array in Kotlin")]
pub fn parse_message(bytes: Vec<u8>) -> Result<ParsedMessage> {
    rvoip::parse_message(&bytes)
}
