//! The Python module `rust_market`. Each function converts its arguments, calls the core once, and
//! returns the results.
//!
//! Signatures, units and errors are documented in `rust_market.pyi`.

mod adequacy;
mod arguments;
mod auction;
mod buffers;
mod environment;
mod errors;
mod labels;
mod mlp;
mod ppo;
mod replay;
mod results;
mod signals;
mod variants;
mod workspace;

use pyo3::prelude::*;

/// Merit-order clearing of an electricity market.
#[pymodule]
mod rust_market {
    use std::num::NonZeroUsize;
    use std::thread::available_parallelism;

    use merit_order::{Rules, check};
    use numpy::{PyArray1, PyArray2};
    use pyo3::prelude::*;

    use crate::arguments::{BatchArguments, Conversion, Ties};
    use crate::errors::raise;
    use crate::labels::{self, COLUMN, TABLE};
    use crate::signals;
    use crate::workspace::with_workspace;

    #[pymodule_export]
    use crate::adequacy::{fill_random_words, simulate_years};
    #[pymodule_export]
    use crate::auction::{auction_clearing, auction_clearing_batch};
    #[pymodule_export]
    use crate::environment::Environment;
    #[pymodule_export]
    use crate::variants::{
        market_clearing_into, market_clearing_keys, market_clearing_naive,
        market_clearing_naive_unchecked, market_clearing_ndarray, market_clearing_scratch,
        market_clearing_select, market_clearing_select_list, market_clearing_unchecked,
        market_clearing_unstable,
    };

    type Prices<'py> = Bound<'py, PyArray1<f64>>;
    type Dispatch<'py> = Bound<'py, PyArray2<f64>>;

    #[pymodule_export]
    use crate::mlp::Mlp;
    #[pymodule_export]
    use crate::ppo::ppo_update;
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
        let conversion = Conversion::new(py);
        let labelled = [
            ("bids", Some(bids), TABLE),
            ("quantities", Some(quantities), TABLE),
        ];
        labels::check(&conversion, &labelled)?;
        let offered = conversion.vector("bids", bids)?;
        let quantities = conversion.vector("quantities", quantities);
        let demand = conversion.scalar("demand", demand);
        let price_cap = price_cap.map(|cap| conversion.scalar("price_cap", cap));
        let price_cap = price_cap.transpose();
        let ties = conversion.ties(&ties);
        let mut dispatch = conversion.new_vector(offered.offers())?;
        let borrowing = conversion.finish();
        let bids = offered.values(&borrowing)?;
        if quantities.is_err() || demand.is_err() || price_cap.is_err() || ties.is_err() {
            // One has the wrong type; should the values of an earlier one be wrong, that comes
            // first. Those after it are left out: they take values that are right.
            check::prices("bids", bids, &[bids.len()]).map_err(raise)?;
            if let Ok(quantities) = &quantities {
                let quantities = quantities.values(&borrowing)?;
                let asked = demand.as_ref().copied().unwrap_or(0.0);
                let cap = demand.as_ref().ok().and(price_cap.as_ref().ok()).copied();
                check::market(bids, quantities, asked, cap.flatten()).map_err(raise)?;
            }
        }
        let (quantities, demand) = (quantities?, demand?);
        let rules = Rules {
            price_cap: price_cap?,
            ties: ties?,
        };
        let detach = offered.may_be_detached() && quantities.may_be_detached();
        let (quantities, values) = (quantities.values(&borrowing)?, dispatch.values(&borrowing)?);
        let mut clear = || {
            with_workspace(|workspace| {
                let scratch = &mut workspace.scratch;
                merit_order::clear(bids, quantities, demand, rules, values, scratch)
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
        let conversion = Conversion::new(py);
        let labelled = [
            ("bids", Some(bids), TABLE),
            ("quantities", Some(quantities), TABLE),
            ("demand", Some(demand), COLUMN),
            ("price_cap", price_cap, COLUMN),
        ];
        labels::check(&conversion, &labelled)?;
        let arguments = BatchArguments {
            bids: conversion.table("bids", bids)?,
            quantities: conversion.table("quantities", quantities),
            demand: conversion.column("demand", demand),
            price_cap: price_cap
                .map(|cap| conversion.column("price_cap", cap))
                .transpose(),
            ties: conversion.ties(&ties),
            threads: conversion.threads(threads),
        };
        let shape = match arguments.shape(py) {
            Ok(shape) => shape,
            Err(_) => return Err(arguments.first_error(py, &conversion.finish())),
        };
        let threads = shape
            .threads
            .unwrap_or_else(|| available_parallelism().unwrap_or(NonZeroUsize::MIN));
        let mut prices = conversion.new_vector(shape.markets)?;
        let mut dispatch = conversion.new_table(shape.markets, shape.offers)?;
        let borrowing = conversion.finish();
        let batch = arguments.batch(&shape, &borrowing)?;
        let (price_values, dispatch_values) =
            (prices.values(&borrowing)?, dispatch.values(&borrowing)?);
        signals::run(py, true, |stop| {
            merit_order::clear_batch(batch, price_values, dispatch_values, threads, stop)
        })?;
        Ok((prices.finish(), dispatch.finish()))
    }
}
