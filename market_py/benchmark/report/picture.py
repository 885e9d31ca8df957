"""Draw a run: times and ratios against the number of offers."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matplotlib.ticker import LogFormatterMathtext

from market_py.benchmark.confirm import PUBLISHED_NUMBA
from market_py.benchmark.results import Results
from market_py.benchmark.timing import ONE_PASS, Race, Ratio
from market_py.plots.axes import Interval, aa_band, interval_line, label, legend, log_axis
from market_py.plots.picture import Picture, own_settings, picture
from market_py.plots.style import BLACK


def times(races: Iterable[Race], name: str, unit: float = 1.0) -> list[Interval]:
    """Quartiles of a candidate in each race, in units of so many nanoseconds."""
    found = (race.quartiles(name) for race in races)
    return [(low / unit, median / unit, high / unit) for low, median, high in found]


def interval(ratio: Ratio) -> Interval:
    """Lower end, value and upper end."""
    return ratio.low, ratio.value, ratio.high


def speedups(races: Iterable[Race], name: str, over: str) -> list[Interval]:
    """How many times as fast a candidate is as another in each race."""
    return [interval(race.speedup(name, over=over)) for race in races]


def draw_resolution(axes: Any, races: Iterable[Race], at: Iterable[float]) -> None:
    """Shade the A/A ratios of some races around the line of equal times."""
    axes.axhline(1, color=BLACK, linewidth=1)
    aa_band(axes, [*at], [interval(race.resolution()) for race in races])


@picture(height=9.0)
def times_and_ratios(figure: Any, races: list[Race]) -> None:
    """Above: time per call, with quartiles and baselines. Below: paired ratios, with intervals."""
    figure.subplots_adjust(left=0.12, top=0.89, bottom=0.08, hspace=0.06)
    above, below = figure.subplots(2, sharex=True, height_ratios=[1.4, 1])
    label(above, "", "ns per call")
    label(below, "offers N, distinct random inputs", f"times faster than {PUBLISHED_NUMBA}")
    log_axis(above.yaxis, subs=(1,), form=LogFormatterMathtext())
    log_axis(below.yaxis)
    for name in dict.fromkeys(name for race in races for name in (*race.candidates, *race.rounds)):
        found = [race for race in races if name in race.candidates + race.baselines]
        words = f"{name} over the data" if name == ONE_PASS else name
        sizes = [race.size for race in found]
        if found:
            interval_line(above, sizes, times(found, name), name, label=words)
        both = [race for race in found if {name, PUBLISHED_NUMBA} <= {*race.candidates}]
        if both and name != PUBLISHED_NUMBA:
            sizes = [race.size for race in both]
            interval_line(below, sizes, speedups(both, name, PUBLISHED_NUMBA), name)
    draw_resolution(below, races, [race.size for race in races])
    log_axis(below.xaxis, subs=(1,), form=LogFormatterMathtext())
    legend(figure, 4)


def save_pictures(results: Results, path: Path) -> list[Path]:
    """Write a PNG and an SVG beside a file of results; return their paths.

    There are none where no single markets with distinct random inputs were timed.
    """
    if not (races := random_races(results)):
        return []
    png, svg = path.with_suffix(".png"), path.with_suffix(".svg")
    png.write_bytes(times_and_ratios(races))
    save_svg(svg, source_note(path), times_and_ratios, races)
    return [png, svg]


def save_svg(path: Path, source: str, drawn: Picture[...], *data: Any) -> None:
    """Write a picture as an SVG that names its source: the same data give the same file."""
    with own_settings():
        figure = drawn.figure(*data)
        figure.savefig(path, format="svg", metadata={"Date": None, "Source": source})
    # Matplotlib ends lines with blanks.
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", "utf-8")


def random_races(results: Results) -> list[Race]:
    """Return the races of single random markets, by their number of offers."""
    races = [it.race for it in results.of_kind("single") if it.distribution == "random"]
    return sorted(races, key=lambda race: race.size)


def source_note(*paths: Path) -> str:
    """Name the files of the results, with checksums; `report --check` looks for this."""
    return "; ".join(f"{path.name}, crc32 {zlib.crc32(path.read_bytes()):08x}" for path in paths)
