//! Clearing many markets in one call.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::thread;

use pulp::{Arch, Simd, WithSimd};

use crate::clearing::Market;
use crate::order::MeritOrder;
use crate::{Error, Rules, Scratch, Ties};

/// About this many offers are handed to a thread at a time.
const OFFERS_PER_CHUNK: usize = 1 << 14;

/// One argument of a batch: the same for all markets, or a row for each.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// One row, shared by all markets.
    Shared(&'a [f64]),
    /// The rows of all markets, one after the other.
    Each(&'a [f64]),
}

impl<'a> Rows<'a> {
    fn row(self, at: usize, columns: usize) -> &'a [f64] {
        match self {
            Self::Shared(row) => row,
            Self::Each(rows) => &rows[at * columns..(at + 1) * columns],
        }
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
/// their number. Threads are started for the call, so that it is safe after a fork.
///
/// The input must have passed [`check`](crate::check), see [`clear`].
///
/// # Errors
///
/// [`Error::OutOfMemory`] when the working memory cannot grow.
pub fn clear_batch(
    batch: Batch<'_>,
    prices: &mut [f64],
    dispatch: &mut [f64],
    threads: NonZeroUsize,
) -> Result<(), Error> {
    let mut shared_order = None;
    if let Rows::Shared(bids) = batch.bids {
        let mut order = MeritOrder::default();
        order.sort(bids)?;
        shared_order = Some(order);
    }
    let shared_order = shared_order.as_ref();

    let markets_per_chunk = (OFFERS_PER_CHUNK / batch.offers).max(1);
    let workers = prices.len().div_ceil(markets_per_chunk).min(threads.get());
    let chunks = prices
        .chunks_mut(markets_per_chunk)
        .zip(dispatch.chunks_mut(markets_per_chunk * batch.offers))
        .enumerate();
    let chunks = Mutex::new(chunks);
    let arch = Arch::new();
    let work = || {
        let mut scratch = Scratch::new();
        loop {
            // Not held while working: the guard lives to the end of this statement.
            let next = chunks.lock().map_or(None, |mut chunks| chunks.next());
            let Some((chunk, (prices, dispatch))) = next else {
                return Ok(());
            };
            arch.dispatch(Chunk {
                batch: &batch,
                first: chunk * markets_per_chunk,
                order: shared_order,
                prices,
                dispatch,
                scratch: &mut scratch,
            })?;
        }
    };
    if workers <= 1 {
        return work();
    }
    thread::scope(|scope| {
        let helpers: Vec<_> = (1..workers)
            // A thread that cannot be started leaves its share to the others.
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok())
            .collect();
        let mine = work();
        helpers
            .into_iter()
            .map(|helper| {
                helper
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .fold(mine, Result::and)
    })
}

/// Markets that a thread clears in one go.
struct Chunk<'a> {
    batch: &'a Batch<'a>,
    first: usize,
    order: Option<&'a MeritOrder>,
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
            *price = match self.order {
                Some(order) => market.clear_in_order(simd, order, dispatch),
                None => market.clear(simd, dispatch, self.scratch)?,
            };
        }
        Ok(())
    }
}

impl Batch<'_> {
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
