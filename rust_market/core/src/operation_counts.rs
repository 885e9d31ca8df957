//! Counts operations in a build with the feature `operation-counts`; in other builds the counters
//! compile to nothing.

/// Work done since the process began.
#[cfg(feature = "operation-counts")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationCounts {
    /// Comparisons of two offers by a sort.
    pub comparisons: usize,
    /// Offers visited: a pass over a market visits each of its offers once.
    pub visits: usize,
}

#[cfg(feature = "operation-counts")]
mod counters {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    static COMPARISONS: AtomicUsize = AtomicUsize::new(0);
    static VISITS: AtomicUsize = AtomicUsize::new(0);

    /// Reads the counters.
    pub fn read() -> super::OperationCounts {
        super::OperationCounts {
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

#[cfg(feature = "operation-counts")]
pub use counters::read;
#[cfg(feature = "operation-counts")]
pub(crate) use counters::{comparison, visits};

#[cfg(not(feature = "operation-counts"))]
#[inline(always)]
pub(crate) fn comparison() {}

#[cfg(not(feature = "operation-counts"))]
#[inline(always)]
pub(crate) fn visits(_offers: usize) {}
