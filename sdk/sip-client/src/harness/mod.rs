//! A client on a virtual clock and a simulated network, with a scripted peer and simulated media: what the scenarios of
//! every language run on. Never shipped.
//!
//! All calls are synchronous, and everything has settled when they return: nothing happens unless somebody asks.
//!
//! ```
//! use std::time::Duration;
//! use rvoip::ClientConfig;
//! use rvoip::harness::Harness;
//! use futures::FutureExt as _;
//!
//! let harness = Harness::new(1);
//! let client = harness.client(ClientConfig::default())?;
//! let adding = client.account("sip:alice@example.com").add().now_or_never();
//! let alice = adding.expect("an account is added at once")?;
//! let mut registering = Box::pin(async move { alice.register().await });
//! assert!(registering.as_mut().now_or_never().is_none());
//! harness.peer(r#"{"expect": "REGISTER"}"#)?;
//! harness.peer(r#"{"respond": 200, "contacts": "echo"}"#)?;
//! harness.advance(Duration::ZERO)?;
//! assert_eq!(registering.now_or_never().expect("the answer is there")?.expires, 600);
//! # Ok::<(), rvoip::Error>(())
//! ```

mod media;
mod network;
mod peer;
mod repeats;
mod script;
mod step;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::client::Client;
use crate::handle::Handle;
use crate::{ClientConfig, ErrorKind, Result};
use world::{Endless, World};

/// What waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Events that no listener took.
    pub events: u32,
    /// Commands that are not complete.
    pub waiting: u32,
}

/// One virtual clock, one simulated network, one scripted peer.
#[derive(Clone, Debug)]
pub struct Harness(Arc<Mutex<World>>);

impl Harness {
    /// A world in which the same seed gives the same bytes.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(World::new(seed))))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A panic in a client was caught by its hub; one here ends the test anyway.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client in this world, with a UDP socket at 192.0.2.1 (the next one at 192.0.2.2, and so on), port 5060.
    ///
    /// # Errors
    /// `InvalidArgument` for unusable settings, `BindFailed` for an address that is not this client's, `Internal` if what
    /// happens at this moment goes on without end.
    pub fn client(&self, config: ClientConfig) -> Result<Client> {
        crate::usable::usable(&config)?;
        let mut world = self.world();
        let address = world.next_address();
        if let Some(bind) = config.binds.iter().find(|bind| bind.address.ip() != address) {
            let reason = format!("{} cannot be used: this host is {address}", bind.address);
            return Err(ErrorKind::BindFailed.error(reason));
        }
        let hub = world.add(config);
        world.settle().map_err(endless)?;
        drop(world);
        Ok(Client::of(Handle::of(hub)))
    }

    /// Moves the clock, and lets everything happen that is due meanwhile.
    ///
    /// # Errors
    /// `Internal` if what happens at one moment goes on without end.
    pub fn advance(&self, by: Duration) -> Result<()> {
        self.world().advance(by).map_err(endless)
    }

    /// Carries out one `peer` step of a scenario, as JSON; gives what it saw, as JSON.
    ///
    /// # Errors
    /// `InvalidArgument` for a step that is none; `InvalidState`, with what came instead, for an expectation that failed;
    /// `Internal` if what happens at this moment goes on without end.
    pub fn peer(&self, step: &str) -> Result<String> {
        let step = step::Step::read(step).map_err(|reason| ErrorKind::InvalidArgument.error(reason))?;
        let mut world = self.world();
        world.settle().map_err(endless)?;
        let seen = world.step(step).map_err(|reason| ErrorKind::InvalidState.error(reason))?;
        world.settle().map_err(endless)?;
        Ok(seen.to_string())
    }

    /// What waits, after everything has settled.
    ///
    /// # Errors
    /// `Internal` if what happens at this moment goes on without end.
    pub fn counts(&self) -> Result<Counts> {
        let mut world = self.world();
        world.settle().map_err(endless)?;
        let (events, waiting) = world.waiting();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(Counts { events: number(events), waiting: number(waiting) })
    }

    /// How many commands were ever submitted.
    pub fn submitted(&self) -> u64 {
        self.world().submitted()
    }
}

fn endless(_: Endless) -> crate::Error {
    ErrorKind::Internal.error("what happens at one moment goes on without end")
}
