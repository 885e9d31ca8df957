//! A replay buffer: a ring of transitions, drawn at random.
//!
//! A row holds a whole transition, with the next observation. So a draw never needs the row after
//! it, which may be overwritten, and the values of a transition are adjacent in memory.

use std::iter;

use crate::error::Error;
use crate::memory;
use crate::random::{philox, unit};
use crate::threads::Stop;
use crate::tree::SumTree;

/// Added to a priority, so that every transition can be drawn (epsilon of Schaul et al., "Prioritized
/// experience replay", ICLR 2016, section 3.3).
const LEAST_PRIORITY: f64 = 1e-6;
/// Priority of new transitions while no priority has been set.
const FIRST_PRIORITY: f64 = 1.0;
/// Larger priorities could add up to infinity.
const LARGEST_PRIORITY: f64 = 1e100;
/// Second word of the key; other streams of random numbers have other second words.
const STREAM: u64 = 1;
/// No more transitions than this are ever added, nor drawn from: the counters do not overflow.
const LARGEST_COUNTER: u64 = 1 << 63;
/// Values of a cache line.
const LINE: usize = 16;
/// Rows that are fetched together.
const CHUNK: usize = 32;
/// Words of a block.
const WORDS: usize = 4;
/// Rows or indices of long work, between which the caller is asked whether to stop; a multiple of
/// `CHUNK` and `WORDS`.
const STEP: usize = 1 << 14;
/// Values of long work, likewise.
const VALUES: usize = 1 << 20;

/// How many values the parts of a transition have.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Of an observation.
    pub observation: usize,
    /// Of an action.
    pub action: usize,
}

impl Shape {
    /// Observation, next observation, action, reward, and whether the episode ended.
    fn row(self) -> usize {
        2 * self.observation + self.action + 2
    }

    /// Values of so many rows, if they can be counted.
    fn rows(self, number: usize) -> Option<usize> {
        let observed = self.observation.checked_mul(2)?;
        let row = observed.checked_add(self.action)?.checked_add(2)?;
        row.checked_mul(number)
    }
}

/// Transitions, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Transitions<'a> {
    /// Rows of observations.
    pub observations: &'a [f32],
    /// Rows of actions.
    pub actions: &'a [f32],
    /// A reward each.
    pub rewards: &'a [f32],
    /// Rows of the observations that followed.
    pub next_observations: &'a [f32],
    /// Whether the episode ended: not zero.
    pub done: &'a [u8],
}

/// Arrays that a draw fills.
#[derive(Debug)]
pub struct Drawn<'a> {
    /// Rows of observations.
    pub observations: &'a mut [f32],
    /// Rows of actions.
    pub actions: &'a mut [f32],
    /// A reward each.
    pub rewards: &'a mut [f32],
    /// Rows of the observations that followed.
    pub next_observations: &'a mut [f32],
    /// Whether the episode ended: 1 or 0.
    pub done: &'a mut [u8],
    /// Their indices in the ring.
    pub indices: &'a mut [i64],
    /// Importance-sampling weights, one for each transition.
    pub weights: &'a mut [f32],
}

/// A replay buffer of the latest transitions, up to a capacity.
///
/// ```
/// use merit_order::replay::{Drawn, Replay, Shape, Transitions};
/// use merit_order::threads::never;
///
/// let shape = Shape { observation: 1, action: 1 };
/// let mut replay = Replay::new(1000, shape, 7, None)?;
/// let transitions = Transitions {
///     observations: &[0.0, 1.0],
///     actions: &[0.5, 0.5],
///     rewards: &[10.0, 20.0],
///     next_observations: &[1.0, 2.0],
///     done: &[0, 1],
/// };
/// replay.add(transitions, &never)?;
/// let (mut seen, mut acted, mut rewards, mut next) = ([0.0; 4], [0.0; 4], [0.0; 4], [0.0; 4]);
/// let (mut done, mut indices, mut weights) = ([0; 4], [0; 4], [0.0; 4]);
/// let drawn = Drawn {
///     observations: &mut seen,
///     actions: &mut acted,
///     rewards: &mut rewards,
///     next_observations: &mut next,
///     done: &mut done,
///     indices: &mut indices,
///     weights: &mut weights,
/// };
/// replay.sample(0.0, drawn, &never)?;
/// assert!(indices.iter().zip(rewards).all(|(&at, reward)| reward == [10.0, 20.0][at as usize]));
/// # Ok::<(), merit_order::Error>(())
/// ```
#[derive(Debug)]
pub struct Replay {
    shape: Shape,
    capacity: usize,
    rows: Vec<f32>,
    /// Transitions ever added.
    added: u64,
    /// Draws so far; the random numbers of a draw are a function of this counter.
    draws: u64,
    seed: u64,
    priorities: Option<Priorities>,
    /// Working memory of a draw.
    targets: Vec<f64>,
}

/// The priorities of the transitions.
#[derive(Debug)]
struct Priorities {
    tree: SumTree,
    exponent: f64,
    /// The largest preference so far: that of new transitions.
    largest: f64,
}

impl Replay {
    /// An empty ring; with an exponent, transitions are drawn by their priorities.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn new(
        capacity: usize,
        shape: Shape,
        seed: u64,
        exponent: Option<f64>,
    ) -> Result<Self, Error> {
        let values = shape.rows(capacity).ok_or(Error::OutOfMemory)?;
        let priorities = match exponent {
            None => None,
            Some(exponent) => Some(Priorities {
                tree: SumTree::new(capacity)?,
                exponent,
                largest: FIRST_PRIORITY,
            }),
        };
        Ok(Self {
            shape,
            capacity,
            rows: memory::zeros(values)?,
            added: 0,
            draws: 0,
            seed,
            priorities,
            targets: Vec::new(),
        })
    }

    /// How many values the parts of a transition have.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many transitions it holds at most.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Seed of the draws.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Exponent of the priorities, if transitions are drawn by them.
    pub fn exponent(&self) -> Option<f64> {
        self.priorities
            .as_ref()
            .map(|priorities| priorities.exponent)
    }

    /// Transitions that can be drawn.
    pub fn len(&self) -> usize {
        usize::try_from(self.added).map_or(self.capacity, |added| added.min(self.capacity))
    }

    /// Whether nothing can be drawn.
    pub fn is_empty(&self) -> bool {
        self.added == 0
    }

    /// Whether transitions are drawn by their priorities.
    pub fn is_prioritised(&self) -> bool {
        self.priorities.is_some()
    }

    /// Adds transitions, which replace the oldest.
    ///
    /// # Errors
    ///
    /// A value is not finite, or [`Error::Interrupted`] once `stop` returns true. Nothing has changed
    /// then.
    ///
    /// # Panics
    ///
    /// When the parts are not as many or as long as they must be.
    pub fn add(&mut self, transitions: Transitions<'_>, stop: Stop<'_>) -> Result<(), Error> {
        let (observation, action) = (self.shape.observation, self.shape.action);
        let Transitions {
            observations,
            actions,
            rewards,
            next_observations,
            ..
        } = transitions;
        require_finite("observations", observations, observation, stop)?;
        require_finite("actions", actions, action, stop)?;
        require_finite("rewards", rewards, 1, stop)?;
        require_finite("next_observations", next_observations, observation, stop)?;
        let (row_size, number) = (self.shape.row(), rewards.len());
        let before = self.added;
        self.added = (before + number as u64).min(LARGEST_COUNTER);
        // Rows are written after the latest one, and at the end of the ring from its beginning on.
        // If there are more rows than fit, only the last ones are stored. The copy is not
        // interrupted: the state would be neither the old one nor the new one.
        for at in number.saturating_sub(self.capacity)..number {
            let index = ((before + at as u64) % self.capacity as u64) as usize;
            let row = &mut self.rows[index * row_size..(index + 1) * row_size];
            let (now, row) = row.split_at_mut(observation);
            let (next, row) = row.split_at_mut(observation);
            let (acted, row) = row.split_at_mut(action);
            let observed = at * observation..(at + 1) * observation;
            now.copy_from_slice(&observations[observed.clone()]);
            next.copy_from_slice(&next_observations[observed]);
            acted.copy_from_slice(&actions[at * action..(at + 1) * action]);
            row[0] = rewards[at];
            row[1] = f32::from(u8::from(transitions.done[at] != 0));
            if let Some(priorities) = &mut self.priorities {
                priorities.tree.set(index, priorities.largest);
            }
        }
        if let Some(priorities) = &mut self.priorities {
            let capacity = self.capacity as u64;
            let new = number.saturating_sub(self.capacity)..number;
            let indices = new.map(|at| ((before + at as u64) % capacity) as usize);
            priorities.tree.refresh(indices);
        }
        Ok(())
    }

    /// Draws transitions, with replacement; `exponent` is that of the importance-sampling weights.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`], or [`Error::Interrupted`] once `stop` returns true. The draw is then
    /// not counted, and the values in the arrays mean nothing.
    ///
    /// # Panics
    ///
    /// When there are none, or the parts are not as many or as long as they must be.
    pub fn sample(
        &mut self,
        exponent: f64,
        mut drawn: Drawn<'_>,
        stop: Stop<'_>,
    ) -> Result<(), Error> {
        let length = self.len() as u64;
        let key = [self.seed, STREAM];
        let draw = self.draws;
        let words = |block: usize| philox(key, [block as u64 + 1, draw, 0, 0]);
        match &self.priorities {
            None => {
                for (block, indices) in drawn.indices.chunks_mut(WORDS).enumerate() {
                    ask(stop, block * WORDS)?;
                    for (index, word) in indices.iter_mut().zip(words(block)) {
                        // The high half of the product is below `length` (Lemire, ACM TOMACS 29
                        // (2019) 3); its bias, at most length / 2^64, is too small to measure.
                        *index = ((u128::from(word) * u128::from(length)) >> 64) as i64;
                    }
                }
                drawn.weights.fill(1.0);
            }
            Some(priorities) => {
                let share = priorities.tree.total() / drawn.indices.len() as f64;
                memory::grow(&mut self.targets, drawn.indices.len().min(STEP))?;
                for (step, indices) in drawn.indices.chunks_mut(STEP).enumerate() {
                    ask(stop, step * STEP)?;
                    let targets = &mut self.targets[..indices.len()];
                    for (block, targets) in targets.chunks_mut(WORDS).enumerate() {
                        let first = step * STEP + block * WORDS;
                        let words = words(first / WORDS);
                        for (at, (target, word)) in targets.iter_mut().zip(words).enumerate() {
                            // Stratified: one draw from each of as many equal shares.
                            *target = ((first + at) as f64 + unit(word)) * share;
                        }
                    }
                    priorities.tree.find(targets, indices);
                }
                priorities.weigh(length as f64, exponent, &mut drawn, stop)?;
            }
        }
        self.copy(&mut drawn, stop)?;
        self.draws += 1;
        Ok(())
    }

    /// Copies the drawn rows.
    fn copy(&self, drawn: &mut Drawn<'_>, stop: Stop<'_>) -> Result<(), Error> {
        let (observation, action) = (self.shape.observation, self.shape.action);
        let row_size = self.shape.row();
        for (at, &index) in drawn.indices.iter().enumerate() {
            // A row is rarely in the cache: fetch several at once, then copy them.
            if at % CHUNK == 0 {
                ask(stop, at)?;
                let end = (at + CHUNK).min(drawn.indices.len());
                self.fetch(&drawn.indices[at..end]);
            }
            let row = &self.rows[index as usize * row_size..][..row_size];
            let (now, row) = row.split_at(observation);
            let (next, row) = row.split_at(observation);
            let (acted, row) = row.split_at(action);
            let observed = at * observation..(at + 1) * observation;
            drawn.observations[observed.clone()].copy_from_slice(now);
            drawn.next_observations[observed].copy_from_slice(next);
            drawn.actions[at * action..(at + 1) * action].copy_from_slice(acted);
            drawn.rewards[at] = row[0];
            drawn.done[at] = u8::from(row[1] != 0.0);
        }
        Ok(())
    }

    /// Reads one value of each cache line of some rows, to load the lines into the cache. The loads
    /// of several rows overlap; copying row by row would wait for each load.
    fn fetch(&self, indices: &[i64]) {
        let row_size = self.shape.row();
        let mut read = 0.0;
        for &index in indices {
            let row = &self.rows[index as usize * row_size..][..row_size];
            for line in row.chunks(LINE) {
                read += line[0];
            }
            read += row[row_size - 1];
        }
        std::hint::black_box(read);
    }

    /// Changes the priorities of some transitions; of one that is named twice, the last counts.
    ///
    /// # Errors
    ///
    /// An index or a priority is invalid; [`Error::OutOfMemory`]; or [`Error::Interrupted`] once
    /// `stop` returns true. Nothing has changed then.
    ///
    /// # Panics
    ///
    /// When transitions are not drawn by priorities, or there are not as many as indices.
    pub fn update(&mut self, indices: &[i64], new: &[f64], stop: Stop<'_>) -> Result<(), Error> {
        assert!(indices.len() == new.len());
        let length = self.len() as i64;
        if let Some(index) = first(indices, stop, |at| !(0..length).contains(at))? {
            return Err(Error::Integer {
                argument: "indices",
                index,
                value: indices[index],
                must: "the index of a transition",
            });
        }
        let allowed = 0.0..=LARGEST_PRIORITY;
        if let Some(at) = first(new, stop, |priority| !allowed.contains(priority))? {
            return Err(Error::Value {
                argument: "priorities",
                index: vec![at],
                value: new[at],
                must: "from 0 to 1e100",
            });
        }
        let priorities = self
            .priorities
            .as_mut()
            .expect("transitions have priorities");
        let mut largest = priorities.largest;
        let preferences = &mut self.targets;
        preferences.clear();
        memory::reserve(preferences, new.len())?;
        for (at, &priority) in new.iter().enumerate() {
            ask(stop, at)?;
            let preference = (priority + LEAST_PRIORITY).powf(priorities.exponent);
            largest = largest.max(preference);
            preferences.push(preference);
        }
        // Nothing fails after this line, so all priorities change or none.
        priorities.largest = largest;
        let indices = indices.iter().map(|&index| index as usize);
        for (index, &preference) in indices.clone().zip(&*preferences) {
            priorities.tree.set(index, preference);
        }
        priorities.tree.refresh(indices);
        Ok(())
    }

    /// How many values the rows that can be drawn have, and how many preferences there are.
    pub fn state_lengths(&self) -> [usize; 2] {
        let preferences = self.priorities.as_ref().map_or(0, |_| self.len());
        [self.len() * self.shape.row(), preferences]
    }

    /// Copies the rows that can be drawn, and their preferences; returns the counters and the
    /// largest preference so far.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] once `stop` returns true.
    ///
    /// # Panics
    ///
    /// When lengths are not those of [`Replay::state_lengths`].
    pub fn copy_state(
        &self,
        rows: &mut [f32],
        preferences: &mut [f64],
        stop: Stop<'_>,
    ) -> Result<([u64; 2], f64), Error> {
        assert_eq!([rows.len(), preferences.len()], self.state_lengths());
        for (step, (to, from)) in rows
            .chunks_mut(VALUES)
            .zip(self.rows.chunks(VALUES))
            .enumerate()
        {
            if step > 0 && stop() {
                return Err(Error::Interrupted);
            }
            to.copy_from_slice(&from[..to.len()]);
        }
        let mut largest = FIRST_PRIORITY;
        if let Some(priorities) = &self.priorities {
            preferences.copy_from_slice(&priorities.tree.leaves()[..preferences.len()]);
            largest = priorities.largest;
        }
        Ok(([self.added, self.draws], largest))
    }

    /// Restores a state. Returns whether its parts fit together and are a state that calls can
    /// produce; otherwise nothing has changed.
    pub fn restore(
        &mut self,
        [added, draws]: [u64; 2],
        rows: &[f32],
        preferences: &[f64],
        largest: f64,
    ) -> bool {
        let before = self.len();
        let length = usize::try_from(added).map_or(self.capacity, |n| n.min(self.capacity));
        let fits = added.max(draws) <= LARGEST_COUNTER
            && rows.len() == length * self.shape.row()
            && preferences.len() == self.priorities.as_ref().map_or(0, |_| length)
            && first_not_finite(rows).is_none()
            && preferences
                .iter()
                .chain([&largest])
                .all(|&preference| preference > 0.0 && preference <= 2.0 * LARGEST_PRIORITY);
        if fits {
            (self.added, self.draws) = (added, draws);
            self.rows[..rows.len()].copy_from_slice(rows);
            if let Some(priorities) = &mut self.priorities {
                priorities.largest = largest;
                // Rows beyond the new ones are never drawn.
                let values = preferences.iter().copied().chain(iter::repeat(0.0));
                for (at, preference) in (0..length.max(before)).zip(values) {
                    priorities.tree.set(at, preference);
                }
                priorities.tree.refresh(0..length.max(before));
            }
        }
        fits
    }
}

impl Priorities {
    /// Corrects for transitions that are drawn more often than others: weights (N P)^-beta of Schaul
    /// et al., divided by the largest, that of the rarest.
    fn weigh(
        &self,
        length: f64,
        exponent: f64,
        drawn: &mut Drawn<'_>,
        stop: Stop<'_>,
    ) -> Result<(), Error> {
        let leaves = self.tree.leaves();
        let scale = length / self.tree.total();
        let preferred = drawn.indices.iter().map(|&at| leaves[at as usize]);
        let rarest = preferred.clone().fold(f64::INFINITY, f64::min) * scale;
        for (at, (weight, preference)) in drawn.weights.iter_mut().zip(preferred).enumerate() {
            ask(stop, at)?;
            *weight = (rarest / (preference * scale)).powf(exponent) as f32;
        }
        Ok(())
    }
}

/// Asks whether to stop, once every `STEP` rows.
#[inline(always)]
fn ask(stop: Stop<'_>, done: usize) -> Result<(), Error> {
    if done.is_multiple_of(STEP) && done > 0 && stop() {
        return Err(Error::Interrupted);
    }
    Ok(())
}

/// The index of the first value that is wrong.
fn first<T>(
    values: &[T],
    stop: Stop<'_>,
    is_wrong: impl Fn(&T) -> bool,
) -> Result<Option<usize>, Error> {
    for (step, part) in values.chunks(VALUES).enumerate() {
        if step > 0 && stop() {
            return Err(Error::Interrupted);
        }
        if let Some(at) = part.iter().position(&is_wrong) {
            return Ok(Some(step * VALUES + at));
        }
    }
    Ok(None)
}

fn first_not_finite(values: &[f32]) -> Option<usize> {
    // Zero times what is not finite is NaN, which no addition removes.
    let nan: f32 = values.iter().map(|value| value * 0.0).sum();
    if nan == 0.0 {
        return None;
    }
    values.iter().position(|value| !value.is_finite())
}

fn require_finite(
    argument: &'static str,
    values: &[f32],
    columns: usize,
    stop: Stop<'_>,
) -> Result<(), Error> {
    for (step, part) in values.chunks(VALUES).enumerate() {
        if step > 0 && stop() {
            return Err(Error::Interrupted);
        }
        let Some(wrong) = first_not_finite(part) else {
            continue;
        };
        let at = step * VALUES + wrong;
        let (row, column) = (at / columns, at % columns);
        let index = if columns == 1 && argument == "rewards" {
            vec![row]
        } else {
            vec![row, column]
        };
        return Err(Error::Value {
            argument,
            index,
            value: f64::from(values[at]),
            must: "finite",
        });
    }
    Ok(())
}
