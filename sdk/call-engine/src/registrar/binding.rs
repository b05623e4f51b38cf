//! One binding: an address of record and where its phone is.

use std::fmt::Write as _;

use rvoip_driver::{FlowId, Instant, Now, Protocol};
use rvoip_sip_core::UriBuf;
use rvoip_transaction_core::Source;

/// Flows that a binding had before and that calls of that time still name.
const PREVIOUS: usize = 4;

/// The phone and its flow, which name a binding in place of the contact (RFC 5626 §6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundFlow {
    /// The name of the phone (`+sip.instance`), as written.
    pub instance: String,
    /// Which of the phone's flows it is.
    pub reg_id: u32,
}

/// One contact of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The contact.
    pub contact: UriBuf,
    /// Its preference, 0 to 1,000.
    pub q: u16,
    /// When it ends.
    pub expires: Instant,
    /// Where the phone is: what it says may lead nowhere behind a NAT.
    pub source: Source,
    /// Proxies between us and the phone (RFC 3327).
    pub path: Vec<String>,
    /// The phone and its flow, if it asked for outbound.
    pub outbound: Option<OutboundFlow>,
    pub(super) call_id: String,
    pub(super) sequence: u32,
    /// The flow is gone, and nothing else leads to the phone.
    pub(super) lost: bool,
    pub(super) previous: Vec<FlowId>,
}

impl Binding {
    /// Whether a phone that is not on its flow any more can be reached by a new connection: only where it registered from
    /// the address that it names, so that nobody makes us connect to others.
    pub(crate) fn can_be_connected(&self) -> bool {
        let listens = matches!(self.source.protocol, Protocol::Tcp | Protocol::Tls);
        let uri = self.contact.as_uri();
        let host = uri.as_sip().and_then(|sip| sip.maddr().unwrap_or(sip.host).address());
        self.outbound.is_none() && listens && host == Some(self.source.address.ip())
    }

    /// Whether the phone cannot be reached without a flow.
    pub(super) fn needs(&self, flow: FlowId) -> bool {
        let on_connection = self.source.flow == flow && self.source.protocol != Protocol::Udp;
        !self.lost && on_connection && self.path.is_empty() && !self.can_be_connected()
    }

    /// Takes the place of another: calls that name the flow of that one reach us.
    pub(super) fn follow(&mut self, old: &Self) {
        self.previous.extend(old.previous.iter().copied());
        if old.source.flow != self.source.flow && old.source.protocol != Protocol::Udp {
            self.previous.push(old.source.flow);
        }
        self.previous.retain(|flow| *flow != self.source.flow);
        let surplus = self.previous.len().saturating_sub(PREVIOUS);
        self.previous.drain(..surplus);
    }

    /// The Contact of the answer to a REGISTER.
    pub(super) fn told(&self, now: Now) -> String {
        let left = self.expires.checked_duration_since(now.monotonic).unwrap_or_default();
        let mut text = format!("<{}>;expires={}", self.contact, left.as_secs());
        if let Some(OutboundFlow { instance, reg_id }) = &self.outbound {
            // Writing to a String cannot fail.
            let _ = write!(text, ";+sip.instance={instance};reg-id={reg_id}");
        }
        text
    }
}
