//! The scripted peer and the virtual clock, for the scenarios.
#![expect(clippy::needless_pass_by_value, reason = "what JavaScript hands over is a copy of its own")]

use std::time::Duration;

use rvoip::harness::Harness;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::client::RawClient;
use crate::value::{from_js, thrown};

/// One virtual clock, one simulated network, one scripted peer.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RawHarness(Harness);

#[wasm_bindgen]
impl RawHarness {
    /// A world in which the same seed gives the same bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(seed: u32) -> Self {
        Self(Harness::new(seed.into()))
    }

    /// A client in this world.
    pub fn client(&self, config: JsValue) -> Result<RawClient, JsValue> {
        self.0.client(from_js(&config)?).map(RawClient::from).map_err(|error| thrown(&error))
    }

    /// Moves the clock by milliseconds.
    pub fn advance(&self, milliseconds: u32) -> Result<(), JsValue> {
        self.0.advance(Duration::from_millis(milliseconds.into())).map_err(|error| thrown(&error))
    }

    /// Carries out one step of the peer; gives what it saw, as JSON.
    pub fn peer(&self, step: &str) -> Result<String, JsValue> {
        self.0.peer(step).map_err(|error| thrown(&error))
    }

    /// Events that nobody took, and commands that are not complete.
    pub fn counts(&self) -> Result<Vec<u32>, JsValue> {
        let counts = self.0.counts().map_err(|error| thrown(&error))?;
        Ok(vec![counts.events, counts.waiting])
    }

    /// How many commands were ever submitted.
    #[expect(clippy::cast_precision_loss, reason = "no scenario submits 2^53 commands")]
    pub fn submitted(&self) -> f64 {
        self.0.submitted() as f64
    }
}
