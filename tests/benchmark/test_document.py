"""Figures in documents come from the stored result."""

import json
import re
import shutil

import numpy as np
import pytest
from rich.table import Table

from market_py.benchmark import reference
from market_py.benchmark.report import document, tables
from market_py.benchmark.report.picture import save_pictures, source_note
from market_py.benchmark.results import KINDS, Results
from market_py.extension import REPOSITORY


def test_documents_and_picture_are_what_the_reference_says():
    assert document.main(check=True) == 0, "run `make report`"


def test_the_reference_was_timed_whole_and_released():
    results = Results.load(document.REFERENCE_FILE)
    built = results.machine["extension"]
    assert built["profile"] == "release"
    assert not built["stale"]
    assert results.settings["rounds"] >= 21
    assert {found.kind for found in results.races} == set(KINDS)
    assert results.operation_counts
    assert results.studied
    assert results.confirmed


def test_the_reference_keeps_its_figures():
    """Medians in ns per call, and intervals, as they were published with the stored run."""
    results = Results.load(reference.REFERENCE_FILE)
    race = results.find("single", "random", 200)
    medians = {name: round(float(np.median(race.rounds[name]))) for name in race.candidates}
    assert medians == {
        "numba-sort": 10618,
        "rust-naive": 6650,
        "rust-published": 11081,
        "numba": 1626,
        "rust": 716,
    }
    assert str(race.speedup("rust", over="numba")) == "2.27 [2.26, 2.27]"
    assert results.find("distributions", "wide", 1000).candidates == ["numba", "rust"]
    counts = {it.variant: it.allocations for it in results.operation_counts}
    assert (counts["rust-naive"], counts["rust"]) == (6, 0)
    assert len(results.races) == 105


def test_a_plot_of_the_reference_is_the_picture_of_the_documents(tmp_path):
    """`bench --plot` writes the picture that `report --check` accepts."""
    copy = tmp_path / reference.REFERENCE_FILE.name
    copy.write_bytes(reference.REFERENCE_FILE.read_bytes())
    png, svg = save_pictures(Results.load(copy), copy)
    assert png.stat().st_size > 10_000
    assert source_note(reference.REFERENCE_FILE) in svg.read_text("utf-8")


@pytest.fixture
def copy(monkeypatch, tmp_path):
    """A copy of README, in place of all documents."""
    path = tmp_path / "README.md"
    shutil.copy(REPOSITORY / "README.md", path)
    monkeypatch.setattr(document, "DOCUMENTS", (path,))
    return path


def test_a_changed_figure_is_noticed_and_written_anew(copy, monkeypatch, tmp_path):
    text = copy.read_text("utf-8")
    figure = re.search(r"\d+\.\d\d \[", text).start()
    copy.write_text(text[:figure] + "9" + text[figure:], "utf-8")
    assert document.main(check=True) != 0
    monkeypatch.setattr(document, "PICTURE", tmp_path / "reference.svg")
    monkeypatch.setattr(document, "MACHINES_PICTURE", tmp_path / "machines.svg")
    assert document.main(check=False) == 0
    assert document.PICTURE.is_file()
    assert document.MACHINES_PICTURE.is_file()
    assert copy.read_text("utf-8") == text


def test_a_changed_result_is_noticed(copy, monkeypatch, tmp_path, capsys):
    data = json.loads(document.REFERENCE_FILE.read_text("utf-8"))
    single = next(race for race in data["races"] if race["size"] == 200)
    single["rounds"]["rust"] = [2 * value for value in single["rounds"]["rust"]]
    other = tmp_path / "reference.json"
    other.write_text(json.dumps(data), "utf-8")
    monkeypatch.setattr(document, "REFERENCE_FILE", other)
    monkeypatch.setattr(document, "reference", lambda: Results.load(other))
    assert document.main(check=True) != 0
    said = capsys.readouterr().out
    assert "README.md" in said
    assert "reference.svg is out of date" in said


def test_a_part_that_there_is_not_is_an_error(copy, capsys):
    copy.write_text("<!-- [[[cog show(tables.luck) ]]] -->\n<!-- [[[end]]] -->\n", "utf-8")
    assert document.main(check=True) != 0
    assert "luck" in capsys.readouterr().err


def test_a_result_that_cannot_be_read_is_an_error(monkeypatch, tmp_path, capsys):
    broken = tmp_path / "reference.json"
    broken.write_text("{", "utf-8")
    monkeypatch.setattr(document, "reference", lambda: Results.load(broken))
    assert document.main(check=True) == 2
    assert "reference.json" in capsys.readouterr().err


def test_a_table_becomes_markdown():
    table = Table(caption="Why.")
    table.add_column("a")
    table.add_column("b")
    table.add_row("1", "[green]met[/]")
    table.add_section()
    table.add_row("1.00 [0.99, 1.01]", "")
    lines = ["| a | b |", "| --- | --- |", "| 1 | met |", "| 1.00 [0.99, 1.01] |  |", "", "Why."]
    assert document.markdown(table) == "\n".join(lines)


def test_the_headline_has_its_intervals():
    assert (
        len(
            re.findall(r"\d\.\d\d \[\d+\.\d\d, \d+\.\d\d\]", tables.headline(reference.reference()))
        )
        == 5
    )
