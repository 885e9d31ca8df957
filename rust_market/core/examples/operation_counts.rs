//! Counts what each variant of the ladder does to clear a market, on random markets of one size.
//!
//! Prints a line of JSON for each variant: means per market.

use std::env;

use allocation_counter::measure;
use merit_order::{Rules, Scratch, clear, operation_counts, variants};

const MARKETS: usize = 256;

type Market = (Vec<f64>, Vec<f64>, f64);

fn main() {
    let offers: usize = env::args().nth(1).map_or(200, |argument| {
        argument.parse().expect("a number of offers")
    });
    assert!(offers > 0, "a market has an offer at least");
    let markets = random_markets(offers);
    let mut dispatch = vec![0.0; offers];

    count("rust-naive", &markets, |(bids, quantities, demand)| {
        variants::naive(bids, quantities, *demand).expect("enough memory");
    });
    let mut order = Vec::new();
    count("rust-scratch", &markets, |(bids, quantities, demand)| {
        variants::scratch(bids, quantities, *demand, &mut order, &mut dispatch)
            .expect("enough memory");
    });
    count("rust-unstable", &markets, |(bids, quantities, demand)| {
        variants::unstable(bids, quantities, *demand, &mut order, &mut dispatch)
            .expect("enough memory");
    });
    let mut pairs = Vec::new();
    count("rust-keys", &markets, |(bids, quantities, demand)| {
        variants::keys(bids, quantities, *demand, &mut pairs, &mut dispatch)
            .expect("enough memory");
    });
    let mut scratch = Scratch::new();
    count("rust-select", &markets, |(bids, quantities, demand)| {
        variants::select(bids, quantities, *demand, &mut scratch, &mut dispatch)
            .expect("enough memory");
    });
    count("rust", &markets, |(bids, quantities, demand)| {
        let rules = Rules::default();
        clear(
            bids,
            quantities,
            *demand,
            rules,
            &mut dispatch,
            &mut scratch,
        )
        .expect("a market");
    });
}

/// Clears all markets once to grow the working memory, then again to count.
fn count(variant: &str, markets: &[Market], mut clear: impl FnMut(&Market)) {
    markets.iter().for_each(&mut clear);
    let before = operation_counts::read();
    let memory = measure(|| markets.iter().for_each(&mut clear));
    let after = operation_counts::read();
    let mean = |total: f64| total / markets.len() as f64;
    let offers = markets[0].0.len() as f64;
    println!(
        r#"{{"variant": "{variant}", "allocations": {}, "bytes": {}, "comparisons": {}, "passes": {}}}"#,
        mean(memory.count_total as f64),
        mean(memory.bytes_total as f64),
        mean((after.comparisons - before.comparisons) as f64),
        mean((after.visits - before.visits) as f64) / offers,
    );
}

/// Markets with random prices, quantities and demand (xorshift, Marsaglia 2003).
fn random_markets(offers: usize) -> Vec<Market> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut market = || {
        let bids = (0..offers).map(|_| 100.0 * random()).collect();
        let quantities: Vec<f64> = (0..offers).map(|_| 1.0 + 99.0 * random()).collect();
        let demand = (0.1 + 0.8 * random()) * quantities.iter().sum::<f64>();
        (bids, quantities, demand)
    };
    (0..MARKETS).map(|_| market()).collect()
}
