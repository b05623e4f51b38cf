//! Messages that come more than once, byte for byte: retransmissions (RFC 3261 §17), and ACKs of a 200 that came again.

use std::collections::BTreeMap;

use bytes::Bytes;
use rvoip_sip_core::Message;
use rvoip_sip_core::header::CSeq;

use super::peer::Received;
use super::step::What;

/// What came so far, and how often it came again since somebody asked.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    again: BTreeMap<Bytes, u32>,
    /// Messages that were expected, in the order in which they were.
    expected: Vec<Received>,
}

impl Repeats {
    /// Whether a message came already; it is counted.
    pub(super) fn has(&mut self, bytes: &Bytes) -> bool {
        if let Some(again) = self.again.get_mut(bytes) {
            *again += 1;
            return true;
        }
        self.again.insert(bytes.clone(), 0);
        false
    }

    pub(super) fn note(&mut self, received: &Received) {
        self.expected.push(received.clone());
    }

    /// How often the last expected message of that kind came again; from now on it is counted anew.
    pub(super) fn take(&mut self, what: &What, to: Option<&str>) -> Result<u32, String> {
        let is_it = |received: &&Received| received.message().is_ok_and(|message| what.fits(&message, to));
        let found = self.expected.iter().rev().find(is_it);
        let found = found.ok_or_else(|| format!("no {what} was expected that could come again"))?;
        Ok(self.again.get_mut(&found.bytes).map_or(0, std::mem::take))
    }
}

impl What {
    /// Whether a message is a request with this method, or a response with this status to that method.
    pub(super) fn fits(&self, message: &Message<'_>, to: Option<&str>) -> bool {
        match self {
            Self::Status(status) => {
                let of = message.require::<CSeq>().map(|cseq| cseq.method.to_string()).unwrap_or_default();
                message.status().is_some_and(|got| got.code() == *status) && to.is_none_or(|to| to == of)
            }
            Self::Method(method) => message.method().is_some_and(|got| got.as_str() == method),
        }
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => status.fmt(f),
            Self::Method(method) => f.write_str(method),
        }
    }
}
