"""The command ``python -m market_py bench``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from tqdm import tqdm

from market_py.benchmark import machine, plan, timing
from market_py.benchmark import settings as settings_
from market_py.benchmark.cases.adequacy import Study
from market_py.benchmark.cases.case import BenchmarkCase
from market_py.benchmark.confirm import confirm
from market_py.benchmark.report import tables
from market_py.benchmark.report.picture import ResultPicture
from market_py.benchmark.results import Results, Unreadable, default_path
from market_py.benchmark.run import new_results, run
from market_py.cli import INTERRUPTED, REFUSED, at_least

WIDTH = 130
"""Columns where the output is not a terminal."""


def main(arguments: list[str]) -> int:
    """Time, keep and show; or show what was kept. Return the exit status."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.plot and chosen.confirm:
        parser.error("--plot shows what was measured before, --confirm measures: choose one")
    if chosen.plot and chosen.output:
        parser.error("--plot keeps its pictures beside the file, --output is for a run: choose one")
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    try:
        other = Results.load(chosen.compare) if chosen.compare else None
        if chosen.plot:
            path, results = chosen.plot, Results.load(chosen.plot)
            cases: list[BenchmarkCase | Study] = []
        else:
            settings = _settings(chosen)
            cases = plan.make_cases(settings)
            results = new_results(settings)
            path = chosen.output or default_path(results.time)
            if path.is_dir():
                raise ValueError(f"--output {path}: is a folder")
            if path.suffix != ".json":
                raise ValueError(f"--output {path}: must end in .json; pictures stand beside it")
        if other is not None and not chosen.across_machines:
            _same_machine(results, other)
    except (Unreadable, ValueError, ImportError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    try:
        if cases and not _run(results, cases, path):
            print(f"Interrupted. {_kept(results, path)}", file=sys.stderr)
            return INTERRUPTED
    except timing.Disagreement as error:
        print(f"{error}\nThis is a bug. {_kept(results, path)}", file=sys.stderr)
        return 1
    for shown in tables.report(results):
        console.print(shown)
    if other is not None:
        console.print(tables.change(results, other))
    picture = ResultPicture(results)
    files = [path] if picture.is_empty else [path, *picture.save(path)]
    console.print(f"Kept in {', '.join(map(str, files))}.", soft_wrap=True, highlight=False)
    if chosen.confirm:
        console.print("Confirming in fresh processes; this takes minutes.")
        results.confirmed = confirm()
        results.save(path)
        if not picture.is_empty:
            picture.save(path)  # Again: it names the checksum of the file.
        console.print(tables.confirmed(results))
    return 0


def _run(results: Results, cases: list[BenchmarkCase | Study], path: Path) -> bool:
    total = sum(case.seconds_per_round * case.rounds for case in cases)
    layout = "{desc} {percentage:3.0f} %|{bar}| {elapsed} < {remaining}"
    with tqdm(total=total, bar_format=layout, smoothing=0.1, leave=False) as bar:

        def advance(case: BenchmarkCase | Study) -> None:
            bar.set_description_str(case.label, False)
            bar.update(min(case.seconds_per_round, total - bar.n))

        return run(results, cases, path, progress=advance)


def _kept(results: Results, path: Path) -> str:
    if not results.timed and not results.studied:
        return "No round was complete."
    rounds = sum(timed.race.finished for timed in results.timed)
    return (
        f"{rounds} complete rounds of {len(results.timed)} races are kept; "
        f"to see them: python -m market_py bench --plot {path}"
    )


def _same_machine(one: Results, other: Results) -> None:
    if different := machine.differences(one.machine, other.machine):
        raise ValueError(
            f"these are times of different machines ({'; '.join(different)}); "
            "--across-machines compares them all the same"
        )


def _settings(chosen: argparse.Namespace) -> settings_.Settings:
    """Apply the options to the default run, or to the quick one."""
    settings = settings_.QUICK if chosen.quick else settings_.Settings()
    changes = {
        "kinds": chosen.only,
        "sizes": chosen.sizes,
        "repeated_sizes": chosen.sizes,
        "distribution_sizes": chosen.sizes,
        "distributions": chosen.distributions,
        "variants": chosen.variants,
        "threads": chosen.threads,
        "rounds": chosen.rounds,
        "years": chosen.years,
        "seed": chosen.seed,
    }
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in changes.items()
        if value is not None
    }
    return replace(settings, **given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m market_py bench",
        description="Time the backends and the variants, keep the raw rounds, and report them.",
    )
    positive, natural = at_least(1), at_least(0)
    ask = parser.add_argument
    ask("--quick", action="store_true", help="a smaller run, within a minute")
    sections = ", ".join(settings_.SECTIONS)
    ask("--only", nargs="+", choices=settings_.SECTIONS, metavar="SECTION", help=f"of {sections}")
    ask("--sizes", nargs="+", type=positive, metavar="N", help="offers per market")
    ask("--variants", nargs="+", metavar="NAME", help="variants and backends, in this order")
    distributions = settings_.Settings().distributions
    listed = f"of inputs, in that section: {', '.join(map(repr, distributions))}"
    ask("--distributions", nargs="+", choices=distributions, metavar="FAMILY", help=listed)
    ask("--threads", nargs="+", type=positive, metavar="K", help="numbers of threads, in batches")
    ask("--years", type=positive, help="of outages, in the study (10,000)")
    ask("--rounds", type=positive, help=f"samples of each candidate ({timing.ROUNDS})")
    ask("--seed", type=natural, help="of the inputs and of the order (0)")
    ask("--output", type=Path, metavar="FILE.json", help="default: results/, named by time")
    ask("--plot", type=Path, metavar="FILE.json", help="show a run that was kept; time nothing")
    ask("--compare", type=Path, metavar="FILE.json", help="show how times differ from another run")
    ask("--across-machines", action="store_true", help="let --compare do so between machines")
    ask("--confirm", action="store_true", help="measure headline figures in fresh processes too")
    return parser
