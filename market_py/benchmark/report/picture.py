"""Draw a run: times and ratios against the number of offers."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from market_py.benchmark.confirm import PUBLISHED_NUMBA
from market_py.benchmark.results import Results
from market_py.benchmark.timing import ONE_PASS, Race, Ratio
from market_py.plots.picture import Picture
from market_py.plots.style import BLACK, LEGEND, candidate_style, prepare


class ResultPicture(Picture):
    """Above: time per call, with quartiles and baselines. Below: paired ratios, with intervals."""

    def __init__(self, results: Results) -> None:
        super().__init__(width=9.0, height=9.0)
        self.figure.subplots_adjust(left=0.12, top=0.89, bottom=0.08, hspace=0.06)
        times, ratios = self.figure.subplots(2, sharex=True, height_ratios=[1.4, 1])
        chosen = (found.race for found in results.of_kind("single"))
        races = sorted(chosen, key=lambda race: race.size)
        self.is_empty = not races
        prepare(times, "", "ns per call")
        prepare(ratios, "offers N, distinct random inputs", f"times faster than {PUBLISHED_NUMBA}")
        ratios.axhline(1, color=BLACK, linewidth=1)
        names = dict.fromkeys(name for race in races for name in race.candidates)
        baselines = dict.fromkeys(name for race in races for name in race.baselines)
        for name in (*names, *baselines):
            timed = [race for race in races if name in race.rounds]
            _draw(times, name, timed, lambda race, name: race.quartiles(name))
        for name in names:
            both = [race for race in races if {name, PUBLISHED_NUMBA} <= set(race.rounds)]
            if name != PUBLISHED_NUMBA and both:
                _draw(
                    ratios,
                    name,
                    both,
                    lambda race, name: _bounds(race.speedup(name, PUBLISHED_NUMBA)),
                )
        same = np.reshape([_bounds(race.resolution()) for race in races], (-1, 3))
        band = ratios.fill_between(
            [race.size for race in races],
            same[:, 0],
            same[:, 2],
            color="#999999",
            alpha=0.4,
            label="A/A: the same against itself",
        )
        for axes in (times, ratios):
            axes.set_xscale("log")
            axes.set_yscale("log")
        for axis in (ratios.xaxis, times.yaxis):
            axis.set_major_locator(LogLocator(numticks=12))
        ratios.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ratios.yaxis.set_major_formatter("{x:g}")
        ratios.yaxis.set_minor_locator(NullLocator())
        handles, _ = times.get_legend_handles_labels()
        self.figure.legend(handles=[*handles, band], loc="upper center", ncols=4, **LEGEND)

    def save(self, path: Path) -> list[Path]:
        """Write a PNG and an SVG beside a file of results; return their paths."""
        png = path.with_suffix(".png")
        png.write_bytes(self.png())
        return [png, self.save_svg(path.with_suffix(".svg"), source_note(path))]

    def save_svg(self, path: Path, source: str) -> Path:
        """Write an SVG that names its source: the same figure gives the same file."""
        with rc_context({"svg.hashsalt": "results", "svg.fonttype": "none"}):
            self.figure.savefig(path, format="svg", metadata={"Date": None, "Source": source})
        # Matplotlib ends lines with blanks.
        lines = path.read_text("utf-8").splitlines()
        path.write_text("\n".join(line.rstrip() for line in lines) + "\n", "utf-8")
        return path


def source_note(path: Path) -> str:
    """Name the file of the results, and its checksum; `report --check` looks for this."""
    return f"{path.name}, crc32 {zlib.crc32(path.read_bytes()):08x}"


def _bounds(ratio: Ratio) -> tuple[float, float, float]:
    return ratio.low, ratio.value, ratio.high


def _draw(
    axes: Axes,
    name: str,
    races: Iterable[Race],
    bounds: Callable[[Race, str], tuple[float, float, float]],
) -> None:
    """Draw a line with error bars from the lower bound, middle and upper bound at each size."""
    colour, marker, dashes = candidate_style(name)
    low, middle, high = np.transpose([bounds(race, name) for race in races])
    axes.errorbar(
        [race.size for race in races],
        middle,
        yerr=[middle - low, high - middle],
        color=colour,
        marker=marker or None,
        linestyle=dashes,
        capsize=3,
        label=f"{name} over the data" if name == ONE_PASS else name,
    )
