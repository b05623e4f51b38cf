//! The registrar (RFC 3261 §10.3, RFC 5626 §6): where the users of a domain can be reached.

mod binding;
mod register;

use std::collections::{BTreeMap, BTreeSet};

use rvoip_driver::{FlowId, Instant, Now};
use rvoip_sip_core::{SipUri, UriBuf};
use rvoip_transaction_core::Source;

pub use binding::{Binding, OutboundFlow};
pub(crate) use register::Change;

/// The bindings of a domain's users.
#[derive(Debug, Default)]
pub struct Registrar {
    bindings: BTreeMap<String, Vec<Binding>>,
    /// When the first binding of each user ends.
    ends: BTreeSet<(Instant, String)>,
}

impl Registrar {
    /// The bindings of a user that lead somewhere, the preferred ones first.
    pub fn bindings(&self, user: &str) -> Vec<Binding> {
        let all = self.bindings.get(user).into_iter().flatten();
        let mut bindings: Vec<Binding> = all.filter(|binding| !binding.lost).cloned().collect();
        bindings.sort_by_key(|binding| std::cmp::Reverse(binding.q));
        bindings
    }

    /// How many bindings there are.
    pub fn len(&self) -> usize {
        self.bindings.values().map(Vec::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bindings.is_empty()
    }

    /// Whether a user has a binding whose flow is gone.
    pub(crate) fn has_lost(&self, user: &str) -> bool {
        self.bindings.get(user).into_iter().flatten().any(|binding| binding.lost)
    }

    /// When the next binding ends.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.ends.first().map(|(at, _)| *at)
    }

    /// Forgets what has ended; gives whose it was, if it was still known to lead somewhere.
    pub(crate) fn expire(&mut self, now: Now) -> Vec<(String, UriBuf)> {
        let mut ended = Vec::new();
        while let Some((at, user)) = self.ends.first().filter(|(at, _)| *at <= now.monotonic).cloned() {
            self.ends.remove(&(at, user.clone()));
            let mut left = self.bindings.remove(&user).unwrap_or_default();
            left.retain(|binding| {
                let lives = binding.expires > now.monotonic;
                if !lives && !binding.lost {
                    ended.push((user.clone(), binding.contact.clone()));
                }
                lives
            });
            self.put(&user, left);
        }
        ended
    }

    /// A connection is gone: what was registered on it leads nowhere until it registers again (RFC 5626 §7). Gives whose
    /// that was.
    pub(crate) fn flow_lost(&mut self, flow: FlowId) -> Vec<(String, UriBuf)> {
        let mut lost = Vec::new();
        for (user, bindings) in &mut self.bindings {
            for binding in bindings.iter_mut().filter(|binding| binding.needs(flow)) {
                binding.lost = true;
                lost.push((user.clone(), binding.contact.clone()));
            }
        }
        lost
    }

    /// The flow that took the place of one that is gone: the same phone registered again over it.
    pub(crate) fn successor(&self, lost: FlowId) -> Option<Source> {
        let mut all = self.bindings.values().flatten().filter(|binding| !binding.lost);
        all.find(|binding| binding.previous.contains(&lost)).map(|binding| binding.source)
    }

    /// Where a phone is that registered with this contact, whose user is that of its address of record.
    pub(crate) fn at(&self, contact: &UriBuf) -> Option<Source> {
        let uri = contact.as_uri();
        let user = uri.as_sip().and_then(SipUri::user_unescaped)?;
        let bindings = self.bindings.get(&*user)?.iter();
        let found = |binding: &&Binding| !binding.lost && binding.contact.equivalent(contact);
        bindings.filter(|binding| binding.path.is_empty()).find(found).map(|binding| binding.source)
    }

    /// Replaces the bindings of a user.
    fn put(&mut self, user: &str, bindings: Vec<Binding>) {
        let first = |bindings: &[Binding]| bindings.iter().map(|binding| binding.expires).min();
        let end = first(&bindings);
        let old = if bindings.is_empty() {
            self.bindings.remove(user)
        } else {
            self.bindings.insert(user.to_owned(), bindings)
        };
        if let Some(at) = old.as_deref().and_then(first) {
            self.ends.remove(&(at, user.to_owned()));
        }
        if let Some(at) = end {
            self.ends.insert((at, user.to_owned()));
        }
    }
}
