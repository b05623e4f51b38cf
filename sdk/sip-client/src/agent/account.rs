//! Accounts: addresses of record and their registrations.

use std::time::Duration;

use rvoip_driver::{Now, Token};
use rvoip_session_core::{Body, Credentials, Failure, Identity, IdentityId};
use rvoip_sip_core::{Method, NameAddrBuf, Password, UriBuf};

use super::Agent;
use super::websocket;
use crate::command::{AccountCommand, Registration, Reply};
use crate::{
    AccountConfig, AccountInfo, AccountKey, Error, ErrorKind, Event, RegistrationState, Result, TransportKind,
};

/// An address of record and its registration.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) identity: IdentityId,
    pub(super) address: String,
    registration: RegistrationState,
    granted: Option<Registration>,
    failure: Option<Failure>,
    registering: Vec<Token>,
    unregistering: Vec<Token>,
}

impl Account {
    pub(super) fn info(&self, account: AccountKey) -> AccountInfo {
        AccountInfo { account, address: self.address.clone(), registration: self.registration }
    }

    pub(super) fn is_registered(&self) -> bool {
        matches!(self.registration, RegistrationState::Registered | RegistrationState::Registering)
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
    pub(super) fn add_account(&mut self, token: Token, config: &AccountConfig) {
        let result = identity(config).map(|(identity, address)| {
            let identity = self.ua.add_identity(identity);
            self.last_account += 1;
            let key = AccountKey(self.last_account);
            self.identities.insert(identity, key);
            self.accounts.insert(
                key,
                Account {
                    identity,
                    address,
                    registration: RegistrationState::Unregistered,
                    granted: None,
                    failure: None,
                    registering: Vec::new(),
                    unregistering: Vec::new(),
                },
            );
            Reply::Account(key)
        });
        self.done(token, result);
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
        match command {
            AccountCommand::Register => {
                if let (RegistrationState::Registered, Some(granted)) =
                    (account.registration, &account.granted)
                {
                    let granted = granted.clone();
                    return self.done(token, Ok(Reply::Registration(granted)));
                }
                account.registering.push(token);
                account.registration = RegistrationState::Registering;
                account.failure = None;
                self.tell_registration(key);
                self.ua.register(now, identity);
            }
            AccountCommand::Unregister => {
                account.unregistering.push(token);
                self.ua.unregister(now, identity);
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

    pub(super) fn registered(&mut self, identity: IdentityId, expires: Duration, contacts: Vec<String>) {
        let Some((key, account)) = self.account_of(identity) else { return };
        let granted =
            Registration { expires: u32::try_from(expires.as_secs()).unwrap_or(u32::MAX), contacts };
        account.registration = RegistrationState::Registered;
        account.granted = Some(granted.clone());
        account.failure = None;
        for token in std::mem::take(&mut account.registering) {
            self.done(token, Ok(Reply::Registration(granted.clone())));
        }
        self.tell_registration(key);
    }

    pub(super) fn registration_failed(&mut self, identity: IdentityId, failure: &Failure) {
        let Some((key, account)) = self.account_of(identity) else { return };
        account.registration = RegistrationState::Failed;
        account.granted = None;
        account.failure = Some(failure.clone());
        let waiting = std::mem::take(&mut account.registering);
        let removing = std::mem::take(&mut account.unregistering);
        for token in waiting.into_iter().chain(removing) {
            self.done(token, Err(failure_error(failure)));
        }
        self.tell_registration(key);
    }

    pub(super) fn unregistered(&mut self, identity: IdentityId) {
        let Some((key, account)) = self.account_of(identity) else { return };
        account.registration = RegistrationState::Unregistered;
        account.granted = None;
        let removed = std::mem::take(&mut account.unregistering);
        let waiting = std::mem::take(&mut account.registering);
        for token in removed {
            self.done(token, Ok(Reply::Done));
        }
        for token in waiting {
            self.done(token, Err(ErrorKind::InvalidState.error("the registration was removed")));
        }
        self.tell_registration(key);
    }

    /// Nobody waits for this registration any more: an attempt that only `token` wanted is given up.
    pub(super) fn cancel_registration(&mut self, now: Now, token: Token) -> bool {
        for account in self.accounts.values_mut() {
            if let Some(at) = account.registering.iter().position(|waiting| *waiting == token) {
                account.registering.remove(at);
                if account.registering.is_empty() && account.registration == RegistrationState::Registering {
                    self.ua.unregister(now, account.identity);
                }
                return true;
            }
            if let Some(at) = account.unregistering.iter().position(|waiting| *waiting == token) {
                account.unregistering.remove(at);
                return true;
            }
        }
        false
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

/// Reads a URI that a caller gave; `sip:` may be left out.
pub(super) fn uri(text: &str) -> Result<UriBuf> {
    let text = text.trim();
    let with_scheme = UriBuf::parse(text).or_else(|error| {
        if text.contains('@') && !text.starts_with("sip") {
            UriBuf::parse(&format!("sip:{text}"))
        } else {
            Err(error)
        }
    });
    with_scheme.map_err(|error| ErrorKind::InvalidArgument.error(format!("not a SIP URI: {error}")))
}

/// What failed, as an error of the facade.
pub(super) fn failure_error(failure: &Failure) -> Error {
    super::failure_kind(failure).with_status(failure.reason.clone(), failure.status)
}

fn identity(config: &AccountConfig) -> Result<(Identity, String)> {
    let aor = NameAddrBuf::parse(config.address.trim()).map_err(|error| {
        ErrorKind::InvalidArgument.error(format!("the account is not a SIP address: {error}"))
    })?;
    let parsed = aor.as_name_addr();
    let Some(sip) = parsed.uri.as_sip() else {
        return Err(ErrorKind::InvalidArgument.error("the account is not a sip: or sips: address"));
    };
    let user = sip.user_unescaped().filter(|user| !user.is_empty()).unwrap_or("phone".into());
    let address = parsed.uri.to_string();
    let optional = |text: &Option<String>| text.as_deref().map(uri).transpose();
    let server = config.outbound_proxy.as_deref().and_then(websocket::server).transpose()?;
    let identity = Identity {
        credentials: config.password.as_ref().map(|password| Credentials {
            username: config.auth_user.clone().unwrap_or_else(|| user.to_string()),
            password: Password::new(password.clone()),
        }),
        registrar: optional(&config.registrar)?,
        outbound_proxy: if server.is_some() { None } else { optional(&config.outbound_proxy)? },
        server,
        contact_user: user.to_string(),
        expires: Duration::from_secs(if config.expires == 0 { 600 } else { u64::from(config.expires) }),
        protocol: config.transport.map(TransportKind::protocol),
        aor,
    };
    Ok((identity, address))
}
