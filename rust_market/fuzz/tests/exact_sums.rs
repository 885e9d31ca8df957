//! Fuzzes the exact sums of the core, against whole numbers of any size.

use std::cmp::Ordering;

use merit_order::internals::ExactSum;
use merit_order_fuzz::exact::{exact, rounded, to_double, tolerated};
use merit_order_fuzz::input::Input;
use merit_order_fuzz::judge;
use num_bigint::BigInt;

/// Subtractions of sums at most: more could make a sum larger than any that the core needs.
const MOST_SUBTRACTIONS: usize = 24;
/// Scaled sums are multiplied by 2^-64.
const SCALED: u32 = 64;

/// What happens to one of two sums.
#[derive(Clone, Copy, Debug)]
enum Operation {
    /// Adds a value so many times.
    Add(f64, u16),
    /// Subtracts the other sum.
    Subtract,
    /// Subtracts the other sum, rounded.
    SubtractRounded,
    /// Subtracts what covers the other sum.
    SubtractTolerated,
    /// Replaces the sum by its opposite.
    Negate,
    CheckSign,
    CheckRounded,
}
use Operation::*;

/// Operations, and to which sum they happen.
#[derive(Debug)]
struct Case(Vec<(usize, Operation)>);

impl Case {
    fn read(bytes: &[u8]) -> Self {
        let mut input = Input::new(bytes);
        let mut operations = Vec::new();
        let mut subtractions = 0;
        for _ in 0..input.size() {
            let at = input.below(2);
            let operation = match input.byte() % 16 {
                0 => CheckSign,
                1 => CheckRounded,
                kind @ 2..=5 if subtractions < MOST_SUBTRACTIONS => {
                    subtractions += 1;
                    [Subtract, SubtractRounded, SubtractTolerated, Negate][usize::from(kind - 2)]
                }
                6 => {
                    let number = input.size();
                    let values = input.quantities(number);
                    operations.extend(values.into_iter().map(|value| (at, Add(value, 1))));
                    continue;
                }
                // So often that digits outgrow their bits.
                7 if input.once_in(16) => {
                    let times = u16::from_le_bytes([input.byte(), input.byte()]);
                    Add(input.quantity(&[]), times)
                }
                _ => Add(input.quantity(&[]), 1),
            };
            operations.push((at, operation));
        }
        Self(operations)
    }

    fn check(&self) {
        let mut sums = [(); 2].map(|()| Pair::new());
        for &(at, operation) in &self.0 {
            let mut other = sums[1 - at].clone();
            let pair = &mut sums[at];
            match operation {
                Add(value, times) => {
                    (0..times).for_each(|_| pair.sum.add(value));
                    pair.number += exact(value) * times;
                }
                Subtract => pair.subtract(&other),
                SubtractRounded if other.is_positive() => {
                    pair.sum.subtract(other.sum.rounded());
                    pair.number -= rounded(&other.number);
                }
                SubtractTolerated if other.is_positive() => {
                    pair.sum.subtract(other.sum.rounded().tolerated());
                    pair.number -= tolerated(&other.number);
                }
                Negate => pair.negate(),
                CheckSign => pair.check_sign(),
                CheckRounded if pair.is_positive() => pair.check_rounded(),
                // Only a sum that is not negative can be rounded.
                SubtractRounded | SubtractTolerated | CheckRounded => {}
            }
        }
        sums.into_iter().for_each(Pair::check_all_digits);
    }
}

/// A sum of the core, and the same number.
#[derive(Clone, Debug)]
struct Pair {
    sum: ExactSum,
    number: BigInt,
}

impl Pair {
    fn new() -> Self {
        Self {
            sum: ExactSum::of([].into_iter()),
            number: BigInt::ZERO,
        }
    }

    fn is_positive(&self) -> bool {
        self.number >= BigInt::ZERO
    }

    fn subtract(&mut self, other: &Self) {
        self.sum.subtract_sum(&other.sum);
        self.number -= &other.number;
    }

    fn negate(&mut self) {
        let mut opposite = Self::new();
        opposite.subtract(self);
        *self = opposite;
    }

    fn check_sign(&mut self) {
        assert_eq!(self.sum.sign(), self.number.cmp(&BigInt::ZERO));
    }

    fn check_rounded(&mut self) {
        let (found, right) = (self.sum.rounded(), rounded(&self.number));
        assert_eq!(found.value().to_bits(), to_double(&right).to_bits());
        // Scaled, nothing is infinite; what becomes subnormal is rounded once more.
        let scale = 2.0_f64.powi(SCALED.cast_signed());
        if found.value().is_finite() {
            assert_eq!(found.scaled(), found.value() / scale);
        } else {
            assert_eq!(exact(found.scaled()) << SCALED, right);
        }
    }

    /// Takes the rounded sum away, again and again, until nothing remains: then all digits are
    /// right.
    fn check_all_digits(mut self) {
        self.check_sign();
        while self.number != BigInt::ZERO {
            if !self.is_positive() {
                self.negate();
            }
            self.check_rounded();
            self.sum.subtract(self.sum.clone().rounded());
            self.number -= rounded(&self.number);
            self.check_sign();
        }
        assert_eq!(self.sum.sign(), Ordering::Equal);
    }
}

#[test]
fn exact_sums() {
    for values in known_values() {
        let mut operations: Vec<_> = values.iter().map(|&value| (0, Add(value, 1))).collect();
        operations.extend([(0, CheckRounded), (1, Add(1.0, 1)), (1, SubtractTolerated)]);
        operations.push((0, Subtract));
        judge(&Case(operations), Case::check);
    }
    bolero::check!().for_each(|bytes: &[u8]| judge(&Case::read(bytes), Case::check));
}

/// The sums of the other tests, which doubles lose.
fn known_values() -> Vec<Vec<f64>> {
    let (tiny, half, most) = (f64::EPSILON / 8.0, f64::EPSILON / 2.0, f64::MAX);
    vec![
        vec![],
        vec![1.0 - half, 2.0 * tiny, tiny],
        vec![1.0 - half, 2.0 * tiny, tiny, tiny],
        vec![most, most, 5e-324],
        vec![most; 4],
        vec![5e-324; 3],
        vec![1.0, half],
        vec![1.0, half, 5e-324],
        vec![1.0, f64::EPSILON, half],
        vec![f64::MIN_POSITIVE, 1e-310, 0.1, 2.0_f64.powi(1023)],
    ]
}
