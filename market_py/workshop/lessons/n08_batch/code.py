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


def kernel() -> Listing:
    """Show how a word becomes the states of eight units, and then a marginal unit."""
    numba = "market_py/reliability/backends/numba.py"
    drawn = function(numba, "_draw")
    found = function(numba, "_simulate").part("state = states", "unit =")
    rust = function("rust_market/core/src/adequacy.rs", "simulate_hours")
    return Listing(
        ("numba", "Rust"),
        (
            (
                "draw",
                (
                    drawn.part("bits =", "if in_service"),
                    rust.part("let word = words[lane]", "}\n"),
                ),
            ),
            (
                "add up",
                (drawn.part("sums[lane] +="), rust.part("sum[lane] +=", "}\n")),
            ),
            ("marginal unit", (found, rust.part("let state = self.states", "self.hours[unit]"))),
        ),
    )
