"""The loop over the markets of a batch, in both languages."""

from market_py.workshop.widgets.listing import Listing, function


def loops() -> Listing:
    """Show how the compiled code goes from market to market."""
    numba = function("market_py/backends/numba_kernels.py", "clear_rows")
    rust = function("rust_market/core/src/batch.rs", "with_simd")
    return Listing(
        ("numba", "Rust"),
        (("loop over the markets", (numba.part("for row in", None), rust)),),
    )
