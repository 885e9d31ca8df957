//! From Python's arguments to slices of doubles.
//!
//! A C-contiguous array of doubles is used as it is; all else goes through NumPy.

use std::ffi::c_int;
use std::num::NonZeroUsize;

use merit_order::check::{self, Check};
use merit_order::{Batch, Rows};
use numpy::npyffi::NPY_TYPES;
use numpy::{
    AsSliceError, PyArray1, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn,
    PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList, PyString, PyTuple};
use pyo3::{PyTypeInfo, intern};

use crate::raise;

/// To clear so many offers takes long enough for other threads to run meanwhile.
const WORTH_DETACHING: usize = 1 << 14;

/// An argument that is an array of real numbers.
pub(crate) enum Numbers<'py> {
    /// Checked by rust-numpy against writing from Rust, as long as this lives.
    Borrowed(PyReadonlyArrayDyn<'py, f64>),
    /// Not checked, which saves 50 ns: sound only while the GIL is held.
    #[cfg(not(Py_GIL_DISABLED))]
    Attached(Bound<'py, PyArrayDyn<f64>>),
}

impl<'py> Numbers<'py> {
    /// The offers of one market, read while attached to the interpreter.
    pub(crate) fn vector(argument: &str, object: &Bound<'py, PyAny>) -> PyResult<Self> {
        let array = numbers(argument, object)?;
        require_dimensions(argument, &array, &[1], "1 dimension")?;
        require_offers(argument, &array)?;
        #[cfg(not(Py_GIL_DISABLED))]
        if array.len() < WORTH_DETACHING {
            return Ok(Self::Attached(array));
        }
        Self::borrow(argument, array)
    }

    /// Whether it pays to release the GIL while the values are read, and is sound.
    pub(crate) fn may_be_detached(&self) -> bool {
        match self {
            Self::Borrowed(array) => array.len() >= WORTH_DETACHING,
            #[cfg(not(Py_GIL_DISABLED))]
            Self::Attached(_) => false,
        }
    }

    /// The offers of a batch: a row for each market, or one for all.
    pub(crate) fn table(argument: &str, object: &Bound<'py, PyAny>) -> PyResult<Self> {
        let array = numbers(argument, object)?;
        require_dimensions(argument, &array, &[1, 2], "1 or 2 dimensions")?;
        require_offers(argument, &array)?;
        Self::borrow(argument, array)
    }

    /// A number for each market of a batch, or one for all.
    pub(crate) fn column(argument: &str, object: &Bound<'py, PyAny>) -> PyResult<Self> {
        let array = numbers(argument, object)?;
        require_dimensions(argument, &array, &[0, 1], "0 or 1 dimensions")?;
        Self::borrow(argument, array)
    }

    fn borrow(argument: &str, array: Bound<'py, PyArrayDyn<f64>>) -> PyResult<Self> {
        let borrowed = array.try_into_readonly();
        borrowed.map(Self::Borrowed).map_err(|error| {
            PyValueError::new_err(format!("{argument}: cannot be read now: {error}"))
        })
    }

    pub(crate) fn values(&self) -> Result<&[f64], AsSliceError> {
        match self {
            Self::Borrowed(array) => array.as_slice(),
            // SAFETY: the array is C-contiguous and aligned (`numbers`). While the slice lives the
            // GIL is held and no Python code runs (`market_clearing` converts all its arguments
            // before it asks for the first slice), and the one argument that is written to, `out`, shares
            // no memory with it (`overlaps`). Only
            // code that has released the GIL could write meanwhile, as NumPy's own loops do; to
            // run such a loop on an argument of a running call is documented as the caller's error.
            #[cfg(not(Py_GIL_DISABLED))]
            Self::Attached(array) => unsafe { array.as_slice() },
        }
    }

    /// Whether the values and those of another contiguous array share memory.
    pub(crate) fn overlaps(&self, other: &Bound<'py, PyArray1<f64>>) -> bool {
        let start = match self {
            Self::Borrowed(array) => array.data(),
            #[cfg(not(Py_GIL_DISABLED))]
            Self::Attached(array) => array.data(),
        };
        let length: usize = self.shape().iter().product();
        let (mine, others) = (start.addr(), other.data().addr());
        let bytes = |values: usize| values * size_of::<f64>();
        mine < others + bytes(other.len()) && others < mine + bytes(length)
    }

    pub(crate) fn shape(&self) -> &[usize] {
        match self {
            Self::Borrowed(array) => array.shape(),
            #[cfg(not(Py_GIL_DISABLED))]
            Self::Attached(array) => array.shape(),
        }
    }

    /// The length of the last axis.
    pub(crate) fn offers(&self) -> usize {
        self.shape().last().copied().unwrap_or(1)
    }
}

/// The arguments of a batch, converted one by one.
pub(crate) struct BatchArguments<'py> {
    pub(crate) bids: Numbers<'py>,
    pub(crate) quantities: PyResult<Numbers<'py>>,
    pub(crate) demand: PyResult<Numbers<'py>>,
    pub(crate) price_cap: PyResult<Option<Numbers<'py>>>,
    pub(crate) ties: PyResult<merit_order::Ties>,
    pub(crate) threads: PyResult<Option<NonZeroUsize>>,
}

impl BatchArguments<'_> {
    /// The batch, how many markets it holds, and the number of threads; shapes are checked, and
    /// values, if asked, before the next argument is looked at.
    pub(crate) fn assemble(
        &self,
        py: Python<'_>,
        check_values: bool,
    ) -> PyResult<(Batch<'_>, usize, Option<NonZeroUsize>)> {
        let again = |error: &PyErr| error.clone_ref(py);
        let check = |check: Check, argument, numbers: &Numbers<'_>| {
            if check_values {
                check(argument, numbers.values()?, numbers.shape()).map_err(raise)?;
            }
            PyResult::Ok(())
        };
        let mut markets = Markets::default();
        let offers = self.bids.offers();
        let bids = markets.rows("bids", 1, &self.bids)?;
        check(check::prices, "bids", &self.bids)?;

        let given = self.quantities.as_ref().map_err(again)?;
        check::length("quantities", "offers", "bids", offers, given.offers()).map_err(raise)?;
        let quantities = markets.rows("quantities", 1, given)?;
        check(check::quantities, "quantities", given)?;

        let given = self.demand.as_ref().map_err(again)?;
        let demand = markets.rows("demand", 0, given)?;
        check(check::quantities, "demand", given)?;
        let number = markets.settle("demand");

        let mut price_cap = None;
        if let Some(given) = self.price_cap.as_ref().map_err(again)? {
            price_cap = Some(markets.rows("price_cap", 0, given)?);
            check(check::prices, "price_cap", given)?;
        }
        let batch = Batch {
            offers,
            bids,
            quantities,
            demand,
            price_cap,
            ties: *self.ties.as_ref().map_err(again)?,
        };
        Ok((batch, number, *self.threads.as_ref().map_err(again)?))
    }
}

/// How many markets a batch holds, and which argument said so.
#[derive(Default)]
struct Markets(Option<(&'static str, usize)>);

impl Markets {
    /// Takes the number of markets from an argument with `shared` axes in each market, or checks
    /// that the argument agrees with an earlier one; returns its rows.
    fn rows<'a>(
        &mut self,
        argument: &'static str,
        shared: usize,
        numbers: &'a Numbers<'_>,
    ) -> PyResult<Rows<'a>> {
        let values = numbers.values()?;
        if numbers.shape().len() == shared {
            return Ok(Rows::Shared(values));
        }
        let got = numbers.shape()[0];
        let &mut (like, expected) = self.0.get_or_insert((argument, got));
        check::length(argument, "rows", like, expected, got).map_err(raise)?;
        Ok(Rows::Each(values))
    }

    /// The number of markets, settled: `argument` was the last that could have given it.
    fn settle(&mut self, argument: &'static str) -> usize {
        self.0.get_or_insert((argument, 1)).1
    }
}

/// A real number.
pub(crate) fn scalar(argument: &str, object: &Bound<'_, PyAny>) -> PyResult<f64> {
    static FLOAT64: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let is_float64 = || -> PyResult<bool> {
        let float64 = FLOAT64.import(object.py(), "numpy", "float64")?;
        Ok(object.get_type().is(float64))
    };
    // Other subclasses may convert themselves in their own way.
    if object.is_exact_instance_of::<PyFloat>() || is_float64()? {
        return Ok(object.cast::<PyFloat>()?.value());
    }
    if let Ok(integer) = object.cast_exact::<PyInt>()
        && let Ok(integer) = integer.extract::<i64>()
    {
        return Ok(integer as f64);
    }
    let array = numbers(argument, object)?;
    require_dimensions(argument, &array, &[0], "0 dimensions")?;
    array.call_method0(intern!(object.py(), "item"))?.extract()
}

/// The number of threads asked for; `None`: as many as there are cores.
pub(crate) fn threads_asked(object: Option<&Bound<'_, PyAny>>) -> PyResult<Option<NonZeroUsize>> {
    static INDEX: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    const MUST: &str = "must be a positive integer or None";
    let Some(object) = object else {
        return Ok(None);
    };
    let refused = || match object.get_type().name() {
        Ok(name) => PyTypeError::new_err(format!("threads: {MUST}, got {name}")),
        Err(error) => error,
    };
    if object.is_instance_of::<PyBool>() {
        return Err(refused());
    }
    let index = INDEX.import(object.py(), "operator", "index")?;
    let index = index.call1((object,)).map_err(|error| {
        if error.is_instance_of::<PyTypeError>(object.py()) {
            refused()
        } else {
            error
        }
    })?;
    if index.lt(1)? {
        return Err(PyValueError::new_err(format!("threads = {index}: {MUST}")));
    }
    // More threads than a word can count are as good as that many.
    let threads = index.extract().unwrap_or(usize::MAX);
    Ok(NonZeroUsize::new(threads))
}

/// The argument `ties`, looked at after all the others.
pub(crate) enum Ties<'py> {
    Default,
    Given(Bound<'py, PyAny>),
}

impl<'py> FromPyObject<'_, 'py> for Ties<'py> {
    type Error = std::convert::Infallible;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> Result<Self, Self::Error> {
        Ok(Self::Given(object.to_owned()))
    }
}

impl Ties<'_> {
    pub(crate) fn parse(&self) -> PyResult<merit_order::Ties> {
        let Self::Given(object) = self else {
            return Ok(merit_order::Ties::default());
        };
        match object
            .cast::<PyString>()
            .ok()
            .and_then(|text| text.to_str().ok())
        {
            Some("index") => Ok(merit_order::Ties::Index),
            Some("pro_rata") => Ok(merit_order::Ties::ProRata),
            _ => Err(PyValueError::new_err(format!(
                "ties = {}: must be 'index' or 'pro_rata'",
                object.repr()?
            ))),
        }
    }
}

/// A C-contiguous, aligned array of doubles with the argument's values.
fn numbers<'py>(
    argument: &str,
    object: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    if let Ok(array) = object.cast_exact::<PyUntypedArray>()
        && array.is_c_contiguous()
        && array.is_aligned()
    {
        let dtype = array.dtype();
        if dtype.num() == NPY_TYPES::NPY_DOUBLE as c_int
            && dtype.is_native_byteorder() == Some(true)
        {
            // SAFETY: the values are doubles in the byte order of this machine, as just seen; to
            // ask rust-numpy takes longer, since it fetches the dtype of `f64` to compare with.
            return Ok(unsafe { array.cast_unchecked::<PyArrayDyn<f64>>() }.clone());
        }
    }
    convert(argument, object)
}

#[cold]
fn convert<'py>(
    argument: &str,
    object: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    static ASANYARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static MASKED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static REQUIRE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let type_name = object.get_type().name()?;
    let masked = MASKED.import(py, "numpy.ma", "MaskedArray")?;
    let refuse_mask = || {
        PyTypeError::new_err(format!(
            "{argument}: must be real numbers, none of them masked, got {type_name}"
        ))
    };
    if holds_masked(object, masked)? {
        return Err(refuse_mask());
    }
    let array = ASANYARRAY
        .import(py, "numpy", "asanyarray")?
        .call1((object,))
        .map_err(|error| {
            let of_the_value = error.is_instance_of::<PyTypeError>(py)
                || error.is_instance_of::<PyValueError>(py)
                || error.is_instance_of::<PyOverflowError>(py);
            if !of_the_value {
                return error;
            }
            let refused = PyTypeError::new_err(format!(
                "{argument}: must be real numbers, got {type_name} that NumPy cannot read: {}",
                error.value(py)
            ));
            refused.set_cause(py, Some(error));
            refused
        })?;
    if array.is_instance(masked)? {
        return Err(refuse_mask());
    }
    let dtype = array.getattr(intern!(py, "dtype"))?;
    let kind: char = dtype.getattr(intern!(py, "kind"))?.extract()?;
    if !matches!(kind, 'i' | 'u' | 'f') {
        return Err(PyTypeError::new_err(format!(
            "{argument}: must be real numbers, got {type_name} of dtype {dtype}"
        )));
    }
    let double = PyFloat::type_object(py);
    let array = REQUIRE
        .import(py, "numpy", "require")?
        .call1((array, double, "CAE"))?;
    Ok(array.cast_into()?)
}

/// Whether a sequence, or one of its rows, holds what NumPy would take the mask off.
fn holds_masked(object: &Bound<'_, PyAny>, masked: &Bound<'_, PyAny>) -> PyResult<bool> {
    if !is_sequence(object) {
        return Ok(false);
    }
    for row in object.try_iter()? {
        let row = row?;
        if row.is_instance(masked)? {
            return Ok(true);
        }
        if is_sequence(&row) {
            for item in row.try_iter()? {
                if item?.is_instance(masked)? {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

fn is_sequence(object: &Bound<'_, PyAny>) -> bool {
    object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>()
}

fn require_dimensions(
    argument: &str,
    array: &Bound<'_, PyArrayDyn<f64>>,
    allowed: &[usize],
    must_have: &str,
) -> PyResult<()> {
    if allowed.contains(&array.ndim()) {
        return Ok(());
    }
    let shape = array.getattr(intern!(array.py(), "shape"))?;
    Err(PyValueError::new_err(format!(
        "{argument}: must have {must_have}, got shape {shape}"
    )))
}

fn require_offers(argument: &str, array: &Bound<'_, PyArrayDyn<f64>>) -> PyResult<()> {
    if array.shape().last() != Some(&0) {
        return Ok(());
    }
    let shape = array.getattr(intern!(array.py(), "shape"))?;
    Err(PyValueError::new_err(format!(
        "{argument}: must hold at least one offer, got shape {shape}"
    )))
}
