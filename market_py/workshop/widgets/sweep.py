"""A panel whose button times one point after the other, such as sizes of a market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import market_py
from market_py.benchmark import timing
from market_py.benchmark.timing import Race
from market_py.extension import status
from market_py.workshop.widgets.panel import Job

NOTHING_TIMED = "Nothing has been timed yet: choose, then press the button."


class SweepPanel(Job):
    """Time points one after the other; what is finished is kept when stopped.

    A subclass says in `points` what is timed, in `race_at` how, and in `draw` and `summary` what
    is shown of the races that are finished.

    Parameters
    ----------
    label : str
        On the button.
    controls : mapping of str to widget, optional
        Above the button.
    rounds : int
        Samples of each candidate at each point.
    sample_seconds : float
        Shortest duration of a sample.
    first : str
        The sentence before the first run.
    """

    def __init__(
        self,
        label: str,
        controls: Mapping[str, Any] | None = None,
        *,
        rounds: int = timing.ROUNDS,
        sample_seconds: float = timing.SAMPLE_SECONDS,
        first: str = NOTHING_TIMED,
    ) -> None:
        self.controls = dict(controls or {})
        self.options: dict[str, Any] = {"rounds": rounds, "sample_seconds": sample_seconds}
        """What a `BenchmarkCase` and `timing.race` take alike."""
        self.races: dict[Any, Race] = {}
        """The finished races, by their points."""
        self.latest: Any = None
        """The point that was finished last."""
        self.settings = {name: control.value for name, control in self.controls.items()}
        """The values of the controls when the run began."""
        shown = self.draw(), first + without_rust()
        super().__init__(label, rounds, shown, controls)

    @property
    def race(self) -> Race | None:
        """The race that was finished last; None before any."""
        return self.races.get(self.latest)

    @property
    def watched(self) -> dict[str, Any]:
        """What `timing.race` takes to report progress and to be stopped."""
        return {"progress": self.advance, "is_stopped": self.is_stopped}

    def points(self) -> Sequence[Any]:
        """What is to be timed, as `settings` say."""
        raise NotImplementedError

    def race_at(self, point: Any) -> Race:
        """Time the candidates at a point; `timing.Stopped` ends the run."""
        raise NotImplementedError

    def draw(self) -> bytes:
        """Draw the finished races, possibly none."""
        raise NotImplementedError

    def summary(self) -> str:
        """Say what the finished races show; there is one at least."""
        raise NotImplementedError

    def name(self, point: Any) -> str:
        """Say what a point is, while it is timed; a number is a size."""
        return f"N = {point:,}" if isinstance(point, int) else f"{point}"

    def kept(self) -> dict[Any, Race]:
        """Return the races of former runs that this one adds to."""
        return {}

    def work(self) -> None:
        """Time one point after the other."""
        self.settings = self.chosen
        points, former, latest = self.points(), self.races, self.latest
        self.races, self.latest = self.kept(), None
        self.expect(len(points) * self.options["rounds"])
        for number, point in enumerate(points, 1):
            self.doing.value = f"{number} of {len(points)}: {self.name(point)} …"
            try:
                race = self.race_at(point)
            except timing.Stopped:
                if self.latest is None:
                    self.races, self.latest = former, latest
                    raise
                break
            self.races[point], self.latest = race, point
            self.show((self.draw(), self.summary()))


def without_rust() -> str:
    """Say what is missing where there is no Rust."""
    return "" if "rust" in market_py.available_backends() else f" Without Rust: {status()[1]}."


def compared(races: Mapping[int, Race], name: str, over: str) -> str:
    """Say how many times as fast a candidate is as another at each size, with the verdict."""
    return "; ".join(
        f"N = {size:,}: {race.speedup(name, over)} ({race.verdict(name, over)})"
        for size, race in races.items()
    )
