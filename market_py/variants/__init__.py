"""The steps of the optimisation ladder: frozen ways to clear a market, in numba and Rust."""
