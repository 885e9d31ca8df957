"""The panels of notebook 07: the search on the supply curve, and how times grow with the market."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, NullLocator

import market_py
from market_py import timing
from market_py.benchmark.families import FAMILIES, make_markets, names_of_any_size
from market_py.extension import status
from market_py.registry import VARIANTS, contestants
from market_py.timing import Race, Ratio
from market_py.validation import Floats
from market_py.workshop.intervals import resampled, text
from market_py.workshop.panels import Explorer, Job, Shown, choice, slider, stepper
from market_py.workshop.pictures import (
    BLACK,
    BLUE,
    GREEN,
    LEGEND,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    YELLOW,
    Picture,
)
from market_py.workshop.search import Pass, search

SHOWN_FAMILIES = ("random", "few levels", "two levels", "equal", "one huge offer", "sorted")
"""Families whose supply curve fits into one picture."""


class SearchPicture(Picture):
    """The supply curve, the bracket in which the price lies, and the guesses of a pass."""

    def __init__(self) -> None:
        super().__init__(height=5.0)
        self.figure.subplots_adjust(top=0.83)
        self._axes = axes = self.figure.subplots()
        axes.set_xlabel("offered at or below the price (MW)", fontsize=15)
        axes.set_ylabel("price (€/MWh)", fontsize=15)
        axes.tick_params(labelsize=14)
        axes.spines[["top", "right"]].set_visible(False)
        self._bracket = Rectangle((0, 0), 1, 1, color=YELLOW, alpha=0.45, label="bracket")
        self._bracket.set_transform(axes.get_yaxis_transform())
        axes.add_patch(self._bracket)
        (self._curve,) = axes.step(
            [], [], where="post", color=BLACK, linewidth=1.5, label="supply curve"
        )
        self._demand = axes.axvline(0, color=BLUE, linewidth=2.2, label="demand")
        ticks: dict[str, Any] = {"marker": "|", "markersize": 11, "markeredgewidth": 2}
        (self._left,) = axes.plot(
            [], [], color=GREEN, linestyle="", label="candidates left", **ticks
        )
        (self._guesses,) = axes.plot(
            [],
            [],
            color=ORANGE,
            marker="o",
            markersize=10,
            markeredgecolor=BLACK,
            linestyle="",
            label="guesses, and what they supply",
        )
        self._price = axes.axhline(
            0, color=VERMILION, linewidth=2.2, linestyle="--", label="price, once found"
        )
        self.figure.legend(loc="upper center", ncols=3, **LEGEND)

    def show(
        self,
        bids: Floats,
        quantities: Floats,
        demand: float,
        passes: Sequence[Pass],
        price: float | None,
    ) -> bytes:
        """Draw the market after the last of the passes; the price only when it is given."""
        order = np.argsort(bids, kind="stable")
        supply = np.cumsum(quantities[order])
        margin = 0.08 * float(np.ptp(bids)) or 5.0
        bottom, top = float(bids.min()) - margin, float(bids.max()) + margin
        self._axes.set_xlim(0, supply[-1])
        self._axes.set_ylim(bottom, top)
        self._curve.set_data([0.0, *supply], [*bids[order], bids[order[-1]]])
        self._demand.set_xdata([demand, demand])
        low, high = (passes[-1].low, passes[-1].high) if passes else (bottom, top)
        low, high = max(low, bottom), min(high, top)
        self._bracket.set_y(low)
        self._bracket.set_height(high - low)
        left = np.isin(order, passes[-1].left) if passes else np.full(len(bids), True)
        self._left.set_data(supply[left], bids[order][left])
        last = passes[-1] if passes else None
        self._guesses.set_data(last.supplies if last else [], last.guesses if last else [])
        self._price.set_ydata([math.nan if price is None else price] * 2)
        return self.png()


def search_panel() -> Explorer:
    """Sliders for the step of the search, the market and the guesses of a pass."""
    picture = SearchPicture()

    def answer(step: int, offers: int, guesses: int, family: str, seed: int) -> Shown:
        ((bids, quantities, demand),) = make_markets(family, offers, seed, distinct=1)
        found = search(bids.tolist(), quantities.tolist(), demand, guesses, seed)
        passes = found.passes[:step]
        done = len(passes) == len(found.passes)
        png = picture.show(bids, quantities, demand, passes, found.price if done else None)
        return png, step_sentence(passes, offers, demand, found.price if done else None)

    controls = {
        "step": slider("step of the search", 0, 0, 15, 1, ""),
        "offers": slider("offers N", 100, 5, 300, 1, ""),
        "guesses": slider("guesses a pass", 3, 1, 7, 1, ""),
        "family": choice("prices", list(SHOWN_FAMILIES)),
        "seed": slider("random seed", 1, 1, 100, 1, ""),
    }
    return Explorer(controls, answer, picture.width)


def step_sentence(passes: Sequence[Pass], offers: int, demand: float, price: float | None) -> str:
    """Say where the search stands after the last of some passes."""
    if not passes:
        return (
            f"Before the first pass: demand is {demand:,.0f} MW, and any of the {offers} offers "
            "may set the price."
        )
    last, visited = passes[-1], sum(step.visited for step in passes)
    sums = "; ".join(
        f"at or below {guess:.2f} € {supply:,.0f} MW are offered"
        for guess, supply in zip(last.guesses, last.supplies, strict=True)
    )
    sentence = f"Pass {len(passes)} looks at {_counted(last.visited, 'offer')}: {sums}. "
    if price is not None:
        return sentence + (
            f"No candidate is left, so the price is {price:.2f} €/MWh, the cheapest guess that "
            f"covers {demand:,.0f} MW. All passes together looked at {visited} offers, "
            f"{visited / offers:.2f} times each of the {offers}."
        )
    low = "" if last.low == -math.inf else f"above {last.low:.2f} €"
    high = "" if last.high == math.inf else f"not above {last.high:.2f} €"
    where = " and ".join(part for part in (low, high) if part)
    return sentence + (
        f"Demand is {demand:,.0f} MW, so the price is {where}, and "
        f"{_counted(len(last.left), 'candidate')} left between."
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


SORTING, SELECTING = ("numba-sort", "numba-keys", "rust-keys"), ("numba-select", "rust-select")
GROWTH_STYLES = {
    "numba-sort": (BLUE, "o", "-"),
    "numba-keys": (SKY, "^", "-"),
    "rust-keys": (VERMILION, "s", "-"),
    "numba-select": (GREEN, "v", "--"),
    "rust-select": (PURPLE, "D", "--"),
}
"""Colour, marker and dashes; what does not sort is dashed."""
SIZES = (1000, 3000, 10_000, 30_000, 100_000)
MOST_ELEMENTS = 200_000
"""Offers in all the markets of a size: fewer markets where they are larger, but `FEWEST`."""
FEWEST = 8


class GrowthPicture(Picture):
    """Time per offer against the size of the market: what grows as N lies level."""

    def __init__(self) -> None:
        super().__init__(height=5.2)
        self.figure.subplots_adjust(left=0.11, top=0.85)
        self._axes = self.figure.subplots()
        self._legend = self.figure.legend(handles=[])

    def show(self, races: Sequence[Race]) -> bytes:
        """Draw the races run so far, possibly none."""
        axes = self._axes
        axes.clear()
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("offers N", fontsize=15)
        axes.set_ylabel("ns per offer", fontsize=15)
        axes.tick_params(labelsize=14)
        axes.grid(alpha=0.3, which="both")
        axes.spines[["top", "right"]].set_visible(False)
        ends = [race.offers for race in races] or SIZES
        # Before the lines: a single size would be warned of as a singular axis.
        axes.set_xlim(0.8 * min(ends), 1.25 * max(ends))
        offers = np.array([race.offers for race in races])
        for name, (colour, marker, dashes) in GROWTH_STYLES.items():
            if races and name in races[0].rounds:
                low, median, high = np.array([race.quartiles(name) for race in races]).T / offers
                axes.errorbar(
                    offers,
                    median,
                    yerr=[median - low, high - median],
                    color=colour,
                    marker=marker,
                    linestyle=dashes,
                    capsize=3,
                    label=name,
                )
        if not races:
            axes.set_ylim(1, 100)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(subs=(1, 2, 5) if axis is axes.yaxis else (1, 3)))
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter("{x:,g}")
        handles, labels = axes.get_legend_handles_labels()
        self._legend.remove()
        self._legend = self.figure.legend(handles, labels, loc="upper center", ncols=3, **LEGEND)
        return self.png()


def exponent(races: Sequence[Race], name: str) -> Ratio:
    """Fit the exponent ``p`` of ``time ~ N**p``: the slope of the line on log-log axes."""
    x = np.log([race.offers for race in races])
    x -= x.mean()

    def slope(medians: list[Floats]) -> Floats:
        fitted: Floats = x @ np.log(medians) / (x @ x)
        return fitted

    return resampled([race.rounds[name] for race in races], slope)


class GrowthPanel(Job):
    """Time rungs that sort and rungs that select over the size of the market, by button.

    Parameters
    ----------
    sizes : tuple of int
        Offers per market.
    rounds : int
        Samples of each rung at each size.
    sample_seconds : float
        Shortest duration of a sample.
    """

    def __init__(
        self,
        sizes: tuple[int, ...] = SIZES,
        rounds: int = 11,
        sample_seconds: float = timing.SAMPLE_SECONDS,
    ) -> None:
        self._sizes, self._rounds, self._sample_seconds = sizes, rounds, sample_seconds
        self._picture = GrowthPicture()
        self.races: list[Race] = []
        first = "Nothing timed yet: choose a family of prices and press the button."
        if "rust" not in market_py.available_backends():
            first += f" Without Rust: {status()[1]}."
        shown = self._picture.show([]), first
        self.family = choice("prices", names_of_any_size())
        self.largest = stepper("largest market", sizes[1:], sizes[-1])
        steps, controls = len(sizes) * rounds, {"family": self.family, "largest": self.largest}
        super().__init__("Time the growth", steps, shown, self._picture.width, controls)

    def work(self) -> None:
        """Time one size after the other; what is finished is kept when stopped."""
        self.races = []
        family = FAMILIES[self.family.value]
        usable = market_py.available_variants()
        candidates = contestants([name for name in (*SORTING, *SELECTING) if name in usable])
        sizes = [size for size in self._sizes if size <= self.largest.value]
        self.expect(len(sizes) * self._rounds)
        for offers in sizes:
            self.doing.value = f"markets of {offers:,} offers …"
            markets = max(FEWEST, min(timing.DISTINCT, MOST_ELEMENTS // offers))
            try:
                race = timing.race(
                    candidates,
                    make_markets(family.name, offers, distinct=markets),
                    may_differ=() if family.exact else VARIANTS,
                    rounds=self._rounds,
                    sample_seconds=self._sample_seconds,
                    progress=self.advance,
                    is_stopped=self.is_stopped,
                )
            except timing.Stopped:
                break
            self.races.append(race)
            self.show((self._picture.show(self.races), growth(family.name, self.races)))
        self.show((self._picture.show(self.races), growth(family.name, self.races)))


def growth(family: str, races: Sequence[Race]) -> str:
    """Say with what power of N each rung's time grows."""
    if not races:
        return "Stopped before the first size was done."
    sizes = f"{family} prices, N = {races[0].offers:,}"
    if len(races) == 1:
        return f"{sizes}: two sizes are needed for a slope."
    said = [f"{name} {text(exponent(races, name), 2)}" for name in races[0].candidates]
    return f"{sizes} to {races[-1].offers:,}; time grows as N to the power of: {', '.join(said)}."
