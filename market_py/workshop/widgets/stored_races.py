"""Races of the stored run, to be chosen from; nothing is timed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import traitlets

from market_py.benchmark.reference import place, reference
from market_py.benchmark.report.picture import times
from market_py.benchmark.results import TITLES, Kind, RaceResult
from market_py.benchmark.timing import BASELINES
from market_py.plots.axes import figures, interval_bars, label
from market_py.plots.picture import picture
from market_py.plots.style import bar_style
from market_py.workshop.widgets.figure import InteractiveFigure, script

LEARNING_KINDS = ("replay", "policy")
"""Sections whose races are of rows and not of offers."""
UNITS = {"s": 1e9, "ms": 1e6, "µs": 1e3, "ns": 1.0}
"""In nanoseconds; the first that is not too long shows a time."""
ROOM = 1.05
"""Length of the axis, in lengths of the longest whisker."""
CHOICES = ("kind", "distribution", "size", "over")


class StoredRaces(InteractiveFigure):
    """The races of some sections of the stored run: bars, and how candidates compare with one.

    What there is to choose depends on what is chosen before it. The browser asks Python for a race
    that it does not know; a page without a kernel knows them all.

    Parameters
    ----------
    *kinds : str
        Sections of the run.
    names : sequence of str
        Candidates that are shown, beside the baselines; by default all.
    over : str
        The candidate with which the others are compared at first, if it was timed.
    size : str
        What a race's size is a number of.
    """

    _esm = script("stored_races.js")

    # What is chosen; Python may set these, too.
    kind = traitlets.Unicode().tag(sync=True)
    distribution = traitlets.Unicode().tag(sync=True)
    size = traitlets.CInt().tag(sync=True)
    over = traitlets.Unicode().tag(sync=True)

    races: Any = traitlets.Dict().tag(sync=True)
    """What is shown of each race that was chosen."""

    def __init__(
        self,
        *kinds: Kind,
        names: Sequence[str] = (),
        over: str = "numba-sort",
        size: str = "offers N",
    ) -> None:
        self._races = {found.key: found for found in reference().of_kind(*kinds)}
        self._names: dict[str, dict[str, dict[int, list[str]]]] = {}
        """Candidates, by section, distribution and size."""
        for (kind, distribution, offers), found in sorted(
            self._races.items(), key=lambda item: (kinds.index(item[0][0]), item[0][2])
        ):
            shown = [name for name in found.race.candidates if not names or name in names]
            self._names.setdefault(kind, {}).setdefault(distribution, {})[offers] = shown
        setting = {
            "races": self._names,
            "titles": {kind: TITLES[kind] for kind in self._names},
            "size_label": size,
        }
        start = self._existing(next(iter(self._names)), "", 200, over)
        super().__init__(_setting=setting, **start)

    def html(self) -> str:
        """Return HTML in which every race can be chosen, without a kernel."""
        self.races = {self._key(choice): self._describe(choice) for choice in self._choices()}
        return super().html()

    def png(self) -> bytes:
        """Draw the race that is chosen."""
        names = self._shown()
        picture: bytes = stored_picture(len(names))(self._found(), names, self.over)
        return picture

    def _choices(self) -> Iterator[dict[str, Any]]:
        for kind, distributions in self._names.items():
            for distribution, sizes in distributions.items():
                for size, names in sizes.items():
                    for over in names:
                        yield dict(zip(CHOICES, (kind, distribution, size, over), strict=True))

    def _existing(self, kind: str, distribution: str, size: int, over: str) -> dict[str, Any]:
        """Return the choice that exists and is next to another one."""
        distributions = self._names[kind]
        if distribution not in distributions:
            distribution = next(iter(distributions))
        sizes = distributions[distribution]
        size = min(sizes, key=lambda it: abs(math.log(it / size)))
        over = over if over in sizes[size] else sizes[size][0]
        return dict(zip(CHOICES, (kind, distribution, size, over), strict=True))

    @property
    def chosen(self) -> dict[str, Any]:
        """Section, distribution, size and the candidate with which others are compared."""
        return {name: getattr(self, name) for name in CHOICES}

    @staticmethod
    def _key(choice: dict[str, Any]) -> str:
        return "/".join(map(str, choice.values()))

    def _found(self, choice: dict[str, Any] | None = None) -> RaceResult:
        kind, distribution, size, _ = (choice or self.chosen).values()
        return self._races[kind, distribution, size]

    def _shown(self, choice: dict[str, Any] | None = None) -> list[str]:
        """Names of the candidates that are shown, and of the baselines."""
        kind, distribution, size, _ = (choice or self.chosen).values()
        return [*self._names[kind][distribution][size], *self._found(choice).race.baselines]

    def _describe(self, choice: dict[str, Any]) -> dict[str, Any]:
        """Describe what is shown of a race."""
        found, names, over = self._found(choice), self._shown(choice), choice["over"]
        race = found.race.per(found.markets)
        quartiles = {name: race.quartiles(name) for name in names}
        longest = max(median for _, median, _ in quartiles.values())
        unit = _unit(longest)
        return {
            "headings": ["candidate", _what(found), f"times as fast as {over}"],
            "end": ROOM * max(high for _, _, high in quartiles.values()),
            "rows": [
                {
                    "name": name,
                    "colour": bar_style(name)[0],
                    "quartiles": quartiles[name],
                    "time": f"{figures(quartiles[name][1] / UNITS[unit])} {unit}",
                    "compared": _said(found, name, over),
                }
                for name in names
            ],
            "sentence": summary(found, names, over),
        }

    def _clear(self) -> None:
        """Choose what exists, and describe it."""
        choice = self._existing(**self.chosen)
        key = self._key(choice)
        with self.hold_sync():
            with self.hold_trait_notifications():
                for name, value in choice.items():
                    setattr(self, name, value)
            if key not in self.races:
                self.races = {**self.races, key: self._describe(choice)}
            self.sentence = self.races[key]["sentence"]

    @traitlets.validate("kind")
    def _check_kind(self, proposal: Any) -> str:
        if proposal["value"] not in self._names:
            raise ValueError(f"kind = {proposal['value']!r}: must be one of {list(self._names)}")
        return str(proposal["value"])

    @traitlets.validate("size")
    def _check_size(self, proposal: Any) -> int:
        if proposal["value"] < 1:
            raise ValueError(f"size = {proposal['value']}: must be at least 1")
        return int(proposal["value"])

    @traitlets.observe(*CHOICES)
    def _on_choice(self, _change: object) -> None:
        # The browser asks for what it does not know.
        self._clear()


def stored_picture(most: int) -> Any:
    """Make a picture with a bar for each of up to so many candidates."""

    @picture(height=1.6 + 0.42 * most)
    def stored(figure: Any, timed: RaceResult, names: Sequence[str], over: str) -> None:
        """Draw candidates, and beside each how it compares with another."""
        figure.subplots_adjust(left=0.2, right=0.97, top=0.97)
        axes, race = figure.subplots(), timed.race.per(timed.markets)
        unit = _unit(max(race.quartiles(name)[1] for name in names))
        bars = {name: times([race], name, UNITS[unit])[0] for name in names}
        written = {
            name: _said(timed, name, over) or f"{figures(bars[name][1])} {unit}" for name in names
        }
        # Room for what is written beside the longest bar.
        interval_bars(axes, bars, written=written, room=1.6)
        label(axes, f"{unit} {_what(timed)}")

    return stored


def _unit(longest: float) -> str:
    """Return the unit that shows so many nanoseconds."""
    return next((unit for unit, length in UNITS.items() if longest >= length), "ns")


def _what(timed: RaceResult) -> str:
    what = "per market" if timed.markets > 1 else "per call"
    return f"{what}: median, half of the rounds in the whiskers"


def _said(timed: RaceResult, name: str, over: str) -> str:
    """Say how a candidate compares; nothing of the other itself and of baselines."""
    if name == over or over not in timed.race.rounds or name in BASELINES:
        return ""
    return f"{timed.race.speedup(name, over)} ×, {timed.race.verdict(name, over)}"


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
