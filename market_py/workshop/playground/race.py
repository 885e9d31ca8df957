"""Race any functions that clear one market: learners' own, variants, backends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tqdm.auto import tqdm

from market_py import registry
from market_py.benchmark import timing
from market_py.benchmark.cases.clearing import single_case
from market_py.benchmark.timing import Race
from market_py.workshop.playground.collection import python_name
from market_py.workshop.widgets.panel import TIMING_LOCK


def race(
    *candidates: str | Callable[..., Any],
    offers: int = 200,
    inputs: str = "random",
    rounds: int = timing.ROUNDS,
    show_progress: bool = True,
) -> Race:
    """Time functions that clear one market, against the first of them.

    Parameters
    ----------
    *candidates : str or callable
        Names of variants and backends, or functions that take bids, quantities and demand. A
        function that is None, since it was not compiled, is left out, and so is a name whose
        language is not installed.
    offers : int
        Offers of each market.
    inputs : str
        The distribution of the markets, such as ``"random"`` or ``"repeated"``.
    rounds : int
        Samples of each candidate.
    show_progress : bool
        Whether a bar is shown meanwhile.

    Raises
    ------
    Disagreement
        One clears a market otherwise than the others, where all must agree.
    ValueError
        No candidate is left, or there is no variant, backend or distribution of that name.
    """
    chosen = named(candidates)
    case = single_case(inputs, offers, chosen, rounds=rounds)
    options: dict[str, Any] = {"leave": False, "disable": not show_progress}
    with TIMING_LOCK, tqdm(total=rounds, desc=f"{offers:,} offers", **options) as bar:
        return case.race(progress=bar.update)


def named(candidates: tuple[str | Callable[..., Any] | None, ...]) -> dict[str, Callable[..., Any]]:
    """Return candidates by name, without those that are missing.

    Raises
    ------
    ValueError
        None is left, or a name is unknown.
    """
    usable = {*registry.available_backends(), *registry.available_variants()}
    known = {*registry.BACKENDS, *registry.VARIANTS}
    found: dict[str, Callable[..., Any]] = {}
    for it in candidates:
        if callable(it):
            found[python_name(it)] = it
        elif it is not None and (it in usable or it not in known):
            found |= registry.get_candidates([it])
    if not found:
        raise ValueError("candidates: none is left; give a function, or a name of a backend")
    return found
