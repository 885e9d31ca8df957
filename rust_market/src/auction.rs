//! The functions that clear auctions, with orders on both sides.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use merit_order::check::{self, Check};
use merit_order::{Auction, AuctionBatch, Orders, Rows};
use numpy::{PyArray1, PyArray2};
use pyo3::prelude::*;

use crate::arguments::{Borrowing, Conversion, Markets, Numbers, Ties};
use crate::errors::{raise, refuse};
use crate::labels::{self, BID_TABLE, COLUMN, TABLE};
use crate::signals;
use crate::workspace::with_workspace;

type Vector<'py> = Bound<'py, PyArray1<f64>>;
type Table<'py> = Bound<'py, PyArray2<f64>>;

/// Clear one auction: (N,) offers, (M,) bids in €/MWh and MW -> price, sold, bought.
#[pyfunction]
#[pyo3(
    signature = (
        offer_prices, offer_quantities, bid_prices, bid_quantities, *, k=Given::No, ties=Ties::Default
    ),
    text_signature = "(offer_prices, offer_quantities, bid_prices, bid_quantities, *, k=0.0, \
                      ties='index')"
)]
pub(crate) fn auction_clearing<'py>(
    py: Python<'py>,
    offer_prices: &Bound<'py, PyAny>,
    offer_quantities: &Bound<'py, PyAny>,
    bid_prices: &Bound<'py, PyAny>,
    bid_quantities: &Bound<'py, PyAny>,
    k: Given<'py>,
    ties: Ties<'py>,
) -> PyResult<(f64, Vector<'py>, Vector<'py>)> {
    let conversion = Conversion::new(py);
    let given = [offer_prices, offer_quantities, bid_prices, bid_quantities];
    labels::check(&conversion, &labelled(given))?;
    let arguments = Arguments::convert(given, |name, object| conversion.orders(name, object));
    let k = k.object().map_or(Ok(0.0), |k| conversion.scalar("k", k));
    let ties = conversion.ties(&ties);
    let (shape, k, ties) = match (arguments.shape(py), k, ties) {
        (Ok(shape), Ok(k), Ok(ties)) => (shape, k, ties),
        (_, k, ties) => {
            arguments.check(py, &conversion.finish())?;
            check::share("k", &[k?], &[]).map_err(raise)?;
            return Err(ties.err().unwrap_or_else(changed));
        }
    };
    let [offers, bids] = shape.orders;
    let (mut sold, mut bought) = (conversion.new_vector(offers)?, conversion.new_vector(bids)?);
    let borrowing = conversion.finish();
    let all = arguments.all()?;
    let detach = all.iter().all(|numbers| numbers.may_be_detached());
    let [offer_prices, offer_quantities, bid_prices, bid_quantities] = all;
    let auction = Auction {
        offers: Orders {
            prices: offer_prices.values(&borrowing)?,
            quantities: offer_quantities.values(&borrowing)?,
        },
        bids: Orders {
            prices: bid_prices.values(&borrowing)?,
            quantities: bid_quantities.values(&borrowing)?,
        },
        k,
        ties,
    };
    let (sold_values, bought_values) = (sold.values(&borrowing)?, bought.values(&borrowing)?);
    let mut clear = || {
        with_workspace(|workspace| {
            let scratch = &mut workspace.scratch;
            merit_order::clear_auction(auction, sold_values, bought_values, scratch)
        })
    };
    let price = if detach { py.detach(clear) } else { clear() };
    Ok((price.map_err(raise)?, sold.finish(), bought.finish()))
}

/// Clear B auctions in parallel: (B, N) or (N,) offers, (B, M) or (M,) bids -> prices, sold, bought.
#[pyfunction]
#[pyo3(
    signature = (
        offer_prices, offer_quantities, bid_prices, bid_quantities, *, k=Given::No, ties=Ties::Default,
        threads=None
    ),
    text_signature = "(offer_prices, offer_quantities, bid_prices, bid_quantities, *, k=0.0, \
                      ties='index', threads=None)"
)]
#[expect(
    clippy::too_many_arguments,
    reason = "they are those of the Python function"
)]
pub(crate) fn auction_clearing_batch<'py>(
    py: Python<'py>,
    offer_prices: &Bound<'py, PyAny>,
    offer_quantities: &Bound<'py, PyAny>,
    bid_prices: &Bound<'py, PyAny>,
    bid_quantities: &Bound<'py, PyAny>,
    k: Given<'py>,
    ties: Ties<'py>,
    threads: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Vector<'py>, Table<'py>, Table<'py>)> {
    let conversion = Conversion::new(py);
    let given = [offer_prices, offer_quantities, bid_prices, bid_quantities];
    let [first, second, third, fourth] = labelled(given);
    let own_k = k.object();
    let labelled = [first, second, third, fourth, ("k", own_k, COLUMN)];
    labels::check(&conversion, &labelled)?;
    let arguments = Arguments::convert(given, |name, object| conversion.rows(name, object));
    let k = own_k.map(|k| conversion.column("k", k)).transpose();
    let ties = conversion.ties(&ties);
    let threads = conversion.threads(threads);
    let shape = arguments.shape(py).and_then(|shape| {
        let mut rows = shape.rows;
        if let Ok(Some(k)) = &k {
            rows.agree("k", 0, k)?;
        }
        Ok((shape.orders, rows.decide("k")))
    });
    let ((orders, number), k, ties, threads) = match (shape, k, ties, threads) {
        (Ok(shape), Ok(k), Ok(ties), Ok(threads)) => (shape, k, ties, threads),
        (shape, k, ties, threads) => {
            let borrowing = conversion.finish();
            arguments.check(py, &borrowing)?;
            let k = k?;
            shape?;
            if let Some(k) = k {
                check::share("k", k.values(&borrowing)?, k.shape()).map_err(raise)?;
            }
            ties?;
            threads?;
            return Err(changed());
        }
    };
    let threads = threads.unwrap_or_else(|| available_parallelism().unwrap_or(NonZeroUsize::MIN));
    let [offers, bids] = orders;
    let mut prices = conversion.new_vector(number)?;
    let mut sold = conversion.new_table(number, offers)?;
    let mut bought = conversion.new_table(number, bids)?;
    let borrowing = conversion.finish();
    let [offer_prices, offer_quantities, bid_prices, bid_quantities] = arguments.all()?;
    let batch = AuctionBatch {
        orders,
        offer_prices: offer_prices.rows(1, &borrowing)?,
        offer_quantities: offer_quantities.rows(1, &borrowing)?,
        bid_prices: bid_prices.rows(1, &borrowing)?,
        bid_quantities: bid_quantities.rows(1, &borrowing)?,
        k: match &k {
            Some(k) => k.rows(0, &borrowing)?,
            None => Rows::Shared(&[0.0]),
        },
        ties,
    };
    let results = (
        prices.values(&borrowing)?,
        sold.values(&borrowing)?,
        bought.values(&borrowing)?,
    );
    signals::run(py, true, |stop| {
        merit_order::clear_auctions(batch, results.0, results.1, results.2, threads, stop)
    })?;
    Ok((prices.finish(), sold.finish(), bought.finish()))
}

/// An argument with a default other than `None`, which is refused like any other object.
pub(crate) enum Given<'py> {
    No,
    Yes(Bound<'py, PyAny>),
}

impl<'py> Given<'py> {
    fn object(&self) -> Option<&Bound<'py, PyAny>> {
        match self {
            Self::No => None,
            Self::Yes(object) => Some(object),
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Given<'py> {
    type Error = std::convert::Infallible;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> Result<Self, Self::Error> {
        Ok(Self::Yes(object.to_owned()))
    }
}

const NAMES: [&str; 4] = [
    "offer_prices",
    "offer_quantities",
    "bid_prices",
    "bid_quantities",
];

/// Prices and quantities of the offers and of the bids, converted one by one.
struct Arguments<'py>([PyResult<Numbers<'py>>; 4]);

/// Numbers of offers and of bids, and what the arguments said of the number of auctions.
struct Shape {
    orders: [usize; 2],
    rows: Markets,
}

impl<'py> Arguments<'py> {
    fn convert(
        given: [&Bound<'py, PyAny>; 4],
        mut convert: impl FnMut(&'static str, &Bound<'py, PyAny>) -> PyResult<Numbers<'py>>,
    ) -> Self {
        let mut names = NAMES.into_iter();
        Self(given.map(|object| convert(names.next().unwrap_or_default(), object)))
    }

    /// Checks types and shapes.
    fn shape(&self, py: Python<'_>) -> PyResult<Shape> {
        self.walk(py, &|_, _, _| Ok(()))
    }

    /// Checks the values too, for the first error in the order of the arguments.
    fn check(&self, py: Python<'_>, borrowing: &Borrowing) -> PyResult<()> {
        let checked = self.walk(py, &|check, argument, numbers| {
            check(argument, numbers.values(borrowing)?, numbers.shape()).map_err(raise)
        });
        checked.map(|_| ())
    }

    /// Checks the arguments in their order, each completely before the next.
    fn walk(
        &self,
        py: Python<'_>,
        check_values: &dyn Fn(Check, &'static str, &Numbers<'_>) -> PyResult<()>,
    ) -> PyResult<Shape> {
        let mut shape = Shape {
            orders: [0; 2],
            rows: Markets::default(),
        };
        for (side, of_side) in self.0.chunks(2).enumerate() {
            let checks = [check::prices, check::quantities];
            for (at, (given, check)) in of_side.iter().zip(checks).enumerate() {
                let numbers = given.as_ref().map_err(|error| error.clone_ref(py))?;
                let (argument, number) = (NAMES[2 * side + at], numbers.offers());
                if at == 0 {
                    shape.orders[side] = number;
                    if side == 1 && shape.orders == [0, 0] {
                        return Err(nothing_to_clear(argument, numbers));
                    }
                }
                let (what, like) = (["offers", "bids"][side], NAMES[2 * side]);
                check::length(argument, what, like, shape.orders[side], number).map_err(raise)?;
                shape.rows.agree(argument, 1, numbers)?;
                check_values(check, argument, numbers)?;
            }
        }
        Ok(shape)
    }

    /// The arguments, none of which was refused.
    fn all(&self) -> PyResult<[&Numbers<'py>; 4]> {
        let [first, second, third, fourth] = &self.0;
        match (first, second, third, fourth) {
            (Ok(first), Ok(second), Ok(third), Ok(fourth)) => Ok([first, second, third, fourth]),
            _ => Err(changed()),
        }
    }
}

fn labelled<'a, 'py>(given: [&'a Bound<'py, PyAny>; 4]) -> [labels::Labelled<'a, 'py>; 4] {
    let [offer_prices, offer_quantities, bid_prices, bid_quantities] = given.map(Some);
    [
        (NAMES[0], offer_prices, TABLE),
        (NAMES[1], offer_quantities, TABLE),
        (NAMES[2], bid_prices, BID_TABLE),
        (NAMES[3], bid_quantities, BID_TABLE),
    ]
}

#[cold]
fn nothing_to_clear(argument: &'static str, numbers: &Numbers<'_>) -> PyErr {
    let shape = match *numbers.shape() {
        [rows, _] => format!("({rows}, 0)"),
        _ => "(0,)".to_owned(),
    };
    refuse(
        argument,
        &format!("must hold at least one bid where there is no offer, got shape {shape}"),
    )
}

#[cold]
fn changed() -> PyErr {
    raise(merit_order::Error::Changed)
}
