"""The panel of notebook 08 on batches: one call for many markets, and threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import market_py
from market_py.benchmark import inputs, timing
from market_py.benchmark.agreement import verify_markets
from market_py.benchmark.timing import Race
from market_py.registry import get_batch_candidates, get_candidates
from market_py.workshop.lessons.n08_batch import plots
from market_py.workshop.widgets.controls import choice, stepper
from market_py.workshop.widgets.sweep import SweepPanel

SIZES = (1, 2, 4, 8, 16, 32, 64, 256, 1024, 4096)
"""Markets per batch."""
OFFERS = (32, 64, 96, 320)
"""Per market: areas that are like the RTS-79."""
BACKENDS = ("numba", "rust")
SINGLE = "{} one by one"
BATCH = "{} batch"
THREADED = "{} batch, {} threads"


class BatchPanel(SweepPanel):
    """Clear the same markets one by one, in one call, and in one call on some threads."""

    races: dict[int, Race]
    """By the number of markets in a batch; times are per market."""

    def __init__(self, rounds: int = 11, **options: Any) -> None:
        controls = {
            "offers": stepper("offers N", OFFERS, inputs.RTS_OFFERS),
            "largest": stepper("largest batch", SIZES[3:], 1024),
            "threads": stepper("threads", [2, 3, 4, 6, 8], 2),
            "bids": choice("prices", list(inputs.BATCH_DISTRIBUTIONS)),
        }
        super().__init__("Run the batches", controls, rounds=rounds, **options)

    def points(self) -> list[int]:
        """Sizes of batches up to the chosen one."""
        return [size for size in SIZES if size <= self.settings["largest"]]

    def race_at(self, size: int) -> Race:
        """Race all ways of clearing batches of one size."""
        # So many batches that no market comes back soon.
        distinct = max(inputs.BATCHES, inputs.DISTINCT // size)
        offers = self.settings["offers"]
        batches = inputs.make_batches(self.settings["bids"], size, distinct=distinct, offers=offers)
        race = timing.race(
            ways_to_clear(present(), self.settings["threads"]),
            [(batch, _rows(*batch)) for batch in batches],
            verify=verify,
            baselines={},
            size=offers,
            **self.options,
            **self.watched,
        )
        return race.per(size)

    def draw(self) -> bytes:
        """Draw times and the efficiency of threads."""
        return plots.batches(self.races, self.settings["threads"], SIZES, BACKENDS)

    def summary(self) -> str:
        """Say from which size on a batch is faster, and what threads gain."""
        largest, threads = max(self.races), self.settings["threads"]
        said = []
        for name in present():
            below, above = break_even(self.races, name)
            one = ratio(self.races[largest], name)
            if above == np.inf:
                when = f"one call is not faster, up to {below:,} markets"
            else:
                when = f"one call is faster from {above:,.0f} markets on"
                when += f", and not at {below:,}" if below else ""
            said.append(
                f"{name}: {when}; at {largest:,} it is {one} times as fast, and {threads} threads "
                f"are {gain(self.races[largest], name, threads)} times as fast as one"
            )
        return ". ".join(said) + "."


def present() -> list[str]:
    """Backends that are compared, where they are installed."""
    return [name for name in BACKENDS if name in market_py.available_backends()]


def _rows(bids: Any, quantities: Any, demands: Any) -> list[tuple[Any, Any, float]]:
    """Take a batch apart into the arguments of single calls."""
    shared = [bids] * len(demands) if bids.ndim == 1 else bids
    return list(zip(shared, quantities, demands.tolist(), strict=True))


def ways_to_clear(names: Sequence[str], threads: int) -> dict[str, timing.Call]:
    """Make every way to clear a batch: functions of the batch and of its rows."""
    ways: dict[str, timing.Call] = {}
    together = get_batch_candidates(names)
    for name, single in get_candidates(names).items():
        ways[SINGLE.format(name)] = _loop(single)
        ways[BATCH.format(name)] = _on(together[name], 1)
        ways[THREADED.format(name, threads)] = _on(together[name], threads)
    return ways


def _loop(single: Callable[..., Any]) -> timing.Call:
    return lambda batch, rows: [single(*market) for market in rows]


def _on(together: Callable[..., Any], threads: int) -> timing.Call:
    return lambda batch, rows: together(*batch, threads)


def verify(ways: Mapping[str, timing.Call], inputs: timing.Inputs) -> dict[str, int]:
    """Compare what all ways answer to the first batch.

    Raises
    ------
    Disagreement
        They do not answer alike.
    """
    batch, rows = inputs[0]

    def collected(way: timing.Call) -> timing.Call:
        def clear(*_: Any) -> Any:
            found = way(batch, rows)
            return map(np.array, zip(*found, strict=True)) if isinstance(found, list) else found

        return lambda *market: tuple(clear(*market))

    return verify_markets({name: collected(way) for name, way in ways.items()}, [batch])


def ratio(race: Race, name: str) -> timing.Ratio:
    """How many times as fast one call is as single calls, on one thread."""
    return race.speedup(BATCH.format(name), over=SINGLE.format(name))


def gain(race: Race, name: str, threads: int) -> timing.Ratio:
    """How many times as fast a batch is on some threads as on one."""
    return race.speedup(THREADED.format(name, threads), over=BATCH.format(name))


def break_even(races: Mapping[int, Race], name: str) -> tuple[int, float]:
    """Largest batch that is not faster than single calls, and the next one.

    From the next one on, batches are faster at every size that was timed, by the intervals of the
    ratios; it is infinite where the largest batch is not faster.
    """
    below, above = 0, np.inf
    for size in sorted(races, reverse=True):
        if races[size].verdict(BATCH.format(name), over=SINGLE.format(name)) != "faster":
            below = size
            break
        above = size
    return below, above


def costs(races: Mapping[int, Race], name: str) -> tuple[float, float, float]:
    """A single call, the fixed cost of a batch, and its cost for each market, ns.

    From the smallest and the largest batch.
    """
    small, large = min(races), max(races)
    ways = SINGLE.format(name), BATCH.format(name)
    single = races[large].quartiles(ways[0])[1]
    first, last = (races[size].quartiles(ways[1])[1] * size for size in (small, large))
    each = (last - first) / (large - small)
    return single, first - each * small, each
