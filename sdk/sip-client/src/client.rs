//! The handle of a client.

use std::net::SocketAddr;

use rvoip_driver::{ABILITIES, Platform, WireTap};

use crate::command::Command;
use crate::events::Events;
use crate::handle::Handle;
use crate::verb::done;
use crate::{
    Account, AccountBuilder, AccountConfig, AccountKey, Bind, Call, CallKey, Capabilities, ClientConfig,
    Result, Scope, TransportKind,
};

/// Describes a client before it starts.
#[derive(Clone, Debug, Default)]
#[must_use = "a client is started by `build`"]
pub struct ClientBuilder {
    config: ClientConfig,
    tap: Option<WireTap>,
    platform: Platform,
}

impl ClientBuilder {
    /// Replaces all settings.
    pub fn config(mut self, config: ClientConfig) -> Self {
        self.config = config;
        self
    }

    /// Adds a local address to take SIP messages on; port 0 takes a free one.
    pub fn bind(mut self, transport: TransportKind, address: SocketAddr) -> Self {
        self.config.binds.push(Bind { transport, address });
        self
    }

    /// Sees every SIP message that enters or leaves, without secrets. It is called from the client's loop and must not
    /// wait.
    pub fn wire_tap(mut self, tap: WireTap) -> Self {
        self.tap = Some(tap);
        self
    }

    /// Sets what the media side needs of the page.
    #[cfg(target_arch = "wasm32")]
    pub fn media_platform(mut self, platform: rvoip_driver::MediaPlatform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Starts the client, on the tokio runtime that it is called in, or on one that the client owns.
    ///
    /// # Errors
    /// `BindFailed` if a local address cannot be used, `InvalidArgument` for unusable settings.
    #[expect(clippy::unused_async, reason = "a face that connects before it is ready has to wait here")]
    pub async fn build(self) -> Result<Client> {
        Handle::start(self.config, self.tap, self.platform).map(|handle| Client { handle })
    }
}

/// A SIP endpoint: transports, accounts and calls. A handle that can be cloned and sent to other threads.
///
/// Dropping the last handle of a client (accounts and calls count) ends calls and registrations within
/// [`ClientConfig::close_deadline`]; [`close`](Self::close) does it and waits.
#[derive(Clone, Debug)]
pub struct Client {
    handle: Handle,
}

impl Client {
    #[cfg(feature = "harness")]
    pub(crate) fn of(handle: Handle) -> Self {
        Self { handle }
    }

    /// Begins to describe a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Begins to describe an account, by its address of record such as `sip:alice@example.com`.
    pub fn account(&self, address: impl Into<String>) -> AccountBuilder {
        self.account_with(AccountConfig { address: address.into(), ..AccountConfig::default() })
    }

    /// Begins to describe an account from its settings.
    pub fn account_with(&self, config: AccountConfig) -> AccountBuilder {
        AccountBuilder::new(self.handle.clone(), config)
    }

    /// The accounts, in the order in which they were added.
    pub fn accounts(&self) -> Vec<Account> {
        let keys = self.handle.read(super::agent::Agent::accounts);
        keys.into_iter().map(|info| Account::new(self.handle.clone(), info.account)).collect()
    }

    /// The handle of an account, such as one that an event names.
    pub fn account_by_key(&self, key: AccountKey) -> Account {
        Account::new(self.handle.clone(), key)
    }

    /// The calls that live, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        let keys = self.handle.read(super::agent::Agent::calls);
        keys.into_iter().map(|info| self.call(info.call)).collect()
    }

    /// The handle of a call, such as one that an `IncomingCall` event names.
    pub fn call(&self, key: CallKey) -> Call {
        Call::new(self.handle.clone(), key)
    }

    /// Listens to everything of this client.
    pub fn events(&self) -> Events {
        self.handle.listen(Scope::Client)
    }

    /// What this platform and build can do.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities {
            transports: ABILITIES.transports.iter().copied().map(TransportKind::from).collect(),
            codecs: ABILITIES.codecs.iter().map(|&codec| codec.to_owned()).collect(),
            files: ABILITIES.files,
            frames: ABILITIES.frames,
            tones: ABILITIES.tones,
            echo: ABILITIES.echo,
            devices: ABILITIES.devices,
        }
    }

    /// How many transactions, dialogs, sessions, calls and requests live; 0 when the client is idle.
    pub fn live(&self) -> usize {
        self.handle.read(super::agent::Agent::live)
    }

    /// Ends calls and registrations, and waits until that is done or the deadline is over.
    ///
    /// # Errors
    /// None but `Internal`; closing a closed client is fine.
    pub async fn close(&self) -> Result<()> {
        match self.handle.verb(Command::Close, done).await {
            Err(crate::Error::Closed { .. }) => Ok(()),
            result => result,
        }
    }
}
