//! The caller's arrays, read or filled in place: contiguous, and of one dtype.

use numpy::{
    Element, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyReadwriteArrayDyn,
    PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

pub(crate) fn readable<'py, T: Element>(
    argument: &str,
    object: &Bound<'py, PyAny>,
) -> PyResult<PyReadonlyArrayDyn<'py, T>> {
    let array = contiguous::<T>(argument, object)?;
    array
        .try_readonly()
        .map_err(|error| refuse(argument, &error))
}

pub(crate) fn writable<'py, T: Element>(
    argument: &str,
    object: &Bound<'py, PyAny>,
    length: usize,
) -> PyResult<PyReadwriteArrayDyn<'py, T>> {
    let array = contiguous::<T>(argument, object)?;
    require_length(argument, array.len(), length)?;
    array
        .try_readwrite()
        .map_err(|error| refuse(argument, &error))
}

/// An array of so many rows, however long they are.
pub(crate) fn writable_rows<'py, T: Element>(
    argument: &str,
    object: &Bound<'py, PyAny>,
    rows: usize,
) -> PyResult<PyReadwriteArrayDyn<'py, T>> {
    let array = contiguous::<T>(argument, object)?;
    if !matches!(array.shape(), [got, _] if *got == rows) {
        return Err(refuse(argument, &format!("must be {rows} rows")));
    }
    array
        .try_readwrite()
        .map_err(|error| refuse(argument, &error))
}

fn contiguous<'a, 'py, T: Element>(
    argument: &str,
    object: &'a Bound<'py, PyAny>,
) -> PyResult<&'a Bound<'py, PyArrayDyn<T>>> {
    let array = object.cast::<PyArrayDyn<T>>().map_err(|_| {
        let dtype = T::get_dtype(object.py());
        PyTypeError::new_err(format!("{argument}: must be an array of dtype {dtype}"))
    })?;
    if array.is_c_contiguous() {
        Ok(array)
    } else {
        Err(refuse(argument, &"must be contiguous"))
    }
}

pub(crate) fn require_length(argument: &str, got: usize, expected: usize) -> PyResult<()> {
    if got == expected {
        return Ok(());
    }
    Err(refuse(
        argument,
        &format!("must hold {expected} values, got {got}"),
    ))
}

pub(crate) fn refuse(argument: &str, why: &dyn std::fmt::Display) -> PyErr {
    PyValueError::new_err(format!("{argument}: {why}"))
}
