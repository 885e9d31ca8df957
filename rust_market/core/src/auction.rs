//! Clears auctions with orders on both sides.
//!
//! A bid that is rejected is a generator that is not needed. So the lower end of the price interval
//! is the price of a market of all orders in which all that is bid is demanded ([`Target`]), and is
//! searched as in one-sided clearing. One more pass accepts the orders of both sides at this price.
//! Large auctions are cleared with a sample, as large markets are.

use std::cmp::Ordering;
use std::num::NonZeroUsize;

use pulp::{Arch, Simd, WithSimd};

use crate::batch::{OFFERS_PER_CHUNK, Rows};
use crate::check;
use crate::clearing::{Scratch, Share, Tied, fill_tied};
use crate::coverage::{COVERAGE, Orders, Target, relative_error};
use crate::error::Error;
use crate::exact::ExactSum;
use crate::memory;
use crate::order::MeritOrder;
use crate::passes::{accept_within, are_offers, supply_at};
use crate::rules::Ties;
use crate::sample::{Outside, SAMPLING_MIN};
use crate::selection::{Bracket, Part};
use crate::threads::{Stop, parallel_for};

/// One auction.
#[derive(Clone, Copy, Debug)]
pub struct Auction<'a> {
    /// Orders of sellers.
    pub offers: Orders<'a>,
    /// Orders of buyers.
    pub bids: Orders<'a>,
    /// Where the price lies in the price interval, from 0 to 1.
    pub k: f64,
    /// How ties at the marginal price are broken.
    pub ties: Ties,
}

/// Auctions with the same numbers of offers and of bids.
#[derive(Clone, Copy, Debug)]
pub struct AuctionBatch<'a> {
    /// Offers and bids per auction, not both zero.
    pub orders: [usize; 2],
    /// Least prices that sellers take, €/MWh.
    pub offer_prices: Rows<'a>,
    /// Offered quantities, MW.
    pub offer_quantities: Rows<'a>,
    /// Most that buyers pay, €/MWh.
    pub bid_prices: Rows<'a>,
    /// Quantities bid for, MW.
    pub bid_quantities: Rows<'a>,
    /// Where the price lies in the price interval, from 0 to 1; rows of one value.
    pub k: Rows<'a>,
    /// How ties at the marginal price are broken.
    pub ties: Ties,
}

/// Clears one auction: writes what is sold and bought (MW) in the order of the offers and bids, and
/// returns the uniform price (€/MWh).
///
/// Every value of the results is written, and none read before.
///
/// ```
/// use merit_order::{Auction, Orders, Scratch, Ties, clear_auction};
///
/// let auction = Auction {
///     offers: Orders { prices: &[10.0, 30.0], quantities: &[100.0, 50.0] },
///     bids: Orders { prices: &[50.0, 20.0], quantities: &[80.0, 60.0] },
///     k: 0.5,
///     ties: Ties::Index,
/// };
/// let (mut sold, mut bought) = ([0.0; 2], [0.0; 2]);
/// let price = clear_auction(auction, &mut sold, &mut bought, &mut Scratch::new())?;
/// assert_eq!((price, sold, bought), (20.0, [100.0, 0.0], [80.0, 20.0]));
/// # Ok::<(), merit_order::Error>(())
/// ```
///
/// # Errors
///
/// The arguments are not an auction ([`check::auction`]); [`Error::OutOfMemory`] when the working
/// memory cannot grow.
///
/// # Panics
///
/// When there is no order, or the results have not a value for each.
pub fn clear_auction(
    auction: Auction<'_>,
    sold: &mut [f64],
    bought: &mut [f64],
    scratch: &mut Scratch,
) -> Result<f64, Error> {
    struct Clear<'a> {
        auction: Auction<'a>,
        accepted: [&'a mut [f64]; 2],
        scratch: &'a mut Scratch,
    }
    impl WithSimd for Clear<'_> {
        type Output = Result<f64, Error>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
            let (auction, [sold, bought]) = (self.auction, self.accepted);
            let cleared = auction.check_and_clear(simd, sold, bought, self.scratch)?;
            cleared.map_or_else(|| Err(auction.refusal()), Ok)
        }
    }
    let Auction { offers, bids, .. } = auction;
    assert!(offers.len() + bids.len() > 0);
    assert!(sold.len() == offers.len() && bought.len() == bids.len());
    Arch::new().dispatch(Clear {
        auction,
        accepted: [sold, bought],
        scratch,
    })
}

impl Auction<'_> {
    /// Clears the auction, or finds that some argument is not what [`check::auction`] asks for.
    #[inline(always)]
    fn check_and_clear<S: Simd>(
        &self,
        simd: S,
        sold: &mut [f64],
        bought: &mut [f64],
        scratch: &mut Scratch,
    ) -> Result<Option<f64>, Error> {
        let [offers, bids] = [self.offers, self.bids];
        if offers.quantities.len() != offers.len()
            || bids.quantities.len() != bids.len()
            || !(0.0..=1.0).contains(&self.k)
        {
            return Ok(None);
        }
        let interval = if self.orders() >= SAMPLING_MIN {
            self.clear_many(sold, bought, scratch)?
        } else {
            self.clear_all(simd, false, sold, bought, scratch)?
        };
        // Each operation is rounded once, and in this order: the price has the same bits wherever
        // it is computed. It may leave the interval by a rounding error.
        Ok(interval.map(|[low, high]| {
            let price = (1.0 - self.k) * low + self.k * high;
            price.max(low).min(high) + 0.0
        }))
    }

    /// Clears many orders and returns the price interval, or finds that some value is invalid; not
    /// inlined, so that the code for few orders stays small.
    #[inline(never)]
    fn clear_many(
        &self,
        sold: &mut [f64],
        bought: &mut [f64],
        scratch: &mut Scratch,
    ) -> Result<Option<[f64; 2]>, Error> {
        struct ClearMany<'a> {
            auction: Auction<'a>,
            accepted: [&'a mut [f64]; 2],
            scratch: &'a mut Scratch,
        }
        impl WithSimd for ClearMany<'_> {
            type Output = Result<Option<[f64; 2]>, Error>;

            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
                let (auction, [sold, bought], scratch) =
                    (self.auction, self.accepted, self.scratch);
                let (offers, bids) = (auction.offers, auction.bids);
                // What a pass has checked need not be checked again.
                let mut trusted = false;
                if let Some((demand, ends)) = auction.guess(simd, scratch)? {
                    let split = &mut scratch.bracketed;
                    let below = split.split::<S, false>(simd, ends, offers, sold)?;
                    let split = &mut scratch.bracketed_bids;
                    let above = split.split::<S, true>(simd, ends, bids, bought)?;
                    let (Some(below), Some(above)) = (below, above) else {
                        return Ok(None);
                    };
                    let outside = [below, above];
                    let cleared =
                        auction.clear_within_bracket(simd, ends, demand, outside, scratch)?;
                    if cleared.is_some() {
                        scratch.bracketed.put_back(sold);
                        scratch.bracketed_bids.put_back(bought);
                        return Ok(cleared);
                    }
                    trusted = true;
                }
                auction.clear_all(simd, trusted, sold, bought, scratch)
            }
        }
        Arch::new().dispatch(ClearMany {
            auction: *self,
            accepted: [sold, bought],
            scratch,
        })
    }

    /// Does the same, with all orders as candidates for the price.
    #[inline(always)]
    fn clear_all<S: Simd>(
        &self,
        simd: S,
        trusted: bool,
        sold: &mut [f64],
        bought: &mut [f64],
        scratch: &mut Scratch,
    ) -> Result<Option<[f64; 2]>, Error> {
        // A loop: passes over vectors are not inlined into the closure of an iterator.
        for Orders { prices, quantities } in [self.offers, self.bids] {
            if !(trusted || are_offers(simd, prices, quantities)) {
                return Ok(None);
            }
        }
        let Some(low) = self.lowest_price(simd, scratch)? else {
            return Ok(None);
        };
        let high = self.accept(simd, low, self, None, sold, bought, &mut scratch.order)?;
        Ok(high.map(|high| [low, high]))
    }

    /// All that is bid, and two prices of a sample that bracket the lower end of the price interval.
    #[inline(always)]
    fn guess<S: Simd>(
        &self,
        simd: S,
        scratch: &mut Scratch,
    ) -> Result<Option<(f64, [f64; 2])>, Error> {
        let Orders { prices, quantities } = self.bids;
        let [demand] = supply_at(simd, prices, quantities, &[f64::INFINITY]);
        if !(f64::MIN_POSITIVE..=f64::MAX).contains(&demand) {
            return Ok(None);
        }
        let (sample, candidates) = (&mut scratch.sample, &mut scratch.candidates);
        sample.draw(&[self.offers, self.bids])?;
        let ends = sample.guess(simd, demand / self.orders() as f64, candidates)?;
        Ok(ends.map(|ends| (demand, ends)))
    }

    /// Clears the orders between two prices, beside what is accepted outside; returns the price
    /// interval if it is there.
    #[inline(always)]
    fn clear_within_bracket<S: Simd>(
        &self,
        simd: S,
        ends: [f64; 2],
        demand: f64,
        [offered, bid]: [Outside; 2],
        scratch: &mut Scratch,
    ) -> Result<Option<[f64; 2]>, Error> {
        let target = Target::elastic(self.offers, self.bids, demand);
        let supply = |end: usize| offered.below[end] + COVERAGE * bid.below[end];
        let mut bracket = Bracket::ALL;
        bracket.narrow(&target, ends, [supply(0), supply(1)]);
        // The sample may be wrong about both prices.
        if [bracket.low, bracket.high] != ends {
            return Ok(None);
        }
        let (offers, sold) = scratch.bracketed.orders();
        let (bids, bought) = scratch.bracketed_bids.orders();
        let inner = Auction {
            offers,
            bids,
            ..*self
        };
        let candidates = &mut scratch.candidates;
        let Some(low) = candidates.price(simd, &target, bracket, inner.parts())? else {
            return Ok(None);
        };
        let outside = Some([offered.below[0], bid.above]);
        let order = &mut scratch.order;
        let high = self.accept(simd, low, &inner, outside, sold, bought, order)?;
        let inside = high.filter(|&high| high <= ends[1]);
        Ok(inside.map(|high| [low, high]))
    }

    fn orders(&self) -> usize {
        self.offers.len() + self.bids.len()
    }

    /// The orders as they add up in the search for the lower end of the price interval.
    #[inline(always)]
    fn parts(&self) -> [Part<'_>; 2] {
        let parts = [(self.offers, 1.0), (self.bids, COVERAGE)];
        parts.map(|(orders, weight)| Part { orders, weight })
    }

    /// The lower end of the price interval; none if the values have changed meanwhile.
    #[inline(always)]
    fn lowest_price<S: Simd>(&self, simd: S, scratch: &mut Scratch) -> Result<Option<f64>, Error> {
        let Orders { prices, quantities } = self.bids;
        let [demand] = supply_at(simd, prices, quantities, &[f64::INFINITY]);
        if demand == 0.0 {
            return Ok(self.next_price(f64::NEG_INFINITY));
        }
        let target = Target::elastic(self.offers, self.bids, demand);
        let candidates = &mut scratch.candidates;
        candidates.price(simd, &target, Bracket::ALL, self.parts())
    }

    /// Accepts the orders of both sides, given the lower end of the price interval; returns the
    /// upper end.
    ///
    /// `inner` has the orders that the price may accept or reject: all, or those that are left when
    /// the sums of offers and bids `outside` are accepted. Then the answer may be none: all orders
    /// must be cleared together.
    #[inline(always)]
    #[expect(
        clippy::too_many_arguments,
        reason = "an auction, its part, and results"
    )]
    fn accept<S: Simd>(
        &self,
        simd: S,
        low: f64,
        inner: &Auction<'_>,
        outside: Option<[f64; 2]>,
        sold: &mut [f64],
        bought: &mut [f64],
        order: &mut MeritOrder,
    ) -> Result<Option<f64>, Error> {
        let Auction { offers, bids, .. } = *inner;
        let [below, above] = outside.unwrap_or_default();
        let [cheaper, offered] =
            accept_within::<S, false>(simd, offers.prices, offers.quantities, low, sold);
        let [cheaper, offered] = [below + cheaper, below + offered];
        let [keener, wanted] =
            accept_within::<S, true>(simd, bids.prices, bids.quantities, low, bought);
        let [mut keener, mut wanted] = [above + keener, above + wanted];
        let error = 2.0 * relative_error(self.orders());

        // The next price of the book clears the market too if what is bid above `low` takes all
        // that is offered.
        let mut high = low;
        let is_unique = keener < offered * (COVERAGE - error) && offered <= f64::MAX;
        if !is_unique {
            high = self.highest_price(low)?;
            if high > low {
                let [better, all] =
                    accept_within::<S, true>(simd, bids.prices, bids.quantities, high, bought);
                [keener, wanted] = [above + better, above + all];
            }
        }

        // The side that has more is cut down to what the other has.
        let difference = offered - wanted;
        let is_sure = difference.abs() > error * offered.max(wanted)
            && offered.max(wanted) <= f64::MAX
            && offered.min(wanted) >= f64::MIN_POSITIVE;
        let comparison = if is_sure {
            difference.total_cmp(&0.0)
        } else {
            self.compare(low, high)
        };
        match comparison {
            Ordering::Equal => {}
            Ordering::Greater => {
                let remaining = wanted - cheaper;
                if (0.0..=f64::MAX).contains(&remaining) {
                    let tied = Tied::new(simd, offers.prices, low);
                    fill_tied::<true>(offers.quantities, remaining, self.ties, tied, sold);
                } else if outside.is_some() {
                    return Ok(None);
                } else {
                    let volume = bids.sum(|bid| bid >= high);
                    fill_exactly(offers, false, volume, self.ties, sold, order)?;
                }
            }
            Ordering::Less => {
                let remaining = offered - keener;
                if (0.0..=f64::MAX).contains(&remaining) {
                    let tied = Tied::new(simd, bids.prices, high);
                    fill_tied::<true>(bids.quantities, remaining, self.ties, tied, bought);
                } else if outside.is_some() {
                    return Ok(None);
                } else {
                    let volume = offers.sum(|offer| offer <= low);
                    fill_exactly(bids, true, volume, self.ties, bought, order)?;
                }
            }
        }
        Ok(Some(high))
    }

    /// Compares exactly what is offered and what is bid at the ends of the price interval.
    #[cold]
    #[inline(never)]
    fn compare(&self, low: f64, high: f64) -> Ordering {
        let mut difference = self.offers.sum(|offer| offer <= low);
        difference.subtract_sum(&self.bids.sum(|bid| bid >= high));
        difference.sign()
    }

    /// The upper end of the price interval, exactly, given the lower end.
    #[cold]
    #[inline(never)]
    fn highest_price(&self, low: f64) -> Result<f64, Error> {
        let mut high = low;
        // Nearly always the interval ends at the next price of the book. Only where quantities are
        // tiny beside what is traded, several follow: then sort them.
        for _ in 0..2 {
            match self.next_price(high) {
                Some(next) if self.is_demanded_at(next) => high = next,
                _ => return Ok(high),
            }
        }
        let mut prices = Vec::new();
        memory::reserve(&mut prices, self.offers.len() + self.bids.len())?;
        prices.extend(self.book().filter(|&price| price > high));
        prices.sort_unstable_by(f64::total_cmp);
        let demanded = prices.partition_point(|&price| self.is_demanded_at(price));
        Ok(prices[..demanded].last().map_or(high, |&price| price))
    }

    /// Whether what is bid at a price or above it takes all that is offered below it.
    fn is_demanded_at(&self, price: f64) -> bool {
        let mut supply = self.offers.sum(|offer| offer < price);
        let mut surplus = self.bids.sum(|bid| bid >= price);
        surplus.subtract(supply.rounded().tolerated());
        surplus.sign() != Ordering::Less
    }

    /// The lowest price of the book above another price.
    fn next_price(&self, low: f64) -> Option<f64> {
        self.book().filter(|&price| price > low).reduce(f64::min)
    }

    /// The prices of the orders of a positive quantity, or of all where there is none.
    fn book(&self) -> impl Iterator<Item = f64> {
        let orders = self.offers.iter().chain(self.bids.iter());
        let all = orders.clone().all(|(_, quantity)| quantity == 0.0);
        orders.filter_map(move |(price, quantity)| (all || quantity > 0.0).then_some(price))
    }

    /// The error of an invalid auction.
    #[cold]
    fn refusal(&self) -> Error {
        let checked = check::auction(self.offers, self.bids, self.k);
        checked.err().unwrap_or(Error::Changed)
    }
}

/// Accepts the orders of one side in merit order up to a volume, in exact arithmetic.
///
/// For volumes beyond the doubles, and where the tolerance cuts orders that are better than the
/// marginal price.
#[cold]
#[inline(never)]
fn fill_exactly(
    orders: Orders<'_>,
    descending: bool,
    volume: ExactSum,
    ties: Ties,
    accepted: &mut [f64],
    order: &mut MeritOrder,
) -> Result<(), Error> {
    let sign = if descending { -1.0 } else { 1.0 };
    order.sort(&memory::collect(
        orders.prices.iter().map(|price| sign * price),
    )?)?;
    let mut remaining = volume;
    accepted.fill(0.0);
    let prices_differ = |&a: &usize, &b: &usize| orders.prices[a] == orders.prices[b];
    for level in order.indices().chunk_by(prices_differ) {
        let quantities = || level.iter().map(|&at| orders.quantities[at]);
        // What would remain after the whole level.
        let mut left = remaining.clone();
        let mut tied = ExactSum::of(quantities());
        left.subtract_sum(&tied);
        if left.sign() != Ordering::Less {
            for &at in level {
                accepted[at] = orders.quantities[at] + 0.0;
            }
            remaining = left;
            continue;
        }
        match ties {
            Ties::Index => {
                for &at in level {
                    let mut left = remaining.clone();
                    left.subtract_sum(&ExactSum::of([orders.quantities[at]].into_iter()));
                    if left.sign() == Ordering::Less {
                        accepted[at] = remaining.rounded().value();
                        break;
                    }
                    accepted[at] = orders.quantities[at] + 0.0;
                    remaining = left;
                }
            }
            Ties::ProRata => {
                let (remaining, tied) = (remaining.rounded(), tied.rounded());
                let share = if tied.value() <= f64::MAX {
                    Share::of(remaining.value(), tied.value(), tied.scaled())
                } else {
                    Share::of(remaining.scaled(), tied.scaled(), f64::INFINITY)
                };
                for &at in level {
                    accepted[at] = share.apply(orders.quantities[at]);
                }
            }
        }
        break;
    }
    Ok(())
}

/// Clears every auction of a batch: writes a price each, and a row each of what is sold and bought.
///
/// At most `threads` threads work, the calling one among them; the result does not depend on
/// their number.
///
/// # Errors
///
/// A value is invalid: the error names the first one, and the results mean nothing;
/// [`Error::OutOfMemory`] when the working memory cannot grow; [`Error::Interrupted`] once `stop`
/// returns true.
///
/// # Panics
///
/// When the rows are not as many or as long as the results.
pub fn clear_auctions(
    batch: AuctionBatch<'_>,
    prices: &mut [f64],
    sold: &mut [f64],
    bought: &mut [f64],
    threads: NonZeroUsize,
    stop: Stop<'_>,
) -> Result<(), Error> {
    let [offers, bids] = batch.orders;
    assert!(batch.fits(prices.len(), sold.len(), bought.len()));
    if !batch.shares_valid() {
        batch.check()?;
    }
    // Each thread takes the next chunk when it is free: auctions take different times, and a core
    // may be busy.
    let auctions_per_chunk = (OFFERS_PER_CHUNK / (offers + bids)).max(1);
    let workers = prices.len().div_ceil(auctions_per_chunk).min(threads.get());
    let mut left = (sold, bought);
    let chunks = prices
        .chunks_mut(auctions_per_chunk)
        .map(move |prices| {
            // A side without orders has no values, which `chunks_mut` would not cut into rows.
            let (sold, bought) = std::mem::take(&mut left);
            let (own_sold, sold) = sold.split_at_mut(prices.len() * offers);
            let (own_bought, bought) = bought.split_at_mut(prices.len() * bids);
            left = (sold, bought);
            (prices, own_sold, own_bought)
        })
        .enumerate();
    let arch = Arch::new();
    parallel_for(workers, chunks, stop, |next| {
        let mut scratch = Scratch::new();
        while let Some((chunk, (prices, sold, bought))) = next() {
            arch.dispatch(Chunk {
                batch: &batch,
                first: chunk * auctions_per_chunk,
                prices,
                sold,
                bought,
                scratch: &mut scratch,
            })?;
        }
        Ok(())
    })
}

/// Auctions that a thread clears together.
struct Chunk<'a> {
    batch: &'a AuctionBatch<'a>,
    first: usize,
    prices: &'a mut [f64],
    sold: &'a mut [f64],
    bought: &'a mut [f64],
    scratch: &'a mut Scratch,
}

impl WithSimd for Chunk<'_> {
    type Output = Result<(), Error>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let [offers, bids] = self.batch.orders;
        for (at, price) in self.prices.iter_mut().enumerate() {
            let auction = self.batch.auction(self.first + at);
            let sold = &mut self.sold[at * offers..(at + 1) * offers];
            let bought = &mut self.bought[at * bids..(at + 1) * bids];
            let Some(cleared) = auction.check_and_clear(simd, sold, bought, self.scratch)? else {
                self.batch.check()?;
                return Err(Error::Changed);
            };
            *price = cleared;
        }
        Ok(())
    }
}

impl AuctionBatch<'_> {
    /// Whether the number and the lengths of all rows fit results of these lengths.
    fn fits(&self, auctions: usize, sold: usize, bought: usize) -> bool {
        let [offers, bids] = self.orders;
        offers + bids > 0
            && sold == auctions * offers
            && bought == auctions * bids
            && self.offer_prices.fit(auctions, offers)
            && self.offer_quantities.fit(auctions, offers)
            && self.bid_prices.fit(auctions, bids)
            && self.bid_quantities.fit(auctions, bids)
            && self.k.fit(auctions, 1)
    }

    /// Whether the rows that the auctions share are valid.
    fn shares_valid(&self) -> bool {
        self.offer_prices.is_shared_valid(check::prices)
            && self.offer_quantities.is_shared_valid(check::quantities)
            && self.bid_prices.is_shared_valid(check::prices)
            && self.bid_quantities.is_shared_valid(check::quantities)
            && self.k.is_shared_valid(check::share)
    }

    /// Checks all values, argument by argument. Threads clear auctions in any order, but the error
    /// must name the first invalid value.
    #[cold]
    fn check(&self) -> Result<(), Error> {
        let [offers, bids] = self.orders.map(Some);
        let prices = |name, rows: Rows<'_>, columns| {
            check::prices(name, rows.values(), &rows.shape(columns))
        };
        let quantities = |name, rows: Rows<'_>, columns| {
            check::quantities(name, rows.values(), &rows.shape(columns))
        };
        prices("offer_prices", self.offer_prices, offers)?;
        quantities("offer_quantities", self.offer_quantities, offers)?;
        prices("bid_prices", self.bid_prices, bids)?;
        quantities("bid_quantities", self.bid_quantities, bids)?;
        check::share("k", self.k.values(), &self.k.shape(None))
    }

    fn auction(&self, at: usize) -> Auction<'_> {
        let [offers, bids] = self.orders;
        Auction {
            offers: Orders {
                prices: self.offer_prices.row(at, offers),
                quantities: self.offer_quantities.row(at, offers),
            },
            bids: Orders {
                prices: self.bid_prices.row(at, bids),
                quantities: self.bid_quantities.row(at, bids),
            },
            k: self.k.row(at, 1)[0],
            ties: self.ties,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::never;

    /// Prices and quantities.
    type Side = ([f64; 2], [f64; 2]);

    fn orders((prices, quantities): &Side) -> Orders<'_> {
        Orders { prices, quantities }
    }

    fn cleared(offers: &Side, bids: &Side, k: f64) -> Result<(f64, [f64; 2], [f64; 2]), Error> {
        let (mut sold, mut bought) = ([f64::NAN; 2], [f64::NAN; 2]);
        let auction = Auction {
            offers: orders(offers),
            bids: orders(bids),
            k,
            ties: Ties::Index,
        };
        let price = clear_auction(auction, &mut sold, &mut bought, &mut Scratch::new())?;
        Ok((price, sold, bought))
    }

    /// One quantity is traded at any price from 50 to 80.
    const VERTICAL: (Side, Side) = (([0.0, 80.0], [100.0, 50.0]), ([100.0, 50.0], [100.0, 20.0]));

    #[test]
    fn k_divides_the_price_interval() {
        let (offers, bids) = VERTICAL;
        for (k, price) in [(0.0, 50.0), (0.5, 65.0), (1.0, 80.0)] {
            let found = cleared(&offers, &bids, k);
            assert_eq!(found, Ok((price, [100.0, 0.0], [100.0, 0.0])));
        }
    }

    #[test]
    fn most_is_traded_where_orders_have_one_price() {
        let offers = ([21.0, 100.0], [100.0, 30.0]);
        let bids = ([3000.0, 100.0], [100.0, 50.0]);
        let found = cleared(&offers, &bids, 0.0);
        assert_eq!(found, Ok((100.0, [100.0, 30.0], [100.0, 30.0])));
    }

    #[test]
    fn nobody_trades_where_bids_are_below_offers() {
        let offers = ([12.0, 15.0], [5.0, 5.0]);
        let bids = ([10.0, 9.0], [5.0, 5.0]);
        assert_eq!(cleared(&offers, &bids, 0.5), Ok((11.0, [0.0; 2], [0.0; 2])));
    }

    #[test]
    fn the_first_wrong_value_is_named() {
        let (offers, bids) = VERTICAL;
        let message =
            |found: Result<_, Error>| found.map(|_: (f64, _, _)| ()).unwrap_err().to_string();
        let wrong = (bids.0, [1.0, -1.0]);
        assert_eq!(
            message(cleared(&offers, &wrong, f64::NAN)),
            "bid_quantities[1] = -1.0: must be finite and >= 0"
        );
        assert_eq!(
            message(cleared(&offers, &bids, 1.5)),
            "k = 1.5: must be between 0 and 1"
        );
    }

    #[test]
    fn the_first_wrong_value_is_named_where_the_other_side_has_no_orders() {
        let batch = AuctionBatch {
            orders: [0, 1],
            offer_prices: Rows::Each(&[]),
            offer_quantities: Rows::Each(&[]),
            bid_prices: Rows::Each(&[1.0, f64::NAN]),
            bid_quantities: Rows::Shared(&[1.0]),
            k: Rows::Shared(&[0.0]),
            ties: Ties::Index,
        };
        let (mut prices, mut bought) = ([0.0; 2], [0.0; 2]);
        let threads = NonZeroUsize::MIN;
        let found = clear_auctions(batch, &mut prices, &mut [], &mut bought, threads, &never);
        assert_eq!(
            found.unwrap_err().to_string(),
            "bid_prices[1, 0] = NaN: must be finite"
        );
    }

    #[test]
    fn rows_of_a_batch_are_cleared_as_alone() {
        let (offers, bids) = VERTICAL;
        let [k, mut prices] = [[0.0, 0.25, 1.0], [0.0; 3]];
        let (mut sold, mut bought) = ([0.0; 6], [0.0; 6]);
        let batch = AuctionBatch {
            orders: [2, 2],
            offer_prices: Rows::Shared(&offers.0),
            offer_quantities: Rows::Shared(&offers.1),
            bid_prices: Rows::Shared(&bids.0),
            bid_quantities: Rows::Shared(&bids.1),
            k: Rows::Each(&k),
            ties: Ties::Index,
        };
        let threads = NonZeroUsize::MIN;
        clear_auctions(batch, &mut prices, &mut sold, &mut bought, threads, &never).unwrap();
        for (row, k) in k.into_iter().enumerate() {
            let own = |all: &[f64; 6]| [all[2 * row], all[2 * row + 1]];
            let alone = cleared(&offers, &bids, k).unwrap();
            assert_eq!((prices[row], own(&sold), own(&bought)), alone);
        }
    }
}
