//! Fuzzes the clearing of one auction.

use merit_order::{Scratch, Ties};
use merit_order_fuzz::auction::Auction;
use merit_order_fuzz::input::Input;
use merit_order_fuzz::judge;

/// Auctions that use the same working memory, one after the other.
#[derive(Debug)]
struct Case(Vec<Auction>);

impl Case {
    fn read(bytes: &[u8]) -> Self {
        let mut input = Input::new(bytes);
        let auctions = 1 + input.byte() % 3;
        Self((0..auctions).map(|_| Auction::read(&mut input)).collect())
    }

    fn check(&self) {
        let mut scratch = Scratch::new();
        for auction in &self.0 {
            auction.check(&mut scratch);
            if auction.problem().is_none() {
                let memories = [&mut scratch, &mut Scratch::new()];
                let [used, fresh] = memories.map(|it| auction.clear(it));
                assert_eq!(used, fresh, "the working memory changes the answer");
            }
        }
    }
}

#[test]
fn auction() {
    judge(&Case(known_auctions()), Case::check);
    bolero::check!().for_each(|bytes: &[u8]| judge(&Case::read(bytes), Case::check));
}

/// The auctions of the other tests, which are edges of the contract.
fn known_auctions() -> Vec<Auction> {
    let dust = [0.0, 1.0, 2.0, 3.0].map(|price| (price, if price == 0.0 { 1e9 } else { 1e-3 }));
    let much_dust: Vec<_> = (0..21)
        .map(|at| (f64::from(at), if at == 0 { 1e9 } else { 1e-3 }))
        .collect();
    let auctions = [
        // One quantity at many prices; one price of many quantities.
        Auction::new(
            &[(0.0, 100.0), (80.0, 50.0)],
            &[(100.0, 100.0), (50.0, 20.0)],
        ),
        Auction::new(
            &[(21.0, 100.0), (100.0, 30.0)],
            &[(3000.0, 100.0), (100.0, 50.0)],
        ),
        // A bid is marginal.
        Auction::new(&[(1.0, 2.0)], &[(1.1, 11.0), (3.0, 0.1)]),
        Auction::new(&[(10.0, 5.0), (10.0, 5.0)], &[(10.0, 3.0), (10.0, 4.0)]),
        Auction::new(&[(21.0, 100.0)], &[(3000.0, 200.0)]),
        // Nobody trades.
        Auction::new(&[(12.0, 5.0)], &[(10.0, 5.0)]),
        Auction::new(&[(30.0, 5.0), (20.0, 5.0)], &[(99.0, 0.0)]),
        Auction::new(&[(7.0, 0.0)], &[(9.0, 5.0), (8.0, 1.0)]),
        Auction::new(&[(30.0, 5.0), (20.0, 5.0)], &[]),
        Auction::new(&[], &[(9.0, 5.0), (8.0, 1.0)]),
        Auction::new(&[(20.0, 0.0)], &[(10.0, 0.0)]),
        Auction::new(&[(-10.0, 100.0)], &[(5.0, 40.0), (-20.0, 100.0)]),
        // 0.7 and 0.1 complete 0.8 up to rounding.
        Auction::new(&[(10.0, 0.7), (20.0, 0.1), (1000.0, 5.0)], &[(3000.0, 0.8)]),
        // Giants out of the money.
        Auction::new(&[(10.0, 1.0), (1e4, 1e12)], &[(50.0, 1.0), (-1e4, 1e12)]),
        // Sums beyond the largest double.
        Auction::new(
            &[(1.0, 1.7e308), (2.0, 1.7e308)],
            &[(3.0, 1.7e308), (3.0, 1.7e308), (0.0, 1.7e308)],
        ),
        Auction::new(
            &[(1.0, 1.7e308), (1.0, 1.7e308), (2.0, 1.7e308)],
            &[(3.0, 1.7e308), (3.0, 1e308)],
        ),
        // Quantities within the tolerance at many prices.
        Auction::new(&dust, &[(9.0, 1e9), (1.5, 1e-3), (2.5, 1e-3), (-1.0, 5.0)]),
        Auction::new(&much_dust, &[(100.0, 1e9)]),
        Auction::new(
            &[(1.0, 1.0), (2.0, 1e-10), (3.0, 1e-10)],
            &[(5.0, 1.0), (4.0, 1e-11), (4.0, 1e-11), (4.0, 1e-11)],
        ),
        Auction::new(
            &[(1.0, 5e-324), (2.0, 1.5e-323)],
            &[(3.0, 1e-323), (2.5, 1e-323)],
        ),
        // Prices far apart.
        Auction::new(&[(f64::MAX, 1.0)], &[(-f64::MAX, 1.0)]),
        // Invalid ones.
        Auction::new(&[(1.0, 1.0), (f64::NAN, 1.0)], &[(1.0, -1.0)]),
        Auction::new(&[(1.0, 1.0)], &[(1.0, -1.0), (f64::INFINITY, 1.0)]),
    ];
    let mut all = Vec::new();
    for auction in auctions {
        for k in [0.0, 0.1, 0.5, 1.0, f64::NAN] {
            for ties in [Ties::Index, Ties::ProRata] {
                all.push(Auction {
                    k,
                    ties,
                    ..auction.clone()
                });
            }
        }
    }
    all
}
