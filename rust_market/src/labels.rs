//! Labels of pandas and xarray arguments. Clearing matches offers by position, so labels must
//! agree.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::arguments::{Conversion, is_plain};

/// An argument, and the names of the axes that it may have.
pub(crate) type Labelled<'a, 'py> = (
    &'static str,
    Option<&'a Bound<'py, PyAny>>,
    &'static [&'static str],
);

pub(crate) const TABLE: &[&str] = &["markets", "offers"];
pub(crate) const BID_TABLE: &[&str] = &["markets", "bids"];
pub(crate) const COLUMN: &[&str] = &["markets"];

/// Refuses arguments whose labels disagree. This comes before the conversion, which loses labels.
#[inline(always)]
pub(crate) fn check(_: &Conversion<'_>, arguments: &[Labelled<'_, '_>]) -> PyResult<()> {
    // If only the last argument has labels, there is nothing to compare them with.
    let but_the_last = arguments
        .split_last()
        .map_or(arguments, |(_, others)| others);
    for (_, object, _) in but_the_last {
        if let Some(object) = object
            && !is_plain(object)?
        {
            return compare(arguments);
        }
    }
    Ok(())
}

#[cold]
fn compare(arguments: &[Labelled<'_, '_>]) -> PyResult<()> {
    // For each name of an axis: the first argument that has labels there, and these labels.
    let mut seen: Vec<(&str, &str, Bound<'_, PyAny>)> = Vec::new();
    for &(argument, object, names) in arguments {
        let Some(object) = object else { continue };
        if is_plain(object)? {
            continue;
        }
        let Some(axes) = axes(object)? else { continue };
        // A single axis is that of the last name.
        let names = &names[names.len().saturating_sub(axes.len())..];
        for (&name, labels) in names.iter().zip(axes) {
            if !labels.hasattr("equals")? {
                continue;
            }
            let known = seen.iter().position(|&(known, ..)| known == name);
            let at = known.unwrap_or_else(|| {
                seen.push((name, argument, labels.clone()));
                seen.len() - 1
            });
            let (_, like, expected) = &seen[at];
            if !labels.call_method1("equals", (expected,))?.is_truthy()? {
                return Err(PyValueError::new_err(format!(
                    "{argument}: the labels of its {name} must be those of {like}, in the same \
                     order: align them, or pass plain arrays to go by position"
                )));
            }
        }
    }
    Ok(())
}

/// The labels of each axis.
fn axes<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Vec<Bound<'py, PyAny>>>> {
    // xarray: an axis without labels gives None.
    if let Some(indexes) = object.getattr_opt("indexes")? {
        let dimensions = object.getattr("dims")?.try_iter()?;
        let labels = dimensions.map(|dimension| indexes.call_method1("get", (dimension?,)));
        return labels.collect::<PyResult<_>>().map(Some);
    }
    // pandas; if `axes` is not a list, this is another kind of object.
    let Some(axes) = object.getattr_opt("axes")? else {
        return Ok(None);
    };
    Ok(axes.cast::<PyList>().ok().map(|axes| axes.iter().collect()))
}
