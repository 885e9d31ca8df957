"""Serve notebook 01 with Voila as a page that shows its pictures and hides its code.

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
NOT_SERVED = "not-in-app"
"""Tags a cell of an exercise, or of the way to other notebooks."""
IDLE_SECONDS = 1200
"""After this time without use, the kernel of a page is ended."""


def serve(arguments: Sequence[str]) -> None:
    """Serve the page on this machine only, unless told otherwise, until interrupted."""
    os.environ["JUPYTER_PATH"] = os.pathsep.join(
        filter(None, [str(TEMPLATES), os.environ.get("JUPYTER_PATH")])
    )
    # Only the app needs it.
    from voila.app import Voila

    configuration = Config()
    configuration.Voila.ip = "127.0.0.1"
    configuration.VoilaConfiguration.template = "workshop"
    configuration.VoilaConfiguration.prelaunch_hook = lambda _, *, notebook, cwd: page(notebook)
    configuration.MappingKernelManager.cull_idle_timeout = IDLE_SECONDS
    configuration.MappingKernelManager.cull_interval = IDLE_SECONDS // 20
    Voila.launch_instance([str(NOTEBOOK), *arguments], config=configuration)


def page(notebook: Any) -> Any:
    """Leave out the cells that are tagged so, and links to notebooks that are not served."""
    # Only the app needs it.
    from nbconvert.preprocessors import TagRemovePreprocessor

    remover = TagRemovePreprocessor(enabled=True, remove_cell_tags={NOT_SERVED})  # type: ignore[no-untyped-call]
    notebook, _ = remover.preprocess(notebook, {})  # type: ignore[no-untyped-call]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(r"\1", cell.source)
    return notebook
