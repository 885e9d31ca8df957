//! Loops over all offers of a market, branch-free and vectorised. Each is one pass.
//!
//! Clearing takes most of its time here. A comparison becomes a mask and not a jump: a jump that
//! depends on random prices is mispredicted half of the time, and each misprediction costs about 15
//! cycles. All functions are inlined into the caller, which is compiled for the vector instructions
//! of this machine.

use pulp::Simd;

use crate::operation_counts;

/// Offers of a block, a bit each.
pub(crate) const BLOCK: usize = 64;

/// The bits of a block.
const BITS: [u64; BLOCK] = {
    let mut bits = [1; BLOCK];
    let mut at = 1;
    while at < BLOCK {
        bits[at] = bits[at - 1] << 1;
        at += 1;
    }
    bits
};

/// The values where a mask is set, zero elsewhere.
#[inline(always)]
fn select_where<S: Simd>(simd: S, mask: S::m64s, values: S::f64s) -> S::f64s {
    if size_of::<S::m64s>() == size_of::<S::f64s>() {
        // Lanes of the mask are all ones or all zeros: one instruction, where a choice takes two.
        simd.and_f64s(bytemuck::cast(mask), values)
    } else {
        simd.select_f64s(mask, values, simd.splat_f64s(0.0))
    }
}

/// Whether all values are finite, and none is negative unless that is allowed.
#[inline(always)]
pub(crate) fn all_finite<S: Simd>(simd: S, values: &[f64], negative: bool) -> bool {
    operation_counts::visits(values.len());
    let zero = simd.splat_f64s(0.0);
    let (vectors, tail) = S::as_simd_f64s(values);
    // Zero times a finite number is zero, zero times infinity or NaN is NaN, and no addition removes
    // a NaN: one multiplication and addition each checks all values, and one comparison at the end.
    let mut nan = [zero; 2];
    let mut least = [zero; 2];
    let (pairs, last) = vectors.as_chunks::<2>();
    for pair in pairs {
        for half in 0..2 {
            nan[half] = simd.mul_add_e_f64s(pair[half], zero, nan[half]);
            least[half] = simd.min_f64s(least[half], pair[half]);
        }
    }
    for &values in last {
        nan[0] = simd.mul_add_e_f64s(values, zero, nan[0]);
        least[0] = simd.min_f64s(least[0], values);
    }
    let finite = simd.reduce_sum_f64s(simd.add_f64s(nan[0], nan[1])) == 0.0;
    let least = simd.reduce_min_f64s(simd.min_f64s(least[0], least[1]));
    let mut all = finite & (negative | (least >= 0.0));
    for &value in tail {
        all &= (value.abs() <= f64::MAX) & (negative | (value >= 0.0));
    }
    all
}

/// Whether these values are those of offers.
#[inline(always)]
pub(crate) fn are_offers<S: Simd>(simd: S, bids: &[f64], quantities: &[f64]) -> bool {
    all_finite(simd, bids, true) & all_finite(simd, quantities, false)
}

/// Returns the supply at each of several prices.
#[inline(always)]
pub(crate) fn supply_at<S: Simd, const PRICES: usize>(
    simd: S,
    bids: &[f64],
    quantities: &[f64],
    prices: &[f64; PRICES],
) -> [f64; PRICES] {
    operation_counts::visits(bids.len());
    let zero = simd.splat_f64s(0.0);
    let mut at = [zero; PRICES];
    for k in 0..PRICES {
        at[k] = simd.splat_f64s(prices[k]);
    }
    // One sum for each price and lane: these chains of additions do not wait for one another.
    let mut sums = [zero; PRICES];
    let (bid_vectors, bid_tail) = S::as_simd_f64s(bids);
    let (quantity_vectors, quantity_tail) = S::as_simd_f64s(quantities);
    for (&bids, &quantities) in bid_vectors.iter().zip(quantity_vectors) {
        for k in 0..PRICES {
            let offered = simd.less_than_or_equal_f64s(bids, at[k]);
            let masked = select_where(simd, offered, quantities);
            sums[k] = simd.add_f64s(sums[k], masked);
        }
    }
    let mut totals = [0.0; PRICES];
    for k in 0..PRICES {
        totals[k] = simd.reduce_sum_f64s(sums[k]);
    }
    for (&bid, &quantity) in bid_tail.iter().zip(quantity_tail) {
        for k in 0..PRICES {
            totals[k] += if bid <= prices[k] { quantity } else { 0.0 };
        }
    }
    totals
}

/// Marks those of a block of prices that lie strictly between two others.
#[inline(always)]
pub(crate) fn inside<S: Simd>(simd: S, prices: &[f64], low: f64, high: f64) -> u64 {
    operation_counts::visits(prices.len());
    let (above, below) = (simd.splat_f64s(low), simd.splat_f64s(high));
    let (vectors, tail) = S::as_simd_f64s(prices);
    let mut marks = simd.splat_f64s(0.0);
    let bits = &S::as_simd_f64s(bytemuck::cast_slice(&BITS)).0[..vectors.len()];
    for at in 0..vectors.len() {
        let inside = simd.and_m64s(
            simd.greater_than_f64s(vectors[at], above),
            simd.less_than_f64s(vectors[at], below),
        );
        marks = simd.or_f64s(marks, select_where(simd, inside, bits[at]));
    }
    // Each lane holds the bits of its own offers.
    let mut all = 0;
    for &lane in &lanes(marks)[..S::F64_LANES] {
        all |= lane;
    }
    for (&price, &bit) in tail.iter().zip(&BITS[vectors.len() * S::F64_LANES..]) {
        all |= if (price > low) & (price < high) {
            bit
        } else {
            0
        };
    }
    all
}

/// The lanes of a vector, and zeros.
#[inline(always)]
fn lanes<V: bytemuck::Pod>(vector: V) -> [u64; 8] {
    let mut lanes = [0; 8];
    lanes[..size_of::<V>() / 8].copy_from_slice(bytemuck::cast_slice(&[vector]));
    lanes
}

/// Returns the supply at the price of each of a few offers, added to a known part.
///
/// Quadratic, but without sorting: prices are lanes, and each offer is compared with all of them.
#[inline(always)]
pub(crate) fn supplies<S: Simd, const BRUTE_FORCE_MAX: usize>(
    simd: S,
    bids: &[f64],
    quantities: &[f64],
    known: f64,
    supplies: &mut [f64; BRUTE_FORCE_MAX],
) {
    operation_counts::visits(bids.len() * bids.len());
    let (bid_vectors, tail) = S::as_simd_f64s(bids);
    let tail = simd.partial_load_f64s(tail);
    let vectors = S::as_mut_simd_f64s(&mut supplies[..]).0;
    for at in 0..bids.len().div_ceil(S::F64_LANES) {
        let prices = if at < bid_vectors.len() {
            bid_vectors[at]
        } else {
            tail
        };
        let mut sum = simd.splat_f64s(known);
        for (&bid, &quantity) in bids.iter().zip(quantities) {
            let offered = simd.less_than_or_equal_f64s(simd.splat_f64s(bid), prices);
            let masked = select_where(simd, offered, simd.splat_f64s(quantity));
            sum = simd.add_f64s(sum, masked);
        }
        vectors[at] = sum;
    }
}

/// Dispatches in full what is offered below a price, nothing else, and returns its sum.
#[inline(always)]
pub(crate) fn accept_below<S: Simd>(
    simd: S,
    bids: &[f64],
    quantities: &[f64],
    price: f64,
    dispatch: &mut [f64],
) -> f64 {
    operation_counts::visits(bids.len());
    let zero = simd.splat_f64s(0.0);
    let at = simd.splat_f64s(price);
    let (bid_vectors, bid_tail) = S::as_simd_f64s(bids);
    let (quantity_vectors, quantity_tail) = S::as_simd_f64s(quantities);
    let (dispatch_vectors, dispatch_tail) = S::as_mut_simd_f64s(dispatch);
    // Two sums: an addition takes four cycles, and need not wait for the one before. The order of
    // the additions does not matter for the price: `Target` bounds the error of any order.
    let mut sums = [zero; 2];
    let (bid_pairs, bid_last) = bid_vectors.as_chunks::<2>();
    let (quantity_pairs, quantity_last) = quantity_vectors.as_chunks::<2>();
    let (dispatch_pairs, dispatch_last) = dispatch_vectors.as_chunks_mut::<2>();
    for at_pair in 0..bid_pairs
        .len()
        .min(quantity_pairs.len())
        .min(dispatch_pairs.len())
    {
        for half in 0..2 {
            let below = simd.less_than_f64s(bid_pairs[at_pair][half], at);
            let masked = select_where(simd, below, quantity_pairs[at_pair][half]);
            // Adding zero turns -0.0 into 0.0.
            let accepted = simd.add_f64s(masked, zero);
            dispatch_pairs[at_pair][half] = accepted;
            sums[half] = simd.add_f64s(sums[half], accepted);
        }
    }
    for ((&bids, &quantities), dispatch) in bid_last.iter().zip(quantity_last).zip(dispatch_last) {
        let masked = select_where(simd, simd.less_than_f64s(bids, at), quantities);
        *dispatch = simd.add_f64s(masked, zero);
        sums[0] = simd.add_f64s(sums[0], *dispatch);
    }
    let mut total = simd.reduce_sum_f64s(simd.add_f64s(sums[0], sums[1]));
    for ((&bid, &quantity), dispatch) in bid_tail.iter().zip(quantity_tail).zip(dispatch_tail) {
        *dispatch = if bid < price { quantity } else { 0.0 } + 0.0;
        total += *dispatch;
    }
    total
}

/// Accepts in full the offers at or below a limit or, with `BIDS`, the bids at or above it, and
/// nothing else. Returns the sums of what is strictly inside the limit and of all that is accepted.
#[inline(always)]
pub(crate) fn accept_within<S: Simd, const BIDS: bool>(
    simd: S,
    prices: &[f64],
    quantities: &[f64],
    limit: f64,
    accepted: &mut [f64],
) -> [f64; 2] {
    operation_counts::visits(prices.len());
    let zero = simd.splat_f64s(0.0);
    let at = simd.splat_f64s(limit);
    let (price_vectors, price_tail) = S::as_simd_f64s(prices);
    let (quantity_vectors, quantity_tail) = S::as_simd_f64s(quantities);
    let (accepted_vectors, accepted_tail) = S::as_mut_simd_f64s(accepted);
    let (mut strict, mut all) = (zero, zero);
    let vectors = price_vectors.iter().zip(quantity_vectors);
    for ((&prices, &quantities), accepted) in vectors.zip(accepted_vectors) {
        let (low, high) = if BIDS { (at, prices) } else { (prices, at) };
        let strictly = select_where(simd, simd.less_than_f64s(low, high), quantities);
        let masked = select_where(simd, simd.less_than_or_equal_f64s(low, high), quantities);
        // Adding zero turns -0.0 into 0.0.
        *accepted = simd.add_f64s(masked, zero);
        strict = simd.add_f64s(strict, strictly);
        all = simd.add_f64s(all, masked);
    }
    let (mut strict, mut all) = (simd.reduce_sum_f64s(strict), simd.reduce_sum_f64s(all));
    let tails = price_tail.iter().zip(quantity_tail).zip(accepted_tail);
    for ((&price, &quantity), accepted) in tails {
        let (low, high) = if BIDS { (limit, price) } else { (price, limit) };
        *accepted = if low <= high { quantity } else { 0.0 } + 0.0;
        all += *accepted;
        strict += if low < high { *accepted } else { 0.0 };
    }
    [strict, all]
}

/// A pass with two prices that most likely enclose the answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split<S: Simd> {
    simd: S,
    ends: [f64; 2],
    /// What is offered at or below each end.
    supply: [S::f64s; 2],
    /// What is bid above the upper end.
    above: S::f64s,
    /// Zero times each value, and the least quantity; see `all_finite`.
    nan: [S::f64s; 2],
    least: S::f64s,
}

impl<S: Simd> Split<S> {
    #[inline(always)]
    pub(crate) fn new(simd: S, ends: [f64; 2]) -> Self {
        let zero = simd.splat_f64s(0.0);
        Self {
            simd,
            ends,
            supply: [zero; 2],
            above: zero,
            nan: [zero; 2],
            least: zero,
        }
    }

    /// Accepts in full the offers at or below the lower end or, with `BIDS`, the bids above the
    /// upper end, nothing else, and marks the orders above the lower end and not above the upper.
    #[inline(always)]
    pub(crate) fn pass<const BIDS: bool>(
        &mut self,
        prices: &[f64; BLOCK],
        quantities: &[f64; BLOCK],
        accepted: &mut [f64; BLOCK],
    ) -> u64 {
        operation_counts::visits(BLOCK);
        let simd = self.simd;
        let zero = simd.splat_f64s(0.0);
        let [low, high] = [simd.splat_f64s(self.ends[0]), simd.splat_f64s(self.ends[1])];
        let prices = S::as_simd_f64s(prices).0;
        let quantities = S::as_simd_f64s(quantities).0;
        let accepted = S::as_mut_simd_f64s(accepted).0;
        let bits = S::as_simd_f64s(bytemuck::cast_slice(&BITS)).0;
        let mut marks = zero;
        for at in 0..prices.len() {
            let (price, quantity) = (prices[at], quantities[at]);
            self.nan[0] = simd.mul_add_e_f64s(price, zero, self.nan[0]);
            self.nan[1] = simd.mul_add_e_f64s(quantity, zero, self.nan[1]);
            self.least = simd.min_f64s(self.least, quantity);
            let below = simd.less_than_or_equal_f64s(price, low);
            let upto = simd.less_than_or_equal_f64s(price, high);
            // At or below the upper end, but not the lower one: the lower is contained in the upper.
            let between = simd.xor_m64s(below, upto);
            marks = simd.or_f64s(marks, select_where(simd, between, bits[at]));
            let mut outside = select_where(simd, below, quantity);
            self.supply[0] = simd.add_f64s(self.supply[0], outside);
            self.supply[1] = simd.add_f64s(self.supply[1], select_where(simd, upto, quantity));
            if BIDS {
                outside = select_where(simd, simd.greater_than_f64s(price, high), quantity);
                self.above = simd.add_f64s(self.above, outside);
            }
            // Adding zero turns -0.0 into 0.0.
            accepted[at] = simd.add_f64s(outside, zero);
        }
        let mut all = 0;
        for &lane in &lanes(marks)[..S::F64_LANES] {
            all |= lane;
        }
        all
    }

    /// Whether all were orders: prices finite, quantities finite and not negative.
    #[inline(always)]
    pub(crate) fn are_offers(&self) -> bool {
        let nan = self.simd.add_f64s(self.nan[0], self.nan[1]);
        (self.simd.reduce_sum_f64s(nan) == 0.0) & (self.simd.reduce_min_f64s(self.least) >= 0.0)
    }

    /// What is offered at or below each end.
    #[inline(always)]
    pub(crate) fn supply(&self) -> [f64; 2] {
        let [low, high] = self.supply;
        [
            self.simd.reduce_sum_f64s(low),
            self.simd.reduce_sum_f64s(high),
        ]
    }

    /// What is bid above the upper end.
    #[inline(always)]
    pub(crate) fn above(&self) -> f64 {
        self.simd.reduce_sum_f64s(self.above)
    }
}
