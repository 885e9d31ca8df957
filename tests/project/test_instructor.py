"""The instructor's plan adds up, and says what the notebooks say."""

import re

import nbformat
import pytest

from market_py.workshop.publish.execution import NOTEBOOKS, all_notebooks

TEXT = (NOTEBOOKS / "INSTRUCTOR.md").read_text(encoding="utf-8")


def rows(heading):
    """Cells of the first table under a heading, a list for each row, without its head."""
    part = re.split(rf"^#+ {re.escape(heading)}.*$", TEXT, flags=re.M)[1]
    table = re.search(r"^\|.*?(?=\n[^|\n]|\n\n|\Z)", part, re.M | re.S)[0]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


def stated(path):
    """Minutes that a notebook states at its top; 0 for what is done before."""
    top = nbformat.read(path, as_version=4).cells[0].source
    found = re.search(r"· (\d+) minutes", top)
    return int(found[1]) if found else 0


PLAN = {what: int(minutes) for _, what, minutes in rows("The plan") if what[0].isdigit()}
AT_HOME = {what: int(minutes) for what, minutes in rows("At home")}


def test_half_a_day_is_210_minutes():
    clock = 0
    for start, what, minutes in rows("The plan"):
        assert start == f"{clock // 60}:{clock % 60:02}", what
        clock += int(minutes)
    assert clock == 210
    kinds = [(what, int(minutes)) for _, what, minutes in rows("The plan")]
    assert sum(minutes for what, minutes in kinds if what == "break") == 15
    assert sum(minutes for what, minutes in kinds if what == "slack") == 15


def test_the_short_route_is_90_minutes():
    short = rows("In 90 minutes")
    assert sum(int(minutes) for _, minutes, _ in short) == 90
    for what, minutes, _ in short:
        if what not in ("break", "slack"):
            assert int(minutes) <= PLAN[what], what


@pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.stem)
def test_a_notebook_has_its_minutes_section_by_section(path):
    cells = nbformat.read(path, as_version=4).cells
    title = cells[0].source.splitlines()[0].removeprefix("# ")
    minutes = stated(path)
    assert f"\n### {title} ({minutes} minutes)\n" in TEXT
    if not minutes:
        return
    assert (PLAN | AT_HOME)[title.replace(" · ", " ")] == minutes
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    planned = rows(title)
    for section, _, _ in planned:
        assert f"\n## {section}\n" in f"\n{prose}\n", section
    assert sum(int(minutes) for _, minutes, _ in planned) == minutes


def test_every_check_of_the_notebooks_is_spoken_of():
    for path in all_notebooks():
        cells = nbformat.read(path, as_version=4).cells
        exercises = sum("exercise" in cell.metadata.get("tags", []) for cell in cells)
        title = cells[0].source.splitlines()[0].removeprefix("# ")
        part = re.split(rf"^### {re.escape(title)}.*$", TEXT, flags=re.M)[1].split("\n### ")[0]
        assert ("**Wrong answers.**" in part) == (exercises > 0), title
