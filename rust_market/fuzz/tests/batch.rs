//! Fuzzes batches of markets and of auctions: each row is cleared as if it were alone.

use std::num::NonZeroUsize;

use merit_order::threads::{Stop, never};
use merit_order::{AuctionBatch, Batch, Error, Rules, Scratch, Ties, clear_auctions, clear_batch};
use merit_order_fuzz::auction::{Auction, Side, meet, read_sizes};
use merit_order_fuzz::input::{Input, WRONG_PRICES, WRONG_QUANTITIES, WRONG_SHARES};
use merit_order_fuzz::judge;
use merit_order_fuzz::market::{Market, read_demand};
use merit_order_fuzz::problem::{PRICE, QUANTITY, SHARE};
use merit_order_fuzz::rows::Argument;

/// A thread takes about so many orders at a time; with more, there is work for several.
const ORDERS_PER_CHUNK: usize = 4096;

#[derive(Debug)]
enum Case {
    Markets(Markets),
    Auctions(Auctions),
}

#[derive(Debug)]
struct Markets {
    rows: usize,
    offers: usize,
    bids: Argument,
    quantities: Argument,
    demand: Argument,
    price_cap: Option<Argument>,
    ties: Ties,
}

#[derive(Debug)]
struct Auctions {
    rows: usize,
    orders: [usize; 2],
    offer_prices: Argument,
    offer_quantities: Argument,
    bid_prices: Argument,
    bid_quantities: Argument,
    k: Argument,
    ties: Ties,
}

/// A price and accepted quantities of each row.
type Answer = Vec<(f64, Vec<f64>)>;

impl Case {
    fn read(bytes: &[u8]) -> Self {
        let mut input = Input::new(bytes);
        match input.bool() {
            true => Self::Markets(Markets::read(&mut input)),
            false => Self::Auctions(Auctions::read(&mut input)),
        }
    }

    fn check(&self) {
        let problem = match self {
            Self::Markets(markets) => markets.problem(),
            Self::Auctions(auctions) => auctions.problem(),
        };
        let alone = problem.is_none().then(|| match self {
            Self::Markets(markets) => markets.clear_alone(),
            Self::Auctions(auctions) => auctions.clear_alone(),
        });
        for threads in 1..=4 {
            let together = self.clear(threads, &never);
            let error = together.as_ref().err().map(Error::to_string);
            assert_eq!(error, problem, "{threads} threads");
            if let (Ok(together), Some(alone)) = (together, &alone) {
                assert_eq!(bits(&together), bits(alone), "{threads} threads");
            }
        }
        // A caller who stops gets an error, or all rows, where no thread has to ask.
        if let Some(alone) = alone {
            for threads in 1..=2 {
                match self.clear(threads, &|| true) {
                    Ok(together) => assert_eq!(bits(&together), bits(&alone)),
                    Err(error) => assert_eq!(error, Error::Interrupted),
                }
            }
        }
    }

    fn clear(&self, threads: usize, stop: Stop<'_>) -> Result<Answer, Error> {
        let threads = NonZeroUsize::new(threads).expect("a thread at least");
        match self {
            Self::Markets(markets) => markets.clear(threads, stop),
            Self::Auctions(auctions) => auctions.clear(threads, stop),
        }
    }
}

/// Bits, so that both zeros differ.
fn bits(answer: &Answer) -> Vec<(u64, Vec<u64>)> {
    let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect();
    let rows = answer.iter();
    rows.map(|(price, row)| (price.to_bits(), bits(row)))
        .collect()
}

/// How many rows: few, or enough for several threads.
fn read_rows(input: &mut Input<'_>, orders: usize) -> usize {
    match input.byte() % 8 {
        0 => (2 + input.below(3)) * ORDERS_PER_CHUNK / orders + input.below(4),
        _ => input.below(9),
    }
}

/// Leaves only so many rows of some arguments, and rarely makes some values wrong.
fn finish(input: &mut Input<'_>, rows: usize, arguments: Vec<(&mut Argument, &[f64])>) {
    let is_wrong = input.once_in(8);
    for (argument, wrong) in arguments {
        argument.cut(rows);
        if is_wrong {
            input.spoil(&mut argument.values, wrong);
        }
    }
}

impl Markets {
    fn read(input: &mut Input<'_>) -> Self {
        let offers = input.size().max(1);
        let rows = read_rows(input, offers);
        // A row at least, which is shared where there is no market.
        let read_rows = rows.max(1);
        let row = Some(offers);
        let bids = Argument::read(input, row, read_rows, |it, _| it.prices(offers));
        let quantities = Argument::read(input, row, read_rows, |it, _| it.quantities(offers));
        let demand = Argument::read(input, None, read_rows, |it, at| {
            vec![read_demand(it, bids.row(at), quantities.row(at))]
        });
        let price_cap = match input.bool() {
            true => Some(Argument::read(input, None, read_rows, |it, _| {
                vec![it.price(&[])]
            })),
            false => None,
        };
        let mut batch = Self {
            rows,
            offers,
            bids,
            quantities,
            demand,
            price_cap,
            ties: input.choose(&[Ties::Index, Ties::ProRata]),
        };
        let mut arguments = vec![
            (&mut batch.bids, &WRONG_PRICES[..]),
            (&mut batch.quantities, &WRONG_QUANTITIES),
            (&mut batch.demand, &WRONG_QUANTITIES),
        ];
        arguments.extend(batch.price_cap.as_mut().map(|cap| (cap, &WRONG_PRICES[..])));
        finish(input, rows, arguments);
        batch
    }

    fn clear(&self, threads: NonZeroUsize, stop: Stop<'_>) -> Result<Answer, Error> {
        let batch = Batch {
            offers: self.offers,
            bids: self.bids.rows(),
            quantities: self.quantities.rows(),
            demand: self.demand.rows(),
            price_cap: self.price_cap.as_ref().map(Argument::rows),
            ties: self.ties,
        };
        let mut prices = vec![f64::NAN; self.rows];
        let mut dispatch = vec![f64::NAN; self.rows * self.offers];
        clear_batch(batch, &mut prices, &mut dispatch, threads, stop)?;
        let rows = dispatch.chunks(self.offers).map(<[f64]>::to_vec);
        Ok(prices.into_iter().zip(rows).collect())
    }

    fn clear_alone(&self) -> Answer {
        let alone = |at| {
            let market = Market {
                bids: self.bids.row(at).to_vec(),
                quantities: self.quantities.row(at).to_vec(),
                demand: self.demand.row(at)[0],
                rules: Rules {
                    ties: self.ties,
                    price_cap: self.price_cap.as_ref().map(|caps| caps.row(at)[0]),
                },
            };
            market.clear(&mut Scratch::new()).expect("a valid market")
        };
        (0..self.rows).map(alone).collect()
    }

    /// The first thing that is wrong: all rows of an argument come before the next argument.
    fn problem(&self) -> Option<String> {
        let caps = self.price_cap.as_ref();
        self.bids
            .problem("bids", PRICE)
            .or_else(|| self.quantities.problem("quantities", QUANTITY))
            .or_else(|| self.demand.problem("demand", QUANTITY))
            .or_else(|| caps?.problem("price_cap", PRICE))
    }
}

/// One side of one auction.
fn side(prices: &Argument, quantities: &Argument, at: usize) -> Side {
    Side {
        prices: prices.row(at).to_vec(),
        quantities: quantities.row(at).to_vec(),
    }
}

impl Auctions {
    fn read(input: &mut Input<'_>) -> Self {
        let orders = read_sizes(input);
        let rows = read_rows(input, orders[0] + orders[1]);
        // A row at least, which is shared where there is no auction.
        let read_rows = rows.max(1);
        let [offers, bids] = orders;
        let offer_prices =
            Argument::read(input, Some(offers), read_rows, |it, _| it.prices(offers));
        let offer_quantities = Argument::read(input, Some(offers), read_rows, |it, _| {
            it.quantities(offers)
        });
        let bid_prices = Argument::read(input, Some(bids), read_rows, |it, _| it.prices(bids));
        let bid_quantities = Argument::read(input, Some(bids), read_rows, |it, at| {
            let mut quantities = it.quantities(bids);
            if it.bool() {
                meet(
                    it,
                    &side(&offer_prices, &offer_quantities, at),
                    &mut quantities,
                );
            }
            quantities
        });
        let k = Argument::read(input, None, read_rows, |it, _| vec![it.share()]);
        let mut batch = Self {
            rows,
            orders,
            offer_prices,
            offer_quantities,
            bid_prices,
            bid_quantities,
            k,
            ties: input.choose(&[Ties::Index, Ties::ProRata]),
        };
        let arguments = vec![
            (&mut batch.offer_prices, &WRONG_PRICES[..]),
            (&mut batch.offer_quantities, &WRONG_QUANTITIES),
            (&mut batch.bid_prices, &WRONG_PRICES),
            (&mut batch.bid_quantities, &WRONG_QUANTITIES),
            (&mut batch.k, &WRONG_SHARES),
        ];
        finish(input, rows, arguments);
        batch
    }

    fn clear(&self, threads: NonZeroUsize, stop: Stop<'_>) -> Result<Answer, Error> {
        let batch = AuctionBatch {
            orders: self.orders,
            offer_prices: self.offer_prices.rows(),
            offer_quantities: self.offer_quantities.rows(),
            bid_prices: self.bid_prices.rows(),
            bid_quantities: self.bid_quantities.rows(),
            k: self.k.rows(),
            ties: self.ties,
        };
        let [offers, bids] = self.orders;
        let mut prices = vec![f64::NAN; self.rows];
        let mut sold = vec![f64::NAN; self.rows * offers];
        let mut bought = vec![f64::NAN; self.rows * bids];
        clear_auctions(batch, &mut prices, &mut sold, &mut bought, threads, stop)?;
        let row = |at: usize| {
            let sold = &sold[at * offers..(at + 1) * offers];
            let bought = &bought[at * bids..(at + 1) * bids];
            (prices[at], [sold, bought].concat())
        };
        Ok((0..self.rows).map(row).collect())
    }

    fn clear_alone(&self) -> Answer {
        let alone = |at| {
            let auction = Auction {
                offers: side(&self.offer_prices, &self.offer_quantities, at),
                bids: side(&self.bid_prices, &self.bid_quantities, at),
                k: self.k.row(at)[0],
                ties: self.ties,
            };
            let cleared = auction.clear(&mut Scratch::new());
            let (price, sold, bought) = cleared.expect("a valid auction");
            (price, [sold, bought].concat())
        };
        (0..self.rows).map(alone).collect()
    }

    fn problem(&self) -> Option<String> {
        self.offer_prices
            .problem("offer_prices", PRICE)
            .or_else(|| self.offer_quantities.problem("offer_quantities", QUANTITY))
            .or_else(|| self.bid_prices.problem("bid_prices", PRICE))
            .or_else(|| self.bid_quantities.problem("bid_quantities", QUANTITY))
            .or_else(|| self.k.problem("k", SHARE))
    }
}

#[test]
fn batch() {
    known_batches()
        .iter()
        .for_each(|case| judge(case, Case::check));
    bolero::check!().for_each(|bytes: &[u8]| judge(&Case::read(bytes), Case::check));
}

/// Batches of the other tests: rows that are shared or not, and none.
fn known_batches() -> Vec<Case> {
    let shared = |columns, values: &[f64]| Argument {
        is_shared: true,
        columns,
        values: values.to_vec(),
    };
    let each = |columns, values: &[f64]| Argument {
        is_shared: false,
        ..shared(columns, values)
    };
    let markets = |rows, bids: &Argument, demand: Argument| {
        Case::Markets(Markets {
            rows,
            offers: 3,
            bids: bids.clone(),
            quantities: shared(Some(3), &[0.7, 0.1, 1.0]),
            demand,
            price_cap: None,
            ties: Ties::Index,
        })
    };
    let bids = [10.0, 20.0, 1000.0];
    let mut cases = Vec::new();
    for rows in [0, 1, 5] {
        for bids in [shared(Some(3), &bids), each(Some(3), &bids.repeat(rows))] {
            cases.push(markets(rows, &bids, shared(None, &[0.8])));
            cases.push(markets(rows, &bids, each(None, &vec![0.8; rows])));
            cases.push(markets(rows, &bids, shared(None, &[f64::NAN])));
        }
    }
    let ends = [0.0, 0.25, 1.0];
    for k in [ends, [0.0, 1.5, f64::NAN]] {
        cases.push(Case::Auctions(Auctions {
            rows: 3,
            orders: [2, 2],
            offer_prices: shared(Some(2), &[0.0, 80.0]),
            offer_quantities: each(Some(2), &[100.0, 50.0].repeat(3)),
            bid_prices: shared(Some(2), &[100.0, 50.0]),
            bid_quantities: shared(Some(2), &[100.0, 20.0]),
            k: each(None, &k),
            ties: Ties::Index,
        }));
    }
    cases
}
