"""The panels of notebook 09 in which agents learn, and one in which the learner bids."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NamedTuple

import ipywidgets as widgets
import numpy as np

from market_py.env import System
from market_py.env.model import MARKUP
from market_py.learning import PPO, EvolutionStrategy
from market_py.learning.actions import squash
from market_py.learning.evaluation import EVALUATION_SEED, evaluate
from market_py.learning.theory import COMPETITION, PIVOTAL, WITHHOLDING, WITHHOLDING_RULES
from market_py.validation import Float64Array
from market_py.workshop.lessons.n09_environment import plots
from market_py.workshop.widgets.bidding import KILO, BiddingFigure
from market_py.workshop.widgets.controls import choice, slider, stepper
from market_py.workshop.widgets.panel import Job, Panel
from market_py.workshop.widgets.sentence import counted

MARKETS = 8
"""In which bids are evaluated after an update."""
UPDATES = 40
MARKUP_AT_FIRST = 0.5
"""Before `tanh`: 23 €/MWh, so that both learners begin far from what they find."""
FAST: dict[str, Any] = {
    **{"gamma": 0.0, "learning_rate": 1e-3, "hidden": (16, 16), "markup": MARKUP_AT_FIRST},
    **{"num_envs": 32, "num_steps": 48, "minibatch_size": 512},
}
"""Settings with which PPO learns in seconds; a bid affects the reward of its own hour only."""


class Example(NamedTuple):
    """A system whose learned price theory predicts, and what a picture of it needs."""

    system: System
    rules: dict[str, Any]
    price: float
    """That theory predicts, €/MWh."""
    profit: float
    """Highest profit of the axis, thousand € a day."""
    emphasis: int | None = None
    """Index of the generator to look at."""


EXAMPLES = {
    "competition": Example(COMPETITION, {}, 20.0, 30.0),
    "pivotal": Example(PIVOTAL, {}, 70.0, 120.0, 0),
    "withholding": Example(WITHHOLDING, WITHHOLDING_RULES, 60.0, 80.0, 0),
}


def seconds(results: Iterator[Any]) -> Iterator[float]:
    """Take results from an iterator, and say how many seconds each of them took.

    What is done between two results, such as drawing, does not count.
    """
    while True:
        start = time.perf_counter()
        if next(results, None) is None:
            return
        yield time.perf_counter() - start


def outcome(prices: list[float]) -> str:
    """Say the mean of the prices of some seeds, and their range."""
    return f"{np.mean(prices):.1f} €/MWh ({min(prices):.1f} to {max(prices):.1f})"


class LearningPanel(Job):
    """Let all generators of an example learn by PPO, seed after seed; the first one is shown."""

    def __init__(self, name: str, updates: int = UPDATES) -> None:
        self._example, self._updates = EXAMPLES[name], updates
        self.learner = self._begin(0)
        """The learner with the first seed."""
        self.prices: list[list[float]] = []
        """Mean price after each update, from none on, seed by seed."""
        self.seconds = self.seconds_stepping = 0.0
        system, _, _, profit, emphasis = self._example
        self.figure = BiddingFigure(
            system,
            self.learner.evaluate(MARKETS),
            updates,
            highest=plots.HIGHEST,
            profit=profit,
            emphasis=emphasis,
        )
        self.controls = {"seeds": stepper("seeds", [1, 2, 3, 5], 3)}
        first = self._drawn(), "Nothing has been learned yet."
        super().__init__("Learn", 3 * updates, first, self.controls)
        *others, picture = self.children
        self.children = (*others, self.figure, picture)

    def _begin(self, seed: int) -> PPO:
        return PPO(self._example.system, seed=seed, **FAST, **self._example.rules)

    def work(self) -> None:
        """Learn with one seed after the other, until all are done or until stopped."""
        seeds = self.chosen["seeds"]
        self.prices, self.seconds, self.seconds_stepping = [], 0.0, 0.0
        self.bar.max = self._updates * seeds
        for seed in range(seeds):
            self._learn(seed)
            self.show((self._drawn(), self._say()))
            if self.is_stopped():
                break

    def _learn(self, seed: int) -> None:
        learner = self._begin(seed)
        first = learner.evaluate(MARKETS)
        self.prices.append([float(first.prices.mean())])
        if seed == 0:
            self.learner = learner
            self.figure.restart(first)
        for taken in seconds(learner.train(self._updates)):
            self.seconds += taken
            found = learner.evaluate(MARKETS)
            self.prices[-1].append(float(found.prices.mean()))
            if seed == 0:
                self.figure.append(found)
            self.advance()
            if self.is_stopped():
                break
        self.seconds_stepping += learner.seconds_stepping

    @property
    def stepping_share(self) -> float | None:
        """Share of the time of learning that steps of the markets took; None before any."""
        return self.seconds_stepping / self.seconds if self.seconds else None

    def text(self) -> str:
        """Return settings and sentence as HTML, and the figure."""
        return super().text() + self.figure.text()

    def _drawn(self) -> bytes:
        return plots.learning(self.prices, self._updates, self._example.price)

    def _say(self) -> str:
        return (
            f"{counted(len(self.prices), 'seed')}: in markets outside the training the mean price "
            f"is {outcome([curve[-1] for curve in self.prices])}; theory says "
            f"{self._example.price:.0f}. Learning took {self.seconds:.1f} s, "
            f"{self.stepping_share or 0:.0%} of it steps of the markets."
        )


POINTS = 24
"""Of each curve of a comparison."""
LEARNERS: dict[str, Callable[..., Any]] = {
    "PPO": lambda system, **options: PPO(system, **FAST, **options),
    "evolution strategy": lambda system, **options: EvolutionStrategy(
        system, markup=MARKUP_AT_FIRST, **options
    ),
}
Curve = list[tuple[float, float]]
"""Seconds of training, and the mean price then."""


class ComparisonPanel(Job):
    """Let both learners train for the same time, and show what they find, second by second."""

    def __init__(self, duration: float = 3.0, seeds: int = 2) -> None:
        self._duration, self._seeds = duration, seeds
        self.curves: dict[str, list[Curve]] = {}
        controls = {"system": choice("system", list(EXAMPLES)[::-1])}
        steps = POINTS * seeds * len(LEARNERS)
        first = plots.comparison({}, duration, None), "Nothing has been compared yet."
        super().__init__("Compare", steps, first, controls)

    def work(self) -> None:
        """Train seed by seed, the learners in turn, until all are done or until stopped."""
        example = EXAMPLES[self.chosen["system"]]
        self.curves = {name: [] for name in LEARNERS}
        for seed, (name, curves) in product(range(self._seeds), self.curves.items()):
            learner = LEARNERS[name](example.system, seed=seed, **example.rules)
            curves.append(self._train(learner))
            if self.is_stopped():
                break
        ends = {name: [curve[-1][1] for curve in curves] for name, curves in self.curves.items()}
        said = "; ".join(f"{name} {outcome(end)}" for name, end in ends.items() if end)
        picture = plots.comparison(self.curves, self._duration, example.price)
        self.show((picture, f"{said}. Theory says {example.price:.0f}."))

    def _train(self, learner: PPO | EvolutionStrategy) -> Curve:
        curve, trained = [(0.0, float(learner.evaluate(MARKETS).prices.mean()))], 0.0
        for taken in seconds(learner.train(2**31 - 1)):
            trained += taken
            if trained >= len(curve) * self._duration / POINTS:
                curve.append((trained, float(learner.evaluate(MARKETS).prices.mean())))
                self.advance()
            if len(curve) > POINTS or self.is_stopped():
                break
        return curve


ROUNDS = 10


class RoundsPanel(Panel):
    """Be the pivotal generator for some days; then see what the agent earns on the same days."""

    def __init__(self, learned: LearningPanel) -> None:
        self._learned = learned
        self.profits: list[float] = []
        """Of the days so far, thousand €."""
        self._agent: list[float] = []
        self.controls = {
            "markup": slider("markup", 10, 0, 50, 1, "€/MWh"),
            "withheld": slider("withheld", 0, 0, 100, 5, "%"),
        }
        self.button = widgets.Button(description="Bid for a day", button_style="primary")
        self.button.on_click(lambda _: self.bid())
        super().__init__(self.controls, self._answer(), self.button)
        self.follow(self._answer)

    def bid(self) -> None:
        """Bid for the next day; after the last one begin again."""
        if len(self.profits) == ROUNDS:
            self.profits, self._agent = [], []
        share = min(self.chosen["markup"] / 50, np.tanh(MARKUP[1]))
        action = self.chosen["withheld"] / 100, np.arctanh(share)
        self.profits.append(_profit(lambda _: action, len(self.profits)))
        if len(self.profits) == ROUNDS:
            policy = self._learned.learner.policy
            self._agent = [
                _profit(lambda seen: squash(policy(seen))[:, 0], day) for day in range(ROUNDS)
            ]
        self.show(self._answer())

    def _answer(self) -> tuple[bytes, str]:
        offered = PIVOTAL.capacities[0] * (1 - self.chosen["withheld"] / 100)
        bid = f"{offered:.0f} MW at {PIVOTAL.costs[0] + self.chosen['markup']:.0f} €/MWh"
        said = f"{ROUNDS} days are ahead of you. "
        if self.profits:
            said = f"Day {len(self.profits)} of {ROUNDS}: you earn {self.profits[-1]:.1f} k€. "
        if self._agent:
            said += (
                f"In all you earn {sum(self.profits):,.0f} k€, and the agent after "
                f"{counted(self._learned.learner.updates, 'update')} {sum(self._agent):,.0f} k€. "
            )
        picture = plots.rounds(self.profits, self._agent, ROUNDS, f"your bid: {bid}")
        return picture, f"{said}You bid {bid}."


def _profit(act: Callable[[Float64Array], Any], day: int) -> float:
    """Profit of the first generator of `PIVOTAL` on a day, thousand €; all others bid their cost.

    `act` maps observations, shape (1, N, F), to its action.
    """

    def all_act(observations: Float64Array) -> Float64Array:
        actions = np.zeros((*observations.shape[:2], 2))
        actions[:, 0] = act(observations)
        return actions

    found = evaluate(all_act, PIVOTAL, {}, 1, EVALUATION_SEED + day)
    margins = found.prices[:, 0] - PIVOTAL.costs[0]
    return float(margins @ found.dispatch[:, 0, 0]) / KILO
