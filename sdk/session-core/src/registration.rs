//! One identity's registration (RFC 3261 §10): its state and what is kept between refreshes.

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_sans_io::{FlowId, Instant, Now, Random};
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
    /// What the registrar wants at least (423), and how often in a row it said so.
    pub(crate) least: Option<Duration>,
    pub(crate) brief: u8,
    pub(crate) service_route: Vec<UriBuf>,
    /// The contact that the registrar has of us, in brackets, and until when.
    pub(crate) contact: Option<String>,
    pub(crate) lasts: Option<Instant>,
    /// The path that is kept alive.
    pub(crate) path: Option<(FlowId, SocketAddr)>,
    /// The registrar keeps our flow (RFC 5626 §6): peers are to use it.
    pub(crate) outbound: bool,
    /// It cannot keep it, as something on the way does not (439): it is not asked to.
    pub(crate) plain: bool,
    /// Failures since it last worked.
    pub(crate) failures: u32,
    /// Its connection was lost, and until then nobody is told that it does not work.
    pub(crate) recovery: Option<Instant>,
    /// REGISTERs in a row that were sent because the registrar had another contact than we said.
    pub(crate) corrections: u8,
    /// It is to be removed as soon as the REGISTER that is on its way is answered.
    pub(crate) unwanted: bool,
    /// It is wanted again as soon as it is removed.
    pub(crate) wanted: bool,
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
            brief: 0,
            service_route: Vec::new(),
            contact: None,
            lasts: None,
            path: None,
            outbound: false,
            plain: false,
            failures: 0,
            recovery: None,
            corrections: 0,
            unwanted: false,
            wanted: false,
        }
    }

    /// Whether the registrar has our contact, or is to have it.
    pub(crate) fn is_wanted(&self) -> bool {
        matches!(self.state, RegistrationState::Registered | RegistrationState::Registering)
    }

    /// Whether the registrar may still have our contact.
    pub(crate) fn may_last(&self, now: Now) -> bool {
        self.contact.is_some() && self.lasts.is_some_and(|lasts| lasts > now.monotonic)
    }
}

/// A name for a device that was given none: a UUID of version 4 (RFC 4122 §4.4) as a URN.
pub(crate) fn instance(random: &mut Random) -> String {
    let number = (u128::from(random.u64()) << 64) | u128::from(random.u64());
    let number = number & !(0xf << 76) & !(0b11 << 62) | (4 << 76) | (0b10 << 62);
    let (first, second, third) = (number >> 96, number >> 80 & 0xffff, number >> 64 & 0xffff);
    let (fourth, fifth) = (number >> 48 & 0xffff, number & 0xffff_ffff_ffff);
    format!("urn:uuid:{first:08x}-{second:04x}-{third:04x}-{fourth:04x}-{fifth:012x}")
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
    fn a_device_has_a_random_uuid_of_version_4() {
        let mut random = Random::from_number(1);
        let names = [instance(&mut random), instance(&mut random)];
        assert_ne!(names[0], names[1]);
        for name in names {
            let uuid: Vec<char> = name.strip_prefix("urn:uuid:").unwrap().chars().collect();
            assert_eq!((uuid.len(), uuid[8], uuid[13], uuid[14], uuid[18]), (36, '-', '-', '4', '-'));
            assert!(matches!(uuid[19], '8' | '9' | 'a' | 'b'), "{name}");
        }
    }

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
