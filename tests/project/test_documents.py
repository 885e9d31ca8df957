"""Links and examples of the documents work."""

import re

import pytest

from market_py.extension import REPOSITORY
from market_py.workshop.publish import picture

PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("*/*.md")])


def name(path):
    return str(path.relative_to(REPOSITORY))


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_links_lead_somewhere(path):
    text = path.read_text("utf-8")
    for target, mark in re.findall(r"(?:\]\(|src=\")(?!https?:)([^)#\"]*)#?([^)\"]*)", text):
        linked = path.parent / target if target else path
        assert linked.exists(), target
        if mark:
            headings = re.findall(r"^#+ (.*)$", linked.read_text("utf-8"), re.M)
            marks = [re.sub(r"[^\w -]", "", it).lower().replace(" ", "-") for it in headings]
            assert mark in marks, f"{target}#{mark}"


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_python_examples_run(path, tmp_path, monkeypatch):
    examples = re.findall(r"^```python\n(.*?)^```", path.read_text("utf-8"), re.M | re.S)
    if any("rust_market" in example for example in examples):
        pytest.importorskip("rust_market")
    monkeypatch.chdir(tmp_path)
    space = {}
    for example in examples:
        exec(example, space)


def test_the_animated_picture_is_small():
    assert picture.PICTURE.stat().st_size <= 600_000
