"""A panel that shows races of the stored run; nothing is timed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from market_py.benchmark.reference import place, reference
from market_py.benchmark.report.picture import times
from market_py.benchmark.results import TITLES, Kind, RaceResult
from market_py.benchmark.timing import BASELINES
from market_py.plots.axes import figures, interval_bars, label
from market_py.plots.picture import picture
from market_py.workshop.widgets.controls import choice, stepper
from market_py.workshop.widgets.panel import Explorer, Shown

LEARNING_KINDS = ("replay", "policy")
"""Sections whose races are of rows and not of offers."""
UNITS = {"s": 1e9, "ms": 1e6, "µs": 1e3, "ns": 1.0}
"""In nanoseconds; the first that is not too long shows a time."""


def stored_picture(most: int) -> Any:
    """Make a picture with a bar for each of up to so many candidates."""

    @picture(height=1.6 + 0.42 * most)
    def stored(figure: Any, timed: RaceResult, names: Sequence[str], over: str) -> None:
        """Draw candidates, and beside each how it compares with another."""
        figure.subplots_adjust(left=0.2, right=0.97, top=0.97)
        axes, race = figure.subplots(), timed.race.per(timed.markets)
        longest = max(race.quartiles(name)[1] for name in names)
        unit = next((unit for unit, length in UNITS.items() if longest >= length), "ns")
        bars = {name: times([race], name, UNITS[unit])[0] for name in names}
        written = {
            name: _said(timed, name, over) or f"{figures(bars[name][1])} {unit}" for name in names
        }
        # Room for what is written beside the longest bar.
        interval_bars(axes, bars, written=written, room=1.6)
        what = "per market" if timed.markets > 1 else "per call"
        label(axes, f"{unit} {what}: median, half of the rounds in the whiskers")

    return stored


def _said(timed: RaceResult, name: str, over: str) -> str:
    """Say how a candidate compares; nothing of the other itself and of baselines."""
    if name == over or over not in timed.race.rounds or name in BASELINES:
        return ""
    return f"{timed.race.speedup(name, over)} ×, {timed.race.verdict(name, over)}"


class StoredPanel(Explorer):
    """Explore the races of some sections of the stored run; nothing is timed.

    It shows the candidates of these names and the baselines, by default all, and compares them with
    one, at first `over`. What there is to choose depends on what is chosen above it; where there is
    nothing to choose, nothing asks.
    """

    def __init__(
        self,
        *kinds: Kind,
        names: Sequence[str] = (),
        over: str = "numba-sort",
        size: str = "offers N",
    ) -> None:
        self._names = names
        self._races: dict[str, dict[str, dict[int, RaceResult]]] = {}
        """By section, distribution and size."""
        everything = list(reference().of_kind(*kinds))
        for timed in everything:
            section = self._races.setdefault(TITLES[timed.kind], {})
            section.setdefault(timed.distribution, {})[timed.race.size] = timed
        self._draw = stored_picture(max(len(_shown(timed, names)) for timed in everything))
        first = everything[0]
        distributions = self._races[TITLES[first.kind]]
        sizes = sorted(distributions[first.distribution])
        controls: dict[str, Any] = {
            "section": choice("stored races", list(self._races)),
            "distribution": choice("inputs", list(distributions)),
            "offers": stepper(size, sizes, _nearest(sizes, 200)),
            "over": choice("compare with", [over]),
        }
        super().__init__(controls, self._answer)
        for name in ("section", "distribution", "offers"):
            controls[name].observe(self._narrow, names="value")
        self._narrow()

    def _timed(self, section: str, distribution: str, offers: int) -> RaceResult:
        """Find the race that is closest to what is chosen: choices change one after the other."""
        distributions = self._races[section]
        races = distributions.get(distribution) or next(iter(distributions.values()))
        return races[_nearest(races, offers)]

    def _narrow(self, _change: object = None) -> None:
        """Offer what there is to choose."""
        section, distribution, offers, over = self.controls.values()
        _offer(distribution, list(self._races[section.value]))
        sizes = sorted(self._races[section.value][distribution.value])
        if len(sizes) > 1 and sizes != [number for _, number in offers.options]:
            nearest = _nearest(sizes, offers.value)
            offers.options = [(f"{number:,}", number) for number in sizes]
            offers.value = nearest
        offers.layout.display = "" if len(sizes) > 1 else "none"
        section.layout.display = "" if len(section.options) > 1 else "none"
        shown = _shown(self._timed(section.value, distribution.value, offers.value), self._names)
        names = [name for name in shown if name not in BASELINES]
        _offer(over, sorted(names, key=lambda name: name != over.value))

    def _answer(self, section: str, distribution: str, offers: int, over: str) -> Shown:
        timed = self._timed(section, distribution, offers)
        shown = _shown(timed, self._names)
        over = over if over in shown else shown[0]
        return self._draw(timed, shown, over), summary(timed, shown, over)


def _nearest(sizes: Iterable[int], wanted: int) -> int:
    return min(sizes, key=lambda size: abs(math.log(size / wanted)))


def _offer(control: Any, options: list[str]) -> None:
    """Let a list offer other options, the one that is chosen if it is among them."""
    if set(options) != set(control.options):
        value = control.value if control.value in options else options[0]
        control.options = options
        control.value = value
    control.layout.display = "" if len(options) > 1 else "none"


def _shown(timed: RaceResult, names: Sequence[str]) -> list[str]:
    race = timed.race
    candidates = [name for name in race.candidates if not names or name in names]
    return [*candidates, *race.baselines]


def summary(timed: RaceResult, names: Sequence[str], over: str) -> str:
    """Say what was raced, and how the candidates compare with one of them."""
    race = timed.race
    if timed.kind in LEARNING_KINDS:
        size = f"{race.size:,} rows a call"
    else:
        markets = f"{timed.markets:,} markets" if timed.markets > 1 else "one market"
        size = f"N = {race.size:,}, {markets} a call"
    start = f"Stored ({place(reference())}): {TITLES[timed.kind]}; {timed.distribution}, {size}. "
    said = [
        f"{name} {race.speedup(name, over)} times as fast, {race.verdict(name, over)}"
        for name in names
        if name != over and name not in BASELINES
    ]
    return start + f"Over {over}: {'; '.join(said)}."
