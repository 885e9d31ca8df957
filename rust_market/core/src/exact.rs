//! Exact arithmetic, for the few markets in which floating-point sums cannot decide.

use std::cmp::Ordering;

use crate::coverage::COVERAGE;

/// Bits of a digit.
const BITS: usize = 32;
const MASK: u64 = (1 << BITS) - 1;
/// Digits for all doubles (2,098 bits), for sums 2^64 times as large, and for carries.
const DIGITS: usize = 72;
/// Numbers that are added before carries move on: each adds less than 2^33 to a digit of 63 bits.
const MAX_PENDING: u32 = 1 << 29;
/// Sums beyond the doubles are scaled by 2^-64 when they are rounded.
const SCALED: usize = 64;

/// An exact sum of finite doubles.
///
/// A number in base 2^32 whose lowest bit is that of the smallest double. A double is added to two
/// or three of the digits; carries move on when the sum is read. (R. M. Neal, Fast exact summation
/// using small and large superaccumulators, arXiv:1505.05571, 2015.) Nothing overflows.
#[derive(Clone, Debug)]
pub struct ExactSum {
    digits: [i64; DIGITS],
    /// The digits that are not zero are at or above this index.
    lowest: usize,
    /// The digit with the sign, above all others in use.
    highest: usize,
    pending: u32,
}

/// A sum rounded to a double as if exponents had no upper end: a double, times a power of two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rounded {
    value: f64,
    /// 0, or 64 where the sum itself may be beyond the doubles.
    power: usize,
}

impl ExactSum {
    /// The sum of some values, none of them negative.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sum = Self {
            digits: [0; DIGITS],
            lowest: DIGITS - 1,
            highest: 0,
            pending: 0,
        };
        values.for_each(|value| sum.add(value));
        sum
    }

    /// Adds a value that is not negative.
    pub fn add(&mut self, value: f64) {
        self.add_scaled(value, 0, 1);
    }

    /// Subtracts a rounded sum.
    pub fn subtract(&mut self, value: Rounded) {
        self.add_scaled(value.value, value.power, -1);
    }

    /// Subtracts another sum.
    pub fn subtract_sum(&mut self, other: &Self) {
        let mut other = other.clone();
        self.carry();
        other.carry();
        self.lowest = self.lowest.min(other.lowest);
        self.highest = self.highest.max(other.highest);
        for (digit, less) in self.digits.iter_mut().zip(other.digits) {
            *digit -= less;
        }
    }

    /// Adds a value that is not negative, times a power of two and the sign.
    fn add_scaled(&mut self, value: f64, power: usize, sign: i64) {
        let bits = value.to_bits();
        let exponent = (bits >> 52 & 0x7FF) as usize;
        let mantissa = bits & ((1 << 52) - 1) | u64::from(exponent > 0) << 52;
        let shift = exponent.max(1) - 1 + power;
        let (at, offset) = (shift / BITS, shift % BITS);
        let (low, high) = ((mantissa & MASK) << offset, (mantissa >> BITS) << offset);
        let parts = [low & MASK, (low >> BITS) + (high & MASK), high >> BITS];
        for (digit, part) in self.digits[at..at + 3].iter_mut().zip(parts) {
            *digit += sign * part.cast_signed();
        }
        self.lowest = self.lowest.min(at);
        self.highest = self.highest.max(at + 3);
        self.pending += 1;
        if self.pending == MAX_PENDING {
            self.carry();
        }
    }

    /// Brings all digits but that of the sign into 0 to 2^32 - 1.
    fn carry(&mut self) {
        for at in self.lowest..self.highest {
            let digit = self.digits[at];
            self.digits[at] = digit & MASK.cast_signed();
            self.digits[at + 1] += digit >> BITS;
        }
        self.pending = 0;
    }

    /// How the sum compares with zero.
    pub fn sign(&mut self) -> Ordering {
        self.carry();
        match self.digits[self.highest].cmp(&0) {
            Ordering::Equal if self.digits.iter().any(|&digit| digit != 0) => Ordering::Greater,
            sign => sign,
        }
    }

    /// The sum, which is not negative, rounded once.
    pub fn rounded(&mut self) -> Rounded {
        self.carry();
        let Some(top) = self.digits.iter().rposition(|&digit| digit != 0) else {
            return Rounded {
                value: 0.0,
                power: 0,
            };
        };
        let digit = |below: usize| match top.checked_sub(below) {
            Some(at) => self.digits[at].cast_unsigned(),
            None => 0,
        };
        // The 64 highest bits, the last one set if any lower bit is: converting them to a double
        // then rounds the sum itself, the nearest or even.
        let used = 64 - digit(0).leading_zeros() as usize;
        let head = digit(0) << (64 - used) | digit(1) << (BITS - used) | digit(2) >> used;
        let rest = digit(2) & ((1 << used) - 1);
        let lower = &self.digits[..top.saturating_sub(2)];
        let sticky = rest != 0 || lower.iter().any(|&digit| digit != 0);
        let mantissa = (head | u64::from(sticky)) as f64 / (1u128 << 64) as f64;
        // The units of the digits are 2^-1074; a mantissa of at most 1 is multiplied by at most
        // 2^1023. A subnormal sum has no bits to be rounded away.
        let exponent = (top * BITS + used) as i32 - 1074;
        let power = if exponent > 1023 { SCALED } else { 0 };
        Rounded {
            value: mantissa * power_of_two(exponent - power as i32),
            power,
        }
    }
}

/// 2 to an exponent from -1074 to 1023.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(if exponent < -1022 {
        1 << (exponent + 1074)
    } else {
        ((exponent + 1023) as u64) << 52
    })
}

impl Rounded {
    /// How much must be there for this quantity to be covered.
    pub fn tolerated(self) -> Self {
        Self {
            value: self.value * COVERAGE,
            ..self
        }
    }

    /// The sum; infinite beyond the doubles.
    pub fn value(self) -> f64 {
        self.value * power_of_two(self.power as i32)
    }

    /// The sum times 2^-64.
    pub fn scaled(self) -> f64 {
        self.value * power_of_two(self.power as i32 - SCALED as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(plus: &[f64], minus: &[f64]) -> Ordering {
        let mut sum = ExactSum::of(plus.iter().copied());
        sum.subtract_sum(&ExactSum::of(minus.iter().copied()));
        sum.sign()
    }

    fn rounded(values: &[f64]) -> Rounded {
        ExactSum::of(values.iter().copied()).rounded()
    }

    #[test]
    fn sums_that_doubles_lose_are_exact() {
        let tiny = f64::EPSILON / 8.0;
        let parts = [1.0 - f64::EPSILON / 2.0, 2.0 * tiny, tiny];
        assert_eq!(sign(&parts, &[1.0]), Ordering::Less);
        assert_eq!(
            sign(&[&parts[..], &[tiny]].concat(), &[1.0]),
            Ordering::Equal
        );
        assert_eq!(
            sign(&[&parts[..], &[2.0 * tiny]].concat(), &[1.0]),
            Ordering::Greater
        );
    }

    #[test]
    fn the_largest_and_the_smallest_doubles_mix() {
        let (most, least) = (f64::MAX, 5e-324);
        assert_eq!(sign(&[most, most, least], &[most, most]), Ordering::Greater);
        assert_eq!(sign(&[most, most], &[most, most, least]), Ordering::Less);
        assert_eq!(sign(&[0.0], &[]), Ordering::Equal);
        assert_eq!(rounded(&[most; 4]).value(), f64::INFINITY);
        assert_eq!(rounded(&[most; 4]).scaled(), most / (1u64 << 62) as f64);
    }

    #[test]
    fn a_sum_is_rounded_once() {
        let half = f64::EPSILON / 2.0;
        assert_eq!(rounded(&[]).value(), 0.0);
        assert_eq!(rounded(&[5e-324; 3]).value(), 1.5e-323);
        assert_eq!(rounded(&[1.0, half]).value(), 1.0);
        assert_eq!(rounded(&[1.0, half, 5e-324]).value(), 1.0 + f64::EPSILON);
        assert_eq!(
            rounded(&[1.0, f64::EPSILON, half]).value(),
            1.0 + 2.0 * f64::EPSILON
        );
        for value in [
            f64::MAX,
            f64::MIN_POSITIVE,
            1e-310,
            0.1,
            f64::from_bits(2046 << 52),
            3.0,
        ] {
            assert_eq!(rounded(&[value]).value(), value);
        }
    }
}
