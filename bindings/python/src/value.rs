//! Data of the facade as Python's own values, and back.

use pyo3::exceptions::PyOverflowError;
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

/// A whole number, which Python lets be of any size.
#[derive(Clone, Copy)]
pub(crate) struct Whole<'a, 'py>(Borrowed<'a, 'py, PyAny>);

impl<'a, 'py> FromPyObject<'a, 'py> for Whole<'a, 'py> {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        // What is no whole number at all is a `TypeError`.
        match value.extract::<i64>() {
            Err(error) if !error.is_instance_of::<PyOverflowError>(value.py()) => Err(error),
            _ => Ok(Self(value)),
        }
    }
}

/// A number that the facade takes in a smaller type.
pub(crate) fn number<T: TryFrom<i64>>(name: &str, value: Whole<'_, '_>) -> PyResult<T> {
    let Whole(value) = value;
    value.extract::<i64>().ok().and_then(|value| T::try_from(value).ok()).ok_or_else(|| {
        // Python writes no number of thousands of digits.
        let text =
            value.str().map_or_else(|_| "a number as long as this".to_owned(), |text| text.to_string());
        thrown(&ErrorKind::InvalidArgument.error(format!("{name} cannot be {text}")))
    })
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
