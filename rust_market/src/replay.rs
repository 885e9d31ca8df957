//! The replay buffer for Python: reads and fills the caller's arrays in place.

use std::thread;
use std::time::Duration;

use merit_order::exclusive::{Exclusive, Taken};
use merit_order::replay::{Drawn, Replay, Shape, Transitions};
use numpy::{PyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arguments::Conversion;
use crate::buffers::{Buffers, contiguous};
use crate::errors::{raise, refuse};
use crate::results::empty;
use crate::signals;

/// From this many values on, the GIL is released while they are copied.
const WORTH_DETACHING: usize = 1 << 14;

/// A replay buffer; documented in `rust_market.pyi`.
#[pyclass(frozen, module = "rust_market")]
pub(crate) struct ReplayBuffer {
    replay: Exclusive<Replay>,
    shape: Shape,
}

type State<'py> = (
    [u64; 2],
    Bound<'py, PyArrayDyn<f32>>,
    Bound<'py, PyArrayDyn<f64>>,
    f64,
);

/// Capacity, size of an observation, and size of an action; then seed and alpha.
type NewArguments<'py> = ((usize, usize, usize), Bound<'py, PyDict>);

impl ReplayBuffer {
    /// Copies the state into new arrays, if they are as long as it is; returns what else there is.
    fn copy_state(
        &self,
        py: Python<'_>,
        rows: &Bound<'_, PyArrayDyn<f32>>,
        preferences: &Bound<'_, PyArrayDyn<f64>>,
    ) -> PyResult<Option<([u64; 2], f64)>> {
        let lengths = [rows.len(), preferences.len()];
        let is_long = lengths[0] >= WORTH_DETACHING;
        let replay = self.take(py, is_long)?;
        if replay.state_lengths() != lengths {
            return Ok(None);
        }
        let borrowing = Conversion::new(py).finish();
        let mut buffers = Buffers::new(&borrowing, is_long);
        let mut rows = buffers.write::<f32>("rows", rows.as_any(), lengths[0])?;
        let mut preferences =
            buffers.write::<f64>("preferences", preferences.as_any(), lengths[1])?;
        let (rows, preferences) = (rows.as_slice_mut()?, preferences.as_slice_mut()?);
        signals::run(py, is_long, |stop| {
            replay.copy_state(rows, preferences, stop).map(Some)
        })
    }

    /// Takes the ring. While another thread has it, the GIL is released and signals are handled.
    ///
    /// `is_long`: whether the GIL will be released before it is given back.
    fn take(&self, py: Python<'_>, is_long: bool) -> PyResult<Taken<'_, Replay>> {
        let mut pause = Duration::from_micros(20);
        loop {
            let taken = self.replay.try_take(is_long);
            let refused = |why| PyRuntimeError::new_err(format!("the replay buffer {why}"));
            if let Some(taken) = taken.map_err(refused)? {
                return Ok(taken);
            }
            py.check_signals()?;
            py.detach(|| thread::sleep(pause));
            pause = (2 * pause).min(Duration::from_millis(1));
        }
    }
}

#[pymethods]
impl ReplayBuffer {
    #[new]
    #[pyo3(signature = (capacity, observation_size, action_size, *, seed, alpha))]
    fn new(
        capacity: usize,
        observation_size: usize,
        action_size: usize,
        seed: u64,
        alpha: Option<f64>,
    ) -> PyResult<Self> {
        if capacity == 0 || observation_size == 0 || action_size == 0 {
            return Err(PyValueError::new_err("a size: must be positive"));
        }
        let shape = Shape {
            observation: observation_size,
            action: action_size,
        };
        let replay = Replay::new(capacity, shape, seed, alpha).map_err(raise)?;
        Ok(Self {
            replay: Exclusive::new(replay),
            shape,
        })
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.take(py, false)?.len())
    }

    /// Add transitions.
    fn add(
        &self,
        py: Python<'_>,
        observations: &Bound<'_, PyAny>,
        actions: &Bound<'_, PyAny>,
        rewards: &Bound<'_, PyAny>,
        next_observations: &Bound<'_, PyAny>,
        done: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let number = contiguous::<f32>("rewards", rewards)?.len();
        let observed = number.saturating_mul(self.shape.observation);
        let acted = number.saturating_mul(self.shape.action);
        let is_long = observed >= WORTH_DETACHING;
        let mut replay = self.take(py, is_long)?;
        let borrowing = Conversion::new(py).finish();
        let mut buffers = Buffers::new(&borrowing, is_long);
        let rewards = buffers.read::<f32>("rewards", rewards, number)?;
        let observations = buffers.read::<f32>("observations", observations, observed)?;
        let actions = buffers.read::<f32>("actions", actions, acted)?;
        let next_observations =
            buffers.read::<f32>("next_observations", next_observations, observed)?;
        let done = buffers.read_flags("done", done, number)?;
        let transitions = Transitions {
            observations: observations.as_slice()?,
            actions: actions.as_slice()?,
            rewards: rewards.as_slice()?,
            next_observations: next_observations.as_slice()?,
            done: done.as_slice()?,
        };
        signals::run(py, is_long, |stop| replay.add(transitions, stop))
    }

    /// Draw as many transitions as there are indices.
    #[expect(clippy::too_many_arguments, reason = "the caller owns every array")]
    fn sample(
        &self,
        py: Python<'_>,
        beta: f64,
        observations: &Bound<'_, PyAny>,
        actions: &Bound<'_, PyAny>,
        rewards: &Bound<'_, PyAny>,
        next_observations: &Bound<'_, PyAny>,
        done: &Bound<'_, PyAny>,
        indices: &Bound<'_, PyAny>,
        weights: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let number = contiguous::<i64>("indices", indices)?.len();
        let observed = number.saturating_mul(self.shape.observation);
        let acted = number.saturating_mul(self.shape.action);
        let is_long = observed >= WORTH_DETACHING;
        let mut replay = self.take(py, is_long)?;
        let borrowing = Conversion::new(py).finish();
        let mut buffers = Buffers::new(&borrowing, is_long);
        let mut observations = buffers.write::<f32>("observations", observations, observed)?;
        let mut actions = buffers.write::<f32>("actions", actions, acted)?;
        let mut rewards = buffers.write::<f32>("rewards", rewards, number)?;
        let mut next_observations =
            buffers.write::<f32>("next_observations", next_observations, observed)?;
        let mut done = buffers.write_flags("done", done, number)?;
        let mut indices = buffers.write::<i64>("indices", indices, number)?;
        let mut weights = buffers.write::<f32>("weights", weights, number)?;
        let drawn = Drawn {
            observations: observations.as_slice_mut()?,
            actions: actions.as_slice_mut()?,
            rewards: rewards.as_slice_mut()?,
            next_observations: next_observations.as_slice_mut()?,
            done: done.as_slice_mut()?,
            indices: indices.as_slice_mut()?,
            weights: weights.as_slice_mut()?,
        };
        if replay.is_empty() {
            return Err(PyValueError::new_err("there is nothing to sample yet"));
        }
        signals::run(py, is_long, |stop| replay.sample(beta, drawn, stop))
    }

    /// Change priorities.
    fn update(
        &self,
        py: Python<'_>,
        indices: &Bound<'_, PyAny>,
        priorities: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let number = contiguous::<i64>("indices", indices)?.len();
        let is_long = number >= WORTH_DETACHING;
        let mut replay = self.take(py, is_long)?;
        let borrowing = Conversion::new(py).finish();
        let mut buffers = Buffers::new(&borrowing, is_long);
        let indices = buffers.read::<i64>("indices", indices, number)?;
        let priorities = buffers.read::<f64>("priorities", priorities, number)?;
        if !replay.is_prioritised() {
            return Err(refuse("priorities", &"the buffer keeps none"));
        }
        let (indices, priorities) = (indices.as_slice()?, priorities.as_slice()?);
        signals::run(py, is_long, |stop| replay.update(indices, priorities, stop))
    }

    /// Copy everything that changes.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<State<'py>> {
        loop {
            // Allocating may run Python code that uses the buffer, so it must not be taken now.
            let [rows, preferences] = self.take(py, false)?.state_lengths();
            let rows = empty::<f32>(py, &[rows])?;
            let preferences = empty::<f64>(py, &[preferences])?;
            if let Some((counters, largest)) = self.copy_state(py, &rows, &preferences)? {
                return Ok((counters, rows, preferences, largest));
            }
            // Another thread has added transitions meanwhile.
        }
    }

    /// Restore a state.
    fn restore(
        &self,
        py: Python<'_>,
        counters: [u64; 2],
        rows: &Bound<'_, PyAny>,
        preferences: &Bound<'_, PyAny>,
        largest: f64,
    ) -> PyResult<()> {
        let length = contiguous::<f32>("rows", rows)?.len();
        let is_long = length >= WORTH_DETACHING;
        let mut replay = self.take(py, is_long)?;
        let borrowing = Conversion::new(py).finish();
        let mut buffers = Buffers::new(&borrowing, is_long);
        let rows = buffers.read::<f32>("rows", rows, length)?;
        let length = contiguous::<f64>("preferences", preferences)?.len();
        let preferences = buffers.read::<f64>("preferences", preferences, length)?;
        let (rows, preferences) = (rows.as_slice()?, preferences.as_slice()?);
        let restored = signals::run(py, is_long, |_| {
            Ok(replay.restore(counters, rows, preferences, largest))
        })?;
        if restored {
            return Ok(());
        }
        Err(PyValueError::new_err("state: does not fit the buffer"))
    }

    /// Arguments that make a copy, before its state is restored.
    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<NewArguments<'py>> {
        let (capacity, seed, alpha) = {
            let replay = self.take(py, false)?;
            (replay.capacity(), replay.seed(), replay.exponent())
        };
        let keywords = PyDict::new(py);
        keywords.set_item("seed", seed)?;
        keywords.set_item("alpha", alpha)?;
        let Shape {
            observation,
            action,
        } = self.shape;
        Ok(((capacity, observation, action), keywords))
    }

    fn __getstate__<'py>(&self, py: Python<'py>) -> PyResult<State<'py>> {
        self.state(py)
    }

    fn __setstate__(
        &self,
        py: Python<'_>,
        state: ([u64; 2], Bound<'_, PyAny>, Bound<'_, PyAny>, f64),
    ) -> PyResult<()> {
        let (counters, rows, preferences, largest) = state;
        self.restore(py, counters, &rows, &preferences, largest)
    }
}
