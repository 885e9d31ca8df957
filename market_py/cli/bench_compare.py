"""Time the files of this checkout, as they are now, against an earlier commit.

Both are built and timed in one run. The result says of each function whether it became faster or
slower, or whether the two are indistinguishable.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from importlib.util import find_spec

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from tqdm import tqdm

from market_py.benchmark import commits, timing
from market_py.benchmark.report.tables import PAIRED
from market_py.cli import INTERRUPTED, REFUSED, WIDTH, at_least
from market_py.extension import REPOSITORY

NO_RUST = "Rust is not installed: only numba is timed."
BUILDING = "Building both extensions, then numba compiles both: this takes minutes."


def main(arguments: list[str]) -> int:
    """Build, time and print; return the exit status."""
    parser = argparse.ArgumentParser("python -m market_py bench-compare", description=__doc__)
    ask = parser.add_argument
    ask("base", metavar="COMMIT", help="what is compared with, such as HEAD~1 or a branch")
    ask("--rounds", type=at_least(1), default=timing.ROUNDS, help=f"samples ({timing.ROUNDS})")
    ask("--seed", type=at_least(0), default=0, help="seed of the inputs and of the order (0)")
    ask("--fail-if-slower", action="store_true", help="exit with 1 if a function became slower")
    chosen = parser.parse_args(arguments)
    try:
        races = _time(chosen.base, chosen.rounds, chosen.seed)
    except timing.Disagreement as error:
        print(f"{error}\nThe two commits return different results.", file=sys.stderr)
        return 1
    except (OSError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    console.print(changes(races, chosen.base))
    verdicts = {it.verdict(commits.THIS, over=commits.BASE) for it in races.values()}
    return int(chosen.fail_if_slower and "slower" in verdicts)


def _time(base: str, rounds: int, seed: int) -> dict[str, timing.Race]:
    """Build both commits in temporary folders, and time them."""
    commit = commits.find_commit(base)
    backends = ["numba"] if find_spec("numba") else []
    has_cargo = commits.has_cargo()
    print(BUILDING if has_cargo else NO_RUST, file=sys.stderr)
    with ExitStack() as stack:
        tree = stack.enter_context(commits.checked_out(commit))
        folders = {commits.BASE: [tree], commits.THIS: [REPOSITORY]}
        if has_cargo:
            backends.append("rust")
            for name, its in folders.items():
                its.append(commits.build(name, its[0], tree.with_name(f"{name}-extension")))
        if not backends:
            raise ValueError("there is nothing to time: install numba, or Rust")
        bar = stack.enter_context(tqdm(total=rounds, unit="round", leave=False))
        cases = commits.make_cases(backends, seed)
        return commits.race(folders, cases, rounds=rounds, seed=seed, progress=bar.update)


def changes(races: Mapping[str, timing.Race], base: str) -> Table:
    """Make a table of the times of both commits, and of what follows from them."""
    table = Table(
        "function",
        f"{escape(base)}, ns",
        "now, ns",
        "times as fast",
        "A/A",
        "now it is",
        caption=f"Median, ns per market; {PAIRED}. A/A: the same for two processes of "
        f"{escape(base)}. Run it again before you believe a small change.",
    )
    for label, it in races.items():
        pair = commits.THIS, commits.BASE
        medians = [f"{it.quartiles(name)[1]:,.0f}" for name in (commits.BASE, commits.THIS)]
        ratios = it.speedup(*pair), it.resolution()
        table.add_row(label, *medians, *map(str, ratios), it.verdict(*pair))
    return table
