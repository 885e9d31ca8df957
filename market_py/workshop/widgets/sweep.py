"""A panel that races one benchmark case after the other, such as sizes of a market, by button."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import market_py
from market_py.benchmark import timing
from market_py.benchmark.cases.case import BenchmarkCase
from market_py.benchmark.timing import Race
from market_py.extension import status
from market_py.workshop.widgets.panel import Job

NOTHING_TIMED = "Nothing has been timed yet: choose, then press the button."


class SweepPanel(Job):
    """Race one case after the other; what is finished is kept when stopped.

    A subclass makes the cases in `cases`, and says in `draw` and `summary` what is shown of their
    races. The rounds and other options are fields of each case.
    """

    point_label = "N = {:,}"
    """Says which case is raced, by its key."""

    def __init__(
        self,
        label: str,
        controls: Mapping[str, Any] | None = None,
        *,
        first: str = NOTHING_TIMED,
        rounds: int = timing.ROUNDS,
        **options: Any,
    ) -> None:
        self.controls = dict(controls or {})
        self.options: dict[str, Any] = {"rounds": rounds, **options}
        self.settings = self.chosen
        """The values of the controls when the last run began."""
        self.races: dict[Any, Race] = {}
        """The finished races of that run, by the keys of their cases; times are per market."""
        self.history: list[tuple[Any, Race]] = []
        """The finished races of all runs, with their keys."""
        super().__init__(label, rounds, (self.draw(), first + without_rust()), controls)

    @property
    def race(self) -> Race | None:
        """The race that was finished last; None before any."""
        return self.history[-1][1] if self.history else None

    def cases(self, *_: Any, **chosen: Any) -> Mapping[Any, BenchmarkCase]:
        """Make the cases for the values of the controls."""
        raise NotImplementedError

    def draw(self) -> bytes:
        """Draw the finished races, possibly none."""
        raise NotImplementedError

    def summary(self) -> str:
        """Say what the finished races show; there is one at least."""
        raise NotImplementedError

    def work(self) -> None:
        """Race one case after the other."""
        former, chosen = (self.settings, self.races), self.chosen
        cases = self.cases(**chosen)
        self.settings, self.races = chosen, {}
        self.expect(len(cases) * self.options["rounds"])
        for number, (key, case) in enumerate(cases.items(), 1):
            self.doing.value = f"{number} of {len(cases)}: {self.point_label.format(key)} …"
            try:
                race = case.race(self.advance, self.is_stopped).per(case.markets)
            except timing.Stopped:
                if not self.races:
                    self.settings, self.races = former
                    raise
                break
            self.races[key] = race
            self.history.append((key, race))
            self.show((self.draw(), self.summary()))


def installed(names: Iterable[str]) -> list[str]:
    """Return the backends and variants among these that are installed."""
    usable = {*market_py.available_backends(), *market_py.available_variants()}
    return [name for name in names if name in usable]


def without_rust() -> str:
    """Say what is missing where there is no Rust."""
    return "" if "rust" in market_py.available_backends() else f" Without Rust: {status()[1]}."


def compared(races: Mapping[int, Race], name: str, over: str) -> str:
    """Say how many times as fast a candidate is as another at each size, with the verdict."""
    return "; ".join(
        f"N = {size:,}: {race.speedup(name, over)} ({race.verdict(name, over)})"
        for size, race in races.items()
    )
