"""The panels and exercises of notebooks 05, 06 and 07."""

import heapq
import random
import re
from zlib import crc32

import numpy as np
import pytest
from hypothesis import assume, given
from markets import markets

import market_py
from market_py import available_backends
from market_py.benchmark import inputs, intervals, operation_counts, timing
from market_py.benchmark.inputs import DISTRIBUTIONS, make_markets
from market_py.registry import VARIANTS
from market_py.workshop.lessons.n05_call_overhead import checks as checks_05
from market_py.workshop.lessons.n05_call_overhead import overheads
from market_py.workshop.lessons.n05_call_overhead import panel as panel_05
from market_py.workshop.lessons.n05_call_overhead import plots as plots_05
from market_py.workshop.lessons.n06_sort_and_allocation import checks as checks_06
from market_py.workshop.lessons.n06_sort_and_allocation import conditions
from market_py.workshop.lessons.n06_sort_and_allocation import panel as panel_06
from market_py.workshop.lessons.n07_no_sorting import checks as checks_07
from market_py.workshop.lessons.n07_no_sorting import panel as panel_07
from market_py.workshop.lessons.n07_no_sorting import plots as plots_07
from market_py.workshop.lessons.n07_no_sorting import search as search_07

NOISE = np.linspace(-2, 2, 21)
RUST = "rust" in available_backends()
PNG = b"\x89PNG"


def made_up_race(offers, **nanoseconds):
    """A race in which every candidate takes so long, give or take."""
    rounds = {timing.EMPTY_CALL: 50 + NOISE}
    for name, ns in nanoseconds.items():
        rng = np.random.default_rng([offers, crc32(name.encode())])
        rounds[name.replace("_", "-")] = ns + rng.normal(0, 4, NOISE.size)
    return timing.Race(offers, rounds)


def border_race(offers, list_ns=8.0):
    """A race whose overheads are known."""
    kernel = 10.0 * offers
    return made_up_race(
        offers,
        rust_naive=kernel + 900 + list_ns * offers,
        rust_ndarray=kernel + 900,
        rust_naive_cheap=kernel + 800 + list_ns * offers,
        rust_select_list=600 + list_ns * offers,
        rust_select=700,
        rust_cheap=600,
        rust_filled=640,
        rust_out=640,
        numba_select=1000,
        numba_cheap=750,
        numba_out=650,
    )


class TestIntervals:
    def test_the_interval_holds_what_the_samples_say(self):
        rng = np.random.default_rng(1)
        one, other = rng.normal(10, 1, 400), rng.normal(30, 1, 400)
        found = intervals.resampled([one, other], lambda m: m[1] - m[0])
        assert found.low < 20 < found.high
        assert found.high - found.low < 1
        assert intervals.resampled([one, other], lambda m: m[1] - m[0]) == found

    def test_how_it_is_shown(self):
        assert intervals.text(timing.Ratio(1234.5, -0.2, 2345.6)) == "1,234 [0, 2,346]"
        assert intervals.text(timing.Ratio(1.234, 1.0, 2.0), 2) == "1.23 [1.00, 2.00]"


class TestBorder:
    def test_tolls_are_the_differences_of_pairs(self):
        found = {
            (overhead.kind, overhead.slower): ratio.value
            for overhead, ratio in overheads.overheads(border_race(200)).items()
        }
        assert found == pytest.approx(
            {
                (overheads.LIST, "rust-naive"): 1600,
                (overheads.BOOKKEEPING, "rust-naive"): 100,
                (overheads.LIST, "rust-select-list"): 1600,
                (overheads.BOOKKEEPING, "rust-select"): 100,
                (overheads.ARRAY, "rust-filled"): 0,
                (overheads.ARRAY, "numba-cheap"): 100,
                (overheads.BOXING, "numba-select"): 250,
            },
            abs=6,
        )

    def test_every_toll_is_between_two_rungs_of_one_language(self):
        for overhead in overheads.OVERHEADS:
            assert VARIANTS[overhead.slower].language == VARIANTS[overhead.faster].language
        for name, parts in (overheads.SORTING | overheads.SELECTING).items():
            assert name in VARIANTS
            assert len({part.kind for part in parts}) == len(parts)
            assert set(parts) <= set(overheads.OVERHEADS)

    def test_the_sentence_says_what_is_lost_in_the_noise(self):
        said = panel_05.summary(border_race(200))
        assert said.startswith("N = 200, ns per call: an empty call takes 50; ")
        assert re.search(r"a list, not an array \(rust-naive − rust-ndarray\) 1,\d{3} \[", said)
        lost = said.partition("Not to be told from nothing: ")[2]
        assert lost == "a new array, not the caller's (rust-filled − rust-out)."

    def test_the_picture_has_a_bar_for_each_candidate(self):
        picture = plots_05.CallOverheadPicture()
        empty = picture.show(None)
        full = picture.show(border_race(200))
        assert full.startswith(PNG)
        assert full != empty
        only_numba = timing.Race(
            200, {k: v for k, v in border_race(200).rounds.items() if "rust" not in k}
        )
        assert picture.show(only_numba) not in (empty, full)
        assert picture.show(None) == empty

    def test_parts_come_with_hatches_of_their_own(self):
        looks = list(plots_05.STYLES.values())
        assert len(set(looks)) == len(looks)
        hatches = [hatch for _, hatch in looks if hatch]
        assert len(set(hatches)) == len(hatches)

    def test_an_element_costs_what_it_costs(self):
        found = overheads.per_element(border_race(20), border_race(200))
        assert found.low < 8 < found.high
        assert found.high - found.low < 0.1
        assert overheads.per_element(made_up_race(5, numba_out=1), border_race(9)) is None

    def test_the_panel_times_by_button(self):
        panel = panel_05.CallOverheadPanel(rounds=3, sample_seconds=1e-4)
        before = panel.picture.value
        panel.size.value = 5
        assert panel.races == {}, "moving a slider times nothing"
        race = panel.measure(20)
        assert panel.races == {20: race}
        assert race.finished == 3
        assert panel.bar.value == panel.bar.max
        assert panel.picture.value != before
        assert panel.sentence.text.startswith("N = 20, ns per call: ")
        assert set(race.candidates) <= set(overheads.SORTING | overheads.SELECTING)

    def test_sizes_of_other_inputs_are_not_compared(self):
        panel = panel_05.CallOverheadPanel(rounds=3, sample_seconds=1e-4)
        panel.measure(5)
        panel.distribution.value = "equal"
        race = panel.measure(20)
        assert panel.races == {20: race}

    def test_what_is_returned_is_shown_as_it_is(self):
        found = panel_05.dispatches(20)
        assert {len(dispatch) for dispatch in found.values()} == {20}
        assert isinstance(found["numba-select"], np.ndarray)
        if "rust-naive" in found:
            assert isinstance(found["rust-naive"], list)

    def test_a_stopped_panel_keeps_nothing(self):
        panel = panel_05.CallOverheadPanel(rounds=3, sample_seconds=1e-4)
        panel.advance = panel.stop_button.click
        panel.run()
        assert panel.races == {}
        assert "Stopped before the end" in panel.sentence.text

    def test_without_rust_it_says_so(self, monkeypatch):
        monkeypatch.setattr(market_py, "available_backends", lambda: ["numba", "python"])
        assert "Without Rust:" in panel_05.CallOverheadPanel().sentence.text

    @pytest.mark.parametrize(
        ("answer", "sizes", "state", "words"),
        [
            (None, (20, 200), "not done yet", ""),
            ((7.95, 8.05), (20, 200), "right", "you say 8.0 to 8.1; your rounds say 8.0"),
            ((8, 8), (20, 200), "right", "ns for each element"),
            ((7.9, 8.1), (200,), "not right yet", "two sizes at least"),
            ((7.9, 8.1), (), "not right yet", "two sizes at least"),
            ((1, 20), (20, 200), "not right yet", "true and says little"),
            ((1430, 1450), (20, 200), "not right yet", "divide by the 180 elements"),
            ((0.00799, 0.00801), (20, 200), "not right yet", "microseconds"),
            ((30, 40), (20, 200), "not right yet", "your rounds say 8.0 ["),
            ((9, 7), (20, 200), "not right yet", "must not exceed"),
            (8, (20, 200), "not right yet", "two ends of an interval"),
            ("79", (20, 200), "not right yet", "two ends of an interval"),
            ((float("nan"), 3), (20, 200), "not right yet", "not a number"),
        ],
    )
    def test_exercise(self, answer, sizes, state, words):
        races = {size: border_race(size) for size in sizes}
        verdict = checks_05.check_list(answer, races)
        assert verdict.state == state
        assert words in verdict.message

    def test_exercise_without_rust(self):
        races = {size: made_up_race(size, numba_out=100) for size in (20, 200)}
        verdict = checks_05.check_list((1, 2), races)
        assert "there is no Rust in your rounds" in verdict.message


class TestSorting:
    @pytest.mark.parametrize("share", [0, 50, 95, 100])
    def test_so_much_is_in_order(self, share):
        bids = conditions.partly_sorted(1000, share, np.random.default_rng(1))
        in_place = np.mean(bids == np.sort(bids))
        assert in_place == pytest.approx(share / 100, abs=0.01)
        assert in_place >= share / 100

    def test_markets_are_distinct_or_one(self):
        many = conditions.make_markets(conditions.Conditions(20, 50, repeated=False))
        assert len({bids.tobytes() for bids, _, _ in many}) == inputs.DISTINCT
        one = conditions.make_markets(conditions.Conditions(20, 50, repeated=True))
        assert len(one) == inputs.DISTINCT
        assert len({id(market) for market in one}) == 1

    def race(self, factor=1.0):
        names = [*conditions.TIMED_VARIANTS, f"numba-sort{timing.AA_SUFFIX}"]
        return timing.Race(
            200,
            {name: factor * (1000 - 100 * i + NOISE) for i, name in enumerate(names[:-1])}
            | {names[-1]: factor * (1000 + NOISE[::-1]), timing.EMPTY_CALL: 50 + NOISE},
        )

    def test_the_sentence_says_what_each_step_was_worth(self):
        now, before = (conditions.Conditions(200, share, repeated=False) for share in (0, 50))
        said = panel_06.summary(now, self.race(), (before, self.race(2.0)))
        assert said.startswith(
            "200 offers, 0 % in order, 256 different markets: numba-sort 1.00 µs, "
        )
        assert re.search(r"numba-scratch over numba-sort 1\.11 \[.*?\] times \(faster\)", said)
        assert "rust-ndarray over" not in said
        assert "Time, as a multiple of the run before: numba-sort 0.50, " in said

    def test_the_panel_compares_with_the_run_before(self):
        panel = panel_06.SortingPanel(rounds=3, sample_seconds=1e-4)
        seen = [panel.picture.value]
        panel.size.value = 20
        panel.run()
        seen.append(panel.picture.value)
        panel.ordered.value = 95
        panel.markets.value = conditions.REPEATED
        assert len(panel.runs) == 1, "moving a slider times nothing"
        panel.run()
        seen.append(panel.picture.value)
        assert len(set(seen)) == 3
        assert all(png[:4] == PNG for png in seen)
        assert panel.sentence.text.startswith("20 offers, 95 % in order, one market, repeated: ")
        assert "a multiple of the run before" in panel.sentence.text

    def test_rungs_are_chosen(self):
        panel = panel_06.SortingPanel(rounds=2, sample_seconds=1e-4)
        panel.size.value = 20
        for name, toggle in panel.variants.items():
            toggle.value = name == "numba-keys"
        panel.run()
        assert panel.runs[0][1].candidates == ["numba-keys"]
        panel.variants["numba-keys"].value = False
        panel.run()
        assert "No variant is switched on" in panel.sentence.text
        assert len(panel.runs) == 1

    def test_a_stopped_panel_keeps_nothing(self):
        panel = panel_06.SortingPanel(rounds=3, sample_seconds=1e-4)
        panel.size.value = 20
        panel.advance = panel.stop_button.click
        panel.run()
        assert panel.runs == []
        assert "Stopped before the end" in panel.sentence.text

    def test_without_rust_its_rungs_are_off(self, monkeypatch):
        monkeypatch.setattr(market_py, "available_backends", lambda: ["numba", "python"])
        monkeypatch.setattr(market_py, "available_variants", lambda: ["numba-sort", "numba-keys"])
        panel = panel_06.SortingPanel()
        assert [name for name, toggle in panel.variants.items() if toggle.value] == [
            "numba-sort",
            "numba-keys",
        ]
        assert panel.variants["rust-keys"].disabled
        assert "Without Rust:" in panel.sentence.text

    WORKS = (
        operation_counts.OperationCounts("rust-naive", 6, 1619.18, 7),
        operation_counts.OperationCounts("rust-select", 0, 0, 4.84),
        operation_counts.OperationCounts("numba-sort", 12.0, None, None),
    )

    def test_counts_are_shown(self, monkeypatch):
        asked = []
        monkeypatch.setattr(
            operation_counts, "count", lambda n: asked.append(n) or list(self.WORKS)
        )
        panel = panel_06.CountsPanel()
        before = panel.picture.value
        assert asked == [], "nothing is built before the button is pressed"
        panel.run()
        assert asked == [200]
        assert panel.picture.value[:4] == PNG
        assert panel.picture.value != before
        assert panel.sentence.text == (
            "200 offers, per market: numba-sort asks for 12 blocks of memory, the most; none: "
            "rust-select. rust-naive compares 1,619.2 pairs of offers to sort them. "
            "A dash: not counted."
        )
        assert ">1,619.2</td>" in panel.table.value
        assert ">–</td>" in panel.table.value

    def test_without_cargo_it_says_what_to_do(self, monkeypatch):
        monkeypatch.setattr(operation_counts.shutil, "which", lambda _: None)
        panel = panel_06.CountsPanel()
        panel.run()
        assert "get Rust from https://rustup.rs" in panel.sentence.text
        assert not panel.button.disabled


def temporaries(quantities, demand, out):
    out[:] = np.clip(demand - (np.cumsum(quantities) - quantities), 0, quantities)


def in_place(quantities, demand, out):
    np.cumsum(quantities, out=out)
    np.subtract(out, quantities, out=out)
    np.subtract(demand, out, out=out)
    np.clip(out, 0, quantities, out=out)


def by_loop(quantities, demand, out):
    for i, quantity in enumerate(quantities):
        out[i] = min(quantity, demand)
        demand -= out[i]


def other_array(quantities, demand, out):
    out = np.clip(demand - (np.cumsum(quantities) - quantities), 0, quantities)  # noqa: F841


def what_is_needed_only(quantities, demand, out):
    for i, quantity in enumerate(quantities):
        if demand <= 0:
            break
        out[i] = min(quantity, demand)
        demand -= out[i]


def by_differences(quantities, demand, out):
    np.cumsum(quantities, out=out)
    np.minimum(out, demand, out=out)
    out[1:] -= out[:-1]


def over_the_input(quantities, demand, out):
    in_place(quantities, demand, out)
    quantities[:] = out


class TestAccept:
    @pytest.mark.parametrize(
        ("accept", "state", "words"),
        [
            (lambda q, d, out: None, "not done yet", ""),
            (lambda q, d, out: np.minimum(q, d), "not right yet", "does not fill out"),
            (lambda q, d, out: 1 / 0, "not right yet", "fails: ZeroDivisionError"),
            (lambda q, d, out: np.minimum(q, d, out=out), "not right yet", "expected [50.0, 10.0"),
            (over_the_input, "not right yet", "changes the quantities"),
            (temporaries, "not right yet", "2.0 more arrays"),
            (other_array, "not done yet", "“out = …” gives its name to another array"),
            (what_is_needed_only, "not right yet", "leaves out[2] unwritten"),
            (by_differences, "not right yet", "input and output overlap"),
            (in_place, "right", "all 9 cases are right"),
            (by_loop, "right", "never more than"),
        ],
    )
    def test_exercise(self, accept, state, words):
        verdict = checks_06.check_accept(accept)
        assert verdict.state == state, verdict.message
        assert words in verdict.message


class TestSearch:
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
    def test_it_finds_the_price_of_every_family(self, distribution, guesses, backends):
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
        assert re.search(r"\d+ candidates? left between\.$", panel.sentence.text)
        seen.add(panel.picture.value)
        panel.controls["step"].value = 15
        panel.wait()
        seen.add(panel.picture.value)
        assert len(seen) == 3
        market = make_markets("random", 100, 1, distinct=1)[0]
        price = market_py.market_clearing(*market)[0]
        assert f"so the price is {price:.2f} €/MWh" in panel.sentence.text

    @pytest.mark.parametrize("distribution", panel_07.SHOWN_DISTRIBUTIONS)
    def test_every_family_is_drawn_and_every_control_answers(self, distribution):
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
        return [
            timing.Race(
                n, {name: (n**power) * (1 + NOISE / 1000) for name, power in exponents.items()}
            )
            for n in (1000, 10_000, 100_000)
        ]

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
        assert "two sizes are needed" in panel_07.growth("random", races[:1])
        assert "Stopped before the first size" in panel_07.growth("random", [])

    @pytest.mark.parametrize("distribution", ["random", "equal", "boundary"])
    def test_the_panel_times_by_button(self, distribution):
        panel = panel_07.GrowthPanel(sizes=(50, 100), rounds=2, sample_seconds=1e-4)
        before = panel.picture.value
        panel.distribution.value = distribution
        assert panel.races == [], "a choice times nothing"
        panel.run()
        assert [race.size for race in panel.races] == [50, 100]
        assert panel.bar.value == panel.bar.max
        assert panel.picture.value != before
        assert panel.sentence.text.startswith(
            f"{distribution} prices, N = 50 to 100; time grows as "
        )
        assert ("rust-select" in panel.sentence.text) == RUST

    def test_a_stopped_panel_keeps_what_is_finished(self):
        panel = panel_07.GrowthPanel(sizes=(50, 100), rounds=2, sample_seconds=1e-4)
        rounds = iter(range(9))
        panel.advance = lambda: next(rounds) == 2 and panel.stop_button.click()
        panel.run()
        assert [race.size for race in panel.races] == [50]
        assert "two sizes are needed" in panel.sentence.text

    def test_candidates_differ_by_shape_too(self):
        shapes = [style[1] for style in plots_07.GROWTH_STYLES.values()]
        assert len(set(shapes)) == len(shapes)
        assert set(plots_07.GROWTH_STYLES) == {*plots_07.SORTING, *plots_07.SELECTING}
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
            (by_numpy, "not right yet", "that grows, as sorting does"),
            (by_heap, "not right yet", "that grows, as sorting does"),
            (moved, "not right yet", "their quantities have not"),
            (lambda b, q, d: sum(b) / len(b), "not right yet", "Prices are compared here"),
            (lambda b, q, d: b[-1] if len(b) == 3 else None, "not right yet", "expected"),
            (lambda b, q, d: b[2] if d == 150 else None, "not right yet", "nothing is returned"),
            (lambda b, q, d: print(b), "not done yet", "to print a result does not return it"),
            (guessing(lambda left: left[0]), "not right yet", "sorted, cheapest first"),
            (guessing(lambda left: left[-1]), "not right yet", "sorted, "),
            (guessing(random.Random(1).choice), "right", "It is O(N)"),
            (guessing(lambda left: left[len(left) // 2]), "right", "It is O(N)"),
        ],
    )
    def test_exercise(self, clearing_price, state, words):
        verdict = checks_07.check_clearing_price(clearing_price)
        assert verdict.state == state, verdict.message
        assert words in verdict.message
