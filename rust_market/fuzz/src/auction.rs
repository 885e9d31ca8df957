//! Auctions, and the two-sided contract.

use std::{iter, slice};

use merit_order::{Error, Orders, Scratch, Ties, check, clear_auction};
use num_bigint::BigInt;

use crate::exact::{sum, tolerated};
use crate::input::{Input, WRONG_PRICES, WRONG_QUANTITIES, WRONG_SHARES};
use crate::orders;
use crate::problem::{self, PRICE, QUANTITY, SHARE};

/// The orders of one side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    /// €/MWh.
    pub prices: Vec<f64>,
    /// MW; where the auction is invalid, perhaps more or fewer than prices.
    pub quantities: Vec<f64>,
}

/// The arguments of one auction.
#[derive(Clone, Debug, PartialEq)]
pub struct Auction {
    /// Orders of sellers.
    pub offers: Side,
    /// Orders of buyers.
    pub bids: Side,
    /// Where the price lies in the price interval.
    pub k: f64,
    /// How ties at the marginal price are broken.
    pub ties: Ties,
}

/// A price, and what is sold and bought.
pub type Cleared = (f64, Vec<f64>, Vec<f64>);

/// What the contract says of a valid auction.
#[derive(Debug)]
pub struct Expected {
    low: f64,
    high: f64,
    volume: BigInt,
}

impl Side {
    /// Orders of these prices and quantities.
    pub fn new(orders: &[(f64, f64)]) -> Self {
        let (prices, quantities) = orders.iter().copied().unzip();
        Self { prices, quantities }
    }

    fn read(input: &mut Input<'_>, orders: usize) -> Self {
        Self {
            prices: input.prices(orders),
            quantities: input.quantities(orders),
        }
    }

    fn orders(&self) -> Orders<'_> {
        Orders {
            prices: &self.prices,
            quantities: &self.quantities,
        }
    }

    fn iter(&self) -> impl Iterator<Item = (f64, f64)> + Clone {
        let prices = self.prices.iter().copied();
        prices.zip(self.quantities.iter().copied())
    }

    /// The exact sum of the quantities at some prices.
    fn sum(&self, is_counted: impl Fn(f64) -> bool) -> BigInt {
        let counted = self.iter().filter(|&(price, _)| is_counted(price));
        sum(counted.map(|(_, quantity)| quantity))
    }

    /// The same orders at negated prices.
    fn negated(&self) -> Self {
        Self {
            prices: self.prices.iter().map(|price| -price).collect(),
            quantities: self.quantities.clone(),
        }
    }

    fn spoil(&mut self, input: &mut Input<'_>) {
        input.spoil(&mut self.prices, &WRONG_PRICES);
        input.spoil(&mut self.quantities, &WRONG_QUANTITIES);
        match input.byte() % 8 {
            0 => self.quantities.push(1.0),
            1 => self.quantities.truncate(self.prices.len() / 2),
            _ => {}
        }
    }

    fn problem(&self, prices: &str, quantities: &str, what: &str) -> Option<String> {
        let lengths = [self.prices.len(), self.quantities.len()];
        problem::row(prices, &self.prices, PRICE)
            .or_else(|| problem::length(quantities, what, prices, lengths))
            .or_else(|| problem::row(quantities, &self.quantities, QUANTITY))
    }
}

impl Auction {
    /// An auction with ties by index and the lowest price.
    pub fn new(offers: &[(f64, f64)], bids: &[(f64, f64)]) -> Self {
        Self {
            offers: Side::new(offers),
            bids: Side::new(bids),
            k: 0.0,
            ties: Ties::Index,
        }
    }

    /// Reads an auction, rarely an invalid one.
    pub fn read(input: &mut Input<'_>) -> Self {
        let mut orders = read_sizes(input);
        if input.once_in(251) {
            // So many that quantities may be less precise.
            orders[input.below(2)] = 10_001 + input.below(1_000);
        }
        let mut auction = Self::read_valid(input, orders);
        if input.once_in(16) {
            auction.offers.spoil(input);
            auction.bids.spoil(input);
            input.spoil(slice::from_mut(&mut auction.k), &WRONG_SHARES);
        }
        auction
    }

    fn read_valid(input: &mut Input<'_>, [offers, bids]: [usize; 2]) -> Self {
        let mut offers = Side::read(input, offers);
        let mut bids = Side::read(input, bids);
        match input.byte() % 4 {
            0 => meet(input, &bids, &mut offers.quantities),
            1 => meet(input, &offers, &mut bids.quantities),
            _ => {}
        }
        Self {
            offers,
            bids,
            k: input.share(),
            ties: input.choose(&[Ties::Index, Ties::ProRata]),
        }
    }

    /// Clears the auction with this working memory.
    pub fn clear(&self, scratch: &mut Scratch) -> Result<Cleared, Error> {
        // NaN shows where no value is written, or one is read before.
        let mut sold = vec![f64::NAN; self.offers.prices.len()];
        let mut bought = vec![f64::NAN; self.bids.prices.len()];
        let auction = merit_order::Auction {
            offers: self.offers.orders(),
            bids: self.bids.orders(),
            k: self.k,
            ties: self.ties,
        };
        let price = clear_auction(auction, &mut sold, &mut bought, scratch)?;
        Ok((price, sold, bought))
    }

    /// The first thing that is wrong, in the order of the contract.
    pub fn problem(&self) -> Option<String> {
        let (offers, bids) = (&self.offers, &self.bids);
        offers
            .problem("offer_prices", "offer_quantities", "offers")
            .or_else(|| bids.problem("bid_prices", "bid_quantities", "bids"))
            .or_else(|| problem::number("k", self.k, SHARE))
    }

    /// Clears the auction, and checks that the answer is what the contract says.
    pub fn check(&self, scratch: &mut Scratch) {
        let cleared = self.clear(scratch);
        let checked = check::auction(self.offers.orders(), self.bids.orders(), self.k);
        let problem = self.problem();
        assert_eq!(checked.err().map(|error| error.to_string()), problem);
        let cleared = match (cleared, problem) {
            (Ok(cleared), None) => cleared,
            (cleared, problem) => {
                assert_eq!(cleared.err().map(|error| error.to_string()), problem);
                return;
            }
        };
        let expected = self.expected();
        self.judge(&cleared, &expected);
        // Both ends of the interval, whatever k is.
        for (k, price) in [(0.0, expected.low), (1.0, expected.high)] {
            let (found, ..) = self.at(k).clear(scratch).expect("a valid auction");
            assert_eq!(
                found.to_bits(),
                (price + 0.0).to_bits(),
                "k = {k}: {found:?}"
            );
        }
        self.check_symmetry(&expected);
    }

    /// Swaps the sides and negates prices: the price is negated, and the answer is as right.
    fn check_symmetry(&self, expected: &Expected) {
        let swapped = Self {
            offers: self.bids.negated(),
            bids: self.offers.negated(),
            k: 1.0 - self.k,
            ties: self.ties,
        };
        let mut scratch = Scratch::new();
        let cleared = swapped.clear(&mut scratch).expect("a valid auction");
        let (price, ..) = self.clear(&mut scratch).expect("a valid auction");
        if [0.0, 0.5, 1.0].contains(&self.k) {
            assert_eq!(cleared.0, -price, "the price of the swapped auction");
        }
        let expected = Expected {
            low: -expected.high,
            high: -expected.low,
            volume: expected.volume.clone(),
        };
        swapped.judge(&cleared, &expected);
    }

    fn at(&self, k: f64) -> Self {
        Self { k, ..self.clone() }
    }

    fn judge(&self, (price, sold, bought): &Cleared, expected: &Expected) {
        let Expected { low, high, volume } = expected;
        let between = (1.0 - self.k) * low + self.k * high;
        let right = between.max(*low).min(*high) + 0.0;
        assert!(
            low <= high && low <= price && price <= high,
            "{price:?} is outside"
        );
        assert_eq!(price.to_bits(), right.to_bits(), "price {price:?}");
        // Bids by descending price are offers by ascending negated price.
        let negated = self.bids.negated();
        let mut partly = 0;
        for (side, accepted, orders) in [("sold", sold, &self.offers), ("bought", bought, &negated)]
        {
            let parts = orders::accept(&orders.prices, &orders.quantities, volume, self.ties);
            let both = (&accepted[..], &orders.quantities[..]);
            orders::check(side, both, &parts, volume, sold.len() + bought.len());
            let limit = if side == "sold" { *low } else { -high };
            for ((price, quantity), &got) in iter::zip(orders.iter(), accepted) {
                assert!(price <= limit || got == 0.0, "{side} at a loss: {got:?}");
                partly += usize::from(got > 0.0 && got < quantity);
            }
            let quantities = [&self.offers, &self.bids].map(|side| &side.quantities);
            if self.ties == Ties::Index
                && orders::are_small_integers(quantities.into_iter().flatten())
            {
                orders::check_integers(side, accepted, &parts);
            }
        }
        assert!(
            self.ties == Ties::ProRata || partly <= 1,
            "{partly} orders accepted in part"
        );
    }

    /// What the contract says, rules 1 and 3.
    fn expected(&self) -> Expected {
        let (offers, bids) = (&self.offers, &self.bids);
        let mut book = orders::book(offers.iter().chain(bids.iter()));
        let low = orders::first(book.clone(), |price| {
            offers.sum(|offer| offer <= price) >= tolerated(&bids.sum(|bid| bid > price))
        });
        book.reverse();
        let high = orders::first(book, |price| {
            bids.sum(|bid| bid >= price) >= tolerated(&offers.sum(|offer| offer < price))
        });
        let supply = offers.sum(|offer| offer <= low);
        let demand = bids.sum(|bid| bid >= high);
        Expected {
            low,
            high,
            volume: supply.min(demand),
        }
    }
}

/// Numbers of offers and of bids, not both zero.
pub fn read_sizes(input: &mut Input<'_>) -> [usize; 2] {
    match [input.size(), input.size()] {
        [0, 0] => [1, 0],
        orders => orders,
    }
}

/// Lets some quantities end where some orders of the other side do.
pub fn meet(input: &mut Input<'_>, side: &Side, others: &mut [f64]) {
    if side.prices.is_empty() || others.is_empty() {
        return;
    }
    let limit = input.choose(&side.prices);
    let (is_below, is_strict) = (input.bool(), input.bool());
    let is_counted = |price: f64| match is_strict {
        true => (price < limit) == is_below,
        false => (price <= limit) == is_below,
    };
    let orders = side.iter().filter(|&(price, _)| is_counted(price));
    let end = input.end_of(orders.map(|(_, quantity)| quantity));
    if input.bool() {
        // Within the tolerance, so that the one that follows decides.
        for other in &mut *others {
            *other = other.min(1e-9 * end);
        }
    }
    others[input.below(others.len())] = end;
}
