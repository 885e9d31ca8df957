//! The hyperbolic tangent without branches, so that loops over it are vectorised.

const LOG2_E: f64 = std::f64::consts::LOG2_E;
/// The natural logarithm of two in two parts (Cody and Waite): the first ends in zeros, so that its
/// products with small integers are exact, and the rest of the argument loses no digits.
const LN_2: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];
/// From here on the result is one.
const ONE_FROM: f64 = 20.0;
/// Added and taken off again, it rounds to an integer, which the lowest bits then hold.
const ROUNDING: f64 = 6_755_399_441_055_744.0;
/// Taylor's coefficients of (e^r - 1) / r, the highest first.
const SERIES: [f64; 13] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    1.0 / 2.0,
    1.0,
];

/// tanh(x) of a finite x, within four units in the last place.
///
/// With E = e^(-2|x|) - 1 it is -E / (2 + E). To keep E exact near zero, the exponent is split into
/// a multiple of ln 2 and a rest r of at most half of it: E = (2^n - 1) + 2^n (e^r - 1).
#[inline(always)]
pub(crate) fn tanh(x: f64) -> f64 {
    let exponent = -2.0
        * if x.abs() < ONE_FROM {
            x.abs()
        } else {
            ONE_FROM
        };
    // 1.5 * 2^52 leaves no room for digits behind the point: the sum is rounded to an integer.
    let shifted = exponent * LOG2_E + ROUNDING;
    let n = shifted - ROUNDING;
    let rest = (exponent - n * LN_2[0]) - n * LN_2[1];
    let mut series = SERIES[0];
    for coefficient in &SERIES[1..] {
        series = series * rest + coefficient;
    }
    // 2^n: n, in the lowest bits of `shifted`, moves to the bits of the exponent.
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
    let decay = (power - 1.0) + power * (series * rest);
    (-decay / (2.0 + decay)).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(
        miri,
        ignore = "Miri adds random errors to the functions of the library"
    )]
    fn it_is_close_to_that_of_the_library() {
        let mut steps = (0..400_000).map(|at| f64::from(at - 200_000) * 1.1e-4);
        assert!(steps.all(|x| (tanh(x) - x.tanh()).abs() <= 4.0 * f64::EPSILON * x.tanh().abs()));
        let mut small = (0..300).map(|at| 10f64.powi(-at));
        assert!(small.all(|x| (tanh(x) - x.tanh()).abs() <= 4.0 * f64::EPSILON * x.tanh()));
    }

    #[test]
    fn it_is_odd_and_ends_at_one() {
        assert_eq!(tanh(0.0), 0.0);
        assert!(tanh(-0.0).is_sign_negative());
        assert_eq!(tanh(25.0), 1.0);
        assert_eq!(tanh(-1e300), -1.0);
        assert_eq!(tanh(-0.7), -tanh(0.7));
    }
}
