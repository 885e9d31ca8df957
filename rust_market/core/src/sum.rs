//! A sum in twice the precision of a double.

/// A running sum, and beside it the sum of its rounding errors: as good as twice the precision (Sum2
/// of Ogita, Rump and Oishi, SIAM J. Sci. Comput. 26 (2005) 1955-1988).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, value: f64) {
        let (high, error) = two_sum(self.high, value);
        self.high = high;
        self.low += error;
    }

    /// The sum rounded to a double; not finite once it has overflowed.
    pub(crate) fn value(self) -> f64 {
        if self.high.is_finite() {
            self.high + self.low
        } else {
            self.high
        }
    }
}

/// The rounded sum of two numbers and the exact error of that rounding.
///
/// Knuth's TwoSum (The Art of Computer Programming, volume 2, section 4.2.2): six operations and no
/// comparison, where Dekker's FastTwoSum takes three but must know which number is larger. The
/// identity a + b = sum + error holds unless the sum overflows.
pub(crate) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    // What of each term is in the rounded sum; the rest of both is the error.
    let b_rounded = sum - a;
    let a_rounded = sum - b_rounded;
    (sum, (a - a_rounded) + (b - b_rounded))
}
