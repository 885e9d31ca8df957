"""The variants: the steps of the optimisation ladder, frozen functions in numba and Rust."""
