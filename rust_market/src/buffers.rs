//! The caller's arrays, read or filled in place. They must be contiguous, have the right dtype, and
//! share no memory.

use std::ops::Range;
use std::ptr;

use numpy::npyffi::{NpyTypes, PY_ARRAY_API, get_type_object};
use numpy::{
    Element, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyReadwriteArrayDyn,
    PyUntypedArrayMethods,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::arguments::Borrowing;
use crate::errors::refuse;

/// Arrays of one call.
const MOST: usize = 9;

/// Borrows the caller's arrays, one after the other, and refuses an array that is written to if it
/// overlaps another one.
///
/// rust-numpy compares the objects that own the memory. If `numpy.frombuffer` gets one `bytearray`
/// twice, these objects differ; so addresses are compared here. It also keeps two calls at
/// once from the same array, where one of them writes.
pub(crate) struct Buffers {
    /// Whether the GIL will be released while the arrays are borrowed.
    detached: bool,
    spans: [Span; MOST],
    number: usize,
}

#[derive(Clone, Default)]
struct Span {
    argument: &'static str,
    addresses: Range<usize>,
    is_written: bool,
}

impl Buffers {
    pub(crate) fn new(_: &Borrowing, detached: bool) -> Self {
        Self {
            detached,
            spans: Default::default(),
            number: 0,
        }
    }

    pub(crate) fn read<'py, T: Element>(
        &mut self,
        argument: &'static str,
        object: &Bound<'py, PyAny>,
        length: usize,
    ) -> PyResult<PyReadonlyArrayDyn<'py, T>> {
        let array = self.lend(argument, contiguous(argument, object)?, length, false)?;
        array
            .try_readonly()
            .map_err(|error| refuse(argument, &error))
    }

    pub(crate) fn write<'py, T: Element>(
        &mut self,
        argument: &'static str,
        object: &Bound<'py, PyAny>,
        length: usize,
    ) -> PyResult<PyReadwriteArrayDyn<'py, T>> {
        self.write_array(argument, contiguous(argument, object)?, length)
    }

    /// The same, of an array that [`contiguous`] has seen.
    pub(crate) fn write_array<'py, T: Element>(
        &mut self,
        argument: &'static str,
        array: &Bound<'py, PyArrayDyn<T>>,
        length: usize,
    ) -> PyResult<PyReadwriteArrayDyn<'py, T>> {
        let array = self.lend(argument, array, length, true)?;
        array
            .try_readwrite()
            .map_err(|error| refuse(argument, &error))
    }

    /// Truth values as the bytes that they are.
    pub(crate) fn read_flags<'py>(
        &mut self,
        argument: &'static str,
        object: &Bound<'py, PyAny>,
        length: usize,
    ) -> PyResult<PyReadonlyArrayDyn<'py, u8>> {
        let array = self.lend(argument, &flags(argument, object)?, length, false)?;
        array
            .try_readonly()
            .map_err(|error| refuse(argument, &error))
    }

    /// Bytes of truth values; each is to become 0 or 1.
    pub(crate) fn write_flags<'py>(
        &mut self,
        argument: &'static str,
        object: &Bound<'py, PyAny>,
        length: usize,
    ) -> PyResult<PyReadwriteArrayDyn<'py, u8>> {
        let array = self.lend(argument, &flags(argument, object)?, length, true)?;
        array
            .try_readwrite()
            .map_err(|error| refuse(argument, &error))
    }

    /// Records the addresses of values that were borrowed in another way.
    pub(crate) fn note<T>(&mut self, argument: &'static str, values: &[T]) -> PyResult<()> {
        self.add(argument, values.as_ptr(), values.len(), false)
    }

    fn lend<'py, T: Element>(
        &mut self,
        argument: &'static str,
        array: &Bound<'py, PyArrayDyn<T>>,
        length: usize,
        is_written: bool,
    ) -> PyResult<Bound<'py, PyArrayDyn<T>>> {
        let array = if self.detached || cfg!(Py_GIL_DISABLED) {
            private_view(array)?
        } else {
            array.clone()
        };
        require_length(argument, array.len(), length)?;
        self.add(argument, array.data(), length, is_written)?;
        Ok(array)
    }

    fn add<T>(
        &mut self,
        argument: &'static str,
        start: *const T,
        length: usize,
        is_written: bool,
    ) -> PyResult<()> {
        let start = start.addr();
        let addresses = start..start + length * size_of::<T>();
        for other in &self.spans[..self.number] {
            let both =
                addresses.start.max(other.addresses.start)..addresses.end.min(other.addresses.end);
            if (is_written || other.is_written) && !both.is_empty() {
                let why = format!("must not share memory with {}", other.argument);
                return Err(refuse(argument, &why));
            }
        }
        self.spans[self.number] = Span {
            argument,
            addresses,
            is_written,
        };
        self.number += 1;
        Ok(())
    }
}

/// A view that no other thread has, so that none can change its dtype, shape or strides. If they
/// changed, rust-numpy would end the process when it returns the array.
pub(crate) fn private_view<'py, T: Element>(
    array: &Bound<'py, PyArrayDyn<T>>,
) -> PyResult<Bound<'py, PyArrayDyn<T>>> {
    let py = array.py();
    // SAFETY: the API takes a pointer to an array, a null pointer for the dtype of the array, and a
    // type, `ndarray` itself, for which no Python code runs; it returns a new reference to an array
    // of the same dtype, or null with an exception set.
    unsafe {
        let ndarray = get_type_object(py, NpyTypes::PyArray_Type);
        let view = PY_ARRAY_API.PyArray_View(py, array.as_array_ptr(), ptr::null_mut(), ndarray);
        Ok(Bound::from_owned_ptr_or_err(py, view)?.cast_into_unchecked())
    }
}

/// NumPy's truth values are bytes of which any but 0 is true, and a view makes them of any bytes;
/// to hold another one than 0 or 1 as a `bool` is undefined.
fn flags<'py>(argument: &str, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArrayDyn<u8>>> {
    let array = contiguous::<bool>(argument, object)?;
    // SAFETY: it is an array whose items are a byte long, as just seen; any byte is a `u8`, and
    // any `u8` that is written there is a truth value to NumPy.
    Ok(unsafe { array.as_any().cast_unchecked::<PyArrayDyn<u8>>() }.clone())
}

/// An array that can be borrowed; runs no Python code.
pub(crate) fn contiguous<'a, 'py, T: Element>(
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
