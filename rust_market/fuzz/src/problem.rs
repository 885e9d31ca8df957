//! What is wrong with invalid arguments, in the words of the contract.

use std::ops::RangeInclusive;

/// Values that are allowed, and how the contract says it.
pub type Allowed = (RangeInclusive<f64>, &'static str);

/// Offer prices, bid prices and price caps.
pub const PRICE: Allowed = (-f64::MAX..=f64::MAX, "finite");
/// Quantities and demand.
pub const QUANTITY: Allowed = (0.0..=f64::MAX, "finite and >= 0");
/// Where in its interval a price lies.
pub const SHARE: Allowed = (0.0..=1.0, "between 0 and 1");

/// Names the first value that is not allowed; `place` writes its index.
pub fn value(
    argument: &str,
    values: &[f64],
    (allowed, must): Allowed,
    place: impl Fn(usize) -> String,
) -> Option<String> {
    let at = values.iter().position(|value| !allowed.contains(value))?;
    let (place, value) = (place(at), values[at]);
    Some(format!("{argument}{place} = {value:?}: must be {must}"))
}

/// Names the first value of a row that is not allowed.
pub fn row(argument: &str, values: &[f64], allowed: Allowed) -> Option<String> {
    value(argument, values, allowed, |at| format!("[{at}]"))
}

/// Names a number that is not allowed.
pub fn number(argument: &str, number: f64, allowed: Allowed) -> Option<String> {
    value(argument, &[number], allowed, |_| String::new())
}

/// Says that an argument has not as many values as an earlier one.
pub fn length(
    argument: &str,
    what: &str,
    like: &str,
    [expected, got]: [usize; 2],
) -> Option<String> {
    let problem = format!("{argument}: must have {expected} {what} like {like}, got {got}");
    (got != expected).then_some(problem)
}
