//! Counters of the work done, in a build with the feature `tally`; otherwise they cost nothing.

/// Work done since the process began.
#[cfg(feature = "tally")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Comparisons of two offers by a sort.
    pub comparisons: usize,
    /// Offers visited: a pass over a market visits each of its offers once.
    pub visits: usize,
}

#[cfg(feature = "tally")]
mod counters {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    static COMPARISONS: AtomicUsize = AtomicUsize::new(0);
    static VISITS: AtomicUsize = AtomicUsize::new(0);

    /// Reads the counters.
    pub fn read() -> super::Tally {
        super::Tally {
            comparisons: COMPARISONS.load(Relaxed),
            visits: VISITS.load(Relaxed),
        }
    }

    pub(crate) fn comparison() {
        COMPARISONS.fetch_add(1, Relaxed);
    }

    pub(crate) fn visits(offers: usize) {
        VISITS.fetch_add(offers, Relaxed);
    }
}

#[cfg(feature = "tally")]
pub use counters::read;
#[cfg(feature = "tally")]
pub(crate) use counters::{comparison, visits};

#[cfg(not(feature = "tally"))]
#[inline(always)]
pub(crate) fn comparison() {}

#[cfg(not(feature = "tally"))]
#[inline(always)]
pub(crate) fn visits(_offers: usize) {}
