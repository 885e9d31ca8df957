//! Fuzzes the replay buffer: any sequence of calls, against a plain list of rows.

use std::cell::Cell;
use std::iter;

use merit_order::Error;
use merit_order::replay::{Drawn, Replay, Shape, Transitions};
use merit_order::threads::never;
use merit_order_fuzz::input::Input;
use merit_order_fuzz::judge;

/// The largest priority, and the number of transitions from which on the core counts no further.
const LARGEST_PRIORITY: f64 = 1e100;
const LARGEST_COUNTER: u64 = 1 << 63;
/// So many draws take more than one step, between which the caller may stop them.
const MANY: usize = 20_000;
/// Relative error of sums of preferences.
const ROUNDING: f64 = 1e-9;

/// Capacities around which the tree of sums changes its shape.
const CAPACITIES: [usize; 12] = [1, 2, 3, 7, 8, 9, 63, 64, 65, 100, 512, 513];
const VALUES: [f32; 8] = [0.0, -0.0, 1.0, -2.5, f32::MAX, f32::MIN, 1e-45, 1.0 / 3.0];
const WRONG_VALUES: [f32; 4] = [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
const PRIORITIES: [f64; 8] = [0.0, -0.0, 5e-324, 1e-300, 1e-6, 1.0, 1e99, LARGEST_PRIORITY];
const WRONG_PRIORITIES: [f64; 5] = [f64::NAN, f64::INFINITY, -1.0, -5e-324, 1.1e100];

#[derive(Debug)]
struct Case {
    capacity: usize,
    shape: Shape,
    seed: u64,
    exponent: Option<f64>,
    operations: Vec<Operation>,
}

#[derive(Debug)]
enum Operation {
    Add(Rows),
    /// Draws so many rows, with this exponent of the weights.
    Sample(usize, f64),
    /// Draws many rows, but stops when it was asked so many times whether to stop.
    Interrupt(usize),
    /// New priorities of some transitions.
    Update(Vec<(i64, f64)>),
    /// Goes on with a copy, made in a buffer that holds some rows already.
    Copy(Rows),
    /// Goes on after many transitions were added, so many less than can be counted.
    Age(u64),
    /// Restores a state with this damage.
    Damage(Damage),
}

#[derive(Clone, Copy, Debug)]
enum Damage {
    FewerRows,
    MoreRows,
    WrongValue(f32),
    FewerPreferences,
    WrongPreference(f64),
    WrongLargest(f64),
    TooManyAdded,
    TooManyDraws,
}

/// Transitions in the order of the buffer: each observation, next observation, action, reward, and
/// whether the episode ended.
#[derive(Clone, Debug)]
struct Rows {
    values: Vec<Vec<f32>>,
    done: Vec<u8>,
}

impl Case {
    fn read(bytes: &[u8]) -> Self {
        let mut input = Input::new(bytes);
        let most = if input.once_in(8) { 40 } else { 4 };
        let shape = Shape {
            observation: 1 + input.below(most),
            action: 1 + input.below(3),
        };
        let mut case = Self {
            capacity: input.choose(&CAPACITIES),
            shape,
            seed: input.word(),
            exponent: input.bool().then(|| input.share()),
            operations: Vec::new(),
        };
        let mut number = 0.0;
        for _ in 0..input.below(40) {
            let operation = case.read_operation(&mut input, &mut number);
            case.operations.push(operation);
        }
        case
    }

    fn read_operation(&self, input: &mut Input<'_>, number: &mut f32) -> Operation {
        match input.byte() % 16 {
            0..=4 => Operation::Add(self.read_rows(input, number)),
            5..=8 => Operation::Sample(1 + input.below(40), input.share()),
            9..=11 => Operation::Update(self.read_priorities(input)),
            12 => Operation::Copy(self.read_rows(input, &mut 1e6)),
            13 => Operation::Damage(match input.byte() % 8 {
                0 => Damage::FewerRows,
                1 => Damage::MoreRows,
                2 => Damage::WrongValue(input.choose(&WRONG_VALUES)),
                3 => Damage::FewerPreferences,
                4 => Damage::WrongPreference(input.choose(&[0.0, -1.0, f64::NAN, 3e100])),
                5 => Damage::WrongLargest(input.choose(&[0.0, -1.0, f64::NAN, 3e100])),
                6 => Damage::TooManyAdded,
                _ => Damage::TooManyDraws,
            }),
            14 => Operation::Age(u64::from(input.byte())),
            _ if input.once_in(8) => Operation::Interrupt(input.below(5)),
            _ => Operation::Sample(1, 1.0),
        }
    }

    /// Rows that tell their number, or have values that floating-point code may change.
    fn read_rows(&self, input: &mut Input<'_>, number: &mut f32) -> Rows {
        let rows = match input.byte() % 4 {
            0 => input.below(2 * self.capacity + 2),
            1 => self.capacity,
            _ => input.below(8),
        };
        let size = 2 * self.shape.observation + self.shape.action + 1;
        let are_odd = input.once_in(4);
        let row = |at: usize, input: &mut Input<'_>| match are_odd {
            true => (0..size).map(|_| input.choose(&VALUES)).collect(),
            false => (0..size)
                .map(|column| *number + at as f32 + 0.001 * column as f32)
                .collect(),
        };
        let mut values: Vec<Vec<f32>> = (0..rows).map(|at| row(at, input)).collect();
        *number += rows as f32;
        if rows > 0 && input.once_in(8) {
            for _ in 0..1 + input.below(2) {
                values[input.below(rows)][input.below(size)] = input.choose(&WRONG_VALUES);
            }
        }
        let done = (0..rows).map(|_| input.choose(&[0, 0, 1, 255])).collect();
        Rows { values, done }
    }

    /// Priorities, most of them of indices that can be drawn.
    fn read_priorities(&self, input: &mut Input<'_>) -> Vec<(i64, f64)> {
        let number = input.below(20);
        let mut new: Vec<_> = iter::repeat_with(|| {
            let index = input.below(self.capacity);
            let priority = match input.bool() {
                true => input.choose(&PRIORITIES),
                false => f64::from(input.byte()) / 7.0,
            };
            (index as i64, priority)
        })
        .take(number)
        .collect();
        if number > 0 && input.once_in(4) {
            let wrong = [-1, i64::MIN, i64::MAX, self.capacity as i64];
            new[input.below(number)].0 = input.choose(&wrong);
        }
        if number > 0 && input.once_in(4) {
            new[input.below(number)].1 = input.choose(&WRONG_PRIORITIES);
        }
        new
    }

    fn new_buffer(&self) -> Replay {
        let Self {
            capacity,
            shape,
            seed,
            exponent,
            ..
        } = *self;
        Replay::new(capacity, shape, seed, exponent).expect("enough memory")
    }

    fn check(&self) {
        let mut model = Model {
            rows: vec![Vec::new(); self.capacity],
            preferences: vec![0.0; self.capacity],
            largest: 1.0,
            added: 0,
            draws: 0,
        };
        let mut buffer = self.new_buffer();
        for operation in &self.operations {
            match operation {
                Operation::Add(rows) => self.check_add(&mut buffer, &mut model, rows),
                Operation::Sample(number, exponent) if model.added > 0 => {
                    self.check_sample(&mut buffer, &mut model, *number, *exponent);
                }
                Operation::Interrupt(times) if model.added > 0 => {
                    let mut arrays = Arrays::new(self.shape, MANY);
                    let asked = Cell::new(0);
                    let stop = || asked.replace(asked.get() + 1) == *times;
                    match buffer.sample(0.4, arrays.drawn(), &stop) {
                        Ok(()) => model.draws += 1,
                        Err(error) => assert_eq!(error, Error::Interrupted),
                    }
                    assert!(*times > 0 || asked.get() > 0, "nothing is asked");
                }
                // Nothing can be drawn.
                Operation::Sample(..) | Operation::Interrupt(_) => {}
                Operation::Update(new) => self.check_update(&mut buffer, &mut model, new),
                Operation::Copy(rows) => {
                    let mut copy = self.new_buffer();
                    // Whether they are valid or not.
                    let _ = self.add(&mut copy, rows);
                    assert!(State::of(&buffer).restore(&mut copy));
                    self.check_same_draws(&mut buffer, &mut copy, &mut model);
                    buffer = copy;
                }
                Operation::Age(left) => {
                    let mut state = State::of(&buffer);
                    let added = LARGEST_COUNTER - left;
                    if buffer.len() == self.capacity {
                        state.counters[0] = added;
                        model.added = added;
                        assert!(state.restore(&mut buffer));
                    }
                }
                Operation::Damage(damage) => self.check_damage(&mut buffer, *damage),
            }
            model.check(&buffer);
        }
    }

    fn add(&self, buffer: &mut Replay, rows: &Rows) -> Result<(), Error> {
        let Shape {
            observation,
            action,
        } = self.shape;
        let part = |from: usize, to: usize| -> Vec<f32> {
            rows.values
                .iter()
                .flat_map(|row| row[from..to].to_vec())
                .collect()
        };
        let rewards = 2 * observation + action;
        let transitions = Transitions {
            observations: &part(0, observation),
            next_observations: &part(observation, 2 * observation),
            actions: &part(2 * observation, rewards),
            rewards: &part(rewards, rewards + 1),
            done: &rows.done,
        };
        buffer.add(transitions, &never)
    }

    fn check_add(&self, buffer: &mut Replay, model: &mut Model, rows: &Rows) {
        let found = self.add(buffer, rows).err().map(|error| error.to_string());
        let problem = self.problem(rows);
        assert_eq!(found, problem);
        if problem.is_none() {
            model.add(rows);
        }
    }

    /// The first value that is not finite: argument by argument, then row by row.
    fn problem(&self, rows: &Rows) -> Option<String> {
        let Shape {
            observation,
            action,
        } = self.shape;
        let rewards = 2 * observation + action;
        for (name, from, to) in [
            ("observations", 0, observation),
            ("actions", 2 * observation, rewards),
            ("rewards", rewards, rewards + 1),
            ("next_observations", observation, 2 * observation),
        ] {
            for (at, row) in rows.values.iter().enumerate() {
                let wrong = row[from..to].iter().position(|value| !value.is_finite());
                if let Some(column) = wrong {
                    let value = f64::from(row[from + column]);
                    let place = match name {
                        "rewards" => format!("[{at}]"),
                        _ => format!("[{at}, {column}]"),
                    };
                    return Some(format!("{name}{place} = {value:?}: must be finite"));
                }
            }
        }
        None
    }

    fn check_sample(&self, buffer: &mut Replay, model: &mut Model, number: usize, exponent: f64) {
        let mut arrays = Arrays::new(self.shape, number);
        buffer
            .sample(exponent, arrays.drawn(), &never)
            .expect("enough memory");
        model.draws += 1;
        let length = model.len() as i64;
        for (at, &index) in arrays.indices.iter().enumerate() {
            assert!((0..length).contains(&index), "indices[{at}] = {index}");
            let row = &model.rows[index as usize];
            assert_eq!(bits(&arrays.row(self.shape, at)), bits(row), "row {index}");
        }
        if self.exponent.is_none() {
            assert!(arrays.weights.iter().all(|&weight| weight == 1.0));
            return;
        }
        model.check_strata(&arrays.indices);
        let drawn = arrays
            .indices
            .iter()
            .map(|&index| model.preferences[index as usize]);
        let rarest = drawn.clone().fold(f64::INFINITY, f64::min);
        for (at, (&weight, preference)) in iter::zip(&arrays.weights, drawn).enumerate() {
            let right = (rarest / preference).powf(exponent);
            // A weight too small for its type is zero.
            let (least, error) = (f64::from(f32::MIN_POSITIVE), 1e-6);
            let difference = (f64::from(weight) - right).abs();
            assert!(
                (0.0..=1.0).contains(&weight) && difference <= error * right + least,
                "weights[{at}] = {weight:?}, not {right:?}"
            );
        }
    }

    fn check_update(&self, buffer: &mut Replay, model: &mut Model, new: &[(i64, f64)]) {
        let Some(exponent) = self.exponent else {
            return;
        };
        let (indices, priorities): (Vec<_>, Vec<_>) = new.iter().copied().unzip();
        let length = model.len() as i64;
        let index = indices
            .iter()
            .position(|index| !(0..length).contains(index));
        let allowed = 0.0..=LARGEST_PRIORITY;
        let priority = priorities.iter().position(|it| !allowed.contains(it));
        let problem = match (index, priority) {
            (Some(at), _) => {
                let index = indices[at];
                Some(format!(
                    "indices[{at}] = {index}: must be the index of a transition"
                ))
            }
            (None, Some(at)) => {
                let priority = priorities[at];
                Some(format!(
                    "priorities[{at}] = {priority:?}: must be from 0 to 1e100"
                ))
            }
            (None, None) => None,
        };
        let found = buffer.update(&indices, &priorities, &never);
        assert_eq!(found.err().map(|error| error.to_string()), problem);
        if problem.is_none() {
            for &(index, priority) in new {
                let preference = (priority + 1e-6).powf(exponent);
                model.preferences[index as usize] = preference;
                model.largest = model.largest.max(preference);
            }
        }
    }

    /// A copy draws what the original draws next.
    fn check_same_draws(&self, buffer: &mut Replay, copy: &mut Replay, model: &mut Model) {
        if model.added == 0 {
            return;
        }
        let [one, other] = [buffer, copy].map(|it| {
            let mut arrays = Arrays::new(self.shape, 9);
            it.sample(0.4, arrays.drawn(), &never)
                .expect("enough memory");
            arrays
        });
        model.draws += 1;
        assert_eq!(one.indices, other.indices);
        assert_eq!(bits(&one.weights), bits(&other.weights));
        for at in 0..one.indices.len() {
            let [one, other] = [&one, &other].map(|it| it.row(self.shape, at));
            assert_eq!(bits(&one), bits(&other));
        }
    }

    /// A damaged state is refused and changes nothing, which is checked by the caller.
    fn check_damage(&self, buffer: &mut Replay, damage: Damage) {
        let mut state = State::of(buffer);
        let last = state.rows.len().saturating_sub(1);
        match damage {
            Damage::FewerRows if !state.rows.is_empty() => state.rows.truncate(last),
            Damage::MoreRows => state.rows.push(0.0),
            Damage::WrongValue(value) if !state.rows.is_empty() => state.rows[last] = value,
            Damage::FewerPreferences if state.preferences.pop().is_some() => {}
            Damage::WrongPreference(value) if !state.preferences.is_empty() => {
                state.preferences[0] = value;
            }
            Damage::WrongLargest(value) => state.largest = value,
            Damage::TooManyAdded => state.counters[0] = LARGEST_COUNTER + 1,
            Damage::TooManyDraws => state.counters[1] = u64::MAX,
            _ => return,
        }
        assert!(!state.restore(buffer), "{damage:?}");
    }
}

/// What a buffer must hold.
struct Model {
    /// Rows by their indices in the ring; those that were never added are empty.
    rows: Vec<Vec<f32>>,
    preferences: Vec<f64>,
    /// The preference of new transitions.
    largest: f64,
    added: u64,
    draws: u64,
}

impl Model {
    fn len(&self) -> usize {
        self.rows.iter().filter(|row| !row.is_empty()).count()
    }

    fn add(&mut self, rows: &Rows) {
        for (at, (row, &done)) in iter::zip(&rows.values, &rows.done).enumerate() {
            let index = ((self.added + at as u64) % self.rows.len() as u64) as usize;
            let done = if done == 0 { 0.0 } else { 1.0 };
            self.rows[index] = [&row[..], &[done]].concat();
            self.preferences[index] = self.largest;
        }
        self.added = (self.added + rows.values.len() as u64).min(LARGEST_COUNTER);
    }

    /// The n-th of N draws comes from the n-th of N equal parts of all preferences.
    fn check_strata(&self, indices: &[i64]) {
        let total: f64 = self.preferences.iter().sum();
        let share = total / indices.len() as f64;
        for (at, &index) in indices.iter().enumerate() {
            let index = index as usize;
            let before: f64 = self.preferences[..index].iter().sum();
            let after = before + self.preferences[index];
            let (low, high) = (at as f64 * share, (at + 1) as f64 * share);
            let error = ROUNDING * total;
            assert!(
                before <= high + error && after >= low - error,
                "indices[{at}] = {index} is outside its part"
            );
        }
    }

    fn check(&self, buffer: &Replay) {
        let state = State::of(buffer);
        assert_eq!(state.counters, [self.added, self.draws]);
        assert_eq!(buffer.len(), self.len());
        assert_eq!(buffer.is_empty(), self.len() == 0);
        assert_eq!(bits(&state.rows), bits(&self.rows.concat()));
        if buffer.is_prioritised() {
            assert_eq!(state.preferences, self.preferences[..self.len()]);
            assert_eq!(state.largest, self.largest);
        } else {
            assert!(state.preferences.is_empty());
        }
    }
}

/// What is saved of a buffer.
struct State {
    counters: [u64; 2],
    rows: Vec<f32>,
    preferences: Vec<f64>,
    largest: f64,
}

impl State {
    fn of(buffer: &Replay) -> Self {
        let [values, preferences] = buffer.state_lengths();
        let (mut rows, mut preferences) = (vec![f32::NAN; values], vec![f64::NAN; preferences]);
        let copied = buffer.copy_state(&mut rows, &mut preferences, &never);
        let (counters, largest) = copied.expect("nobody stops it");
        Self {
            counters,
            rows,
            preferences,
            largest,
        }
    }

    fn restore(&self, buffer: &mut Replay) -> bool {
        buffer.restore(self.counters, &self.rows, &self.preferences, self.largest)
    }
}

/// Arrays that a draw fills; what it leaves is NaN, or no index.
struct Arrays {
    observations: Vec<f32>,
    actions: Vec<f32>,
    rewards: Vec<f32>,
    next_observations: Vec<f32>,
    done: Vec<u8>,
    indices: Vec<i64>,
    weights: Vec<f32>,
}

impl Arrays {
    fn new(shape: Shape, number: usize) -> Self {
        let values = |columns: usize| vec![f32::NAN; number * columns];
        Self {
            observations: values(shape.observation),
            actions: values(shape.action),
            rewards: values(1),
            next_observations: values(shape.observation),
            done: vec![7; number],
            indices: vec![-1; number],
            weights: values(1),
        }
    }

    fn drawn(&mut self) -> Drawn<'_> {
        Drawn {
            observations: &mut self.observations,
            actions: &mut self.actions,
            rewards: &mut self.rewards,
            next_observations: &mut self.next_observations,
            done: &mut self.done,
            indices: &mut self.indices,
            weights: &mut self.weights,
        }
    }

    /// A drawn row, in the order of the buffer.
    fn row(&self, shape: Shape, at: usize) -> Vec<f32> {
        let Shape {
            observation,
            action,
        } = shape;
        let observed = at * observation..(at + 1) * observation;
        [
            &self.observations[observed.clone()],
            &self.next_observations[observed],
            &self.actions[at * action..(at + 1) * action],
            &[self.rewards[at], f32::from(self.done[at])],
        ]
        .concat()
    }
}

/// Bits, so that both zeros differ.
fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn replay() {
    known_cases()
        .iter()
        .for_each(|case| judge(case, Case::check));
    bolero::check!().for_each(|bytes: &[u8]| judge(&Case::read(bytes), Case::check));
}

/// The ring of the other tests: it is filled, overwritten and copied.
fn known_cases() -> Vec<Case> {
    let rows = |first: usize, number: usize| Rows {
        values: (first..first + number)
            .map(|at| vec![at as f32; 9])
            .collect(),
        done: (first..first + number)
            .map(|at| u8::from(at % 3 == 0))
            .collect(),
    };
    let case = |exponent| {
        let mut operations = Vec::new();
        let mut added = 0;
        for number in [0, 1, 3, 4, 7, 10, 9, 25, 1] {
            operations.push(Operation::Sample(1, 0.4));
            operations.push(Operation::Add(rows(added, number)));
            operations.push(Operation::Sample(400, 1.0));
            operations.push(Operation::Update(vec![(0, 0.0), (1, 7.0), (0, 8.0)]));
            operations.push(Operation::Copy(rows(100, 3)));
            added += number;
        }
        operations.extend((0..5).map(Operation::Interrupt));
        operations.push(Operation::Age(3));
        operations.push(Operation::Add(rows(added, 7)));
        Case {
            capacity: 10,
            shape: Shape {
                observation: 3,
                action: 2,
            },
            seed: 5,
            exponent,
            operations,
        }
    };
    [None, Some(0.0), Some(0.6), Some(1.0)].map(case).into()
}
