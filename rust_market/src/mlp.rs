//! Answers of neural networks: arrays of the caller's in, filled in place.

use std::num::NonZeroUsize;

use merit_order::mlp::{Activation, Network};
use numpy::PyUntypedArrayMethods;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::buffers::{readable, refuse, require_length, writable};
use crate::raise;

/// To answer so many observations takes long enough for other threads to run meanwhile.
const WORTH_DETACHING: usize = 64;

/// Dense layers; documented in `rust_market.pyi`.
#[pyclass(frozen, name = "MLP", module = "rust_market")]
pub(crate) struct Mlp(Network);

#[pymethods]
impl Mlp {
    #[new]
    #[pyo3(signature = (weights, biases, *, agents, relu))]
    fn new(
        weights: Vec<Bound<'_, PyAny>>,
        biases: Vec<Bound<'_, PyAny>>,
        agents: NonZeroUsize,
        relu: bool,
    ) -> PyResult<Self> {
        if biases.len() != weights.len() {
            let must = format!(
                "must be as many as weights, {}, got {}",
                weights.len(),
                biases.len()
            );
            return Err(refuse("biases", &must));
        }
        let activation = if relu {
            Activation::Relu
        } else {
            Activation::Tanh
        };
        let mut network = Network::new(agents.get(), activation);
        for (weights, biases) in weights.iter().zip(&biases) {
            let weights = readable::<f32>("weights", weights)?;
            let biases = readable::<f32>("biases", biases)?;
            let inputs = weights.shape().last().copied().unwrap_or(0);
            if !network.push(inputs, weights.as_slice()?, biases.as_slice()?) {
                return Err(refuse("weights", &"layers do not fit together"));
            }
        }
        if network.outputs() == 0 {
            return Err(PyValueError::new_err("weights: must have at least a layer"));
        }
        Ok(Self(network))
    }

    /// Fill the answers to observations.
    fn answer(
        &self,
        py: Python<'_>,
        observations: &Bound<'_, PyAny>,
        answers: &Bound<'_, PyAny>,
        threads: NonZeroUsize,
    ) -> PyResult<()> {
        let observations = readable::<f32>("observations", observations)?;
        let rows = observations.len() / self.0.inputs();
        require_length("observations", observations.len(), rows * self.0.inputs())?;
        if !rows.is_multiple_of(self.0.agents()) {
            return Err(refuse(
                "observations",
                &"must hold all agents of each market",
            ));
        }
        let mut answers = writable::<f32>("answers", answers, rows * self.0.outputs())?;
        let (given, filled) = (observations.as_slice()?, answers.as_slice_mut()?);
        let answered = if rows < WORTH_DETACHING {
            self.0.answer(given, filled, threads)
        } else {
            py.detach(|| self.0.answer(given, filled, threads))
        };
        answered
            .or_else(|error| Network::check(given, observations.shape()).and(Err(error)))
            .map_err(raise)
    }
}
