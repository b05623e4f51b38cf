//! What the scenarios run on: a virtual clock, a simulated network, a scripted peer. Never shipped.

use std::time::Duration;

use rvoip::harness::Counts;
use rvoip::{AccountConfig, AudioSink, AudioSource, ClientConfig, ErrorKind, Result};

use crate::Client;

/// What waits.
#[uniffi::remote(Record)]
pub struct Counts {
    /// Events that no listener took.
    pub events: u32,
    /// Commands that are not complete.
    pub waiting: u32,
}

/// One virtual clock, one simulated network, one scripted peer. Its calls are synchronous, and everything has settled when
/// they return.
#[derive(Debug, uniffi::Object)]
pub struct Harness(rvoip::harness::Harness);

#[uniffi::export]
impl Harness {
    /// A world in which the same seed gives the same bytes.
    #[uniffi::constructor]
    pub fn new(seed: u64) -> Self {
        Self(rvoip::harness::Harness::new(seed))
    }

    /// A client in this world.
    pub fn client(&self, config: ClientConfig) -> Result<Client> {
        Ok(Client(self.0.client(config)?))
    }

    /// Moves the clock, and lets everything happen that is due meanwhile.
    pub fn advance(&self, by: Duration) -> Result<()> {
        self.0.advance(by)
    }

    /// Carries out one `peer` step of a scenario, as JSON; gives what it saw, as JSON.
    pub fn peer(&self, step: &str) -> Result<String> {
        self.0.peer(step)
    }

    /// What waits.
    pub fn counts(&self) -> Result<Counts> {
        self.0.counts()
    }

    /// How many commands were ever submitted.
    pub fn submitted(&self) -> u64 {
        self.0.submitted()
    }
}

/// Settings of a client from their JSON form.
#[uniffi::export]
pub fn client_config_of(json: &str) -> Result<ClientConfig> {
    serde_json::from_str(json).map_err(|error| refused(&error))
}

/// Settings of an account from their JSON form.
#[uniffi::export]
pub fn account_config_of(json: &str) -> Result<AccountConfig> {
    serde_json::from_str(json).map_err(|error| refused(&error))
}

/// What is played, from its JSON form.
#[uniffi::export]
pub fn audio_source_of(json: &str) -> Result<AudioSource> {
    serde_json::from_str(json).map_err(|error| refused(&error))
}

/// Where recordings go, from its JSON form.
#[uniffi::export]
pub fn audio_sink_of(json: &str) -> Result<AudioSink> {
    serde_json::from_str(json).map_err(|error| refused(&error))
}

fn refused(error: &serde_json::Error) -> rvoip::Error {
    ErrorKind::InvalidArgument.error(error.to_string())
}
