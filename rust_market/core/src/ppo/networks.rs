//! The networks of an agent, and how their parameters lie in one vector.

use std::ops::Range;

use pulp::Simd;

use crate::error::Error;
use crate::memory;
use crate::mlp::Activation;
use crate::ppo::dense::{BLOCK, Finish, PackedMatrix, add_gradient, multiply};

/// A dense layer, and where its weights (outputs, inputs) begin; its biases follow them.
#[derive(Clone, Copy, Debug)]
struct Layer {
    inputs: usize,
    outputs: usize,
    start: usize,
}

impl Layer {
    fn weights(&self) -> Range<usize> {
        self.start..self.start + self.inputs * self.outputs
    }

    fn biases(&self) -> Range<usize> {
        self.weights().end..self.weights().end + self.outputs
    }
}

/// Sizes of an agent's networks.
///
/// Their parameters are those of the actor, layer by layer, the logarithms of the standard
/// deviations of the actions, and those of the critic. Actor and critic have the same hidden layers.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The layers of the actor and of the critic.
    layers: [Vec<Layer>; 2],
    log_std: Range<usize>,
    activation: Activation,
    size: usize,
}

impl Shape {
    /// The networks for observations and actions of so many values.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] if there are too many parameters.
    ///
    /// # Panics
    ///
    /// When a size is zero.
    pub fn new(
        inputs: usize,
        hidden: &[usize],
        actions: usize,
        activation: Activation,
    ) -> Result<Self, Error> {
        assert!(inputs > 0 && actions > 0 && !hidden.contains(&0));
        let mut size = 0_usize;
        let mut network = |outputs: usize| -> Result<Vec<Layer>, Error> {
            let mut layers = Vec::new();
            let mut from = inputs;
            for &to in hidden.iter().chain([&outputs]) {
                layers.push(Layer {
                    inputs: from,
                    outputs: to,
                    start: size,
                });
                let parameters = from.checked_add(1).and_then(|from| from.checked_mul(to));
                let larger = parameters.and_then(|parameters| size.checked_add(parameters));
                size = larger.ok_or(Error::OutOfMemory)?;
                from = to;
            }
            Ok(layers)
        };
        let mut actor = network(actions)?;
        let mut critic = network(1)?;
        // The logarithms come between the two.
        let start = critic[0].start;
        for layer in &mut critic {
            layer.start += actions;
        }
        actor.shrink_to_fit();
        Ok(Self {
            layers: [actor, critic],
            log_std: start..start + actions,
            activation,
            size: size + actions,
        })
    }

    /// Parameters of all networks of an agent.
    pub fn parameters(&self) -> usize {
        self.size
    }

    /// Values of an observation.
    pub fn inputs(&self) -> usize {
        self.layers[0][0].inputs
    }

    /// Values of an action.
    pub fn actions(&self) -> usize {
        self.log_std.len()
    }

    /// Logarithms of the standard deviations of the actions.
    pub(crate) fn log_std<'a>(&self, parameters: &'a [f32]) -> &'a [f32] {
        &parameters[self.log_std.clone()]
    }

    pub(crate) fn log_std_mut<'a>(&self, gradient: &'a mut [f32]) -> &'a mut [f32] {
        &mut gradient[self.log_std.clone()]
    }

    /// The entropy of the actions.
    pub(crate) fn entropy(&self, parameters: &[f32]) -> f64 {
        let half = 0.5 * (std::f64::consts::TAU * std::f64::consts::E).ln();
        let log_std = self.log_std(parameters).iter();
        log_std.map(|&value| f64::from(value) + half).sum()
    }
}

/// The weights of an agent's layers, once as they are multiplied forwards, once backwards.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    layers: [Vec<[PackedMatrix; 2]>; 2],
}

impl Packed {
    /// Takes over parameters.
    pub(crate) fn pack(&mut self, shape: &Shape, parameters: &[f32]) -> Result<(), Error> {
        for (packed, layers) in self.layers.iter_mut().zip(&shape.layers) {
            packed.resize_with(layers.len(), Default::default);
            for ([forwards, backwards], layer) in packed.iter_mut().zip(layers) {
                let (weights, inputs) = (&parameters[layer.weights()], layer.inputs);
                forwards.pack(layer.outputs, inputs, |to, from| {
                    weights[to * inputs + from]
                })?;
                backwards.pack(inputs, layer.outputs, |from, to| {
                    weights[to * inputs + from]
                })?;
            }
        }
        Ok(())
    }
}

/// The values and derivatives of a block of samples, feature by feature.
#[derive(Debug)]
pub(crate) struct Workspace {
    observations: Vec<f32>,
    /// What each layer of the actor and of the critic returned.
    values: [Vec<Vec<f32>>; 2],
    /// The derivatives of the loss by the outputs of actor and critic.
    derivatives: [Vec<f32>; 2],
    /// The derivatives by the outputs of two hidden layers.
    hidden: [Vec<f32>; 2],
}

impl Workspace {
    pub(crate) fn new(shape: &Shape) -> Result<Self, Error> {
        let block = |features: usize| memory::zeros(features * BLOCK);
        let outputs = |layers: &[Layer]| -> Result<Vec<Vec<f32>>, Error> {
            layers.iter().map(|layer| block(layer.outputs)).collect()
        };
        let widest = |layers: &[Layer]| layers.iter().map(|layer| layer.outputs).max();
        let widest = widest(&shape.layers[0]).unwrap_or(0);
        let [actor, critic] = &shape.layers;
        Ok(Self {
            observations: block(shape.inputs())?,
            values: [outputs(actor)?, outputs(critic)?],
            derivatives: [block(shape.actions())?, block(1)?],
            hidden: [block(widest)?, block(widest)?],
        })
    }

    /// Where the observations of the block belong.
    pub(crate) fn observations(&mut self) -> &mut [f32] {
        &mut self.observations
    }

    /// What actor and critic returned, and where the derivatives by it belong.
    pub(crate) fn outputs(&mut self) -> ([&[f32]; 2], [&mut [f32]; 2]) {
        let last = |values: &'_ [Vec<f32>]| values.len() - 1;
        let [actor, critic] = &self.values;
        let outputs = [&actor[last(actor)][..], &critic[last(critic)][..]];
        (outputs, self.derivatives.each_mut().map(|d| &mut d[..]))
    }

    /// Computes what actor and critic return for the observations.
    #[inline(always)]
    pub(crate) fn forwards<S: Simd>(
        &mut self,
        simd: S,
        shape: &Shape,
        packed: &Packed,
        parameters: &[f32],
    ) {
        for network in 0..2 {
            let layers = &shape.layers[network];
            for depth in 0..layers.len() {
                let (before, after) = self.values[network].split_at_mut(depth);
                let from = before.last().unwrap_or(&self.observations);
                let activation = (depth + 1 < layers.len()).then_some(shape.activation);
                let biases = &parameters[layers[depth].biases()];
                let [forwards, _] = &packed.layers[network][depth];
                let finish = Finish::Layer(biases, activation);
                multiply(simd, forwards, from, finish, &mut after[0]);
            }
        }
    }

    /// Adds the gradient of the loss, given its derivatives by what actor and critic returned.
    #[inline(always)]
    pub(crate) fn backwards<S: Simd>(
        &mut self,
        simd: S,
        shape: &Shape,
        packed: &Packed,
        gradient: &mut [f32],
    ) {
        for network in 0..2 {
            let layers = &shape.layers[network];
            let values = &self.values[network];
            for depth in (0..layers.len()).rev() {
                let layer = layers[depth];
                let (own, others) = self.hidden.split_at_mut(1);
                let (mut here, mut there) = (&mut own[0], &mut others[0]);
                if depth % 2 == 1 {
                    (here, there) = (there, here);
                }
                let derivatives = if depth + 1 == layers.len() {
                    &self.derivatives[network]
                } else {
                    &*here
                };
                let derivatives = &derivatives[..layer.outputs * BLOCK];
                let inputs = if depth > 0 {
                    &values[depth - 1]
                } else {
                    &self.observations
                };
                let (weights, biases) = gradient[layer.start..layer.biases().end]
                    .split_at_mut(layer.inputs * layer.outputs);
                add_gradient(simd, derivatives, inputs, weights, biases);
                if depth > 0 {
                    let finish = Finish::Derivative(inputs, shape.activation);
                    let [_, backwards] = &packed.layers[network][depth];
                    multiply(simd, backwards, derivatives, finish, there);
                }
            }
        }
    }
}
