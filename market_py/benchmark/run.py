"""A run of the benchmark: race after race, none of them lost."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from market_py import tally, timing
from market_py.benchmark import machine, plan
from market_py.benchmark.floors import floors
from market_py.benchmark.results import Results, Timed


def new_results(settings: plan.Settings) -> Results:
    """Results without a race, of this machine, now."""
    return Results(machine.record(), settings.to_json())


def run(
    results: Results,
    heats: list[plan.Heat],
    path: Path,
    *,
    progress: Callable[[plan.Heat], object] = lambda heat: None,
) -> bool:
    """Run races, add them to the results, and save these after each.

    Parameters
    ----------
    results : Results
        To be added to.
    heats : list of Heat
        What to run.
    path : Path
        The file that is written again and again.
    progress : callable
        Called with the current race after each of its rounds.

    Returns
    -------
    bool
        Whether all was run; False after Ctrl-C or SIGTERM. The complete rounds of the race in
        progress are kept then, too.

    Raises
    ------
    Disagreement
        Candidates that must clear all markets alike do not; what was timed before is saved.
    """
    with _signals_interrupt():
        try:
            if any(heat.kind == "ladder" for heat in heats) and tally.can_count():
                results.work = tally.count(plan.LADDER_SIZE)
            for heat in heats:
                results.timed.append(_timed(heat, _race(heat, progress)))
                results.save(path)
        except timing.Stopped as stopped:
            if stopped.race.finished:
                results.timed.append(_timed(heat, stopped.race))
        except KeyboardInterrupt:
            pass  # Between two races, or while one is prepared: nothing is lost.
        else:
            return True
        results.save(path)
        return False


def _race(heat: plan.Heat, progress: Callable[[plan.Heat], object]) -> timing.Race:
    inputs = heat.inputs()
    return timing.race(
        heat.candidates(),
        inputs,
        floors=floors(inputs[0]),
        may_differ=heat.may_differ(),
        rounds=heat.settings.rounds,
        sample_seconds=heat.settings.sample_seconds,
        progress=lambda: progress(heat),
        seed=heat.settings.seed,
    )


def _timed(heat: plan.Heat, race: timing.Race) -> Timed:
    return Timed(heat.kind, heat.family, heat.markets, heat.threads, race)


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
