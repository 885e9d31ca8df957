//! Conversion of Python arguments to numbers and to slices of doubles.
//!
//! A C-contiguous array of doubles is used without a copy; NumPy converts everything else.
//!
//! # The order of every call
//!
//! 1. A [`Conversion`] converts all arguments to arrays and numbers, and allocates all results.
//!    Both may run Python code (`__array__`, `__float__`, `__index__`, `__del__`). This code may
//!    change any array: its values, and also its dtype, length and strides.
//! 2. [`Conversion::finish`] ends this part and returns a [`Borrowing`], without which no slice can
//!    be borrowed. Only now, and once, are the properties checked that a slice depends on: pointer,
//!    length, dtype, contiguity.
//! 3. While slices exist, this thread runs no Python code. If the GIL is released, other threads
//!    and signal handlers may run Python code. Therefore the slices then belong to a view that no
//!    other code can reach. `rust_market.pyi` documents what other threads must not do meanwhile.
//!
//! The types enforce this order: a conversion needs a `&Conversion`, which `finish` consumes, and a
//! slice needs a `&Borrowing`. PyO3 converts scalars before a function begins.

use std::cell::OnceCell;
use std::ffi::c_int;
use std::num::NonZeroUsize;

use merit_order::check::{self, Check};
use merit_order::{Batch, Rows};
use numpy::ndarray::{Ix1, Ix2};
use numpy::npyffi::NPY_TYPES;
use numpy::{
    PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArray,
    PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};
use pyo3::{PyTypeInfo, intern};

use crate::buffers::private_view;
use crate::errors::{raise, refuse};
use crate::results::Fresh;

/// From this many offers on, the GIL is released while they are cleared.
const WORTH_DETACHING: usize = 1 << 14;

/// The part of a call in which Python code may run.
pub(crate) struct Conversion<'py>(Python<'py>);

/// The part of a call in which slices are borrowed, and no Python code runs.
pub(crate) struct Borrowing(());

impl<'py> Conversion<'py> {
    pub(crate) fn new(py: Python<'py>) -> Self {
        Self(py)
    }

    /// Ends the part in which Python code may run.
    pub(crate) fn finish(self) -> Borrowing {
        Borrowing(())
    }

    /// The offers of one market, read while attached to the interpreter unless they are many.
    pub(crate) fn vector(
        &self,
        argument: &'static str,
        object: &Bound<'py, PyAny>,
    ) -> PyResult<Numbers<'py>> {
        let orders = self.orders(argument, object)?;
        require_offers(argument, &orders.array)?;
        Ok(orders)
    }

    /// The orders of one side of an auction, maybe none; read like a `vector`.
    pub(crate) fn orders(
        &self,
        argument: &'static str,
        object: &Bound<'py, PyAny>,
    ) -> PyResult<Numbers<'py>> {
        let array = numbers(argument, object)?;
        require_dimensions(argument, &array, &[1], "1 dimension")?;
        let may_be_detached = array.len() >= WORTH_DETACHING;
        Ok(Numbers::new(argument, array, may_be_detached))
    }

    /// The same for a batch: a row for each auction, or one for all.
    pub(crate) fn rows(
        &self,
        argument: &'static str,
        object: &Bound<'py, PyAny>,
    ) -> PyResult<Numbers<'py>> {
        let array = numbers(argument, object)?;
        require_dimensions(argument, &array, &[1, 2], "1 or 2 dimensions")?;
        Ok(Numbers::new(argument, array, true))
    }

    /// The offers of a batch: a row for each market, or one for all.
    pub(crate) fn table(
        &self,
        argument: &'static str,
        object: &Bound<'py, PyAny>,
    ) -> PyResult<Numbers<'py>> {
        let rows = self.rows(argument, object)?;
        require_offers(argument, &rows.array)?;
        Ok(rows)
    }

    /// A number for each market of a batch, or one for all.
    pub(crate) fn column(
        &self,
        argument: &'static str,
        object: &Bound<'py, PyAny>,
    ) -> PyResult<Numbers<'py>> {
        let array = numbers(argument, object)?;
        require_dimensions(argument, &array, &[0, 1], "0 or 1 dimensions")?;
        Ok(Numbers::new(argument, array, true))
    }

    /// Numbers in a row, maybe none.
    pub(crate) fn list(
        &self,
        argument: &'static str,
        object: &Bound<'py, PyAny>,
    ) -> PyResult<Numbers<'py>> {
        let array = numbers(argument, object)?;
        require_dimensions(argument, &array, &[1], "1 dimension")?;
        Ok(Numbers::new(argument, array, false))
    }

    /// A real number.
    pub(crate) fn scalar(&self, argument: &str, object: &Bound<'py, PyAny>) -> PyResult<f64> {
        scalar(argument, object)
    }

    /// How ties are broken.
    pub(crate) fn ties(&self, ties: &Ties<'py>) -> PyResult<merit_order::Ties> {
        ties.parse()
    }

    /// The number of threads asked for; `None`: as many as there are cores.
    pub(crate) fn threads(
        &self,
        object: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<NonZeroUsize>> {
        threads_asked(object)
    }

    /// A result of one axis.
    pub(crate) fn new_vector(&self, length: usize) -> PyResult<Fresh<'py, Ix1>> {
        Fresh::vector(self.0, length)
    }

    /// A result of two axes.
    pub(crate) fn new_table(&self, rows: usize, columns: usize) -> PyResult<Fresh<'py, Ix2>> {
        Fresh::table(self.0, rows, columns)
    }
}

/// An argument that is an array of real numbers.
pub(crate) struct Numbers<'py> {
    argument: &'static str,
    array: Bound<'py, PyArrayDyn<f64>>,
    /// When it was converted.
    layout: Layout,
    /// Whether the values may be read without the GIL.
    may_be_detached: bool,
    /// The array from which the values were borrowed.
    borrowed: OnceCell<PyReadonlyArrayDyn<'py, f64>>,
}

impl<'py> Numbers<'py> {
    fn new(
        argument: &'static str,
        array: Bound<'py, PyArrayDyn<f64>>,
        may_be_detached: bool,
    ) -> Self {
        Self {
            layout: Layout::of(&array),
            argument,
            array,
            may_be_detached,
            borrowed: OnceCell::new(),
        }
    }

    /// Whether it is sound to release the GIL while the values are read, and worth the time.
    pub(crate) fn may_be_detached(&self) -> bool {
        self.may_be_detached
    }

    /// Borrows the values.
    pub(crate) fn values(&self, _: &Borrowing) -> PyResult<&[f64]> {
        // The check of rust-numpy against writing from Rust takes 50 ns.
        #[cfg(not(Py_GIL_DISABLED))]
        if !self.may_be_detached {
            self.require_unchanged(&self.array)?;
            // SAFETY: the array holds doubles, C-contiguous and aligned, as just seen. While the
            // slice lives the GIL is held and no Python code runs (`Borrowing`), and the one
            // argument that is written to, `out`, shares no memory with it (`Buffers`). Only code
            // that has released the GIL could write meanwhile, as NumPy's own loops do; to run
            // such a loop on an argument of a running call is documented as the caller's error.
            return Ok(unsafe { self.array.as_slice() }?);
        }
        if self.borrowed.get().is_none() {
            let view = private_view(&self.array)?;
            self.require_unchanged(&view)?;
            let borrowed = view
                .try_readonly()
                .map_err(|error| refuse(self.argument, &format!("cannot be read now: {error}")))?;
            let _ = self.borrowed.set(borrowed);
        }
        match self.borrowed.get() {
            Some(borrowed) => Ok(borrowed.as_slice()?),
            None => Err(raise(merit_order::Error::Changed)),
        }
    }

    /// The conversion of a later argument may have changed this one in place.
    fn require_unchanged(&self, array: &Bound<'py, PyArrayDyn<f64>>) -> PyResult<()> {
        if Layout::of(array) == self.layout
            && array.is_c_contiguous()
            && holds_doubles(array.as_untyped())
        {
            return Ok(());
        }
        Err(raise(merit_order::Error::Changed))
    }

    /// Borrows the values of an argument with `shared` axes in each market.
    pub(crate) fn rows(&self, shared: usize, borrowing: &Borrowing) -> PyResult<Rows<'_>> {
        let values = self.values(borrowing)?;
        Ok(if self.shape().len() == shared {
            Rows::Shared(values)
        } else {
            Rows::Each(values)
        })
    }

    pub(crate) fn shape(&self) -> &[usize] {
        let Layout { axes, dimensions } = &self.layout;
        &axes[..(*dimensions).min(axes.len())]
    }

    /// The length of the last axis.
    pub(crate) fn offers(&self) -> usize {
        self.shape().last().copied().unwrap_or(1)
    }
}

/// How many axes an array has, and how long the first two are.
#[derive(PartialEq)]
struct Layout {
    axes: [usize; 2],
    dimensions: usize,
}

impl Layout {
    #[inline]
    fn of(array: &Bound<'_, PyArrayDyn<f64>>) -> Self {
        let shape = array.shape();
        let axes = match *shape {
            [] => [1, 1],
            [only] => [only, 1],
            [first, second, ..] => [first, second],
        };
        Self {
            axes,
            dimensions: shape.len(),
        }
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

/// Types and shapes of the arguments of a batch, before any value is read.
pub(crate) struct BatchShape {
    pub(crate) markets: usize,
    pub(crate) offers: usize,
    ties: merit_order::Ties,
    pub(crate) threads: Option<NonZeroUsize>,
}

impl BatchArguments<'_> {
    /// Checks types and shapes.
    pub(crate) fn shape(&self, py: Python<'_>) -> PyResult<BatchShape> {
        self.walk(py, &|_, _, _| Ok(()))
    }

    /// The error of arguments whose types or shapes are wrong. If an earlier argument has invalid
    /// values, its error comes first.
    pub(crate) fn first_error(&self, py: Python<'_>, borrowing: &Borrowing) -> PyErr {
        let walked = self.walk(py, &|check, argument, numbers| {
            check(argument, numbers.values(borrowing)?, numbers.shape()).map_err(raise)
        });
        let changed = || raise(merit_order::Error::Changed);
        walked.err().unwrap_or_else(changed)
    }

    /// Checks the arguments in their order, each completely before the next.
    fn walk(
        &self,
        py: Python<'_>,
        check_values: &dyn Fn(Check, &'static str, &Numbers<'_>) -> PyResult<()>,
    ) -> PyResult<BatchShape> {
        let again = |error: &PyErr| error.clone_ref(py);
        let mut markets = Markets::default();
        let offers = self.bids.offers();
        markets.agree("bids", 1, &self.bids)?;
        check_values(check::prices, "bids", &self.bids)?;

        let given = self.quantities.as_ref().map_err(again)?;
        check::length("quantities", "offers", "bids", offers, given.offers()).map_err(raise)?;
        markets.agree("quantities", 1, given)?;
        check_values(check::quantities, "quantities", given)?;

        let given = self.demand.as_ref().map_err(again)?;
        markets.agree("demand", 0, given)?;
        check_values(check::quantities, "demand", given)?;
        let number = markets.decide("demand");

        if let Some(given) = self.price_cap.as_ref().map_err(again)? {
            markets.agree("price_cap", 0, given)?;
            check_values(check::prices, "price_cap", given)?;
        }
        Ok(BatchShape {
            markets: number,
            offers,
            ties: *self.ties.as_ref().map_err(again)?,
            threads: *self.threads.as_ref().map_err(again)?,
        })
    }

    /// Borrows the values of arguments that have this shape.
    pub(crate) fn batch(&self, shape: &BatchShape, borrowing: &Borrowing) -> PyResult<Batch<'_>> {
        let changed = |_: &PyErr| raise(merit_order::Error::Changed);
        let caps = self.price_cap.as_ref().map_err(changed)?.as_ref();
        Ok(Batch {
            offers: shape.offers,
            bids: self.bids.rows(1, borrowing)?,
            quantities: self
                .quantities
                .as_ref()
                .map_err(changed)?
                .rows(1, borrowing)?,
            demand: self.demand.as_ref().map_err(changed)?.rows(0, borrowing)?,
            price_cap: caps.map(|caps| caps.rows(0, borrowing)).transpose()?,
            ties: shape.ties,
        })
    }
}

/// How many markets a batch holds, and which argument said so.
#[derive(Default)]
pub(crate) struct Markets(Option<(&'static str, usize)>);

impl Markets {
    /// Takes the number of markets from an argument with `shared` axes in each market, or checks
    /// that the argument agrees with an earlier one.
    pub(crate) fn agree(
        &mut self,
        argument: &'static str,
        shared: usize,
        numbers: &Numbers<'_>,
    ) -> PyResult<()> {
        if numbers.shape().len() == shared {
            return Ok(());
        }
        let got = numbers.shape()[0];
        let &mut (like, expected) = self.0.get_or_insert((argument, got));
        check::length(argument, "rows", like, expected, got).map_err(raise)
    }

    /// The number of markets; `argument` was the last that could have given it.
    pub(crate) fn decide(&mut self, argument: &'static str) -> usize {
        self.0.get_or_insert((argument, 1)).1
    }
}

/// A real number.
fn scalar(argument: &str, object: &Bound<'_, PyAny>) -> PyResult<f64> {
    // Other subclasses may convert themselves in their own way.
    if object.is_exact_instance_of::<PyFloat>() || is_float64(object)? {
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

/// Whether the type is one of the most usual, which have neither labels nor units nor a mask.
#[inline]
pub(crate) fn is_plain(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let array = PyUntypedArray::type_object_raw(object.py());
    Ok(object.get_type_ptr() == array
        || object.is_exact_instance_of::<PyFloat>()
        || object.is_exact_instance_of::<PyInt>()
        || object.is_exact_instance_of::<PyList>()
        || object.is_exact_instance_of::<PyTuple>()
        || object.is_none()
        || is_float64(object)?)
}

/// Whether this is a `numpy.float64`, and of no subclass.
#[inline]
fn is_float64(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    static FLOAT64: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let float64 = FLOAT64.import(object.py(), "numpy", "float64")?;
    Ok(object.get_type().is(float64))
}

/// The number of threads asked for; `None`: as many as there are cores.
fn threads_asked(object: Option<&Bound<'_, PyAny>>) -> PyResult<Option<NonZeroUsize>> {
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
    // A larger number than a word can hold means that many threads.
    let threads = index.extract().unwrap_or(usize::MAX);
    Ok(NonZeroUsize::new(threads))
}

/// The argument `ties`, which is checked last.
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
    fn parse(&self) -> PyResult<merit_order::Ties> {
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
    match as_it_is(object) {
        Some(array) => Ok(array.clone()),
        None => convert(argument, object),
    }
}

/// The array itself, if no conversion is needed.
#[inline]
fn as_it_is<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, PyArrayDyn<f64>>> {
    let array = object.cast_exact::<PyUntypedArray>().ok()?;
    let usable = array.is_c_contiguous() && array.is_aligned() && holds_doubles(array);
    // SAFETY: the values are doubles in the byte order of this machine, as just seen.
    usable.then(|| unsafe { array.cast_unchecked() })
}

/// Whether the values are doubles in the byte order of this machine. The same check of rust-numpy
/// takes longer, since it fetches the dtype of `f64` for a comparison.
#[inline]
fn holds_doubles(array: &Bound<'_, PyUntypedArray>) -> bool {
    let dtype = array.dtype();
    dtype.num() == NPY_TYPES::NPY_DOUBLE as c_int && dtype.is_native_byteorder() == Some(true)
}

#[cold]
fn convert<'py>(
    argument: &str,
    object: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    static ASANYARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let type_name = object.get_type().name()?;
    let mut types = Vec::new();
    if is_sequence(object) {
        collect_types(object, 3, &mut types)?;
    } else {
        note_type(object, &mut types)?;
    }
    refuse_annotated(argument, &types, &type_name)?;
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
    if let Some(array) = as_it_is(&array) {
        return Ok(array.clone());
    }
    types.clear();
    note_type(&array, &mut types)?;
    refuse_annotated(argument, &types, &type_name)?;
    let dtype = array.getattr(intern!(py, "dtype"))?;
    let kind: char = dtype.getattr(intern!(py, "kind"))?.extract()?;
    if !matches!(kind, 'i' | 'u' | 'f') {
        return Err(PyTypeError::new_err(format!(
            "{argument}: must be real numbers, got {type_name} of dtype {dtype}"
        )));
    }
    // Integers and doubles raise no floating-point errors, and `errstate` takes longer than they do.
    let itemsize: usize = dtype.getattr(intern!(py, "itemsize"))?.extract()?;
    let array = if kind == 'f' && itemsize != size_of::<f64>() {
        ignoring_float_errors(py, || require_doubles(&array))
    } else {
        require_doubles(&array)
    }?;
    Ok(array.cast_into()?)
}

/// A C-contiguous, aligned array of doubles, of no subclass.
fn require_doubles<'py>(array: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static REQUIRE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let double = PyFloat::type_object(array.py());
    let require = REQUIRE.import(array.py(), "numpy", "require")?;
    require.call1((array, double, "CAE"))
}

/// Converts without regard to `numpy.seterr`: a number that is too large becomes infinite, which the
/// checks of values refuse.
fn ignoring_float_errors<'py, T>(
    py: Python<'py>,
    convert: impl FnOnce() -> PyResult<T>,
) -> PyResult<T> {
    static ERRSTATE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let keywords = PyDict::new(py);
    for name in ["over", "under", "invalid"] {
        keywords.set_item(name, "ignore")?;
    }
    let errstate = ERRSTATE.import(py, "numpy", "errstate")?;
    let state = errstate.call((), Some(&keywords))?;
    state.call_method0("__enter__")?;
    let converted = convert();
    state.call_method1("__exit__", (py.None(), py.None(), py.None()))?;
    converted
}

/// Collects the types in a sequence of sequences.
fn collect_types<'py>(
    sequence: &Bound<'py, PyAny>,
    depth: usize,
    types: &mut Vec<Bound<'py, PyType>>,
) -> PyResult<()> {
    for item in sequence.try_iter()? {
        let item = item?;
        note_type(&item, types)?;
        if depth > 1 && is_sequence(&item) {
            collect_types(&item, depth - 1, types)?;
        }
    }
    Ok(())
}

/// Notes a type that may have a mask or units.
fn note_type<'py>(object: &Bound<'py, PyAny>, types: &mut Vec<Bound<'py, PyType>>) -> PyResult<()> {
    let kind = object.get_type_ptr();
    if !is_plain(object)? && types.iter().all(|known| known.as_type_ptr() != kind) {
        types.push(object.get_type());
    }
    Ok(())
}

/// Refuses what NumPy would strip of its mask (`numpy.ma`) or its units (pint, astropy, unyt).
fn refuse_annotated(
    argument: &str,
    types: &[Bound<'_, PyType>],
    type_name: &Bound<'_, PyString>,
) -> PyResult<()> {
    static MASKED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    for kind in types {
        let masked = MASKED.import(kind.py(), "numpy.ma", "MaskedArray")?;
        if kind.is_subclass(masked)? {
            return Err(PyTypeError::new_err(format!(
                "{argument}: must be real numbers, none of them masked, got {type_name}"
            )));
        }
        for name in ["unit", "units", "in_units"] {
            if kind.hasattr(name)? {
                return Err(PyTypeError::new_err(format!(
                    "{argument}: must be real numbers without units, got {type_name}"
                )));
            }
        }
    }
    Ok(())
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
