//! Arguments of batches: one row that all share, or a row for each.

use merit_order::Rows;

use crate::input::Input;
use crate::problem::{self, Allowed};

/// One argument of a batch.
#[derive(Clone, Debug)]
pub struct Argument {
    /// Whether there is one row for all.
    pub is_shared: bool,
    /// Values of a row; none where a row is a number.
    pub columns: Option<usize>,
    /// The row, or the rows one after the other.
    pub values: Vec<f64>,
}

impl Argument {
    /// Reads rows, or one row for all.
    pub fn read(
        input: &mut Input<'_>,
        columns: Option<usize>,
        rows: usize,
        mut read: impl FnMut(&mut Input<'_>, usize) -> Vec<f64>,
    ) -> Self {
        let is_shared = input.bool();
        let rows = if is_shared { 1 } else { rows };
        Self {
            is_shared,
            columns,
            values: (0..rows).flat_map(|at| read(input, at)).collect(),
        }
    }

    /// Leaves only so many rows, unless one is for all.
    pub fn cut(&mut self, rows: usize) {
        if !self.is_shared {
            self.values.truncate(rows * self.columns.unwrap_or(1));
        }
    }

    /// The argument as the core takes it.
    pub fn rows(&self) -> Rows<'_> {
        match self.is_shared {
            true => Rows::Shared(&self.values),
            false => Rows::Each(&self.values),
        }
    }

    /// The values of one row.
    pub fn row(&self, at: usize) -> &[f64] {
        let columns = self.columns.unwrap_or(1);
        match self.is_shared {
            true => &self.values,
            false => &self.values[at * columns..(at + 1) * columns],
        }
    }

    /// Names the first value that is not allowed, with its row where there are several.
    pub fn problem(&self, argument: &str, allowed: Allowed) -> Option<String> {
        let place = |at| match (self.is_shared, self.columns) {
            (true, None) => String::new(),
            (true, Some(_)) | (false, None) => format!("[{at}]"),
            (false, Some(columns)) => format!("[{}, {}]", at / columns, at % columns),
        };
        problem::value(argument, &self.values, allowed, place)
    }
}
