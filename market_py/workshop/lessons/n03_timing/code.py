"""How `market_py.benchmark.timing.race` takes its samples."""

from market_py.workshop.widgets.listing import Listing, function

TIMING = "market_py/benchmark/timing.py"


def our_stopwatch() -> Listing:
    """Show how a race warms up, takes a sample, and takes a round."""
    rows = (
        ("warm-up", function(TIMING, "calibrate").part("end =")),
        ("sample", function(TIMING, "timer").part("names =")),
        ("round", function(TIMING, "one_round")),
    )
    return Listing(("code",), tuple((name, (code,)) for name, code in rows))
