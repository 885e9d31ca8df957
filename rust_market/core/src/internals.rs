//! Parts of this crate that only the fuzz targets call from outside.

pub use crate::exact::{ExactSum, Rounded};
