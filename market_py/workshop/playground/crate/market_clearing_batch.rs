
    mod binding {
        use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
        use numpy::{PyUntypedArrayMethods};
        use pyo3::prelude::*;

        /// Convert the arguments, make the arrays of the result, call the function of the cell.
        #[pyfunction]
        pub(super) fn market_clearing_batch<'py>(
            py: Python<'py>,
            bids: PyReadonlyArray2<'py, f64>,
            quantities: PyReadonlyArray2<'py, f64>,
            demand: PyReadonlyArray1<'py, f64>,
            threads: usize,
        ) -> PyResult<(Bound<'py, PyArray1<f64>>, Bound<'py, PyArray2<f64>>)> {
            type Clear = fn(&[f64], &[f64], &[f64], usize, &mut [f64], &mut [f64]);
            let clear: Clear = super::market_clearing_batch;
            let dispatch = PyArray2::zeros(py, [bids.shape()[0], bids.shape()[1]], false);
            let prices = PyArray1::zeros(py, bids.shape()[0], false);
            let (mut values, mut found) = (dispatch.readwrite(), prices.readwrite());
            clear(
                bids.as_slice()?,
                quantities.as_slice()?,
                demand.as_slice()?,
                threads,
                found.as_slice_mut()?,
                values.as_slice_mut()?,
            );
            drop((values, found));
            Ok((prices, dispatch))
        }
    }
