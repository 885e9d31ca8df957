//! Simulation of years for Python: fills the caller's arrays.

use std::num::NonZeroUsize;

use merit_order::Error;
use merit_order::adequacy::{
    self, CAPACITY_LIMIT, STATES, Study, UNITS_PER_WORD, WORDS_PER_CALL, Years,
};
use numpy::PyUntypedArrayMethods;
use pyo3::prelude::*;

use crate::arguments::Conversion;
use crate::buffers::{Buffers, contiguous};
use crate::errors::refuse;
use crate::signals;

/// Fill random words; documented in `rust_market.pyi`.
#[pyfunction]
#[pyo3(signature = (words, *, seed, year))]
pub(crate) fn fill_random_words(
    py: Python<'_>,
    words: &Bound<'_, PyAny>,
    seed: u64,
    year: u32,
) -> PyResult<()> {
    let hours = contiguous::<u32>("words", words)?.len() / WORDS_PER_CALL;
    let borrowing = Conversion::new(py).finish();
    let mut buffers = Buffers::new(&borrowing, false);
    let mut words = buffers.write::<u32>("words", words, WORDS_PER_CALL * hours)?;
    if hours > 0 {
        adequacy::fill_random_words(words.as_slice_mut()?, seed, year);
    }
    Ok(())
}

/// Simulate years; documented in `rust_market.pyi`.
#[pyfunction]
#[pyo3(signature = (
    alias, capacities, needed, loads, in_service, hours, unserved, energy, *, quantum, seed, first,
    threads
))]
#[expect(clippy::too_many_arguments, reason = "the caller owns every array")]
pub(crate) fn simulate_years(
    py: Python<'_>,
    alias: &Bound<'_, PyAny>,
    capacities: &Bound<'_, PyAny>,
    needed: &Bound<'_, PyAny>,
    loads: &Bound<'_, PyAny>,
    in_service: &Bound<'_, PyAny>,
    hours: &Bound<'_, PyAny>,
    unserved: &Bound<'_, PyAny>,
    energy: &Bound<'_, PyAny>,
    quantum: f64,
    seed: u64,
    first: u32,
    threads: NonZeroUsize,
) -> PyResult<()> {
    let units = contiguous::<u64>("capacities", capacities)?.len();
    let (length, years) = (
        contiguous::<f64>("loads", loads)?.len(),
        contiguous::<f64>("unserved", unserved)?.len(),
    );
    let is_outage_planned = contiguous::<u8>("in_service", in_service)?.len() > 0;
    let is_energy_asked = contiguous::<f64>("energy", energy)?.len() > 0;
    // Counters of hours and years are words of 32 bits.
    if u32::try_from(length).is_err() {
        return Err(refuse("loads", &"must hold less than 2^32 hours"));
    }
    if u32::try_from(years).map_or(true, |years| first.checked_add(years).is_none()) {
        return Err(refuse("first", &"must leave all years below 2^32"));
    }
    let borrowing = Conversion::new(py).finish();
    let mut buffers = Buffers::new(&borrowing, true);
    let words = units.div_ceil(UNITS_PER_WORD);
    let alias = buffers.read::<u32>("alias", alias, words * STATES)?;
    let capacities = buffers.read::<u64>("capacities", capacities, units)?;
    let needed = buffers.read::<u64>("needed", needed, length)?;
    let loads = buffers.read::<f64>("loads", loads, length)?;
    let planned = if is_outage_planned { words * length } else { 0 };
    let in_service = buffers.read::<u8>("in_service", in_service, planned)?;
    let mut hours = buffers.write::<u32>("hours", hours, years * (units + 1))?;
    let mut unserved = buffers.write::<f64>("unserved", unserved, years)?;
    let asked = if is_energy_asked { years * units } else { 0 };
    let mut energy = buffers.write::<f64>("energy", energy, asked)?;
    let study = Study {
        alias: alias.as_slice()?,
        capacities: capacities.as_slice()?,
        needed: needed.as_slice()?,
        loads: loads.as_slice()?,
        in_service: in_service.as_slice()?,
        quantum,
        seed,
    };
    let add = |sum: u64, &it: &u64| sum.checked_add(it).filter(|&sum| sum < CAPACITY_LIMIT);
    if study.capacities.iter().try_fold(0, add).is_none() {
        return Err(refuse("capacities", &"must be below 2^62 together"));
    }
    let found = Years {
        hours: hours.as_slice_mut()?,
        unserved: unserved.as_slice_mut()?,
        energy: energy.as_slice_mut()?,
    };
    signals::run(py, true, |stop| -> Result<(), Error> {
        adequacy::simulate_years(study, first, found, threads, stop)
    })
}
