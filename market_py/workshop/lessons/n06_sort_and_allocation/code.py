"""Two ways to sort offers, in both languages."""

from market_py.workshop.widgets.listing import Listing, function

NUMBA, RUST = "market_py/variants/numba.py", "rust_market/core/src/variants.rs"


def sorts() -> Listing:
    """Show the sort of indices beside the sort of pairs, and the loop that both share."""
    rows = {
        "sort indices": ("numba_scratch", "scratch"),
        "sort pairs": ("numba_keys", "keys"),
        "then accept": ("_accept", "accept"),
    }
    return Listing(
        ("numba", "Rust"),
        tuple(
            (name, (function(NUMBA, numba), function(RUST, rust)))
            for name, (numba, rust) in rows.items()
        ),
    )
