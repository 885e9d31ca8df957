"""The panel of notebook 09 that sets what a faster step does for training beside Amdahl's law."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from market_py.benchmark import timing
from market_py.benchmark.timing import AA_SUFFIX, Race
from market_py.env import System, available_steppers
from market_py.learning import EvolutionStrategy
from market_py.workshop.lessons.n09_environment.panel import SYSTEMS
from market_py.workshop.lessons.n09_environment.plots import TrainingPicture
from market_py.workshop.widgets.controls import choice, stepper
from market_py.workshop.widgets.panel import Job

ROUNDS = 15
GENERATIONS = 2
"""In a sample."""
ALIKE = 1e-6
"""By how much policies that were trained alike may differ."""


class Training(NamedTuple):
    """The same training with each backend, round after round; ns per generation."""

    whole: Race
    steps: Race
    """What the steps of the markets took of it."""

    @property
    def plain(self) -> str:
        """The backend that the others are compared with."""
        return self.whole.candidates[0]

    def share(self, name: str) -> float:
        """Share of a generation that steps take: the median of the rounds."""
        return float(np.median(self.steps.rounds[name] / self.whole.rounds[name]))

    def most(self) -> float:
        """How many times as fast training would be, were steps to take no time."""
        return amdahl(self.share(self.plain), np.inf)

    def predicted(self, name: str) -> float:
        """How many times as fast training is with a backend, after Amdahl."""
        return amdahl(self.share(self.plain), self.steps.speedup(name, self.plain).value)


def amdahl(share: float, speedup: float) -> float:
    """How many times as fast the whole becomes by a part that has this share of the time."""
    return 1 / (1 - share + share / speedup)


class TrainingPanel(Job):
    """Train alike with every backend, and show how much of the time its steps take.

    Parameters
    ----------
    rounds : int
        Samples of each backend.
    """

    def __init__(self, rounds: int = ROUNDS) -> None:
        self._rounds = rounds
        self._picture = TrainingPicture()
        self.training: Training | None = None
        controls = {
            "system": choice("system", list(SYSTEMS)),
            "markets": stepper("markets side by side", [64, 128, 256, 512, 1024], 512),
            "threads": stepper("threads for the steps", [1, 2, 4], 1),
        }
        first = self._drawn(), "Nothing has been timed yet."
        super().__init__("Train with each", rounds, first, self._picture.width, controls)

    def work(self) -> None:
        """Let the learners take turns; finished rounds are kept when stopped."""
        self.training = None
        chosen = {name: control.value for name, control in self.controls.items()}
        self.training = self._train(SYSTEMS[chosen.pop("system")], chosen)
        self.show((self._drawn(), self._say()))

    def _train(self, system: System, chosen: dict[str, int]) -> Training | None:
        # The slowest comes first: it is what the others are compared with.
        names = available_steppers()[::-1]
        learners = {
            name: EvolutionStrategy(system, backend=name.removesuffix(AA_SUFFIX), **chosen)
            for name in (*names, names[0] + AA_SUFFIX)
        }
        # The race hands out markets; learners have their own.
        nothing: list[Any] = [(None, None, None)] * GENERATIONS
        samplers = {
            name: timing.sampler(_training(learner), nothing, 1)
            for name, learner in learners.items()
        }
        rng = np.random.default_rng(0)
        timing.one_round(samplers, rng)  # Warms up.
        whole: list[dict[str, float]] = []
        steps: list[dict[str, float]] = []
        while len(whole) < self._rounds and not self.is_stopped():
            before = {name: learner.seconds_stepping for name, learner in learners.items()}
            whole.append(timing.one_round(samplers, rng))
            steps.append(
                {
                    name: (learner.seconds_stepping - before[name]) / GENERATIONS
                    for name, learner in learners.items()
                }
            )
            self.advance()
        verify(learners)
        if not whole:
            return None
        return Training(*(_race(system.generators, learners, rounds) for rounds in (whole, steps)))

    def _drawn(self) -> bytes:
        training = self.training
        if training is None:
            return self._picture.show({}, {})
        others = training.whole.candidates[1:]
        times = {
            name: (
                float(np.median(training.whole.rounds[name])) / 1e6,
                training.share(name),
            )
            for name in training.whole.candidates
        }
        gains = {
            name: (
                training.steps.speedup(name, training.plain),
                training.whole.speedup(name, training.plain),
            )
            for name in others
        }
        return self._picture.show(times, gains)

    def _say(self) -> str:
        training = self.training
        if training is None:
            return "Stopped before the first round was done."
        plain = training.plain
        said = [
            f"With {plain}, steps are {training.share(plain):.0%} of training: were they to take "
            f"no time, it would be {training.most():.2f} times as fast."
        ]
        for name in training.whole.candidates[1:]:
            step = f"{training.steps.speedup(name, plain):.1f}"
            measured = training.whole.speedup(name, plain)
            said.append(
                f"{name} steps {step} times as fast; for training Amdahl's law says "
                f"{training.predicted(name):.2f}, measured are {measured}; "
                f"{training.share(name):.0%} of it are still steps."
            )
        return " ".join(said)


def _training(learner: EvolutionStrategy) -> timing.Call:
    """Make a function that trains for another generation, whatever it is called with."""

    def train(*_: Any) -> None:
        for _done in learner.train(1):
            pass

    return train


def _race(agents: int, names: Iterable[str], rounds: list[dict[str, float]]) -> Race:
    return Race(agents, {name: np.array([took[name] for took in rounds]) * 1e9 for name in names})


def verify(learners: dict[str, EvolutionStrategy]) -> None:
    """Compare what learners have become that were trained alike.

    Raises
    ------
    Disagreement
        Their policies differ: their times are not those of the same training.
    """
    first, *others = learners
    for name in others:
        gap = float(np.abs(learners[name].policies - learners[first].policies).max())
        if not gap <= ALIKE:
            raise timing.Disagreement(f"{first} and {name}: policies differ by {gap:.2g}")
