//! Transitions to learn from again: a ring of rows, drawn at random.
//!
//! A row holds all of a transition, so that no draw crosses the place that is written next, and its
//! values lie together in memory.

use crate::Error;
use crate::random::{philox, unit};
use crate::tree::SumTree;

/// Added to a priority, so that no transition is never drawn.
const LEAST_PRIORITY: f64 = 1e-6;
/// Where no transition has been learned from yet.
const FIRST_PRIORITY: f64 = 1.0;
/// Larger priorities could add up to infinity.
const LARGEST_PRIORITY: f64 = 1e100;
/// Keys of other streams of random numbers are other second words.
const STREAM: u64 = 1;
/// Values of a line of memory.
const LINE: usize = 16;
/// Rows that are fetched together.
const AT_ONCE: usize = 32;
/// Words of a block.
const WORDS: usize = 4;

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

/// Where to write what is drawn.
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
    /// Places in the ring.
    pub indices: &'a mut [i64],
    /// Corrections of a draw that prefers some transitions; one for each.
    pub weights: &'a mut [f32],
}

/// The last transitions of many, up to a capacity.
#[derive(Debug)]
pub struct Replay {
    shape: Shape,
    capacity: usize,
    rows: Vec<f32>,
    /// Transitions ever added.
    added: u64,
    /// Draws so far: a counter, from which their random numbers are made.
    draws: u64,
    seed: u64,
    priorities: Option<Priorities>,
    /// Working memory of a draw.
    targets: Vec<f64>,
}

/// Which transitions are preferred.
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
            rows: zeros(values)?,
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

    /// Transitions ever added, and draws so far.
    pub fn counters(&self) -> [u64; 2] {
        [self.added, self.draws]
    }

    /// Adds transitions, the last of which replace the oldest.
    ///
    /// # Errors
    ///
    /// A value that is not finite is refused, and nothing has changed.
    ///
    /// # Panics
    ///
    /// When the parts are not as many or as long as they must be.
    pub fn add(&mut self, transitions: Transitions<'_>) -> Result<(), Error> {
        let (observation, action) = (self.shape.observation, self.shape.action);
        require_finite("observations", transitions.observations, observation)?;
        require_finite("actions", transitions.actions, action)?;
        require_finite("rewards", transitions.rewards, 1)?;
        require_finite(
            "next_observations",
            transitions.next_observations,
            observation,
        )?;
        let row_size = self.shape.row();
        for at in 0..transitions.rewards.len() {
            let place = (self.added % self.capacity as u64) as usize;
            let row = &mut self.rows[place * row_size..(place + 1) * row_size];
            let (now, row) = row.split_at_mut(observation);
            let (next, row) = row.split_at_mut(observation);
            let (acted, row) = row.split_at_mut(action);
            let observed = at * observation..(at + 1) * observation;
            now.copy_from_slice(&transitions.observations[observed.clone()]);
            next.copy_from_slice(&transitions.next_observations[observed]);
            acted.copy_from_slice(&transitions.actions[at * action..(at + 1) * action]);
            row[0] = transitions.rewards[at];
            row[1] = f32::from(u8::from(transitions.done[at] != 0));
            self.added += 1;
            if let Some(priorities) = &mut self.priorities {
                priorities.tree.set(place, priorities.largest);
            }
        }
        if let Some(priorities) = &mut self.priorities {
            let capacity = self.capacity as u64;
            let new = self.added - transitions.rewards.len() as u64..self.added;
            let places = new.map(|at| (at % capacity) as usize);
            priorities.tree.refresh(places);
        }
        Ok(())
    }

    /// Draws transitions, with replacement; `exponent` is that of the corrections.
    ///
    /// # Panics
    ///
    /// When there are none, or the parts are not as many or as long as they must be.
    pub fn sample(&mut self, exponent: f64, mut drawn: Drawn<'_>) {
        let (number, length) = (drawn.indices.len(), self.len() as u64);
        let draw = self.draws;
        self.draws += 1;
        let words = |block: usize| philox([self.seed, STREAM], [block as u64 + 1, draw, 0, 0]);
        match &self.priorities {
            None => {
                for (block, indices) in drawn.indices.chunks_mut(WORDS).enumerate() {
                    for (index, word) in indices.iter_mut().zip(words(block)) {
                        *index = ((u128::from(word) * u128::from(length)) >> 64) as i64;
                    }
                }
                drawn.weights.fill(1.0);
            }
            Some(priorities) => {
                let share = priorities.tree.total() / number as f64;
                self.targets.resize(number, 0.0);
                for (block, targets) in self.targets.chunks_mut(WORDS).enumerate() {
                    for (at, (target, word)) in targets.iter_mut().zip(words(block)).enumerate() {
                        // One draw from each of as many equal shares.
                        let stratum = (block * WORDS + at) as f64;
                        *target = (stratum + unit(word)) * share;
                    }
                }
                priorities.tree.find(&mut self.targets, drawn.indices);
                priorities.weigh(length as f64, exponent, drawn.indices, drawn.weights);
            }
        }
        self.copy(&mut drawn);
    }

    /// Copies the drawn rows.
    fn copy(&self, drawn: &mut Drawn<'_>) {
        let (observation, action) = (self.shape.observation, self.shape.action);
        let row_size = self.shape.row();
        for (at, &index) in drawn.indices.iter().enumerate() {
            if at % AT_ONCE == 0 {
                let end = (at + AT_ONCE).min(drawn.indices.len());
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
    }

    /// Reads a value of each line of memory of some rows, which does nothing but bring them near:
    /// so many are waited for together, where to copy a row after the other is to wait for each.
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
    /// An index or a priority is refused, and nothing has changed.
    ///
    /// # Panics
    ///
    /// When transitions are not drawn by priorities, or there are not as many as indices.
    pub fn update(&mut self, indices: &[i64], new: &[f64]) -> Result<(), Error> {
        assert!(indices.len() == new.len());
        let length = self.len() as i64;
        let wrong = indices.iter().position(|at| !(0..length).contains(at));
        if let Some(index) = wrong {
            return Err(Error::Integer {
                argument: "indices",
                index,
                value: indices[index],
                must: "the place of a transition",
            });
        }
        let allowed = 0.0..=LARGEST_PRIORITY;
        let wrong = new.iter().position(|priority| !allowed.contains(priority));
        if let Some(at) = wrong {
            return Err(Error::Value {
                argument: "priorities",
                index: vec![at],
                value: new[at],
                must: "from 0 to 1e100",
            });
        }
        let priorities = self.priorities.as_mut().expect("priorities are kept");
        for (&index, &priority) in indices.iter().zip(new) {
            let preference = (priority + LEAST_PRIORITY).powf(priorities.exponent);
            priorities.largest = priorities.largest.max(preference);
            priorities.tree.set(index as usize, preference);
        }
        priorities
            .tree
            .refresh(indices.iter().map(|&index| index as usize));
        Ok(())
    }

    /// The rows that can be drawn, one after the other.
    pub fn rows(&self) -> &[f32] {
        &self.rows[..self.len() * self.shape.row()]
    }

    /// The preferences of the rows, and the largest of all times; empty where there are none.
    pub fn preferences(&self) -> (&[f64], f64) {
        let kept = self.priorities.as_ref();
        kept.map_or((&[], FIRST_PRIORITY), |priorities| {
            (&priorities.tree.leaves()[..self.len()], priorities.largest)
        })
    }

    /// Puts everything back as it was when it was read; whether it fits together.
    pub fn restore(
        &mut self,
        [added, draws]: [u64; 2],
        rows: &[f32],
        preferences: &[f64],
        largest: f64,
    ) -> bool {
        let length = usize::try_from(added).map_or(self.capacity, |n| n.min(self.capacity));
        let fits = rows.len() == length * self.shape.row()
            && preferences.len() == self.priorities.as_ref().map_or(0, |_| length)
            && preferences
                .iter()
                .chain([&largest])
                .all(|preference| (0.0..=2.0 * LARGEST_PRIORITY).contains(preference));
        if fits {
            (self.added, self.draws) = (added, draws);
            self.rows[..rows.len()].copy_from_slice(rows);
            if let Some(priorities) = &mut self.priorities {
                priorities.largest = largest;
                for (at, &preference) in preferences.iter().enumerate() {
                    priorities.tree.set(at, preference);
                }
                priorities.tree.refresh(0..length);
            }
        }
        fits
    }
}

impl Priorities {
    /// Corrects for transitions that are drawn more often than others, the rarest by one.
    fn weigh(&self, length: f64, exponent: f64, indices: &[i64], weights: &mut [f32]) {
        let leaves = self.tree.leaves();
        let scale = length / self.tree.total();
        let preferred = indices.iter().map(|&at| leaves[at as usize]);
        let rarest = preferred.clone().fold(f64::INFINITY, f64::min) * scale;
        for (weight, preference) in weights.iter_mut().zip(preferred) {
            *weight = (rarest / (preference * scale)).powf(exponent) as f32;
        }
    }
}

fn require_finite(argument: &'static str, values: &[f32], columns: usize) -> Result<(), Error> {
    // Zero times what is not finite is NaN, which no addition removes.
    let nan: f32 = values.iter().map(|value| value * 0.0).sum();
    if nan == 0.0 {
        return Ok(());
    }
    let wrong = values.iter().position(|value| !value.is_finite());
    wrong.map_or(Ok(()), |at| {
        let (row, column) = (at / columns, at % columns);
        let index = if columns == 1 && argument == "rewards" {
            vec![row]
        } else {
            vec![row, column]
        };
        Err(Error::Value {
            argument,
            index,
            value: f64::from(values[at]),
            must: "finite",
        })
    })
}

/// Zeros that take memory only once they are written to.
pub(crate) fn zeros<T: bytemuck::Zeroable + Clone>(length: usize) -> Result<Vec<T>, Error> {
    // A failing allocation would end the process: ask first.
    let mut room = Vec::<T>::new();
    room.try_reserve_exact(length)
        .map_err(|_| Error::OutOfMemory)?;
    drop(room);
    Ok(vec![T::zeroed(); length])
}
