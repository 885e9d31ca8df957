"""The panels and the exercise of notebook 07."""

import heapq
import random
import re

import numpy as np
import pytest
from hypothesis import assume, given, settings

import market_py
from helpers.markets import markets
from market_py import available_backends
from market_py.benchmark import inputs, timing
from market_py.benchmark.inputs import DISTRIBUTIONS, make_markets
from market_py.registry import VARIANTS
from market_py.workshop.lessons.n07_no_sorting import checks as checks_07
from market_py.workshop.lessons.n07_no_sorting import panel as panel_07
from market_py.workshop.lessons.n07_no_sorting import plots as plots_07
from market_py.workshop.lessons.n07_no_sorting import search as search_07

NOISE = np.linspace(-2, 2, 21)
RUST = "rust" in available_backends()
PNG = b"\x89PNG"


def others_take_long(first, *others):
    return [first, *(pytest.param(other, marks=pytest.mark.long) for other in others)]


class TestSearch:
    # A notebook's search, in Python: slow, and its answers are checked elsewhere, too.
    @settings(max_examples=25)
    @given(market=markets(max_offers=30))
    def test_it_finds_the_price_of_the_specification(self, market):
        bids, quantities, demand = (np.asarray(part, float) for part in market)
        assume(demand > 0 and 0 < quantities.max() < 1e300)
        price, dispatch = market_py.market_clearing(bids, quantities, demand, backend="python")
        for guesses in (1, 7):
            found = search_07.search(bids.tolist(), quantities.tolist(), float(demand), guesses)
            if found.price is None:
                assert np.array_equal(dispatch, quantities)
            else:
                assert found.price == price

    @pytest.mark.parametrize(
        "distribution", [n for n, it in DISTRIBUTIONS.items() if it.offers is None]
    )
    @pytest.mark.parametrize("guesses", [1, 3, 7])
    def test_it_finds_the_price_of_every_distribution(self, distribution, guesses, backends):
        for seed, market in enumerate(make_markets(distribution, 90, seed=guesses, distinct=20)):
            bids, quantities, demand = market
            found = search_07.search(bids.tolist(), quantities.tolist(), demand, guesses, seed)
            for backend in backends:
                assert backend.market_clearing(*market)[0] == found.price

    def test_every_pass_narrows_the_bracket_around_the_answer(self):
        bids, quantities, demand = inputs.random_market(300, np.random.default_rng(3))
        found = search_07.search(bids.tolist(), quantities.tolist(), demand, guesses=2)
        inside = 300
        for step in found.passes:
            assert step.visited == inside
            assert len(step.left) < inside
            assert step.low < found.price <= step.high
            assert all(step.low < bids[i] < step.high for i in step.left)
            for guess, supply in zip(step.guesses, step.supplies, strict=True):
                assert supply == pytest.approx(quantities[bids <= guess].sum())
            inside = len(step.left)
        assert inside == 0

    def test_equal_prices_take_one_pass(self):
        found = search_07.search([20.0] * 50, [1.0] * 50, 30.0)
        assert found.price == 20.0
        assert len(found.passes) == 1

    def test_a_shortage_has_no_price(self):
        assert search_07.search([10.0, 20.0], [1.0, 1.0], 3.0).price is None

    @pytest.mark.parametrize("guesses", [1, 3, 7])
    def test_the_formulas_of_the_notebook(self, guesses):
        left, visits, passes = search_07.simulate(guesses, markets=300)
        assert left == pytest.approx(2 / (guesses + 2), rel=0.1)
        assert visits == pytest.approx((guesses + 2) / guesses, rel=0.1)
        assert 1 < passes < 20

    def test_counts_stand_beside_what_was_derived(self):
        heading, *lines = search_07.counted(guesses=(1, 7), offers=100).splitlines()
        assert heading.split()[:3] == ["guesses", "left", "derived"]
        for line, guesses in zip(lines, (1, 7), strict=True):
            numbers = [float(number) for number in line.split()]
            left, visits, passes = search_07.simulate(guesses, offers=100)
            r = 2 / (guesses + 2)
            expected = [guesses, left, r, visits, 1 / (1 - r), passes, np.log(100) / -np.log(r)]
            assert numbers == pytest.approx(expected, abs=0.06)


class TestSearchPanel:
    def test_the_slider_steps_to_the_price(self):
        panel = panel_07.search_panel()
        seen = {panel.picture.value}
        assert panel.sentence.text.startswith("Before the first pass: demand is ")
        panel.controls["step"].value = 1
        panel.wait()
        assert re.match(r"Pass 1 looks at 100 offers: at or below \S+ € ", panel.sentence.text)
        assert re.search(r"Candidates left: \d+\.$", panel.sentence.text)
        seen.add(panel.picture.value)
        panel.controls["step"].value = 15
        panel.wait()
        seen.add(panel.picture.value)
        assert len(seen) == 3
        market = make_markets("random", 100, 1, distinct=1)[0]
        price = market_py.market_clearing(*market)[0]
        assert f"so the price is {price:.2f} €/MWh" in panel.sentence.text

    @pytest.mark.parametrize("distribution", others_take_long(*panel_07.SHOWN_DISTRIBUTIONS))
    def test_every_distribution_is_drawn_and_every_control_answers(self, distribution):
        panel = panel_07.search_panel()
        for name, value in {
            "distribution": distribution,
            "step": 1,
            "offers": 5,
            "guesses": 1,
        }.items():
            panel.controls[name].value = value
            panel.wait()
            assert not panel.sentence.alarm, panel.sentence.text
        before = panel.sentence.text
        panel.controls["seed"].value = 2
        panel.wait()
        assert panel.sentence.text != before
        assert panel.picture.value[:4] == PNG


class TestGrowth:
    def races(self, **exponents):
        return {
            n: timing.Race(
                n, {name: (n**power) * (1 + NOISE / 1000) for name, power in exponents.items()}
            )
            for n in (1000, 10_000, 100_000)
        }

    @pytest.mark.parametrize("power", [0.9, 1.0, 1.2, 2.0])
    def test_the_exponent_is_fitted(self, power):
        found = panel_07.exponent(self.races(x=power), "x")
        assert found.value == pytest.approx(power, abs=1e-3)
        assert found.low <= found.value <= found.high
        assert found.high - found.low < 0.01

    def test_the_sentence(self):
        races = self.races(one=1.0, two=2.0)
        assert panel_07.growth("random", races).startswith(
            "random prices, N = 1,000 to 100,000; time grows as N to the power of: one 1.00 ["
        )
        assert "two sizes are needed" in panel_07.growth("random", {1000: races[1000]})

    @pytest.mark.parametrize("distribution", others_take_long("random", "equal", "boundary"))
    def test_the_panel_times_by_button(self, distribution):
        panel = panel_07.growth_panel(sizes=(50, 100), rounds=2, sample_seconds=1e-4)
        before = panel.picture.value
        panel.controls["distribution"].value = distribution
        assert panel.races == {}, "a choice times nothing"
        panel.run()
        assert [*panel.races] == [50, 100]
        assert panel.bar.value == panel.bar.max
        assert panel.picture.value != before
        assert panel.sentence.text.startswith(
            f"{distribution} prices, N = 50 to 100; time grows as "
        )
        assert ("rust-select" in panel.sentence.text) == RUST

    def test_a_stopped_panel_keeps_what_is_finished(self):
        panel = panel_07.growth_panel(sizes=(50, 100), rounds=2, sample_seconds=1e-4)
        rounds = iter(range(9))
        panel.advance = lambda: next(rounds) == 2 and panel.stop_button.click()
        panel.run()
        assert [*panel.races] == [50]
        assert "two sizes are needed" in panel.sentence.text

    def test_candidates_differ_by_shape_too(self):
        shapes = [style[1] for style in plots_07.GROWTH_STYLES.values()]
        assert len(set(shapes)) == len(shapes)
        assert set(plots_07.GROWTH_STYLES) <= set(VARIANTS)


def guessing(choose):
    """A selection that guesses as it is told."""

    def clearing_price(bids, quantities, demand):
        left, faster, price = list(zip(bids, quantities, strict=True)), 0, None
        while left:
            guess = choose(left)[0]
            supply = faster + sum(mw for bid, mw in left if bid <= guess)
            if supply >= demand:
                price, left = guess, [offer for offer in left if offer[0] < guess]
            else:
                faster, left = supply, [offer for offer in left if offer[0] > guess]
        return price

    return clearing_price


def by_sorting(bids, quantities, demand):
    supply = 0
    for bid, mw in sorted(zip(bids, quantities, strict=True), key=lambda offer: offer[0]):
        supply += mw
        if supply >= demand:
            return bid


def by_numpy(bids, quantities, demand):
    order = np.argsort(np.array(bids))
    supply = np.cumsum(np.array(quantities)[order])
    return bids[order[np.searchsorted(supply, demand)]]


def by_heap(bids, quantities, demand):
    """Sort as far as needed."""
    offers = list(zip(bids, quantities, strict=True))
    heapq.heapify(offers)
    while demand > 0:
        bid, mw = heapq.heappop(offers)
        demand -= mw
    return bid


def moved(bids, quantities, demand):
    bids.sort()
    return by_sorting(bids, quantities, demand)


def endless(bids, quantities, demand):
    while bids[0] <= bids[-1] or bids[0] >= bids[-1]:
        pass


def distinct_only(bids, quantities, demand):
    """Forget that offers may share a price."""
    offers = dict(zip(bids, quantities, strict=True))
    return by_sorting(list(offers), list(offers.values()), demand)


LONG = pytest.mark.long


class TestClearingPrice:
    @pytest.mark.parametrize(
        ("clearing_price", "state", "words"),
        [
            (lambda b, q, d: None, "not done yet", ""),
            (lambda b, q, d: 1 / 0, "not right yet", "fails: ZeroDivisionError"),
            (lambda b, q, d: b[0], "not right yet", "expected 20\nyours    30"),
            (lambda b, q, d: "20", "not right yet", "yours    '20'"),
            (endless, "not right yet", "comparisons and no end"),
            (distinct_only, "not right yet", "all prices equal"),
            (by_sorting, "not right yet", "that grows, as sorting does"),
            *(
                pytest.param(it, "not right yet", "that grows, as sorting does", marks=LONG)
                for it in (by_numpy, by_heap)
            ),
            (moved, "not right yet", "their quantities have not"),
            (lambda b, q, d: sum(b) / len(b), "not right yet", "Prices are compared here"),
            (lambda b, q, d: b[-1] if len(b) == 3 else None, "not right yet", "expected"),
            (lambda b, q, d: b[2] if d == 150 else None, "not right yet", "nothing is returned"),
            (lambda b, q, d: print(b), "not done yet", "to print a result does not return it"),
            (guessing(lambda left: left[0]), "not right yet", "sorted, cheapest first"),
            (guessing(lambda left: left[-1]), "not right yet", "sorted, "),
            (guessing(random.Random(1).choice), "right", "It is O(N)"),
            pytest.param(
                guessing(lambda left: left[len(left) // 2]), "right", "It is O(N)", marks=LONG
            ),
        ],
    )
    def test_exercise(self, clearing_price, state, words):
        verdict = checks_07.check_clearing_price(clearing_price)
        assert verdict.state == state, verdict.message
        assert words in verdict.message


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("order = np.argsort(bids)", "not done yet"),
        ("order.sort_by(|&a, &b| bids[a].total_cmp(&bids[b]));", "not done yet"),
        ("price = bids[0]", "right"),
    ],
)
def test_a_sort_is_found(monkeypatch, text, state):
    found = {
        "require_compiled": None,
        "require_right": None,
        "code": text,
        "keep": "numba-my-search",
        "compared": "1.2 times as fast",
    }
    for name, value in found.items():
        monkeypatch.setattr(checks_07.exercise, name, lambda *_, value=value, **__: value)
    assert checks_07.check_search(len).state == state
