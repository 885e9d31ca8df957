//! The rungs of the ladder in Rust: one kernel behind different borders, one border before
//! different kernels. They take plain arrays and check no values.

use merit_order::{Error, check, ladder};
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::arguments::Numbers;
use crate::raise;
use crate::results::Fresh;
use crate::workspace::{Workspace, with_workspace};

type Cleared<'py> = PyResult<(f64, Bound<'py, PyArray1<f64>>)>;
type Offers<'py> = PyReadonlyArray1<'py, f64>;

/// A pair of arrays behind the border that rust-numpy's guide leads to.
fn slices<'a>(
    bids: &'a Offers<'_>,
    quantities: &'a Offers<'_>,
) -> PyResult<(&'a [f64], &'a [f64])> {
    let (bids, quantities) = (bids.as_slice()?, quantities.as_slice()?);
    require_offers(bids, quantities)?;
    Ok((bids, quantities))
}

/// A pair of arrays behind the cheap border.
struct Pair<'py>(Numbers<'py>, Numbers<'py>);

impl<'py> Pair<'py> {
    fn new(bids: &Bound<'py, PyAny>, quantities: &Bound<'py, PyAny>) -> PyResult<Self> {
        let bids = Numbers::vector("bids", bids)?;
        Ok(Self(bids, Numbers::vector("quantities", quantities)?))
    }

    /// No Python code may run while the slices live.
    fn slices(&self) -> PyResult<(&[f64], &[f64])> {
        let (bids, quantities) = (self.0.values()?, self.1.values()?);
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

/// The published shape: see `merit_order::ladder::naive`; a list out.
#[pyfunction]
pub(crate) fn market_clearing_naive(
    bids: Offers<'_>,
    quantities: Offers<'_>,
    demand: f64,
) -> PyResult<(f64, Vec<f64>)> {
    let (bids, quantities) = slices(&bids, &quantities)?;
    Ok(ladder::naive(bids, quantities, demand))
}

/// The same kernel, an array out.
#[pyfunction]
pub(crate) fn market_clearing_ndarray<'py>(
    py: Python<'py>,
    bids: Offers<'py>,
    quantities: Offers<'py>,
    demand: f64,
) -> Cleared<'py> {
    let (bids, quantities) = slices(&bids, &quantities)?;
    let (price, dispatch) = ladder::naive(bids, quantities, demand);
    Ok((price, PyArray1::from_vec(py, dispatch)))
}

/// A kernel that works in kept memory, an array out.
#[inline(always)]
fn without_allocating<'py>(
    py: Python<'py>,
    bids: &Offers<'py>,
    quantities: &Offers<'py>,
    kernel: impl FnOnce(&mut Workspace, &[f64], &[f64], &mut [f64]) -> Result<f64, Error>,
) -> Cleared<'py> {
    let (bids, quantities) = slices(bids, quantities)?;
    let mut dispatch = Fresh::vector(py, bids.len())?;
    let values = dispatch.values()?;
    let price = with_workspace(|kept| kernel(kept, bids, quantities, values)).map_err(raise)?;
    Ok((price, dispatch.finish()))
}

/// Without temporaries: see `merit_order::ladder::scratch`.
#[pyfunction]
pub(crate) fn market_clearing_scratch<'py>(
    py: Python<'py>,
    bids: Offers<'py>,
    quantities: Offers<'py>,
    demand: f64,
) -> Cleared<'py> {
    without_allocating(py, &bids, &quantities, |kept, bids, quantities, values| {
        Ok(ladder::scratch(
            bids,
            quantities,
            demand,
            &mut kept.order,
            values,
        ))
    })
}

/// With an unstable sort: see `merit_order::ladder::unstable`.
#[pyfunction]
pub(crate) fn market_clearing_unstable<'py>(
    py: Python<'py>,
    bids: Offers<'py>,
    quantities: Offers<'py>,
    demand: f64,
) -> Cleared<'py> {
    without_allocating(py, &bids, &quantities, |kept, bids, quantities, values| {
        Ok(ladder::unstable(
            bids,
            quantities,
            demand,
            &mut kept.order,
            values,
        ))
    })
}

/// With a sort of pairs: see `merit_order::ladder::keys`.
#[pyfunction]
pub(crate) fn market_clearing_keys<'py>(
    py: Python<'py>,
    bids: Offers<'py>,
    quantities: Offers<'py>,
    demand: f64,
) -> Cleared<'py> {
    without_allocating(py, &bids, &quantities, |kept, bids, quantities, values| {
        Ok(ladder::keys(
            bids,
            quantities,
            demand,
            &mut kept.pairs,
            values,
        ))
    })
}

/// Without sorting: see `merit_order::ladder::select`.
#[pyfunction]
pub(crate) fn market_clearing_select<'py>(
    py: Python<'py>,
    bids: Offers<'py>,
    quantities: Offers<'py>,
    demand: f64,
) -> Cleared<'py> {
    without_allocating(py, &bids, &quantities, |kept, bids, quantities, values| {
        ladder::select(bids, quantities, demand, &mut kept.scratch, values)
    })
}

/// Without sorting, behind the cheap border.
#[pyfunction]
pub(crate) fn market_clearing_cheap<'py>(
    py: Python<'py>,
    bids: &Bound<'py, PyAny>,
    quantities: &Bound<'py, PyAny>,
    demand: f64,
) -> Cleared<'py> {
    let pair = Pair::new(bids, quantities)?;
    let mut dispatch = Fresh::vector(py, pair.0.offers())?;
    let ((bids, quantities), values) = (pair.slices()?, dispatch.values()?);
    let price =
        with_workspace(|kept| ladder::select(bids, quantities, demand, &mut kept.scratch, values));
    Ok((price.map_err(raise)?, dispatch.finish()))
}

/// The published kernel and its list, behind the cheap border: the fixes in reverse order begin.
#[pyfunction]
pub(crate) fn market_clearing_naive_cheap(
    bids: &Bound<'_, PyAny>,
    quantities: &Bound<'_, PyAny>,
    demand: f64,
) -> PyResult<(f64, Vec<f64>)> {
    let pair = Pair::new(bids, quantities)?;
    let (bids, quantities) = pair.slices()?;
    Ok(ladder::naive(bids, quantities, demand))
}

/// Without sorting, behind the cheap border, but with a list out.
#[pyfunction]
pub(crate) fn market_clearing_select_list(
    bids: &Bound<'_, PyAny>,
    quantities: &Bound<'_, PyAny>,
    demand: f64,
) -> PyResult<(f64, Vec<f64>)> {
    let pair = Pair::new(bids, quantities)?;
    let (bids, quantities) = pair.slices()?;
    let mut dispatch = vec![0.0; bids.len()];
    let values = &mut dispatch[..];
    let price =
        with_workspace(|kept| ladder::select(bids, quantities, demand, &mut kept.scratch, values));
    Ok((price.map_err(raise)?, dispatch))
}

/// Without sorting, behind the cheap border, into an array of the caller's.
#[pyfunction]
pub(crate) fn market_clearing_into(
    bids: &Bound<'_, PyAny>,
    quantities: &Bound<'_, PyAny>,
    demand: f64,
    out: &Bound<'_, PyAny>,
) -> PyResult<f64> {
    let pair = Pair::new(bids, quantities)?;
    // Only now, since the conversion of the offers may have changed it in place.
    let out = out.cast::<PyArray1<f64>>().map_err(|_| {
        PyTypeError::new_err("out: must be an array of dtype float64 and 1 dimension")
    })?;
    let (bids, quantities) = pair.slices()?;
    let refused = |error: &dyn std::fmt::Display| PyValueError::new_err(format!("out: {error}"));
    if pair.0.overlaps(out) || pair.1.overlaps(out) {
        return Err(refused(&"must not share memory with the offers"));
    }
    let mut out = out.try_readwrite().map_err(|error| refused(&error))?;
    let values = out.as_slice_mut().map_err(|error| refused(&error))?;
    check::length("out", "offers", "bids", bids.len(), values.len()).map_err(raise)?;
    with_workspace(|kept| ladder::select(bids, quantities, demand, &mut kept.scratch, values))
        .map_err(raise)
}
