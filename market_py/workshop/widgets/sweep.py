"""A panel whose button times one benchmark case after the other, such as sizes of a market."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import market_py
from market_py.benchmark import timing
from market_py.benchmark.cases.case import BenchmarkCase
from market_py.benchmark.timing import Race
from market_py.extension import status
from market_py.workshop.widgets.panel import Job, Shown


class SweepPanel(Job):
    """Race one case after the other; what is finished is kept when stopped.

    `cases` takes the values of the controls, and returns cases by what varies, such as the number
    of offers. `answer` takes the finished races and the same values, and returns what to show;
    before the first run that is the empty picture. Other options are fields of every case.
    """

    def __init__(
        self,
        label: str,
        controls: Mapping[str, Any],
        cases: Callable[..., Mapping[Any, BenchmarkCase]],
        answer: Callable[..., Shown],
        empty: bytes,
        *,
        first: str = "Nothing has been timed yet: choose, then press the button.",
        rounds: int = timing.ROUNDS,
        **options: Any,
    ) -> None:
        self._cases, self._answer = cases, answer
        self._options = {"rounds": rounds, **options}
        self.races: dict[Any, Race] = {}
        """The finished races of the last run, by what varies; times are per market."""
        super().__init__(label, rounds, (empty, first + without_rust()), controls)

    def work(self) -> None:
        """Race one case after the other."""
        chosen, former = self.chosen, self.races
        cases = self._cases(**chosen)
        self.races = {}
        self.bar.max = len(cases) * self._options["rounds"]
        for number, (key, case) in enumerate(cases.items(), 1):
            name = f"N = {key:,}" if isinstance(key, int) else f"{key}"
            self.doing.value = f"{number} of {len(cases)}: {name} …"
            try:
                race = replace(case, **self._options).race(self.advance, self.is_stopped)
            except timing.Stopped:
                if not self.races:
                    self.races = former
                    raise
                break
            self.races[key] = race.per(case.markets)
            self.show(self._answer(self.races, **chosen))


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
