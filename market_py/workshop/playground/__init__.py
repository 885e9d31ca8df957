"""Functions that learners write, in Rust or numba: compiled, verified, and raced beside ours."""
