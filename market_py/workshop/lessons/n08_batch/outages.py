"""The panel of notebook 08 on adequacy: years of the RTS-79, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

import market_py
from market_py.benchmark import timing
from market_py.reliability import adequacy, rts79
from market_py.reliability.adequacy import VALUE_OF_LOST_LOAD, Simulation
from market_py.workshop.lessons.n08_batch.plots import YearsPicture
from market_py.workshop.widgets.controls import stepper
from market_py.workshop.widgets.panel import Job

PUBLISHED = 9.394
"""Loss of load expectation of the RTS-79, h/year (Allan, Billinton and Abdel-Gawad 1986)."""
FRAME_SECONDS = 0.5


class YearsPanel(Job):
    """Simulate years, and watch the loss of load come close to its expectation."""

    def __init__(self) -> None:
        self.exact = adequacy.exact().loss_of_load
        self._picture = YearsPicture(self.exact)
        self.simulation: Simulation | None = None
        self._means: list[float] = []
        self._errors: list[float] = []
        controls = {
            "years": stepper("years", [20, 50, 100, 200, 500, 1000, 2000, 5000], 200),
            "threads": stepper("threads", [1, 2, 4, 8], 1),
            "seed": stepper("random seed", list(range(1, 21)), 1),
        }
        first = self._drawn(), "No year has been simulated yet."
        super().__init__("Simulate", 200, first, self._picture.width, controls)

    def _drawn(self) -> bytes:
        return self._picture.show(
            np.array(self._means), np.array(self._errors), self.simulation, VALUE_OF_LOST_LOAD
        )

    def work(self) -> None:
        """Simulate until all years are done, or until stopped."""
        self.simulation, self._means, self._errors = None, [], []
        chosen = {name: control.value for name, control in self.controls.items()}
        self.expect(chosen["years"])
        drawn = start = time.perf_counter()
        for simulation in adequacy.simulate_yearly(**chosen):
            self.simulation = simulation
            self._means.append(simulation.loss_of_load.mean)
            self._errors.append(simulation.loss_of_load.standard_error)
            if self.is_stopped():
                break
            if time.perf_counter() > drawn + FRAME_SECONDS:
                self.bar.value = simulation.years
                self.show((self._drawn(), self._say()))
                drawn = time.perf_counter()
        seconds = time.perf_counter() - start
        self.bar.value = len(self._means)
        markets = len(self._means) * rts79.HOURS
        took = f" {markets:,} markets took {seconds:,.1f} s, pictures included."
        self.show((self._drawn(), self._say() + took))

    def _say(self) -> str:
        assert self.simulation is not None
        found = self.simulation.loss_of_load
        if found.years < 2:
            return f"1 year: {found.mean:g} hours of lost load; a spread takes two."
        low, high = found.interval
        covers = "covers" if low <= self.exact <= high else "does not cover"
        return (
            f"{found.years:,} years: {found} hours of lost load a year. The 95 % interval {covers} "
            f"the exact {self.exact:.3f}. The mean price is {self.simulation.mean_price:,.2f} "
            f"$/MWh."
        )


def parts_of_a_year(rounds: int = 7) -> dict[str, tuple[float, float, float]]:
    """Time what a simulated year is made of: quartiles of each part, ms.

    The parts take turns in shuffled order; each round draws another year.
    """
    loads = rts79.hourly_loads()
    demands = loads.tolist()
    bids = rts79.offers()[0]
    clear, clear_batch = (
        market_py.get_backend(market_py.available_backends()[0]).market_clearing,
        market_py.market_clearing_batch,
    )
    years = iter(range(1, 1000))
    offered = adequacy.draw_year(0)

    def draw() -> object:
        return adequacy.draw_year(next(years))

    def together() -> object:
        return clear_batch(bids, offered, loads, price_cap=VALUE_OF_LOST_LOAD, threads=1)

    def one_by_one() -> object:
        return [
            clear(bids, quantities, demand)
            for quantities, demand in zip(offered, demands, strict=True)
        ]

    def taken(part: Callable[[], object]) -> Callable[[], float]:
        return lambda: timing.sample(part, [()], 1)

    samplers = {
        "random outages": taken(draw),
        "8736 markets, one call": taken(together),
        "8736 markets, one by one": taken(one_by_one),
    }
    rng = np.random.default_rng(0)
    timing.one_round(samplers, rng)  # Warms up.
    found = []
    for _ in range(rounds):
        offered = adequacy.draw_year(next(years))
        found.append(timing.one_round(samplers, rng))
    parts = {}
    for name in samplers:
        low, median, high = np.percentile([took[name] * 1e3 for took in found], [25, 50, 75])
        parts[name] = float(low), float(median), float(high)
    return parts
