"""Execute notebooks without a browser, and report also the errors that widgets hide."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from traitlets.config import Config

from market_py.extension import REPOSITORY
from market_py.workshop.grading.solution import MARK

NOTEBOOKS = REPOSITORY / "notebooks"
TRACEBACK = "Traceback (most recent call last)"
CELL_SECONDS = 600


class Execution(NamedTuple):
    """How the execution of a notebook went."""

    name: str
    seconds: float
    problem: str | None
    notebook: Any
    """With its outputs, in memory only."""

    @property
    def text(self) -> str:
        """All text that the notebook printed or displayed."""
        return _shown(self.notebook)


def all_notebooks() -> list[Path]:
    """The notebooks of the workshop, in order."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def execute(path: Path, *, solved: bool = False, first: str = "") -> Execution:
    """Execute a notebook, solved or as it is, in a new kernel of this Python; leave its file alone.

    The kernel runs `first` before the first cell.
    """
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    for exercise in exercises(notebook) if solved else ():
        exercise.stub.source = exercise.solution
    start = time.perf_counter()
    with TemporaryDirectory(prefix="kernel-") as folder:
        client = NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            kernel_name="python3",
            resources={"metadata": {"path": str(path.parent)}},
            store_widget_state=True,
            # What one print writes may come in two messages.
            coalesce_streams=True,
            extra_arguments=["--IPKernelApp.log_level=40", f"--IPKernelApp.exec_lines={first}"],
            config=Config({"KernelManager": connection(Path(folder))}),
        )
        try:
            client.execute()
            problem = find_problem(notebook)
        # A kernel that dies before it answers raises a plain RuntimeError.
        except (CellExecutionError, CellTimeoutError, NoSuchKernel, RuntimeError) as error:
            problem = str(error)
    return Execution(path.stem, time.perf_counter() - start, problem, notebook)


def connection(folder: Path) -> dict[str, str]:
    """Settings of a kernel manager: sockets in `folder` instead of ports, where there are any.

    A manager chooses free ports before the kernel starts, and another process may take one first.
    """
    if sys.platform == "win32":
        return {}
    return {"transport": "ipc", "connection_file": str(folder / "kernel.json")}


class Exercise(NamedTuple):
    """A stub to write in, the check below it, and a solution."""

    stub: Any
    """The cell, tagged ``exercise``."""
    check: Any
    """The cell that calls the check."""
    solution: str

    @property
    def name(self) -> str:
        """The function that checks."""
        return str(re.findall(r"check_\w+", self.check.source)[-1])

    @property
    def key(self) -> str:
        """The function that checks, and the language if the stub is in Rust."""
        return self.name + (" in Rust" if self.stub.source.startswith("%%rust") else "")


def exercises(notebook: Any) -> list[Exercise]:
    """The exercises of a notebook, in order."""
    found: list[Exercise] = []
    stub = check = None
    for cell in notebook.cells:
        if "exercise" in cell.metadata.get("tags", []):
            stub, check = cell, None
        elif cell.cell_type == "code" and cell.source.startswith(MARK):
            if stub is None or check is None:
                raise ValueError(f"a solution without an exercise: {cell.source[:60]!r}")
            found.append(Exercise(stub, check, cell.source.partition("\n")[2]))
            stub = None
        elif cell.cell_type == "code":
            check = cell
    return found


def find_problem(notebook: Any) -> str | None:
    """Find what a run without an exception can still hide.

    Errors in the callbacks and outputs of widgets do not fail a cell, and warnings do not either.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error" or output.get("name") == "stderr":
                return "".join(output.get("traceback", [output.get("text", "")]))
    _, found, rest = _shown(notebook).partition(TRACEBACK)
    return f"{found}{rest[:3000]}" if found else None


def _shown(notebook: Any) -> str:
    """All outputs of the cells and the state of the widgets, as JSON with real line ends."""
    outputs = [cell.get("outputs") for cell in notebook.cells]
    shown = [outputs, notebook.metadata.get("widgets")]
    return json.dumps(shown, ensure_ascii=False).replace("\\n", "\n")
