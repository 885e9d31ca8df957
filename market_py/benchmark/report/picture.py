"""The picture of a run: times and ratios against the number of offers."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from market_py.benchmark.confirm import REFERENCE
from market_py.benchmark.results import Results
from market_py.benchmark.timing import ONE_PASS, Race
from market_py.plots.picture import Picture
from market_py.plots.style import BLACK, LEGEND, candidate_style


class ResultPicture(Picture):
    """Above: time per call, with quartiles and baselines. Below: paired ratios, with intervals."""

    def __init__(self, results: Results) -> None:
        super().__init__(width=9.0, height=9.0)
        self.figure.subplots_adjust(left=0.12, top=0.89, bottom=0.08, hspace=0.06)
        times, ratios = self.figure.subplots(2, sharex=True, height_ratios=[1.4, 1])
        chosen = (timed for timed in results.of_kind("single") if timed.distribution == "random")
        races = sorted((timed.race for timed in chosen), key=lambda race: race.size)
        self.is_empty = not races
        for axes in (times, ratios):
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.grid(alpha=0.3)
            axes.tick_params(labelsize=13)
            axes.spines[["top", "right"]].set_visible(False)
        times.set_ylabel("ns per call", fontsize=15)
        ratios.set_ylabel(f"times faster than {REFERENCE}", fontsize=15)
        ratios.set_xlabel("offers N, distinct random inputs", fontsize=15)
        ratios.axhline(1, color=BLACK, linewidth=1)
        names = list(dict.fromkeys(name for race in races for name in race.rounds))
        baselines = list(dict.fromkeys(name for race in races for name in race.baselines))
        candidates = [name for name in names if any(name in race.candidates for race in races)]
        for name in (*candidates, *baselines):
            _draw_times(times, name, [race for race in races if name in race.rounds])
        for name in candidates:
            both = [race for race in races if {name, REFERENCE} <= set(race.rounds)]
            if name != REFERENCE and both:
                _draw_ratios(ratios, name, both)
        _draw_resolution(ratios, races)
        for axis in (ratios.xaxis, times.yaxis):
            axis.set_major_locator(LogLocator(numticks=12))
        ratios.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ratios.yaxis.set_major_formatter("{x:g}")
        ratios.yaxis.set_minor_locator(NullLocator())
        handles, _ = times.get_legend_handles_labels()
        band, _ = ratios.get_legend_handles_labels()
        self.figure.legend(handles=[*handles, *band], loc="upper center", ncols=4, **LEGEND)

    def save(self, path: Path) -> list[Path]:
        """Write a PNG and an SVG beside the file of the results; return their paths."""
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
    """Name the file of the results, and a checksum of it; `report --check` looks for this."""
    return f"{path.name}, crc32 {zlib.crc32(path.read_bytes()):08x}"


def _draw_times(axes: Axes, name: str, races: list[Race]) -> None:
    colour, marker, dashes = candidate_style(name)
    low, median, high = np.array([race.quartiles(name) for race in races]).T
    axes.errorbar(
        [race.size for race in races],
        median,
        yerr=[median - low, high - median],
        color=colour,
        marker=marker or None,
        linestyle=dashes,
        capsize=3,
        label=f"{name} over the data" if name == ONE_PASS else name,
    )


def _draw_ratios(axes: Axes, name: str, races: list[Race]) -> None:
    colour, marker, dashes = candidate_style(name)
    ratios = [race.speedup(name, over=REFERENCE) for race in races]
    low, value, high = np.array([(ratio.low, ratio.value, ratio.high) for ratio in ratios]).T
    axes.errorbar(
        [race.size for race in races],
        value,
        yerr=[value - low, high - value],
        color=colour,
        marker=marker or None,
        linestyle=dashes,
        capsize=3,
    )


def _draw_resolution(axes: Axes, races: list[Race]) -> None:
    ratios = [race.resolution() for race in races]
    axes.fill_between(
        [race.size for race in races],
        [ratio.low for ratio in ratios],
        [ratio.high for ratio in ratios],
        color="#999999",
        alpha=0.4,
        label="A/A: the same against itself",
    )
