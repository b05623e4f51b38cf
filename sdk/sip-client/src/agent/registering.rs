//! The registrations of accounts: begun, ended, and what became of them.

use std::time::Duration;

use rvoip_driver::{Now, Token};
use rvoip_session_core::{Failure, IdentityId};

use super::Agent;
use super::account::{Account, failure_error};
use crate::command::{Registration, Reply};
use crate::{AccountKey, ErrorKind, RegistrationState};

impl Agent {
    /// Registers, now or as soon as the registration before is removed.
    pub(super) fn begin_registration(&mut self, now: Now, key: AccountKey) {
        let Some(account) = self.accounts.get_mut(&key).filter(|account| !account.is_leaving) else { return };
        let identity = account.identity;
        account.failure = None;
        if account.registration != RegistrationState::Registering {
            account.registration = RegistrationState::Registering;
            self.tell_registration(key);
        }
        self.ua.register(now, identity);
    }

    /// Removes the registration. Those who waited for it are told: what was asked last counts.
    pub(super) fn end_registration(&mut self, now: Now, key: AccountKey) {
        let is_closing = self.closing.is_closing();
        let Some(account) = self.accounts.get_mut(&key) else { return };
        let identity = account.identity;
        account.is_leaving = true;
        let founding = account.founding.take();
        if founding.is_some() {
            account.removing.get_or_insert_default();
        }
        for token in std::mem::take(&mut account.registering).into_iter().chain(founding) {
            let error = if is_closing {
                ErrorKind::Closed.error("the client is closed")
            } else {
                ErrorKind::InvalidState.error("the registration was removed")
            };
            self.done(token, Err(error));
        }
        self.ua.unregister(now, identity);
    }

    /// Nobody has heard of an account that was made, or will: it goes again.
    pub(super) fn remove_unheard(&mut self, now: Now, key: AccountKey) {
        if let Some(account) = self.accounts.get_mut(&key) {
            account.removing.get_or_insert_default();
            self.end_registration(now, key);
        }
    }

    pub(super) fn registered(&mut self, identity: IdentityId, expires: Duration, contacts: Vec<String>) {
        let Some((key, account)) = self.account_of(identity) else { return };
        let granted =
            Registration { expires: u32::try_from(expires.as_secs()).unwrap_or(u32::MAX), contacts };
        account.registration = RegistrationState::Registered;
        account.granted = Some(granted.clone());
        account.failure = None;
        let founding = account.founding.take();
        for token in std::mem::take(&mut account.registering) {
            self.done(token, Ok(Reply::Registration(granted.clone())));
        }
        if let Some(token) = founding {
            self.done(token, Ok(Reply::Account(key)));
        }
        self.tell_registration(key);
    }

    pub(super) fn registration_failed(&mut self, identity: IdentityId, failure: &Failure) {
        let Some((key, account)) = self.account_of(identity) else { return };
        account.registration = RegistrationState::Failed;
        account.granted = None;
        account.failure = Some(failure.clone());
        let founding = account.founding.take();
        let waiting = std::mem::take(&mut account.registering);
        for token in waiting.into_iter().chain(founding) {
            self.done(token, Err(failure_error(failure)));
        }
        self.tell_registration(key);
        if founding.is_some() {
            self.forget(key);
        }
    }

    pub(super) fn unregistered(&mut self, now: Now, identity: IdentityId) {
        let Some((key, account)) = self.account_of(identity) else { return };
        let before = std::mem::replace(&mut account.registration, RegistrationState::Unregistered);
        account.granted = None;
        account.failure = None;
        account.is_leaving = false;
        let mut complete = std::mem::take(&mut account.unregistering);
        let (removing, wanted) = (account.removing.take(), !account.registering.is_empty());
        if before != RegistrationState::Unregistered {
            self.tell_registration(key);
        }
        if let Some(waiting) = removing {
            complete.extend(waiting);
            self.forget(key);
        } else if wanted {
            self.begin_registration(now, key);
        }
        for token in complete {
            self.done(token, Ok(Reply::Done));
        }
    }

    /// Nobody waits for this registration any more: an attempt that only `token` wanted is given up.
    pub(super) fn cancel_registration(&mut self, now: Now, token: Token) -> bool {
        let held =
            self.accounts.iter_mut().find_map(|(key, account)| account.release(token).map(|end| (*key, end)));
        let Some((key, end)) = held else { return false };
        match end {
            Release::Nothing => {}
            Release::Registration => self.end_registration(now, key),
            Release::Account => self.remove_unheard(now, key),
        }
        true
    }

    fn account_of(&mut self, identity: IdentityId) -> Option<(AccountKey, &mut Account)> {
        let key = *self.identities.get(&identity)?;
        Some((key, self.accounts.get_mut(&key)?))
    }

    fn tell_registration(&mut self, key: AccountKey) {
        if let Some(account) = self.accounts.get(&key) {
            let event = account.snapshot(key);
            self.tell(event);
        }
    }
}

/// What goes with a command that is withdrawn.
enum Release {
    Nothing,
    Registration,
    Account,
}

impl Account {
    /// Forgets that a command waits, if it does.
    fn release(&mut self, token: Token) -> Option<Release> {
        if self.founding.take_if(|founding| *founding == token).is_some() {
            return Some(Release::Account);
        }
        for waiting in [Some(&mut self.unregistering), self.removing.as_mut()].into_iter().flatten() {
            if let Some(at) = waiting.iter().position(|waits| *waits == token) {
                waiting.remove(at);
                return Some(Release::Nothing);
            }
        }
        let at = self.registering.iter().position(|waits| *waits == token)?;
        self.registering.remove(at);
        let wanted = !self.registering.is_empty() || self.founding.is_some();
        let is_under_way = self.registration == RegistrationState::Registering && !self.is_leaving;
        Some(if is_under_way && !wanted { Release::Registration } else { Release::Nothing })
    }
}
