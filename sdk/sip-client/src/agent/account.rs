//! Accounts: addresses of record, and what is asked of them.

use rvoip_driver::{Now, Token};
use rvoip_session_core::{Body, Failure, Identity, IdentityId};
use rvoip_sip_core::Method;

use super::Agent;
use super::identity::{identity, uri};
use crate::command::{AccountCommand, Registration, Reply};
use crate::{AccountConfig, AccountInfo, AccountKey, Error, ErrorKind, Event, RegistrationState};

/// An address of record and its registration.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) identity: IdentityId,
    pub(super) address: String,
    pub(super) registration: RegistrationState,
    pub(super) granted: Option<Registration>,
    pub(super) failure: Option<Failure>,
    pub(super) registering: Vec<Token>,
    pub(super) unregistering: Vec<Token>,
    /// The `register` that made the account: if it fails or is withdrawn, the account goes with it.
    pub(super) founding: Option<Token>,
    /// The registration is being removed.
    pub(super) is_leaving: bool,
    /// The account is forgotten when its registration is gone, which these wait for.
    pub(super) removing: Option<Vec<Token>>,
}

impl Account {
    pub(super) fn info(&self, account: AccountKey) -> AccountInfo {
        AccountInfo { account, address: self.address.clone(), registration: self.registration }
    }

    /// Whether a registrar may have our contact.
    pub(super) fn may_be_registered(&self) -> bool {
        self.registration != RegistrationState::Unregistered
    }

    /// The fact that tells a new listener how the registration stands.
    pub(super) fn snapshot(&self, account: AccountKey) -> Event {
        let granted = self.granted.as_ref();
        Event::RegistrationChanged {
            account,
            state: self.registration,
            status: self.failure.as_ref().and_then(|failure| failure.status),
            reason: self.failure.as_ref().map(|failure| failure.reason.clone()),
            expires: granted.map(|granted| granted.expires),
            contacts: granted.map(|granted| granted.contacts.clone()).unwrap_or_default(),
        }
    }
}

impl Agent {
    /// Adds an account, and with `register` registers it: the command is then complete when that is.
    pub(super) fn add_account(&mut self, now: Now, token: Token, config: &AccountConfig, register: bool) {
        let key = match identity(config) {
            Ok((identity, address)) => self.enter(identity, address),
            Err(error) => return self.done(token, Err(error)),
        };
        if !register {
            return self.done(token, Ok(Reply::Account(key)));
        }
        if let Some(account) = self.accounts.get_mut(&key) {
            account.founding = Some(token);
        }
        self.begin_registration(now, key);
    }

    fn enter(&mut self, identity: Identity, address: String) -> AccountKey {
        let identity = self.ua.add_identity(identity);
        self.last_account += 1;
        let key = AccountKey(self.last_account);
        self.identities.insert(identity, key);
        let account = Account {
            identity,
            address,
            registration: RegistrationState::Unregistered,
            granted: None,
            failure: None,
            registering: Vec::new(),
            unregistering: Vec::new(),
            founding: None,
            is_leaving: false,
            removing: None,
        };
        self.accounts.insert(key, account);
        key
    }

    /// Forgets an account that is not registered any more. Its calls go on.
    pub(super) fn forget(&mut self, key: AccountKey) {
        if let Some(account) = self.accounts.remove(&key) {
            self.identities.remove(&account.identity);
            self.ua.remove_identity(account.identity);
        }
    }

    pub(super) fn account_command(
        &mut self,
        now: Now,
        token: Token,
        key: AccountKey,
        command: AccountCommand,
    ) {
        let Some(account) = self.accounts.get_mut(&key) else {
            return self.done(token, Err(ErrorKind::InvalidArgument.error("no such account")));
        };
        let identity = account.identity;
        let ends = matches!(command, AccountCommand::Unregister | AccountCommand::Remove);
        if account.removing.is_some() && !ends {
            return self.done(token, Err(ErrorKind::InvalidState.error("the account is being removed")));
        }
        match command {
            AccountCommand::Register => {
                if let (RegistrationState::Registered, false, Some(granted)) =
                    (account.registration, account.is_leaving, &account.granted)
                {
                    let granted = granted.clone();
                    return self.done(token, Ok(Reply::Registration(granted)));
                }
                account.registering.push(token);
                self.begin_registration(now, key);
            }
            AccountCommand::Unregister => {
                account.unregistering.push(token);
                self.end_registration(now, key);
            }
            AccountCommand::Remove => {
                account.removing.get_or_insert_default().push(token);
                self.end_registration(now, key);
            }
            AccountCommand::Call { to } => {
                let result = self.place_call(now, key, identity, &to);
                self.done(token, result.map(Reply::Call));
            }
            AccountCommand::Options { to } => self.request(now, token, identity, Method::Options, &to, None),
            AccountCommand::Message { to, text } => {
                let body = Body::new("text/plain;charset=utf-8", text.into_bytes());
                self.request(now, token, identity, Method::Message, &to, Some(body));
            }
        }
    }

    fn request(
        &mut self,
        now: Now,
        token: Token,
        identity: IdentityId,
        method: Method,
        to: &str,
        body: Option<Body>,
    ) {
        match uri(to) {
            Ok(uri) => {
                let request = self.ua.request(now, identity, method, &uri, body);
                self.requests.insert(request, super::Pending::Request(token));
            }
            Err(error) => self.done(token, Err(error)),
        }
    }
}

/// What failed, as an error of the facade.
pub(super) fn failure_error(failure: &Failure) -> Error {
    super::failure_kind(failure).with_status(failure.reason.clone(), failure.status)
}
