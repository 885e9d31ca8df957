"""Pictures of notebook 08."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from market_py.benchmark.timing import Race
from market_py.plots.picture import Picture
from market_py.plots.style import BLACK, BLUE, LEGEND, ORANGE, SKY, VERMILION, prepare
from market_py.reliability.adequacy import Simulation
from market_py.validation import Float64Array


class BatchPicture(Picture):
    """Time per market against the size of the batch; below, how well threads are used.

    Parameters
    ----------
    sizes : sequence of int
        Markets per batch: all that there may be.
    backends : sequence of str
        What is drawn, where it was timed.
    """

    def __init__(self, sizes: Sequence[int], backends: Sequence[str]) -> None:
        super().__init__(height=7.4)
        self._sizes, self._backends = list(sizes), list(backends)
        self.figure.subplots_adjust(left=0.16, bottom=0.1, top=0.86, hspace=0.45)
        self._times, self._threads = self.figure.subplots(2, height_ratios=[3.4, 1])
        self._legend = self.figure.legend(handles=[])

    def show(self, races: Mapping[int, Race], threads: int) -> bytes:
        """Draw the sizes timed so far, possibly none."""
        axes = self._times
        axes.clear()
        prepare(axes, "markets per batch", "ns per market")
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xlim(0.8, 1.25 * self._sizes[-1])
        axes.set_xticks(self._sizes, [f"{size:,}" for size in self._sizes])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:,g}")
        axes.yaxis.set_minor_locator(NullLocator())
        for name, colours, markers in zip(
            self._backends, ((BLUE, SKY), (VERMILION, ORANGE)), ("ov^", "sPD"), strict=True
        ):
            for way, colour, marker, dashes in (
                (f"{name} one by one", colours[0], markers[0], ":"),
                (f"{name} batch", colours[0], markers[1], "-"),
                (f"{name} batch, {threads} threads", colours[1], markers[2], "--"),
            ):
                timed = [size for size, race in races.items() if way in race.rounds]
                quartiles = np.array([races[size].quartiles(way) for size in timed])
                low, median, high = quartiles.reshape(-1, 3).T
                axes.errorbar(
                    timed,
                    median,
                    yerr=[median - low, high - median],
                    color=colour,
                    marker=marker,
                    linestyle=dashes,
                    capsize=3,
                    label=way,
                )
        if not races:
            axes.set_ylim(50, 50_000)
        self._show_threads(races, threads)
        self._legend.remove()
        handles, _ = axes.get_legend_handles_labels()
        self._legend = self.figure.legend(handles=handles, loc="upper center", ncols=2, **LEGEND)
        return self.png()

    def _show_threads(self, races: Mapping[int, Race], threads: int) -> None:
        """One cell for each backend and size: the share of the threads that is of use."""
        axes = self._threads
        axes.clear()
        shares = np.full((len(self._backends), len(self._sizes)), np.nan)
        for row, name in enumerate(self._backends):
            for column, size in enumerate(self._sizes):
                one, some = f"{name} batch", f"{name} batch, {threads} threads"
                if size in races and some in races[size].rounds:
                    shares[row, column] = races[size].speedup(some, over=one).value / threads
        axes.imshow(shares, cmap="cividis", vmin=0, vmax=1.1, aspect="auto")
        for (row, column), share in np.ndenumerate(shares):
            if np.isfinite(share):
                axes.text(
                    column,
                    row,
                    f"{share:.0%}",
                    ha="center",
                    va="center",
                    fontsize=13,
                    color="white" if share < 0.6 else BLACK,
                )
        axes.set_xticks(range(len(self._sizes)), [f"{size:,}" for size in self._sizes])
        axes.set_yticks(range(len(self._backends)), [f"{name}" for name in self._backends])
        axes.tick_params(labelsize=14, length=0)
        axes.set_title(f"efficiency of {threads} threads", fontsize=14)
        axes.set_xlabel("markets per batch", fontsize=15)


class YearsPicture(Picture):
    """A simulation of years: the estimate and its band, and the price-duration curve.

    Parameters
    ----------
    exact : float
        The loss of load expectation by convolution, h/year.
    """

    def __init__(self, exact: float) -> None:
        super().__init__(height=7.2)
        self._exact = exact
        self.figure.subplots_adjust(top=0.9, hspace=0.36)
        self._estimate, self._prices = self.figure.subplots(2, height_ratios=[1.2, 1])
        prepare(self._estimate, "years simulated", "loss of load (h/year)")
        self._estimate.axhline(
            exact, color=BLACK, linestyle="--", label=f"exact: {exact:.3f} h/year"
        )
        (self._mean,) = self._estimate.plot([], [], color=BLUE, lw=2, label="mean so far")
        self._band = self._estimate.fill_between(
            [0.0], [0.0], [0.0], color=SKY, alpha=0.5, label="95 % interval"
        )
        prepare(self._prices, "hours of a mean year, dearest first", "price ($/MWh)")
        (self._curve,) = self._prices.plot([], [], color=VERMILION, lw=2.2, drawstyle="steps-post")
        self._lost = self._prices.text(
            0.98, 0.97, "", transform=self._prices.transAxes, ha="right", va="top", fontsize=14
        )
        self._prices.set_xscale("log")
        self._prices.xaxis.set_major_formatter("{x:,g}")
        self._prices.set_xlim(1, 8736)
        self._prices.set_ylim(0, 65)
        self.figure.legend(
            handles=self._estimate.get_legend_handles_labels()[0],
            loc="upper center",
            ncols=3,
            **LEGEND,
        )

    def show(
        self,
        means: Float64Array,
        errors: Float64Array,
        simulation: Simulation | None,
        lost_load: float,
    ) -> bytes:
        """Draw the mean after each year and its standard error, shape (years,), and the prices."""
        years = np.arange(1, len(means) + 1)
        self._mean.set_data(years, means)
        # The band begins where there is a spread.
        known = np.isfinite(errors)
        reach = 1.959964 * errors[known]
        self._band.set_data(years[known], means[known] - reach, means[known] + reach)
        self._estimate.set_xlim(0, max(10, len(means)))
        # The first years stray far: their band leaves the picture.
        self._estimate.set_ylim(max(0.0, self._exact - 3), self._exact + 3)
        if simulation is not None and simulation.years:
            self._show_prices(simulation, lost_load)
        return self.png()

    def _show_prices(self, simulation: Simulation, lost_load: float) -> None:
        hours, prices = duration(simulation)
        self._curve.set_data(np.maximum(hours, 1e-3), prices)
        lost = simulation.hours_at_price[lost_load] / simulation.years
        self._lost.set_text(f"↑ {lost:.2f} hours at {lost_load:,.0f} $/MWh, off the scale")


def duration(simulation: Simulation) -> tuple[Float64Array, Float64Array]:
    """The price-duration curve of a mean year: from which hour on, and at what price."""
    levels = sorted(simulation.hours_at_price, reverse=True)
    counts = [simulation.hours_at_price[level] / simulation.years for level in levels]
    edges = np.concatenate([[0.0], np.cumsum(counts)])
    return edges, np.array([*levels, levels[-1]])
