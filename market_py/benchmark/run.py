"""Run benchmark cases one after the other, and save every complete round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from market_py.benchmark import operation_counts, timing
from market_py.benchmark.cases.adequacy import Study
from market_py.benchmark.cases.case import BenchmarkCase
from market_py.benchmark.results import RaceResult, Results
from market_py.benchmark.settings import LADDER_SIZE

Case = BenchmarkCase | Study


def run(
    results: Results,
    cases: Sequence[Case],
    path: Path,
    *,
    progress: Callable[[Case], object] = lambda case: None,
) -> bool:
    """Run cases, add what they measure to the results, and save these after each case.

    Progress is called with the case after each of its rounds or years. Returns whether all cases
    ran: False after Ctrl-C or SIGTERM, when the complete rounds of the race in progress are saved
    too, but no part of a study. Where candidates disagree, a `Disagreement` is raised, and earlier
    cases are saved.
    """
    try:
        if any(case.kind == "ladder" for case in cases) and operation_counts.can_count():
            results.operation_counts = operation_counts.count(LADDER_SIZE)
        for case in cases:
            if isinstance(case, Study):
                results.studied.append(case.run(partial(progress, case)))
            else:
                _race(results, case, partial(progress, case))
            results.save(path)
    except (timing.Stopped, KeyboardInterrupt):
        results.save(path)
        return False

    return True


def _race(results: Results, case: BenchmarkCase, progress: Callable[[], object]) -> None:
    """Run a race and add its complete rounds to the results."""

    def add(race: timing.Race) -> None:
        about = case.kind, case.distribution, case.markets, case.threads
        results.races.append(RaceResult(*about, race))

    try:
        add(case.race(progress))
    except timing.Stopped as stopped:
        if stopped.race.finished:
            add(stopped.race)
        raise
