
    mod binding {
        use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
        use pyo3::prelude::*;

        /// Convert the arguments, make the array of the result, call the function of the cell.
        #[pyfunction]
        pub(super) fn market_clearing<'py>(
            py: Python<'py>,
            bids: PyReadonlyArray1<'py, f64>,
            quantities: PyReadonlyArray1<'py, f64>,
            demand: f64,
        ) -> PyResult<(f64, Bound<'py, PyArray1<f64>>)> {
            let clear: fn(&[f64], &[f64], f64, &mut [f64]) -> f64 = super::market_clearing;
            let dispatch = PyArray1::zeros(py, bids.as_slice()?.len(), false);
            let mut values = dispatch.readwrite();
            let price = clear(
                bids.as_slice()?,
                quantities.as_slice()?,
                demand,
                values.as_slice_mut()?,
            );
            drop(values);
            Ok((price, dispatch))
        }
    }
