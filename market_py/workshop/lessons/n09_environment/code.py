"""The first half of a step: from actions to a cleared market, in three forms."""

from market_py.workshop.widgets.listing import Listing, function

VARIANTS = "market_py/env/variants.py"


def steps() -> Listing:
    """Show the loop over agents in Python, in numba and in Rust, up to the clearing."""
    numba = function(VARIANTS, "_step_markets").part("for market in prange", "unserved =")
    rust = function("rust_market/core/src/environment.rs", "with_simd")
    return Listing(
        ("code",),
        (
            ("python-step", (function(VARIANTS, "offer"),)),
            ("numba-step", (numba,)),
            ("rust: all markups", (rust.part("// All markups", "let StepBuffers"),)),
            ("then each market", (rust.part("for at in 0..ended.len()", "let supplied"),)),
        ),
    )
