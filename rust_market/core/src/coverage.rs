//! Decides whether a price covers demand.

use crate::exact::ExactSum;

/// The share of demand that must be offered at or below a price for the price to cover demand.
///
/// One minus a billionth, so that a unit that completes demand up to rounding is marginal.
const COVERAGE: f64 = 1.0 - 1e-9;

/// What must be offered for demand to be covered, and how far floating sums can be trusted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    bids: &'a [f64],
    quantities: &'a [f64],
    exact: f64,
    surely_short: f64,
    surely_covered: f64,
}

impl<'a> Target<'a> {
    /// The target of a market with a demand greater than zero.
    pub(crate) fn new(bids: &'a [f64], quantities: &'a [f64], demand: f64) -> Self {
        let exact = demand * COVERAGE;
        // A floating sum of n terms of one sign has a relative error of at most
        // (n - 1) u / (1 - (n - 1) u), u being half an epsilon, in whatever order it is taken
        // (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 4.2). Twice that,
        // and eight more for the rounding of the two bounds themselves, is safe for all n.
        let error = (quantities.len() + 8) as f64 * f64::EPSILON;
        Self {
            bids,
            quantities,
            exact,
            surely_short: exact * (1.0 - error),
            surely_covered: exact * (1.0 + error),
        }
    }

    /// Whether a price covers demand, given a floating sum of what is offered at or below it.
    #[inline(always)]
    pub(crate) fn is_covered_at(&self, price: f64, supply: f64) -> bool {
        if self.surely_fails(supply) {
            return false;
        }
        self.surely_covers(supply) || self.is_exactly_covered_at(price)
    }

    #[inline(always)]
    pub(crate) fn surely_fails(&self, supply: f64) -> bool {
        supply < self.surely_short
    }

    #[inline(always)]
    pub(crate) fn surely_covers(&self, supply: f64) -> bool {
        // A sum that has overflowed to infinity is left to exact arithmetic.
        (supply >= self.surely_covered) & (supply <= f64::MAX)
    }

    /// Decides from the exact sum, in the order of the input.
    #[cold]
    #[inline(never)]
    pub(crate) fn is_exactly_covered_at(&self, price: f64) -> bool {
        let mut sum = ExactSum::short_of(self.exact);
        self.bids
            .iter()
            .zip(self.quantities)
            .any(|(&bid, &quantity)| bid <= price && sum.add(quantity))
    }
}
