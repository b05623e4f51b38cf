//! What goes over the wire, as one stream for ladders and logs, with secrets taken out in one place.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rvoip_sans_io::{FlowId, FlowOpened, Protocol};

/// One message that entered or left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireEntry {
    /// Time since the Unix epoch.
    pub time: Duration,
    /// It was received; otherwise it was sent.
    pub incoming: bool,
    /// How it travelled.
    pub protocol: Protocol,
    /// Our address.
    pub local: SocketAddr,
    /// The peer's address.
    pub remote: SocketAddr,
    /// The message, without secrets.
    pub text: String,
}

/// Sees every message.
#[derive(Clone)]
pub struct WireTap(Arc<dyn Fn(&WireEntry) + Send + Sync>);

impl WireTap {
    /// Calls `see` for every message, from the loop: it must not wait.
    pub fn new(see: impl Fn(&WireEntry) + Send + Sync + 'static) -> Self {
        Self(Arc::new(see))
    }
}

impl fmt::Debug for WireTap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WireTap")
    }
}

/// Records where bytes enter and leave.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    tap: Option<WireTap>,
    flows: BTreeMap<FlowId, (Protocol, SocketAddr, Option<SocketAddr>)>,
}

#[cfg_attr(target_arch = "wasm32", expect(dead_code, reason = "nothing travels in the browser yet"))]
impl Wire {
    pub(crate) fn new(tap: Option<WireTap>) -> Self {
        Self { tap, flows: BTreeMap::new() }
    }

    pub(crate) fn opened(&mut self, opened: &FlowOpened) {
        self.flows.insert(opened.flow, (opened.protocol, opened.local, opened.remote));
    }

    pub(crate) fn closed(&mut self, flow: FlowId) {
        self.flows.remove(&flow);
    }

    pub(crate) fn record(&self, incoming: bool, flow: FlowId, peer: SocketAddr, bytes: &[u8]) {
        let keep_alive = bytes.iter().all(u8::is_ascii_whitespace);
        let traced = tracing::enabled!(target: "rvoip::wire", tracing::Level::DEBUG);
        if keep_alive || (self.tap.is_none() && !traced) {
            return;
        }
        let Some((protocol, local, remote)) = self.flows.get(&flow) else { return };
        let entry = WireEntry {
            time: crate::clock::now().unix,
            incoming,
            protocol: *protocol,
            local: *local,
            remote: remote.unwrap_or(peer),
            text: redact(bytes),
        };
        if let Some(tap) = &self.tap {
            (tap.0)(&entry);
        }
        tracing::debug!(
            target: "rvoip::wire",
            incoming,
            protocol = %entry.protocol,
            local = %entry.local,
            remote = %entry.remote,
            text = entry.text,
            "message"
        );
    }
}

/// A message as text, without what would let a reader of logs in: the proof in credentials, keys and passwords of media,
/// and what people wrote to each other.
///
/// ```
/// let text = rvoip_driver::redact(b"MESSAGE sip:b SIP/2.0\r\nAuthorization: Digest response=\"5d\"\r\n\r\nsecret");
/// assert_eq!(text, "MESSAGE sip:b SIP/2.0\r\nAuthorization: Digest response=\"…\"\r\n\r\n(6 bytes)");
/// ```
pub fn redact(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut clean = String::with_capacity(text.len());
    for line in head.split_inclusive("\r\n") {
        let name = line.split(':').next().unwrap_or_default().trim();
        let secret = ["Authorization", "Proxy-Authorization", "Authentication-Info"];
        if secret.iter().any(|secret| name.eq_ignore_ascii_case(secret)) || line.starts_with([' ', '\t']) {
            clean.push_str(&without_proof(line));
        } else {
            clean.push_str(line);
        }
    }
    if !text.contains("\r\n\r\n") {
        return clean;
    }
    clean.push_str("\r\n\r\n");
    if head.starts_with("MESSAGE ") && !body.is_empty() {
        clean.push('(');
        clean.push_str(&body.len().to_string());
        clean.push_str(" bytes)");
        return clean;
    }
    for line in body.split_inclusive('\n') {
        match ["a=crypto:", "a=ice-pwd:", "k="].iter().find(|secret| line.starts_with(**secret)) {
            Some(secret) => {
                clean.push_str(secret);
                clean.push_str("…\r\n");
            }
            None => clean.push_str(line),
        }
    }
    clean
}

/// Hides the values of `response` and `rspauth`: with the rest of the line they would let anybody try passwords.
fn without_proof(line: &str) -> Cow<'_, str> {
    let lower = line.to_ascii_lowercase();
    for name in ["response=", "rspauth="] {
        let Some(at) = lower.find(name) else { continue };
        let start = at + name.len();
        let Some((before, value)) = line.split_at_checked(start) else { continue };
        let after = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').map_or("", |(_, after)| after),
            None => value.split_once(',').map_or("", |(value, _)| value_after(line, start + value.len())),
        };
        return Cow::Owned(format!("{before}\"…\"{after}"));
    }
    Cow::Borrowed(line)
}

fn value_after(line: &str, at: usize) -> &str {
    line.split_at_checked(at).map_or("", |(_, after)| after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_the_rest_stays() {
        let message = "INVITE sip:b SIP/2.0\r\nProxy-Authorization: Digest username=\"a\", response=\"0123\", nc=1\r\n\
             Authorization: Digest response=0123,nc=1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\na=crypto:1 AES inline:KEY\r\n\
             a=ice-pwd:PASSWORD\r\na=sendrecv\r\n";
        let text = redact(message.as_bytes());
        for secret in ["0123", "KEY", "PASSWORD"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert!(text.contains("username=\"a\", response=\"…\", nc=1\r\n"), "{text}");
        assert!(
            text.contains("Digest response=\"…\",nc=1\r\n") && text.ends_with("a=sendrecv\r\n"),
            "{text}"
        );
    }

    #[test]
    fn a_folded_proof_is_hidden_too() {
        let text = redact(b"BYE sip:b SIP/2.0\r\nAuthorization: Digest\r\n response=\"77\"\r\n\r\n");
        assert!(!text.contains("77"), "{text}");
        assert_eq!(redact(b"\xff"), "\u{fffd}");
    }
}
