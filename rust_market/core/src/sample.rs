//! Clears large markets and auctions in one pass, with a sample of the orders.
//!
//! Two prices of the sample most likely enclose the answer (Floyd and Rivest, Commun. ACM 18 (1975)
//! 165-172). One pass then checks all orders, accepts the offers below the two prices and the bids
//! above them, and copies the few orders between. These are cleared as a market of their own.

use pulp::Simd;

use crate::coverage::{Orders, Target};
use crate::error::Error;
use crate::memory;
use crate::passes::{BLOCK, Split, are_offers, supply_at};
use crate::selection::{Bracket, Candidates, GuessSampler, Part, SetBits};

/// With fewer orders, a sample takes longer than it saves, and longer than sorting shared bids.
pub(crate) const SAMPLING_MIN: usize = if cfg!(feature = "fuzzing") {
    // So that markets of a few hundred orders, of which a fuzzer clears many, have a sample.
    1 << 7
} else {
    1 << 15
};
/// Adjacent orders that are drawn together, since memory is read by cache lines.
const LINE: usize = 8;
/// By how much the demand of the sample is varied to enclose the answer, in multiples of what the
/// sample offers, divided by the root of its size n. The share that a sample finds below a price has
/// a standard deviation of at most 1 / (2 sqrt(n)), if quantities are alike: these are some three of
/// it either way. Where they fail, the market is cleared without a sample.
const DEVIATIONS: [f64; 2] = [-1.6, 1.6];

/// A few orders of a market; later markets reuse the memory.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    prices: Vec<f64>,
    quantities: Vec<f64>,
}

impl Sample {
    /// Draws some orders of a market of many, from each side in proportion.
    #[inline(always)]
    pub(crate) fn draw(&mut self, sides: &[Orders<'_>]) -> Result<(), Error> {
        self.prices.clear();
        self.quantities.clear();
        let orders: usize = sides.iter().map(Orders::len).sum();
        // With n = 6 sqrt(N) drawn, some 1.3 N^(3/4) orders are then between the two prices.
        let lines = 6 * orders.isqrt() / LINE;
        for side in sides {
            let lines = lines * side.len() / orders;
            for (drawn, all) in [
                (&mut self.prices, side.prices),
                (&mut self.quantities, side.quantities),
            ] {
                memory::reserve(drawn, lines * LINE)?;
                let (mut sampler, all) = (GuessSampler::default(), all.as_chunks::<LINE>().0);
                for _ in 0..lines {
                    drawn.extend_from_slice(&all[sampler.next(all.len())]);
                }
            }
        }
        Ok(())
    }

    /// Guesses a price that does not cover demand and one that does; none if both are the same price
    /// of the sample.
    ///
    /// `demand` is the demand of the market divided by the number of its orders.
    #[inline(always)]
    pub(crate) fn guess<S: Simd>(
        &self,
        simd: S,
        demand: f64,
        candidates: &mut Candidates,
    ) -> Result<Option<[f64; 2]>, Error> {
        let (prices, quantities) = (&self.prices[..], &self.quantities[..]);
        if !are_offers(simd, prices, quantities) {
            return Ok(None);
        }
        let size = prices.len() as f64;
        let [offered] = supply_at(simd, prices, quantities, &[f64::INFINITY]);
        let mut ends = [f64::NEG_INFINITY; 2];
        for (end, deviation) in ends.iter_mut().zip(DEVIATIONS) {
            // The sample is cleared like a market, with its demand varied by the sampling error.
            let demand = demand * size + deviation * offered / size.sqrt();
            if (f64::MIN_POSITIVE..=f64::MAX).contains(&demand) {
                let part = Part::unweighted(prices, quantities);
                let target = Target::fixed(part.orders, &demand);
                let price = candidates.price(simd, &target, Bracket::ALL, [part])?;
                *end = price.unwrap_or(f64::INFINITY);
            }
        }
        Ok((ends[0] < ends[1]).then_some(ends))
    }
}

/// The orders of a side between two prices that enclose that of the market.
#[derive(Debug, Default)]
pub(crate) struct Bracketed {
    count: usize,
    indices: Vec<usize>,
    prices: Vec<f64>,
    quantities: Vec<f64>,
    accepted: Vec<f64>,
}

/// What is outside two prices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outside {
    /// The sums of the quantities at or below each price.
    pub(crate) below: [f64; 2],
    /// The sum of the bids above the higher price.
    pub(crate) above: f64,
}

impl Bracketed {
    /// Copies the orders between two prices, and accepts the offers below or, with `BIDS`, the bids
    /// above. Returns the sums outside, or none if some value is invalid.
    #[inline(always)]
    pub(crate) fn split<S: Simd, const BIDS: bool>(
        &mut self,
        simd: S,
        ends: [f64; 2],
        orders: Orders<'_>,
        accepted: &mut [f64],
    ) -> Result<Option<Outside>, Error> {
        self.count = 0;
        let mut split = Split::new(simd, ends);
        let (price_blocks, last_prices) = orders.prices.as_chunks::<BLOCK>();
        let (quantity_blocks, last_quantities) = orders.quantities.as_chunks::<BLOCK>();
        let (accepted_blocks, last_accepted) = accepted.as_chunks_mut::<BLOCK>();
        let mut start = 0;
        let blocks = price_blocks.iter().zip(quantity_blocks);
        for ((prices, quantities), accepted) in blocks.zip(accepted_blocks) {
            let marked = SetBits(split.pass::<BIDS>(prices, quantities, accepted));
            self.put(marked, start, prices, quantities)?;
            start += BLOCK;
        }
        // The last block is filled up with orders of nothing at a price of zero: they add nothing to
        // any sum, and their marks, if zero is in the bracket, are cut off.
        let left = last_prices.len();
        let (mut prices, mut quantities, mut accepted) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
        prices[..left].copy_from_slice(last_prices);
        quantities[..left].copy_from_slice(last_quantities);
        let marks = split.pass::<BIDS>(&prices, &quantities, &mut accepted);
        let marked = SetBits(marks & ((1 << left) - 1));
        self.put(marked, start, &prices, &quantities)?;
        last_accepted.copy_from_slice(&accepted[..left]);
        Ok(split.are_offers().then(|| Outside {
            below: split.supply(),
            above: split.above(),
        }))
    }

    /// Copies the marked orders of a block.
    #[inline(always)]
    fn put(
        &mut self,
        marked: SetBits,
        start: usize,
        prices: &[f64; BLOCK],
        quantities: &[f64; BLOCK],
    ) -> Result<(), Error> {
        if self.prices.len() - self.count < BLOCK {
            self.grow()?;
        }
        // Room for a whole block: no bound is checked for each order.
        let room = self.count..self.count + BLOCK;
        let own_indices = &mut self.indices[room.clone()];
        let own_prices = &mut self.prices[room.clone()];
        let own_quantities = &mut self.quantities[room];
        let mut count = 0;
        for at in marked {
            own_indices[count] = start + at;
            own_prices[count] = prices[at];
            own_quantities[count] = quantities[at];
            count += 1;
        }
        self.count += count;
        Ok(())
    }

    #[cold]
    fn grow(&mut self) -> Result<(), Error> {
        let size = 2 * self.count.max(BLOCK);
        memory::grow(&mut self.indices, size)?;
        memory::grow(&mut self.quantities, size)?;
        memory::grow(&mut self.accepted, size)?;
        memory::grow(&mut self.prices, size)
    }

    /// The copied orders, and what is accepted of each, which is to be filled.
    #[inline(always)]
    pub(crate) fn orders(&mut self) -> (Orders<'_>, &mut [f64]) {
        let count = self.count;
        let orders = Orders {
            prices: &self.prices[..count],
            quantities: &self.quantities[..count],
        };
        (orders, &mut self.accepted[..count])
    }

    /// Copies what is accepted to where it belongs.
    #[inline(always)]
    pub(crate) fn put_back(&self, accepted: &mut [f64]) {
        let inside = self.indices.iter().zip(&self.accepted);
        for (&index, &own) in inside.take(self.count) {
            accepted[index] = own;
        }
    }
}
