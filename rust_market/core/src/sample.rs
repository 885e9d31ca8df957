//! Clears large markets in one pass, with a sample of the offers.
//!
//! Two prices of the sample most likely enclose the answer (Floyd and Rivest, Commun. ACM 18 (1975)
//! 165-172). One pass then checks all offers, dispatches those below the two prices, and copies the
//! few between them. These are cleared as a market of their own, for the remaining demand.

use pulp::Simd;

use crate::coverage::Target;
use crate::error::Error;
use crate::memory;
use crate::passes::{BLOCK, Split, are_offers, supply_at};
use crate::selection::{Bracket, Candidates, GuessSampler, Part, SetBits};

/// With fewer offers, a sample takes longer than it saves, and longer than sorting shared bids.
pub(crate) const SAMPLING_MIN: usize = 1 << 15;
/// Adjacent offers that are drawn together, since memory is read by cache lines.
const LINE: usize = 8;
/// By how much the demand of the sample is varied to enclose the answer, in multiples of what the
/// sample offers, divided by the root of its size n. The share that a sample finds below a price has
/// a standard deviation of at most 1 / (2 sqrt(n)), if quantities are alike: these are some three of
/// it either way. Where they fail, the market is cleared without a sample.
const DEVIATIONS: [f64; 2] = [-1.6, 1.6];

/// A few offers of a market; later markets reuse the memory.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    bids: Vec<f64>,
    quantities: Vec<f64>,
}

impl Sample {
    /// Draws some offers of a market of many.
    #[inline(always)]
    pub(crate) fn draw(&mut self, bids: &[f64], quantities: &[f64]) -> Result<(), Error> {
        // With n = 6 sqrt(N) drawn, some 1.3 N^(3/4) offers are then between the two prices.
        let lines = 6 * bids.len().isqrt() / LINE;
        for (drawn, all) in [(&mut self.bids, bids), (&mut self.quantities, quantities)] {
            drawn.clear();
            memory::reserve(drawn, lines * LINE)?;
            let (mut sampler, all) = (GuessSampler::default(), all.as_chunks::<LINE>().0);
            for _ in 0..lines {
                drawn.extend_from_slice(&all[sampler.next(all.len())]);
            }
        }
        Ok(())
    }

    /// Guesses a price that does not cover demand and one that does; none if both are the same price
    /// of the sample.
    ///
    /// `demand` is the demand of the market divided by the number of its offers.
    #[inline(always)]
    pub(crate) fn guess<S: Simd>(
        &self,
        simd: S,
        demand: f64,
        candidates: &mut Candidates,
    ) -> Result<Option<[f64; 2]>, Error> {
        let (bids, quantities) = (&self.bids[..], &self.quantities[..]);
        if !are_offers(simd, bids, quantities) {
            return Ok(None);
        }
        let size = bids.len() as f64;
        let [offered] = supply_at(simd, bids, quantities, &[f64::INFINITY]);
        let mut ends = [f64::NEG_INFINITY; 2];
        for (end, deviation) in ends.iter_mut().zip(DEVIATIONS) {
            // The sample is cleared like a market, with its demand varied by the sampling error.
            let demand = demand * size + deviation * offered / size.sqrt();
            if (f64::MIN_POSITIVE..=f64::MAX).contains(&demand) {
                let part = Part::unweighted(bids, quantities);
                let target = Target::fixed(part.orders, &demand);
                let price = candidates.price(simd, &target, Bracket::ALL, [part])?;
                *end = price.unwrap_or(f64::INFINITY);
            }
        }
        Ok((ends[0] < ends[1]).then_some(ends))
    }
}

/// The offers of a market between two prices that enclose its own.
#[derive(Debug, Default)]
pub(crate) struct Bracketed {
    count: usize,
    indices: Vec<usize>,
    bids: Vec<f64>,
    quantities: Vec<f64>,
    dispatch: Vec<f64>,
}

impl Bracketed {
    /// Copies the offers between two prices, and dispatches those below. Returns the supply at each
    /// price, or none if some value is invalid.
    #[inline(always)]
    pub(crate) fn split<S: Simd>(
        &mut self,
        simd: S,
        ends: [f64; 2],
        bids: &[f64],
        quantities: &[f64],
        dispatch: &mut [f64],
    ) -> Result<Option<[f64; 2]>, Error> {
        self.count = 0;
        let mut split = Split::new(simd, ends);
        let (bid_blocks, last_bids) = bids.as_chunks::<BLOCK>();
        let (quantity_blocks, last_quantities) = quantities.as_chunks::<BLOCK>();
        let (dispatch_blocks, last_dispatch) = dispatch.as_chunks_mut::<BLOCK>();
        let mut start = 0;
        for ((bids, quantities), dispatch) in
            bid_blocks.iter().zip(quantity_blocks).zip(dispatch_blocks)
        {
            let marked = SetBits(split.pass(bids, quantities, dispatch));
            self.put(marked, start, bids, quantities)?;
            start += BLOCK;
        }
        // The last block is filled up with offers of nothing at a price of zero: they add nothing to
        // any sum, and their marks, if zero is in the bracket, are cut off.
        let left = last_bids.len();
        let (mut bids, mut quantities, mut dispatch) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
        bids[..left].copy_from_slice(last_bids);
        quantities[..left].copy_from_slice(last_quantities);
        let marks = split.pass(&bids, &quantities, &mut dispatch);
        let marked = SetBits(marks & ((1 << left) - 1));
        self.put(marked, start, &bids, &quantities)?;
        last_dispatch.copy_from_slice(&dispatch[..left]);
        Ok(split.are_offers().then(|| split.supply()))
    }

    /// Copies the marked offers of a block.
    #[inline(always)]
    fn put(
        &mut self,
        marked: SetBits,
        start: usize,
        bids: &[f64; BLOCK],
        quantities: &[f64; BLOCK],
    ) -> Result<(), Error> {
        if self.bids.len() - self.count < BLOCK {
            self.grow()?;
        }
        // Room for a whole block: no bound is checked for each offer.
        let room = self.count..self.count + BLOCK;
        let own_indices = &mut self.indices[room.clone()];
        let own_bids = &mut self.bids[room.clone()];
        let own_quantities = &mut self.quantities[room];
        let mut count = 0;
        for at in marked {
            own_indices[count] = start + at;
            own_bids[count] = bids[at];
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
        memory::grow(&mut self.dispatch, size)?;
        memory::grow(&mut self.bids, size)
    }

    /// Prices, quantities and dispatch, which is to be filled.
    #[inline(always)]
    pub(crate) fn market(&mut self) -> (&[f64], &[f64], &mut [f64]) {
        let Self {
            count,
            bids,
            quantities,
            dispatch,
            ..
        } = self;
        (
            &bids[..*count],
            &quantities[..*count],
            &mut dispatch[..*count],
        )
    }

    /// Copies the dispatch to where it belongs.
    #[inline(always)]
    pub(crate) fn put_back(&self, dispatch: &mut [f64]) {
        let inside = self.indices.iter().zip(&self.dispatch);
        for (&index, &accepted) in inside.take(self.count) {
            dispatch[index] = accepted;
        }
    }
}
