"""The command line: ``python -m market_py``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m market_py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="say what is missing and how to get it")
    commands.add_parser("demo", help="clear a small market with both backends, and time them")
    run = commands.add_parser("run", help="execute the notebooks, a line each")
    run.add_argument("notebooks", nargs="*", type=Path, help="default: all, in order")
    run.add_argument("--solved", action="store_true", help="with the solutions in place")
    book = commands.add_parser("book", help="make a static HTML book of the executed notebooks")
    book.add_argument("--output", type=Path, help="default: build/book")
    commands.add_parser("app", help="serve notebook 01 as a page, with Voila", add_help=False)
    # Its options are its own: to list their choices takes what the doctor must do without.
    commands.add_parser("bench", help="time the variants and the backends", add_help=False)
    report = commands.add_parser("report", help="write the figures of the documents anew")
    report.add_argument("--check", action="store_true", help="only say which are out of date")
    study = commands.add_parser("adequacy", help="simulate outages of the RTS-79, year by year")
    study.add_argument("--years", type=int, default=1000)
    study.add_argument("--seed", type=int, default=0)
    study.add_argument("--threads", type=int, default=1)
    study.add_argument("--backend", help="default: the fastest")
    chosen, rest = parser.parse_known_args(arguments)
    if rest and chosen.command not in ("app", "bench"):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    # Imported here: the doctor must run where they cannot.
    if chosen.command == "doctor":
        from market_py import doctor

        return doctor.report()
    if chosen.command == "demo":
        from market_py import demo

        demo.run()
        return 0
    if chosen.command == "run":
        return _run(chosen.notebooks, solved=chosen.solved)
    if chosen.command == "app":
        from market_py.workshop import app

        app.serve(rest)
        return 0
    if chosen.command == "book":
        from market_py.workshop import book as pages

        return pages.build(chosen.output or pages.BOOK)
    if chosen.command == "bench":
        from market_py.benchmark import command

        return command.main(rest)
    if chosen.command == "report":
        from market_py.benchmark import document

        return document.main(check=chosen.check)
    return _adequacy(chosen.years, chosen.seed, chosen.threads, chosen.backend)


def _run(notebooks: list[Path], *, solved: bool) -> int:
    from market_py.workshop import execution

    failed = 0
    chosen = notebooks or execution.all_notebooks()
    for path in chosen:
        print(f"{path.stem:<24}", end="", flush=True)
        try:
            done = execution.execute(path, solved=solved)
        except (OSError, ValueError) as error:
            failed += 1
            print(f"          failed\n{path}: {error}", file=sys.stderr)
            continue
        print(f"{done.seconds:6.1f} s  {'failed' if done.problem else 'passed'}", flush=True)
        if done.problem:
            failed += 1
            print(done.problem, file=sys.stderr)
    return bool(failed) or not chosen


def _adequacy(years: int, seed: int, threads: int, backend: str | None) -> int:
    from rich.console import Console
    from tqdm import tqdm

    from market_py import adequacy, tables

    with tqdm(total=years, desc="years", unit="year") as bar:
        try:
            found = adequacy.simulate(
                years, seed=seed, threads=threads, backend=backend, progress=bar.update
            )
        except (ImportError, ValueError) as error:
            print(error, file=sys.stderr)
            return 2
    Console().print(tables.indices(found, adequacy.exact()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
