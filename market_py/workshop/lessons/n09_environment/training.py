"""The panel of notebook 09 that compares the speedup of training with Amdahl's law."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from market_py.benchmark import timing
from market_py.benchmark.timing import Race
from market_py.env import available_steppers
from market_py.learning import EvolutionStrategy
from market_py.workshop.lessons.n09_environment import plots
from market_py.workshop.lessons.n09_environment.learning import EXAMPLES
from market_py.workshop.widgets.controls import choice, stepper
from market_py.workshop.widgets.panel import Job

GENERATIONS = 2
"""In a sample."""
TOLERANCE = 1e-6
"""By how much policies of the same training may differ."""


class Training(NamedTuple):
    """The same training with each backend, round after round; ns per generation."""

    whole: Race
    steps: Race
    """What the steps of the markets took of it."""
    shares: dict[str, float]
    """Of each backend: the share of training that steps take, the median of the rounds."""

    @property
    def plain(self) -> str:
        """The backend that the others are compared with."""
        return self.whole.candidates[0]

    def most(self) -> float:
        """How many times as fast training would be, were steps to take no time."""
        return float(plots.amdahl(self.shares[self.plain], np.inf))

    def predicted(self, name: str) -> float:
        """How many times as fast training is with a backend, after Amdahl."""
        step = self.steps.speedup(name, self.plain).value
        return float(plots.amdahl(self.shares[self.plain], step))


class TrainingPanel(Job):
    """Train alike with every backend, and show how much of the time its steps take."""

    def __init__(self, rounds: int = 15) -> None:
        self._rounds = rounds
        self.training: Training | None = None
        controls = {
            "system": choice("system", list(EXAMPLES)),
            "markets": stepper("markets side by side", [64, 128, 256, 512, 1024], 512),
            "threads": stepper("threads for the steps", [1, 2, 4], 1),
        }
        first = plots.training({}, {}), "Nothing has been timed yet."
        super().__init__("Train with each", rounds, first, controls)

    def work(self) -> None:
        """Train with each backend in turn; finished rounds are kept when stopped."""
        self.training = training = self._train(**self.chosen)
        whole, steps, shares = training
        plain, *others = whole.candidates
        times = {name: (whole.quartiles(name)[1] / 1e6, shares[name]) for name in shares}
        gains = {name: (steps.speedup(name, plain), whole.speedup(name, plain)) for name in others}
        self.show((plots.training(times, gains), summary(training)))

    def _train(self, system: str, **options: int) -> Training:
        example = EXAMPLES[system]
        last: dict[str, tuple[float, float]] = {}
        rounds: list[dict[str, tuple[float, float]]] = []

        def train(name: str) -> EvolutionStrategy:
            start = time.perf_counter()
            learner = EvolutionStrategy(example.system, backend=name, **options, **example.rules)
            for _ in learner.train(GENERATIONS):
                pass
            last[name] = learner.seconds_stepping, time.perf_counter() - start
            return learner

        def progress() -> None:
            rounds.append(dict(last))
            self.advance()

        try:
            race = timing.race(
                # The slowest comes first: it is what the others are compared with.
                {name: partial(train, name) for name in available_steppers()[::-1]},
                [()],
                verify=verify,
                baselines={},
                size=example.system.generators,
                rounds=self._rounds,
                loops=1,
                progress=progress,
                is_stopped=self.is_stopped,
            )
        except timing.Stopped as stopped:
            race = stopped.race
            if not race.finished:
                raise
        taken = {name: np.array([it[name] for it in rounds]).T for name in race.candidates}
        steps = Race(race.size, {name: it[0] * 1e9 for name, it in taken.items()})
        shares = {name: float(np.median(it[0] / it[1])) for name, it in taken.items()}
        return Training(race.per(GENERATIONS), steps.per(GENERATIONS), shares)


def summary(training: Training) -> str:
    """Say what share steps have, and what a faster step does for the whole."""
    plain = training.plain
    said = [
        f"With {plain}, steps are {training.shares[plain]:.0%} of training: were they to take "
        f"no time, it would be {training.most():.2f} times as fast."
    ]
    for name in training.whole.candidates[1:]:
        step = f"{training.steps.speedup(name, plain).value:.1f}"
        measured = training.whole.speedup(name, plain)
        said.append(
            f"{name} steps {step} times as fast; for training Amdahl's law says "
            f"{training.predicted(name):.2f}, measured are {measured}; "
            f"{training.shares[name]:.0%} of it are still steps."
        )
    return " ".join(said)


def verify(trainers: Mapping[str, timing.Call], inputs: timing.Inputs) -> dict[str, int]:
    """Compare the policies that the same training ends with; `Disagreement` where they differ."""
    trained: dict[str, Any] = {name: train().policies for name, train in trainers.items()}
    first, *others = trained
    for name in others:
        gap = float(np.abs(trained[name] - trained[first]).max())
        if not gap <= TOLERANCE:
            raise timing.Disagreement(f"{first} and {name}: policies differ by {gap:.2g}")
    return {}
