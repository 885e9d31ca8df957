//! The rungs of the ladder: named ways to clear a market, kept side by side to be compared.
//!
//! A rung keeps the semantics of the published function, not the contract's, and is frozen.

use std::cmp::Ordering;

/// The published shape: an indirect stable sort, six temporary vectors, a new vector out.
///
/// Expects as many bids as quantities, without NaN.
pub fn naive(bids: &[f64], quantities: &[f64], demand: f64) -> (f64, Vec<f64>) {
    if bids.is_empty() {
        return (0.0, Vec::new());
    }
    let mut order: Vec<usize> = (0..bids.len()).collect();
    order.sort_by(|&a, &b| bids[a].partial_cmp(&bids[b]).unwrap_or(Ordering::Equal));
    let sorted_bids: Vec<f64> = order.iter().map(|&at| bids[at]).collect();
    let sorted_quantities: Vec<f64> = order.iter().map(|&at| quantities[at]).collect();
    let mut supply: Vec<f64> = Vec::with_capacity(bids.len());
    let mut total = 0.0;
    for &quantity in &sorted_quantities {
        total += quantity;
        supply.push(total);
    }
    let marginal = supply
        .partition_point(|&total| total < demand)
        .min(bids.len() - 1);
    let mut accepted = vec![0.0; bids.len()];
    accepted[..marginal].copy_from_slice(&sorted_quantities[..marginal]);
    let before = if marginal == 0 {
        0.0
    } else {
        supply[marginal - 1]
    };
    accepted[marginal] = sorted_quantities[marginal].min(demand - before);
    let mut dispatch = vec![0.0; bids.len()];
    for (position, &at) in order.iter().enumerate() {
        dispatch[at] = accepted[position];
    }
    (sorted_bids[marginal], dispatch)
}

#[cfg(test)]
mod tests {
    use super::naive;

    #[test]
    fn the_naive_rung_clears_a_market() {
        let cleared = naive(&[30.0, 10.0, 20.0], &[100.0; 3], 150.0);
        assert_eq!(cleared, (20.0, vec![0.0, 100.0, 50.0]));
    }
}
