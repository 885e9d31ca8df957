//! New NumPy arrays for the results.

use numpy::ndarray::{Dimension, Ix1, Ix2};
use numpy::{AsSliceError, PyArray, PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// Below this length a failing allocation is not worth a call through Python, which costs 0.1 µs.
const SMALL: usize = 1 << 16;

/// An array that Python has not seen yet, its values not set.
pub(crate) struct Fresh<'py, D>(Bound<'py, PyArray<f64, D>>);

impl<'py> Fresh<'py, Ix1> {
    pub(crate) fn vector(py: Python<'py>, length: usize) -> PyResult<Self> {
        if length < SMALL {
            // SAFETY: what NumPy allocates is memory for `length` doubles, and whatever bits it
            // holds are doubles; the core writes every value of the results before any is read.
            return Ok(Self(unsafe { PyArray1::new(py, length, false) }));
        }
        Ok(Self(empty(py)?.call1((length,))?.cast_into()?))
    }
}

impl<'py> Fresh<'py, Ix2> {
    pub(crate) fn table(py: Python<'py>, rows: usize, columns: usize) -> PyResult<Self> {
        Ok(Self(empty(py)?.call1(((rows, columns),))?.cast_into()?))
    }
}

impl<'py, D: Dimension> Fresh<'py, D> {
    pub(crate) fn values(&mut self) -> Result<&mut [f64], AsSliceError> {
        // SAFETY: the array was made here and nothing else refers to it before `finish`; its
        // values are borrowed as long as `self` is.
        unsafe { self.0.as_slice_mut() }
    }

    /// Hands the array to Python.
    pub(crate) fn finish(self) -> Bound<'py, PyArray<f64, D>> {
        self.0
    }
}

/// `numpy.empty`, which raises MemoryError where rust-numpy panics.
fn empty(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static EMPTY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    EMPTY.import(py, "numpy", "empty")
}
