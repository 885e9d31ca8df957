"""The workshop as a static HTML book: executed, with pictures in the place of widgets.

Nobody moves a slider on such a page, and no kernel answers. So panels with a button are run when
they are shown, and each widget is replaced by what it shows.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import nbformat
from tqdm import tqdm

from market_py.extension import REPOSITORY
from market_py.workshop.publish import static_output
from market_py.workshop.publish.execution import NOTEBOOKS, all_notebooks, execute

SETTINGS = NOTEBOOKS / "book"
BOOK = REPOSITORY / "build" / "book"
PRESS_BUTTONS = "from market_py.workshop import panels; panels.Job.run_when_shown = True"
ELSEWHERE = re.compile(r"\]\(\.\./([^)#]+)\)")
"""A link from a notebook to another folder of the repository."""
TEXTS = ("INSTRUCTOR.md",)


def build(folder: Path = BOOK) -> int:
    """Execute the notebooks and write the book; its first page is ``html/index.html``.

    Returns
    -------
    int
        0, or the status of what failed.
    """
    # Needed by nobody who only takes the workshop.
    from sphinx.cmd.build import main as sphinx

    sources, output, doctrees = (folder / name for name in ("sources", "html", "doctrees"))
    # Nothing but what was built before: the folder may be anybody's.
    for built in (sources, output, doctrees):
        shutil.rmtree(built, ignore_errors=True)
    shutil.copytree(SETTINGS, sources, ignore=shutil.ignore_patterns("conf.py", "__pycache__"))
    for name in TEXTS:
        shutil.copy(NOTEBOOKS / name, sources)
    with tqdm(all_notebooks(), unit="notebook") as bar:
        for path in bar:
            bar.set_description(path.stem)
            done = execute(path, first=PRESS_BUTTONS)
            if done.problem:
                print(f"{path.stem}: {done.problem}", file=sys.stderr)
                return 1
            nbformat.write(page(done.notebook, sources), sources / path.name)  # type: ignore[no-untyped-call]
    options = ["-q", "-W", "--keep-going", "-b", "html", "-c", str(SETTINGS)]
    status = sphinx([*options, "-d", str(doctrees), str(sources), str(output)])
    if status == 0:
        print(f"The book: {output / 'index.html'}")
    return status


def page(notebook: Any, sources: Path) -> Any:
    """Make a page of an executed notebook; files it links to are copied to `sources`."""
    states = notebook.metadata.pop("widgets", {})
    models = states.get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = ELSEWHERE.sub(lambda link: _copied(link[1], sources), cell.source)
        elif "solution" in cell.metadata.get("tags", []):
            # It was not run; there is nothing to say but the solution.
            cell.metadata.tags.append("hide-cell")
            cell.outputs = []
        elif cell.cell_type == "code":
            cell.outputs = [
                shown for output in cell.outputs for shown in static_output.of(output, models)
            ]
            if alt := static_output.name(cell.outputs):
                cell.metadata["mystnb"] = {"image": {"alt": alt}}
    return notebook


def _copied(path: str, sources: Path) -> str:
    """Copy a file of the repository beside the pages, and link to the copy."""
    copy = sources / "files" / Path(path).name
    if copy.suffix == ".md":  # would be taken for a page of the book
        copy = copy.with_suffix(".txt")
    copy.parent.mkdir(exist_ok=True)
    shutil.copy(REPOSITORY / path, copy)
    return f"](files/{copy.name})"
