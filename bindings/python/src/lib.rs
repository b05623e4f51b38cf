//! The facade for Python. One delegating line a method; nothing is decided here.
//!
//! A verb gives a future of asyncio whose first step has happened when it is returned: the command is submitted. Data
//! crosses in the facade's serde form, as dictionaries, lists and numbers.
//!
//! Invariants: no thread of a client ever waits for the interpreter; what a client has to tell is queued, and one thread
//! of this module carries it over. A process that was forked never touches what its parent made.

mod bridge;
mod client;
mod events;
#[cfg(feature = "harness")]
mod harness;
mod log;
mod owned;
mod value;
mod verb;

/// The native module.
#[pyo3::pymodule]
mod _rvoip {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::client::{RawClient, parse_message};
    #[pymodule_export]
    use crate::events::RawEvents;
    #[cfg(feature = "harness")]
    #[pymodule_export]
    use crate::harness::RawHarness;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::log::install(module.py())
    }
}
