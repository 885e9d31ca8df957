"""The JavaScript of the figure against the specification, in Node.js, on edge-built markets."""

import json
import math
import shutil
import subprocess
from importlib.resources import files

import numpy as np
import pytest

import market_py
from market_py.workshop import widgets
from market_py.workshop.widgets import description, merit_order

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="no Node.js")
RUN = """
const markets = JSON.parse(require("fs").readFileSync(0, "utf8"));
const found = markets.map(({ bids, quantities, demand, ties, cap }) => {
  const { price, dispatch } = clearMarket(bids, quantities, demand, { ties, cap });
  const market = [bids, quantities, demand, price, dispatch];
  const names = bids.map((_, i) => `offer ${i}`);
  return [price, dispatch, roles(...market), clearedSentence(names, ...market, "€")];
});
console.log(JSON.stringify(found));
"""


RUN_AUCTIONS = """
const auctions = JSON.parse(require("fs").readFileSync(0, "utf8"));
const found = auctions.map(([offers, bids, k, ties]) => {
  const cleared = clearAuction(offers, bids, { k, ties });
  return [cleared, auctionSentence(offers, bids, cleared, "€")];
});
console.log(JSON.stringify(found));
"""


def in_node(markets, run=RUN):
    script = files(widgets).joinpath("market.js").read_text("utf8") + run
    done = subprocess.run(
        [NODE, "-e", script], input=json.dumps(markets), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def at_the_edge(rng):
    """A market whose demand is close to a step of supply, or to where a step just covers it."""
    size = int(rng.integers(1, 9))
    scale = float(rng.choice([1e-310, 1e-3, 0.1, 1.0, 1e6, 1e300]))
    quantities = rng.integers(0, 30, size) * scale
    if rng.random() < 0.3:
        quantities *= rng.random(size)
    demand = 0.0
    for quantity in quantities[rng.random(size) < 0.6]:
        demand += float(quantity)
    demand /= float(rng.choice([1.0, 1 - 1e-9]))
    for _ in range(rng.integers(0, 3)):
        demand = math.nextafter(demand, float(rng.choice([0.0, math.inf])))
    return {
        "bids": rng.integers(-1, 4, size).astype(float).tolist(),
        "quantities": quantities.tolist(),
        "demand": demand,
        "ties": str(rng.choice(["index", "pro_rata"])),
        "cap": None if rng.random() < 0.5 else 15.0,
    }


def test_the_browser_clears_as_the_specification_does():
    rng = np.random.default_rng(18)
    markets = [at_the_edge(rng) for _ in range(2000)]
    for market, (price, dispatch, found, said) in zip(markets, in_node(markets), strict=True):
        bids, quantities = np.array(market["bids"]), np.array(market["quantities"])
        expected = market_py.market_clearing(
            bids,
            quantities,
            market["demand"],
            ties=market["ties"],
            price_cap=market["cap"],
            backend="python",
        )
        assert price == expected[0], market
        if market["ties"] == "index":
            assert dispatch == expected[1].tolist(), market
        gap = np.abs(dispatch - expected[1]).max()
        assert gap <= 1e-12 * market["demand"], market
        cleared = bids, quantities, market["demand"], price, np.array(dispatch)
        running, marginal, is_short = description.roles(*cleared)
        assert sorted(found["running"]) == running, market
        assert (found["marginal"], found["isShort"]) == (marginal, is_short), market
        names = [f"offer {i}" for i in range(len(bids))]
        assert said == description.cleared(names, *cleared), market


def auction_at_the_edge(rng):
    """A book of few prices and quantities: ties, vertical and horizontal crossings, no trade."""
    scale = float(rng.choice([1e-310, 1e-3, 0.1, 1.0, 1e6]))
    sizes = rng.integers(0, 6, 2)
    sizes[0] += not sizes.any()
    book = []
    for size in sizes:
        quantities = rng.integers(0, 5, size) * scale
        if size and rng.random() < 0.3:
            quantities[-1] = math.nextafter(quantities[-1] * (1 + 1e-9), rng.choice([0, math.inf]))
        book += [rng.integers(-2, 4, size) * rng.choice([1.0, 0.1]), quantities]
    if sizes.all() and rng.random() < 0.5:
        book[3][-1] = max(0.0, book[1].sum() - book[3][:-1].sum())
    return book, float(rng.choice([0.0, 0.3, 0.5, 1.0])), str(rng.choice(["index", "pro_rata"]))


def test_the_browser_clears_auctions_as_the_specification_does():
    rng = np.random.default_rng(19)
    auctions = [auction_at_the_edge(rng) for _ in range(1500)]
    asked = [
        (
            *(
                [{"price": p, "quantity": q} for p, q in zip(*side, strict=True)]
                for side in ([it.tolist() for it in book[:2]], [it.tolist() for it in book[2:]])
            ),
            k,
            ties,
        )
        for book, k, ties in auctions
    ]
    kinds = set()
    for (book, k, ties), (found, said) in zip(auctions, in_node(asked, RUN_AUCTIONS), strict=True):
        price, sold, bought = market_py.auction_clearing(*book, k=k, ties=ties, backend="python")
        interval = market_py.price_interval(*book, backend="python")
        assert (found["price"], found["low"], found["high"]) == (price, *interval), book
        for name, accepted in (("sold", sold), ("bought", bought)):
            in_browser = np.array(found[name])
            if ties == "index":
                assert in_browser.tolist() == accepted.tolist(), book
            assert np.allclose(in_browser, accepted, rtol=1e-12, atol=5e-324), book
        assert said == description.auction(book, interval, price, sold, bought), book
        kinds.add((interval[0] < interval[1], bool(sold.any())))
    assert len(kinds) == 4, "with and without trade, one price and many"


@pytest.mark.parametrize(
    ("market", "said"),
    [
        (
            ([10, 20, 20], [100.1, 200.2, 50], 300.3),
            "offer 1 is marginal, with 0 MW to spare. 2 of 3 offers run.",
        ),
        (
            ([10, 20, 1000], [0.7, 0.1, 5], 0.8),
            "offer 1 is marginal, with 0 MW to spare. 2 of 3 offers run.",
        ),
        (
            ([10, 20, 20], [100.1, 200.2, 50], 300.4),
            "offer 2 is marginal, with 49.9 MW to spare. 3 of 3 offers run.",
        ),
        (([10, 20], [1, 1e-12], 1 + 1e-12), "offer 0 is marginal, with 0 MW to spare. 1 of 2"),
    ],
)
def test_what_rounding_leaves_over_does_not_run(market, said):
    bids, quantities, demand = market
    asked = {"bids": bids, "quantities": quantities, "demand": demand, "ties": "index", "cap": None}
    ((_, _, _, in_browser),) = in_node([asked])
    assert said in in_browser
    figure = merit_order.market_figure(*market)
    assert figure.sentence == in_browser
