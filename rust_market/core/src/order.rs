//! The merit order.

use crate::Error;

/// Indices of the offers by ascending price; equal prices keep the order of the input.
#[derive(Debug, Default)]
pub(crate) struct MeritOrder {
    keys: Vec<(u64, usize)>,
}

impl MeritOrder {
    /// Sorts the offers of a market, reusing the memory of the previous one.
    pub(crate) fn sort(&mut self, bids: &[f64]) -> Result<(), Error> {
        self.keys.clear();
        self.keys
            .try_reserve(bids.len())
            .map_err(|_| Error::OutOfMemory)?;
        self.keys
            .extend(bids.iter().enumerate().map(|(at, &bid)| (rank(bid), at)));
        self.keys.sort_unstable();
        Ok(())
    }

    /// The offers, cheapest first.
    pub(crate) fn offers(&self) -> impl DoubleEndedIterator<Item = usize> + Clone {
        self.keys.iter().map(|&(_, at)| at)
    }
}

/// Maps prices to integers of the same order; -0.0 and 0.0 are equal.
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
        assert_eq!(order.offers().collect::<Vec<_>>(), [1, 3, 4, 0, 2]);
    }
}
