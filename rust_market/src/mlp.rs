//! Neural networks for Python: fill the caller's arrays in place.

use std::num::NonZeroUsize;

use merit_order::Error;
use merit_order::mlp::{Activation, Network};
use numpy::PyUntypedArrayMethods;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySequence};

use crate::arguments::Conversion;
use crate::buffers::{Buffers, contiguous};
use crate::errors::{raise, refuse};
use crate::results::filled;
use crate::signals;

/// From this many observations on, the GIL is released during a call.
const WORTH_DETACHING: usize = 64;

/// Dense layers; documented in `rust_market.pyi`.
#[pyclass(frozen, name = "MLP", module = "rust_market")]
pub(crate) struct Mlp(Network);

#[pymethods]
impl Mlp {
    #[new]
    #[pyo3(signature = (weights, biases, *, agents, relu))]
    fn new(
        py: Python<'_>,
        weights: &Bound<'_, PySequence>,
        biases: &Bound<'_, PySequence>,
        agents: NonZeroUsize,
        relu: bool,
    ) -> PyResult<Self> {
        let conversion = Conversion::new(py);
        // New tuples, because the `__len__` of a sequence may not match its items.
        let (weights, biases) = (weights.to_tuple()?, biases.to_tuple()?);
        if biases.len() != weights.len() {
            let (expected, got) = (weights.len(), biases.len());
            let must = format!("must be as many as weights, {expected}, got {got}");
            return Err(refuse("biases", &must));
        }
        let activation = if relu {
            Activation::Relu
        } else {
            Activation::Tanh
        };
        let mut network = Network::new(agents.get(), activation);
        let borrowing = conversion.finish();
        for (weights, biases) in weights.iter_borrowed().zip(biases.iter_borrowed()) {
            let mut buffers = Buffers::new(&borrowing, false);
            let array = contiguous::<f32>("weights", &weights)?;
            let inputs = array.shape().last().copied().unwrap_or(0);
            let weights = buffers.read::<f32>("weights", &weights, array.len())?;
            let length = contiguous::<f32>("biases", &biases)?.len();
            let biases = buffers.read::<f32>("biases", &biases, length)?;
            let fits = network.push(inputs, weights.as_slice()?, biases.as_slice()?);
            if !fits.map_err(raise)? {
                return Err(refuse("weights", &"layers do not fit together"));
            }
        }
        if network.outputs() == 0 {
            return Err(PyValueError::new_err("weights: must have at least a layer"));
        }
        Ok(Self(network))
    }

    /// Fill the outputs for observations.
    fn answer(
        &self,
        py: Python<'_>,
        observations: &Bound<'_, PyAny>,
        answers: &Bound<'_, PyAny>,
        threads: NonZeroUsize,
    ) -> PyResult<()> {
        let network = &self.0;
        let borrowing = Conversion::new(py).finish();
        let length = contiguous::<f32>("observations", observations)?.len();
        let rows = length / network.inputs();
        let is_long = rows >= WORTH_DETACHING;
        let mut buffers = Buffers::new(&borrowing, is_long);
        let expected = rows * network.inputs();
        let observations = buffers.read::<f32>("observations", observations, expected)?;
        if !rows.is_multiple_of(network.agents()) {
            return Err(refuse(
                "observations",
                &"must hold all agents of each market",
            ));
        }
        let mut answers = buffers.write::<f32>("answers", answers, rows * network.outputs())?;
        let (given, shape) = (observations.as_slice()?, observations.shape());
        let answers = answers.as_slice_mut()?;
        signals::run(py, is_long, |stop| {
            let answered = network.answer(given, answers, threads, stop);
            answered.or_else(|error| match error {
                // Some observation is not finite; find the first one.
                Error::Changed => Network::check(given, shape).and(Err(error)),
                error => Err(error),
            })
        })
    }

    /// Arguments that make a copy: weights, biases, agents and activation.
    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<NewArguments<'py>> {
        let network = &self.0;
        let agents = network.agents();
        let (weights, biases) = (PyList::empty(py), PyList::empty(py));
        for (depth, [inputs, outputs]) in network.sizes().enumerate() {
            let fill = |values: &mut [f32]| network.weights(depth, values);
            weights.append(filled(py, &[agents, outputs, inputs], fill)?)?;
            let fill = |values: &mut [f32]| network.biases(depth, values);
            biases.append(filled(py, &[agents, outputs], fill)?)?;
        }
        let keywords = PyDict::new(py);
        keywords.set_item("agents", agents)?;
        keywords.set_item("relu", network.activation() == Activation::Relu)?;
        Ok(((weights, biases), keywords))
    }
}

type NewArguments<'py> = ((Bound<'py, PyList>, Bound<'py, PyList>), Bound<'py, PyDict>);
