"""Time the backends and variants, store the run, and print its report."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from tqdm import tqdm

from market_py.benchmark import machine, plan, settings, timing
from market_py.benchmark.confirm import confirm
from market_py.benchmark.report import tables
from market_py.benchmark.report.picture import save_pictures
from market_py.benchmark.results import FOLDER, Results
from market_py.benchmark.run import Case, run
from market_py.cli import INTERRUPTED, REFUSED, WIDTH, at_least


def main(arguments: list[str]) -> int:
    """Measure, save and show a run, or show a saved one; return the exit status."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.plot and chosen.confirm:
        parser.error("--plot shows what was measured before, --confirm measures: choose one")
    if chosen.plot and chosen.output:
        parser.error("--plot keeps its pictures beside the file, --output is for a run: choose one")
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    cases: list[Case] = []
    try:
        other = Results.load(chosen.compare) if chosen.compare else None
        if chosen.plot:
            path, results = chosen.plot, Results.load(chosen.plot)
        else:
            asked = _settings(chosen)
            cases = plan.make_cases(asked)
            results = Results(machine.record(), asdict(asked))
            path = chosen.output or FOLDER / f"{results.time[:19].replace(':', '-')}.json"
            if path.is_dir():
                raise ValueError(f"--output {path}: is a folder")
            if path.suffix != ".json":
                raise ValueError(f"--output {path}: must end in .json; pictures stand beside it")
        if other is not None and not chosen.across_machines:
            _same_machine(results, other)
    except (ValueError, ImportError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    try:
        if cases and not _run(results, cases, path):
            print(f"Interrupted. {_saved(results, path)}", file=sys.stderr)
            return INTERRUPTED
    except timing.Disagreement as error:
        print(f"{error}\nThis is a bug. {_saved(results, path)}", file=sys.stderr)
        return 1
    status = 0
    if chosen.confirm:
        print("Confirming in fresh processes; this takes minutes.", file=sys.stderr)
        try:
            results.confirmed = confirm()
            results.save(path)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            status = 1
    # All files are written before anything is printed, which may fail.
    files = [path, *save_pictures(results, path)]
    for shown in tables.report(results):
        console.print(shown)
    if other is not None:
        console.print(tables.change(results, other))
    console.print(f"Kept in {', '.join(map(str, files))}.", soft_wrap=True, highlight=False)
    return status


def _run(results: Results, cases: list[Case], path: Path) -> bool:
    """Run all cases with a progress bar; return whether they were all finished."""
    layout = "{desc} {percentage:3.0f} %|{bar}| {elapsed} < {remaining}"
    with tqdm(total=len(cases), bar_format=layout, smoothing=0, leave=False) as bar:

        def advance(case: Case) -> None:
            bar.set_description_str(case.label, False)
            bar.update(min(1 / case.rounds, len(cases) - bar.n))

        return run(results, cases, path, progress=advance)


def _saved(results: Results, path: Path) -> str:
    if not results.races and not results.studied:
        return "No round was complete."
    rounds = sum(found.race.finished for found in results.races)
    return (
        f"{rounds} complete rounds of {len(results.races)} races are kept; "
        f"to see them: python -m market_py bench --plot {path}"
    )


def _same_machine(one: Results, other: Results) -> None:
    if different := machine.differences(one.machine, other.machine):
        raise ValueError(
            f"these are times of different machines ({'; '.join(different)}); "
            "--across-machines compares them all the same"
        )


def _settings(chosen: argparse.Namespace) -> settings.Settings:
    """Apply the options, which are named as the settings, to the default or the quick run."""
    names = {field.name for field in fields(settings.Settings)}
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in vars(chosen).items()
        if name in names and value is not None
    }
    if chosen.sizes:
        given |= {"repeated_sizes": given["sizes"], "distribution_sizes": given["sizes"]}
    return replace(settings.QUICK if chosen.quick else settings.Settings(), **given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m market_py bench",
        description="Time the backends and the variants, save the raw rounds, and report them.",
    )
    positive, natural = at_least(1), at_least(0)
    ask = parser.add_argument
    ask("--quick", action="store_true", help="a smaller run, within a minute")
    sections = settings.SECTIONS
    only = f"sections to run, of {', '.join(sections)}"
    ask("--only", nargs="+", dest="kinds", choices=sections, metavar="SECTION", help=only)
    ask("--sizes", nargs="+", type=positive, metavar="N", help="offers per market")
    ask("--variants", nargs="+", metavar="NAME", help="variants and backends, in this order")
    distributions = settings.Settings().distributions
    listed = f"inputs of the section of that name, of {', '.join(map(repr, distributions))}"
    ask("--distributions", nargs="+", choices=distributions, metavar="NAME", help=listed)
    ask("--threads", nargs="+", type=positive, metavar="K", help="thread counts, in batches")
    ask("--years", type=positive, help="years of outages in a study (10,000)")
    ask("--rounds", type=positive, help=f"samples of each candidate ({timing.ROUNDS})")
    ask("--seed", type=natural, help="seed of the inputs and of the order (0)")
    ask("--output", type=Path, metavar="FILE.json", help="default: results/, named by time")
    ask("--plot", type=Path, metavar="FILE.json", help="show a saved run; time nothing")
    ask("--compare", type=Path, metavar="FILE.json", help="show how times differ from another run")
    ask("--across-machines", action="store_true", help="let --compare do so between machines")
    ask("--confirm", action="store_true", help="measure headline figures in fresh processes too")
    return parser
