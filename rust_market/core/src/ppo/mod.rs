//! Proximal policy optimization: updates the networks of many agents from a rollout.
//!
//! Each agent has an actor, a standard deviation of each action, and a critic; or one set of
//! networks serves all agents. An update goes through the samples several times, in minibatches. A
//! minibatch is cut into parts that threads share. Each part adds up its own gradient, and the
//! parts are added in their order, so that the result does not depend on the number of threads.
//!
//! J. Schulman, F. Wolski, P. Dhariwal, A. Radford, O. Klimov, "Proximal policy optimization
//! algorithms" (2017); D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization" (ICLR 2015).

mod adam;
mod dense;
mod loss;
mod networks;

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use pulp::{Arch, Simd, WithSimd};

use crate::error::Error;
use crate::memory;
use crate::ppo::adam::Adam;
use crate::ppo::dense::BLOCK;
use crate::ppo::loss::{Block, Sums};
pub use crate::ppo::networks::Shape;
use crate::ppo::networks::{Packed, Workspace};
use crate::threads::{Stop, parallel_for};

/// Blocks of samples that one thread takes at a time.
const BLOCKS_PER_PART: usize = 2;

/// What an update aims at, and how fast it goes.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Step size of Adam.
    pub learning_rate: f64,
    /// How far the ratio of the new probability of an action to the old one may leave one.
    pub clip_coef: f64,
    /// Weight of the critic's loss.
    pub vf_coef: f64,
    /// Weight of the entropy, which the loss subtracts.
    pub ent_coef: f64,
    /// The gradient of a set of networks is scaled down to this norm.
    pub max_grad_norm: f64,
    /// Samples of each set of networks in a minibatch.
    pub minibatch_size: NonZeroUsize,
}

/// What the agents saw, did and got; the samples of all sets of networks side by side.
///
/// The arrays have shape (samples, sets) and (samples, sets, values), C-contiguous.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    /// Observations.
    pub observations: &'a [f32],
    /// Actions, before they are squashed.
    pub actions: &'a [f32],
    /// Logarithms of the probability densities of the actions.
    pub log_probs: &'a [f32],
    /// By how much an action was better than expected.
    pub advantages: &'a [f32],
    /// What the critic is to predict.
    pub returns: &'a [f32],
}

/// What changes when the networks learn, for each of some sets.
#[derive(Debug)]
pub struct Learned<'a> {
    /// Parameters of each set, as [`Shape`] orders them.
    pub parameters: &'a mut [f32],
    /// Adam's first and second moments of all parameters.
    pub moments: [&'a mut [f32]; 2],
    /// Steps that Adam has taken before.
    pub steps: u64,
}

/// Numbers that a set of networks reports: the losses of policy and value, the entropy, the
/// approximate Kullback-Leibler divergence, and the share of clipped samples.
pub const LOSSES: usize = 5;

/// Updates the networks once for each minibatch; writes the mean losses of each set.
///
/// `order` has the indices of all samples, once for each time that the update goes through them.
/// If there is an error, the networks are useless.
///
/// # Errors
///
/// [`Error::Value`] if the gradient of a set is not finite; [`Error::Interrupted`] once `stop`
/// returns true; [`Error::OutOfMemory`].
///
/// # Panics
///
/// When the arrays do not fit each other, or an index is too large.
#[expect(
    clippy::too_many_arguments,
    reason = "what an update reads and changes"
)]
pub fn update(
    shape: &Shape,
    learned: Learned<'_>,
    samples: Samples<'_>,
    order: &[u32],
    settings: Settings,
    losses: &mut [f64],
    threads: NonZeroUsize,
    stop: Stop<'_>,
) -> Result<(), Error> {
    let size = shape.parameters();
    let sets = learned.parameters.len() / size;
    let number = samples.returns.len() / sets;
    assert!(learned.parameters.len() == sets * size && losses.len() == sets * LOSSES);
    assert!(learned.moments.iter().all(|m| m.len() == sets * size));
    assert!(samples.fit(shape, sets, number) && number > 0);
    assert!(order.len().is_multiple_of(number) && order.iter().all(|&at| (at as usize) < number));

    let largest = number.min(settings.minibatch_size.get());
    let parts = largest.div_ceil(BLOCK * BLOCKS_PER_PART);
    let mut gradients = memory::zeros::<f32>(checked(&[sets, parts, size])?)?;
    let mut sums = memory::collect((0..sets * parts).map(|_| Sums::default()))?;
    let mut packed = memory::collect((0..sets).map(|_| Packed::default()))?;
    for (packed, parameters) in packed.iter_mut().zip(learned.parameters.chunks(size)) {
        packed.pack(shape, parameters)?;
    }
    let mut adam = Adam::new(shape, learned, settings);
    let workspaces = Mutex::new(Vec::new());
    losses.fill(0.0);
    let mut minibatches = 0;
    for epoch in order.chunks(number) {
        for minibatch in epoch.chunks(settings.minibatch_size.get()) {
            let parts = minibatch.len().div_ceil(BLOCK * BLOCKS_PER_PART);
            let work = Minibatch {
                shape,
                sets,
                samples,
                settings,
                indices: minibatch,
                parts,
                packed: &packed,
                parameters: adam.parameters(),
            };
            let gradients = &mut gradients[..sets * parts * size];
            let sums = &mut sums[..sets * parts];
            work.differentiate(gradients, sums, &workspaces, threads, stop)?;
            let scale = 1.0 / minibatch.len() as f64;
            for (set, losses) in losses.chunks_mut(LOSSES).enumerate() {
                let own = &sums[set * parts..(set + 1) * parts];
                let entropy = shape.entropy(&adam.parameters()[set * size..(set + 1) * size]);
                Sums::add_to(own, scale, entropy, losses);
            }
            adam.step(gradients, &mut packed, threads, stop)?;
            minibatches += 1;
        }
    }
    for loss in losses {
        *loss /= f64::from(minibatches.max(1));
    }
    Ok(())
}

/// A product of sizes, if it can be a size.
fn checked(sizes: &[usize]) -> Result<usize, Error> {
    let product = sizes
        .iter()
        .try_fold(1_usize, |all, &size| all.checked_mul(size));
    product.ok_or(Error::OutOfMemory)
}

impl Samples<'_> {
    fn fit(&self, shape: &Shape, sets: usize, number: usize) -> bool {
        let rows = sets * number;
        self.observations.len() == rows * shape.inputs()
            && self.actions.len() == rows * shape.actions()
            && [self.log_probs, self.advantages, self.returns]
                .iter()
                .all(|values| values.len() == rows)
    }
}

/// Samples whose gradient is computed together.
struct Minibatch<'a> {
    shape: &'a Shape,
    sets: usize,
    samples: Samples<'a>,
    settings: Settings,
    indices: &'a [u32],
    /// Parts of the samples of a set.
    parts: usize,
    packed: &'a [Packed],
    parameters: &'a [f32],
}

impl Minibatch<'_> {
    /// Computes the gradient of each part of each set.
    fn differentiate(
        &self,
        gradients: &mut [f32],
        sums: &mut [Sums],
        workspaces: &Mutex<Vec<Workspace>>,
        threads: NonZeroUsize,
        stop: Stop<'_>,
    ) -> Result<(), Error> {
        let arch = Arch::new();
        let scaling: Vec<[f32; 2]> = (0..self.sets).map(|set| self.advantages(set)).collect();
        let chunks = gradients.chunks_mut(self.shape.parameters()).zip(sums);
        let workers = threads.get().min(self.sets * self.parts);
        parallel_for(workers, chunks.enumerate(), stop, |next| {
            let lock = || workspaces.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = lock().pop();
            let mut workspace = match kept {
                Some(workspace) => workspace,
                None => Workspace::new(self.shape)?,
            };
            while let Some((at, (gradient, sums))) = next() {
                let set = at / self.parts;
                let from = at % self.parts * BLOCK * BLOCKS_PER_PART;
                let to = self.indices.len().min(from + BLOCK * BLOCKS_PER_PART);
                arch.dispatch(Part {
                    minibatch: self,
                    set,
                    indices: &self.indices[from..to],
                    scaling: scaling[set],
                    gradient,
                    sums,
                    workspace: &mut workspace,
                });
            }
            lock().push(workspace);
            Ok(())
        })
    }

    /// The mean of a set's advantages, and the reciprocal of their standard deviation.
    fn advantages(&self, set: usize) -> [f32; 2] {
        let values = || {
            let own = self.indices.iter();
            own.map(|&at| f64::from(self.samples.advantages[at as usize * self.sets + set]))
        };
        let number = self.indices.len() as f64;
        let mean = values().sum::<f64>() / number;
        let squares = values().map(|value| (value - mean).powi(2)).sum::<f64>();
        [
            mean as f32,
            (1.0 / ((squares / number).sqrt() + 1e-8)) as f32,
        ]
    }
}

/// What a thread computes at a time.
struct Part<'a> {
    minibatch: &'a Minibatch<'a>,
    set: usize,
    indices: &'a [u32],
    scaling: [f32; 2],
    gradient: &'a mut [f32],
    sums: &'a mut Sums,
    workspace: &'a mut Workspace,
}

impl WithSimd for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Minibatch {
            shape,
            sets,
            samples,
            settings,
            indices,
            ..
        } = *self.minibatch;
        let size = shape.parameters();
        let packed = &self.minibatch.packed[self.set];
        let parameters = &self.minibatch.parameters[self.set * size..(self.set + 1) * size];
        self.gradient.fill(0.0);
        *self.sums = Sums::default();
        let mut first = 0;
        while first < self.indices.len() {
            let block = Block {
                samples,
                sets,
                set: self.set,
                indices: &self.indices[first..self.indices.len().min(first + BLOCK)],
                scaling: self.scaling,
                minibatch: indices.len(),
                settings,
            };
            block.observe(shape.inputs(), self.workspace.observations());
            self.workspace.forwards(simd, shape, packed, parameters);
            let (outputs, derivatives) = self.workspace.outputs();
            let log_std = shape.log_std(parameters);
            let gradient = shape.log_std_mut(self.gradient);
            block.differentiate(log_std, outputs, derivatives, gradient, self.sums);
            self.workspace.backwards(simd, shape, packed, self.gradient);
            first += BLOCK;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlp::Activation;
    use crate::threads::never;

    const SETTINGS: Settings = Settings {
        learning_rate: 0.01,
        clip_coef: 0.2,
        vf_coef: 0.5,
        ent_coef: 0.0,
        max_grad_norm: 10.0,
        minibatch_size: NonZeroUsize::new(300).unwrap(),
    };
    const NUMBER: usize = 700;

    /// Updates two sets of networks, whose samples differ; returns parameters and losses.
    fn learned(epochs: usize, threads: usize, scale: f32) -> Result<(Vec<f32>, Vec<f64>), Error> {
        let shape = Shape::new(3, &[8], 2, Activation::Tanh)?;
        let sets = 2;
        let value = |at: usize| ((at * 2_654_435_761) % 1000) as f32 / 500.0 - 1.0;
        let list = |count: usize| (0..count).map(value).collect::<Vec<f32>>();
        let rows = sets * NUMBER;
        let (observations, actions) = (list(rows * 3), list(rows * 2));
        let advantages = list(rows);
        let returns: Vec<f32> = observations.chunks(3).map(|o| scale * o[0]).collect();
        let log_probs = vec![-2.0; rows];
        let mut parameters = list(sets * shape.parameters());
        let mut moments = vec![0.0; 2 * parameters.len()];
        let (first, second) = moments.split_at_mut(parameters.len());
        let order: Vec<u32> = (0..epochs).flat_map(|_| 0..NUMBER as u32).collect();
        let mut losses = vec![0.0; sets * LOSSES];
        let learned = Learned {
            parameters: &mut parameters,
            moments: [first, second],
            steps: 0,
        };
        let samples = Samples {
            observations: &observations,
            actions: &actions,
            log_probs: &log_probs,
            advantages: &advantages,
            returns: &returns,
        };
        let threads = NonZeroUsize::new(threads).unwrap();
        update(
            &shape,
            learned,
            samples,
            &order,
            SETTINGS,
            &mut losses,
            threads,
            &never,
        )?;
        Ok((parameters, losses))
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes many minutes in Miri")]
    fn critics_learn_what_is_returned() {
        let (_, first) = learned(1, 1, 1.0).unwrap();
        let (_, mean) = learned(60, 1, 1.0).unwrap();
        for set in 0..2 {
            assert!(mean[set * LOSSES + 1] < 0.3 * first[set * LOSSES + 1]);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes many minutes in Miri")]
    fn no_bit_depends_on_the_number_of_threads() {
        let alone = learned(2, 1, 1.0);
        for threads in [2, 3, 16] {
            assert_eq!(alone, learned(2, threads, 1.0));
        }
    }

    #[test]
    fn a_gradient_that_is_not_finite_is_an_error() {
        let message = learned(1, 1, f32::INFINITY).unwrap_err().to_string();
        assert!(message.starts_with("gradient norm[0] = "), "{message}");
    }

    #[test]
    fn parameters_are_those_of_two_networks_and_of_the_spread() {
        let shape = Shape::new(5, &[64, 32], 2, Activation::Relu).unwrap();
        let hidden = 6 * 64 + 65 * 32;
        assert_eq!(shape.parameters(), 2 * hidden + 33 * 2 + 2 + 33);
        assert_eq!((shape.inputs(), shape.actions()), (5, 2));
        assert!(Shape::new(usize::MAX, &[2], 2, Activation::Relu).is_err());
    }
}
