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
    read(argument, contiguous(argument, object)?)
}

pub(crate) fn writable<'py, T: Element>(
    argument: &str,
    object: &Bound<'py, PyAny>,
    length: usize,
) -> PyResult<PyReadwriteArrayDyn<'py, T>> {
    let array = contiguous(argument, object)?;
    require_length(argument, array.len(), length)?;
    write(argument, array)
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
    write(argument, array)
}

/// Truth values as the bytes that they are.
pub(crate) fn readable_flags<'py>(
    argument: &str,
    object: &Bound<'py, PyAny>,
) -> PyResult<PyReadonlyArrayDyn<'py, u8>> {
    read(argument, &flags(argument, object)?)
}

/// Bytes of truth values; each is to become 0 or 1.
pub(crate) fn writable_flags<'py>(
    argument: &str,
    object: &Bound<'py, PyAny>,
    length: usize,
) -> PyResult<PyReadwriteArrayDyn<'py, u8>> {
    let array = flags(argument, object)?;
    require_length(argument, array.len(), length)?;
    write(argument, &array)
}

fn read<'py, T: Element>(
    argument: &str,
    array: &Bound<'py, PyArrayDyn<T>>,
) -> PyResult<PyReadonlyArrayDyn<'py, T>> {
    array
        .try_readonly()
        .map_err(|error| refuse(argument, &error))
}

fn write<'py, T: Element>(
    argument: &str,
    array: &Bound<'py, PyArrayDyn<T>>,
) -> PyResult<PyReadwriteArrayDyn<'py, T>> {
    array
        .try_readwrite()
        .map_err(|error| refuse(argument, &error))
}

/// NumPy's truth values are bytes of which any but 0 is true, and a view makes them of any bytes;
/// to hold another one than 0 or 1 as a `bool` is undefined.
fn flags<'py>(argument: &str, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArrayDyn<u8>>> {
    let array = contiguous::<bool>(argument, object)?;
    // SAFETY: it is an array whose items are a byte long, as just seen; any byte is a `u8`, and
    // any `u8` that is written there is a truth value to NumPy.
    Ok(unsafe { array.as_any().cast_unchecked::<PyArrayDyn<u8>>() }.clone())
}

fn contiguous<'a, 'py, T: Element>(
    argument: &str,
    object: &'a Bound<'py, PyAny>,
) -> PyResult<&'a Bound<'py, PyArrayDyn<T>>> {
    let array = object.cast::<PyArrayDyn<T>>().map_err(|_| {
        let dtype = T::get_dtype(object.py());
        PyTypeError::new_err(format!("{argument}: must be an array of dtype {dtype}"))
    })?;
    if !array.is_c_contiguous() {
        return Err(refuse(argument, &"must be contiguous"));
    }
    if !array.is_aligned() {
        return Err(refuse(argument, &"must be aligned"));
    }
    Ok(array)
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
