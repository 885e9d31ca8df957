//! Updates of networks for Python: change the caller's arrays in place.

use std::num::NonZeroUsize;

use merit_order::Error;
use merit_order::mlp::Activation;
use merit_order::ppo::{LOSSES, Learned, Samples, Settings, Shape, update};
use numpy::PyUntypedArrayMethods;
use pyo3::prelude::*;

use crate::arguments::Conversion;
use crate::buffers::{Buffers, contiguous};
use crate::errors::{raise, refuse};
use crate::signals;

/// Update networks; documented in `rust_market.pyi`.
#[pyfunction]
#[pyo3(signature = (
    parameters, moments, observations, actions, log_probs, advantages, returns, order, losses, *,
    learning_rate, clip_coef, vf_coef, ent_coef, max_grad_norm, minibatch_size, steps, hidden, relu,
    threads
))]
#[expect(clippy::too_many_arguments, reason = "the caller owns every array")]
pub(crate) fn ppo_update(
    py: Python<'_>,
    parameters: &Bound<'_, PyAny>,
    moments: &Bound<'_, PyAny>,
    observations: &Bound<'_, PyAny>,
    actions: &Bound<'_, PyAny>,
    log_probs: &Bound<'_, PyAny>,
    advantages: &Bound<'_, PyAny>,
    returns: &Bound<'_, PyAny>,
    order: &Bound<'_, PyAny>,
    losses: &Bound<'_, PyAny>,
    learning_rate: f64,
    clip_coef: f64,
    vf_coef: f64,
    ent_coef: f64,
    max_grad_norm: f64,
    minibatch_size: NonZeroUsize,
    steps: u64,
    hidden: Vec<NonZeroUsize>,
    relu: bool,
    threads: NonZeroUsize,
) -> PyResult<()> {
    let last = |name, array| -> PyResult<usize> {
        let shape = contiguous::<f32>(name, array)?.shape().last().copied();
        shape
            .filter(|&size| size > 0)
            .ok_or_else(|| refuse(name, &"must not be empty"))
    };
    let (inputs, acted) = (
        last("observations", observations)?,
        last("actions", actions)?,
    );
    let activation = if relu {
        Activation::Relu
    } else {
        Activation::Tanh
    };
    let hidden: Vec<usize> = hidden.into_iter().map(NonZeroUsize::get).collect();
    let shape = Shape::new(inputs, &hidden, acted, activation).map_err(raise)?;
    let size = shape.parameters();

    let length = contiguous::<f32>("parameters", parameters)?.len();
    let sets = length / size;
    let rows = contiguous::<f32>("returns", returns)?.len();
    if sets == 0 || rows == 0 || !rows.is_multiple_of(sets) {
        return Err(refuse(
            "returns",
            &"must hold samples of each set of networks",
        ));
    }
    if clip_coef.is_nan() || clip_coef < 0.0 {
        return Err(refuse("clip_coef", &"must be >= 0"));
    }
    let samples = rows / sets;
    let indices = contiguous::<u32>("order", order)?.len();
    let borrowing = Conversion::new(py).finish();
    let mut buffers = Buffers::new(&borrowing, true);
    let mut parameters = buffers.write::<f32>("parameters", parameters, sets * size)?;
    let mut moments = buffers.write::<f32>("moments", moments, 2 * sets * size)?;
    let observations = buffers.read::<f32>("observations", observations, rows * inputs)?;
    let actions = buffers.read::<f32>("actions", actions, rows * acted)?;
    let log_probs = buffers.read::<f32>("log_probs", log_probs, rows)?;
    let advantages = buffers.read::<f32>("advantages", advantages, rows)?;
    let returns = buffers.read::<f32>("returns", returns, rows)?;
    let order = buffers.read::<u32>("order", order, indices)?;
    let mut losses = buffers.write::<f64>("losses", losses, sets * LOSSES)?;
    let order = order.as_slice()?;
    let all = order.iter().all(|&index| (index as usize) < samples);
    if !all || !order.len().is_multiple_of(samples) {
        return Err(refuse("order", &"must hold the indices of all samples"));
    }
    let (first, second) = moments.as_slice_mut()?.split_at_mut(sets * size);
    let learned = Learned {
        parameters: parameters.as_slice_mut()?,
        moments: [first, second],
        steps,
    };
    let samples = Samples {
        observations: observations.as_slice()?,
        actions: actions.as_slice()?,
        log_probs: log_probs.as_slice()?,
        advantages: advantages.as_slice()?,
        returns: returns.as_slice()?,
    };
    let settings = Settings {
        learning_rate,
        clip_coef,
        vf_coef,
        ent_coef,
        max_grad_norm,
        minibatch_size,
    };
    let losses = losses.as_slice_mut()?;
    signals::run(py, true, |stop| -> Result<(), Error> {
        update(
            &shape, learned, samples, order, settings, losses, threads, stop,
        )
    })
}
