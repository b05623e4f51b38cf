//! Listeners.

use std::sync::Arc;

use pyo3::prelude::*;
use rvoip::Events;

use crate::owned::Owned;
use crate::value::to_python;
use crate::verb::begin;

/// The events of a client, an account or a call.
#[pyclass(frozen, module = "rvoip._rvoip")]
#[derive(Debug)]
pub(crate) struct RawEvents(Owned<Arc<Events>>);

impl From<Events> for RawEvents {
    fn from(events: Events) -> Self {
        Self(Owned::new(Arc::new(events)))
    }
}

#[pymethods]
impl RawEvents {
    /// Waits until there are events (True), or none will ever come (False); takes none.
    fn ready(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let events = Arc::clone(self.0.get()?);
        begin(py, async move { Ok(events.ready().await) }, |py, more| to_python(py, &more))
    }

    /// Takes the events that are there.
    fn take_events(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        to_python(py, &self.0.get()?.take_events())
    }
}
