"""Results: the raw rounds of a benchmark run, with all that is needed to read them later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from market_py.benchmark import timing
from market_py.benchmark.confirm import Confirmation
from market_py.benchmark.operation_counts import OperationCounts
from market_py.extension import REPOSITORY
from market_py.files import write_atomically
from market_py.reliability import rts79

SCHEMA = 3
"""Version of the files; those of another are refused."""
FOLDER = REPOSITORY / "results"

Kind = Literal[
    "single",
    "repeated",
    "ladder",
    "distributions",
    "batch",
    "steps",
    "one step",
    "replay",
    "policy",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""The sections of a run that are races."""


class Unreadable(ValueError):
    """A file does not hold results that can be read."""


@dataclass(frozen=True)
class Timed:
    """A race, and what it was about."""

    kind: Kind
    distribution: str
    markets: int
    """Per call: 1, or those of a batch."""
    threads: tuple[int, ...]
    """Numbers of threads that candidates were given."""
    race: timing.Race

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells it from the other races of a run."""
        return self.kind, self.distribution, self.race.size

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "kind": self.kind,
            "distribution": self.distribution,
            "size": self.race.size,
            "markets": self.markets,
            "distinct": self.race.distinct,
            "threads": list(self.threads),
            "first_call_seconds": self.race.first_call_seconds,
            "disagreements": self.race.disagreements,
            "rounds": {name: values.tolist() for name, values in self.race.rounds.items()},
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Timed:
        """Read plain data."""
        if data["kind"] not in KINDS:
            raise ValueError(f"kind {data['kind']!r}")
        rounds = {name: np.array(values, float) for name, values in data["rounds"].items()}
        lengths = {values.shape for values in rounds.values()}
        if len(lengths) != 1 or not all(np.all(values > 0) for values in rounds.values()):
            raise ValueError("rounds that are not as many positive numbers for each candidate")
        race = timing.Race(
            int(data["size"]),
            rounds,
            int(data["distinct"]),
            dict(data["first_call_seconds"]),
            dict(data["disagreements"]),
        )
        if not race.candidates or race.candidates[0] + timing.AA_SUFFIX not in rounds:
            raise ValueError("a race without an A/A pair")
        return cls(
            data["kind"], data["distribution"], data["markets"], tuple(data["threads"]), race
        )


@dataclass(frozen=True)
class Studied:
    """What a simulation found, and how long it took."""

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
    def from_json(cls, data: dict[str, Any]) -> Studied:
        """Read plain data."""
        pairs = {name: tuple(data[name]) for name in ("loss_of_load", "unserved_energy")}
        return cls(**{**data, **pairs})

    @property
    def clearings_per_second(self) -> float:
        """Hours cleared per second, their outages drawn and their indices summed up."""
        return self.years * rts79.HOURS / self.seconds


@dataclass
class Results:
    """One run of the benchmark."""

    machine: dict[str, Any]
    settings: dict[str, Any]
    time: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    """When it began, UTC."""
    timed: list[Timed] = field(default_factory=list)
    operation_counts: list[OperationCounts] = field(default_factory=list)
    """What the variants of the ladder do, if that was counted."""
    studied: list[Studied] = field(default_factory=list)
    confirmed: list[Confirmation] = field(default_factory=list)
    """What fresh processes measured, if they were asked."""

    def of_kind(self, kind: Kind) -> Iterator[Timed]:
        """Races of a section, in the order in which they were run."""
        return (timed for timed in self.timed if timed.kind == kind)

    def find(self, kind: Kind, distribution: str, size: int) -> timing.Race | None:
        """Look up the race of a section about a distribution and a size, or None."""
        found = (timed.race for timed in self.timed if timed.key == (kind, distribution, size))
        return next(found, None)

    def save(self, path: Path) -> None:
        """Write a file, whole or not at all."""
        data = {
            "schema": SCHEMA,
            "time": self.time,
            "machine": self.machine,
            "settings": self.settings,
            "operation_counts": [asdict(counts) for counts in self.operation_counts],
            "studied": [asdict(study) for study in self.studied],
            "confirmed": [asdict(line) for line in self.confirmed],
            "races": [timed.to_json() for timed in self.timed],
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, lambda file: file.write(f"{json.dumps(data)}\n".encode()))

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read a file.

        Raises
        ------
        Unreadable
            It is not there, or not what `save` writes; the message says which.
        """
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
            timed = [Timed.from_json(entry) for entry in data["races"]]
            return cls(
                dict(data["machine"]),
                dict(data["settings"]),
                data["time"],
                timed,
                [OperationCounts(**entry) for entry in data["operation_counts"]],
                [Studied.from_json(entry) for entry in data["studied"]],
                [Confirmation(**entry) for entry in data["confirmed"]],
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unreadable(f"{path} is damaged: {type(error).__name__}: {error}") from error


def default_path(time: str) -> Path:
    """Where a run that began at a time is kept."""
    return FOLDER / f"{time[:19].replace(':', '-')}.json"
