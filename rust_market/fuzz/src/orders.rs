//! The orders of one side: which of them a volume is shared among, and whether it was.

use std::iter;

use merit_order::Ties;
use num_bigint::BigInt;

use crate::exact::{exact, sum};

/// Up to so many orders, quantities are right within a trillionth of the volume.
const MANY: usize = 10_000;

/// What an order gets: a quotient of two whole numbers, so that no share is rounded.
#[derive(Clone, Debug)]
pub struct Part {
    number: BigInt,
    divisor: BigInt,
}

impl Part {
    fn whole(number: BigInt) -> Self {
        Self {
            number,
            divisor: 1.into(),
        }
    }
}

/// Accepts orders up to a volume, those of the lowest price first.
pub fn accept(prices: &[f64], quantities: &[f64], volume: &BigInt, ties: Ties) -> Vec<Part> {
    let mut merit_order: Vec<usize> = (0..prices.len()).collect();
    // Stable: equal prices keep the order of the input.
    merit_order.sort_by(|&a, &b| prices[a].partial_cmp(&prices[b]).expect("no NaN"));
    let mut parts = vec![Part::whole(BigInt::ZERO); prices.len()];
    let mut remaining = volume.clone();
    for level in merit_order.chunk_by(|&a, &b| prices[a] == prices[b]) {
        if remaining == BigInt::ZERO {
            break;
        }
        let tied = sum(level.iter().map(|&at| quantities[at]));
        let accepted = remaining.clone().min(tied.clone());
        if ties == Ties::ProRata && accepted < tied {
            for &at in level {
                parts[at] = Part {
                    number: exact(quantities[at]) * &accepted,
                    divisor: tied.clone(),
                };
            }
            remaining -= accepted;
        } else {
            for &at in level {
                let part = remaining.clone().min(exact(quantities[at]));
                remaining -= &part;
                parts[at] = Part::whole(part);
            }
        }
    }
    parts
}

/// Checks accepted quantities of one side, each and all together, against what the orders get of a
/// volume; `number` counts the orders of both sides.
pub fn check(
    side: &str,
    (accepted, quantities): (&[f64], &[f64]),
    parts: &[Part],
    volume: &BigInt,
    number: usize,
) {
    assert_eq!(accepted.len(), quantities.len());
    let inverse_tolerance = BigInt::from(10).pow(if number <= MANY { 12 } else { 10 });
    // The smallest double beside the tolerance: no share can be closer than that.
    let allowed = volume + &inverse_tolerance;
    let orders = iter::zip(accepted, quantities).zip(parts);
    for (at, ((&got, &quantity), part)) in orders.enumerate() {
        assert!(
            got >= 0.0 && got <= quantity && got.is_sign_positive(),
            "{side}[{at}] = {got:?} of {quantity:?}"
        );
        let difference = distance(exact(got) * &part.divisor, &part.number);
        assert!(
            difference * &inverse_tolerance <= &allowed * &part.divisor,
            "{side}[{at}] = {got:?} is not its part"
        );
    }
    let difference = distance(sum(accepted.iter().copied()), volume);
    assert!(
        difference * &inverse_tolerance <= volume + &inverse_tolerance * accepted.len(),
        "the sum of {side} is not the volume"
    );
}

fn distance(a: BigInt, b: &BigInt) -> BigInt {
    (a - b).into_parts().1.into()
}

/// Checks quantities that arithmetic in doubles does not round: they are exactly the parts.
pub fn check_integers(side: &str, accepted: &[f64], parts: &[Part]) {
    for (at, (&got, part)) in iter::zip(accepted, parts).enumerate() {
        let is_exact = exact(got) * &part.divisor == part.number;
        assert!(is_exact, "{side}[{at}] = {got:?} is not exactly its part");
    }
}

/// Whether all quantities are integers whose sum is below 2^53.
pub fn are_small_integers<'a>(quantities: impl Iterator<Item = &'a f64> + Clone) -> bool {
    let small = exact(9_007_199_254_740_992.0);
    quantities.clone().all(|quantity| quantity.fract() == 0.0) && sum(quantities.copied()) < small
}

/// Where a condition, which holds from some price on, begins to hold.
pub fn first(mut prices: Vec<f64>, holds: impl Fn(f64) -> bool) -> f64 {
    let failing = prices.partition_point(|&price| !holds(price));
    prices.swap_remove(failing)
}

/// The prices of the orders of a positive quantity, or of all where there is none; ascending.
pub fn book(orders: impl Iterator<Item = (f64, f64)> + Clone) -> Vec<f64> {
    let positive = orders.clone().filter(|&(_, quantity)| quantity > 0.0);
    let mut prices: Vec<f64> = positive.map(|(price, _)| price).collect();
    if prices.is_empty() {
        prices.extend(orders.map(|(price, _)| price));
    }
    prices.sort_by(|a, b| a.partial_cmp(b).expect("no NaN"));
    prices.dedup();
    prices
}
