//! The merit order: sorts offers by price.

use crate::coverage::Target;
use crate::error::Error;
use crate::{memory, operation_counts};

/// Indices of the offers by ascending price; equal prices keep the order of the input.
#[derive(Debug, Default)]
pub(crate) struct MeritOrder {
    keys: Vec<(u64, usize)>,
    indices: Vec<usize>,
}

impl MeritOrder {
    /// Sorts the offers of a market, reusing the memory of the previous one.
    pub(crate) fn sort(&mut self, bids: &[f64]) -> Result<(), Error> {
        self.keys.clear();
        memory::reserve(&mut self.keys, bids.len())?;
        self.keys
            .extend(bids.iter().enumerate().map(|(at, &bid)| (rank(bid), at)));
        self.keys.sort_unstable_by(|a, b| {
            operation_counts::comparison();
            a.cmp(b)
        });
        self.indices.clear();
        memory::reserve(&mut self.indices, bids.len())?;
        self.indices.extend(self.keys.iter().map(|&(_, at)| at));
        Ok(())
    }

    /// The position of the first offer with which supply, added to the known part, covers demand.
    #[inline(always)]
    pub(crate) fn marginal(
        &self,
        target: &Target<'_>,
        bids: &[f64],
        quantities: &[f64],
        known: f64,
    ) -> Option<usize> {
        let mut supply = known;
        let mut passed = 0;
        // Four offers at a time: each addition waits for the one before, and so the chain of
        // additions is a quarter as long. Groups are skipped only while the sum surely fails to cover
        // demand; the last few offers are checked one by one.
        for four in self.indices.as_chunks::<4>().0 {
            let [a, b, c, d] = four.map(|at| quantities[at]);
            let sum = supply + ((a + b) + (c + d));
            if !target.surely_fails(sum) {
                break;
            }
            supply = sum;
            passed += 4;
        }
        let left = self.indices[passed..].iter();
        left.enumerate()
            .find(|&(_, &at)| {
                supply += quantities[at];
                // Offers at the same price may follow; the exact sum includes them.
                target.is_covered_at(bids[at], supply)
            })
            .map(|(after, _)| passed + after)
    }

    /// Indices of the offers, the cheapest first.
    pub(crate) fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// The price at a position.
    pub(crate) fn price(&self, bids: &[f64], position: usize) -> f64 {
        bids[self.indices[position]]
    }
}

/// The merit order that markets share, and the range of positions of each price.
#[derive(Debug)]
pub(crate) struct SharedOrder {
    order: MeritOrder,
    /// First position of each price, and the end.
    starts: Vec<usize>,
    /// Which price each position has.
    level: Vec<usize>,
}

impl SharedOrder {
    pub(crate) fn new(bids: &[f64]) -> Result<Self, Error> {
        let mut shared = Self {
            order: MeritOrder::default(),
            starts: Vec::new(),
            level: Vec::new(),
        };
        shared.order.sort(bids)?;
        for list in [&mut shared.starts, &mut shared.level] {
            memory::reserve(list, bids.len() + 1)?;
        }
        let keys = &shared.order.keys;
        for (position, (rank, _)) in keys.iter().enumerate() {
            if position == 0 || *rank != keys[position - 1].0 {
                shared.starts.push(position);
            }
            shared.level.push(shared.starts.len() - 1);
        }
        shared.starts.push(bids.len());
        Ok(shared)
    }

    /// Indices of the offers at the price at a position, the lowest index first.
    #[inline(always)]
    pub(crate) fn tied(&self, position: usize) -> &[usize] {
        let level = self.level[position];
        &self.order.indices[self.starts[level]..self.starts[level + 1]]
    }

    /// The position of the marginal offer, or none in a shortage.
    #[inline(always)]
    pub(crate) fn marginal(
        &self,
        target: &Target<'_>,
        bids: &[f64],
        quantities: &[f64],
    ) -> Option<usize> {
        self.order.marginal(target, bids, quantities, 0.0)
    }
}

/// Maps prices to integers of the same order; -0.0 and 0.0 are equal.
///
/// The bits of positive doubles (IEEE 754) are ordered as the doubles are; those of negative ones
/// the other way round, so that they are all flipped. No two pairs of such an integer and an index
/// are equal: an unstable sort gives the order of a stable one.
fn rank(price: f64) -> u64 {
    let bits = (price + 0.0).to_bits();
    let flipped = if bits >> 63 == 1 { u64::MAX } else { 1 << 63 };
    bits ^ flipped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_order_like_prices() {
        let prices = [-f64::MAX, -1.0, -5e-324, 0.0, 5e-324, 1.0, 1.5, f64::MAX];
        assert!(prices.windows(2).all(|pair| rank(pair[0]) < rank(pair[1])));
        assert_eq!(rank(-0.0), rank(0.0));
    }

    #[test]
    fn equal_prices_keep_their_order() {
        let mut order = MeritOrder::default();
        order.sort(&[1.0, 0.0, 1.0, -0.0, 0.0]).unwrap();
        assert_eq!(order.indices, [1, 3, 4, 0, 2]);
    }
}
