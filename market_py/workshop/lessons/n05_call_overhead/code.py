"""The functions that Python calls, and what they convert."""

from market_py.workshop.widgets.listing import Listing, function

BINDING = "rust_market/src/variants.rs"


def conversions() -> Listing:
    """Show two functions with the same kernel: one returns a list, the other an array."""
    names = ("market_clearing_naive", "market_clearing_ndarray")
    return Listing(
        ("rust-naive", "rust-ndarray"),
        (
            ("the function that Python calls", tuple(function(BINDING, it) for it in names)),
            ("both call", (function(BINDING, "naive"),) * 2),
        ),
    )
