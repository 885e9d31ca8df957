"""The panels of notebook 09: time the parts of a step, steps and calls; train agents."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from market_py import env
from market_py.benchmark import timing
from market_py.benchmark.cases.case import BenchmarkCase
from market_py.benchmark.cases.learning import (
    PRIORITISED,
    ROWS,
    UNIFORM,
    UPDATE,
    policy_case,
    replay_case,
)
from market_py.benchmark.cases.steps import step_case
from market_py.benchmark.inputs import DISTINCT
from market_py.benchmark.report.picture import times
from market_py.benchmark.timing import Race
from market_py.env.variants import PythonStep
from market_py.learning import Evaluation, EvolutionStrategy
from market_py.learning.theory import COMPETITION, PIVOTAL
from market_py.workshop.lessons.n09_environment import plots
from market_py.workshop.widgets.controls import choice, stepper
from market_py.workshop.widgets.panel import Job
from market_py.workshop.widgets.sweep import SweepPanel

PARTS = ("offers", "clearing", "rewards", "observations")
ROUNDS = 9
SYSTEMS = {"competition": COMPETITION, "pivotal": PIVOTAL}
COST = 20.0
"""Of every generator in these systems, €/MWh."""
RANGE = 50.0
"""Largest markup, €/MWh."""
FRAME_SECONDS = 0.5


def parts_of_a_step(agents: int = 20, rounds: int = 15) -> dict[str, tuple[float, float, float]]:
    """Time the parts of a step of the published shape: quartiles of each part, µs.

    The parts take turns in shuffled order, over distinct actions.
    """
    system = env.System.random(agents)
    stepper = PythonStep(env.Model(system))
    rng = np.random.default_rng(0)
    inputs: list[Any] = []
    for _ in range(DISTINCT):
        values = np.stack([rng.uniform(0, 0.5, agents), rng.uniform(-2, 2, agents)], axis=1)
        actions = dict(zip(system.names, values, strict=True))
        inputs.append((actions, stepper.offer(actions)))
    cleared = stepper.clear(*inputs[0][1])
    parts = {
        "offers": lambda actions, offers: stepper.offer(actions),
        "clearing": lambda actions, offers: stepper.clear(*offers),
        "rewards": lambda actions, offers: stepper.pay(offers[0], *cleared),
        "observations": lambda actions, offers: stepper.observe(),
    }
    race = timing.race(parts, inputs, rounds=rounds, loops=1)
    return {name: times([race], name, 1e3)[0] for name in PARTS}


def clearing_share(parts: dict[str, tuple[float, float, float]]) -> float:
    """Return the share of the step that is clearing, of the medians."""
    return parts["clearing"][1] / sum(median for _, median, _ in parts.values())


class CasePanel(SweepPanel):
    """Race the candidates of the benchmark case that the controls choose.

    A subclass makes the case in `case`.
    """

    across = "ns per call"

    def points(self) -> Sequence[BenchmarkCase]:
        """The chosen case."""
        return [self.case(**self.settings, **self.options)]

    def case(self, **chosen: Any) -> BenchmarkCase:
        """Make the case of these settings."""
        raise NotImplementedError

    def name(self, case: BenchmarkCase) -> str:
        """Say which case it is."""
        return case.label

    def race_at(self, case: BenchmarkCase) -> Race:
        """Verify and race."""
        return case.race(**self.watched)

    def draw(self) -> bytes:
        """Draw a bar for each candidate."""
        return plots.candidates(self.race, self.latest.markets if self.race else 1, self.across)


class StepsPanel(CasePanel):
    """Race the steps of all backends against a frozen one."""

    across = "ns per market and step"

    def __init__(self, rounds: int = ROUNDS, **options: Any) -> None:
        controls = {
            "agents": stepper("agents", [2, 5, 10, 20, 50, 100], 10),
            "markets": stepper("markets", [1, 16, 256, 1024], 256),
            "threads": stepper("threads", [1, 2, 4], 1),
        }
        super().__init__("Race the steps", controls, rounds=rounds, **options)

    def case(self, **chosen: Any) -> BenchmarkCase:
        """Steps of so many agents in so many markets."""
        return step_case(**chosen)

    def summary(self) -> str:
        """Compare all backends with the frozen step."""
        assert self.race is not None
        first, *others = self.race.candidates
        took = np.median(self.race.rounds[first]) / self.latest.markets
        said = [f"{first} takes {took:,.0f} ns for a step of one market."]
        for name in others:
            ratio, verdict = self.race.speedup(name, first), self.race.verdict(name, first)
            said.append(f"{name}: {ratio} times as fast, {verdict}.")
        return " ".join(said)


POLICY = {f"policy, {rows:,} row{'s' if rows > 1 else ''}": rows for rows in ROWS}
CAPACITIES = [10_000, 100_000, 1_000_000]
OURS = "rust"


class AlternativesPanel(CasePanel):
    """Race a call of a learner against the installed alternatives."""

    def __init__(self, rounds: int = ROUNDS, **options: Any) -> None:
        controls = {
            "call": choice("call", [UNIFORM, PRIORITISED, UPDATE, *POLICY]),
            "capacity": stepper("transitions kept", CAPACITIES, 100_000),
        }
        super().__init__("Race the calls", controls, rounds=rounds, **options)

    def case(self, call: str = UNIFORM, capacity: int = 0, **options: Any) -> BenchmarkCase:
        """Calls of a policy, or of a replay buffer that holds so many transitions."""
        if call in POLICY:
            return policy_case(POLICY[call], **options)
        return replay_case(call, capacity, **options)

    def summary(self) -> str:
        """Say how fast Rust is, and compare it with the others."""
        race, call = self.race, self.settings["call"]
        assert race is not None
        if OURS not in race.candidates:
            return f"{call}: Rust is not built here."
        said = [f"{call}: Rust takes {np.median(race.rounds[OURS]) / 1e3:,.1f} µs."]
        for name in race.candidates:
            if not name.startswith(OURS):
                ratio = race.speedup(OURS, name)
                said.append(f"It is {ratio} times as fast as {name}: {race.verdict(OURS, name)}.")
        return " ".join(said)


class LearningPanel(Job):
    """Let generators learn, seed after seed, and watch the price."""

    def __init__(self) -> None:
        self.prices: list[list[float]] = []
        self.evaluations: list[Evaluation] = []
        self.seconds = self.seconds_stepping = 0.0
        controls = {
            "system": choice("system", list(SYSTEMS)),
            "generations": stepper("generations", [20, 50, 100, 200, 400], 200),
            "seeds": stepper("seeds", [1, 2, 3, 5], 3),
        }
        super().__init__("Learn", 600, (self._drawn(), "Nothing has been learned yet."), controls)

    def work(self) -> None:
        """Learn with one seed after the other, until all are done or until stopped."""
        chosen = self.chosen
        self.prices, self.evaluations = [], []
        self.seconds = self.seconds_stepping = 0.0
        self.expect(chosen["generations"] * chosen["seeds"])
        for seed in range(chosen["seeds"]):
            if self.is_stopped():
                break
            self._learn(EvolutionStrategy(SYSTEMS[chosen["system"]], seed=seed), chosen)
        self.show((self._drawn(), self._say()))

    def _learn(self, learner: EvolutionStrategy, chosen: dict[str, int]) -> None:
        self.prices.append([])
        drawn = start = time.perf_counter()
        for done in learner.train(chosen["generations"]):
            self.prices[-1].append(done.price)
            self.advance()
            if self.is_stopped():
                break
            if (before := time.perf_counter()) > drawn + FRAME_SECONDS:
                self.show((self._drawn(), f"{_seeds(len(self.prices))} so far …"))
                drawn = time.perf_counter()
                start += drawn - before  # Drawing is not learning.
        self.seconds += time.perf_counter() - start
        self.seconds_stepping += learner.seconds_stepping
        self.evaluations.append(learner.evaluate())

    def _drawn(self) -> bytes:
        evaluated = [found.prices for found in self.evaluations]
        return plots.learning(self.prices, evaluated, COST, COST + RANGE)

    @property
    def stepping_share(self) -> float | None:
        """Share of the time of learning that steps of the markets took; None before any."""
        return self.seconds_stepping / self.seconds if self.seconds else None

    def _say(self) -> str:
        if not self.evaluations:
            return "Stopped before the first seed had begun."
        means = [float(found.prices.mean()) for found in self.evaluations]
        return (
            f"{_seeds(len(means))}: in markets outside the training the mean price is "
            f"{np.mean(means):.1f} €/MWh ({min(means):.1f} to {max(means):.1f}); the cost is "
            f"{COST:.0f}. Learning took {self.seconds:.1f} s, {self.stepping_share:.0%} of it "
            f"steps of the markets."
        )


def _seeds(number: int) -> str:
    return "1 seed" if number == 1 else f"{number} seeds"
