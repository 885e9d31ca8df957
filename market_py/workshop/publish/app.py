"""Notebook 01 as a page of its own, served by Voila: its pictures, and no code.

``python -m market_py app`` takes Voila's options, such as ``--port=8866`` and ``--no-browser``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

from traitlets.config import Config

from market_py.workshop.publish.execution import NOTEBOOKS

NOTEBOOK = NOTEBOOKS / "01_merit_order.ipynb"
TEMPLATES = NOTEBOOKS / "app"
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\.ipynb\)")
"""To a notebook that is not served."""
WAY = re.compile(r"^(Next|Back): .*$| · needs .*$", re.M)
"""What tells which notebook comes next, or before."""
IDLE_SECONDS = 1200
"""After which the kernel of a page that nobody looks at is ended."""


def serve(arguments: Sequence[str]) -> None:
    """Serve the page on this machine only, unless told otherwise, until interrupted."""
    os.environ["JUPYTER_PATH"] = os.pathsep.join(
        filter(None, [str(TEMPLATES), os.environ.get("JUPYTER_PATH")])
    )
    # Needed by nobody who only takes the workshop.
    from voila.app import Voila

    configuration = Config()
    configuration.Voila.ip = "127.0.0.1"
    configuration.VoilaConfiguration.template = "workshop"
    configuration.VoilaConfiguration.prelaunch_hook = _before_launch
    configuration.MappingKernelManager.cull_idle_timeout = IDLE_SECONDS
    configuration.MappingKernelManager.cull_interval = IDLE_SECONDS // 20
    Voila.launch_instance([str(NOTEBOOK), *arguments], config=configuration)


def _before_launch(_request: Any, *, notebook: Any, cwd: str) -> Any:
    return page(notebook)


def page(notebook: Any) -> Any:
    """Leave out what takes a cell to write in, and the ways to other notebooks."""
    kept, is_exercise = [], False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            if cell.source.startswith("## "):
                is_exercise = cell.source.startswith("## Exercise")
            cell.source = LINK.sub(r"\1", WAY.sub("", cell.source))
        if not is_exercise:
            kept.append(cell)
    notebook.cells = kept
    return notebook
