//! Finds the price of a market without sorting.
//!
//! The price is a weighted selection: the smallest offered price at or below which the offers cover
//! demand. Choose some guesses among the prices, and add up in one pass what is offered at or below
//! each of them. Keep the offers between the two guesses that enclose the answer, and repeat with
//! these. About a fifth of the offers remains each time, so all passes together cost little more
//! than the first.

use pulp::Simd;

use crate::coverage::{Orders, Target};
use crate::error::Error;
use crate::memory;
use crate::order::MeritOrder;
use crate::passes::{BLOCK, inside, supplies, supply_at};

/// Up to this many offers, each is compared with all: quadratic, but without a branch.
const BRUTE_FORCE_MAX: usize = 24;
/// Guesses of each pass.
const GUESSES: usize = 7;
/// After this many passes that left more than half of the candidates, the candidates are sorted. A
/// pass of seven guesses leaves a fifth on average. Inputs made to defeat the guesses could need N
/// passes; the limit bounds the time by O(N log N).
const MAX_POOR_PASSES: usize = 8;

/// Offers that may set the price; later markets reuse the memory.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    count: usize,
    bids: Vec<f64>,
    quantities: Vec<f64>,
    order: MeritOrder,
}

/// Orders among which a price is searched; each megawatt counts as its weight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) orders: Orders<'a>,
    pub(crate) weight: f64,
}

/// An open interval of prices that holds the answer, unless the answer is its upper end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bracket {
    /// Does not cover demand.
    pub(crate) low: f64,
    /// What is offered at or below `low`.
    pub(crate) below: f64,
    /// Covers demand, unless it is infinite.
    pub(crate) high: f64,
}

impl Candidates {
    /// Finds the smallest price that covers demand, or none in a shortage.
    ///
    /// The bracket holds the answer, and the parts hold all orders that are inside it, or more where
    /// nothing is offered below.
    #[inline(always)]
    pub(crate) fn price<S: Simd, const PARTS: usize>(
        &mut self,
        simd: S,
        target: &Target<'_>,
        mut bracket: Bracket,
        parts: [Part<'_>; PARTS],
    ) -> Result<Option<f64>, Error> {
        let orders: usize = parts.iter().map(|part| part.orders.len()).sum();
        if orders > BRUTE_FORCE_MAX {
            // The first pass is over all orders; the next ones over copies of those that are left,
            // which lie side by side in memory.
            let mut sampler = GuessSampler::default();
            let guesses = sampler.guesses(&parts);
            let mut supply = [0.0; GUESSES];
            for part in &parts {
                let Orders { prices, quantities } = part.orders;
                let sums = supply_at(simd, prices, quantities, &guesses);
                for (supply, sum) in supply.iter_mut().zip(sums) {
                    *supply += part.weight * sum;
                }
            }
            bracket.narrow(target, guesses, supply);
            self.copy(simd, bracket, &parts, orders)?;
            return self.price_of_copies(simd, target, bracket, sampler);
        }
        if let [part] = &parts[..] {
            let Orders { prices, quantities } = part.orders;
            bracket.search_by_brute_force(simd, target, prices, quantities);
            return Ok(bracket.answer());
        }
        self.copy(simd, bracket, &parts, orders)?;
        let (bids, quantities) = self.offers();
        bracket.search_by_brute_force(simd, target, bids, quantities);
        Ok(bracket.answer())
    }

    /// Does the same among the copied candidates.
    #[inline(always)]
    fn price_of_copies<S: Simd>(
        &mut self,
        simd: S,
        target: &Target<'_>,
        mut bracket: Bracket,
        mut sampler: GuessSampler,
    ) -> Result<Option<f64>, Error> {
        let mut poor_passes = 0;
        while self.count > BRUTE_FORCE_MAX {
            let before = self.count;
            let (bids, quantities) = (&self.bids[..before], &self.quantities[..before]);
            if poor_passes == MAX_POOR_PASSES {
                self.order.sort(bids)?;
                let found = self.order.marginal(target, bids, quantities, bracket.below);
                let price = found.map(|position| self.order.price(bids, position));
                return Ok(price.or(bracket.answer()));
            }
            let guesses = sampler.guesses(&[Part::unweighted(bids, quantities)]);
            bracket.narrow(target, guesses, supply_at(simd, bids, quantities, &guesses));
            self.shrink(simd, bracket);
            poor_passes += usize::from(self.count > before / 2);
        }
        let (bids, quantities) = self.offers();
        bracket.search_by_brute_force(simd, target, bids, quantities);
        Ok(bracket.answer())
    }

    /// Takes the orders inside the bracket, with weighted quantities.
    #[inline(always)]
    fn copy<S: Simd>(
        &mut self,
        simd: S,
        bracket: Bracket,
        parts: &[Part<'_>],
        orders: usize,
    ) -> Result<(), Error> {
        for list in [&mut self.bids, &mut self.quantities] {
            memory::grow(list, orders)?;
        }
        let own_bids = &mut self.bids[..orders];
        let own_quantities = &mut self.quantities[..orders];
        let mut count = 0;
        for part in parts {
            let Orders { prices, quantities } = part.orders;
            for (prices, quantities) in prices.chunks(BLOCK).zip(quantities.chunks(BLOCK)) {
                let quantities = &quantities[..prices.len()];
                for at in SetBits(inside(simd, prices, bracket.low, bracket.high)) {
                    own_bids[count] = prices[at];
                    own_quantities[count] = part.weight * quantities[at];
                    count += 1;
                }
            }
        }
        self.count = count;
        Ok(())
    }

    /// Drops the candidates outside the bracket.
    #[inline(always)]
    fn shrink<S: Simd>(&mut self, simd: S, bracket: Bracket) {
        let bids = &mut self.bids[..self.count];
        let quantities = &mut self.quantities[..self.count];
        let mut count = 0;
        for start in (0..bids.len()).step_by(BLOCK) {
            let block = &bids[start..bids.len().min(start + BLOCK)];
            for at in SetBits(inside(simd, block, bracket.low, bracket.high)) {
                bids[count] = bids[start + at];
                quantities[count] = quantities[start + at];
                count += 1;
            }
        }
        self.count = count;
    }

    fn offers(&self) -> (&[f64], &[f64]) {
        (&self.bids[..self.count], &self.quantities[..self.count])
    }
}

impl<'a> Part<'a> {
    #[inline(always)]
    pub(crate) fn unweighted(prices: &'a [f64], quantities: &'a [f64]) -> Self {
        Self {
            orders: Orders { prices, quantities },
            weight: 1.0,
        }
    }
}

/// The indices of the bits that are set in a word, the lowest first.
#[derive(Clone, Debug)]
pub(crate) struct SetBits(pub(crate) u64);

impl Iterator for SetBits {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let at = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(at)
    }
}

impl Bracket {
    /// All prices.
    pub(crate) const ALL: Self = Self {
        low: f64::NEG_INFINITY,
        below: 0.0,
        high: f64::INFINITY,
    };

    #[inline(always)]
    fn answer(&self) -> Option<f64> {
        (self.high < f64::INFINITY).then_some(self.high)
    }

    /// Moves the ends to the guesses that enclose the answer.
    ///
    /// Floating-point sums decide unless one is within its error bound of the target (see
    /// [`Target`]). Then exact sums decide, for few guesses only, since supply rises with the price.
    #[inline(always)]
    pub(crate) fn narrow<const GUESSES: usize>(
        &mut self,
        target: &Target<'_>,
        guesses: [f64; GUESSES],
        mut supply: [f64; GUESSES],
    ) {
        // Guesses ascend, and so does what is offered: those that fall short come first. They are
        // counted, not searched, since a jump could not be predicted.
        let mut short = 0;
        let mut sure = true;
        for supply in &mut supply {
            *supply += self.below;
            short += usize::from(target.surely_fails(*supply));
            sure &= target.surely_fails(*supply) | target.surely_covers(*supply);
        }
        if !sure {
            short = guesses.partition_point(|&guess| !target.is_exactly_covered_at(guess));
        }
        if short > 0 {
            self.low = guesses[short - 1];
            self.below = supply[short - 1];
        }
        if short < GUESSES {
            self.high = guesses[short];
        }
    }

    /// Compares each offer with all: what is offered at or below its price is one sum.
    #[inline(always)]
    fn search_by_brute_force<S: Simd>(
        &mut self,
        simd: S,
        target: &Target<'_>,
        bids: &[f64],
        quantities: &[f64],
    ) {
        let mut offered = [0.0; BRUTE_FORCE_MAX];
        supplies(simd, bids, quantities, self.below, &mut offered);
        // The lowest price that surely covers demand, and the lowest that may.
        let (mut sure, mut possible) = (self.high, self.high);
        for (&bid, &supply) in bids.iter().zip(&offered) {
            let price = if target.surely_covers(supply) {
                bid
            } else {
                self.high
            };
            sure = if price < sure { price } else { sure };
            let price = if target.surely_fails(supply) {
                self.high
            } else {
                bid
            };
            possible = if price < possible { price } else { possible };
        }
        // They differ only if some sum is within its error bound of the target.
        self.high = sure;
        if possible < sure {
            self.search_exactly(target, bids, possible);
        }
    }

    /// Tries the offers from a price on, cheapest first, in exact arithmetic.
    #[cold]
    #[inline(never)]
    fn search_exactly(&mut self, target: &Target<'_>, bids: &[f64], from: f64) {
        let mut price = from;
        while price < self.high {
            if target.is_exactly_covered_at(price) {
                self.high = price;
                return;
            }
            let higher = bids.iter().filter(|&&bid| bid > price);
            price = higher.fold(self.high, |next, &bid| next.min(bid));
        }
    }
}

/// Indices of offers whose prices are guesses: Weyl's sequence of the golden ratio. Its members are
/// spread evenly, and no period in the order of the offers coincides with it.
#[derive(Debug, Default)]
pub(crate) struct GuessSampler(u64);

impl GuessSampler {
    /// The prices of some orders, the lowest first.
    #[inline(always)]
    fn guesses<const PARTS: usize>(&mut self, parts: &[Part<'_>; PARTS]) -> [f64; GUESSES] {
        let orders = parts.iter().map(|part| part.orders.len()).sum();
        let mut guesses = [0.0; GUESSES];
        for guess in &mut guesses {
            let mut at = self.next(orders);
            for (number, part) in parts.iter().enumerate() {
                if number + 1 == PARTS || at < part.orders.len() {
                    *guess = part.orders.prices[at];
                    break;
                }
                at -= part.orders.len();
            }
        }
        sort(&mut guesses);
        guesses
    }

    #[inline(always)]
    pub(crate) fn next(&mut self, offers: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        // A fraction of 2^64, multiplied by the number of offers.
        ((u128::from(self.0) * offers as u128) >> 64) as usize
    }
}

/// A sorting network of 16 comparisons, none of them a branch; no network sorts seven values with
/// fewer (Knuth, The Art of Computer Programming, volume 3, section 5.3.4).
#[inline(always)]
fn sort(values: &mut [f64; GUESSES]) {
    const PAIRS: [(usize, usize); 16] = [
        (0, 6),
        (2, 3),
        (4, 5),
        (0, 2),
        (1, 4),
        (3, 6),
        (0, 1),
        (2, 5),
        (3, 4),
        (1, 2),
        (4, 6),
        (2, 3),
        (4, 5),
        (1, 2),
        (3, 4),
        (5, 6),
    ];
    for (a, b) in PAIRS {
        let (x, y) = (values[a], values[b]);
        values[a] = if x < y { x } else { y };
        values[b] = if x > y { x } else { y };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_sorts_whatever_is_of_two_values() {
        // By the 0-1 principle it then sorts everything.
        for bits in 0..1 << GUESSES {
            let mut values = [0.0; GUESSES];
            for (at, value) in values.iter_mut().enumerate() {
                *value = f64::from(bits >> at & 1);
            }
            sort(&mut values);
            assert!(values.is_sorted(), "{bits:b}");
        }
    }
}
