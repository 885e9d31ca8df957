//! The learning environment for Python: fills the caller's arrays in place.

use std::num::NonZeroUsize;

use merit_order::environment::{self, EnvState, Settings, StepBuffers};
use merit_order::memory;
use merit_order::{Rules, Ties};
use numpy::PyUntypedArrayMethods;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::arguments::{Conversion, Numbers};
use crate::buffers::{Buffers, contiguous};
use crate::errors::{raise, refuse};
use crate::results::filled;
use crate::signals;

/// Markets stepped together; documented in `rust_market.pyi`.
#[pyclass(frozen, module = "rust_market")]
pub(crate) struct Environment(environment::Environment);

#[pymethods]
impl Environment {
    #[new]
    #[pyo3(signature = (
        *, capacities, costs, demand, noise, max_bid_delta, markup_penalty, unserved_penalty,
        reward_scale, pro_rata, price_cap, template, demand_scale, time, autoreset
    ))]
    #[expect(clippy::too_many_arguments, reason = "by keyword only")]
    fn new(
        py: Python<'_>,
        capacities: &Bound<'_, PyAny>,
        costs: &Bound<'_, PyAny>,
        demand: &Bound<'_, PyAny>,
        noise: [f64; 3],
        max_bid_delta: f64,
        markup_penalty: f64,
        unserved_penalty: f64,
        reward_scale: f64,
        pro_rata: bool,
        price_cap: Option<f64>,
        template: &Bound<'_, PyAny>,
        demand_scale: f64,
        time: &Bound<'_, PyAny>,
        autoreset: bool,
    ) -> PyResult<Self> {
        let conversion = Conversion::new(py);
        let capacities = conversion.list("capacities", capacities)?;
        let costs = conversion.list("costs", costs)?;
        let demand = conversion.list("demand", demand)?;
        let template = conversion.list("template", template)?;
        let time = conversion.list("time", time)?;
        let borrowing = conversion.finish();
        let copy =
            |numbers: &Numbers<'_>| memory::to_vec(numbers.values(&borrowing)?).map_err(raise);
        let ties = if pro_rata { Ties::ProRata } else { Ties::Index };
        let settings = Settings {
            capacities: copy(&capacities)?,
            costs: copy(&costs)?,
            demand: copy(&demand)?,
            noise,
            max_bid_delta,
            markup_penalty,
            unserved_penalty,
            reward_scale,
            rules: Rules { ties, price_cap },
            template: copy(&template)?,
            demand_scale,
            time: copy(&time)?,
            autoreset,
        };
        environment::Environment::new(settings)
            .map(Self)
            .ok_or_else(|| PyValueError::new_err("settings: do not fit together"))
    }

    /// Fill the observations of the current hour of each market.
    fn observe(
        &self,
        py: Python<'_>,
        state: &Bound<'_, PyAny>,
        observations: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let environment = &self.0;
        let borrowing = Conversion::new(py).finish();
        let markets = number_of_markets(state)?;
        let offers = markets * environment.agents();
        let is_long = offers >= WORTH_DETACHING;
        let mut buffers = Buffers::new(&borrowing, is_long);
        let mut state = buffers.write::<u64>("state", state, 3 * markets)?;
        let mut observations = buffers.write::<f64>(
            "observations",
            observations,
            offers * environment.features(),
        )?;
        let state = read_state(state.as_slice_mut()?);
        require_hours(state.hours, environment.hours())?;
        let observations = observations.as_slice_mut()?;
        signals::run(py, is_long, |stop| {
            environment.observe(&state, observations, stop)
        })
    }

    /// Step all markets by an hour.
    #[expect(clippy::too_many_arguments, reason = "the caller owns every array")]
    fn step(
        &self,
        py: Python<'_>,
        state: &Bound<'_, PyAny>,
        actions: &Bound<'_, PyAny>,
        observations: &Bound<'_, PyAny>,
        final_observations: &Bound<'_, PyAny>,
        rewards: &Bound<'_, PyAny>,
        ended: &Bound<'_, PyAny>,
        demand: &Bound<'_, PyAny>,
        prices: &Bound<'_, PyAny>,
        dispatch: &Bound<'_, PyAny>,
        threads: NonZeroUsize,
    ) -> PyResult<()> {
        let environment = &self.0;
        let borrowing = Conversion::new(py).finish();
        let markets = number_of_markets(state)?;
        let offers = markets * environment.agents();
        let shown = offers * environment.features();
        let is_long = offers >= WORTH_DETACHING;
        let mut buffers = Buffers::new(&borrowing, is_long);
        let mut state = buffers.write::<u64>("state", state, 3 * markets)?;
        let actions = buffers.read::<f64>("actions", actions, 2 * offers)?;
        let mut observations = buffers.write::<f64>("observations", observations, shown)?;
        let mut final_observations =
            buffers.write::<f64>("final_observations", final_observations, shown)?;
        let mut rewards = buffers.write::<f64>("rewards", rewards, offers)?;
        let mut ended = buffers.write_flags("ended", ended, markets)?;
        let mut demand = buffers.write::<f64>("demand", demand, markets)?;
        let mut prices = buffers.write::<f64>("prices", prices, markets)?;
        let mut dispatch = buffers.write::<f64>("dispatch", dispatch, offers)?;
        let state = read_state(state.as_slice_mut()?);
        require_hours(state.hours, environment.hours() - 1)?;
        let actions = actions.as_slice()?;
        let outcome = StepBuffers {
            observations: observations.as_slice_mut()?,
            final_observations: final_observations.as_slice_mut()?,
            rewards: rewards.as_slice_mut()?,
            ended: ended.as_slice_mut()?,
            demand: demand.as_slice_mut()?,
            prices: prices.as_slice_mut()?,
            dispatch: dispatch.as_slice_mut()?,
        };
        signals::run(py, is_long, |stop| {
            environment.step(state, actions, outcome, threads, stop)
        })
    }

    /// Arguments that make a copy, all by keyword.
    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let settings = self.0.settings();
        let copy = |values: &[f64]| {
            filled(py, &[values.len()], |copy: &mut [f64]| {
                copy.copy_from_slice(values)
            })
        };
        let keywords = PyDict::new(py);
        keywords.set_item("capacities", copy(&settings.capacities)?)?;
        keywords.set_item("costs", copy(&settings.costs)?)?;
        keywords.set_item("demand", copy(&settings.demand)?)?;
        keywords.set_item("noise", settings.noise)?;
        keywords.set_item("max_bid_delta", settings.max_bid_delta)?;
        keywords.set_item("markup_penalty", settings.markup_penalty)?;
        keywords.set_item("unserved_penalty", settings.unserved_penalty)?;
        keywords.set_item("reward_scale", settings.reward_scale)?;
        keywords.set_item("pro_rata", settings.rules.ties == Ties::ProRata)?;
        keywords.set_item("price_cap", settings.rules.price_cap)?;
        keywords.set_item("template", copy(&settings.template)?)?;
        keywords.set_item("demand_scale", settings.demand_scale)?;
        keywords.set_item("time", copy(&settings.time)?)?;
        keywords.set_item("autoreset", settings.autoreset)?;
        Ok((PyTuple::empty(py), keywords))
    }
}

/// From this many agents on, the GIL is released during a step.
const WORTH_DETACHING: usize = 256;

/// How many markets there are: the columns of the state.
fn number_of_markets(state: &Bound<'_, PyAny>) -> PyResult<usize> {
    match contiguous::<u64>("state", state)?.shape() {
        [3, markets] => Ok(*markets),
        _ => Err(refuse("state", &"must be 3 rows")),
    }
}

/// Splits the state into its rows: seeds, episodes and hours.
fn read_state(words: &mut [u64]) -> EnvState<'_> {
    let (seeds, rest) = words.split_at_mut(words.len() / 3);
    let (episodes, hours) = rest.split_at_mut(rest.len() / 2);
    EnvState {
        seeds,
        episodes,
        hours,
    }
}

fn require_hours(hours: &[u64], last: usize) -> PyResult<()> {
    match hours.iter().find(|&&hour| hour > last as u64) {
        None => Ok(()),
        Some(hour) => Err(refuse(
            "hours",
            &format!("{hour} is after the end of the episode"),
        )),
    }
}
