//! Exact arithmetic, for the few markets in which floating-point sums cannot decide.

use crate::sum::two_sum;

/// A target, less the exact sum of quantities.
///
/// It is an expansion: doubles that do not overlap, the smallest first, whose sum is exact
/// (Shewchuk, Discrete Comput. Geom. 18 (1997) 305-363). The last one is larger than all others
/// together, so that it has the sign of the whole. Doubles span 2,098 bits, so that there are never
/// more parts than that, and mostly two or three. Nothing overflows: the target comes first, and
/// nothing is subtracted once it is reached.
#[derive(Debug)]
pub(crate) struct ExactSum {
    parts: Vec<f64>,
}

impl ExactSum {
    pub(crate) fn short_of(target: f64) -> Self {
        Self {
            parts: vec![target],
        }
    }

    /// Adds a quantity; true once the target is reached.
    ///
    /// Each part passes through a TwoSum with what is carried; the errors stay behind as parts.
    pub(crate) fn add(&mut self, quantity: f64) -> bool {
        if self.is_reached() {
            return true;
        }
        let mut carried = -quantity;
        // Parts that become zero are dropped, so that the list stays as short as the value allows.
        let mut count = 0;
        for at in 0..self.parts.len() {
            let (sum, error) = two_sum(carried, self.parts[at]);
            if error != 0.0 {
                self.parts[count] = error;
                count += 1;
            }
            carried = sum;
        }
        self.parts.truncate(count);
        if carried != 0.0 {
            self.parts.push(carried);
        }
        self.is_reached()
    }

    fn is_reached(&self) -> bool {
        self.parts.last().is_none_or(|&largest| largest <= 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_that_doubles_lose_are_exact() {
        let mut sum = ExactSum::short_of(1.0);
        assert!(!sum.add(1.0 - f64::EPSILON / 2.0));
        assert!(!sum.add(f64::EPSILON / 4.0));
        assert!(!sum.add(f64::EPSILON / 8.0));
        assert!(!sum.add(0.0));
        assert!(sum.add(f64::EPSILON / 8.0));
    }

    #[test]
    fn the_largest_and_the_smallest_doubles_mix() {
        let mut sum = ExactSum::short_of(f64::MAX);
        assert!(!sum.add(f64::MAX / 2.0));
        assert!(!sum.add(5e-324));
        assert!(sum.add(f64::MAX));
        assert!(sum.add(f64::MAX));
    }
}
