//! Fuzzes the clearing of one market.

use merit_order::{Rules, Scratch, Ties};
use merit_order_fuzz::input::Input;
use merit_order_fuzz::judge;
use merit_order_fuzz::market::Market;

/// Markets that use the same working memory, one after the other.
#[derive(Debug)]
struct Case(Vec<Market>);

impl Case {
    fn read(bytes: &[u8]) -> Self {
        let mut input = Input::new(bytes);
        let markets = 1 + input.byte() % 3;
        Self((0..markets).map(|_| Market::read(&mut input)).collect())
    }

    fn check(&self) {
        let mut scratch = Scratch::new();
        for market in &self.0 {
            market.check(&mut scratch);
            if market.problem().is_some() {
                continue;
            }
            let [used, fresh] = [&mut scratch, &mut Scratch::new()].map(|it| market.clear(it));
            assert_eq!(used, fresh, "the working memory changes the answer");
            market.check_as_auction();
        }
    }
}

#[test]
fn clearing() {
    judge(&Case(known_markets()), Case::check);
    bolero::check!().for_each(|bytes: &[u8]| judge(&Case::read(bytes), Case::check));
}

/// The markets of the other tests, which are edges of the contract.
fn known_markets() -> Vec<Market> {
    let mut markets: Vec<Market> = [
        Market::new(&[10.0, 20.0, 30.0], &[100.0; 3], 150.0),
        Market::new(&[10.0, 20.0], &[50.0; 2], 100.0),
        Market::new(&[10.0, 20.0], &[50.0; 2], 150.0),
        Market::new(&[10.0, 20.0], &[50.0; 2], 0.0),
        Market::new(&[30.0, 10.0, 20.0], &[100.0; 3], 150.0),
        // A unit that completes demand up to rounding is marginal.
        Market::new(&[10.0, 20.0, 1000.0], &[0.7, 0.1, 1.0], 0.8),
        // Offers of nothing set no price, except where there is no other.
        Market::new(&[5.0, 10.0, 20.0], &[0.0, 50.0, 50.0], 0.0),
        Market::new(&[5.0, 10.0, 900.0], &[50.0, 50.0, 0.0], 200.0),
        Market::new(&[5.0, 10.0], &[0.0; 2], 0.0),
        Market::new(&[5.0, 10.0], &[0.0; 2], 1.0),
        // Equal prices, both zeros among them.
        Market::new(&[20.0, 10.0, 10.0], &[50.0; 3], 70.0),
        Market::new(&[0.0, -0.0], &[50.0; 2], 70.0),
        // A quantity of -0.0 is dispatched as 0.0.
        Market::new(&[5.0; 2], &[-0.0, 50.0], 30.0),
        Market::new(&[5.0; 2], &[0.1, -0.0], 0.1 * (1.0 + 5e-10)),
        Market::new(&[-10.0, -20.0], &[50.0; 2], 30.0),
        // Sums beyond the largest double, and remainders that are no doubles.
        Market::new(&[1.0, 2.0, 3.0], &[1.7e308; 3], 1.75e308),
        Market::new(&[0.0; 3], &[6.52e307, f64::MAX, 1e300], 6.52e307 + 1e300),
        Market::new(&[1.0, 2.0, 3.0], &[5e-324; 3], 1e-323),
        // Shares that are tiny, or of much.
        Market::new(&[5.0; 2], &[1e300, 3e300], 4e-10),
        Market::new(&[5.0; 2], &[1e308; 2], 1e308),
        // Invalid ones.
        Market::new(&[1.0, f64::NAN], &[1.0, -1.0], 1.0),
        Market::new(&[1.0, 2.0], &[1.0; 3], 1.0),
        Market::new(&[1.0, 2.0], &[1.0, -1.0], f64::INFINITY),
    ]
    .into();
    for at in 0..markets.len() {
        for price_cap in [Some(15.0), Some(-0.0), Some(f64::NAN)] {
            markets.push(Market {
                rules: Rules {
                    ties: Ties::ProRata,
                    price_cap,
                },
                ..markets[at].clone()
            });
        }
    }
    markets
}
