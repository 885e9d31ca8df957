//! Exact arithmetic. A quantity is a whole number of the smallest doubles, so every sum is exact.

use std::collections::BTreeMap;

use num_bigint::BigInt;

/// The tolerance of the contract, as the contract writes it.
pub const COVERAGE: f64 = 1.0 - 1e-9;

/// Bits of the mantissa of a double.
const MANTISSA: u64 = 53;
/// The bit above the fraction of a double.
const ONE: u64 = 1 << (MANTISSA - 1);
/// The exponent of infinity.
const INFINITE: u64 = 0x7FF;

/// A quantity in units of the smallest double.
pub fn exact(quantity: f64) -> BigInt {
    let (mantissa, power) = parts(quantity);
    BigInt::from(mantissa) << power
}

/// A quantity as a whole number times a power of two.
fn parts(quantity: f64) -> (u64, u64) {
    assert!((0.0..=f64::MAX).contains(&quantity), "{quantity:?}");
    let bits = quantity.abs().to_bits();
    match (bits / ONE, bits % ONE) {
        (0, fraction) => (fraction, 0),
        (exponent, fraction) => (ONE | fraction, exponent - 1),
    }
}

/// The exact sum of some quantities.
pub fn sum(quantities: impl Iterator<Item = f64>) -> BigInt {
    // First the mantissas of each exponent, since sums of large numbers take long.
    let mut mantissas = BTreeMap::<u64, u128>::new();
    for quantity in quantities {
        let (mantissa, power) = parts(quantity);
        *mantissas.entry(power).or_default() += u128::from(mantissa);
    }
    let terms = mantissas
        .into_iter()
        .map(|(power, mantissa)| BigInt::from(mantissa) << power);
    terms.sum()
}

/// Rounds to a double, the nearest or the even one, as if exponents had no upper end.
pub fn rounded(quantity: &BigInt) -> BigInt {
    divide(quantity, 0)
}

/// How much must be there for a quantity to be covered: `T` of the contract.
pub fn tolerated(quantity: &BigInt) -> BigInt {
    // The factor is a whole number of 2^-53; the product is rounded once.
    let factor = exact(COVERAGE) >> (1074 - MANTISSA);
    divide(&(rounded(quantity) * factor), MANTISSA)
}

/// Divides by a power of two and rounds: to a whole number, and to the bits of a mantissa.
fn divide(number: &BigInt, power: u64) -> BigInt {
    let dropped = power.max(number.bits().saturating_sub(MANTISSA));
    let mut whole = number >> dropped;
    let twice_the_rest = (number - (&whole << dropped)) << 1;
    let one = BigInt::from(1) << dropped;
    if twice_the_rest > one || (twice_the_rest == one && whole.bit(0)) {
        whole += 1;
    }
    whole << (dropped - power)
}

/// The double of a rounded quantity; infinite beyond the doubles.
pub fn to_double(rounded: &BigInt) -> f64 {
    let dropped = rounded.bits().saturating_sub(MANTISSA);
    let mantissa = u64::try_from(rounded >> dropped).expect("the bits of a mantissa");
    if mantissa < ONE {
        return f64::from_bits(mantissa);
    }
    let exponent = dropped + 1;
    if exponent >= INFINITE {
        return f64::INFINITY;
    }
    f64::from_bits(exponent * ONE + (mantissa - ONE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [f64; 9] = [
        0.0,
        5e-324,
        1e-310,
        f64::MIN_POSITIVE,
        0.1,
        0.8,
        3.0,
        1e300,
        f64::MAX,
    ];

    #[test]
    fn doubles_are_exact() {
        for value in VALUES {
            assert_eq!(rounded(&exact(value)), exact(value));
            assert_eq!(to_double(&exact(value)), value);
        }
        assert_eq!(exact(1.0), BigInt::from(1) << 1074);
        assert_eq!(
            to_double(&rounded(&sum([f64::MAX; 2].into_iter()))),
            f64::INFINITY
        );
    }

    #[test]
    fn sums_and_products_are_rounded_as_those_of_doubles() {
        for a in VALUES {
            for b in VALUES {
                assert_eq!(to_double(&rounded(&sum([a, b].into_iter()))), a + b);
            }
            assert_eq!(to_double(&tolerated(&exact(a))), a * COVERAGE);
        }
    }
}
