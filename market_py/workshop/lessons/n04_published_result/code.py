"""The published functions, as they are timed."""

from market_py.workshop.widgets.listing import Listing, function, side_by_side

STEPS = {
    "sort": ("def numba_sort", "pub fn naive"),
    "gather": ("sorted_bids = bids[order]", "let sorted_bids"),
    "running sum": ("supply = np.cumsum", "let mut supply"),
    "search": ("marginal =", "// Floating-point sums"),
    "accept": ("accepted = np.zeros_like", "let mut accepted"),
    "scatter": ("dispatch = np.zeros_like", "let mut dispatch"),
    "result": ("return sorted_bids", "Ok((sorted_bids"),
}
"""What the first line of each step holds, in numba and in Rust."""


def published() -> Listing:
    """Show the published numba and Rust functions, step by step; what differs is marked."""
    codes = {
        "numba: numba-sort": function("market_py/variants/numba.py", "numba_sort"),
        "Rust: rust-naive": function("rust_market/core/src/variants.rs", "naive"),
    }
    return side_by_side(codes, STEPS, marked=("sort", "result"))


def wrappers() -> Listing:
    """Show what Python calls: the Rust function, and the wrapper of the published benchmark."""
    rust = function("rust_market/src/variants.rs", "market_clearing_naive")
    wrapper = function("market_py/variants/rust.py", "rust_published")
    rows = (("rust-naive", (rust,)), ("rust-published", (wrapper,)))
    return Listing(("code",), rows)
