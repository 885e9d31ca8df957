
    mod binding {
        use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
        use pyo3::prelude::*;

        type Clear = fn(&[f64], &[f64], f64, &mut [f64]) -> f64;
        const CLEAR: Clear = super::market_clearing;

        /// Convert the arguments, make the array of the result, call the function of the cell.
        #[pyfunction]
        pub(super) fn $name<'py>(
            py: Python<'py>,
            bids: PyReadonlyArray1<'py, f64>,
            quantities: PyReadonlyArray1<'py, f64>,
            demand: f64,
        ) -> PyResult<(f64, Bound<'py, PyArray1<f64>>)> {
            let (bids, quantities) = (bids.as_slice()?, quantities.as_slice()?);
            let dispatch = PyArray1::zeros(py, bids.len(), false);
            let price = CLEAR(bids, quantities, demand, dispatch.readwrite().as_slice_mut()?);
            Ok((price, dispatch))
        }

        /// Return how many blocks of memory the function of the cell asks for in a call.
        #[cfg(feature = "counting")]
        #[pyfunction]
        pub(super) fn allocations(
            bids: PyReadonlyArray1<f64>,
            quantities: PyReadonlyArray1<f64>,
            demand: f64,
        ) -> PyResult<u64> {
            let (bids, quantities) = (bids.as_slice()?, quantities.as_slice()?);
            let mut dispatch = vec![0.0; bids.len()];
            let counted = allocation_counter::measure(|| {
                CLEAR(bids, quantities, demand, &mut dispatch);
            });
            Ok(counted.count_total)
        }
    }
