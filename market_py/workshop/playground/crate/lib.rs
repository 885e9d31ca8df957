//! A cell of a notebook as a Python module: `cell.rs` is the cell, all else is written for it.

use pyo3::prelude::*;

#[forbid(unsafe_code)]
mod cell {
    include!("cell.rs");
$binding
    pub(super) fn register(module: &super::Module) -> super::PyResult<()> {
        use pyo3::types::PyModuleMethods;
$functions        Ok(())
    }
}

type Module<'py> = Bound<'py, PyModule>;

#[pymodule]
fn $module(module: &Module) -> PyResult<()> {
    cell::register(module)
}
