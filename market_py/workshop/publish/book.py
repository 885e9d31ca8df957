"""Make a static HTML book of the executed notebooks and of the documentation.

Such a page has no kernel. Figures bring their JavaScript and their data, and are moved as in a
notebook. Other widgets do not work: panels with a button are run when they are shown, and a picture
and a text replace each. Pages have the same paths as in the repository, so that links between them
work in both.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output
from tqdm import tqdm

from market_py.extension import REPOSITORY
from market_py.workshop.lessons.n01_merit_order.panel import flagship_figure
from market_py.workshop.publish.execution import NOTEBOOKS, all_notebooks, execute
from market_py.workshop.widgets.static import KEY

SETTINGS = NOTEBOOKS / "book"
BOOK = REPOSITORY / "build" / "book"
VIEW, PNG = "application/vnd.jupyter.widget-view+json", "image/png"
WITHOUT_KERNEL = "from market_py.workshop.widgets import static; static.has_kernel = False"
LINK = re.compile(r"(?:\]\(|src=\")([^)#\":\s]+)")
TEXTS = ("README.md", "docs/*.md", "notebooks/*.md", "rust_market/*.md")
"""Pages besides the notebooks."""


def build(folder: Path = BOOK) -> int:
    """Execute the notebooks and write the book; return 0, or the status of what failed."""
    # Only the book needs Sphinx.
    from sphinx.cmd.build import main as sphinx

    sources, output, doctrees = (folder / name for name in ("sources", "html", "doctrees"))
    # Delete only what this command built: the folder may hold other files.
    for built in (sources, output, doctrees):
        shutil.rmtree(built, ignore_errors=True)
    shutil.copytree(SETTINGS, sources, ignore=shutil.ignore_patterns("conf.py", "__pycache__"))
    # The front page begins with the figure of notebook 01.
    (sources / "figure.html").write_text(flagship_figure().html(), "utf-8")
    for path in (path for pattern in TEXTS for path in REPOSITORY.glob(pattern)):
        copy(path, sources)
        copy_linked(path.read_text("utf-8"), path.parent, sources)
    with tqdm(all_notebooks(), unit="notebook") as bar:
        for path in bar:
            bar.set_description(path.stem)
            done = execute(path, first=WITHOUT_KERNEL)
            if done.problem:
                print(f"{path.stem}: {done.problem}", file=sys.stderr)
                return 1
            for cell in done.notebook.cells:
                copy_linked(cell.source, path.parent, sources)
            nbformat.write(page(done.notebook), copy(path, sources))  # type: ignore[no-untyped-call]
    options = ["-q", "-W", "--keep-going", "-b", "html", "-c", str(SETTINGS)]
    status = sphinx([*options, "-d", str(doctrees), str(sources), str(output)])
    if status == 0:
        print(f"The book: {output / 'index.html'}")
    return status


def page(notebook: Any) -> Any:
    """Make a page of an executed notebook."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if "solution" in cell.metadata.get("tags", []):
            # It was not run; there is nothing to say but the solution.
            cell.metadata.tags.append("hide-cell")
            cell.outputs = []
        elif cell.cell_type == "code":
            cell.outputs = [shown for output in cell.outputs for shown in without_widget(output)]
            pictures = (output.get("metadata", {}).get(PNG) for output in cell.outputs)
            if named := next(filter(None, pictures), None):
                cell.metadata["mystnb"] = {"image": named}
    return notebook


def without_widget(output: NotebookNode) -> list[NotebookNode]:
    """Replace an output that shows a widget by its text and its picture."""
    data = output.get("data", {})
    if VIEW not in data:
        return [output]
    made = [{"data": {"text/html": output.metadata.get(KEY, "")}}]
    if PNG in output.metadata:
        made.append({"data": {PNG: data[PNG]}, "metadata": {PNG: output.metadata[PNG]}})
    return [new_output("display_data", **parts) for parts in made]  # type: ignore[no-untyped-call]


def copy_linked(text: str, folder: Path, sources: Path) -> None:
    """Copy the files that a page links to; other pages are copied anyway."""
    for target in LINK.findall(text):
        path = (folder / target).resolve()
        is_page = path.suffix in (".md", ".ipynb")
        if path.is_relative_to(REPOSITORY) and path.is_file() and not is_page:
            copy(path, sources)


def copy(path: Path, sources: Path) -> Path:
    """Copy a file of the repository to its place among the sources; return the copy."""
    made = sources / path.relative_to(REPOSITORY)
    made.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(path, made))
