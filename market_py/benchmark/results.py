"""Save and load the raw rounds of a benchmark run, with its settings, machine and versions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from market_py.benchmark import timing
from market_py.benchmark.confirm import Confirmation
from market_py.benchmark.operation_counts import OperationCounts
from market_py.extension import REPOSITORY
from market_py.files import write_atomically
from market_py.reliability import rts79

SCHEMA = 3
"""Version of the file format; `Results.load` refuses others."""
FOLDER = REPOSITORY / "results"

Kind = str
"""Section of a run, one of `KINDS`."""
TITLES: dict[Kind, str] = {
    "single": "One market per call, distinct inputs",
    "repeated": "Inputs that a branch predictor can learn, beside distinct ones",
    "ladder": "Every variant of the ladder",
    "distributions": "Easy, hard, degenerate and real inputs",
    "batch": "Many markets per call",
    "auction": "Auctions with orders on both sides",
    "auction day": "The auctions of a day in one call",
    "steps": "Steps of the learning environment, many markets together",
    "one step": "Steps of the learning environment, one market",
    "replay": "Replay buffers",
    "policy": "Policy inference",
    "years": "Years of outages, drawn and cleared hour by hour",
    "scaling": "Years of outages on threads and on a Dask cluster",
    "ppo": "Proximal policy optimization",
}
KINDS = tuple(TITLES)
"""Sections of a run that consist of races."""


class Unreadable(ValueError):
    """A file does not hold results that can be read."""


@dataclass(frozen=True)
class RaceResult:
    """A race of a run, and what it was about."""

    kind: Kind
    distribution: str
    markets: int
    """Markets per call."""
    threads: tuple[int, ...]
    """Thread counts with which each candidate ran."""
    race: timing.Race

    @property
    def key(self) -> tuple[str, str, int]:
        """Section, distribution and size, which identify the race within a run."""
        return self.kind, self.distribution, self.race.size

    @property
    def label(self) -> str:
        """The key as text."""
        return f"{self.kind}, {self.distribution}, N = {self.race.size:,}"

    def to_json(self) -> dict[str, Any]:
        """Convert to plain data and arrays, the fields of the race beside the others."""
        fields = vars(self) | vars(self.race)
        return {name: fields[name] for name in fields if name not in ("race", "_speedups")}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> RaceResult:
        """Read what `to_json` returns; other data raise a KeyError, TypeError or ValueError."""
        if data["kind"] not in KINDS:
            raise ValueError(f"kind {data['kind']!r}")
        rounds = {name: np.array(values, float) for name, values in data["rounds"].items()}
        lengths = {values.shape for values in rounds.values()}
        if len(lengths) != 1 or not all(np.all(values > 0) for values in rounds.values()):
            raise ValueError("rounds that are not as many positive numbers for each candidate")
        others = ("distinct", "first_call_seconds", "disagreements")
        race = timing.Race(int(data["size"]), rounds, *(data[name] for name in others))
        if not race.candidates or race.candidates[0] + timing.AA_SUFFIX not in rounds:
            raise ValueError("a race without an A/A pair")
        return cls(
            data["kind"], data["distribution"], data["markets"], tuple(data["threads"]), race
        )


@dataclass(frozen=True)
class StudyResult:
    """Result and duration of a reliability simulation."""

    backend: str
    threads: int
    seed: int
    years: int
    seconds: float
    loss_of_load: tuple[float, float]
    """Mean and standard error, h/year."""
    unserved_energy: tuple[float, float]
    """Mean and standard error, MWh/year."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> StudyResult:
        """Read plain data, whose pairs are lists."""
        pairs = {name: tuple(data[name]) for name in ("loss_of_load", "unserved_energy")}
        return cls(**data | pairs)

    @property
    def clearings_per_second(self) -> float:
        """Hours cleared per second, with drawing outages and summing the indices."""
        return self.years * rts79.HOURS / self.seconds


@dataclass
class Results:
    """One run of the benchmark."""

    machine: dict[str, Any]
    """Description by `market_py.benchmark.machine.record`."""
    settings: dict[str, Any]
    """The fields of `Settings`."""
    time: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    """Start of the run, UTC."""
    races: list[RaceResult] = field(default_factory=list)
    operation_counts: list[OperationCounts] = field(default_factory=list)
    """Operations of each variant of the ladder; empty where they were not counted."""
    studied: list[StudyResult] = field(default_factory=list)
    confirmed: list[Confirmation] = field(default_factory=list)
    """Measurements in fresh processes; empty where they were not asked for."""

    def of_kind(self, *kinds: Kind) -> Iterator[RaceResult]:
        """Yield the races of sections, in the order in which they ran."""
        return (found for kind in kinds for found in self.races if found.kind == kind)

    def find(self, kind: Kind, distribution: str, size: int) -> timing.Race | None:
        """Look up a race by section, distribution and size."""
        key = (kind, distribution, size)
        return next((found.race for found in self.races if found.key == key), None)

    def save(self, path: Path) -> None:
        """Write a file atomically."""
        text = json.dumps({"schema": SCHEMA, **vars(self)}, default=_plain)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, lambda file: file.write(f"{text}\n".encode()))

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read a file that `save` wrote; `Unreadable` says what is wrong with any other."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise Unreadable(f"{path}: {error.strerror}") from error
        except ValueError as error:
            raise Unreadable(f"{path} is not JSON: {error}") from error
        if not isinstance(data, dict) or "schema" not in data:
            raise Unreadable(f"{path} holds no results of this benchmark")
        if data["schema"] != SCHEMA:
            raise Unreadable(f"{path} has schema {data['schema']}; {SCHEMA} can be read")
        try:
            return cls(
                dict(data["machine"]),
                dict(data["settings"]),
                data["time"],
                [RaceResult.from_json(entry) for entry in data["races"]],
                [OperationCounts(**entry) for entry in data["operation_counts"]],
                [StudyResult.from_json(entry) for entry in data["studied"]],
                [Confirmation(**entry) for entry in data["confirmed"]],
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unreadable(f"{path} is damaged: {type(error).__name__}: {error}") from error


def _plain(value: Any) -> Any:
    """Convert what `json` cannot write."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, RaceResult):
        return value.to_json()
    return vars(value)
