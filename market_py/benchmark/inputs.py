"""Make the inputs of the benchmark: easy, hard, degenerate and real markets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, get_args

import numpy as np

from market_py.reliability import rts79
from market_py.validation import Float64Array

DISTINCT = 256
"""Number of different markets that a race goes through."""
MOST_BYTES = 64 << 20
"""Most memory for the inputs of a race, unless `FEWEST` of them need more."""
FEWEST = 4
"""Least number of distinct inputs, however large."""
BATCHES = 4
"""Number of distinct batches; each holds thousands of distinct markets."""

OneMarket = tuple[Float64Array, Float64Array, float]
Maker = Callable[[int, np.random.Generator], OneMarket]


def random_market(offers: int, rng: np.random.Generator) -> OneMarket:
    """Draw a market with random offers and a demand between a tenth and nine tenths of them."""
    quantities = rng.uniform(1, 100, offers)
    demand = float(rng.uniform(0.1, 0.9) * quantities.sum())
    return rng.uniform(0, 100, offers), quantities, demand


def random_markets(offers: int, distinct: int = DISTINCT, seed: int = 0) -> list[Any]:
    """Draw distinct random markets; the same ones for the same seed."""
    return make_markets("random", offers, seed, distinct)


def repriced_markets(market: OneMarket, distinct: int, rng: np.random.Generator) -> list[Any]:
    """Give a market other prices in the same order; each of the markets has its own memory.

    Comparisons end as they did in the market before, so that a branch predictor can learn them,
    whereas different memory is still read.
    """
    bids, quantities, demand = market
    ranks = np.argsort(np.argsort(bids))
    return [
        (np.sort(rng.uniform(0, 100, bids.size))[ranks], quantities.copy(), demand)
        for _ in range(distinct)
    ]


def _repeated(market: OneMarket, number: int, rng: np.random.Generator) -> list[OneMarket]:
    return [market] * number


def _priced(prices: Callable[[int, np.random.Generator], Float64Array]) -> Maker:
    """Make random markets, but with these prices."""

    def make(offers: int, rng: np.random.Generator) -> OneMarket:
        _, quantities, demand = random_market(offers, rng)
        return prices(offers, rng), quantities, demand

    return make


def _levels(number: int) -> Maker:
    """Make random markets with so many different prices."""
    return _priced(lambda n, rng: rng.choice(rng.uniform(0, 100, number), n))


def _wide(offers: int, rng: np.random.Generator) -> Float64Array:
    """Draw prices of both signs, over 300 orders of magnitude."""
    return rng.choice([-1.0, 1.0], offers) * 10.0 ** rng.uniform(-150, 150, offers)


def _one_huge_offer(offers: int, rng: np.random.Generator) -> OneMarket:
    bids, quantities, _ = random_market(offers, rng)
    quantities[rng.integers(offers)] *= 1e6
    return bids, quantities, float(rng.uniform(0.1, 0.9) * quantities.sum())


def _boundary(offers: int, rng: np.random.Generator) -> OneMarket:
    """Put demand exactly at a step of supply."""
    bids, quantities, _ = random_market(offers, rng)
    steps = np.cumsum(quantities[np.argsort(bids)])
    return bids, quantities, float(rng.choice(steps))


RTS_OFFERS = len(rts79.UNITS)
_RTS_LOADS = rts79.hourly_loads()


def _rts_bids(rng: np.random.Generator) -> Float64Array:
    """Draw marginal costs, each fuel's up to a tenth lower or higher; units of a kind are equal."""
    factors = {fuel: float(rng.uniform(0.9, 1.1)) for fuel in get_args(rts79.Fuel)}
    return rts79.offers(factors)[0]


def _rts_quantities(markets: int, rng: np.random.Generator, areas: int = 1) -> Float64Array:
    """Draw capacities after independent outages, shape (markets, 32 areas)."""
    capacities = np.array([unit.capacity for unit in rts79.UNITS] * areas)
    rates = np.array([unit.forced_outage_rate for unit in rts79.UNITS] * areas)
    return np.where(rng.random((markets, rates.size)) < rates, 0.0, capacities)


def _rts79(offers: int, rng: np.random.Generator) -> OneMarket:
    return _rts_bids(rng), _rts_quantities(1, rng)[0], float(rng.choice(_RTS_LOADS))


class InputDistribution(NamedTuple):
    """One kind of market."""

    make: Maker
    """From the number of offers and a random generator, one market."""
    exact: bool = True
    """Whether prices are distinct and demand is not at a step, so that all variants agree."""
    offers: int | None = None
    """The only size that there is; None for any size."""
    spread: Callable[[OneMarket, int, np.random.Generator], list[OneMarket]] | None = None
    """Makes all markets of a race from one, so that the branch predictor learns them."""


DISTRIBUTIONS = {
    "random": InputDistribution(random_market),
    "repeated": InputDistribution(random_market, spread=_repeated),
    "same order": InputDistribution(random_market, spread=repriced_markets),
    "sorted": InputDistribution(_priced(lambda n, rng: np.sort(rng.uniform(0, 100, n)))),
    "reversed": InputDistribution(
        _priced(lambda n, rng: np.sort(rng.uniform(0, 100, n))[::-1].copy())
    ),
    "equal": InputDistribution(_levels(1), exact=False),
    "two levels": InputDistribution(_levels(2), exact=False),
    "few levels": InputDistribution(_levels(8), exact=False),
    "one huge offer": InputDistribution(_one_huge_offer),
    "wide": InputDistribution(_priced(_wide)),
    "boundary": InputDistribution(_boundary, exact=False),
    "rts79": InputDistribution(_rts79, exact=False, offers=RTS_OFFERS),
}
"""Every distribution of single markets, by name."""


def names_of_any_size() -> list[str]:
    """Return the names of the distributions that have markets of any size."""
    return [name for name, distribution in DISTRIBUTIONS.items() if distribution.offers is None]


def distinct_inputs(offers: int) -> int:
    """Return how many inputs of a size a race goes through, fewer where memory is short."""
    return max(FEWEST, min(DISTINCT, MOST_BYTES // (2 * 8 * offers)))


def make_markets(name: str, offers: int, seed: int = 0, distinct: int | None = None) -> list[Any]:
    """Make the markets of a race, by default as many as `distinct_inputs` says.

    A ValueError says that the distribution is unknown, or has markets of another size only.
    """
    if name not in DISTRIBUTIONS:
        raise ValueError(
            f"distribution {name!r}: must be one of {', '.join(map(repr, DISTRIBUTIONS))}"
        )
    distribution = DISTRIBUTIONS[name]
    if distribution.offers not in (None, offers):
        raise ValueError(f"{name} has {distribution.offers} offers, not {offers}")
    number = distinct or distinct_inputs(offers)
    rng = np.random.default_rng([seed, offers])
    if distribution.spread:
        return distribution.spread(distribution.make(offers, rng), number, rng)
    return [distribution.make(offers, rng) for _ in range(number)]


Batch = tuple[Float64Array, Float64Array, Float64Array]


def _own_bids(markets: int, offers: int, rng: np.random.Generator) -> Batch:
    shape = markets, offers
    bids, quantities = rng.uniform(0, 100, shape), rng.uniform(1, 100, shape)
    return bids, quantities, rng.uniform(0.1, 0.9, markets) * quantities.sum(axis=1)


def _shared_bids(markets: int, offers: int, rng: np.random.Generator) -> Batch:
    """Draw outages of so many areas, each an RTS-79, that are one market."""
    areas, rest = divmod(offers, RTS_OFFERS)
    if rest:
        raise ValueError(f"areas have {RTS_OFFERS} offers each; {offers} is no multiple of that")
    bids = np.tile(_rts_bids(rng), areas)
    quantities = _rts_quantities(markets, rng, areas)
    return bids, quantities, areas * rng.choice(_RTS_LOADS, markets)


class BatchDistribution(NamedTuple):
    """One kind of batch."""

    make: Callable[[int, int, np.random.Generator], Batch]
    """From the numbers of markets and of offers, and a random generator, one batch."""
    exact: bool
    """As for `InputDistribution`."""


BATCH_DISTRIBUTIONS = {
    "own bids": BatchDistribution(_own_bids, exact=True),
    # The RTS-79: the same prices in each row, quantities after random outages.
    "shared bids": BatchDistribution(_shared_bids, exact=False),
}


def make_batches(
    name: str, markets: int, seed: int = 0, distinct: int = BATCHES, offers: int = RTS_OFFERS
) -> list[Any]:
    """Make the batches of a race: bids (B, N) or (N,), quantities (B, N), demands (B,).

    Shared bids raise a ValueError unless the number of offers is a multiple of 32.
    """
    rng = np.random.default_rng([seed, markets])
    return [BATCH_DISTRIBUTIONS[name].make(markets, offers, rng) for _ in range(distinct)]
