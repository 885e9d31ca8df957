"""A run of the benchmark: race after race, none of them lost."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from market_py.benchmark import machine, operation_counts, timing
from market_py.benchmark.cases.adequacy import Study
from market_py.benchmark.cases.case import BenchmarkCase
from market_py.benchmark.results import Results, Timed
from market_py.benchmark.settings import LADDER_SIZE, Settings


def new_results(settings: Settings) -> Results:
    """Results without a race, of this machine, now."""
    return Results(machine.record(), settings.to_json())


def run(
    results: Results,
    cases: Sequence[BenchmarkCase | Study],
    path: Path,
    *,
    progress: Callable[[BenchmarkCase | Study], object] = lambda case: None,
) -> bool:
    """Run races and studies, add them to the results, and save these after each.

    Parameters
    ----------
    results : Results
        To be added to.
    cases : sequence
        What to run.
    path : Path
        The file that is written again and again.
    progress : callable
        Called with the current race or study after each of its rounds or years.

    Returns
    -------
    bool
        Whether all was run; False after Ctrl-C or SIGTERM. The complete rounds of the race in
        progress are kept then, too; a study is kept whole or not at all.

    Raises
    ------
    Disagreement
        Candidates that must clear all markets alike do not; what was timed before is saved.
    """
    with _signals_interrupt():
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
            pass  # The rounds of a race are among the results; between two, nothing is lost.
        else:
            return True
        results.save(path)
        return False


def _race(results: Results, case: BenchmarkCase, progress: Callable[[], object]) -> None:
    """Run a race and add it to the results, as far as it came."""

    def keep(race: timing.Race) -> None:
        results.timed.append(Timed(case.kind, case.distribution, case.markets, case.threads, race))

    try:
        keep(case.race(progress))
    except timing.Stopped as stopped:
        if stopped.race.finished:
            keep(stopped.race)
        raise


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM raise KeyboardInterrupt, even where a shell has ignored the first."""
    numbers = signal.SIGINT, signal.SIGTERM
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
