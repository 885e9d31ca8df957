//! Clears one market.

use pulp::{Arch, Simd, WithSimd};

use crate::check;
use crate::coverage::{Orders, Target};
use crate::error::Error;
use crate::order::{MeritOrder, SharedOrder};
use crate::passes::{BLOCK, accept_below, all_finite, are_offers, inside};
use crate::rules::{Rules, Ties};
use crate::sample::{Bracketed, Outside, SAMPLING_MIN, Sample};
use crate::selection::{Bracket, Candidates, Part, SetBits};
use crate::sum::Sum;

/// Offers at one price that are filled before the loop checks whether demand remains.
const FILL_CHUNK: usize = 8;

/// Working memory of one clearing after the other.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) candidates: Candidates,
    pub(crate) sample: Sample,
    pub(crate) bracketed: Bracketed,
    pub(crate) bracketed_bids: Bracketed,
    pub(crate) order: MeritOrder,
}

impl Scratch {
    /// Empty working memory; it grows to the largest market cleared with it.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Clears one market: writes the dispatch (MW) in the order of the offers and returns the uniform
/// price (€/MWh).
///
/// Every value of `dispatch` is written, and none read before.
///
/// # Errors
///
/// The arguments are not a market ([`check::market`]); [`Error::OutOfMemory`] when the working
/// memory cannot grow.
///
/// # Panics
///
/// When there is no offer, or `dispatch` has not a value for each.
pub fn clear(
    bids: &[f64],
    quantities: &[f64],
    demand: f64,
    rules: Rules,
    dispatch: &mut [f64],
    scratch: &mut Scratch,
) -> Result<f64, Error> {
    struct Clear<'a> {
        market: Market<'a>,
        dispatch: &'a mut [f64],
        scratch: &'a mut Scratch,
    }
    impl WithSimd for Clear<'_> {
        type Output = Result<f64, Error>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
            let (market, dispatch) = (self.market, self.dispatch);
            let cleared = market.check_and_clear(simd, dispatch, self.scratch)?;
            cleared.map_or_else(|| Err(market.refusal()), Ok)
        }
    }
    assert!(!bids.is_empty() && dispatch.len() == bids.len());
    // Everything below is inlined here, once for each kind of vectors that pulp knows: a
    // call from one such version to another would pass vectors through memory.
    Arch::new().dispatch(Clear {
        market: Market {
            bids,
            quantities,
            demand,
            rules,
        },
        dispatch,
        scratch,
    })
}

/// The arguments of one clearing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Market<'a> {
    pub(crate) bids: &'a [f64],
    pub(crate) quantities: &'a [f64],
    pub(crate) demand: f64,
    pub(crate) rules: Rules,
}

impl Market<'_> {
    /// Clears the market, or finds that some argument is not what [`check::market`] asks for.
    #[inline(always)]
    pub(crate) fn check_and_clear<S: Simd>(
        &self,
        simd: S,
        dispatch: &mut [f64],
        scratch: &mut Scratch,
    ) -> Result<Option<f64>, Error> {
        if self.bids.len() != self.quantities.len() || !self.are_scalars_valid() {
            return Ok(None);
        }
        self.clear(simd, false, dispatch, scratch)
    }

    /// Clears the market, whose offers are checked unless they are trusted.
    #[inline(always)]
    pub(crate) fn clear<S: Simd>(
        &self,
        simd: S,
        trusted: bool,
        dispatch: &mut [f64],
        scratch: &mut Scratch,
    ) -> Result<Option<f64>, Error> {
        if self.bids.len() >= SAMPLING_MIN && self.demand > 0.0 {
            self.clear_many(trusted, dispatch, scratch)
        } else {
            self.clear_all(simd, trusted, dispatch, scratch)
        }
    }

    /// Does the same for many offers; not inlined, so that the code for few offers stays small.
    #[inline(never)]
    fn clear_many(
        &self,
        trusted: bool,
        dispatch: &mut [f64],
        scratch: &mut Scratch,
    ) -> Result<Option<f64>, Error> {
        struct ClearMany<'a> {
            market: Market<'a>,
            trusted: bool,
            dispatch: &'a mut [f64],
            scratch: &'a mut Scratch,
        }
        impl WithSimd for ClearMany<'_> {
            type Output = Result<Option<f64>, Error>;

            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
                let (market, dispatch, scratch) = (self.market, self.dispatch, self.scratch);
                // What a pass has checked need not be checked again.
                let mut trusted = self.trusted;
                if let Some(ends) = market.guess(simd, scratch)? {
                    let (offers, bracketed) = (market.offers(), &mut scratch.bracketed);
                    let split = bracketed.split::<S, false>(simd, ends, offers, dispatch)?;
                    let Some(Outside { below, .. }) = split else {
                        return Ok(None);
                    };
                    if let Some(price) =
                        market.clear_within_bracket(simd, ends, below, dispatch, scratch)?
                    {
                        return Ok(Some(price));
                    }
                    trusted = true;
                }
                market.clear_all(simd, trusted, dispatch, scratch)
            }
        }
        Arch::new().dispatch(ClearMany {
            market: *self,
            trusted,
            dispatch,
            scratch,
        })
    }

    /// Does the same, with all offers as candidates for the price.
    #[inline(always)]
    fn clear_all<S: Simd>(
        &self,
        simd: S,
        trusted: bool,
        dispatch: &mut [f64],
        scratch: &mut Scratch,
    ) -> Result<Option<f64>, Error> {
        let (bids, quantities) = (self.bids, self.quantities);
        if !(trusted || are_offers(simd, bids, quantities)) {
            return Ok(None);
        }
        if self.demand == 0.0 {
            return Ok(Some(self.clear_without_demand(dispatch)));
        }
        let (target, candidates) = (self.target(), &mut scratch.candidates);
        // First the price, then the dispatch: once the price is known, one pass without a sort is
        // enough.
        let part = Part::unweighted(bids, quantities);
        let price = candidates.price(simd, &target, Bracket::ALL, [part])?;
        Ok(Some(match price {
            Some(price) => {
                let tied = Tied::new(simd, bids, price);
                self.dispatch_at_price(simd, price, tied, dispatch)
            }
            None => self.fall_short(dispatch),
        }))
    }

    /// Brackets the price by two prices of a sample.
    #[inline(always)]
    fn guess<S: Simd>(&self, simd: S, scratch: &mut Scratch) -> Result<Option<[f64; 2]>, Error> {
        let (sample, candidates) = (&mut scratch.sample, &mut scratch.candidates);
        sample.draw(&[self.offers()])?;
        sample.guess(simd, self.demand / self.bids.len() as f64, candidates)
    }

    /// Clears the remaining demand with the offers between two prices, if the price is there.
    #[inline(always)]
    fn clear_within_bracket<S: Simd>(
        &self,
        simd: S,
        ends: [f64; 2],
        supply: [f64; 2],
        dispatch: &mut [f64],
        scratch: &mut Scratch,
    ) -> Result<Option<f64>, Error> {
        let Scratch {
            candidates,
            bracketed,
            ..
        } = scratch;
        let target = self.target();
        let mut bracket = Bracket::ALL;
        bracket.narrow(&target, ends, supply);
        // The first price must be too low, and the second must cover demand; the sample may be
        // wrong about both.
        if [bracket.low, bracket.high] != ends {
            return Ok(None);
        }
        let (orders, inner_dispatch) = bracketed.orders();
        let part = Part {
            orders,
            weight: 1.0,
        };
        let Some(price) = candidates.price(simd, &target, bracket, [part])? else {
            return Ok(None);
        };
        // All below the bracket is dispatched already, in full: what is left of demand is shared by
        // the offers in it as if they were a market of their own.
        let left = Market {
            bids: orders.prices,
            quantities: orders.quantities,
            demand: self.demand - bracket.below,
            rules: self.rules,
        };
        let tied = Tied::new(simd, orders.prices, price);
        let price = left.dispatch_at_price(simd, price, tied, inner_dispatch);
        bracketed.put_back(dispatch);
        Ok(Some(price))
    }

    /// Checks and clears the market, where the merit order of valid bids is known.
    #[inline(always)]
    pub(crate) fn clear_in_order<S: Simd>(
        &self,
        simd: S,
        order: &SharedOrder,
        dispatch: &mut [f64],
    ) -> Option<f64> {
        if !self.are_scalars_valid() || !all_finite(simd, self.quantities, false) {
            return None;
        }
        if self.demand == 0.0 {
            return Some(self.clear_without_demand(dispatch));
        }
        let Some(position) = order.marginal(&self.target(), self.bids, self.quantities) else {
            return Some(self.fall_short(dispatch));
        };
        let tied = order.tied(position);
        Some(self.dispatch_at_price(simd, self.bids[tied[0]], tied.iter().copied(), dispatch))
    }

    #[inline(always)]
    fn are_scalars_valid(&self) -> bool {
        (0.0..=f64::MAX).contains(&self.demand) && self.rules.price_cap.is_none_or(f64::is_finite)
    }

    /// The error of an invalid market.
    #[cold]
    fn refusal(&self) -> Error {
        let cap = self.rules.price_cap;
        let checked = check::market(self.bids, self.quantities, self.demand, cap);
        checked.err().unwrap_or(Error::Changed)
    }

    #[inline(always)]
    fn target(&self) -> Target<'_> {
        Target::fixed(self.offers(), &self.demand)
    }

    #[inline(always)]
    fn offers(&self) -> Orders<'_> {
        Orders {
            prices: self.bids,
            quantities: self.quantities,
        }
    }

    /// Dispatches everything.
    #[cold]
    fn fall_short(&self, dispatch: &mut [f64]) -> f64 {
        for (accepted, &quantity) in dispatch.iter_mut().zip(self.quantities) {
            *accepted = quantity + 0.0;
        }
        self.shortage_price() + 0.0
    }

    /// Dispatches the offers at the price that covers demand, where offers are tied.
    #[inline(always)]
    fn dispatch_at_price<S: Simd>(
        &self,
        simd: S,
        price: f64,
        tied: impl Iterator<Item = usize> + Clone,
        dispatch: &mut [f64],
    ) -> f64 {
        let below = accept_below(simd, self.bids, self.quantities, price, dispatch);
        // The sum of what is below the price rounds: less than nothing may remain.
        let remaining = (self.demand - below).max(0.0);
        fill_tied::<false>(self.quantities, remaining, self.rules.ties, tied, dispatch);
        price + 0.0
    }

    #[cold]
    fn clear_without_demand(&self, dispatch: &mut [f64]) -> f64 {
        dispatch.fill(0.0);
        self.counting_bids().fold(f64::INFINITY, f64::min) + 0.0
    }

    /// The highest offer, or the cap.
    #[cold]
    fn shortage_price(&self) -> f64 {
        let highest = || self.counting_bids().fold(f64::NEG_INFINITY, f64::max);
        self.rules.price_cap.unwrap_or_else(highest)
    }

    /// The prices of the offers of a positive quantity, or of all where there is none.
    fn counting_bids(&self) -> impl Iterator<Item = f64> {
        let all = self.quantities.iter().all(|&quantity| quantity == 0.0);
        let offers = self.bids.iter().zip(self.quantities);
        offers.filter_map(move |(&bid, &quantity)| (all || quantity > 0.0).then_some(bid))
    }
}

/// Shares what remains of demand among the offers at the price, the lowest index first.
///
/// With `RESETS` the other offers at the price get zero, without it they are not written.
#[inline(always)]
pub(crate) fn fill_tied<const RESETS: bool>(
    quantities: &[f64],
    remaining: f64,
    ties: Ties,
    tied: impl Iterator<Item = usize> + Clone,
    dispatch: &mut [f64],
) {
    match ties {
        Ties::Index => {
            let (mut remaining, mut rounding) = (remaining, 0.0);
            let mut filled = 0;
            #[expect(
                clippy::explicit_counter_loop,
                reason = "enumerate is not inlined here"
            )]
            for at in tied {
                // A processor cannot predict at which offer nothing remains, so check once for
                // several offers.
                if !RESETS && filled % FILL_CHUNK == 0 && remaining + rounding <= 0.0 {
                    break;
                }
                let quantity = quantities[at];
                let left = remaining + rounding;
                let is_whole = quantity < left;
                dispatch[at] = if is_whole { quantity } else { left } + 0.0; // Never -0.
                // Dekker's FastTwoSum (Numer. Math. 18 (1971) 224-242): as |remaining| is at
                // least |quantity|, `error` is exactly what rounding took from the difference.
                let after = remaining - quantity;
                let error = (remaining - after) - quantity;
                remaining = if is_whole { after } else { 0.0 };
                rounding = if is_whole { rounding + error } else { 0.0 };
                filled += 1;
            }
        }
        Ties::ProRata => {
            // Summed in twice the precision, so that the shares add up to what remains.
            let (mut total, mut scaled_total) = (Sum::default(), Sum::default());
            for at in tied.clone() {
                total.add(quantities[at]);
                scaled_total.add(quantities[at] * Share::SCALE);
            }
            let share = Share::of(remaining, total.value(), scaled_total.value());
            for at in tied {
                dispatch[at] = share.apply(quantities[at]);
            }
        }
    }
}

/// Where the offers at a price are, the lowest index first.
#[derive(Clone, Debug)]
pub(crate) struct Tied<'a, S> {
    simd: S,
    bids: &'a [f64],
    price: f64,
    start: usize,
    marks: SetBits,
}

impl<'a, S: Simd> Tied<'a, S> {
    #[inline(always)]
    pub(crate) fn new(simd: S, bids: &'a [f64], price: f64) -> Self {
        let mut tied = Self {
            simd,
            bids,
            price,
            start: 0,
            marks: SetBits(0),
        };
        tied.mark();
        tied
    }

    #[inline(always)]
    fn mark(&mut self) {
        let block = &self.bids[self.start..self.bids.len().min(self.start + BLOCK)];
        // Strictly between its two neighbours among the doubles, there is only the price.
        let (low, high) = (self.price.next_down(), self.price.next_up());
        self.marks = SetBits(inside(self.simd, block, low, high));
    }
}

impl<S: Simd> Iterator for Tied<'_, S> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        loop {
            if let Some(at) = self.marks.next() {
                return Some(self.start + at);
            }
            if self.bids.len() - self.start <= BLOCK {
                return None;
            }
            self.start += BLOCK;
            self.mark();
        }
    }
}

/// The part of each tied quantity that is accepted, safe from overflow and underflow.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Share {
    /// The ratio of what remains to what is offered.
    Ratio(f64),
    /// That ratio is too small, or the offers too large, for a double.
    Scaled { remaining: f64, tied: f64 },
}

impl Share {
    /// 2^-64: brings the sum of any number of doubles that fit in memory into range.
    const SCALE: f64 = 1.0 / 18_446_744_073_709_551_616.0;

    pub(crate) fn of(remaining: f64, tied: f64, scaled_tied: f64) -> Self {
        let ratio = remaining / tied;
        // A sum that has overflowed, or a subnormal ratio, which has lost digits, is done otherwise.
        if ratio >= f64::MIN_POSITIVE || remaining == 0.0 {
            return Self::Ratio(ratio);
        }
        Self::Scaled {
            remaining,
            tied: scaled_tied,
        }
    }

    pub(crate) fn apply(self, quantity: f64) -> f64 {
        let accepted = match self {
            Self::Ratio(ratio) => quantity * ratio,
            Self::Scaled { remaining, tied } => (quantity * Self::SCALE / tied) * remaining,
        };
        quantity.min(accepted) + 0.0
    }
}
