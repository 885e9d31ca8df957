"""Bids as after some updates of learning, without any learning."""

import numpy as np

from market_py.learning.evaluation import evaluate
from market_py.learning.theory import PIVOTAL
from market_py.workshop.widgets.bidding import BiddingFigure

MARKUPS = (0.0, 10.0, 25.0, 40.0, 50.0)
"""Of the pivotal generator after each update; the others ask for a fifth of it."""


def bids(markup, withheld=0.0):
    """An evaluation of PIVOTAL in which its first generator bids so, €/MWh and MW."""
    shares = np.full(PIVOTAL.generators, markup / 250)
    shares[0] = markup / 50
    actions = np.zeros((1, PIVOTAL.generators, 2))
    actions[0, 0, 0] = withheld / PIVOTAL.capacities[0]
    actions[0, :, 1] = np.arctanh(np.clip(shares, -1 + 1e-8, 1 - 1e-8))
    return evaluate(lambda _: actions, PIVOTAL, {"demand_noise": 0.0}, 1)


def figure():
    """A figure with an update for each of the markups."""
    first, *others = MARKUPS
    shown = BiddingFigure(PIVOTAL, bids(first), len(others), highest=75, profit=120, emphasis=0)
    for markup in others:
        shown.append(bids(markup, withheld=markup / 2))
    return shown
