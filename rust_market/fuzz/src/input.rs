//! Reads the bytes of a fuzzer as numbers, most of them such that arithmetic in doubles may go
//! wrong with them.

use std::iter;

use crate::exact::COVERAGE;

/// Prices of any size and sign, both zeros among them.
const PRICES: [f64; 16] = [
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    1e-310,
    f64::MIN_POSITIVE,
    1.0 / 3.0,
    20.5,
    -20.5,
    3000.0,
    1e16,
    1e300,
    -1e300,
    f64::MAX,
    -f64::MAX,
    f64::EPSILON,
];
/// Quantities of any size.
const QUANTITIES: [f64; 16] = [
    0.0,
    -0.0,
    5e-324,
    1.5e-323,
    1e-310,
    f64::MIN_POSITIVE,
    f64::EPSILON / 2.0,
    1e-9,
    0.1,
    0.7,
    1.0 / 3.0,
    100.0,
    9_007_199_254_740_992.0,
    1e16,
    1e300,
    f64::MAX,
];
/// Values that no price may have.
pub const WRONG_PRICES: [f64; 4] = [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
/// Values that no quantity may have.
pub const WRONG_QUANTITIES: [f64; 8] = [
    f64::NAN,
    -f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    -1.0,
    -5e-324,
    -1e300,
    -f64::MAX,
];
/// Values that are no share.
pub const WRONG_SHARES: [f64; 6] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    -5e-324,
    1.0 + f64::EPSILON,
    -1.0,
];
/// Numbers of orders around which the core changes its way to the answer.
const SIZES: [usize; 12] = [1, 7, 8, 23, 24, 25, 64, 65, 127, 128, 129, 200];
/// Guesses of a pass of the search, and the step of the sequence that it takes them from.
const GUESSES: usize = 7;
const GOLDEN_RATIO: u64 = 0x9E37_79B9_7F4A_7C15;

/// The bytes of a fuzzer.
///
/// Where they end they begin again, changed by the number of the round: few bytes can make a large
/// market.
#[derive(Debug)]
pub struct Input<'a> {
    bytes: &'a [u8],
    read: usize,
}

impl<'a> Input<'a> {
    /// Reads these bytes from their beginning.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, read: 0 }
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let (round, at) = match self.bytes.len() {
            0 => (self.read, 0),
            length => (self.read / length, self.read % length),
        };
        self.read += 1;
        let byte = self.bytes.get(at).copied().unwrap_or(0);
        byte ^ (round as u8).wrapping_mul(0x9D)
    }

    /// The next eight bytes.
    pub fn word(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// One of two answers.
    pub fn bool(&mut self) -> bool {
        self.once_in(2)
    }

    /// Whether something happens that happens once in so many times, at most 256.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// A whole number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        let number = match limit {
            0..=256 => usize::from(self.byte()),
            _ => usize::from(u16::from_le_bytes([self.byte(), self.byte()])),
        };
        number % limit
    }

    /// One of some values.
    pub fn choose<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    /// A number of orders, most of the time a small one.
    pub fn size(&mut self) -> usize {
        match self.byte() {
            0..=159 => self.below(13),
            160..=207 => self.below(66),
            208..=239 => self.choose(&SIZES),
            _ => self.below(600),
        }
    }

    /// A finite double of any bits.
    fn finite(&mut self) -> f64 {
        let value = f64::from_bits(self.word());
        if value.is_finite() { value } else { 0.0 }
    }

    /// A double from 0 to 1, the ends most of the time.
    pub fn share(&mut self) -> f64 {
        match self.byte() % 8 {
            0 | 1 => 0.0,
            2 | 3 => 1.0,
            4 => 0.5,
            5 => -0.0,
            6 => f64::from(self.byte()) / 255.0,
            _ => (self.word() >> 11) as f64 / 2.0_f64.powi(53),
        }
    }

    /// A price that may be one of those before it, or beside it.
    pub fn price(&mut self, before: &[f64]) -> f64 {
        match self.byte() % 8 {
            0 | 1 => f64::from(self.byte() % 16) - 4.0,
            2 => self.choose(&PRICES),
            3 => f64::from(self.byte()) / 3.0,
            4 if !before.is_empty() => self.choose(&before[..before.len().min(256)]),
            5 if !before.is_empty() => {
                let near = self.choose(&before[..before.len().min(256)]);
                self.beside(near).clamp(-f64::MAX, f64::MAX)
            }
            _ => self.finite(),
        }
    }

    /// A quantity that may be one of those before it, or beside it.
    pub fn quantity(&mut self, before: &[f64]) -> f64 {
        match self.byte() % 8 {
            0 => f64::from(self.byte()),
            1 => f64::from(self.byte() % 51) / 10.0,
            2 => self.choose(&QUANTITIES),
            3 => f64::from(self.byte()) / 3.0,
            4 if !before.is_empty() => self.choose(&before[..before.len().min(256)]),
            5 if !before.is_empty() => {
                let near = self.choose(&before[..before.len().min(256)]);
                self.beside(near).clamp(0.0, f64::MAX)
            }
            _ => self.finite().abs(),
        }
    }

    /// Prices of one kind, or of all.
    pub fn prices(&mut self, number: usize) -> Vec<f64> {
        let kind = self.byte() % 8;
        if self.once_in(16) {
            return self.hard_prices(number);
        }
        let mut prices = Vec::with_capacity(number);
        for _ in 0..number {
            prices.push(match kind {
                0 => f64::from(self.byte() % 4) * 10.0,
                1 => f64::from(self.byte()) - 128.0,
                // Neighbours among the doubles.
                2 => 100.0 + f64::from(self.byte()) * 2.0_f64.powi(-46),
                3 => (f64::from(self.byte() % 8) - 4.0) * 5e-324,
                4 => f64::from(u16::from_le_bytes([self.byte(), self.byte()])),
                _ => self.price(&prices),
            });
        }
        match self.byte() % 16 {
            0 => prices.sort_by(f64::total_cmp),
            1 => prices.sort_by(|a, b| b.total_cmp(a)),
            _ => {}
        }
        prices
    }

    /// Prices that defeat the search without sorting: each of its guesses is among the lowest that
    /// are left.
    fn hard_prices(&mut self, number: usize) -> Vec<f64> {
        let mut prices: Vec<f64> = (0..number)
            .map(|_| 1000.0 + f64::from(self.byte()))
            .collect();
        let mut left: Vec<usize> = (0..number).collect();
        let mut sampler = 0_u64;
        let mut lowest = 0.0;
        while left.len() > GUESSES {
            let offers = left.len() as u128;
            let mut guesses: Vec<usize> = iter::repeat_with(|| {
                sampler = sampler.wrapping_add(GOLDEN_RATIO);
                ((u128::from(sampler) * offers) >> 64) as usize
            })
            .take(GUESSES)
            .collect();
            guesses.sort_unstable();
            guesses.dedup();
            for guess in guesses.into_iter().rev() {
                prices[left.remove(guess)] = lowest;
                lowest += 1.0;
            }
            if self.once_in(16) {
                break;
            }
        }
        prices
    }

    /// Quantities of one kind, or of all.
    pub fn quantities(&mut self, number: usize) -> Vec<f64> {
        let kind = self.byte() % 13;
        let mut quantities = Vec::with_capacity(number);
        for _ in 0..number {
            quantities.push(match kind {
                0 => f64::from(self.byte()),
                1 => f64::from(self.byte() % 51) / 10.0,
                2 => f64::from(self.byte()) / 3.0,
                3 if !self.once_in(4) => self.choose(&[0.0, -0.0]),
                3 => f64::from(self.byte()),
                // Much dust that no sum in doubles takes in, beside ones.
                4 if !self.once_in(8) => f64::EPSILON / 2.0,
                4 => 1.0,
                5 => 10.0_f64.powi(i32::from(self.byte() % 41) - 30),
                6 => f64::from(self.byte()) * 7e305,
                7 => f64::from(self.byte() % 8) * 5e-324,
                // Subnormal numbers that lose digits when they are multiplied.
                8 => f64::from_bits(self.word() >> (13 + self.byte() % 32)),
                9 => (self.word() >> 24) as f64,
                _ => self.quantity(&quantities),
            });
        }
        // One beside which the others are nothing.
        if number > 0 && self.once_in(16) {
            let at = self.below(number);
            quantities[at] = self.choose(&[1e9, 1e14, 1e300]);
        }
        quantities
    }

    /// A quantity at which some quantities end, or are tolerated to end, or a few doubles beside it.
    pub fn end_of(&mut self, quantities: impl Iterator<Item = f64>) -> f64 {
        let mut end: f64 = quantities.sum();
        if self.bool() {
            end /= COVERAGE;
        }
        for _ in 0..self.byte() % 4 {
            end = self.beside(end);
        }
        end.clamp(0.0, f64::MAX)
    }

    /// Replaces some values by wrong ones.
    pub fn spoil(&mut self, values: &mut [f64], wrong: &[f64]) {
        for _ in 0..self.byte() % 3 {
            if !values.is_empty() {
                let at = self.below(values.len());
                values[at] = self.choose(wrong);
            }
        }
    }

    fn beside(&mut self, value: f64) -> f64 {
        if self.bool() {
            value.next_up()
        } else {
            value.next_down()
        }
    }
}
