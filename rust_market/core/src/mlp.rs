//! Neural networks of dense layers, computed for many observations at once.
//!
//! The outputs of a layer are stored side by side in vectors. A tile of a few rows and vectors
//! stays in registers while the loop goes through the inputs, so that each weight is loaded once
//! for several rows. Four rows by two vectors are eight sums. Eight are needed to hide the latency
//! of a fused multiply-add: four cycles, with two started in each cycle (Goto and van de Geijn,
//! "Anatomy of high-performance matrix multiplication", ACM TOMS 34 (2008) 12).

use std::num::NonZeroUsize;

use pulp::{Arch, Simd, WithSimd};

use crate::error::Error;
use crate::memory;
use crate::threads::{Stop, parallel_for};

/// Outputs of a layer are padded to a multiple of this number, whatever the vector length.
const PADDING: usize = 16;
/// Rows that pass through all layers together, while they are in the nearest cache.
const ROWS: usize = 16;
/// A thread takes at most this many rows at a time.
const ROWS_PER_CHUNK: usize = 256;
/// A thread takes about this many products of large networks at a time: a tenth of a second.
const PRODUCTS_PER_CHUNK: usize = 1 << 30;

/// The function applied between the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// The hyperbolic tangent.
    Tanh,
    /// The positive part.
    Relu,
}

/// A dense layer of each agent, or one layer that all agents share.
#[derive(Debug)]
struct Layer {
    inputs: usize,
    outputs: usize,
    /// For each agent, one row of weights for each input, padded with zeros.
    weights: Vec<f32>,
    /// For each agent, padded with zeros.
    biases: Vec<f32>,
}

/// Networks of the same shape, one for each agent, or one for all.
///
/// ```
/// use std::num::NonZeroUsize;
/// use merit_order::{mlp::{Activation, Network}, threads::never};
///
/// let mut network = Network::new(1, Activation::Relu);
/// // Two inputs, one output: 2 x - y + 1.
/// assert!(network.push(2, &[2.0, -1.0], &[1.0])?);
/// let mut answers = [0.0; 2];
/// network.answer(&[1.0, 0.0, 0.0, 5.0], &mut answers, NonZeroUsize::MIN, &never)?;
/// assert_eq!(answers, [3.0, -4.0]);
/// # Ok::<(), merit_order::Error>(())
/// ```
#[derive(Debug)]
pub struct Network {
    layers: Vec<Layer>,
    activation: Activation,
    agents: usize,
}

impl Network {
    /// A network without layers, whose output is the observation.
    pub fn new(agents: usize, activation: Activation) -> Self {
        Self {
            layers: Vec::new(),
            activation,
            agents,
        }
    }

    /// Adds a layer: for each agent, the weights and the bias of each output. Returns whether the
    /// layer fits.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn push(&mut self, inputs: usize, weights: &[f32], biases: &[f32]) -> Result<bool, Error> {
        let outputs = biases.len() / self.agents;
        let follows = self.layers.last().is_none_or(|last| last.outputs == inputs);
        if !follows
            || inputs == 0
            || outputs == 0
            || biases.len() != self.agents * outputs
            || weights.len() != biases.len() * inputs
        {
            return Ok(false);
        }
        let padded = outputs.next_multiple_of(PADDING);
        // The padded layer may be sixteen times as large as its arguments, and exceed the memory.
        let rows = self.agents * inputs;
        let mut layer = Layer {
            inputs,
            outputs,
            weights: memory::zeros(rows.checked_mul(padded).ok_or(Error::OutOfMemory)?)?,
            biases: memory::zeros(self.agents * padded)?,
        };
        for agent in 0..self.agents {
            for output in 0..outputs {
                let own = agent * outputs + output;
                layer.biases[agent * padded + output] = biases[own];
                for input in 0..inputs {
                    let to = (agent * inputs + input) * padded + output;
                    layer.weights[to] = weights[own * inputs + input];
                }
            }
        }
        self.layers.push(layer);
        Ok(true)
    }

    /// The sizes of the layers: inputs and outputs.
    pub fn sizes(&self) -> impl Iterator<Item = [usize; 2]> {
        self.layers
            .iter()
            .map(|layer| [layer.inputs, layer.outputs])
    }

    /// The function applied between the layers.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// Copies the weights of a layer out, as they were given to [`Network::push`].
    ///
    /// # Panics
    ///
    /// When there is no such layer, or they are not as many.
    pub fn weights(&self, depth: usize, weights: &mut [f32]) {
        let layer = &self.layers[depth];
        let padded = layer.outputs.next_multiple_of(PADDING);
        assert_eq!(weights.len(), self.agents * layer.outputs * layer.inputs);
        for (own, row) in weights.chunks_exact_mut(layer.inputs).enumerate() {
            let (agent, output) = (own / layer.outputs, own % layer.outputs);
            for (input, weight) in row.iter_mut().enumerate() {
                *weight = layer.weights[(agent * layer.inputs + input) * padded + output];
            }
        }
    }

    /// Copies the biases of a layer out, as [`Network::weights`] does.
    ///
    /// # Panics
    ///
    /// When there is no such layer, or they are not as many.
    pub fn biases(&self, depth: usize, biases: &mut [f32]) {
        let layer = &self.layers[depth];
        let padded = layer.outputs.next_multiple_of(PADDING);
        assert_eq!(biases.len(), self.agents * layer.outputs);
        let agents = biases.chunks_exact_mut(layer.outputs);
        for (own, padded) in agents.zip(layer.biases.chunks_exact(padded)) {
            own.copy_from_slice(&padded[..layer.outputs]);
        }
    }

    /// Values of an observation.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.inputs)
    }

    /// Values of an output.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }

    /// Agents, or one if they share the network.
    pub fn agents(&self) -> usize {
        self.agents
    }

    /// Computes the outputs for rows of observations: all agents of a market, market after market.
    ///
    /// At most `threads` threads work; the outputs do not depend on their number.
    ///
    /// # Errors
    ///
    /// An observation is not finite; [`Error::Interrupted`] once `stop` returns true; or
    /// [`Error::OutOfMemory`]. The outputs then mean nothing.
    ///
    /// # Panics
    ///
    /// When the numbers of observations and outputs differ.
    pub fn answer(
        &self,
        observations: &[f32],
        answers: &mut [f32],
        threads: NonZeroUsize,
        stop: Stop<'_>,
    ) -> Result<(), Error> {
        let rows = answers.len() / self.outputs();
        assert!(rows.is_multiple_of(self.agents) && observations.len() == rows * self.inputs());
        let products: usize = self.sizes().map(|[inputs, outputs]| inputs * outputs).sum();
        let rows_per_chunk = (PRODUCTS_PER_CHUNK / products).clamp(ROWS, ROWS_PER_CHUNK);
        let rows_per_chunk = rows_per_chunk.next_multiple_of(self.agents);
        let workers = rows.div_ceil(rows_per_chunk).min(threads.get());
        let chunks = observations
            .chunks(rows_per_chunk * self.inputs())
            .zip(answers.chunks_mut(rows_per_chunk * self.outputs()));
        parallel_for(workers, chunks, stop, |next| {
            while let Some((observations, answers)) = next() {
                self.answer_chunk(observations, answers)?;
            }
            Ok(())
        })
    }

    fn answer_chunk(&self, observations: &[f32], answers: &mut [f32]) -> Result<(), Error> {
        let finite = Arch::new().dispatch(Chunk {
            network: self,
            observations,
            answers,
        })?;
        if finite { Ok(()) } else { Err(Error::Changed) }
    }

    /// Checks that observations are finite; `shape` is that of the argument.
    ///
    /// # Errors
    ///
    /// The first value that is not is named.
    pub fn check(observations: &[f32], shape: &[usize]) -> Result<(), Error> {
        let wrong = observations.iter().position(|value| !value.is_finite());
        wrong.map_or(Ok(()), |mut at| {
            let value = f64::from(observations[at]);
            let mut index = vec![0; shape.len()];
            for (along, &length) in index.iter_mut().zip(shape).rev() {
                *along = at % length;
                at /= length;
            }
            Err(Error::Value {
                argument: "observations",
                index,
                value,
                must: "finite",
            })
        })
    }
}

/// Rows that one thread computes together.
struct Chunk<'a> {
    network: &'a Network,
    observations: &'a [f32],
    answers: &'a mut [f32],
}

impl WithSimd for Chunk<'_> {
    /// Whether all observations are finite.
    type Output = Result<bool, Error>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let network = self.network;
        let (inputs, outputs) = (network.inputs(), network.outputs());
        let widest = |layer: &Layer| layer.outputs.next_multiple_of(PADDING);
        let width = network.layers.iter().map(widest).max().unwrap_or(0);
        let width = width.max(inputs.next_multiple_of(PADDING));
        // On the stack where they fit.
        let mut small = [[0.0; ROWS * 64]; 2];
        let mut large = [Vec::new(), Vec::new()];
        let [mut from, mut to] = if width <= 64 {
            small.each_mut().map(|values| &mut values[..])
        } else {
            for values in &mut large {
                memory::grow(values, ROWS * width)?;
            }
            large.each_mut().map(|values| &mut values[..])
        };
        // Zero times what is not finite is NaN, which no addition removes.
        let mut nan = 0.0;
        let rows = self.answers.len() / outputs;
        // Agent by agent: each may have its own weights, which then stay in the cache.
        for agent in 0..network.agents {
            let mut next = agent;
            while next < rows {
                let left = (rows - next).div_ceil(network.agents);
                let number = left.min(ROWS);
                for row in 0..number {
                    let at = (next + row * network.agents) * inputs;
                    let observation = &self.observations[at..at + inputs];
                    for input in 0..inputs {
                        from[row * width + input] = observation[input];
                        nan += observation[input] * 0.0;
                    }
                }
                let mut depth = 0;
                while depth < network.layers.len() {
                    let hidden = depth + 1 < network.layers.len();
                    let activation = hidden.then_some(network.activation);
                    let layer = &network.layers[depth];
                    layer.apply(simd, agent, activation, number, width, from, to);
                    (from, to) = (to, from);
                    depth += 1;
                }
                for row in 0..number {
                    let at = (next + row * network.agents) * outputs;
                    let answer = &from[row * width..row * width + outputs];
                    self.answers[at..at + outputs].copy_from_slice(answer);
                }
                next += number * network.agents;
            }
        }
        Ok(nan == 0.0)
    }
}

impl Layer {
    /// Computes some rows of an agent.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "what a pass over a layer needs")]
    fn apply<S: Simd>(
        &self,
        simd: S,
        agent: usize,
        activation: Option<Activation>,
        rows: usize,
        width: usize,
        from: &[f32],
        to: &mut [f32],
    ) {
        let padded = self.outputs.next_multiple_of(PADDING);
        let size = self.inputs * padded;
        let weights = S::as_simd_f32s(&self.weights[agent * size..(agent + 1) * size]).0;
        let biases = S::as_simd_f32s(&self.biases[agent * padded..(agent + 1) * padded]).0;
        let tile = Tile {
            simd,
            weights,
            biases,
            inputs: self.inputs,
            width,
            activation,
        };
        let mut row = 0;
        while row + 4 <= rows {
            let mut column = 0;
            while column + 2 <= biases.len() {
                tile.fill::<4, 2>(row, column, from, to);
                column += 2;
            }
            if column < biases.len() {
                tile.fill::<4, 1>(row, column, from, to);
            }
            row += 4;
        }
        while row < rows {
            let mut column = 0;
            while column + 8 <= biases.len() {
                tile.fill::<1, 8>(row, column, from, to);
                column += 8;
            }
            while column < biases.len() {
                tile.fill::<1, 1>(row, column, from, to);
                column += 1;
            }
            row += 1;
        }
    }
}

/// A layer's values, as vectors.
#[derive(Clone, Copy)]
struct Tile<'a, S: Simd> {
    simd: S,
    weights: &'a [S::f32s],
    biases: &'a [S::f32s],
    inputs: usize,
    /// Values from one row to the next.
    width: usize,
    activation: Option<Activation>,
}

impl<S: Simd> Tile<'_, S> {
    /// Fills a few rows of a few vectors.
    #[inline(always)]
    fn fill<const ROWS: usize, const COLUMNS: usize>(
        &self,
        row: usize,
        column: usize,
        from: &[f32],
        to: &mut [f32],
    ) {
        let simd = self.simd;
        let mut biases = [simd.splat_f32s(0.0); COLUMNS];
        biases.copy_from_slice(&self.biases[column..column + COLUMNS]);
        let mut sums = [biases; ROWS];
        let mut rows = [&from[..0]; ROWS];
        for r in 0..ROWS {
            rows[r] = &from[(row + r) * self.width..][..self.inputs];
        }
        // Each sum adds the inputs in the same order in tiles of any size. So an output does not
        // depend on the other rows.
        let mut input = 0;
        while input < self.inputs {
            let weights = &self.weights[input * self.biases.len() + column..][..COLUMNS];
            for r in 0..ROWS {
                let value = simd.splat_f32s(rows[r][input]);
                for c in 0..COLUMNS {
                    sums[r][c] = simd.mul_add_e_f32s(value, weights[c], sums[r][c]);
                }
            }
            input += 1;
        }
        for r in 0..ROWS {
            let to = &mut to[(row + r) * self.width..][..self.width];
            let to = &mut S::as_mut_simd_f32s(to).0[column..column + COLUMNS];
            for c in 0..COLUMNS {
                to[c] = match self.activation {
                    None => sums[r][c],
                    Some(Activation::Tanh) => tanh(simd, sums[r][c]),
                    Some(Activation::Relu) => simd.max_f32s(sums[r][c], simd.splat_f32s(0.0)),
                };
            }
        }
    }
}

/// For larger arguments the hyperbolic tangent rounds to one in single precision.
const ONE_FROM: f32 = 9.0;
/// Polynomials in x², the highest coefficient first: x times their quotient is tanh(x) up to a
/// relative error of 2.1e-8. Fitted by least squares, reweighted towards the largest error.
const NUMERATOR: [f32; 5] = [
    1.335_45e-8,
    2.060_904_3e-5,
    3.495_589_6e-3,
    0.133_810_28,
    1.0,
];
const DENOMINATOR: [f32; 5] = [
    7.776_514_5e-7,
    3.285_634_4e-4,
    2.587_699_1e-2,
    0.467_143_45,
    1.0,
];

/// tanh(x) within 4e-7.
#[inline(always)]
pub(crate) fn tanh<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let (one, end) = (simd.splat_f32s(1.0), simd.splat_f32s(ONE_FROM));
    let x = simd.min_f32s(simd.max_f32s(x, simd.neg_f32s(end)), end);
    let square = simd.mul_f32s(x, x);
    let mut upper = simd.splat_f32s(NUMERATOR[0]);
    let mut lower = simd.splat_f32s(DENOMINATOR[0]);
    for k in 1..5 {
        upper = simd.mul_add_e_f32s(upper, square, simd.splat_f32s(NUMERATOR[k]));
        lower = simd.mul_add_e_f32s(lower, square, simd.splat_f32s(DENOMINATOR[k]));
    }
    let quotient = simd.div_f32s(simd.mul_f32s(x, upper), lower);
    simd.min_f32s(simd.max_f32s(quotient, simd.neg_f32s(one)), one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::never;

    #[test]
    #[cfg_attr(
        miri,
        ignore = "Miri adds random errors to the functions of the library"
    )]
    fn the_hyperbolic_tangent_is_close_to_that_of_the_library() {
        struct Tanh<'a>(&'a mut [f32]);
        impl WithSimd for Tanh<'_> {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) {
                for values in S::as_mut_simd_f32s(self.0).0 {
                    *values = tanh(simd, *values);
                }
            }
        }
        let given: Vec<f32> = (-160_000..160_000).map(|at| at as f32 * 1e-4).collect();
        let mut values = given.clone();
        Arch::new().dispatch(Tanh(&mut values));
        for (x, y) in given.iter().zip(values) {
            let right = f64::from(*x).tanh();
            assert!((f64::from(y) - right).abs() <= 4e-7, "{x} {y} {right}");
        }
    }

    #[test]
    fn layers_that_do_not_follow_are_refused() {
        let mut network = Network::new(1, Activation::Relu);
        assert_eq!(network.push(2, &[1.0; 6], &[0.0; 3]), Ok(true));
        assert_eq!(network.push(2, &[1.0; 6], &[0.0; 3]), Ok(false));
        assert_eq!(network.push(3, &[1.0; 5], &[0.0; 2]), Ok(false));
        assert_eq!(network.push(3, &[1.0; 6], &[0.5; 2]), Ok(true));
        let mut answers = [0.0; 4];
        let observations = [1.0, 2.0, -1.0, -2.0];
        let threads = NonZeroUsize::MIN;
        network
            .answer(&observations, &mut answers, threads, &never)
            .unwrap();
        assert_eq!(answers, [9.5, 9.5, 0.5, 0.5]);
    }
}
