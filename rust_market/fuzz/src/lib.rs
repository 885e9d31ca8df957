//! What the fuzz targets share: how bytes become markets and auctions, and the contract in exact
//! arithmetic, by which they judge the answers of the core.

use std::fmt::Debug;
use std::thread;

use bolero::RunPhase;

pub mod auction;
pub mod exact;
pub mod input;
pub mod market;
pub mod orders;
pub mod problem;
pub mod rows;

/// Checks a case; if the check panics, prints the case, but only the smallest that bolero finds.
pub fn judge<T: Debug>(case: &T, check: impl FnOnce(&T)) {
    struct Case<'a, T: Debug>(&'a T);
    impl<T: Debug> Drop for Case<'_, T> {
        fn drop(&mut self) {
            let is_last = bolero::with_context(|run| run.run_phase == RunPhase::Failure);
            if thread::panicking() && is_last.unwrap_or(true) {
                eprintln!("{:?}", self.0);
            }
        }
    }
    check(Case(case).0);
}
