"""Test that figures in documents come from the stored run."""

import json
import re

import numpy as np
from rich.table import Table

from market_py.benchmark import reference
from market_py.benchmark.report import document
from market_py.benchmark.report.picture import ResultPicture, source_note
from market_py.benchmark.results import KINDS, Results
from market_py.extension import REPOSITORY

LINE = re.compile(r"^<!-- (generated: .*|end of generated) -->$", re.MULTILINE)


def test_documents_and_picture_are_what_the_reference_says():
    assert document.stale() == [], "run `python -m market_py report`"


def test_the_documents_hold_every_part_and_close_each():
    text = "".join(path.read_text("utf-8") for path in document.DOCUMENTS)
    named = re.findall(r"<!-- generated: ([^>]+) -->", text)
    assert set(named) == set(document.PARTS)
    marks = LINE.findall(text)
    assert all(mark.startswith("generated") for mark in marks[::2])
    assert all(mark == "end of generated" for mark in marks[1::2])


def test_the_reference_was_timed_whole_and_released():
    results = Results.load(reference.REFERENCE_FILE)
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
    assert medians == {"numba-sort": 10861, "rust-naive": 6972, "numba": 1749, "rust": 698}
    assert str(race.speedup("rust", over="numba-sort")) == "15.65 [13.62, 16.21]"
    assert results.find("distributions", "wide", 1000).candidates == ["numba", "rust"]
    counts = {it.variant: it.allocations for it in results.operation_counts}
    assert (counts["rust-naive"], counts["rust"]) == (6, 0)
    assert len(results.races) == 80


def test_a_plot_of_the_reference_is_the_picture_of_the_documents(tmp_path):
    """`bench --plot` writes the picture that `report --check` accepts."""
    copy = tmp_path / reference.REFERENCE_FILE.name
    copy.write_bytes(reference.REFERENCE_FILE.read_bytes())
    png, svg = ResultPicture(Results.load(copy)).save(copy)
    assert png.stat().st_size > 10_000
    assert source_note(reference.REFERENCE_FILE) in svg.read_text("utf-8")


def test_a_changed_figure_is_noticed(monkeypatch, tmp_path):
    """In the document, in the result, and in the picture."""
    copy = tmp_path / "README.md"
    text = document.DOCUMENTS[0].read_text("utf-8")
    monkeypatch.setattr(document, "DOCUMENTS", (copy,))
    copy.write_text(text, "utf-8")
    assert document.stale() == []
    figure = re.search(r"\d+\.\d\d \[", text)
    copy.write_text(text[: figure.start()] + "9" + text[figure.start() :], "utf-8")
    assert document.stale() == [copy]

    data = json.loads(reference.REFERENCE_FILE.read_text("utf-8"))
    single = next(race for race in data["races"] if race["kind"] == "single")
    single["rounds"]["rust"] = [2 * value for value in single["rounds"]["rust"]]
    other = tmp_path / "reference.json"
    other.write_text(json.dumps(data), "utf-8")
    monkeypatch.setattr(document, "REFERENCE_FILE", other)
    copy.write_text(text, "utf-8")
    assert document.stale() == [copy, document.PICTURE]


def test_unknown_parts_are_refused(capsys, monkeypatch, tmp_path):
    copy = tmp_path / "README.md"
    copy.write_text("<!-- generated: luck -->\n<!-- end of generated -->\n", "utf-8")
    monkeypatch.setattr(document, "DOCUMENTS", (copy,))
    assert document.main(check=True) == 2
    assert "there is no generated part 'luck': choose from machine" in capsys.readouterr().err


def test_a_table_becomes_markdown():
    table = Table(caption="Why.")
    table.add_column("a")
    table.add_column("b")
    table.add_row("1", "[green]met[/]")
    table.add_section()
    table.add_row("1.00 [0.99, 1.01]", "")
    lines = ["| a | b |", "| --- | --- |", "| 1 | met |", "| 1.00 [0.99, 1.01] |  |", "", "Why."]
    assert document.markdown(table) == "\n".join(lines)


def test_links_of_the_documents_lead_somewhere():
    for path in document.DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), (path.relative_to(REPOSITORY), target)
