//! The variants of the ladder: several ways to clear a market, for comparison.
//!
//! Each variant changes one thing about the one before. Those that sort behave like the published
//! function and do not follow the contract. All are frozen. All expect at least one offer, as many
//! bids as quantities, and no NaN. [`Error::OutOfMemory`] is the only error.

use std::cmp::Ordering;

use pulp::{Arch, Simd, WithSimd};

use crate::clearing::{Market, Scratch};
use crate::error::Error;
use crate::memory::{self, collect};
use crate::operation_counts;
use crate::rules::Rules;

/// The published shape: an indirect stable sort, six temporary vectors, a new vector out.
pub fn naive(bids: &[f64], quantities: &[f64], demand: f64) -> Result<(f64, Vec<f64>), Error> {
    let mut order = collect(0..bids.len())?;
    ask_for_a_stable_sort(bids.len())?;
    order.sort_by(|&a, &b| by_price(bids[a], bids[b]));
    // Indices, two gathers, sums, acceptance, dispatch (twice: zeros, then values).
    operation_counts::visits(7 * bids.len());
    let sorted_bids = collect(order.iter().map(|&at| bids[at]))?;
    let sorted_quantities = collect(order.iter().map(|&at| quantities[at]))?;
    let mut supply = Vec::new();
    memory::reserve(&mut supply, bids.len())?;
    let mut total = 0.0;
    for &quantity in &sorted_quantities {
        total += quantity;
        supply.push(total);
    }
    // Floating-point sums without an error bound: where demand ends at the edge of an offer, all
    // variants that sort may accept one offer more than the contract does.
    let marginal = supply
        .partition_point(|&total| total < demand)
        .min(bids.len() - 1);
    let mut accepted = memory::zeros(bids.len())?;
    accepted[..marginal].copy_from_slice(&sorted_quantities[..marginal]);
    let before = if marginal == 0 {
        0.0
    } else {
        supply[marginal - 1]
    };
    accepted[marginal] = sorted_quantities[marginal].min(demand - before);
    let mut dispatch = memory::zeros(bids.len())?;
    for (position, &at) in order.iter().enumerate() {
        dispatch[at] = accepted[position];
    }
    Ok((sorted_bids[marginal], dispatch))
}

/// Without temporaries: one list of indices, whose memory is reused, and the caller's dispatch.
pub fn scratch(
    bids: &[f64],
    quantities: &[f64],
    demand: f64,
    order: &mut Vec<usize>,
    dispatch: &mut [f64],
) -> Result<f64, Error> {
    order.clear();
    memory::reserve(order, bids.len())?;
    order.extend(0..bids.len());
    ask_for_a_stable_sort(bids.len())?;
    order.sort_by(|&a, &b| by_price(bids[a], bids[b]));
    Ok(accept(
        order.iter().copied(),
        bids,
        quantities,
        demand,
        dispatch,
    ))
}

/// A stable sort allocates memory for half of what it sorts, and ends the process if it gets none.
/// For large markets, check first that the memory can be allocated.
fn ask_for_a_stable_sort(offers: usize) -> Result<(), Error> {
    const LARGE: usize = 1 << 16;
    if offers < LARGE {
        return Ok(());
    }
    memory::reserve(&mut Vec::<usize>::new(), offers)
}

/// The same with an unstable sort, which needs no memory of its own.
pub fn unstable(
    bids: &[f64],
    quantities: &[f64],
    demand: f64,
    order: &mut Vec<usize>,
    dispatch: &mut [f64],
) -> Result<f64, Error> {
    order.clear();
    memory::reserve(order, bids.len())?;
    order.extend(0..bids.len());
    order.sort_unstable_by(|&a, &b| by_price(bids[a], bids[b]));
    Ok(accept(
        order.iter().copied(),
        bids,
        quantities,
        demand,
        dispatch,
    ))
}

/// The same, but each sorted item holds the price beside the index: a comparison needs no lookup.
pub fn keys(
    bids: &[f64],
    quantities: &[f64],
    demand: f64,
    order: &mut Vec<(f64, usize)>,
    dispatch: &mut [f64],
) -> Result<f64, Error> {
    order.clear();
    memory::reserve(order, bids.len())?;
    order.extend(bids.iter().enumerate().map(|(at, &bid)| (bid, at)));
    order.sort_unstable_by(|a, b| by_price(a.0, b.0));
    let indices = order.iter().map(|&(_, at)| at);
    Ok(accept(indices, bids, quantities, demand, dispatch))
}

/// Without sorting: what [`clear`](crate::clear) does once it has checked its arguments.
pub fn select(
    bids: &[f64],
    quantities: &[f64],
    demand: f64,
    scratch: &mut Scratch,
    dispatch: &mut [f64],
) -> Result<f64, Error> {
    struct Select<'a>(Market<'a>, &'a mut Scratch, &'a mut [f64]);
    impl WithSimd for Select<'_> {
        type Output = Result<f64, Error>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
            let cleared = self.0.clear(simd, true, self.2, self.1)?;
            cleared.ok_or(Error::Changed)
        }
    }
    let market = Market {
        bids,
        quantities,
        demand,
        rules: Rules::default(),
    };
    Arch::new().dispatch(Select(market, scratch, dispatch))
}

fn by_price(a: f64, b: f64) -> Ordering {
    operation_counts::comparison();
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

/// Dispatches offers in merit order until demand is met; returns the price of the last one.
fn accept(
    order: impl Iterator<Item = usize>,
    bids: &[f64],
    quantities: &[f64],
    demand: f64,
    dispatch: &mut [f64],
) -> f64 {
    dispatch.fill(0.0);
    operation_counts::visits(2 * bids.len());
    let mut supply = 0.0;
    let mut price = f64::NAN;
    for at in order {
        operation_counts::visits(1);
        price = bids[at];
        let before = supply;
        supply += quantities[at];
        if supply >= demand {
            dispatch[at] = demand - before;
            break;
        }
        dispatch[at] = quantities[at];
    }
    price
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_clears_a_market() {
        let (bids, quantities) = ([30.0, 10.0, 20.0], [100.0; 3]);
        let expected = (20.0, vec![0.0, 100.0, 50.0]);
        assert_eq!(naive(&bids, &quantities, 150.0), Ok(expected.clone()));
        let mut dispatch = vec![f64::NAN; 3];
        let price = scratch(&bids, &quantities, 150.0, &mut Vec::new(), &mut dispatch);
        assert_eq!((price, &dispatch), (Ok(expected.0), &expected.1));
        let price = unstable(&bids, &quantities, 150.0, &mut Vec::new(), &mut dispatch);
        assert_eq!((price, &dispatch), (Ok(expected.0), &expected.1));
        let price = keys(&bids, &quantities, 150.0, &mut Vec::new(), &mut dispatch);
        assert_eq!((price, &dispatch), (Ok(expected.0), &expected.1));
        let mut memory = Scratch::new();
        let price = select(&bids, &quantities, 150.0, &mut memory, &mut dispatch);
        assert_eq!((price, dispatch), (Ok(expected.0), expected.1));
    }
}
