//! What can be set.

use std::collections::BTreeMap;
use std::time::Duration;

use rvoip_sip_core::{Host, Password, Uri};

/// The settings of a [`Switch`](crate::Switch).
#[derive(Clone, Debug)]
pub struct SwitchConfig {
    /// The domains that the switch is responsible for: names, or addresses where there is no name.
    pub domains: Vec<String>,
    /// The realm of its challenges.
    pub realm: String,
    /// The users and their passwords.
    pub users: BTreeMap<String, Password>,
    /// The shortest registration; shorter ones are answered 423. Default 30 s.
    pub expires_min: Duration,
    /// The registration of a phone that asks for none. Default 600 s.
    pub expires_default: Duration,
    /// The longest registration. Default 3,600 s.
    pub expires_max: Duration,
    /// Bindings that one user may have. Default 10.
    pub bindings_per_user: usize,
    /// Whether requests to foreign domains are relayed, for users that authenticate. Default false.
    pub relay: bool,
    /// Requests that may be on their way through the proxy at once. Default 10,000.
    pub forwarded: usize,
    /// How long a nonce is good. Default 300 s.
    pub nonce_lifetime: Duration,
}

impl SwitchConfig {
    /// A switch for one domain, without users.
    pub fn for_domain(domain: impl Into<String>) -> Self {
        let domain = domain.into();
        Self {
            realm: domain.clone(),
            domains: vec![domain],
            users: BTreeMap::new(),
            expires_min: Duration::from_secs(30),
            expires_default: Duration::from_secs(600),
            expires_max: Duration::from_secs(3_600),
            bindings_per_user: 10,
            relay: false,
            forwarded: 10_000,
            nonce_lifetime: Duration::from_secs(300),
        }
    }

    /// Whether a URI is in one of our domains.
    pub(crate) fn is_ours(&self, uri: &Uri<'_>) -> bool {
        let Some(sip) = uri.as_sip() else { return false };
        self.domains
            .iter()
            .any(|domain| Host::parse_unbracketed(domain).is_ok_and(|domain| domain.equivalent(&sip.host)))
    }
}
