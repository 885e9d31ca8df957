"""Code of the notebooks: panels, pictures, exercises, builds and publishing."""

from typing import Any

from IPython.core.getipython import get_ipython

from market_py.workshop.grading import solution


def _show_race(race: Any) -> str:
    from market_py.workshop.widgets.race_output import as_html

    return as_html(race)


def _rust(line: str, cell: str) -> None:
    """Compile a cell of Rust; see `market_py.workshop.playground.magic`."""
    from market_py.workshop.playground.magic import rust

    rust(line, cell)


def register() -> None:
    """Let the running IPython, if there is one, know the cell magics, and how a race looks."""
    shell: Any = get_ipython()
    if shell is None:
        return
    # What these use is imported when they are used.
    solution.register()
    shell.register_magic_function(_rust, "cell", "rust")
    shell.display_formatter.formatters["text/html"].for_type_by_name(
        "market_py.benchmark.timing", "Race", _show_race
    )


register()
