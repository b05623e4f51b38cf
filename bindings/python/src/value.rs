//! Data of the facade as Python's own values, and back.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pythonize::{depythonize, pythonize};
use rvoip::{Error, ErrorKind};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// As JSON would have it: dictionaries, lists, `None` where there is nothing.
pub(crate) fn to_python<T: Serialize + ?Sized>(py: Python<'_>, value: &T) -> PyResult<Py<PyAny>> {
    Ok(pythonize(py, value)?.unbind())
}

/// Reads data of the facade; what is wrong is said.
pub(crate) fn from_python<T: DeserializeOwned>(value: &Bound<'_, PyAny>) -> PyResult<T> {
    depythonize(value).map_err(|error| thrown(&ErrorKind::InvalidArgument.error(error.to_string())))
}

/// A number that the facade takes in a smaller type.
pub(crate) fn number<T: TryFrom<i64>>(name: &str, value: i64) -> PyResult<T> {
    T::try_from(value)
        .map_err(|_| thrown(&ErrorKind::InvalidArgument.error(format!("{name} cannot be {value}"))))
}

/// An error of the facade, as the exception of its kind.
pub(crate) fn thrown(error: &Error) -> PyErr {
    static MADE_BY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    Python::attach(|py| {
        let made = MADE_BY.import(py, "rvoip._errors", "error_of").and_then(|make| {
            let kind = pythonize(py, &error.kind())?;
            make.call1((kind, error.reason(), error.status()))
        });
        made.map_or_else(|broken| broken, PyErr::from_value)
    })
}
