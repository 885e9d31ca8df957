"""Distributions of inputs: markets that are easy, hard, degenerate or real."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args
from zlib import crc32

import numpy as np

from market_py.reliability import rts79
from market_py.validation import Float64Array

DISTINCT = 256
"""Markets to cycle through."""


def random_market(
    offers: int, rng: np.random.Generator
) -> tuple[Float64Array, Float64Array, float]:
    """Draw a market with random offers and a demand between a tenth and nine tenths of them."""
    quantities = rng.uniform(1, 100, offers)
    demand = float(rng.uniform(0.1, 0.9) * quantities.sum())
    return rng.uniform(0, 100, offers), quantities, demand


def random_markets(offers: int, distinct: int = DISTINCT, seed: int = 0) -> list[Any]:
    """Draw distinct random markets; the same ones for the same seed."""
    rng = np.random.default_rng([seed, offers])
    return [random_market(offers, rng) for _ in range(distinct)]


def repriced_markets(
    market: tuple[Float64Array, Float64Array, float], distinct: int, rng: np.random.Generator
) -> list[Any]:
    """Give a market other prices in the same order; each of the markets has memory of its own.

    Comparisons end as they did in the market before, so a branch predictor can learn them; what
    it takes to read different markets is not spared.
    """
    bids, quantities, demand = market
    ranks = np.argsort(np.argsort(bids))
    return [
        (np.sort(rng.uniform(0, 100, bids.size))[ranks], quantities.copy(), demand)
        for _ in range(distinct)
    ]


def market_size(market: tuple[Float64Array, Float64Array, Any]) -> int:
    """Offers per market."""
    return int(market[0].shape[-1])


OneMarket = tuple[Float64Array, Float64Array, float]
Maker = Callable[[int, np.random.Generator], OneMarket]
Spreader = Callable[[OneMarket, int, np.random.Generator], list[OneMarket]]

MOST_BYTES = 64 << 20
"""The inputs of a race take no more, unless `FEWEST` of them do."""
FEWEST = 4
"""Distinct inputs, however large."""
BATCHES = 4
"""Distinct batches of a race; each holds thousands of distinct markets."""
RTS_OFFERS = len(rts79.UNITS)


@dataclass(frozen=True)
class InputDistribution:
    """One kind of market."""

    name: str
    summary: str
    make: Maker
    """From the number of offers and a random generator, one market."""
    exact: bool = True
    """Whether prices are distinct and demand is away from steps, so that all variants agree."""
    offers: int | None = None
    """The only size that there is."""
    spread: Spreader | None = None
    """Makes all markets of a race from one, so that the branch predictor learns them."""


def _priced(prices: Callable[[int, np.random.Generator], Float64Array]) -> Maker:
    """Make random markets at other prices."""

    def make(offers: int, rng: np.random.Generator) -> OneMarket:
        _, quantities, demand = random_market(offers, rng)
        return prices(offers, rng), quantities, demand

    return make


def _wide(offers: int, rng: np.random.Generator) -> Float64Array:
    return rng.choice([-1.0, 1.0], offers) * 10.0 ** rng.uniform(-150, 150, offers)


def _one_huge_offer(offers: int, rng: np.random.Generator) -> OneMarket:
    bids, quantities, _ = random_market(offers, rng)
    quantities[rng.integers(offers)] *= 1e6
    return bids, quantities, float(rng.uniform(0.1, 0.9) * quantities.sum())


def _boundary(offers: int, rng: np.random.Generator) -> OneMarket:
    bids, quantities, _ = random_market(offers, rng)
    steps = np.cumsum(quantities[np.argsort(bids)])
    return bids, quantities, float(rng.choice(steps))


@cache
def _rts_loads() -> Float64Array:
    return rts79.hourly_loads()


def _rts_bids(rng: np.random.Generator) -> Float64Array:
    """Marginal costs; each fuel is up to a tenth cheaper or dearer."""
    factors = {fuel: float(rng.uniform(0.9, 1.1)) for fuel in get_args(rts79.Fuel)}
    return rts79.offers(factors)[0]


def _rts_quantities(markets: int, rng: np.random.Generator, areas: int = 1) -> Float64Array:
    """Capacities after independent random outages, shape (markets, 32 areas)."""
    capacities = np.array([unit.capacity for unit in rts79.UNITS] * areas)
    rates = np.array([unit.forced_outage_rate for unit in rts79.UNITS] * areas)
    return np.where(rng.random((markets, rates.size)) < rates, 0.0, capacities)


def _rts79(offers: int, rng: np.random.Generator) -> OneMarket:
    return _rts_bids(rng), _rts_quantities(1, rng)[0], float(rng.choice(_rts_loads()))


DISTRIBUTIONS = {
    distribution.name: distribution
    for distribution in (
        InputDistribution("random", "uniform prices, quantities and demand", random_market),
        InputDistribution(
            "repeated",
            "one random market, repeated",
            random_market,
            spread=lambda market, number, _: [market] * number,
        ),
        InputDistribution(
            "same order",
            "markets that differ in their prices, and in the order of these do not",
            random_market,
            spread=repriced_markets,
        ),
        InputDistribution(
            "sorted", "cheapest first", _priced(lambda n, rng: np.sort(rng.uniform(0, 100, n)))
        ),
        InputDistribution(
            "reversed",
            "dearest first",
            _priced(lambda n, rng: np.sort(rng.uniform(0, 100, n))[::-1].copy()),
        ),
        InputDistribution(
            "equal",
            "one price",
            _priced(lambda n, rng: np.full(n, rng.uniform(0, 100))),
            exact=False,
        ),
        InputDistribution(
            "two levels",
            "two prices",
            _priced(lambda n, rng: rng.choice(rng.uniform(0, 100, 2), n)),
            exact=False,
        ),
        InputDistribution(
            "few levels",
            "eight prices",
            _priced(lambda n, rng: rng.choice(rng.uniform(0, 100, 8), n)),
            exact=False,
        ),
        InputDistribution(
            "one huge offer", "one offer a million times the others", _one_huge_offer
        ),
        InputDistribution(
            "wide", "prices of both signs over 300 orders of magnitude", _priced(_wide)
        ),
        InputDistribution("boundary", "demand exactly at a step of supply", _boundary, exact=False),
        InputDistribution(
            "rts79",
            "the RTS-79 with random outages and fuel prices",
            _rts79,
            exact=False,  # Units of a kind cost the same.
            offers=RTS_OFFERS,
        ),
    )
}
"""Every distribution of single markets, by name."""


def names_of_any_size() -> list[str]:
    """Names of the distributions that have markets of every size."""
    return [name for name, distribution in DISTRIBUTIONS.items() if distribution.offers is None]


def distinct_inputs(offers: int) -> int:
    """How many inputs of a size a race cycles through: fewer where memory forbids."""
    return max(FEWEST, min(DISTINCT, MOST_BYTES // (2 * 8 * offers)))


def make_markets(name: str, offers: int, seed: int = 0, distinct: int | None = None) -> list[Any]:
    """Make the markets of a race.

    Parameters
    ----------
    name : str
        Of a distribution.
    offers : int
        Offers per market.
    seed : int
        The same seed gives the same markets.
    distinct : int, optional
        How many; by default `distinct_inputs`.

    Raises
    ------
    ValueError
        There is no such distribution, or it has another size.
    """
    if name not in DISTRIBUTIONS:
        raise ValueError(
            f"distribution {name!r}: must be one of {', '.join(map(repr, DISTRIBUTIONS))}"
        )
    distribution = DISTRIBUTIONS[name]
    if distribution.offers not in (None, offers):
        raise ValueError(f"{name} has {distribution.offers} offers, not {offers}")
    number = distinct or distinct_inputs(offers)
    rng = np.random.default_rng([seed, offers, crc32(name.encode())])
    if distribution.make is random_market:
        markets = random_markets(offers, 1 if distribution.spread else number, seed)
        return distribution.spread(markets[0], number, rng) if distribution.spread else markets
    return [distribution.make(offers, rng) for _ in range(number)]


def _own_bids(
    markets: int, offers: int, rng: np.random.Generator
) -> tuple[Float64Array, Float64Array, Float64Array]:
    shape = markets, offers
    bids, quantities = rng.uniform(0, 100, shape), rng.uniform(1, 100, shape)
    return bids, quantities, rng.uniform(0.1, 0.9, markets) * quantities.sum(axis=1)


def _shared_bids(
    markets: int, offers: int, rng: np.random.Generator
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Draw outages of so many areas, each an RTS-79, that are one market."""
    areas, rest = divmod(offers, RTS_OFFERS)
    if rest:
        raise ValueError(f"areas have {RTS_OFFERS} offers each; {offers} is no multiple of that")
    bids = np.tile(_rts_bids(rng), areas)
    quantities = _rts_quantities(markets, rng, areas)
    return bids, quantities, areas * rng.choice(_rts_loads(), markets)


@dataclass(frozen=True)
class BatchDistribution:
    """One kind of batch."""

    name: str
    summary: str
    make: Callable[[int, int, np.random.Generator], tuple[Float64Array, Float64Array, Float64Array]]
    """From the numbers of markets and of offers, and a random generator, one batch."""
    exact: bool


BATCH_DISTRIBUTIONS = {
    distribution.name: distribution
    for distribution in (
        BatchDistribution(
            "own bids", "random markets, each with its own prices", _own_bids, exact=True
        ),
        BatchDistribution(
            "shared bids",
            "the RTS-79: the same prices in every row, quantities after random outages",
            _shared_bids,
            exact=False,
        ),
    )
}
"""Every distribution of batches, by name."""


def make_batches(
    name: str, markets: int, seed: int = 0, distinct: int = BATCHES, offers: int = RTS_OFFERS
) -> list[Any]:
    """Make the batches of a race: bids (B, N) or (N,), quantities (B, N), demands (B,).

    Raises
    ------
    ValueError
        Bids are shared, and the number of offers is not a multiple of 32.
    """
    rng = np.random.default_rng([seed, markets, crc32(name.encode())])
    return [BATCH_DISTRIBUTIONS[name].make(markets, offers, rng) for _ in range(distinct)]
