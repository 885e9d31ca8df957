"""The panels of notebook 08 on adequacy: simulate years of the RTS-79, and weighted years."""

from __future__ import annotations

import time

import numpy as np

import market_py
from market_py.benchmark import timing
from market_py.benchmark.report.picture import times
from market_py.reliability import adequacy, rts79
from market_py.reliability.adequacy import VALUE_OF_LOST_LOAD
from market_py.reliability.importance import simulate_weighted_yearly
from market_py.reliability.outages import share_columns, state_weights
from market_py.reliability.simulation import Estimate, Simulation
from market_py.validation import Float64Array
from market_py.workshop.lessons.n08_batch import plots
from market_py.workshop.widgets.controls import slider, stepper
from market_py.workshop.widgets.panel import Explorer, Job, Shown

PUBLISHED = 9.394
"""Loss of load expectation of the RTS-79, h/year (Allan, Billinton and Abdel-Gawad 1986)."""
FRAME_SECONDS = 0.5


class YearsPanel(Job):
    """Simulate years, and watch the loss of load come close to its expectation."""

    def __init__(self) -> None:
        self.exact = adequacy.exact().loss_of_load
        self.simulation: Simulation | None = None
        self._found: list[Estimate] = []
        controls = {
            "years": stepper("years", [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000], 2000),
            "threads": stepper("threads", [1, 2, 4, 8], 1),
            "seed": stepper("random seed", list(range(1, 21)), 1),
        }
        first = self._drawn(), "No year has been simulated yet."
        super().__init__("Simulate", 2000, first, controls)

    def _drawn(self) -> bytes:
        return plots.years(self._found, self.simulation, self.exact)

    def work(self) -> None:
        """Simulate until all years are done, or until stopped."""
        self.simulation, self._found = None, []
        chosen = self.chosen
        self.bar.max = chosen["years"]
        drawn = start = time.perf_counter()
        for simulation in adequacy.simulate_yearly(**chosen):
            self.simulation = simulation
            self._found.append(simulation.loss_of_load)
            if self.is_stopped():
                break
            if time.perf_counter() > drawn + FRAME_SECONDS:
                self.bar.value = simulation.years
                self.show((self._drawn(), self._say()))
                drawn = time.perf_counter()
        seconds = time.perf_counter() - start
        self.bar.value = len(self._found)
        markets = len(self._found) * rts79.HOURS
        took = f" {markets:,} markets took {seconds:,.2f} s, pictures included."
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


def table_panel() -> Explorer:
    """Show the alias table of three units, by their outage rates."""

    def answer(**percents: int) -> Shown:
        rates = np.array([*percents.values()]) / 100
        weights = state_weights(rates) / 2**32
        own, other = share_columns(state_weights(rates))
        most = int(weights.argmax())
        columns = int(np.count_nonzero((other == most) & (own < 2**29))) + 1
        name = plots.state_name(most, len(rates))
        said = (
            f"The most probable state is {name}, with {weights[most]:.1%}: it takes part of "
            f"{columns} of {len(weights)} columns. All three are out with {weights[0]:.1%}."
        )
        return plots.alias_table(rates), said

    names = ("first", "second", "third")
    controls = {
        name: slider(f"{name} unit out", value, 0, 100, 5, "%")
        for name, value in zip(names, (30, 20, 10), strict=True)
    }
    return Explorer(controls, answer)


class IntervalsPanel(Job):
    """Simulate years as they are, and weighted years of more frequent outages, side by side."""

    def __init__(self) -> None:
        self.exact = adequacy.exact().loss_of_load
        self.plain: list[Estimate] = []
        self.weighted: list[Estimate] = []
        controls = {
            "years": stepper("years of each", [20, 50, 100, 200, 500, 1000], 200),
            "seed": stepper("random seed", list(range(1, 21)), 1),
        }
        first = self._drawn(), "Nothing is simulated yet."
        super().__init__("Simulate both", 200, first, controls)

    def _drawn(self) -> bytes:
        return plots.intervals({"plain": self.plain, "weighted": self.weighted}, self.exact)

    def work(self) -> None:
        """Simulate until all years are done, or until stopped."""
        chosen = self.chosen
        self.plain, self.weighted, self.bar.max = [], [], chosen["years"]
        drawn = time.perf_counter()
        both = zip(
            adequacy.simulate_yearly(**chosen), simulate_weighted_yearly(**chosen), strict=True
        )
        for plain, weighted in both:
            self.plain.append(plain.loss_of_load)
            self.weighted.append(weighted.loss_of_load)
            if self.is_stopped():
                break
            if time.perf_counter() > drawn + FRAME_SECONDS:
                self.bar.value = len(self.plain)
                self.show((self._drawn(), self._say()))
                drawn = time.perf_counter()
        self.bar.value = len(self.plain)
        self.show((self._drawn(), self._say()))

    def _say(self) -> str:
        plain, weighted = self.plain[-1], self.weighted[-1]
        said = f"{plain.years:,} years: plain {plain} h/year, weighted {weighted} h/year."
        if plain.years > 1 and weighted.standard_error > 0:
            share = (plain.standard_error / weighted.standard_error) ** 2
            said += f" For the weighted interval it takes {share:,.0f} times as many plain years."
        return said


def parts_of_a_year(rounds: int = 7) -> dict[str, tuple[float, float, float]]:
    """Time the parts of a simulated year on the same few years: quartiles of each part, ms."""
    loads = rts79.hourly_loads()
    demands = loads.tolist()
    bids = rts79.offers()[0]
    backend = market_py.get_backend(market_py.available_backends()[0])

    def together(year: int, offered: Float64Array) -> object:
        return market_py.market_clearing_batch(
            bids, offered, loads, price_cap=VALUE_OF_LOST_LOAD, threads=1
        )

    def one_by_one(year: int, offered: Float64Array) -> object:
        hours = zip(offered, demands, strict=True)
        return [backend.market_clearing(bids, quantities, demand) for quantities, demand in hours]

    parts = {
        "random outages": lambda year, offered: adequacy.draw_year(year),
        "8736 markets, one call": together,
        "8736 markets, one by one": one_by_one,
        "both in one kernel": lambda year, offered: adequacy.simulate(1, seed=year),
    }
    years = [(year, adequacy.draw_year(year)) for year in range(3)]
    race = timing.race(parts, years, rounds=rounds, loops=1)
    return {name: times([race], name, 1e6)[0] for name in parts}
