"""The code on the page is the code that is raced."""

from importlib import import_module

import numpy as np
import pytest

from market_py.benchmark.timing import EMPTY_CALL, Race
from market_py.workshop.widgets import race_output
from market_py.workshop.widgets.listing import Listing, function

LISTINGS = [
    (lesson, name)
    for lesson, names in {
        "n03_timing": ["our_stopwatch"],
        "n04_published_result": ["published", "wrappers"],
        "n05_call_overhead": ["conversions"],
        "n06_sort_and_allocation": ["sorts"],
        "n07_no_sorting": ["one_pass"],
        "n08_batch": ["loops"],
        "n09_environment": ["steps"],
    }.items()
    for name in names
]


@pytest.mark.parametrize(("lesson", "name"), LISTINGS)
def test_every_line_is_that_of_its_file(lesson, name):
    listing = getattr(import_module(f"market_py.workshop.lessons.{lesson}.code"), name)()
    assert isinstance(listing, Listing)
    for _, codes in listing.rows:
        for code in codes:
            assert code.text.strip()
            assert code.text in code.path.read_text(encoding="utf-8")
    shown = listing._repr_mimebundle_()
    assert "<table" in shown["text/html"]
    assert listing.rows[0][1][0].text in shown["text/plain"]


def test_the_published_functions_are_complete():
    from market_py.workshop.lessons.n04_published_result import code

    listing = code.published()
    for column, (path, name) in enumerate(
        [
            ("market_py/variants/numba.py", "numba_sort"),
            ("rust_market/core/src/variants.rs", "naive"),
        ]
    ):
        whole = "".join(codes[column].text for _, codes in listing.rows)
        assert function(path, name).text.endswith(whole)


def test_words_that_no_line_holds():
    with pytest.raises(LookupError, match="no line holds 'nothing'"):
        function("market_py/variants/numba.py", "numba_sort").part("nothing")


def test_a_race_has_a_headline_a_table_and_a_named_picture():
    noise = np.linspace(0.99, 1.01, 21)
    rounds = {"a": 200 * noise, "a (again)": 200 * noise, "b": 100 * noise, EMPTY_CALL: noise}
    race = Race(20, rounds)
    said = "b is 2.00 times as fast as a (faster). A ratio below 1.00 cannot be measured here."
    assert race_output.headline(race) == said
    shown = race_output.as_html(race)
    assert f'alt="{said}"' in shown
    assert "<table" in shown
    alike = Race(20, {"a": 200 * noise, "a (again)": 200 * noise, "b": 200 * noise})
    assert "Close other programs" in race_output.headline(alike)
    assert race_output.headline(Race(20, {"a": noise})) == "a takes 1 ns."
