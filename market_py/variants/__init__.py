"""The variants: frozen clearing functions in numba and Rust, the steps of the ladder."""
