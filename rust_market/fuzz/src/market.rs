//! Markets, and the one-sided contract.

use std::iter;

use merit_order::{Auction, Error, Orders, Rules, Scratch, Ties, check, clear, clear_auction};
use num_bigint::BigInt;

use crate::exact::{COVERAGE, exact, sum};
use crate::input::{Input, WRONG_PRICES, WRONG_QUANTITIES};
use crate::orders;
use crate::problem::{self, PRICE, QUANTITY};

/// The arguments of one clearing.
#[derive(Clone, Debug, PartialEq)]
pub struct Market {
    /// Offer prices, €/MWh; at least one.
    pub bids: Vec<f64>,
    /// Offered quantities, MW; where the market is invalid, perhaps more or fewer than prices.
    pub quantities: Vec<f64>,
    /// MW.
    pub demand: f64,
    /// Ties and price cap.
    pub rules: Rules,
}

/// What the contract says of a valid market.
struct Expected {
    price: f64,
    /// What is dispatched in all.
    volume: BigInt,
    is_short: bool,
}

impl Market {
    /// A market with ties by index and without a price cap.
    pub fn new(bids: &[f64], quantities: &[f64], demand: f64) -> Self {
        Self {
            bids: bids.to_vec(),
            quantities: quantities.to_vec(),
            demand,
            rules: Rules::default(),
        }
    }

    /// Reads a market, rarely an invalid one.
    pub fn read(input: &mut Input<'_>) -> Self {
        let offers = match input.once_in(251) {
            // So many that quantities may be less precise.
            true => 10_001 + input.below(1_000),
            false => input.size().max(1),
        };
        let mut market = Self::read_valid(input, offers);
        if input.once_in(16) {
            market.spoil(input);
        }
        market
    }

    fn read_valid(input: &mut Input<'_>, offers: usize) -> Self {
        let bids = input.prices(offers);
        let quantities = input.quantities(offers);
        let demand = read_demand(input, &bids, &quantities);
        let rules = Rules {
            ties: input.choose(&[Ties::Index, Ties::ProRata]),
            price_cap: input.bool().then(|| input.price(&bids)),
        };
        Self {
            bids,
            quantities,
            demand,
            rules,
        }
    }

    fn spoil(&mut self, input: &mut Input<'_>) {
        input.spoil(&mut self.bids, &WRONG_PRICES);
        input.spoil(&mut self.quantities, &WRONG_QUANTITIES);
        input.spoil(std::slice::from_mut(&mut self.demand), &WRONG_QUANTITIES);
        if let Some(cap) = &mut self.rules.price_cap {
            input.spoil(std::slice::from_mut(cap), &WRONG_PRICES);
        }
        match input.byte() % 8 {
            0 => self.quantities.push(1.0),
            1 => self.quantities.truncate(self.bids.len() / 2),
            _ => {}
        }
    }

    /// Clears the market with this working memory.
    pub fn clear(&self, scratch: &mut Scratch) -> Result<(f64, Vec<f64>), Error> {
        // NaN shows where no value is written, or one is read before.
        let mut dispatch = vec![f64::NAN; self.bids.len()];
        let (bids, quantities, demand) = (&self.bids, &self.quantities, self.demand);
        let price = clear(bids, quantities, demand, self.rules, &mut dispatch, scratch)?;
        Ok((price, dispatch))
    }

    /// The first thing that is wrong, in the order of the contract.
    pub fn problem(&self) -> Option<String> {
        let lengths = [self.bids.len(), self.quantities.len()];
        problem::row("bids", &self.bids, PRICE)
            .or_else(|| problem::length("quantities", "offers", "bids", lengths))
            .or_else(|| problem::row("quantities", &self.quantities, QUANTITY))
            .or_else(|| problem::number("demand", self.demand, QUANTITY))
            .or_else(|| problem::number("price_cap", self.rules.price_cap?, PRICE))
    }

    /// Clears the market, and checks that the answer is what the contract says.
    pub fn check(&self, scratch: &mut Scratch) {
        let cleared = self.clear(scratch);
        let Rules { ties, price_cap } = self.rules;
        let checked = check::market(&self.bids, &self.quantities, self.demand, price_cap);
        let problem = self.problem();
        assert_eq!(checked.err().map(|error| error.to_string()), problem);
        let (price, dispatch) = match (cleared, problem) {
            (Ok(cleared), None) => cleared,
            (cleared, problem) => {
                assert_eq!(cleared.err().map(|error| error.to_string()), problem);
                return;
            }
        };
        let expected = self.expected();
        assert_eq!(price.to_bits(), expected.price.to_bits(), "price {price:?}");
        let parts = orders::accept(&self.bids, &self.quantities, &expected.volume, ties);
        let quantities = &self.quantities;
        let (both, volume) = ((&dispatch[..], &quantities[..]), &expected.volume);
        orders::check("dispatch", both, &parts, volume, quantities.len());
        for (&bid, (&got, &quantity)) in iter::zip(&self.bids, iter::zip(&dispatch, quantities)) {
            if self.demand > 0.0 && (expected.is_short || bid < price) {
                assert_eq!(got, quantity, "the offer at {bid:?} is accepted in part");
            } else if self.demand == 0.0 || bid > price {
                assert_eq!(got, 0.0, "the offer at {bid:?} is accepted");
            }
        }
        let all = quantities.iter().chain([&self.demand]);
        if ties == Ties::Index && orders::are_small_integers(all) {
            orders::check_integers("dispatch", &dispatch, &parts);
        }
    }

    /// Clears a valid market as an auction with one bid, and checks that it is the same.
    pub fn check_as_auction(&self) {
        let cap = self.bids.iter().copied().fold(-f64::MAX, f64::max);
        let mut market = self.clone();
        market.rules.price_cap = Some(cap);
        let mut scratch = Scratch::new();
        let (price, dispatch) = market.clear(&mut scratch).expect("a valid market");
        let auction = Auction {
            offers: Orders {
                prices: &self.bids,
                quantities: &self.quantities,
            },
            bids: Orders {
                prices: &[cap],
                quantities: &[self.demand],
            },
            k: 0.0,
            ties: self.rules.ties,
        };
        let (mut sold, mut bought) = (vec![f64::NAN; self.bids.len()], [f64::NAN]);
        let auctioned = clear_auction(auction, &mut sold, &mut bought, &mut scratch);
        let auctioned = auctioned.expect("a valid auction");
        assert_eq!(auctioned.to_bits(), price.to_bits(), "price {auctioned:?}");
        for (at, (sold, dispatched)) in iter::zip(sold, dispatch).enumerate() {
            let difference = (sold - dispatched).abs();
            let allowed = self.demand * 1e-12 + 5e-324;
            assert!(
                difference <= allowed,
                "sold[{at}] = {sold:?}, not {dispatched:?}"
            );
        }
    }

    /// What the contract says, rules 2 to 5.
    fn expected(&self) -> Expected {
        let offers = || iter::zip(self.bids.iter().copied(), self.quantities.iter().copied());
        let supply = |price| sum(offers().filter(|&(bid, _)| bid <= price).map(|(_, q)| q));
        let prices = orders::book(offers());
        let (lowest, highest) = (prices[0], prices[prices.len() - 1]);
        if self.demand == 0.0 {
            return Expected {
                price: lowest + 0.0,
                volume: BigInt::ZERO,
                is_short: false,
            };
        }
        let target = exact(self.demand * COVERAGE);
        let total = supply(highest);
        if total < target {
            return Expected {
                price: self.rules.price_cap.unwrap_or(highest) + 0.0,
                volume: total,
                is_short: true,
            };
        }
        let price = orders::first(prices, |price| supply(price) >= target);
        Expected {
            // -0.0 is returned as 0.0.
            price: price + 0.0,
            // The marginal unit may complete demand up to rounding only.
            volume: supply(price).min(exact(self.demand)),
            is_short: false,
        }
    }
}

/// Reads a demand: none, part of the supply, or where the offers up to some price end.
pub fn read_demand(input: &mut Input<'_>, bids: &[f64], quantities: &[f64]) -> f64 {
    let supply: f64 = quantities.iter().sum();
    match input.byte() % 8 {
        0 => input.choose(&[0.0, -0.0, 5e-324, f64::MAX]),
        1 => input.quantity(quantities),
        2 => (supply * f64::from(input.byte()) / 200.0).min(f64::MAX),
        3 => input.end_of(quantities.iter().copied()),
        _ => {
            let price = bids[input.below(bids.len())];
            let is_strict = input.bool();
            let is_counted = |bid: f64| if is_strict { bid < price } else { bid <= price };
            let offers = iter::zip(bids, quantities).filter(|(bid, _)| is_counted(**bid));
            input.end_of(offers.map(|(_, quantity)| *quantity))
        }
    }
}
