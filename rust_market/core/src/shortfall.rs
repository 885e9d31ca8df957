//! Exact arithmetic for the few markets in which doubles cannot decide.

use crate::sum::two_sum;

/// The exact amount by which supply falls short of a target.
///
/// Kept as a sum of doubles that do not overlap, smallest first (Shewchuk, Discrete Comput. Geom.
/// 18 (1997) 305-363); the last one has the sign of the whole. Nothing overflows: the shortfall
/// starts at the target and is not touched again once it is met.
#[derive(Debug)]
pub(crate) struct Shortfall {
    parts: Vec<f64>,
}

impl Shortfall {
    pub(crate) fn new(target: f64) -> Self {
        Self {
            parts: vec![target],
        }
    }

    /// Adds supply; true once the target is met.
    pub(crate) fn meet(&mut self, quantity: f64) -> bool {
        if self.is_met() {
            return true;
        }
        let mut carried = -quantity;
        let mut kept = 0;
        for at in 0..self.parts.len() {
            let (sum, error) = two_sum(carried, self.parts[at]);
            if error != 0.0 {
                self.parts[kept] = error;
                kept += 1;
            }
            carried = sum;
        }
        self.parts.truncate(kept);
        if carried != 0.0 {
            self.parts.push(carried);
        }
        self.is_met()
    }

    fn is_met(&self) -> bool {
        self.parts.last().is_none_or(|&largest| largest <= 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_that_doubles_lose_are_kept() {
        let mut shortfall = Shortfall::new(1.0);
        assert!(!shortfall.meet(1.0 - f64::EPSILON / 2.0));
        assert!(!shortfall.meet(f64::EPSILON / 4.0));
        assert!(!shortfall.meet(f64::EPSILON / 8.0));
        assert!(!shortfall.meet(0.0));
        assert!(shortfall.meet(f64::EPSILON / 8.0));
    }

    #[test]
    fn the_largest_and_the_smallest_doubles_mix() {
        let mut shortfall = Shortfall::new(f64::MAX);
        assert!(!shortfall.meet(f64::MAX / 2.0));
        assert!(!shortfall.meet(5e-324));
        assert!(shortfall.meet(f64::MAX));
        assert!(shortfall.meet(f64::MAX));
    }
}
