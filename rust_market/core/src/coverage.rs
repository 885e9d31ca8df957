//! Decides whether a price covers demand.

use std::cmp::Ordering;

use crate::exact::ExactSum;

/// The share of demand that must be offered at or below a price for the price to cover demand.
///
/// One minus a billionth, so that a unit that completes demand up to rounding is marginal.
pub(crate) const COVERAGE: f64 = 1.0 - 1e-9;

/// The orders of one side: prices (€/MWh), and quantities (MW), as many.
#[derive(Clone, Copy, Debug)]
pub struct Orders<'a> {
    /// Least prices of sellers, or the most that buyers pay, €/MWh.
    pub prices: &'a [f64],
    /// Offered or wanted quantities, MW.
    pub quantities: &'a [f64],
}

impl<'a> Orders<'a> {
    pub(crate) fn len(&self) -> usize {
        self.prices.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (f64, f64)> + Clone + 'a {
        let prices = self.prices.iter().copied();
        prices.zip(self.quantities.iter().copied())
    }

    /// The exact sum of the quantities at some prices.
    pub(crate) fn sum(&self, is_counted: impl Fn(f64) -> bool) -> ExactSum {
        let counted = self.iter().filter(|&(price, _)| is_counted(price));
        ExactSum::of(counted.map(|(_, quantity)| quantity))
    }
}

/// What must be offered for demand to be covered, and how far floating sums can be trusted.
///
/// A price covers demand if the offers at or below it add up to what is bid above it, less a
/// billionth. Without the tolerance that is the case where these offers and the bids at or below
/// the price add up to all that is bid: a bid that is rejected is a generator that is not needed.
/// So floating sums take in the bids too, weighted by [`COVERAGE`]. A fixed demand is a bid at an
/// infinite price.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    offers: Orders<'a>,
    bids: Orders<'a>,
    surely_short: f64,
    surely_covered: f64,
}

impl<'a> Target<'a> {
    /// The target of a market with a demand greater than zero.
    #[inline(always)]
    pub(crate) fn fixed(offers: Orders<'a>, demand: &'a f64) -> Self {
        let bids = Orders {
            prices: &[f64::INFINITY],
            quantities: std::slice::from_ref(demand),
        };
        Self::new(offers, bids, *demand, offers.len())
    }

    /// The target of an auction, where `demand` is the floating sum of all that is bid.
    #[inline(always)]
    pub(crate) fn elastic(offers: Orders<'a>, bids: Orders<'a>, demand: f64) -> Self {
        // Twice as many roundings: the sum of all that is bid has an error too, and the weights.
        Self::new(offers, bids, demand, 2 * (offers.len() + bids.len() + 4))
    }

    #[inline(always)]
    fn new(offers: Orders<'a>, bids: Orders<'a>, demand: f64, terms: usize) -> Self {
        let target = demand * COVERAGE;
        let error = relative_error(terms);
        let (mut surely_short, mut surely_covered) =
            (target * (1.0 - error), target * (1.0 + error));
        // Products with a subnormal number have a larger error, and an infinite sum says nothing.
        if !(f64::MIN_POSITIVE..=f64::MAX).contains(&target) {
            (surely_short, surely_covered) = (0.0, f64::INFINITY);
        }
        Self {
            offers,
            bids,
            surely_short,
            surely_covered,
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

    /// Decides from exact sums.
    #[cold]
    #[inline(never)]
    pub(crate) fn is_exactly_covered_at(&self, price: f64) -> bool {
        let mut demand = self.bids.sum(|bid| bid > price);
        let mut surplus = self.offers.sum(|offer| offer <= price);
        surplus.subtract(demand.rounded().tolerated());
        surplus.sign() != Ordering::Less
    }
}

/// A bound of the relative error of a floating sum of so many terms of one sign.
///
/// The error is at most (n - 1) u / (1 - (n - 1) u), u being half an epsilon, in whatever order the
/// sum is taken (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 4.2). Twice
/// that, and eight more for the rounding of bounds, is safe for all n.
#[inline(always)]
pub(crate) fn relative_error(terms: usize) -> f64 {
    (terms + 8) as f64 * f64::EPSILON
}
