//! Merit-order clearing of an electricity market.
//!
//! Generators offer quantities (MW) at prices (€/MWh); demand is a number (MW). Clearing accepts
//! the cheapest offers until demand is met; the price of the last one accepted is paid to all.
//!
//! ```
//! use merit_order::{Rules, Scratch, clear};
//!
//! let mut dispatch = [0.0; 3];
//! let price = clear(
//!     &[30.0, 10.0, 20.0],
//!     &[100.0; 3],
//!     150.0,
//!     Rules::default(),
//!     &mut dispatch,
//!     &mut Scratch::new(),
//! )?;
//! assert_eq!((price, dispatch), (20.0, [0.0, 100.0, 50.0]));
//! # Ok::<(), merit_order::Error>(())
//! ```
//!
//! [`clear`] and [`clear_batch`] refuse values that no market has, as [`check`] does. Where buyers
//! bid too, [`clear_auction`] and [`clear_auctions`] do the same for both sides. [`adequacy`]
//! simulates years of outages; [`environment`], [`replay`], [`mlp`] and [`ppo`] are for agents that
//! learn to bid. Long calls take a number of threads, and a function that says when to stop.
//!
//! # Features
//!
//! - `operation-counts` makes the variants of clearing count their operations, which takes time.
//!
//! # Versions
//!
//! The crate follows semantic versioning: before 1.0 a new minor version may change the interface,
//! a patch version does not. A result changes in a patch version only if it was wrong. The modules
//! [`variants`] and [`operation_counts`] are for a comparison, and may change in any version. The
//! oldest Rust that compiles the crate is 1.88; a newer one is asked for in minor versions only.

pub mod adequacy;
mod auction;
mod batch;
pub mod check;
mod clearing;
mod coverage;
pub mod environment;
mod error;
mod exact;
pub mod exclusive;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod internals;
pub mod memory;
pub mod mlp;
pub mod operation_counts;
mod order;
mod passes;
pub mod ppo;
pub mod random;
pub mod replay;
mod rules;
mod sample;
mod selection;
mod sum;
mod tanh;
pub mod threads;
mod tree;
pub mod variants;

pub use auction::{Auction, AuctionBatch, clear_auction, clear_auctions};
pub use batch::{Batch, Rows, clear_batch};
pub use clearing::{Scratch, clear};
pub use coverage::Orders;
pub use error::Error;
pub use rules::{Rules, Ties};
