//! The scripted peer and the virtual clock, for the scenarios.

use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rvoip::harness::Harness;

use crate::bridge;
use crate::client::RawClient;
use crate::value::{from_python, thrown};

/// One virtual clock, one simulated network, one scripted peer. Everything has settled when a call returns, and the loop
/// has been told of what completed.
#[pyclass(frozen, module = "rvoip._rvoip")]
#[derive(Debug)]
pub(crate) struct RawHarness(Harness);

#[pymethods]
impl RawHarness {
    /// A world in which the same seed gives the same bytes.
    #[new]
    fn new(seed: u64) -> Self {
        Self(Harness::new(seed))
    }

    /// A client in this world.
    fn client(&self, py: Python<'_>, config: &Bound<'_, PyAny>) -> PyResult<RawClient> {
        let client = self.0.client(from_python(config)?).map_err(|error| thrown(&error))?;
        bridge::deliver(py);
        Ok(client.into())
    }

    /// Moves the clock by seconds.
    fn advance(&self, py: Python<'_>, seconds: f64) -> PyResult<()> {
        let by = Duration::try_from_secs_f64(seconds);
        let by = by.map_err(|error| PyValueError::new_err(error.to_string()))?;
        let advanced = self.0.advance(by).map_err(|error| thrown(&error));
        bridge::deliver(py);
        advanced
    }

    /// Carries out one step of the peer; gives what it saw, as JSON.
    fn peer(&self, py: Python<'_>, step: &str) -> PyResult<String> {
        let seen = self.0.peer(step).map_err(|error| thrown(&error));
        bridge::deliver(py);
        seen
    }

    /// Events that nobody took, and commands that are not complete.
    fn counts(&self, py: Python<'_>) -> PyResult<(u32, u32)> {
        let counts = self.0.counts().map_err(|error| thrown(&error));
        bridge::deliver(py);
        counts.map(|counts| (counts.events, counts.waiting))
    }

    /// How many commands were ever submitted.
    fn submitted(&self) -> u64 {
        self.0.submitted()
    }
}
