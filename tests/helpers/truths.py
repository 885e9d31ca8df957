"""What the panels of the notebooks say, cleared again from the values of their controls."""

import re

import numpy as np

import market_py
from market_py.benchmark.inputs import make_markets
from market_py.reliability import adequacy, rts79
from market_py.workshop.lessons.n01_merit_order.panel import LOST_LOAD, OUTAGES
from market_py.workshop.lessons.n02_contract.panel import CASES


def number(text):
    return float(re.sub(r"[^0-9.-]", "", text))


def year(values, sentence):
    """Hour by hour, where the panel clears the year in one call."""
    oil, outage = number(values["oil price (%)"]) / 100, values["out all year"]
    bids, quantities = rts79.offers({"oil": oil}, OUTAGES[outage])
    demand = rts79.hourly_loads() * (1 + number(values["load growth (%)"]) / 100)
    hours = [
        market_py.market_clearing(bids, quantities, hour, price_cap=LOST_LOAD) for hour in demand
    ]
    prices = np.array([price for price, _ in hours])
    short = sum(
        dispatch.sum() < hour * (1 - 1e-9)
        for (_, dispatch), hour in zip(hours, demand, strict=True)
    )
    assert f"a MWh costs {np.average(prices, weights=demand):,.2f} $" in sentence
    assert f"at most {prices.max():,.2f} $" in sentence
    assert f"demand is not met in {short} hours" in sentence


def contract(values, sentence):
    (case,) = (label for label, chosen in values.items() if chosen)
    try:
        price, _ = market_py.market_clearing(**CASES[case], backend="python")
    except (TypeError, ValueError) as error:
        assert f"“{case}”: This is not a market: {error}." in sentence
    else:
        assert f"{price:,.2f} €/MWh" in sentence
    # The figure of the market has a sentence of its own, below.
    assert "All backends agree." in sentence.partition("\n")[0]


def outputs(values, sentence):
    offers, seed = (int(number(values[label])) for label in ("offers N", "random seed"))
    ((bids, quantities, _),) = make_markets(values["prices"], offers, seed, distinct=1)
    demand = float(quantities.sum() * number(values["demand (% of supply)"]) / 100)
    price, _ = market_py.market_clearing(bids, quantities, demand, backend="python")
    assert f"clears at {price:.2f} €/MWh. " in sentence


def search(values, sentence):
    """The price is what is found, and before lies where the search still looks."""
    offers, seed = (int(number(values[label])) for label in ("offers N", "random seed"))
    (market,) = make_markets(values["prices"], offers, seed, distinct=1)
    price, _ = market_py.market_clearing(*market, backend="python")
    if found := re.search(r"the price is ([0-9.-]+) €/MWh", sentence):
        assert found[1] == f"{price:.2f}"
    # The sentence rounds to a hundredth.
    if low := re.search(r"price is above ([0-9.-]+) €", sentence):
        assert float(low[1]) < price + 0.01
    if high := re.search(r"not above ([0-9.-]+) €", sentence):
        assert price < float(high[1]) + 0.01


def years(values, sentence):
    simulated = int(number(re.match("[0-9,]+ years", sentence)[0]))
    found = adequacy.simulate(simulated, seed=int(number(values["random seed"])))
    assert f"{simulated:,} years: {found.loss_of_load} hours of lost load" in sentence
    assert f"The mean price is {found.mean_price:,.2f} $/MWh" in sentence


TRUTHS = {
    "01_merit_order": {"load growth (%)": year},
    "02_contract": {"plain": contract},
    "04_published_result": {"demand (% of supply)": outputs},
    "07_no_sorting": {"step of the search": search},
    "08_batch": {"years": years},
}
"""Of each notebook, by a label of the panel that says it."""
