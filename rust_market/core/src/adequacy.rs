//! Years of a power system whose units fail at random: the marginal unit of each hour, and the
//! energy that is not served.
//!
//! Nothing is stored for an hour. One random word draws the states of eight units at once, by an
//! alias table over their 256 states (A. J. Walker, "An efficient method for generating discrete
//! random variables with general distributions", ACM Trans. Math. Softw. 3 (1977) 253–256). Units
//! are in merit order, so the marginal unit is where running sums of capacity reach what the load
//! needs. Capacities are integers, multiples of a quantum, so all sums are exact.

use std::num::NonZeroUsize;
use std::ops::{AddAssign, Sub};

use bytemuck::Zeroable;
use pulp::{Arch, Simd, WithSimd};

use crate::error::Error;
use crate::memory;
use crate::random::{LANES, philox32};
use crate::threads::{Stop, parallel_for};

/// Units whose states one random word draws.
pub const UNITS_PER_WORD: usize = 8;
/// States of these units: bit `i` of a state tells whether unit `i` is available.
pub const STATES: usize = 1 << UNITS_PER_WORD;
/// Words that one call of the generator gives.
pub const WORDS_PER_CALL: usize = 4;
/// The sum of all capacities must be below this number of quanta.
pub const CAPACITY_LIMIT: u64 = 1 << 62;

/// What is simulated. Units are in merit order, the cheapest first.
#[derive(Clone, Copy, Debug)]
pub struct Study<'a> {
    /// Alias tables, 256 entries for each eight units. An entry holds a threshold in its upper 24
    /// bits and another state in its lower 8.
    pub alias: &'a [u32],
    /// Capacity of each unit, in quanta; together below [`CAPACITY_LIMIT`].
    pub capacities: &'a [u64],
    /// The least capacity that meets the load of each hour, in quanta.
    pub needed: &'a [u64],
    /// Load of each hour, MW.
    pub loads: &'a [f64],
    /// For each eight units, bits in each hour that tell which have no planned outage; empty if
    /// none has one.
    pub in_service: &'a [u8],
    /// MW.
    pub quantum: f64,
    /// Key of all random numbers.
    pub seed: u64,
}

/// Results, filled for each year.
#[derive(Debug)]
pub struct Years<'a> {
    /// Hours in which each unit is marginal, then hours of shortage.
    pub hours: &'a mut [u32],
    /// Energy not served, MWh.
    pub unserved: &'a mut [f64],
    /// Energy of each unit, MWh; empty if it is not asked for.
    pub energy: &'a mut [f64],
}

/// Simulates as many years as there is room for in `found`, on some threads.
///
/// Year `n` of the results is year `first + n` of the random numbers, whatever the threads.
///
/// ```
/// use std::num::NonZeroUsize;
/// use merit_order::adequacy::{STATES, Study, Years, simulate_years};
/// use merit_order::threads::never;
///
/// // Two units of 60 and 50 MW that never fail: each entry of the table draws the same state.
/// let both = 0b11_u32;
/// let study = Study {
///     alias: &[both; STATES],
///     capacities: &[60, 50],
///     needed: &[40, 70, 130],
///     loads: &[40.0, 70.0, 130.0],
///     in_service: &[],
///     quantum: 1.0,
///     seed: 1,
/// };
/// let (mut hours, mut unserved) = ([0; 3], [0.0]);
/// let found = Years { hours: &mut hours, unserved: &mut unserved, energy: &mut [] };
/// simulate_years(study, 0, found, NonZeroUsize::MIN, &never)?;
/// // Each unit is marginal in an hour, and 20 MWh are not served in the third.
/// assert_eq!((hours, unserved), ([1, 1, 1], [20.0]));
/// # Ok::<(), merit_order::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::OutOfMemory`], or [`Error::Interrupted`] where `stop` said so.
///
/// # Panics
///
/// If the lengths of the slices do not fit each other.
pub fn simulate_years(
    study: Study<'_>,
    first: u32,
    found: Years<'_>,
    threads: NonZeroUsize,
    stop: Stop<'_>,
) -> Result<(), Error> {
    let (units, years) = (study.capacities.len(), found.unserved.len());
    assert_eq!(study.alias.len(), units.div_ceil(UNITS_PER_WORD) * STATES);
    assert_eq!(study.needed.len(), study.loads.len());
    let bytes = units.div_ceil(UNITS_PER_WORD) * study.loads.len();
    assert!(study.in_service.is_empty() || study.in_service.len() == bytes);
    assert_eq!(found.hours.len(), years * (units + 1));
    assert!(found.energy.is_empty() || found.energy.len() == years * units);
    // Half as wide numbers take half the time where the capacities allow them.
    if study.capacities.iter().sum::<u64>() < u64::from(u32::MAX) {
        run::<u32>(study, first, found, threads, stop)
    } else {
        run::<u64>(study, first, found, threads, stop)
    }
}

/// Fills the random words of the first 32 units in each hour of a year: all first words, all second
/// ones and so on. A simulation takes no less time than this.
///
/// # Panics
///
/// If there is no hour.
pub fn fill_random_words(words: &mut [u32], seed: u64, year: u32) {
    struct Fill<'a> {
        words: [&'a mut [u32]; WORDS_PER_CALL],
        seed: u64,
        year: u32,
    }

    impl WithSimd for Fill<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            let mut all = self.words;
            let hours = all[0].len();
            for start in (0..hours).step_by(LANES) {
                let number = (hours - start).min(LANES);
                let drawn = philox32(self.seed, [start as u32, self.year, 0, 0]);
                for (words, drawn) in all.iter_mut().zip(&drawn) {
                    words[start..start + number].copy_from_slice(&drawn[..number]);
                }
            }
        }
    }

    let hours = words.len() / WORDS_PER_CALL;
    let mut parts = words.chunks_exact_mut(hours);
    let words = std::array::from_fn(|_| parts.next().unwrap_or_default());
    Arch::new().dispatch(Fill { words, seed, year });
}

/// Quanta of capacity: `u32` or `u64`.
trait Quanta:
    Copy + Ord + Default + AddAssign + Sub<Output = Self> + Zeroable + Send + Sync + 'static
{
    /// Converts a number, or takes the largest where it does not fit.
    fn new(quanta: u64) -> Self;
    fn to_f64(self) -> f64;
}

impl Quanta for u32 {
    fn new(quanta: u64) -> Self {
        Self::try_from(quanta).unwrap_or(Self::MAX)
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Quanta for u64 {
    fn new(quanta: u64) -> Self {
        quanta
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self as f64
    }
}

/// What eight units offer, in each of their states.
#[derive(Clone, Copy)]
struct Table<C> {
    alias: [u32; STATES],
    /// Capacity of all that are available.
    total: [C; STATES],
    /// Capacity of those among the first one, two, up to eight units.
    running: [[C; UNITS_PER_WORD]; STATES],
}

impl<C: Quanta> Table<C> {
    fn new(alias: &[u32], capacities: &[u64]) -> Self {
        let mut table = Self {
            alias: [0; STATES],
            total: [C::default(); STATES],
            running: [[C::default(); UNITS_PER_WORD]; STATES],
        };
        table.alias.copy_from_slice(alias);
        for state in 0..STATES {
            let mut sum = C::default();
            for unit in 0..UNITS_PER_WORD {
                if state >> unit & 1 == 1 {
                    sum += C::new(capacities.get(unit).copied().unwrap_or(0));
                }
                table.running[state][unit] = sum;
            }
            table.total[state] = sum;
        }
        table
    }
}

fn run<C: Quanta>(
    study: Study<'_>,
    first: u32,
    found: Years<'_>,
    threads: NonZeroUsize,
    stop: Stop<'_>,
) -> Result<(), Error> {
    let units = study.capacities.len();
    let capacities = study.capacities.chunks(UNITS_PER_WORD);
    let tables = study.alias.chunks_exact(STATES).zip(capacities);
    let tables = memory::collect(tables.map(|(alias, capacities)| Table::new(alias, capacities)))?;
    // An hour without load needs nothing, and the cheapest unit that is available sets its price:
    // the one that reaches a quantum.
    let needed = study.needed.iter().map(|&it| C::new(it.max(1)));
    let needed: Vec<C> = memory::collect(needed)?;
    let energy = if found.energy.is_empty() { 0 } else { units };
    let workers = threads.get().min(found.unserved.len());
    let years = found
        .hours
        .chunks_mut(units + 1)
        .zip(found.unserved)
        .zip(Chunks(found.energy, energy))
        .zip(first..);
    let arch = Arch::new();
    parallel_for(workers, years, stop, |next| {
        let mut states = memory::zeros(tables.len())?;
        let mut full = memory::zeros(if energy == 0 { 0 } else { tables.len() })?;
        while let Some((((hours, unserved), energy), year)) = next() {
            arch.dispatch(Year {
                study: &study,
                tables: &tables,
                needed: &needed,
                year,
                states: &mut states,
                full: &mut full,
                hours,
                unserved,
                energy,
            });
        }
        Ok(())
    })
}

/// Chunks of a slice, which are all empty if their length is zero.
struct Chunks<'a>(&'a mut [f64], usize);

impl<'a> Iterator for Chunks<'a> {
    type Item = &'a mut [f64];

    fn next(&mut self) -> Option<Self::Item> {
        let (chunk, rest) = std::mem::take(&mut self.0).split_at_mut_checked(self.1)?;
        self.0 = rest;
        Some(chunk)
    }
}

/// A year that a thread simulates.
struct Year<'a, C> {
    study: &'a Study<'a>,
    tables: &'a [Table<C>],
    needed: &'a [C],
    year: u32,
    /// Working memory: the states of some hours.
    states: &'a mut [[u8; LANES]],
    /// Working memory: how often units in each state were used in full.
    full: &'a mut [[u32; STATES]],
    hours: &'a mut [u32],
    unserved: &'a mut f64,
    energy: &'a mut [f64],
}

impl<C: Quanta> WithSimd for Year<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        self.hours.fill(0);
        self.energy.fill(0.0);
        self.full.fill([0; STATES]);
        *self.unserved = 0.0;
        for start in (0..self.needed.len()).step_by(LANES) {
            self.simulate_hours(start);
        }
        let capacities = self.study.capacities;
        for (unit, (energy, &capacity)) in self.energy.iter_mut().zip(capacities).enumerate() {
            let (word, bit) = (unit / UNITS_PER_WORD, unit % UNITS_PER_WORD);
            let states = (0..STATES).filter(|state| state >> bit & 1 == 1);
            let hours: u32 = states.map(|state| self.full[word][state]).sum();
            *energy += f64::from(hours) * (C::new(capacity).to_f64() * self.study.quantum);
        }
    }
}

impl<C: Quanta> Year<'_, C> {
    #[inline(always)]
    fn megawatts(&self, quanta: C) -> f64 {
        quanta.to_f64() * self.study.quantum
    }

    /// Simulates [`LANES`] hours, or those that are left.
    #[inline(always)]
    fn simulate_hours(&mut self, start: usize) {
        let number = (self.needed.len() - start).min(LANES);
        let mut needed = [C::default(); LANES];
        needed[..number].copy_from_slice(&self.needed[start..start + number]);
        // The words of an hour whose units together offer too little, and what they offer.
        let (mut short, mut before) = ([0; LANES], [C::default(); LANES]);
        let mut sum = [C::default(); LANES];
        'words: for (group, tables) in self.tables.chunks(WORDS_PER_CALL).enumerate() {
            let words = philox32(self.study.seed, [start as u32, self.year, group as u32, 0]);
            let first = group * WORDS_PER_CALL;
            let states = &mut self.states[first..];
            for (at, ((table, words), states)) in tables.iter().zip(&words).zip(states).enumerate()
            {
                let mut drawn = [0; LANES];
                for lane in 0..LANES {
                    let word = words[lane];
                    let column = (word % STATES as u32) as u8;
                    let entry = table.alias[usize::from(column)];
                    // Of a word's bits, 8 choose the column and 24 are compared.
                    let is_own = word >> 8 < entry >> 8;
                    drawn[lane] = if is_own { column } else { entry as u8 };
                }
                if !self.study.in_service.is_empty() {
                    let from = (first + at) * self.needed.len() + start;
                    let bits = &self.study.in_service[from..from + number];
                    for (state, bits) in drawn.iter_mut().zip(bits) {
                        *state &= bits;
                    }
                }
                *states = drawn;
                // A loop of its own, so that the next one is vectorised.
                let mut offered = [C::default(); LANES];
                for lane in 0..LANES {
                    offered[lane] = table.total[usize::from(drawn[lane])];
                }
                let mut shortages = 0;
                for lane in 0..LANES {
                    sum[lane] += offered[lane];
                    let is_short = sum[lane] < needed[lane];
                    short[lane] += u32::from(is_short);
                    shortages += u32::from(is_short);
                    before[lane] =
                        before[lane].max(if is_short { sum[lane] } else { C::default() });
                }
                // Whether more expensive units are available changes nothing.
                if shortages == 0 {
                    break 'words;
                }
            }
        }
        for lane in 0..number {
            let word = short[lane] as usize;
            let load = self.study.loads[start + lane];
            let Some(table) = self.tables.get(word) else {
                self.add_shortage(lane, start + lane, load, sum[lane]);
                continue;
            };
            let state = self.states[word][lane];
            let running = &table.running[usize::from(state)];
            let left = needed[lane] - before[lane];
            // How many of the eight sums are less.
            let bit = running.iter().filter(|&&sum| sum < left).count();
            let unit = word * UNITS_PER_WORD + bit;
            self.hours[unit] += 1;
            if !self.energy.is_empty() {
                self.count_full(lane, word);
                let below = state & ((1 << bit) - 1);
                self.full[word][usize::from(below)] += 1;
                let capacity = self.megawatts(C::new(self.study.capacities[unit]));
                let mut before = before[lane];
                before += if bit > 0 {
                    running[bit - 1]
                } else {
                    C::default()
                };
                self.energy[unit] += (load - self.megawatts(before)).min(capacity);
            }
        }
    }

    #[cold]
    fn add_shortage(&mut self, lane: usize, hour: usize, load: f64, available: C) {
        let units = self.study.capacities.len();
        if self.study.needed[hour] == 0 {
            // No unit is available, and none is needed: the cheapest one sets the price.
            self.hours[0] += 1;
            return;
        }
        self.hours[units] += 1;
        *self.unserved += load - self.megawatts(available);
        if !self.energy.is_empty() {
            self.count_full(lane, self.tables.len());
        }
    }

    /// Counts the states of the words before one: their units are used in full.
    #[inline(always)]
    fn count_full(&mut self, lane: usize, word: usize) {
        for (full, states) in self.full[..word].iter_mut().zip(&*self.states) {
            full[usize::from(states[lane])] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::never;

    /// Each state is drawn alone: a table whose columns lead to it.
    fn always(state: u8) -> [u32; STATES] {
        [u32::from(state); STATES]
    }

    fn simulate(
        states: &[u8],
        capacities: &[u64],
        loads: &[f64],
        quantum: f64,
        years: usize,
        threads: usize,
    ) -> (Vec<u32>, Vec<f64>, Vec<f64>) {
        let alias: Vec<u32> = states.iter().flat_map(|&state| always(state)).collect();
        let needed = |load: &f64| (load * (1.0 - 1e-9) / quantum).ceil() as u64;
        let needed: Vec<u64> = loads.iter().map(needed).collect();
        let units = capacities.len();
        let (mut hours, mut unserved) = (vec![7; years * (units + 1)], vec![7.0; years]);
        let mut energy = vec![7.0; years * units];
        let study = Study {
            alias: &alias,
            capacities,
            needed: &needed,
            loads,
            in_service: &[],
            quantum,
            seed: 1,
        };
        let found = Years {
            hours: &mut hours,
            unserved: &mut unserved,
            energy: &mut energy,
        };
        let threads = NonZeroUsize::new(threads).expect("at least one");
        assert_eq!(simulate_years(study, 3, found, threads, &never), Ok(()));
        (hours, unserved, energy)
    }

    #[test]
    fn the_marginal_unit_completes_the_load() {
        let loads = [0.0, 5.0, 10.0, 25.0, 30.0, 31.0];
        let (hours, unserved, energy) = simulate(&[0b101], &[10, 50, 20], &loads, 1.0, 1, 1);
        // The second unit is out.
        assert_eq!(hours, [3, 0, 2, 1]);
        assert_eq!(unserved, [1.0]);
        assert_eq!(
            energy,
            [5.0 + 10.0 + 10.0 + 10.0 + 10.0, 0.0, 15.0 + 20.0 + 20.0]
        );
    }

    #[test]
    fn wide_and_narrow_numbers_agree() {
        let narrow = [3_u64, 1, 4, 1, 5, 9, 2, 6, 5, 3];
        let wide = narrow.map(|it| it << 50);
        let loads: Vec<f64> = (0..200).map(|hour| f64::from(hour % 41)).collect();
        let states = [0b1110_1011, 0b01];
        let one = simulate(&states, &narrow, &loads, 1.0, 3, 1);
        let quantum = 1.0 / (1_u64 << 50) as f64;
        assert_eq!(one, simulate(&states, &wide, &loads, quantum, 3, 2));
        assert_eq!(one.0[..10].iter().sum::<u32>() + one.0[10], 200);
    }

    #[test]
    fn without_load_the_cheapest_unit_sets_the_price() {
        let (hours, unserved, _) = simulate(&[0b100], &[1, 1, 1], &[0.0], 1.0, 1, 1);
        assert_eq!((hours, unserved), (vec![0, 0, 1, 0], vec![0.0]));
        let (hours, unserved, _) = simulate(&[0], &[1, 1, 1], &[0.0, 2.0], 1.0, 1, 1);
        assert_eq!((hours, unserved), (vec![1, 0, 0, 1], vec![2.0]));
    }

    #[test]
    fn states_are_as_frequent_as_the_table_says() {
        // Both units are available from column 64 on, in three of four hours.
        let mut alias = always(0b11);
        alias[..64].fill(0);
        let (mut hours, mut unserved) = ([0; 3], [0.0]);
        let study = Study {
            alias: &alias,
            capacities: &[1, 1],
            needed: &[2; 8736],
            loads: &[2.0; 8736],
            in_service: &[],
            quantum: 1.0,
            seed: 5,
        };
        let found = Years {
            hours: &mut hours,
            unserved: &mut unserved,
            energy: &mut [],
        };
        let done = simulate_years(study, 0, found, NonZeroUsize::MIN, &never);
        assert_eq!(done, Ok(()));
        // Four standard deviations.
        assert!(hours[2].abs_diff(8736 / 4) < 162);
        assert_eq!(hours, [0, 8736 - hours[2], hours[2]]);
        assert_eq!(unserved, [2.0 * f64::from(hours[2])]);
    }
}
