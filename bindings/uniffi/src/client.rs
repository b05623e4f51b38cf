//! The client.

use std::sync::Arc;

use rvoip::{AccountConfig, AccountKey, CallKey, Capabilities, ClientConfig, Result};

use crate::wire::{self, WireTap};
use crate::{Account, Call, EventStream};

/// The settings that a client has unless it is told otherwise.
#[uniffi::export]
pub fn default_config() -> ClientConfig {
    ClientConfig::default()
}

/// A SIP endpoint: transports, accounts and calls.
///
/// It lives until it is ended, or until its last handle is freed (accounts, calls and event streams count); calls and
/// registrations then end in good order within the settings' deadline.
#[derive(Debug, uniffi::Object)]
pub struct Client(pub(crate) rvoip::Client);

#[uniffi::export]
impl Client {
    /// Starts a client, with the given settings or the default ones. A wire tap sees every SIP message.
    ///
    /// Fails as `BindFailed` if a local address cannot be used, as `InvalidArgument` for unusable settings.
    #[uniffi::constructor(default(config = None, wire_tap = None))]
    pub async fn open(config: Option<ClientConfig>, wire_tap: Option<Arc<dyn WireTap>>) -> Result<Self> {
        let builder = rvoip::Client::builder().config(config.unwrap_or_default());
        let builder = if let Some(seer) = wire_tap { builder.wire_tap(wire::tap(seer)) } else { builder };
        Ok(Self(builder.build().await?))
    }

    /// Adds an account without registering it, for calls without a registrar.
    ///
    /// Fails as `InvalidArgument` if the address or another URI is none.
    pub async fn add_account(&self, config: AccountConfig) -> Result<Account> {
        Ok(Account(self.0.account_with(config).add().await?))
    }

    /// Adds an account and registers it (RFC 3261 §10); it is kept registered until the client ends. If it cannot be
    /// registered, or this is cancelled before, there is no account.
    ///
    /// Fails as `AuthenticationFailed` for a wrong password, as `Rejected` with the registrar's status, as `TimedOut`,
    /// `Unreachable` or `InvalidArgument`.
    pub async fn register(&self, config: AccountConfig) -> Result<Account> {
        Ok(Account(self.0.account_with(config).register().await?))
    }

    /// The accounts, in the order in which they were added.
    pub fn accounts(&self) -> Vec<Arc<Account>> {
        self.0.accounts().into_iter().map(|account| Arc::new(Account(account))).collect()
    }

    /// The calls that live, oldest first.
    pub fn calls(&self) -> Vec<Arc<Call>> {
        self.0.calls().into_iter().map(|call| Arc::new(Call(call))).collect()
    }

    /// The handle of a call, such as one that an `IncomingCall` event names.
    pub fn call(&self, key: CallKey) -> Call {
        Call(self.0.call(key))
    }

    /// The handle of an account, such as one that an event names.
    pub fn account_by_key(&self, key: AccountKey) -> Account {
        Account(self.0.account_by_key(key))
    }

    /// Listens to everything of this client, beginning with what stands now.
    pub fn listen(&self) -> EventStream {
        EventStream(self.0.events())
    }

    /// What this platform and build can do.
    pub fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    /// How many transactions, dialogs, sessions, calls and requests live; 0 when the client is idle.
    pub fn live(&self) -> u64 {
        self.0.live() as u64
    }

    /// Ends calls and registrations, and waits until that is done or the settings' deadline is over.
    ///
    /// Ending a client that has ended is fine.
    pub async fn shutdown(&self) -> Result<()> {
        self.0.close().await
    }
}
