//! Checks the values of a market; an error names the first value that is not allowed.

use std::ops::RangeInclusive;

use pulp::{Arch, Simd, WithSimd};

use crate::coverage::Orders;
use crate::error::Error;
use crate::passes::all_finite;

/// Checks the values of an argument of that name and shape.
pub type Check = fn(&'static str, &[f64], &[usize]) -> Result<(), Error>;

/// Checks the arguments of one clearing, in the order in which they are given.
pub fn market(
    bids: &[f64],
    quantities: &[f64],
    demand: f64,
    price_cap: Option<f64>,
) -> Result<(), Error> {
    prices("bids", bids, &[bids.len()])?;
    length("quantities", "offers", "bids", bids.len(), quantities.len())?;
    self::quantities("quantities", quantities, &[quantities.len()])?;
    self::quantities("demand", &[demand], &[])?;
    prices("price_cap", price_cap.as_slice(), &[])
}

/// Checks the arguments of one auction, in the order in which they are given.
pub fn auction(offers: Orders<'_>, bids: Orders<'_>, k: f64) -> Result<(), Error> {
    side(["offer_prices", "offer_quantities", "offers"], offers)?;
    side(["bid_prices", "bid_quantities", "bids"], bids)?;
    share("k", &[k], &[])
}

fn side(names: [&'static str; 3], orders: Orders<'_>) -> Result<(), Error> {
    let [prices, quantities, what] = names;
    let Orders {
        prices: given,
        quantities: amounts,
    } = orders;
    self::prices(prices, given, &[given.len()])?;
    length(quantities, what, prices, given.len(), amounts.len())?;
    self::quantities(quantities, amounts, &[amounts.len()])
}

/// Checks where prices lie in their intervals: between 0 and 1.
///
/// `shape` as for [`prices`].
pub fn share(argument: &'static str, values: &[f64], shape: &[usize]) -> Result<(), Error> {
    let bad = values.iter().position(|value| !(0.0..=1.0).contains(value));
    bad.map_or(Ok(()), |at| {
        Err(refuse(argument, values[at], at, shape, "between 0 and 1"))
    })
}

/// Checks offer prices or price caps: finite.
///
/// `shape` is that of the argument (none for a scalar, then rows and columns); it names the value.
pub fn prices(argument: &'static str, values: &[f64], shape: &[usize]) -> Result<(), Error> {
    require(-f64::MAX..=f64::MAX, argument, values, shape, "finite")
}

/// Checks quantities or demands: finite and not negative.
///
/// `shape` as for [`prices`].
pub fn quantities(argument: &'static str, values: &[f64], shape: &[usize]) -> Result<(), Error> {
    require(0.0..=f64::MAX, argument, values, shape, "finite and >= 0")
}

/// Checks that an argument has as many offers (or rows) as an earlier one.
pub fn length(
    argument: &'static str,
    what: &'static str,
    like: &'static str,
    expected: usize,
    got: usize,
) -> Result<(), Error> {
    if expected == got {
        return Ok(());
    }
    Err(Error::Length {
        argument,
        what,
        like,
        expected,
        got,
    })
}

/// Checks that all values are in a range, which holds neither NaN nor infinity.
fn require(
    range: RangeInclusive<f64>,
    argument: &'static str,
    values: &[f64],
    shape: &[usize],
    must: &'static str,
) -> Result<(), Error> {
    struct AllFinite<'a> {
        values: &'a [f64],
        negative: bool,
    }
    impl WithSimd for AllFinite<'_> {
        type Output = bool;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> bool {
            all_finite(simd, self.values, self.negative)
        }
    }
    let negative = range.contains(&-1.0);
    if Arch::new().dispatch(AllFinite { values, negative }) {
        return Ok(());
    }
    let bad = values.iter().position(|value| !range.contains(value));
    bad.map_or(Ok(()), |at| {
        Err(refuse(argument, values[at], at, shape, must))
    })
}

fn refuse(
    argument: &'static str,
    value: f64,
    mut at: usize,
    shape: &[usize],
    must: &'static str,
) -> Error {
    let mut index: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&length| {
            let along = at % length;
            at /= length;
            along
        })
        .collect();
    index.reverse();
    Error::Value {
        argument,
        index,
        value,
        must,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_offending_value_is_named() {
        let message = |checked: Result<(), Error>| checked.unwrap_err().to_string();
        assert_eq!(
            message(prices("bids", &[1.0, f64::NAN, f64::NAN], &[3])),
            "bids[1] = NaN: must be finite"
        );
        let values = [0.0, 0.0, 0.0, 0.0, -2.0, -1.0];
        assert_eq!(
            message(quantities("quantities", &values, &[2, 3])),
            "quantities[1, 1] = -2.0: must be finite and >= 0"
        );
        assert_eq!(
            message(quantities("demand", &[f64::INFINITY], &[])),
            "demand = inf: must be finite and >= 0"
        );
    }

    #[test]
    fn negative_zero_is_a_quantity() {
        assert_eq!(quantities("demand", &[-0.0], &[]), Ok(()));
    }
}
