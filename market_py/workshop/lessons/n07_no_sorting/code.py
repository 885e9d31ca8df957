"""One pass of the search, in both languages."""

from market_py.workshop.widgets.listing import Listing, function


def one_pass() -> Listing:
    """Show the loop that adds up what is offered at or below each of seven guesses."""
    numba = function("market_py/backends/numba_selection.py", "_supply_at")
    rust = function("rust_market/core/src/passes.rs", "supply_at")
    return Listing(
        ("numba", "Rust"),
        (("one pass", (numba, rust.part("for (&bids, &quantities)", "let mut totals"))),),
    )
