"""A panel of notebook 09: replay buffers and policies beside what users have instead."""

from __future__ import annotations

import numpy as np

from market_py.benchmark import timing
from market_py.benchmark.cases.learning import (
    PRIORITISED,
    ROWS,
    UNIFORM,
    UPDATE,
    policy_case,
    replay_case,
)
from market_py.workshop.lessons.n09_environment.plots import StepsPicture
from market_py.workshop.widgets.controls import choice, stepper
from market_py.workshop.widgets.panel import Job

ROUNDS = 9
POLICY = {f"policy, {rows:,} row{'s' if rows > 1 else ''}": rows for rows in ROWS}
CAPACITIES = [10_000, 100_000, 1_000_000]
OURS = "rust"


class AlternativesPanel(Job):
    """Race a call of a learner by everybody who offers it here."""

    def __init__(self) -> None:
        self._picture = StepsPicture("ns per call")
        self.race: timing.Race | None = None
        controls = {
            "call": choice("call", [UNIFORM, PRIORITISED, UPDATE, *POLICY]),
            "capacity": stepper("transitions kept", CAPACITIES, 100_000),
        }
        first = self._picture.show(None, 1), "Nothing has been timed yet."
        super().__init__("Race the calls", ROUNDS, first, self._picture.width, controls)

    def work(self) -> None:
        """Verify, race, and show."""
        call, capacity = (self.controls[name].value for name in ("call", "capacity"))
        if call in POLICY:
            case = policy_case(POLICY[call], rounds=ROUNDS)
        else:
            case = replay_case(call, capacity, rounds=ROUNDS)
        self.race = case.race(self.advance, self.is_stopped)
        self.show((self._picture.show(self.race, 1), self._say(call)))

    def _say(self, call: str) -> str:
        """Say how fast it is here, and who is faster than Rust, if anybody."""
        race = self.race
        assert race is not None
        if OURS not in race.candidates:
            return f"{call}: Rust is not built here."
        took = np.median(race.rounds[OURS]) / 1e3
        said = [f"{call}: Rust takes {took:,.1f} µs."]
        for name in race.candidates:
            if not name.startswith(OURS):
                ratio = race.speedup(OURS, name)
                said.append(f"It is {ratio} times as fast as {name}: {race.verdict(OURS, name)}.")
        return " ".join(said)
