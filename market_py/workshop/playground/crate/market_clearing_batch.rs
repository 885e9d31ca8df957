
    mod binding {
        use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
        use numpy::PyUntypedArrayMethods;
        use pyo3::prelude::*;

        type Clear = fn(&[f64], &[f64], &[f64], usize, &mut [f64], &mut [f64]);
        const CLEAR: Clear = super::market_clearing_batch;

        /// Convert the arguments, make the arrays of the result, call the function of the cell.
        #[pyfunction]
        #[pyo3(signature = (bids, quantities, demand, threads=1))]
        pub(super) fn $name<'py>(
            py: Python<'py>,
            bids: PyReadonlyArray2<'py, f64>,
            quantities: PyReadonlyArray2<'py, f64>,
            demand: PyReadonlyArray1<'py, f64>,
            threads: usize,
        ) -> PyResult<(Bound<'py, PyArray1<f64>>, Bound<'py, PyArray2<f64>>)> {
            let dispatch = PyArray2::zeros(py, [bids.shape()[0], bids.shape()[1]], false);
            let prices = PyArray1::zeros(py, bids.shape()[0], false);
            let (bids, quantities) = (bids.as_slice()?, quantities.as_slice()?);
            CLEAR(
                bids,
                quantities,
                demand.as_slice()?,
                threads,
                prices.readwrite().as_slice_mut()?,
                dispatch.readwrite().as_slice_mut()?,
            );
            Ok((prices, dispatch))
        }
    }
