"""The figure of learning agents in Python: what each update shows."""

import json
import re

import numpy as np
import pytest

from helpers.learned import bids, figure
from market_py.learning.theory import PIVOTAL


def test_each_update_has_its_market():
    shown = figure()
    assert shown.frame == 4
    last = shown.frames[4]
    assert last["bids"] == [70.0, *[30.0] * 6]
    assert last["offered"] == [175.0, *[20.0] * 6]
    assert last["demand"] == 240.0
    assert last["price"] == shown.price == 70.0
    # The others always sell all; the pivotal one what is missing.
    sold = PIVOTAL.demand - 120
    assert last["profits"] == pytest.approx([0.05 * sold.sum(), *[24 * 0.05 * 20] * 6])
    assert last["mean"] == 70.0


def test_the_sentence_says_who_bids_what():
    shown = figure()
    assert shown.sentence == (
        "Update 4: the pivotal generator sets the price, 70.00 €/MWh. "
        "The pivotal generator withholds most, 25 of 200 MW."
    )
    shown.frame = 0
    assert shown.sentence == (
        "Update 0: the pivotal generator sets the price, 20.00 €/MWh. "
        "Nobody withholds more than 1 MW."
    )
    assert shown.price == 20.0
    found = bids(-10.0)
    found.withheld[:, 0, 1] = 12.0
    markups = found.markups.copy()
    markups[:, 0, 3] = 20.0
    shown.append(found._replace(markups=markups))
    shown.frame = 5
    assert "The highest bid is 40.00, of generator 3. Generator 1 withholds most, 12 of" in (
        shown.sentence
    )


def test_the_last_update_is_followed_unless_another_is_looked_at():
    shown = figure()
    shown.append(bids(5.0))
    assert shown.frame == 5
    shown.frame = 2
    shown.append(bids(6.0))
    assert (shown.frame, len(shown.frames)) == (2, 7)
    shown.restart(bids(0.0))
    assert (shown.frame, len(shown.frames)) == (0, 1)
    assert shown.sentence.startswith("Update 0: ")


@pytest.mark.parametrize("frame", [-1, 5])
def test_there_are_no_other_updates(frame):
    shown = figure()
    with pytest.raises(ValueError, match=f"frame = {frame}: must be finite and from 0 to 4"):
        shown.frame = frame
    assert shown.frame == 4


def test_a_page_without_a_kernel_has_all_updates():
    shown = figure()
    state = json.loads(re.search(r"const state = (.*);\n", shown.html())[1])
    assert state["frames"] == shown.frames
    assert state["frame"] == 4
    assert shown.html().count("</script>") == 1
    assert "export" not in shown.html().partition("const figure =")[2]


def test_the_picture_is_that_of_the_update():
    shown = figure()
    last = shown.png()
    shown.frame = 1
    assert shown.png() != last
    assert np.frombuffer(last[:4], np.uint8).tolist() == [137, 80, 78, 71]
