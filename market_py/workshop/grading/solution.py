"""The ``%%solution`` cell magic: it shows a solution and does not run it."""

from __future__ import annotations

from typing import Any

from IPython.core.getipython import get_ipython

MARK = "%%solution"


def register() -> None:
    """Make ``%%solution`` known to the running IPython, if there is one."""
    shell: Any = get_ipython()
    if shell is not None:
        shell.register_magic_function(_leave_alone, "cell", MARK.lstrip("%"))


def _leave_alone(title: str, cell: str) -> None:
    """Do not run a solution, but say how to try it."""
    print("A solution, not run: to try it, copy it into the exercise.")
