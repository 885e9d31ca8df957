//! The Rust variants of the ladder. Some run the same kernel with different conversions of
//! arguments and results; others run different kernels with the same conversion. They take plain
//! arrays and check no values.

use merit_order::{Error, check, memory, variants};
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::arguments::{Borrowing, Conversion, Numbers};
use crate::buffers::{Buffers, contiguous};
use crate::errors::{raise, refuse};
use crate::results::list;
use crate::workspace::{Workspace, with_workspace};

type WithArray<'py> = PyResult<(f64, Bound<'py, PyArray1<f64>>)>;
type WithList<'py> = PyResult<(f64, Bound<'py, PyList>)>;

/// A pair of arrays, borrowed as in rust-numpy's guide: it checks that no Rust code writes to them.
/// PyO3 has converted `demand` before the function begins.
struct CheckedPair<'a, 'py>(&'a Bound<'py, PyAny>, &'a Bound<'py, PyAny>);

impl<'py> CheckedPair<'_, 'py> {
    /// The number of offers, or an error.
    fn offers(&self) -> usize {
        self.0.cast::<PyArray1<f64>>().map_or(0, |bids| bids.len())
    }

    fn borrow(&self, _: &Borrowing) -> PyResult<CheckedOffers<'py>> {
        let borrow = |argument, object: &Bound<'py, PyAny>| {
            let array = object.cast::<PyArray1<f64>>().map_err(|_| {
                let must = "must be an array of dtype float64 and 1 dimension";
                PyTypeError::new_err(format!("{argument}: {must}"))
            })?;
            array
                .try_readonly()
                .map_err(|error| refuse(argument, &error))
        };
        Ok(CheckedOffers(
            borrow("bids", self.0)?,
            borrow("quantities", self.1)?,
        ))
    }
}

struct CheckedOffers<'py>(PyReadonlyArray1<'py, f64>, PyReadonlyArray1<'py, f64>);

impl CheckedOffers<'_> {
    fn slices(&self) -> PyResult<(&[f64], &[f64])> {
        let (bids, quantities) = (self.0.as_slice()?, self.1.as_slice()?);
        require_offers(bids, quantities)?;
        Ok((bids, quantities))
    }
}

/// A pair of arrays, to be borrowed without rust-numpy's bookkeeping.
struct UncheckedPair<'py>(Numbers<'py>, Numbers<'py>);

impl<'py> UncheckedPair<'py> {
    fn new(
        conversion: &Conversion<'py>,
        bids: &Bound<'py, PyAny>,
        quantities: &Bound<'py, PyAny>,
    ) -> PyResult<Self> {
        let bids = conversion.vector("bids", bids)?;
        Ok(Self(bids, conversion.vector("quantities", quantities)?))
    }

    fn slices(&self, borrowing: &Borrowing) -> PyResult<(&[f64], &[f64])> {
        let (bids, quantities) = (self.0.values(borrowing)?, self.1.values(borrowing)?);
        require_offers(bids, quantities)?;
        Ok((bids, quantities))
    }
}

fn require_offers(bids: &[f64], quantities: &[f64]) -> PyResult<()> {
    if bids.is_empty() {
        return Err(PyValueError::new_err("bids: must hold at least one offer"));
    }
    check::length("quantities", "offers", "bids", bids.len(), quantities.len()).map_err(raise)
}

/// Clears with the published kernel; the arrays are released before Python makes a result.
fn naive(
    py: Python<'_>,
    bids: &Bound<'_, PyAny>,
    quantities: &Bound<'_, PyAny>,
    demand: f64,
) -> PyResult<(f64, Vec<f64>)> {
    let borrowing = Conversion::new(py).finish();
    let offers = CheckedPair(bids, quantities).borrow(&borrowing)?;
    let (bids, quantities) = offers.slices()?;
    variants::naive(bids, quantities, demand).map_err(raise)
}

/// The published shape: see `merit_order::variants::naive`; a list out.
#[pyfunction]
pub(crate) fn market_clearing_naive<'py>(
    py: Python<'py>,
    bids: &Bound<'py, PyAny>,
    quantities: &Bound<'py, PyAny>,
    demand: f64,
) -> WithList<'py> {
    let (price, dispatch) = naive(py, bids, quantities, demand)?;
    Ok((price, list(py, &dispatch)?))
}

/// The same kernel, an array out.
#[pyfunction]
pub(crate) fn market_clearing_ndarray<'py>(
    py: Python<'py>,
    bids: &Bound<'py, PyAny>,
    quantities: &Bound<'py, PyAny>,
    demand: f64,
) -> WithArray<'py> {
    let (price, dispatch) = naive(py, bids, quantities, demand)?;
    Ok((price, PyArray1::from_vec(py, dispatch)))
}

/// A kernel that works in the memory of its thread, an array out.
#[inline(always)]
fn without_allocating<'py>(
    py: Python<'py>,
    bids: &Bound<'py, PyAny>,
    quantities: &Bound<'py, PyAny>,
    kernel: impl FnOnce(&mut Workspace, &[f64], &[f64], &mut [f64]) -> Result<f64, Error>,
) -> WithArray<'py> {
    let conversion = Conversion::new(py);
    let pair = CheckedPair(bids, quantities);
    let mut dispatch = conversion.new_vector(pair.offers())?;
    let borrowing = conversion.finish();
    let offers = pair.borrow(&borrowing)?;
    let ((bids, quantities), values) = (offers.slices()?, dispatch.values(&borrowing)?);
    clear_into(bids, quantities, values, kernel).map(|price| (price, dispatch.finish()))
}

/// Clears into memory that was made for as many offers as there were.
#[inline(always)]
fn clear_into(
    bids: &[f64],
    quantities: &[f64],
    values: &mut [f64],
    kernel: impl FnOnce(&mut Workspace, &[f64], &[f64], &mut [f64]) -> Result<f64, Error>,
) -> PyResult<f64> {
    if bids.len() != values.len() {
        return Err(raise(Error::Changed));
    }
    with_workspace(|workspace| kernel(workspace, bids, quantities, values)).map_err(raise)
}

/// Without temporaries: see `merit_order::variants::scratch`.
#[pyfunction]
pub(crate) fn market_clearing_scratch<'py>(
    py: Python<'py>,
    bids: &Bound<'py, PyAny>,
    quantities: &Bound<'py, PyAny>,
    demand: f64,
) -> WithArray<'py> {
    without_allocating(
        py,
        bids,
        quantities,
        |workspace, bids, quantities, values| {
            variants::scratch(bids, quantities, demand, &mut workspace.order, values)
        },
    )
}

/// With an unstable sort: see `merit_order::variants::unstable`.
#[pyfunction]
pub(crate) fn market_clearing_unstable<'py>(
    py: Python<'py>,
    bids: &Bound<'py, PyAny>,
    quantities: &Bound<'py, PyAny>,
    demand: f64,
) -> WithArray<'py> {
    without_allocating(
        py,
        bids,
        quantities,
        |workspace, bids, quantities, values| {
            variants::unstable(bids, quantities, demand, &mut workspace.order, values)
        },
    )
}

/// With a sort of pairs: see `merit_order::variants::keys`.
#[pyfunction]
pub(crate) fn market_clearing_keys<'py>(
    py: Python<'py>,
    bids: &Bound<'py, PyAny>,
    quantities: &Bound<'py, PyAny>,
    demand: f64,
) -> WithArray<'py> {
    without_allocating(
        py,
        bids,
        quantities,
        |workspace, bids, quantities, values| {
            variants::keys(bids, quantities, demand, &mut workspace.pairs, values)
        },
    )
}

/// Without sorting: see `merit_order::variants::select`.
#[pyfunction]
pub(crate) fn market_clearing_select<'py>(
    py: Python<'py>,
    bids: &Bound<'py, PyAny>,
    quantities: &Bound<'py, PyAny>,
    demand: f64,
) -> WithArray<'py> {
    without_allocating(
        py,
        bids,
        quantities,
        |workspace, bids, quantities, values| {
            variants::select(bids, quantities, demand, &mut workspace.scratch, values)
        },
    )
}

/// Without sorting, the arguments borrowed without bookkeeping.
#[pyfunction]
pub(crate) fn market_clearing_unchecked<'py>(
    py: Python<'py>,
    bids: &Bound<'py, PyAny>,
    quantities: &Bound<'py, PyAny>,
    demand: f64,
) -> WithArray<'py> {
    let conversion = Conversion::new(py);
    let pair = UncheckedPair::new(&conversion, bids, quantities)?;
    let mut dispatch = conversion.new_vector(pair.0.offers())?;
    let borrowing = conversion.finish();
    let (bids, quantities) = pair.slices(&borrowing)?;
    let price = select(bids, quantities, demand, dispatch.values(&borrowing)?)?;
    Ok((price, dispatch.finish()))
}

/// The published kernel and its list, the arguments borrowed without bookkeeping: where the fixes
/// in reverse order begin.
#[pyfunction]
pub(crate) fn market_clearing_naive_unchecked<'py>(
    py: Python<'py>,
    bids: &Bound<'py, PyAny>,
    quantities: &Bound<'py, PyAny>,
    demand: f64,
) -> WithList<'py> {
    let conversion = Conversion::new(py);
    let pair = UncheckedPair::new(&conversion, bids, quantities)?;
    let borrowing = conversion.finish();
    let (bids, quantities) = pair.slices(&borrowing)?;
    let (price, dispatch) = variants::naive(bids, quantities, demand).map_err(raise)?;
    drop(pair);
    Ok((price, list(py, &dispatch)?))
}

/// Without sorting, the arguments borrowed without bookkeeping, but a list out.
#[pyfunction]
pub(crate) fn market_clearing_select_list<'py>(
    py: Python<'py>,
    bids: &Bound<'py, PyAny>,
    quantities: &Bound<'py, PyAny>,
    demand: f64,
) -> WithList<'py> {
    let conversion = Conversion::new(py);
    let pair = UncheckedPair::new(&conversion, bids, quantities)?;
    let borrowing = conversion.finish();
    let (bids, quantities) = pair.slices(&borrowing)?;
    let mut dispatch = memory::zeros(bids.len()).map_err(raise)?;
    let price = select(bids, quantities, demand, &mut dispatch)?;
    drop(pair);
    Ok((price, list(py, &dispatch)?))
}

/// Without sorting, the arguments borrowed without bookkeeping, into an array of the caller's.
#[pyfunction]
pub(crate) fn market_clearing_into<'py>(
    py: Python<'py>,
    bids: &Bound<'py, PyAny>,
    quantities: &Bound<'py, PyAny>,
    demand: f64,
    out: &Bound<'py, PyAny>,
) -> PyResult<f64> {
    let conversion = Conversion::new(py);
    let pair = UncheckedPair::new(&conversion, bids, quantities)?;
    let borrowing = conversion.finish();
    let (bids, quantities) = pair.slices(&borrowing)?;
    let out = contiguous::<f64>("out", out)?;
    if out.ndim() != 1 {
        return Err(refuse("out", &"must have 1 dimension"));
    }
    check::length("out", "offers", "bids", bids.len(), out.len()).map_err(raise)?;
    let mut buffers = Buffers::new(&borrowing, false);
    buffers.note("the offers", bids)?;
    buffers.note("the offers", quantities)?;
    let mut out = buffers.write_array("out", out, bids.len())?;
    select(bids, quantities, demand, out.as_slice_mut()?)
}

/// What the backend does, without its checks of values.
fn select(bids: &[f64], quantities: &[f64], demand: f64, values: &mut [f64]) -> PyResult<f64> {
    with_workspace(|workspace| {
        variants::select(bids, quantities, demand, &mut workspace.scratch, values)
    })
    .map_err(raise)
}
