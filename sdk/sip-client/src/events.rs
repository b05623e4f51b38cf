//! Listening.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;
use rvoip_driver::Listener;

use crate::agent::Agent;
use crate::{AccountKey, CallKey, Event};

/// What a listener hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything of a client.
    Client,
    /// What is about one account.
    Account(AccountKey),
    /// What is about one call.
    Call(CallKey),
}

impl Scope {
    /// Whether an event belongs here. That events were lost, and that the client closed, concerns everybody.
    pub(crate) fn covers(self, event: &Event) -> bool {
        let for_all = matches!(event, Event::Lagged { .. } | Event::ClientClosed { .. });
        match self {
            Self::Client => true,
            Self::Account(account) => for_all || event.account() == Some(account),
            Self::Call(call) => for_all || event.call() == Some(call),
        }
    }
}

/// The events of a client, an account or a call: a stream, which begins with what stands now.
///
/// Up to 1,024 events wait for a listener. One that is slower gets [`Event::Lagged`] and a snapshot.
#[derive(Debug)]
pub struct Events {
    listener: Listener<Agent>,
}

impl Events {
    pub(crate) fn new(listener: Listener<Agent>) -> Self {
        Self { listener }
    }

    /// Waits until there are events (true), or none will come any more (false). Takes nothing, so that dropping the future
    /// loses nothing.
    pub async fn ready(&self) -> bool {
        self.listener.ready().await
    }

    /// Takes the events that are there.
    pub fn take_events(&self) -> Vec<Event> {
        self.listener.take_events()
    }

    /// Waits for the next event; none when the client is closed.
    pub async fn next(&mut self) -> Option<Event> {
        std::future::poll_fn(|cx| Pin::new(&mut self.listener).poll_next(cx)).await
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        Pin::new(&mut self.listener).poll_next(cx)
    }
}
