//! A ring of transitions: arrays of the caller's in, filled in place.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use merit_order::replay::{Drawn, Replay, Shape, Transitions};
use numpy::{PyArray1, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::buffers::{readable, readable_flags, refuse, require_length, writable, writable_flags};
use crate::raise;

/// To copy so many values takes long enough for other threads to run meanwhile.
const WORTH_DETACHING: usize = 1 << 14;

/// The last transitions of many; documented in `rust_market.pyi`.
#[pyclass(frozen, module = "rust_market")]
pub(crate) struct ReplayBuffer {
    replay: Mutex<Replay>,
    shape: Shape,
}

type State<'py> = (
    [u64; 2],
    Bound<'py, PyArray1<f32>>,
    Bound<'py, PyArray1<f64>>,
    f64,
);

impl ReplayBuffer {
    /// Takes the lock; the GIL is let go while another thread holds it.
    fn lock(&self, py: Python<'_>) -> MutexGuard<'_, Replay> {
        match self.replay.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                // A guard does not cross threads: wait without the GIL, then try again.
                loop {
                    py.detach(|| {
                        drop(self.replay.lock().unwrap_or_else(PoisonError::into_inner));
                    });
                    if let Ok(guard) = self.replay.try_lock() {
                        return guard;
                    }
                }
            }
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
            replay: Mutex::new(replay),
            shape,
        })
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.lock(py).len()
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
        let rewards = readable::<f32>("rewards", rewards)?;
        let number = rewards.len();
        let observations = readable::<f32>("observations", observations)?;
        let actions = readable::<f32>("actions", actions)?;
        let next_observations = readable::<f32>("next_observations", next_observations)?;
        let done = readable_flags("done", done)?;
        let observed = number * self.shape.observation;
        require_length("observations", observations.len(), observed)?;
        require_length("actions", actions.len(), number * self.shape.action)?;
        require_length("next_observations", next_observations.len(), observed)?;
        require_length("done", done.len(), number)?;
        let transitions = Transitions {
            observations: observations.as_slice()?,
            actions: actions.as_slice()?,
            rewards: rewards.as_slice()?,
            next_observations: next_observations.as_slice()?,
            done: done.as_slice()?,
        };
        if observed < WORTH_DETACHING {
            self.lock(py).add(transitions)
        } else {
            py.detach(|| {
                let mut replay = self.replay.lock().unwrap_or_else(PoisonError::into_inner);
                replay.add(transitions)
            })
        }
        .map_err(raise)
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
        let number = readable::<i64>("indices", indices)?.len();
        let observed = number * self.shape.observation;
        let mut observations = writable::<f32>("observations", observations, observed)?;
        let mut actions = writable::<f32>("actions", actions, number * self.shape.action)?;
        let mut rewards = writable::<f32>("rewards", rewards, number)?;
        let mut next_observations =
            writable::<f32>("next_observations", next_observations, observed)?;
        let mut done = writable_flags("done", done, number)?;
        let mut indices = writable::<i64>("indices", indices, number)?;
        let mut weights = writable::<f32>("weights", weights, number)?;
        let drawn = Drawn {
            observations: observations.as_slice_mut()?,
            actions: actions.as_slice_mut()?,
            rewards: rewards.as_slice_mut()?,
            next_observations: next_observations.as_slice_mut()?,
            done: done.as_slice_mut()?,
            indices: indices.as_slice_mut()?,
            weights: weights.as_slice_mut()?,
        };
        let draw = |replay: &mut Replay| {
            if !replay.is_empty() {
                replay.sample(beta, drawn);
                return true;
            }
            false
        };
        let drawn = if observed < WORTH_DETACHING {
            draw(&mut self.lock(py))
        } else {
            py.detach(|| draw(&mut self.replay.lock().unwrap_or_else(PoisonError::into_inner)))
        };
        if drawn {
            return Ok(());
        }
        Err(PyValueError::new_err("there is nothing to sample yet"))
    }

    /// Change priorities.
    fn update(
        &self,
        py: Python<'_>,
        indices: &Bound<'_, PyAny>,
        priorities: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let indices = readable::<i64>("indices", indices)?;
        let priorities = readable::<f64>("priorities", priorities)?;
        require_length("priorities", priorities.len(), indices.len())?;
        let (indices, priorities) = (indices.as_slice()?, priorities.as_slice()?);
        let mut replay = self.lock(py);
        if !replay.is_prioritised() {
            return Err(refuse("priorities", &"the buffer keeps none"));
        }
        replay.update(indices, priorities).map_err(raise)
    }

    /// Copy everything that changes.
    fn state<'py>(&self, py: Python<'py>) -> State<'py> {
        let replay = self.lock(py);
        let (preferences, largest) = replay.preferences();
        (
            replay.counters(),
            PyArray1::from_slice(py, replay.rows()),
            PyArray1::from_slice(py, preferences),
            largest,
        )
    }

    /// Put a state back.
    fn restore(
        &self,
        py: Python<'_>,
        counters: [u64; 2],
        rows: &Bound<'_, PyAny>,
        preferences: &Bound<'_, PyAny>,
        largest: f64,
    ) -> PyResult<()> {
        let rows = readable::<f32>("rows", rows)?;
        let preferences = readable::<f64>("preferences", preferences)?;
        let (rows, preferences) = (rows.as_slice()?, preferences.as_slice()?);
        let mut replay = self.lock(py);
        if replay.restore(counters, rows, preferences, largest) {
            return Ok(());
        }
        Err(PyValueError::new_err("state: does not fit the buffer"))
    }
}
