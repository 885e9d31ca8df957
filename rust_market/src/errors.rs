//! Converts errors of the core to Python exceptions.

use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyFloat;

/// Makes an exception of an error, its numbers shown as Python shows them.
#[cold]
pub(crate) fn raise(error: merit_order::Error) -> PyErr {
    let message = Python::attach(|py| {
        error.message(|value| {
            let shown = PyFloat::new(py, value).repr();
            shown.map_or_else(|_| value.to_string(), |text| text.to_string())
        })
    });
    match error {
        merit_order::Error::OutOfMemory => PyMemoryError::new_err(message),
        _ => PyValueError::new_err(message),
    }
}

/// Refuses an argument.
#[cold]
pub(crate) fn refuse(argument: &str, why: &dyn std::fmt::Display) -> PyErr {
    PyValueError::new_err(format!("{argument}: {why}"))
}
