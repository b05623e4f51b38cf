//! What belongs to one process.

use pyo3::PyResult;
use rvoip::ErrorKind;

use crate::value::thrown;

/// Something that works with threads of the process that made it. A forked process has not got these threads, and locks
/// that they held are held there for ever: it can neither use nor drop what is in here.
#[derive(Debug)]
pub(crate) struct Owned<T> {
    value: Option<T>,
    process: u32,
}

impl<T> Owned<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Some(value), process: std::process::id() }
    }

    /// The thing, in the process that it belongs to.
    pub(crate) fn get(&self) -> PyResult<&T> {
        match &self.value {
            Some(value) if self.is_here() => Ok(value),
            _ => Err(thrown(
                &ErrorKind::InvalidState
                    .error("this client belongs to the process that was forked: make a new one here"),
            )),
        }
    }

    /// The same, to be changed; nothing in another process.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        if self.is_here() { self.value.as_mut() } else { None }
    }

    fn is_here(&self) -> bool {
        self.process == std::process::id()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if !self.is_here() {
            std::mem::forget(self.value.take());
        }
    }
}
