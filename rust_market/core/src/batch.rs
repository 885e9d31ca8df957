//! Clears many markets in one call.

use std::num::NonZeroUsize;

use pulp::{Arch, Simd, WithSimd};

use crate::check::{self, Check};
use crate::clearing::{Market, Scratch};
use crate::error::Error;
use crate::order::SharedOrder;
use crate::rules::{Rules, Ties};
use crate::sample::SAMPLING_MIN;
use crate::threads::{Stop, parallel_for};

/// About this many offers are handed to a thread at a time.
pub(crate) const OFFERS_PER_CHUNK: usize = 1 << 12;

/// One argument of a batch: the same for all markets, or a row for each.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// One row, shared by all markets.
    Shared(&'a [f64]),
    /// The rows of all markets, one after the other.
    Each(&'a [f64]),
}

impl<'a> Rows<'a> {
    /// Whether there are as many rows, of this length.
    pub(crate) fn fit(self, rows: usize, columns: usize) -> bool {
        match self {
            Self::Shared(values) => values.len() == columns,
            Self::Each(values) => values.len() == rows * columns,
        }
    }

    /// Whether a row that all share is valid; it is checked even where nothing shares it.
    pub(crate) fn is_shared_valid(self, check: Check) -> bool {
        match self {
            Self::Shared(values) => check("shared", values, &[values.len()]).is_ok(),
            Self::Each(_) => true,
        }
    }

    pub(crate) fn row(self, at: usize, columns: usize) -> &'a [f64] {
        match self {
            Self::Shared(row) => row,
            Self::Each(rows) => &rows[at * columns..(at + 1) * columns],
        }
    }

    pub(crate) fn values(self) -> &'a [f64] {
        match self {
            Self::Shared(values) | Self::Each(values) => values,
        }
    }

    /// The axes of the argument, where a row of one value has none.
    pub(crate) fn shape(self, columns: Option<usize>) -> Vec<usize> {
        let rows = match self {
            Self::Shared(_) => None,
            // Rows of no columns cannot be counted, and have no value that an error could name.
            Self::Each(values) => values.len().checked_div(columns.unwrap_or(1)),
        };
        rows.into_iter().chain(columns).collect()
    }
}

/// Markets with the same number of offers.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Offers per market, at least one.
    pub offers: usize,
    /// Offer prices, €/MWh; rows of `offers` values.
    pub bids: Rows<'a>,
    /// Offered quantities, MW; rows of `offers` values.
    pub quantities: Rows<'a>,
    /// Demand, MW; rows of one value.
    pub demand: Rows<'a>,
    /// Price of a shortage, €/MWh; rows of one value.
    pub price_cap: Option<Rows<'a>>,
    /// How ties at the marginal price are broken.
    pub ties: Ties,
}

/// Clears every market of a batch: writes one price each and a row of dispatch each.
///
/// At most `threads` threads work, the calling one among them; the result does not depend on
/// their number.
///
/// ```
/// use std::num::NonZeroUsize;
/// use merit_order::{Batch, Rows, Ties, clear_batch, threads::never};
///
/// // The same two offers meet three demands.
/// let batch = Batch {
///     offers: 2,
///     bids: Rows::Shared(&[10.0, 30.0]),
///     quantities: Rows::Shared(&[100.0, 50.0]),
///     demand: Rows::Each(&[80.0, 120.0, 200.0]),
///     price_cap: Some(Rows::Shared(&[4000.0])),
///     ties: Ties::Index,
/// };
/// let (mut prices, mut dispatch) = ([0.0; 3], [0.0; 6]);
/// clear_batch(batch, &mut prices, &mut dispatch, NonZeroUsize::MIN, &never)?;
/// assert_eq!(prices, [10.0, 30.0, 4000.0]);
/// assert_eq!(dispatch, [80.0, 0.0, 100.0, 20.0, 100.0, 50.0]);
/// # Ok::<(), merit_order::Error>(())
/// ```
///
/// # Errors
///
/// A value is invalid: the error names the first one, and the results mean nothing;
/// [`Error::OutOfMemory`] when the working memory cannot grow; [`Error::Interrupted`] once `stop`
/// returns true.
///
/// # Panics
///
/// When the rows are not as many or as long as the results.
pub fn clear_batch(
    batch: Batch<'_>,
    prices: &mut [f64],
    dispatch: &mut [f64],
    threads: NonZeroUsize,
    stop: Stop<'_>,
) -> Result<(), Error> {
    assert!(batch.fits(prices.len(), dispatch.len()));
    if !batch.shares_valid() {
        batch.check()?;
    }
    let shared_order = match batch.bids {
        // For one market, sorting takes longer than searching. For markets with many offers,
        // searching each market takes no longer than a pass over the sorted offers.
        Rows::Shared(bids) if prices.len() > 1 && bids.len() < SAMPLING_MIN => {
            Some(SharedOrder::new(bids)?)
        }
        _ => None,
    };
    let shared_order = shared_order.as_ref();

    // Each thread takes the next chunk when it is free: markets take different times, and a core
    // may be busy.
    let markets_per_chunk = (OFFERS_PER_CHUNK / batch.offers).max(1);
    let workers = prices.len().div_ceil(markets_per_chunk).min(threads.get());
    let chunks = prices
        .chunks_mut(markets_per_chunk)
        .zip(dispatch.chunks_mut(markets_per_chunk * batch.offers))
        .enumerate();
    let arch = Arch::new();
    parallel_for(workers, chunks, stop, |next| {
        let mut scratch = Scratch::new();
        while let Some((chunk, (prices, dispatch))) = next() {
            arch.dispatch(Chunk {
                batch: &batch,
                first: chunk * markets_per_chunk,
                order: shared_order,
                prices,
                dispatch,
                scratch: &mut scratch,
            })?;
        }
        Ok(())
    })
}

/// Markets that a thread clears together.
struct Chunk<'a> {
    batch: &'a Batch<'a>,
    first: usize,
    order: Option<&'a SharedOrder>,
    prices: &'a mut [f64],
    dispatch: &'a mut [f64],
    scratch: &'a mut Scratch,
}

impl WithSimd for Chunk<'_> {
    type Output = Result<(), Error>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let rows = self.dispatch.chunks_mut(self.batch.offers);
        for (at, (price, dispatch)) in self.prices.iter_mut().zip(rows).enumerate() {
            let market = self.batch.market(self.first + at);
            let cleared = match self.order {
                Some(order) => market.clear_in_order(simd, order, dispatch),
                None => market.check_and_clear(simd, dispatch, self.scratch)?,
            };
            let Some(cleared) = cleared else {
                self.batch.check()?;
                return Err(Error::Changed);
            };
            *price = cleared;
        }
        Ok(())
    }
}

impl Batch<'_> {
    /// Whether the number and the lengths of all rows fit results of these lengths.
    fn fits(&self, markets: usize, values: usize) -> bool {
        self.offers > 0
            && values == markets * self.offers
            && self.bids.fit(markets, self.offers)
            && self.quantities.fit(markets, self.offers)
            && self.demand.fit(markets, 1)
            && self.price_cap.is_none_or(|caps| caps.fit(markets, 1))
    }

    /// Whether the rows that the markets share are valid.
    fn shares_valid(&self) -> bool {
        let caps = self.price_cap;
        self.bids.is_shared_valid(check::prices)
            && self.quantities.is_shared_valid(check::quantities)
            && self.demand.is_shared_valid(check::quantities)
            && caps.is_none_or(|caps| caps.is_shared_valid(check::prices))
    }

    /// Checks all values, argument by argument. Threads clear markets in any order, but the error
    /// must name the first invalid value.
    #[cold]
    fn check(&self) -> Result<(), Error> {
        let offers = Some(self.offers);
        check::prices("bids", self.bids.values(), &self.bids.shape(offers))?;
        let quantities = self.quantities;
        check::quantities("quantities", quantities.values(), &quantities.shape(offers))?;
        check::quantities("demand", self.demand.values(), &self.demand.shape(None))?;
        self.price_cap.map_or(Ok(()), |caps| {
            check::prices("price_cap", caps.values(), &caps.shape(None))
        })
    }

    fn market(&self, at: usize) -> Market<'_> {
        Market {
            bids: self.bids.row(at, self.offers),
            quantities: self.quantities.row(at, self.offers),
            demand: self.demand.row(at, 1)[0],
            rules: Rules {
                ties: self.ties,
                price_cap: self.price_cap.map(|caps| caps.row(at, 1)[0]),
            },
        }
    }
}
