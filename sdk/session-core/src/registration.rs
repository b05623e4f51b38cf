//! One identity's registration (RFC 3261 §10): its state and what is kept between refreshes.

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_sans_io::{FlowId, Random};
use rvoip_sip_core::UriBuf;
use rvoip_transaction_core::ClientKey;

/// Where a registration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RegistrationState {
    /// Not wanted, and not there.
    Unregistered,
    /// The REGISTER is on its way.
    Registering,
    /// The registrar has our contact; a timer refreshes it.
    Registered,
    /// It failed; a timer tries again, unless the credentials are wrong.
    Failed,
    /// The REGISTER that removes it is on its way.
    Unregistering,
}

#[derive(Debug)]
pub(crate) struct Registration {
    pub(crate) state: RegistrationState,
    pub(crate) call_id: String,
    pub(crate) tag: String,
    pub(crate) sequence: u32,
    pub(crate) key: Option<ClientKey>,
    /// What the registrar wants at least (423).
    pub(crate) least: Option<Duration>,
    pub(crate) service_route: Vec<UriBuf>,
    /// The contact that the registrar has of us.
    pub(crate) contact: Option<String>,
    /// The path that is kept alive.
    pub(crate) path: Option<(FlowId, SocketAddr)>,
    /// Failures since it last worked.
    pub(crate) failures: u32,
    /// It is to be removed as soon as the REGISTER that is on its way is answered.
    pub(crate) unwanted: bool,
}

impl Registration {
    pub(crate) fn new(random: &mut Random) -> Self {
        Self {
            state: RegistrationState::Unregistered,
            call_id: random.token(24),
            tag: random.token(10),
            sequence: 0,
            key: None,
            least: None,
            service_route: Vec::new(),
            contact: None,
            path: None,
            failures: 0,
            unwanted: false,
        }
    }
}

/// When to refresh what was granted: soon enough for a retransmitted REGISTER, 90 % of a long time, half of a short one.
pub(crate) fn refresh_after(granted: Duration) -> Duration {
    if granted >= Duration::from_secs(120) { granted * 9 / 10 } else { granted / 2 }
        .max(Duration::from_secs(1))
}

/// How long to wait after so many failures (RFC 5626 §4.5): doubled each time, between half and all of it at random.
pub(crate) fn retry_after(base: Duration, longest: Duration, failures: u32, random: &mut Random) -> Duration {
    let full = base.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(longest);
    let percent = 50 + u32::try_from(random.below(51)).unwrap_or(50);
    full.saturating_mul(percent) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refreshes_and_retries_are_timed() {
        assert_eq!(refresh_after(Duration::from_secs(600)), Duration::from_secs(540));
        assert_eq!(refresh_after(Duration::from_secs(60)), Duration::from_secs(30));
        assert_eq!(refresh_after(Duration::ZERO), Duration::from_secs(1));
        let mut random = Random::from_number(1);
        let mut wait = |failures| {
            retry_after(Duration::from_secs(30), Duration::from_secs(1_800), failures, &mut random).as_secs()
        };
        assert!((15..=30).contains(&wait(1)));
        assert!((60..=120).contains(&wait(3)));
        assert!((900..=1_800).contains(&wait(100)));
    }
}
