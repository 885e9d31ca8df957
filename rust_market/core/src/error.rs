//! The error type of all functions of this crate.

use std::fmt;

/// Why an input is not a market; its text is the same in every backend.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// A value outside its domain.
    Value {
        /// Name of the argument.
        argument: &'static str,
        /// Where in the argument: empty for a scalar, else row and column or just one of them.
        index: Vec<usize>,
        /// The offending value.
        value: f64,
        /// What it must be.
        must: &'static str,
    },
    /// An integer outside its domain.
    Integer {
        /// Name of the argument.
        argument: &'static str,
        /// Where in the argument.
        index: usize,
        /// The offending integer.
        value: i64,
        /// What it must be.
        must: &'static str,
    },
    /// An array whose length does not fit an earlier one.
    Length {
        /// Name of the argument.
        argument: &'static str,
        /// What is counted: offers or rows.
        what: &'static str,
        /// Name of the earlier argument.
        like: &'static str,
        /// Its length.
        expected: usize,
        /// The length found.
        got: usize,
    },
    /// No memory for the working arrays.
    OutOfMemory,
    /// The caller asked to stop; no result is complete.
    Interrupted,
    /// Values were invalid, but another thread changed them before the error could name one.
    Changed,
}

impl Error {
    /// The text of the error, with its numbers shown by `number`.
    pub fn message(&self, number: impl Fn(f64) -> String) -> String {
        match self {
            Self::Value {
                argument,
                index,
                value,
                must,
            } => {
                let shown = if index.is_empty() {
                    String::new()
                } else {
                    format!("{index:?}")
                };
                format!("{argument}{shown} = {}: must be {must}", number(*value))
            }
            Self::Integer {
                argument,
                index,
                value,
                must,
            } => format!("{argument}[{index}] = {value}: must be {must}"),
            Self::Length {
                argument,
                what,
                like,
                expected,
                got,
            } => format!("{argument}: must have {expected} {what} like {like}, got {got}"),
            Self::OutOfMemory => "not enough memory".to_owned(),
            Self::Interrupted => "interrupted".to_owned(),
            Self::Changed => "the arguments changed during the call".to_owned(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message(|value| format!("{value:?}")))
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_argument_index_and_value() {
        let error = Error::Value {
            argument: "quantities",
            index: vec![7, 3],
            value: -1.0,
            must: "finite and >= 0",
        };
        assert_eq!(
            error.to_string(),
            "quantities[7, 3] = -1.0: must be finite and >= 0"
        );
    }
}
