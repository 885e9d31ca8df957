"""The panel of notebook 05: what a call costs beside the kernel, by paired differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.patches import Patch

import market_py
from market_py import timing
from market_py.benchmark import families
from market_py.extension import status
from market_py.registry import VARIANTS, contestants
from market_py.timing import FLOOR, Race, Ratio
from market_py.workshop.intervals import resampled, text
from market_py.workshop.panels import Job, choice, stepper
from market_py.workshop.pictures import (
    BLACK,
    LEGEND,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    Picture,
)


@dataclass(frozen=True)
class Toll:
    """What is paid at the border for one thing: the difference between two candidates.

    The two differ in that thing only.
    """

    kind: str
    dearer: str
    cheaper: str


LIST, BOOKKEEPING, ARRAY, BOXING = (
    "a list, not an array",
    "bookkeeping of arguments",
    "a new array, not the caller's",
    "array made by numba, not by NumPy",
)
REST = "kernel, and all the rest"

_SORTING_LIST = Toll(LIST, "rust-naive", "rust-ndarray")
_SORTING_BOOKKEEPING = Toll(BOOKKEEPING, "rust-naive", "rust-naive-cheap")
_LIST = Toll(LIST, "rust-select-list", "rust-cheap")
_BOOKKEEPING = Toll(BOOKKEEPING, "rust-select", "rust-cheap")
_ARRAY = Toll(ARRAY, "rust-filled", "rust-out")
_NUMBA_ARRAY = Toll(ARRAY, "numba-cheap", "numba-out")
_BOXING = Toll(BOXING, "numba-select", "numba-cheap")

TOLLS = (
    _SORTING_LIST,
    _SORTING_BOOKKEEPING,
    _LIST,
    _BOOKKEEPING,
    _ARRAY,
    _NUMBA_ARRAY,
    _BOXING,
)
"""Every toll that can be told apart."""

SORTING = {
    "rust-naive": (_SORTING_BOOKKEEPING, _SORTING_LIST),
    "rust-ndarray": (_SORTING_BOOKKEEPING,),
    "rust-naive-cheap": (_SORTING_LIST,),
}
"""The published kernel behind three borders, and the tolls that each pays."""
SELECTING = {
    "rust-select-list": (_LIST,),
    "rust-select": (_BOOKKEEPING,),
    "rust-cheap": (),
    "rust-filled": (_ARRAY,),
    "rust-out": (),
    "numba-select": (_NUMBA_ARRAY, _BOXING),
    "numba-cheap": (_NUMBA_ARRAY,),
    "numba-out": (),
}
"""The kernels that do not sort, and the tolls that each pays."""
RUNGS = (*SORTING, *SELECTING)
"""Everything that is timed."""
SIZES = (5, 20, 50, 200, 1000)

STYLES = {
    FLOOR: (BLACK, ""),
    REST: ("#DDDDDD", ""),
    ARRAY: (SKY, "//"),
    BOOKKEEPING: (ORANGE, "\\\\"),
    BOXING: (PURPLE, "xx"),
    LIST: (VERMILION, ".."),
}
"""Colour and hatch of each part of a bar."""


def tolls(race: Race) -> dict[Toll, Ratio]:
    """The tolls that a race can tell, in nanoseconds a call."""
    return {
        toll: race.difference(toll.dearer, toll.cheaper)
        for toll in TOLLS
        if {toll.dearer, toll.cheaper} <= set(race.rounds)
    }


def per_element(few: Race, many: Race) -> Ratio | None:
    """Nanoseconds for each further element of the list, from races at two sizes.

    None where Rust was not timed. The two lists of the same kernel are compared that leave the
    least beside the list.
    """
    if not all({_LIST.dearer, _LIST.cheaper} <= set(race.rounds) for race in (few, many)):
        return None
    samples = [race.rounds[_LIST.dearer] - race.rounds[_LIST.cheaper] for race in (few, many)]
    return resampled(
        samples, lambda medians: (medians[1] - medians[0]) / (many.offers - few.offers)
    )


def dispatches(offers: int) -> dict[str, Any]:
    """Return what some functions that agree return as the dispatch of one market, as it is."""
    market = timing.random_market(offers, np.random.default_rng(0))
    usable = market_py.available_variants()
    names = [name for name in ("rust-naive", "rust-ndarray", "numba-select") if name in usable]
    return {name: market_py.get_variant(name)(*market)[1] for name in names}


class BorderPicture(Picture):
    """A bar for each candidate, made of the floor, the kernel and the tolls."""

    def __init__(self) -> None:
        super().__init__(height=6.8)
        self.figure.subplots_adjust(left=0.19, top=0.81, bottom=0.11, hspace=0.42)
        self._axes = self.figure.subplots(2, height_ratios=[len(SORTING), len(SELECTING)])
        handles = [
            Patch(facecolor=colour, hatch=hatch, edgecolor=BLACK, label=kind)
            for kind, (colour, hatch) in STYLES.items()
        ]
        self.figure.legend(handles=handles, loc="upper center", ncols=2, **LEGEND)

    def show(self, race: Race | None) -> bytes:
        """Draw a race, or none yet."""
        paid = {} if race is None else tolls(race)
        titles = "kernel that sorts, as published", "kernels that do not sort"
        for axes, title, bars in zip(self._axes, titles, (SORTING, SELECTING), strict=True):
            axes.clear()
            axes.set_title(title, fontsize=14, loc="left")
            axes.tick_params(labelsize=13)
            axes.spines[["top", "right"]].set_visible(False)
            axes.set_yticks(range(len(bars)), bars)
            axes.set_ylim(len(bars) - 0.5, -0.5)
            axes.grid(axis="x", alpha=0.3)
            if race is not None:
                for place, (name, parts) in enumerate(bars.items()):
                    if name in race.rounds:
                        self._bar(axes, place, race, name, {part: paid[part] for part in parts})
            axes.set_xlim(left=0)
            axes.set_xlim(right=1.08 * axes.get_xlim()[1])
        self._axes[1].set_xlabel("ns per call (each half has its own scale)", fontsize=15)
        return self.png()

    def _bar(self, axes: Any, place: int, race: Race, name: str, paid: dict[Toll, Ratio]) -> None:
        floor, whole = (float(np.median(race.rounds[it])) for it in (FLOOR, name))
        widths = {toll.kind: max(0.0, found.value) for toll, found in paid.items()}
        rest = max(0.0, whole - floor - sum(widths.values()))
        left = end = 0.0
        for kind, width in {FLOOR: floor, REST: rest, **widths}.items():
            colour, hatch = STYLES[kind]
            axes.barh(
                place, width, 0.66, left, color=colour, hatch=hatch, edgecolor=BLACK, linewidth=0.6
            )
            left += width
            found = next((found for toll, found in paid.items() if toll.kind == kind), None)
            if found is not None:
                spread = [[found.value - found.low], [found.high - found.value]]
                axes.errorbar(left, place, xerr=spread, color=BLACK, capsize=4, linewidth=1.6)
                end = left + found.high - found.value
        axes.annotate(
            f"{whole:,.0f}",
            (max(left, end), place),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=13,
        )


class BorderPanel(Job):
    """Time one kernel behind different borders, at a chosen size of market.

    Parameters
    ----------
    rounds : int
        Samples of each candidate.
    sample_seconds : float
        Shortest duration of a sample.
    """

    def __init__(
        self, rounds: int = timing.ROUNDS, sample_seconds: float = timing.SAMPLE_SECONDS
    ) -> None:
        self._rounds, self._sample_seconds = rounds, sample_seconds
        self._picture = BorderPicture()
        self.races: dict[int, Race] = {}
        first = "Nothing timed yet: choose a size and press the button."
        if "rust" not in market_py.available_backends():
            first += f" Without Rust: {status()[1]}."
        self.size = stepper("offers N", SIZES, 20)
        self.family = choice("inputs", families.names_of_any_size())
        self._timed_family = self.family.value
        shown, width = (self._picture.show(None), first), self._picture.width
        controls = {"size": self.size, "family": self.family}
        super().__init__("Time the border", rounds, shown, width, controls)

    def measure(self, offers: int) -> Race:
        """Time one of the sizes, as the button does, and return its raw rounds."""
        self.size.value = offers
        self.run()
        return self.races[offers]

    def work(self) -> None:
        """Time the candidates; an unfinished race is dropped."""
        offers: int = self.size.value
        usable = market_py.available_variants()
        candidates = contestants([name for name in RUNGS if name in usable])
        family: str = self.family.value
        self.doing.value = f"markets of {offers} offers …"
        race = timing.race(
            candidates,
            families.make_markets(family, offers),
            may_differ=() if families.FAMILIES[family].exact else VARIANTS,
            rounds=self._rounds,
            sample_seconds=self._sample_seconds,
            progress=self.advance,
            is_stopped=self.is_stopped,
        )
        if family != self._timed_family:
            # Sizes are compared with each other: on the same kind of inputs only.
            self.races, self._timed_family = {}, family
        self.races[offers] = race
        self.show((self._picture.show(race), summary(race)))


def summary(race: Race) -> str:
    """Say what each toll is, and which of them cannot be told from nothing."""
    floor = float(np.median(race.rounds[FLOOR]))
    said, lost = [], []
    for toll, found in tolls(race).items():
        if found.low <= 0 <= found.high:
            lost.append(f"{toll.kind} ({toll.dearer} − {toll.cheaper})")
        else:
            said.append(f"{toll.kind} ({toll.dearer} − {toll.cheaper}) {text(found)}")
    sentence = f"N = {race.offers}, ns per call: an empty call takes {floor:.0f}"
    sentence += "".join(f"; {words}" for words in said) + "."
    if lost:
        sentence += f" Not to be told from nothing: {'; '.join(lost)}."
    return sentence
