//! Listening.

use rvoip::{AccountKey, CallKey, Event, Events, Result};

/// The events of a client, an account or a call, beginning with what stands now.
///
/// Up to 1,024 events wait. A listener that is slower gets `Lagged` and a snapshot.
#[derive(Debug, uniffi::Object)]
pub struct EventStream(pub(crate) Events);

#[uniffi::export]
impl EventStream {
    /// Waits until there are events (true), or none will come any more (false). Takes nothing, so that giving up the
    /// wait loses nothing. Fails only when the wait is given up, in the way of the language.
    pub async fn ready(&self) -> Result<bool> {
        Ok(self.0.ready().await)
    }

    /// Takes the events that are there, perhaps none, without waiting.
    pub fn take_events(&self) -> Vec<Event> {
        self.0.take_events()
    }
}

/// The call that an event is about, if it is about one.
#[uniffi::export]
pub fn call_key_of(event: &Event) -> Option<CallKey> {
    event.call()
}

/// The account that an event is about, if it is about one.
#[uniffi::export]
pub fn account_key_of(event: &Event) -> Option<AccountKey> {
    event.account()
}
