//! New NumPy arrays and lists for the results.

use merit_order::memory;
use numpy::ndarray::{Dimension, Ix1, Ix2};
use numpy::{Element, PyArray, PyArray1, PyArrayDyn, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyTuple};

use crate::arguments::Borrowing;
use crate::errors::raise;

/// Below this length an allocation is not expected to fail, and a call through Python (0.1 µs) is
/// avoided.
const SMALL: usize = 1 << 16;

/// An array that Python has not seen yet, its values not set; made by
/// [`Conversion`](crate::arguments::Conversion).
pub(crate) struct Fresh<'py, D>(Bound<'py, PyArray<f64, D>>);

impl<'py> Fresh<'py, Ix1> {
    pub(crate) fn vector(py: Python<'py>, length: usize) -> PyResult<Self> {
        if length < SMALL {
            // SAFETY: what NumPy allocates is memory for `length` doubles, and whatever bits it
            // holds are doubles; the core writes every value of the results before any is read.
            return Ok(Self(unsafe { PyArray1::new(py, length, false) }));
        }
        Ok(Self(numpy_empty(py)?.call1((length,))?.cast_into()?))
    }
}

impl<'py> Fresh<'py, Ix2> {
    pub(crate) fn table(py: Python<'py>, rows: usize, columns: usize) -> PyResult<Self> {
        Ok(Self(
            numpy_empty(py)?.call1(((rows, columns),))?.cast_into()?,
        ))
    }
}

impl<'py, D: Dimension> Fresh<'py, D> {
    pub(crate) fn values(&mut self, _: &Borrowing) -> PyResult<&mut [f64]> {
        // SAFETY: the array was made here and nothing else refers to it before `finish`; its
        // values are borrowed as long as `self` is.
        Ok(unsafe { self.0.as_slice_mut() }?)
    }

    /// Hands the array to Python.
    pub(crate) fn finish(self) -> Bound<'py, PyArray<f64, D>> {
        self.0
    }
}

/// An array of any dtype, its values not set.
pub(crate) fn empty<'py, T: Element>(
    py: Python<'py>,
    shape: &[usize],
) -> PyResult<Bound<'py, PyArrayDyn<T>>> {
    let shape = PyTuple::new(py, shape)?;
    let array = numpy_empty(py)?.call1((shape, T::get_dtype(py)))?;
    Ok(array.cast_into()?)
}

/// An array that is filled before Python sees it; `fill` runs no Python code.
pub(crate) fn filled<'py, T: Element>(
    py: Python<'py>,
    shape: &[usize],
    fill: impl FnOnce(&mut [T]),
) -> PyResult<Bound<'py, PyArrayDyn<T>>> {
    let array = empty::<T>(py, shape)?;
    // SAFETY: the array was made here and nothing else refers to it yet. Its values are numbers,
    // which all bits are.
    fill(unsafe { array.as_slice_mut() }?);
    Ok(array)
}

/// Makes a list of numbers. It checks first that there is memory, since PyO3 would panic.
pub(crate) fn list<'py>(py: Python<'py>, values: &[f64]) -> PyResult<Bound<'py, PyList>> {
    if values.len() >= SMALL {
        // A pointer for each, and an object of three words.
        memory::reserve(&mut Vec::<[usize; 4]>::new(), values.len()).map_err(raise)?;
    }
    PyList::new(py, values)
}

/// `numpy.empty`, which raises MemoryError where rust-numpy panics.
fn numpy_empty(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static EMPTY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    EMPTY.import(py, "numpy", "empty")
}
