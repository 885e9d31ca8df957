//! The loss of a block of samples, and its derivatives by what the networks return.

use crate::ppo::dense::BLOCK;
use crate::ppo::{LOSSES, Samples, Settings};

/// Sums over samples: of the policy's loss, of the value's loss, of the approximate divergence, and
/// the number of clipped samples.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    policy: f64,
    value: f64,
    divergence: f64,
    clipped: f64,
}

impl Sums {
    /// Adds the means of a minibatch to a set's losses.
    pub(crate) fn add_to(parts: &[Self], scale: f64, entropy: f64, losses: &mut [f64]) {
        let mut all = [0.0; LOSSES];
        for part in parts {
            all[0] += scale * part.policy;
            all[1] += scale * part.value;
            all[3] += scale * part.divergence;
            all[4] += scale * part.clipped;
        }
        all[2] = entropy;
        for (loss, own) in losses.iter_mut().zip(all) {
            *loss += own;
        }
    }
}

/// Samples of one set of networks.
pub(crate) struct Block<'a> {
    pub(crate) samples: Samples<'a>,
    pub(crate) sets: usize,
    pub(crate) set: usize,
    pub(crate) indices: &'a [u32],
    /// The mean of the advantages, and the reciprocal of their standard deviation.
    pub(crate) scaling: [f32; 2],
    /// Samples of the minibatch.
    pub(crate) minibatch: usize,
    pub(crate) settings: Settings,
}

impl Block<'_> {
    /// The row of a sample in the arrays.
    #[inline(always)]
    fn row(&self, at: usize) -> usize {
        self.indices[at] as usize * self.sets + self.set
    }

    /// Copies the observations, feature by feature; samples that the block lacks have zeros.
    #[inline(always)]
    pub(crate) fn observe(&self, inputs: usize, observations: &mut [f32]) {
        if self.indices.len() < BLOCK {
            observations.fill(0.0);
        }
        for at in 0..self.indices.len() {
            let row = self.row(at) * inputs;
            let own = &self.samples.observations[row..row + inputs];
            for (feature, &value) in own.iter().enumerate() {
                observations[feature * BLOCK + at] = value;
            }
        }
    }

    /// Fills the derivatives by the outputs of actor and critic, and adds those by the logarithms of
    /// the standard deviations.
    #[inline(always)]
    pub(crate) fn differentiate(
        &self,
        log_std: &[f32],
        [means, values]: [&[f32]; 2],
        [by_means, by_values]: [&mut [f32]; 2],
        by_log_std: &mut [f32],
        sums: &mut Sums,
    ) {
        let number = log_std.len();
        let clip = self.settings.clip_coef as f32;
        let scale = 1.0 / self.minibatch as f32;
        let by_value = self.settings.vf_coef as f32 * scale;
        by_means.fill(0.0);
        by_values.fill(0.0);
        // The density of a normal distribution with mean m and standard deviation s at the action a:
        // log p = -((a - m) / s)^2 / 2 - log(s) - log(2 pi) / 2.
        let half = 0.5 * std::f32::consts::TAU.ln();
        let constant: f32 = log_std.iter().map(|log| log + half).sum();
        let inverses: Vec<f32> = log_std.iter().map(|log| (-log).exp()).collect();
        for at in 0..self.indices.len() {
            let row = self.row(at);
            let actions = &self.samples.actions[row * number..(row + 1) * number];
            let mut log_prob = -constant;
            for dimension in 0..number {
                let mean = means[dimension * BLOCK + at];
                let distance = (actions[dimension] - mean) * inverses[dimension];
                log_prob -= 0.5 * distance * distance;
            }
            let log_ratio = log_prob - self.samples.log_probs[row];
            let ratio = log_ratio.exp();
            let advantage = (self.samples.advantages[row] - self.scaling[0]) * self.scaling[1];
            let unclipped = -advantage * ratio;
            let clipped = -advantage * ratio.clamp(1.0 - clip, 1.0 + clip);
            // The larger of the two losses counts; where it is the clipped one, nothing changes it.
            let by_log_prob = if unclipped >= clipped {
                unclipped * scale
            } else {
                0.0
            };
            for dimension in 0..number {
                let mean = means[dimension * BLOCK + at];
                let distance = (actions[dimension] - mean) * inverses[dimension];
                by_means[dimension * BLOCK + at] = by_log_prob * distance * inverses[dimension];
                by_log_std[dimension] += by_log_prob * (distance * distance - 1.0);
            }
            let error = values[at] - self.samples.returns[row];
            by_values[at] = by_value * error;
            sums.policy += f64::from(unclipped.max(clipped));
            sums.value += f64::from(0.5 * error * error);
            sums.divergence += f64::from(ratio - 1.0 - log_ratio);
            sums.clipped += f64::from((ratio - 1.0).abs() > clip);
        }
        // The entropy grows with each logarithm.
        let share = self.indices.len() as f32 * scale;
        for derivative in by_log_std {
            *derivative -= self.settings.ent_coef as f32 * share;
        }
    }
}
