//! The handle of an account.

use crate::command::{AccountCommand, Answer, Command, Registration, Reply};
use crate::events::Events;
use crate::handle::Handle;
use crate::verb::{Take, Verb, done};
use crate::{AccountConfig, AccountInfo, AccountKey, Call, Scope, TransportKind};

/// Describes an account before it is added to its client.
///
/// Made by [`Client::account`](crate::Client::account). [`register`](Self::register) adds it and registers it,
/// [`add`](Self::add) adds it alone, for calls without a registrar.
#[derive(Clone, Debug)]
#[must_use = "an account is added by `add` or `register`"]
pub struct AccountBuilder {
    handle: Handle,
    config: AccountConfig,
}

impl AccountBuilder {
    pub(crate) fn new(handle: Handle, config: AccountConfig) -> Self {
        Self { handle, config }
    }

    /// Sets the password, used for every request that is challenged (RFC 3261 §22).
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.config.password = Some(password.into());
        self
    }

    /// Sets the user name for the password, where it is not the user part of the address.
    pub fn auth_user(mut self, user: impl Into<String>) -> Self {
        self.config.auth_user = Some(user.into());
        self
    }

    /// Sets the registrar's URI, where it is not the address's domain.
    pub fn registrar(mut self, uri: impl Into<String>) -> Self {
        self.config.registrar = Some(uri.into());
        self
    }

    /// Sends everything through a proxy, such as `sip:proxy.example.com;transport=tcp`, or to a WebSocket server, such as
    /// `wss://example.com:8089/ws`.
    pub fn outbound_proxy(mut self, uri: impl Into<String>) -> Self {
        self.config.outbound_proxy = Some(uri.into());
        self
    }

    /// Prefers a transport where the URI does not say.
    pub fn transport(mut self, transport: TransportKind) -> Self {
        self.config.transport = Some(transport);
        self
    }

    /// Sets for how many seconds to register.
    pub fn expires(mut self, seconds: u32) -> Self {
        self.config.expires = seconds;
        self
    }

    /// Adds the account without registering it.
    ///
    /// # Errors
    /// `InvalidArgument` if the address or another URI is none.
    pub fn add(self) -> Verb<Account> {
        self.enter(false)
    }

    /// Adds the account and registers it (RFC 3261 §10); it is kept registered until the client closes. If it cannot be
    /// registered, or the future is dropped before, there is no account.
    ///
    /// # Errors
    /// Those of [`add`](Self::add) and of [`Account::register`].
    pub fn register(self) -> Verb<Account> {
        self.enter(true)
    }

    fn enter(self, register: bool) -> Verb<Account> {
        let command = Command::AddAccount { config: self.config, register };
        self.handle.verb(command, |handle, reply| {
            if let Reply::Account(key) = reply { Ok(Account::new(handle.clone(), key)) } else { Err(reply) }
        })
    }
}

/// An address of record: a handle that can be cloned and sent to other threads.
///
/// The account belongs to its client, not to its handles.
#[derive(Clone, Debug)]
pub struct Account {
    handle: Handle,
    key: AccountKey,
}

impl Account {
    pub(crate) fn new(handle: Handle, key: AccountKey) -> Self {
        Self { handle, key }
    }

    /// Names the account.
    pub fn key(&self) -> AccountKey {
        self.key
    }

    /// The account as it is now.
    pub fn info(&self) -> Option<AccountInfo> {
        self.handle.read(|agent| agent.accounts().into_iter().find(|info| info.account == self.key))
    }

    /// Registers, and stays registered. Completes at once if the account is registered.
    ///
    /// # Errors
    /// `AuthenticationFailed` for a wrong password, `Rejected` with the registrar's status, `TimedOut`, `Unreachable`.
    pub fn register(&self) -> Verb<Registration> {
        self.command(AccountCommand::Register, |_, reply| {
            if let Reply::Registration(registration) = reply { Ok(registration) } else { Err(reply) }
        })
    }

    /// Removes the registration of this client's contact.
    ///
    /// # Errors
    /// As [`register`](Self::register).
    pub fn unregister(&self) -> Verb<()> {
        self.command(AccountCommand::Unregister, done)
    }

    /// Removes the registration, and then the account, which is not heard of any more. Its calls go on.
    ///
    /// # Errors
    /// `InvalidArgument` if it was removed before.
    pub fn remove(&self) -> Verb<()> {
        self.command(AccountCommand::Remove, done)
    }

    /// Calls a URI; completes at once, with the call under way.
    ///
    /// # Errors
    /// `InvalidArgument` if it is no URI, `Busy` if too many calls are under way.
    pub fn call(&self, to: &str) -> Verb<Call> {
        self.command(AccountCommand::Call { to: to.to_owned() }, |handle, reply| {
            if let Reply::Call(key) = reply { Ok(Call::new(handle.clone(), key)) } else { Err(reply) }
        })
    }

    /// Asks a peer what it can do (OPTIONS, RFC 3261 §11). Any final answer is given, also one that refuses.
    ///
    /// # Errors
    /// `AuthenticationFailed`, `TimedOut`, `Unreachable`.
    pub fn options(&self, to: &str) -> Verb<Answer> {
        self.answer(AccountCommand::Options { to: to.to_owned() })
    }

    /// Sends a text (MESSAGE, RFC 3428). Any final answer is given, also one that refuses.
    ///
    /// # Errors
    /// `AuthenticationFailed`, `TimedOut`, `Unreachable`.
    pub fn message(&self, to: &str, text: &str) -> Verb<Answer> {
        self.answer(AccountCommand::Message { to: to.to_owned(), text: text.to_owned() })
    }

    /// Listens to this account: its registration, its incoming calls and messages.
    pub fn events(&self) -> Events {
        self.handle.listen(Scope::Account(self.key))
    }

    fn answer(&self, command: AccountCommand) -> Verb<Answer> {
        self.command(
            command,
            |_, reply| {
                if let Reply::Answer(answer) = reply { Ok(answer) } else { Err(reply) }
            },
        )
    }

    fn command<T>(&self, command: AccountCommand, take: Take<T>) -> Verb<T> {
        self.handle.verb(Command::Account(self.key, command), take)
    }
}
