"""The panels of notebook 09: what a step is made of, steps raced, and agents that learn to bid."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from market_py import env
from market_py.benchmark import inputs as inputs_
from market_py.benchmark import timing
from market_py.benchmark.cases.steps import step_case
from market_py.env.variants import PythonStep
from market_py.learning import Evaluation, EvolutionStrategy
from market_py.learning.theory import COMPETITION, PIVOTAL
from market_py.workshop.lessons.n09_environment.plots import LearningPicture, StepsPicture
from market_py.workshop.widgets.controls import choice, stepper
from market_py.workshop.widgets.panel import Job

PARTS = ("offers", "clearing", "rewards", "observations")
ROUNDS = 9
SYSTEMS = {"competition": COMPETITION, "pivotal": PIVOTAL}
COST = 20.0
"""Of every generator in these systems, €/MWh."""
RANGE = 50.0
"""Largest markup, €/MWh."""
FRAME_SECONDS = 0.5


def parts_of_a_step(agents: int = 20, rounds: int = 15) -> dict[str, tuple[float, float, float]]:
    """Time what a step of the published shape is made of: quartiles of each part, µs.

    The parts take turns in shuffled order, over distinct actions.
    """
    system = env.System.random(agents)
    stepper = PythonStep(env.Model(system))
    rng = np.random.default_rng(0)
    inputs: list[Any] = []
    for _ in range(inputs_.DISTINCT):
        actions = np.stack([rng.uniform(0, 0.5, agents), rng.uniform(-2, 2, agents)], axis=1)
        offers = stepper.offer(dict(zip(system.names, actions, strict=True)))
        inputs.append((dict(zip(system.names, actions, strict=True)), offers))
    cleared = stepper.clear(*inputs[0][1])
    parts = {
        "offers": lambda actions, offers: stepper.offer(actions),
        "clearing": lambda actions, offers: stepper.clear(*offers),
        "rewards": lambda actions, offers: stepper.pay(offers[0], *cleared),
        "observations": lambda actions, offers: stepper.observe(),
    }
    samplers = {name: timing.sampler(part, inputs, 1) for name, part in parts.items()}
    timing.one_round(samplers, rng)  # Warms up.
    found = [timing.one_round(samplers, rng) for _ in range(rounds)]
    quartiles = {}
    for name in PARTS:
        low, median, high = np.percentile([took[name] * 1e6 for took in found], [25, 50, 75])
        quartiles[name] = float(low), float(median), float(high)
    return quartiles


def clearing_share(parts: dict[str, tuple[float, float, float]]) -> float:
    """Return the share of the step that is clearing, of the medians."""
    return parts["clearing"][1] / sum(median for _, median, _ in parts.values())


class StepsPanel(Job):
    """Race the steps of all backends against a frozen one."""

    def __init__(self) -> None:
        self._picture = StepsPicture()
        self.race: timing.Race | None = None
        controls = {
            "agents": stepper("agents", [2, 5, 10, 20, 50, 100], 10),
            "markets": stepper("markets", [1, 16, 256, 1024], 256),
            "threads": stepper("threads", [1, 2, 4], 1),
        }
        first = self._picture.show(None, 1), "Nothing has been timed yet."
        super().__init__("Race the steps", ROUNDS, first, self._picture.width, controls)

    def work(self) -> None:
        """Verify, race, and show."""
        chosen = {name: control.value for name, control in self.controls.items()}
        case = step_case(**chosen, rounds=ROUNDS)
        self.race = case.race(self.advance, self.is_stopped)
        self.show((self._picture.show(self.race, case.markets), self._say(case.markets)))

    def _say(self, markets: int) -> str:
        assert self.race is not None
        first, *others = self.race.candidates
        took = np.median(self.race.rounds[first]) / markets
        said = [f"{first} takes {took:,.0f} ns for a step of one market."]
        for name in others:
            ratio, verdict = self.race.speedup(name, first), self.race.verdict(name, first)
            said.append(f"{name}: {ratio} times as fast, {verdict}.")
        return " ".join(said)


class LearningPanel(Job):
    """Let generators learn, seed after seed, and watch the price."""

    def __init__(self) -> None:
        self._picture = LearningPicture(COST, COST + RANGE)
        self.prices: list[list[float]] = []
        self.evaluations: list[Evaluation] = []
        self.seconds = self.seconds_stepping = 0.0
        controls = {
            "system": choice("system", list(SYSTEMS)),
            "generations": stepper("generations", [20, 50, 100, 200, 400], 200),
            "seeds": stepper("seeds", [1, 2, 3, 5], 3),
        }
        first = self._picture.show([], []), "Nobody has learned yet."
        super().__init__("Learn", 600, first, self._picture.width, controls)

    def work(self) -> None:
        """Learn with one seed after the other, until all are done or until stopped."""
        chosen = {name: control.value for name, control in self.controls.items()}
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
            if time.perf_counter() > drawn + FRAME_SECONDS:
                self.show((self._drawn(), f"{_seeds(len(self.prices))} so far …"))
                drawn = time.perf_counter()
        self.seconds += time.perf_counter() - start
        self.seconds_stepping += learner.seconds_stepping
        self.evaluations.append(learner.evaluate())

    def _drawn(self) -> bytes:
        return self._picture.show(self.prices, [found.prices for found in self.evaluations])

    @property
    def stepping_share(self) -> float | None:
        """Share of the time of learning that steps of the markets took; None before any."""
        return self.seconds_stepping / self.seconds if self.seconds else None

    def _say(self) -> str:
        if not self.evaluations:
            return "Stopped before anybody had learned."
        means = [float(found.prices.mean()) for found in self.evaluations]
        return (
            f"{_seeds(len(means))}: in markets that nobody trained on the mean price is "
            f"{np.mean(means):.1f} €/MWh ({min(means):.1f} to {max(means):.1f}); the cost is "
            f"{COST:.0f}. Learning took {self.seconds:.1f} s, {self.stepping_share:.0%} of it "
            f"steps of the markets."
        )


def _seeds(number: int) -> str:
    return "1 seed" if number == 1 else f"{number} seeds"
