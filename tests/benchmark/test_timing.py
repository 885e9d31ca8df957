"""Test how a race measures and judges, never which candidate is faster."""

import time
import types

import numpy as np
import pytest

import market_py
from market_py import extension, registry
from market_py.benchmark import inputs, timing
from market_py.benchmark.agreement import verify_markets
from market_py.variants.published import POINTS


def numpy_clear(bids, quantities, demand):
    return market_py.get_backend("numpy").market_clearing(bids, quantities, demand)


def slow_clear(bids, quantities, demand):
    end = time.perf_counter() + 2e-3
    while time.perf_counter() < end:
        pass
    return numpy_clear(bids, quantities, demand)


MARKETS = inputs.random_markets(5, distinct=8)
QUICK = {"rounds": 7, "sample_seconds": 1e-3}


def test_markets_are_distinct_and_reproducible():
    markets = inputs.random_markets(20)
    assert len({tuple(bids) for bids, _, _ in markets}) == inputs.DISTINCT >= 256
    again = inputs.random_markets(20)
    assert all(
        np.array_equal(a[0], b[0]) and a[2] == b[2] for a, b in zip(markets, again, strict=True)
    )


def test_a_race_measures_what_happens():
    ticks = []
    race = timing.race(
        {"numpy": numpy_clear, "slow": slow_clear},
        MARKETS,
        **QUICK,
        verify=verify_markets,
        size=5,
        progress=lambda: ticks.append(1),
    )
    assert race.size == 5
    assert race.candidates == ["numpy", "slow"]
    assert set(race.rounds) == {"numpy", "slow", "numpy (again)", "empty call"}
    assert all(len(values) == 7 for values in race.rounds.values())
    assert len(ticks) == race.finished == 7
    assert race.distinct == len(MARKETS)
    assert race.disagreements == {"slow": 0}
    # The first call of all, not of each sample.
    assert race.first_call_seconds["slow"] > 2e-3
    assert race.quartiles("slow")[0] > 2e6
    assert race.quartiles("empty call")[1] < race.quartiles("numpy")[1]
    assert race.verdict("slow", over="numpy") == "slower"
    assert race.verdict("numpy", over="slow") == "faster"
    low, middle, high = race.quartiles("numpy")
    assert low <= middle <= high


@pytest.mark.parametrize("arity", range(6))
def test_anything_callable_can_race(arity):
    """Functions, classes and methods can, with any number of arguments and any results."""
    calls = []

    def record(*arguments):
        calls.append(arguments)
        return "a text", len(arguments)

    class Thing:
        def __init__(self, *arguments):
            pass

        def method(self, *arguments):
            return {}

    candidates = {"function": record, "class": Thing, "method": Thing().method}
    inputs = [(value,) * arity for value in "abc"]
    race = timing.race(candidates, inputs, rounds=2, loops=1)
    assert race.candidates == list(candidates)
    assert race.baselines == [timing.EMPTY_CALL]
    assert race.disagreements == {}
    assert (race.size, race.finished, race.distinct) == (0, 2, 1 if arity == 0 else 3)
    # A first call, then two rounds of the function and of its copy, each with all the inputs.
    assert calls == [inputs[0], *(4 * inputs)]
    assert all((taken > 0).all() for taken in race.rounds.values())


@pytest.mark.parametrize("arity", range(6))
def test_the_empty_call_takes_as_many_arguments_as_the_inputs(arity):
    empty = timing.empty_call(arity)
    assert empty is timing.empty_call(arity)
    assert empty(*range(arity)) is None
    with pytest.raises(TypeError):
        empty(*range(arity + 1))


def test_inputs_of_different_arity_are_refused():
    with pytest.raises(ValueError, match="unpack"):
        timing.race({"print": lambda *arguments: None}, [(1,), (1, 2)], rounds=1, loops=1)


def test_what_verify_counts_is_kept():
    """`verify` gets candidates and inputs, before any of them is timed."""

    def verify(candidates, inputs):
        assert list(candidates) == ["sum", "max"]
        seen.append(inputs)
        return {"max": sum(candidates["max"](*it) != candidates["sum"](*it) for it in inputs)}

    seen = []
    inputs = [([1, 2],), ([0, 4],), ([5],)]
    race = timing.race({"sum": sum, "max": max}, inputs, verify=verify, rounds=1, loops=1, size=2)
    assert seen == [inputs]
    assert race.disagreements == {"max": 1}
    assert race.size == 2


def test_a_race_per_item_divides_times_only():
    race = raced(2.0, 1.0)
    per = race.per(100)
    assert per.distinct == 100 * race.distinct
    assert per.quartiles("b") == pytest.approx([value / 100 for value in race.quartiles("b")])
    assert per.speedup("a", over="b").value == pytest.approx(race.speedup("a", over="b").value)
    assert per.difference("b", "a").value == pytest.approx(race.difference("b", "a").value / 100)


def test_a_ratio_shows_its_interval():
    ratio = timing.Ratio(1234.5, -0.2, 2345.6)
    assert f"{ratio:,.0f}" == "1,234 [-0, 2,346]"
    assert f"{ratio:z,.0f}" == "1,234 [0, 2,346]"
    assert str(timing.Ratio(1.234, 1.0, 2.0)) == "1.23 [1.00, 2.00]"


def test_a_statistic_of_medians_has_an_interval():
    one, other = np.array([5.0, 6.0, 7.0]), np.array([1.0, 2.0, 3.0])
    found = timing.bootstrapped([one, other], lambda above, below: above - below)
    assert found.value == 4.0
    assert 2.0 <= found.low < 4.0 < found.high <= 6.0
    assert timing.bootstrapped([one, other], lambda above, below: above - below) == found


def test_loops_can_be_given():
    calls = []

    def clear(*market):
        calls.append(market)
        return numpy_clear(*market)

    timing.race({"numpy": clear}, MARKETS, rounds=3, loops=2)
    given = len(calls)
    timing.race({"numpy": clear}, MARKETS, rounds=4, loops=2)
    # The function and its A/A copy: two passes each in one more round; no warming up.
    assert len(calls) - 2 * given == 2 * 2 * len(MARKETS)


def raced(ratio, blur):
    """A race in which b is so many times slower than a, and a differs from itself by a blur."""
    noise = np.linspace(0.999, 1.001, 21)
    return timing.Race(5, {"a": noise, "a (again)": blur * noise, "b": ratio * noise[::-1]})


@pytest.mark.parametrize("arity", [0, 1, 2, 11])
def test_a_callable_may_take_any_number_of_arguments(arity):
    seen = []
    inputs = [tuple(range(arity))] * 2
    timing.timer(lambda *arguments: seen.append(arguments), inputs).timeit(3)
    assert seen == [tuple(range(arity))] * 6


@pytest.mark.parametrize(
    ("ratio", "blur", "verdict"),
    [
        (1.5, 1.0, "faster"),
        (0.7, 1.0, "slower"),
        (1.0, 1.0, "indistinguishable"),
        # Within what the machine cannot tell apart.
        (1.05, 1.1, "indistinguishable"),
        (0.95, 1.1, "indistinguishable"),
        (1.05, 0.9, "indistinguishable"),
        (1.5, 1.1, "faster"),
    ],
)
def test_verdicts_need_the_interval_and_the_resolution(ratio, blur, verdict):
    assert raced(ratio, blur).verdict("a", over="b") == verdict


def test_a_wide_interval_is_indistinguishable():
    rounds = np.linspace(1, 2, 21)
    race = timing.Race(5, {"a": rounds, "a (again)": rounds, "b": rounds[::-1]})
    ratio = race.speedup("a", over="b")
    assert ratio.low < 1 < ratio.high
    assert race.verdict("a", over="b") == "indistinguishable"


def test_few_rounds_allow_no_verdict():
    few = {"a": np.full(5, 2.0), "a (again)": np.full(5, 2.0), "b": np.full(5, 1.0)}
    assert timing.Race(5, few).verdict("b", over="a") == "indistinguishable"
    enough = {name: np.append(rounds, rounds[0]) for name, rounds in few.items()}
    assert timing.Race(5, enough).verdict("b", over="a") == "faster"


def test_a_debug_build_is_not_timed(monkeypatch):
    debug = types.SimpleNamespace(BUILD_PROFILE="debug", BUILD_ID="")
    monkeypatch.setattr(extension, "find", lambda: debug)
    with pytest.raises(RuntimeError, match="is a debug build"):
        registry.get_candidates()


def test_candidates_that_disagree_are_not_timed():
    def wrong(bids, quantities, demand):
        price, dispatch = numpy_clear(bids, quantities, demand)
        return price, dispatch + 1.0

    timed = []
    with pytest.raises(timing.Disagreement, match="numpy and wrong clear this market differently"):
        timing.race(
            {"numpy": numpy_clear, "wrong": wrong},
            MARKETS,
            **QUICK,
            verify=verify_markets,
            progress=lambda: timed.append(1),
        )
    assert not timed


def test_disagreements_are_counted_where_they_are_allowed():
    def wrong_at_times(bids, quantities, demand):
        price, dispatch = numpy_clear(bids, quantities, demand)
        return (price + 1 if demand > middle else price), dispatch

    middle = np.median([demand for _, _, demand in MARKETS])
    candidates = {"wrong": wrong_at_times, "numpy": numpy_clear, "again": numpy_clear}
    # Those that must be right are compared with each other, and the others with them.
    counts = verify_markets(candidates, MARKETS, may_differ=["wrong"])
    assert counts == {"wrong": len(MARKETS) // 2, "again": 0}
    with pytest.raises(timing.Disagreement):
        verify_markets(candidates, MARKETS, may_differ=["again"])


def test_a_batch_counts_its_rows():
    bids, quantities, demands = np.arange(12.0).reshape(4, 3), np.ones((4, 3)), np.full(4, 1.5)

    def clear(bids, quantities, demands):
        return market_py.market_clearing_batch(bids, quantities, demands, backend="numpy")

    def wrong(bids, quantities, demands):
        prices, dispatch = clear(bids, quantities, demands)
        dispatch[2, 0] -= 1e-3
        prices[3] += 1
        return prices, dispatch

    counts = verify_markets(
        {"right": clear, "wrong": wrong}, [(bids, quantities, demands)], may_differ=["wrong"]
    )
    assert counts == {"wrong": 2}


def test_baselines_are_timed_and_are_no_candidates():
    race = timing.race(
        {"numpy": numpy_clear}, MARKETS, **QUICK, baselines={"one pass": lambda *market: None}
    )
    assert race.candidates == ["numpy"]
    assert race.baselines == ["one pass"]


def test_a_race_can_be_stopped():
    with pytest.raises(timing.Stopped):
        timing.race({"numpy": numpy_clear}, MARKETS, **QUICK, is_stopped=lambda: True)


@pytest.mark.parametrize("by", ["question", "keyboard"])
def test_a_stopped_race_keeps_its_complete_rounds(by):
    ticks = []

    def progress():
        ticks.append(1)
        if by == "keyboard" and len(ticks) == 3:
            raise KeyboardInterrupt

    with pytest.raises(timing.Stopped, match="stopped after 3 rounds") as stopped:
        timing.race(
            {"numpy": numpy_clear},
            MARKETS,
            **QUICK,
            progress=progress,
            is_stopped=lambda: by == "question" and len(ticks) == 3,
        )
    race = stopped.value.race
    assert race.finished == 3
    assert all(len(values) == 3 for values in race.rounds.values())


def test_ratio_of_medians():
    ratio = timing.ratio_of_medians(np.array([5.0, 6.0, 7.0]), np.array([1.0, 2.0, 3.0]))
    assert ratio.value == 3.0
    assert 5 / 3 <= ratio.low <= 3.0 <= ratio.high <= 7.0
    constant = timing.ratio_of_medians(np.full(3, 6.0), np.full(2, 3.0))
    assert (constant.low, constant.value, constant.high) == (2.0, 2.0, 2.0)


def test_the_published_table():
    assert [round(point.speedup, 2) for point in POINTS] == [1.23, 1.03, 0.75, 0.46, 0.36, 0.30]


def test_all_candidates_clear_random_markets_alike():
    candidates = registry.get_candidates()
    assert {"numba-sort", "numba"} <= set(candidates)
    verify_markets(candidates, inputs.random_markets(50))


def test_a_race_is_shown_in_lines():
    rounds = {"a": np.full(6, 2000.0), "a (again)": np.full(6, 2000.0), "b": np.full(6, 1000.0)}
    first, second = str(timing.Race(20, rounds)).splitlines()
    assert first.split() == ["a", "2,000", "ns"]
    assert " ".join(second.split()) == "b 1,000 ns 2.00 [2.00, 2.00] times as fast as a: faster"
