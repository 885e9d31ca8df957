//! Markets to learn in: arrays of the caller's in, filled in place.

use std::num::NonZeroUsize;

use merit_order::environment::{self, Clocks, Outcome, Settings};
use merit_order::{Rules, Ties};
use numpy::PyUntypedArrayMethods;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::buffers::{readable, refuse, require_length, writable, writable_flags, writable_rows};
use crate::raise;

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
        capacities: Vec<f64>,
        costs: Vec<f64>,
        demand: Vec<f64>,
        noise: [f64; 3],
        max_bid_delta: f64,
        markup_penalty: f64,
        unserved_penalty: f64,
        reward_scale: f64,
        pro_rata: bool,
        price_cap: Option<f64>,
        template: Vec<f64>,
        demand_scale: f64,
        time: Vec<f64>,
        autoreset: bool,
    ) -> PyResult<Self> {
        let ties = if pro_rata { Ties::ProRata } else { Ties::Index };
        let settings = Settings {
            capacities,
            costs,
            demand,
            noise,
            max_bid_delta,
            markup_penalty,
            unserved_penalty,
            reward_scale,
            rules: Rules { ties, price_cap },
            template,
            demand_scale,
            time,
            autoreset,
        };
        environment::Environment::new(settings)
            .map(Self)
            .ok_or_else(|| PyValueError::new_err("settings: do not fit together"))
    }

    /// Show the hour that each clock shows.
    fn observe(&self, clocks: &Bound<'_, PyAny>, observations: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut clocks = writable_rows::<u64>("clocks", clocks, 3)?;
        let clocks = read_clocks(clocks.as_slice_mut()?);
        let shown = clocks.hours.len() * self.0.agents() * self.0.features();
        let mut observations = writable::<f64>("observations", observations, shown)?;
        require_hours(clocks.hours, self.0.hours())?;
        self.0.observe(&clocks, observations.as_slice_mut()?);
        Ok(())
    }

    /// Step all markets by an hour.
    #[expect(clippy::too_many_arguments, reason = "the caller owns every array")]
    fn step(
        &self,
        py: Python<'_>,
        clocks: &Bound<'_, PyAny>,
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
        let mut clocks = writable_rows::<u64>("clocks", clocks, 3)?;
        let clocks = read_clocks(clocks.as_slice_mut()?);
        let actions = readable::<f64>("actions", actions)?;
        let (markets, agents) = (clocks.hours.len(), self.0.agents());
        let (offers, shown) = (markets * agents, markets * agents * self.0.features());
        require_length("actions", actions.len(), offers * 2)?;
        let mut observations = writable::<f64>("observations", observations, shown)?;
        let mut final_observations =
            writable::<f64>("final_observations", final_observations, shown)?;
        let mut rewards = writable::<f64>("rewards", rewards, offers)?;
        let mut ended = writable_flags("ended", ended, markets)?;
        let mut demand = writable::<f64>("demand", demand, markets)?;
        let mut prices = writable::<f64>("prices", prices, markets)?;
        let mut dispatch = writable::<f64>("dispatch", dispatch, offers)?;
        require_hours(clocks.hours, self.0.hours() - 1)?;
        let actions = actions.as_slice()?;
        let outcome = Outcome {
            observations: observations.as_slice_mut()?,
            final_observations: final_observations.as_slice_mut()?,
            rewards: rewards.as_slice_mut()?,
            ended: ended.as_slice_mut()?,
            demand: demand.as_slice_mut()?,
            prices: prices.as_slice_mut()?,
            dispatch: dispatch.as_slice_mut()?,
        };
        if offers < WORTH_DETACHING {
            self.0.step(clocks, actions, outcome, threads)
        } else {
            py.detach(|| self.0.step(clocks, actions, outcome, threads))
        }
        .map_err(raise)
    }
}

/// To step so many agents takes long enough for other threads to run meanwhile.
const WORTH_DETACHING: usize = 256;

/// Takes the rows of seeds, episodes and hours apart.
fn read_clocks(words: &mut [u64]) -> Clocks<'_> {
    let (seeds, rest) = words.split_at_mut(words.len() / 3);
    let (episodes, hours) = rest.split_at_mut(rest.len() / 2);
    Clocks {
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
