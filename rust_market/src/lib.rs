//! The Python module `rust_market`: arguments in, one call of the core, results out.
//!
//! Signatures, units and errors are documented in `rust_market.pyi`.

mod arguments;
mod buffers;
mod environment;
mod ladder;
mod mlp;
mod replay;
mod results;
mod workspace;

use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyFloat;

/// The one crossing from the core's errors to Python's, numbers shown as Python shows them.
#[cold]
fn raise(error: merit_order::Error) -> PyErr {
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

/// Merit-order clearing of an electricity market.
#[pymodule]
mod rust_market {
    use std::num::NonZeroUsize;
    use std::thread::available_parallelism;

    use merit_order::{Rules, check};
    use numpy::{PyArray1, PyArray2};
    use pyo3::prelude::*;

    use crate::arguments::{BatchArguments, Numbers, Ties, scalar, threads_asked};
    use crate::raise;
    use crate::results::Fresh;
    use crate::workspace::with_workspace;

    #[pymodule_export]
    use crate::environment::Environment;
    #[pymodule_export]
    use crate::ladder::{
        market_clearing_cheap, market_clearing_into, market_clearing_keys, market_clearing_naive,
        market_clearing_naive_cheap, market_clearing_ndarray, market_clearing_scratch,
        market_clearing_select, market_clearing_select_list, market_clearing_unstable,
    };

    type Prices<'py> = Bound<'py, PyArray1<f64>>;
    type Dispatch<'py> = Bound<'py, PyArray2<f64>>;

    #[pymodule_export]
    use crate::mlp::Mlp;
    #[pymodule_export]
    use crate::replay::ReplayBuffer;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("BUILD_ID", env!("BUILD_ID"))?;
        module.add("BUILD_PROFILE", env!("BUILD_PROFILE"))
    }

    /// Clear one market: (N,) bids in €/MWh, (N,) quantities in MW, demand in MW -> price, dispatch.
    #[pyfunction]
    #[pyo3(
        signature = (bids, quantities, demand, *, ties=Ties::Default, price_cap=None),
        text_signature = "(bids, quantities, demand, *, ties='index', price_cap=None)"
    )]
    fn market_clearing<'py>(
        py: Python<'py>,
        bids: &Bound<'py, PyAny>,
        quantities: &Bound<'py, PyAny>,
        demand: &Bound<'py, PyAny>,
        ties: Ties<'py>,
        price_cap: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(f64, Bound<'py, PyArray1<f64>>)> {
        let bids = Numbers::vector("bids", bids)?;
        let quantities = Numbers::vector("quantities", quantities);
        let demand = scalar("demand", demand);
        let price_cap = price_cap.map(|cap| scalar("price_cap", cap)).transpose();
        let ties = ties.parse();
        let mut dispatch = Fresh::vector(py, bids.offers())?;
        // From here on no Python code runs that could change the arguments.
        let offered = &bids;
        let bids = offered.values()?;
        if quantities.is_err() || demand.is_err() || price_cap.is_err() || ties.is_err() {
            // One has the wrong type; should the values of an earlier one be wrong, that comes
            // first. Those after it are left out: they take values that are right.
            check::prices("bids", bids, &[bids.len()]).map_err(raise)?;
            if let Ok(quantities) = &quantities {
                let asked = demand.as_ref().copied().unwrap_or(0.0);
                let cap = demand.as_ref().ok().and(price_cap.as_ref().ok()).copied();
                check::market(bids, quantities.values()?, asked, cap.flatten()).map_err(raise)?;
            }
        }
        let (quantities, demand) = (quantities?, demand?);
        let rules = Rules {
            price_cap: price_cap?,
            ties: ties?,
        };
        let detach = offered.may_be_detached() && quantities.may_be_detached();
        let (quantities, values) = (quantities.values()?, dispatch.values()?);
        let mut clear = || {
            with_workspace(|kept| {
                merit_order::clear(bids, quantities, demand, rules, values, &mut kept.scratch)
            })
        };
        let price = if detach { py.detach(clear) } else { clear() };
        Ok((price.map_err(raise)?, dispatch.finish()))
    }

    /// Clear B markets in parallel: (B, N) or (N,) offers, (B,) or () demand -> prices, dispatch.
    #[pyfunction]
    #[pyo3(
        signature = (bids, quantities, demand, *, ties=Ties::Default, price_cap=None, threads=None),
        text_signature =
            "(bids, quantities, demand, *, ties='index', price_cap=None, threads=None)"
    )]
    fn market_clearing_batch<'py>(
        py: Python<'py>,
        bids: &Bound<'py, PyAny>,
        quantities: &Bound<'py, PyAny>,
        demand: &Bound<'py, PyAny>,
        ties: Ties<'py>,
        price_cap: Option<&Bound<'py, PyAny>>,
        threads: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Prices<'py>, Dispatch<'py>)> {
        // As in `market_clearing`, all is converted before anything is read.
        let arguments = BatchArguments {
            bids: Numbers::table("bids", bids)?,
            quantities: Numbers::table("quantities", quantities),
            demand: Numbers::column("demand", demand),
            price_cap: price_cap
                .map(|cap| Numbers::column("price_cap", cap))
                .transpose(),
            ties: ties.parse(),
            threads: threads_asked(threads),
        };
        let (batch, number, threads) = match arguments.assemble(py, false) {
            Ok(assembled) => assembled,
            // Should the values of an argument before the wrong one be wrong, that comes first.
            Err(_) => arguments.assemble(py, true)?,
        };
        let threads =
            threads.unwrap_or_else(|| available_parallelism().unwrap_or(NonZeroUsize::MIN));
        let mut prices = Fresh::vector(py, number)?;
        let mut dispatch = Fresh::table(py, number, batch.offers)?;
        let (price_values, dispatch_values) = (prices.values()?, dispatch.values()?);
        py.detach(|| merit_order::clear_batch(batch, price_values, dispatch_values, threads))
            .map_err(raise)?;
        Ok((prices.finish(), dispatch.finish()))
    }
}
