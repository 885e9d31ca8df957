"""The notebooks, executed for real: alone, as they are, solved, and without the extension."""

import itertools
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

from helpers.wrong_answers import WRONG_ANSWERS
from market_py.extension import REPOSITORY
from market_py.workshop.publish import execution

NOTEBOOKS = execution.all_notebooks()
ids = [path.stem for path in NOTEBOOKS]
pytestmark = pytest.mark.filterwarnings("default")
WITHOUT_RUST = {("00", "as it is")}
"""What is tried in the quick run: a build."""
SOLVED_WITHOUT_RUST = ("04", "06", "10")
"""Notebooks whose solutions are in Rust, too, or compare it."""
SLOW_ANSWERS = ("04", "05", "06", "07", "08", "09", "10", "11")
"""Notebooks whose answers take long: most are compiled, each in a process of its own."""
SLOW = ("05", "06", "07", "08")
"""Their stubs take as long; in the quick run the exercises of 06 are done in the browser."""
SHORT_SAMPLES = (
    "from market_py.benchmark import timing; "
    "timing.SAMPLE_SECONDS, timing.WARM_UP_SECONDS = 1e-3, 1e-2"
)
"""Run first where it does not matter how precise timings are; `make run` and the book take all."""


@pytest.mark.parametrize(
    ("path", "answered"),
    [
        pytest.param(
            path,
            answered,
            id=f"{path.stem}{', answered' * answered}",
            marks=pytest.mark.long if path.stem[:2] in slow else (),
        )
        for path in NOTEBOOKS
        for answered, slow in (
            ((False, SLOW), (True, SLOW_ANSWERS))
            if path.stem[:2] in SLOW_ANSWERS
            else ((True, ()),)
        )
    ],
)
def test_notebook(path, answered, tmp_path):
    """As it is, no exercise is done; then its solution is right, and wrong answers get a hint."""
    notebook = nbformat.read(path, as_version=4)
    exercises = execution.exercises(notebook)
    expected = ["○ not done yet"] * len(exercises)  # Or with more words.
    for exercise in exercises if answered else ():
        wrong = WRONG_ANSWERS[exercise.key]
        assert len(wrong) >= 2, exercise.name
        expected += ["✓ right", *(f"✗ not right yet.*{re.escape(it.words)}" for it in wrong)]
        for source in (exercise.solution, *(it.source for it in wrong)):
            notebook.cells += map(nbformat.v4.new_code_cell, (source, exercise.check.source))
    nbformat.write(notebook, tmp_path / path.name)
    done = execution.execute(tmp_path / path.name, first=SHORT_SAMPLES)
    assert done.problem is None
    said = [
        cell.outputs[-1].data["text/plain"].replace("\n", "")
        for cell in done.notebook.cells
        if cell.cell_type == "code" and "check_" in cell.source and cell.source[:2] != "%%"
    ]
    assert len(said) == len(expected)
    for verdict, pattern in zip(said, expected, strict=True):
        assert re.match(pattern, verdict), (pattern, verdict)


@pytest.mark.skipif(os.name == "nt", reason="links to tools of POSIX")
@pytest.mark.parametrize(
    ("path", "how"),
    [
        pytest.param(
            path,
            how,
            id=f"{path.stem}-{how}",
            marks=() if (path.stem[:2], how) in WITHOUT_RUST else pytest.mark.long,
        )
        for path, how in itertools.product(NOTEBOOKS, ("as it is", "solved"))
        if how == "as it is" or path.stem[:2] in SOLVED_WITHOUT_RUST
    ],
)
def test_notebook_without_the_extension(path, how, tmp_path):
    """Neither the extension nor cargo: every notebook runs and says what to do."""
    (tmp_path / "rust_market.py").write_text("raise ImportError('simulated: not built')")
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("make", "sh", "env", "cat", "cksum", "tr", "id"):
        (tools / tool).symlink_to(shutil.which(tool))
    environment = os.environ | {
        "PYTHONPATH": str(tmp_path),
        "PATH": str(tools),
        "PYTHONUTF8": "1",
        "HOME": str(tmp_path),
    }
    script = (
        "import sys; from pathlib import Path; "
        "from market_py.workshop.publish.execution import execute; "
        "done = execute(Path(sys.argv[1]), solved=sys.argv[2] == 'solved'); "
        "print(done.text); sys.exit(done.problem)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path, how],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if "build-rust" in path.read_text(encoding="utf8"):
        assert "https://rustup.rs" in done.stdout


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_notebook_form(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in code:
        title = cell.source.startswith("%%solution")
        assert cell.source.count("\n") - title < 15, cell.source
        assert not re.search(r"^\s*%(?!%solution|%rust)", cell.source, re.M), cell.source
    assert prose.startswith("# ")
    for part in ("By the end of this notebook you can", "minutes", " · needs ", "## Key points"):
        assert part in prose
    assert any("Prediction(" in cell.source for cell in code)
    last, place = notebook.cells[-1].source.splitlines()[-1], NOTEBOOKS.index(path)
    for word, neighbours in (
        ("Back", NOTEBOOKS[:place][-1:]),
        ("Next", NOTEBOOKS[place + 1 :][:1]),
    ):
        for neighbour in neighbours:
            assert re.search(rf"{word}: \[[^]]+\]\({neighbour.name}\)", last)
    for link in re.findall(r"\]\(([^)]+\.ipynb)\)", prose):
        assert (path.parent / link).is_file(), link
    shown = [cell for cell in code if not cell.source.startswith("%%solution")]
    assert len(prose.split()) >= 2 * sum(len(it.source.split()) for it in shown), "prose leads"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_exercises_are_a_stub_a_check_and_a_closed_solution(path):
    code = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    stubs = [i for i, cell in enumerate(code) if "exercise" in cell.metadata.get("tags", [])]
    assert len(stubs) in ((0,) if path.stem.startswith("00") else (1, 2, 3, 4, 5))
    for i in stubs:
        check, solution = code[i + 1 : i + 3]
        assert "checks.check_" in check.source
        assert solution.source.startswith("%%solution ")
        assert solution.metadata.jupyter.source_hidden
    assert sum(cell.source.startswith("%%solution") for cell in code) == len(stubs)


def test_the_minutes_are_those_of_the_list_and_fill_three_hours():
    listed = nbformat.read(NOTEBOOKS[0], as_version=4).cells[-1].source
    minutes = {path.name: int(number) for path, number in _minutes()}
    for name, number in minutes.items():
        assert re.search(rf"\({name}\) \| [^|]+ \| {number}(, at home)? \|", listed)
    at_home = re.findall(r"\((\S+)\) \| [^|]+ \| \d+, at home \|", listed)
    assert sum(number for name, number in minutes.items() if name not in at_home) == 180


def _minutes():
    for path in NOTEBOOKS[1:]:
        title = nbformat.read(path, as_version=4).cells[0].source
        yield path, re.search(r"\*\* · (\d+) minutes · ", title)[1]


BROKEN = {
    "a cell raises": ("raise ValueError('boom')", "boom"),
    "a warning": ("import warnings; warnings.warn('careful')", "careful"),
    "an output widget swallows": (
        "import ipywidgets\nout = ipywidgets.Output()\nwith out:\n    1 / 0\nout",
        "ZeroDivisionError",
    ),
    "a panel fails": (
        "from market_py.workshop.widgets.controls import slider\n"
        "from market_py.workshop.widgets.panel import Explorer\n"
        "def answer(x):\n"
        "    return (b'', 'fine') if x < 2 else 1 / 0\n"
        "panel = Explorer({'x': slider('x', 1, 0, 9, 1, '')}, answer)\n"
        "panel.controls['x'].value = 5\n"
        "panel.wait()\n"
        "panel",
        "ZeroDivisionError",
    ),
}


@pytest.mark.parametrize(("source", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_notebook_is_found_out(tmp_path, source, words):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbformat.write(notebook, tmp_path / "broken.ipynb")
    problem = execution.execute(tmp_path / "broken.ipynb").problem
    assert problem is not None
    assert words in problem


def test_run_prints_a_line_each_and_fails_if_one_does(tmp_path):
    for name, source in {"good": "1 + 1", "bad": "1 / 0"}.items():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    command = [sys.executable, "-m", "market_py", "run"]
    both = [tmp_path / "good.ipynb", tmp_path / "bad.ipynb"]
    before = [path.read_bytes() for path in both]
    done = subprocess.run(
        [*command, *both], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    good, bad = done.stdout.splitlines()
    assert re.fullmatch(r"good +\d+\.\d s  passed", good)
    assert re.fullmatch(r"bad +\d+\.\d s  failed", bad)
    assert "ZeroDivisionError" in done.stderr
    assert [path.read_bytes() for path in both] == before
