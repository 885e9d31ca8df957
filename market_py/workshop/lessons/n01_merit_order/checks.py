"""Checks of the exercises of notebook 01."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import numpy as np

import market_py
from market_py.reliability import rts79
from market_py.workshop.grading.check import NOT_DONE, CheckResult, graded, hint, right
from market_py.workshop.widgets.description import roles


def check_price(bids: Any, quantities: Any, demand: Any) -> CheckResult:
    """Check for a market of three offers at least whose price is 80."""
    if bids is None or quantities is None or demand is None:
        return NOT_DONE
    try:
        price, dispatch = market_py.market_clearing(bids, quantities, demand)
    except (TypeError, ValueError) as error:
        return hint(f"this is not a market: {error}.")
    if len(dispatch) < 3:
        return hint("use three offers at least.")
    if demand == 0:
        return hint("there is no demand; let some offers run.")
    if demand > np.sum(quantities):
        return hint("demand cannot be met; first build a market that serves it all.")
    if price != 80:
        return hint(
            f"its price is {price:.12g}. The marginal offer sets the price: the last one needed "
            "when offers are taken cheapest first. Which one is it here?"
        )
    offers = np.asarray(bids, float), np.asarray(quantities, float)
    running = roles(*offers, float(demand), price, dispatch).running
    return right(
        f"the price is 80, and {len(running)} of {len(dispatch)} offers run, all of them paid 80."
    )


@graded
def check_scarcity(out: Any) -> CheckResult:
    """Check for units whose outage makes the RTS-79 short at its annual peak."""
    wanted = 'give a list of names, such as ["coal 350 MW #1", "oil 12 MW #1"].'
    if isinstance(out, str):
        return hint(wanted)
    known = {unit.name for unit in rts79.UNITS}
    try:
        out = tuple(out)
        strangers = [name for name in out if name not in known]
    except TypeError:
        return hint(wanted)
    if strangers:
        like = get_close_matches(str(strangers[0]), sorted(known), n=1)
        meant = f"did you mean {like[0]!r}?" if like else wanted
        return hint(f"{strangers[0]!r} is not the name of a unit; {meant}")
    if len(set(out)) < len(out):
        return hint("a unit that is named twice is out only once. Name two different ones.")
    _, quantities = rts79.offers(out=out)
    left = quantities.sum() - rts79.ANNUAL_PEAK
    if left >= 0:
        return hint(
            f"{quantities.sum():.0f} MW still cover the peak of {rts79.ANNUAL_PEAK:.0f} MW, with "
            f"{left:.0f} MW to spare. Take out more, or larger units."
        )
    if len(out) > 2:
        return hint(f"scarce it is, but with {len(out)} units out; two are enough.")
    return right(f"{-left:.0f} MW cannot be served: the price is the value of lost load.")
