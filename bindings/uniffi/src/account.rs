//! An address of record.

use rvoip::{AccountInfo, AccountKey, Answer, Registration, Result};

use crate::{Call, EventStream};

/// An address of record. The account belongs to its client, not to its handles.
#[derive(Debug, uniffi::Object)]
pub struct Account(pub(crate) rvoip::Account);

#[uniffi::export]
impl Account {
    /// Names the account.
    pub fn key(&self) -> AccountKey {
        self.0.key()
    }

    /// The account as it is now.
    pub fn info(&self) -> Option<AccountInfo> {
        self.0.info()
    }

    /// Registers, and stays registered. Completes at once if the account is registered.
    ///
    /// Fails as `AuthenticationFailed` for a wrong password, as `Rejected` with the registrar's status, as `TimedOut`
    /// or `Unreachable`.
    pub async fn register(&self) -> Result<Registration> {
        self.0.register().await
    }

    /// Removes the registration of this client's contact. Fails as registering does.
    pub async fn unregister(&self) -> Result<()> {
        self.0.unregister().await
    }

    /// Removes the registration, and then the account, which is not heard of any more. Its calls go on.
    ///
    /// Fails as `InvalidArgument` if it was removed before.
    pub async fn remove(&self) -> Result<()> {
        self.0.remove().await
    }

    /// Calls a URI; completes at once, with the call under way.
    ///
    /// Fails as `InvalidArgument` if it is no URI, as `Busy` if too many calls are under way.
    pub async fn call(&self, to: String) -> Result<Call> {
        Ok(Call(self.0.call(&to).await?))
    }

    /// Asks a peer what it can do (OPTIONS, RFC 3261 §11). Any final answer is given, also one that refuses.
    ///
    /// Fails as `AuthenticationFailed`, `TimedOut` or `Unreachable`.
    pub async fn options(&self, to: String) -> Result<Answer> {
        self.0.options(&to).await
    }

    /// Sends a text (MESSAGE, RFC 3428). Any final answer is given, also one that refuses.
    ///
    /// Fails as `AuthenticationFailed`, `TimedOut` or `Unreachable`.
    pub async fn message(&self, to: String, text: String) -> Result<Answer> {
        self.0.message(&to, &text).await
    }

    /// Listens to this account: its registration, its incoming calls and messages.
    pub fn listen(&self) -> EventStream {
        EventStream(self.0.events())
    }
}
