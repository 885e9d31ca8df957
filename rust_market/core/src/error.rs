//! The one error type.

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
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value {
                argument,
                index,
                value,
                must,
            } => {
                f.write_str(argument)?;
                if !index.is_empty() {
                    write!(f, "{index:?}")?;
                }
                write!(f, " = {}: must be {must}", PythonFloat(*value))
            }
            Self::Length {
                argument,
                what,
                like,
                expected,
                got,
            } => write!(
                f,
                "{argument}: must have {expected} {what} like {like}, got {got}"
            ),
            Self::OutOfMemory => f.write_str("not enough memory to clear a market of this size"),
        }
    }
}

impl std::error::Error for Error {}

/// Shows a number as Python's `repr` does.
struct PythonFloat(f64);

impl fmt::Display for PythonFloat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_nan() {
            return f.write_str("nan");
        }
        let text = format!("{:?}", self.0);
        // Both print the shortest digits that read back; only the exponent is spelled differently.
        match text.split_once('e') {
            None => f.write_str(&text),
            Some((digits, exponent)) => {
                let (sign, exponent) = match exponent.strip_prefix('-') {
                    Some(exponent) => ('-', exponent),
                    None => ('+', exponent),
                };
                let digits = digits.strip_suffix(".0").unwrap_or(digits);
                write!(f, "{digits}e{sign}{exponent:0>2}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_python() {
        for (value, text) in [
            (-1.0, "-1.0"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
            (1e300, "1e+300"),
            (-1.5e-7, "-1.5e-07"),
            (5e-324, "5e-324"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e16, "1e+16"),
            (123456789012345.6, "123456789012345.6"),
        ] {
            assert_eq!(PythonFloat(value).to_string(), text);
        }
    }

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
