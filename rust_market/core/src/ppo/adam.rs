//! Adam, with gradients that are scaled down to a norm.

use std::num::NonZeroUsize;

use crate::error::Error;
use crate::ppo::networks::{Packed, Shape};
use crate::ppo::{Learned, Settings};
use crate::threads::{Stop, parallel_for};

/// Decay rates of the two moments (Kingma and Ba).
const DECAYS: [f64; 2] = [0.9, 0.999];
/// Avoids a division by zero; the value that implementations of PPO use.
const EPSILON: f32 = 1e-5;
/// Added to the norm, as PyTorch does.
const NORM_EPSILON: f64 = 1e-6;

/// The state of the optimiser of all sets of networks.
pub(crate) struct Adam<'a> {
    shape: &'a Shape,
    learned: Learned<'a>,
    settings: Settings,
}

impl<'a> Adam<'a> {
    pub(crate) fn new(shape: &'a Shape, learned: Learned<'a>, settings: Settings) -> Self {
        Self {
            shape,
            learned,
            settings,
        }
    }

    pub(crate) fn parameters(&self) -> &[f32] {
        self.learned.parameters
    }

    /// Takes a step; `gradients` has those of the parts of each set, one set after the other.
    pub(crate) fn step(
        &mut self,
        gradients: &mut [f32],
        packed: &mut [Packed],
        threads: NonZeroUsize,
        stop: Stop<'_>,
    ) -> Result<(), Error> {
        self.learned.steps += 1;
        let corrections = DECAYS.map(|decay| 1.0 - decay.powf(self.learned.steps as f64));
        let (shape, settings) = (self.shape, self.settings);
        let size = shape.parameters();
        let sets = packed.len();
        let [first, second] = &mut self.learned.moments;
        let all = self.learned.parameters.chunks_mut(size);
        let moments = first.chunks_mut(size).zip(second.chunks_mut(size));
        let gradients = gradients.chunks_mut(gradients.len() / sets);
        let chunks = all.zip(moments).zip(gradients).zip(packed).enumerate();
        parallel_for(threads.get().min(sets), chunks, stop, |next| {
            while let Some((set, (((parameters, moments), gradients), packed))) = next() {
                let (gradient, others) = gradients.split_at_mut(size);
                for other in others.chunks(size) {
                    for (sum, part) in gradient.iter_mut().zip(other) {
                        *sum += part;
                    }
                }
                let squares = gradient.iter().map(|&g| f64::from(g) * f64::from(g));
                let norm = squares.sum::<f64>().sqrt();
                if !norm.is_finite() {
                    return Err(Error::Value {
                        argument: "gradient norm",
                        index: vec![set],
                        value: norm,
                        must: "finite",
                    });
                }
                let scale = (settings.max_grad_norm / (norm + NORM_EPSILON)).min(1.0) as f32;
                let rate = (settings.learning_rate / corrections[0]) as f32;
                let root = corrections[1].sqrt() as f32;
                let decays = DECAYS.map(|decay| (1.0 - decay) as f32);
                let moments = moments.0.iter_mut().zip(moments.1);
                for ((parameter, (first, second)), gradient) in
                    parameters.iter_mut().zip(moments).zip(gradient)
                {
                    let slope = *gradient * scale;
                    *first += decays[0] * (slope - *first);
                    *second += decays[1] * (slope * slope - *second);
                    *parameter -= rate * *first / (second.sqrt() / root + EPSILON);
                }
                packed.pack(shape, parameters)?;
            }
            Ok(())
        })
    }
}
