"""Rule 8: bad input is the same error, with the same words, in every backend."""

import datetime
import decimal
import fractions
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

GOOD = {"bids": [10.0, 20.0, 30.0], "quantities": [50.0, 50.0, 50.0], "demand": 70.0}
NAN, INF = float("nan"), float("inf")
MASKED = np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0])

# What replaces good arguments, the error, and its words.
SINGLE = [
    ({"demand": NAN}, ValueError, "demand = nan: must be finite and >= 0"),
    ({"demand": -1}, ValueError, "demand = -1.0: must be finite and >= 0"),
    ({"demand": INF}, ValueError, "demand = inf: must be finite and >= 0"),
    ({"demand": [70.0]}, ValueError, "demand: must have 0 dimensions, got shape (1,)"),
    ({"demand": None}, TypeError, "demand: must be real numbers, got NoneType of dtype object"),
    ({"demand": True}, TypeError, "demand: must be real numbers, got bool of dtype bool"),
    ({"demand": "70"}, TypeError, "demand: must be real numbers, got str of dtype <U2"),
    ({"demand": 70j}, TypeError, "demand: must be real numbers, got complex of dtype complex128"),
    ({"demand": 10**30}, TypeError, "demand: must be real numbers, got int of dtype object"),
    (
        {"demand": fractions.Fraction(7, 2)},
        TypeError,
        "demand: must be real numbers, got Fraction of dtype object",
    ),
    (
        {"quantities": [50.0, 50.0, -1.0]},
        ValueError,
        "quantities[2] = -1.0: must be finite and >= 0",
    ),
    (
        {"quantities": [50.0, INF, NAN]},
        ValueError,
        "quantities[1] = inf: must be finite and >= 0",
    ),
    ({"quantities": [50.0]}, ValueError, "quantities: must have 3 offers like bids, got 1"),
    (
        {"quantities": np.ones((3, 1))},
        ValueError,
        "quantities: must have 1 dimension, got shape (3, 1)",
    ),
    ({"quantities": 50.0}, ValueError, "quantities: must have 1 dimension, got shape ()"),
    ({"bids": [10.0, NAN, 30.0]}, ValueError, "bids[1] = nan: must be finite"),
    ({"bids": [-INF, NAN, 30.0]}, ValueError, "bids[0] = -inf: must be finite"),
    (
        {"bids": [10.0, NAN, 30.0], "quantities": [1.0, 0.0, 1.0]},
        ValueError,
        "bids[1] = nan: must be finite",
    ),
    (
        {"bids": [], "quantities": []},
        ValueError,
        "bids: must hold at least one offer, got shape (0,)",
    ),
    ({"bids": np.ones((2, 3))}, ValueError, "bids: must have 1 dimension, got shape (2, 3)"),
    (
        {"bids": np.array([1j, 2, 3])},
        TypeError,
        "bids: must be real numbers, got ndarray of dtype complex128",
    ),
    (
        {"bids": np.array([True, False, True])},
        TypeError,
        "bids: must be real numbers, got ndarray of dtype bool",
    ),
    ({"bids": ["5", "6", "7"]}, TypeError, "bids: must be real numbers, got list of dtype <U1"),
    ({"bids": None}, TypeError, "bids: must be real numbers, got NoneType of dtype object"),
    (
        {"bids": [decimal.Decimal(1)] * 3},
        TypeError,
        "bids: must be real numbers, got list of dtype object",
    ),
    (
        {"bids": np.array(["2026-01-01"] * 3, dtype="datetime64[D]")},
        TypeError,
        "bids: must be real numbers, got ndarray of dtype datetime64[D]",
    ),
    (
        {"bids": [datetime.timedelta(1)] * 3},
        TypeError,
        "bids: must be real numbers, got list of dtype object",
    ),
    (
        {"bids": MASKED},
        TypeError,
        "bids: must be real numbers, none of them masked, got MaskedArray",
    ),
    (
        {"bids": [1.0, np.ma.masked, 2.0]},
        TypeError,
        "bids: must be real numbers, none of them masked, got list",
    ),
    ({"price_cap": NAN}, ValueError, "price_cap = nan: must be finite"),
    ({"price_cap": INF}, ValueError, "price_cap = inf: must be finite"),
    ({"price_cap": [1.0]}, ValueError, "price_cap: must have 0 dimensions, got shape (1,)"),
    ({"price_cap": "9"}, TypeError, "price_cap: must be real numbers, got str of dtype <U1"),
    ({"ties": "first"}, ValueError, "ties = 'first': must be 'index' or 'pro_rata'"),
    ({"ties": None}, ValueError, "ties = None: must be 'index' or 'pro_rata'"),
    ({"ties": ["index"]}, ValueError, "ties = ['index']: must be 'index' or 'pro_rata'"),
    # The order of the checks.
    (
        {"bids": [NAN, 1.0, 1.0], "quantities": None, "demand": -1},
        ValueError,
        "bids[0] = nan: must be finite",
    ),
    (
        {"quantities": [-1.0, 1.0], "demand": "x"},
        ValueError,
        "quantities: must have 3 offers like bids, got 2",
    ),
    ({"demand": NAN, "price_cap": "x"}, ValueError, "demand = nan: must be finite and >= 0"),
    ({"price_cap": NAN, "ties": "x"}, ValueError, "price_cap = nan: must be finite"),
]
TABLE = {"bids": np.full((9, 5), 10.0), "quantities": np.full((9, 5), 50.0), "demand": 70.0}
BAD_TABLE = np.where(np.arange(45).reshape(9, 5) == 38, -1.0, 1.0)
BATCH = [
    ({"quantities": BAD_TABLE}, ValueError, "quantities[7, 3] = -1.0: must be finite and >= 0"),
    ({"quantities": BAD_TABLE[7]}, ValueError, "quantities[3] = -1.0: must be finite and >= 0"),
    (
        {"quantities": np.ones((9, 4))},
        ValueError,
        "quantities: must have 5 offers like bids, got 4",
    ),
    ({"quantities": np.ones((1, 5))}, ValueError, "quantities: must have 9 rows like bids, got 1"),
    ({"bids": np.ones(5), "demand": np.ones(8)}, ValueError, "demand: must have 9 rows like"),
    ({"demand": np.ones((9, 1))}, ValueError, "demand: must have 0 or 1 dimensions, got shape"),
    ({"demand": [1.0] * 8}, ValueError, "demand: must have 9 rows like bids, got 8"),
    ({"demand": [1.0] * 8 + [NAN]}, ValueError, "demand[8] = nan: must be finite and >= 0"),
    ({"demand": NAN}, ValueError, "demand = nan: must be finite and >= 0"),
    ({"price_cap": [1.0] * 8}, ValueError, "price_cap: must have 9 rows like bids, got 8"),
    ({"price_cap": [INF] * 9}, ValueError, "price_cap[0] = inf: must be finite"),
    (
        {"bids": [1.0], "quantities": [1.0], "price_cap": [1.0, 2.0]},
        ValueError,
        "price_cap: must have 1 rows like demand, got 2",
    ),
    ({"bids": np.ones((9, 5, 1))}, ValueError, "bids: must have 1 or 2 dimensions, got shape"),
    ({"bids": np.ones((9, 0))}, ValueError, "bids: must hold at least one offer, got shape (9, 0)"),
    ({"bids": np.ones((0, 0))}, ValueError, "bids: must hold at least one offer, got shape (0, 0)"),
    ({"bids": [[1.0, 2.0], [3.0]]}, TypeError, "bids: must be real numbers, got list that NumPy"),
    ({"ties": "x"}, ValueError, "ties = 'x': must be 'index' or 'pro_rata'"),
    ({"threads": 0}, ValueError, "threads = 0: must be a positive integer or None"),
    ({"threads": -(10**30)}, ValueError, f"threads = {-(10**30)}: must be a positive integer"),
    ({"threads": 1.0}, TypeError, "threads: must be a positive integer or None, got float"),
    ({"threads": True}, TypeError, "threads: must be a positive integer or None, got bool"),
    ({"threads": "2"}, TypeError, "threads: must be a positive integer or None, got str"),
]


@pytest.mark.parametrize(("wrong", "error", "words"), SINGLE)
def test_bad_market(backend, wrong, error, words):
    with pytest.raises(error) as caught:
        backend.market_clearing(**(GOOD | wrong))
    assert str(caught.value) == words


@pytest.mark.parametrize(("wrong", "error", "words"), SINGLE)
def test_bad_market_given_as_arrays(backend, wrong, error, words):
    """Plain arrays of doubles take the fast path; the words are the same."""
    arrays = {name: np.array(GOOD[name]) for name in ("bids", "quantities")}
    for name in arrays:
        if isinstance(wrong.get(name), list) and all(type(v) is float for v in wrong[name]):
            wrong = wrong | {name: np.array(wrong[name], dtype=float)}
    with pytest.raises(error) as caught:
        backend.market_clearing(**(GOOD | arrays | wrong))
    assert str(caught.value) == words


@pytest.mark.parametrize(("wrong", "error", "words"), BATCH)
def test_bad_batch(backends, wrong, error, words):
    messages = set()
    for backend in backends:
        with pytest.raises(error) as caught:
            backend.market_clearing_batch(**(TABLE | wrong))
        messages.add(str(caught.value))
    (message,) = messages
    assert message.startswith(words)


# The shortest digits that read back are not always unique: here .2 and .3 are as good.
@example(-562949953421312.2, "quantities")
@given(st.floats(), st.sampled_from(["bids", "quantities", "demand", "price_cap"]))
def test_values_are_shown_as_python_shows_them(backends, value, argument):
    wrong = {argument: [1.0, value, 1.0] if argument in ("bids", "quantities") else value}
    messages = set()
    for backend in backends:
        try:
            backend.market_clearing(**(GOOD | wrong))
        except ValueError as error:
            messages.add(str(error))
        else:
            messages.add(None)
    (message,) = messages
    bad = not np.isfinite(value) or (value < 0 and argument in ("quantities", "demand"))
    assert bad == (message is not None)
    assert message is None or f" = {value!r}: " in message


@pytest.mark.parametrize("backend", ["rust"], indirect=True)
def test_rust_reads_no_argument_before_all_are_converted(backend):
    """Python code run by a conversion may change an earlier argument: no slice is held yet."""
    bids = np.array([10.0, 20.0])

    class Saboteur:
        def __array__(self, dtype=None, copy=None):
            bids[:] = np.nan
            return np.array([50.0, 50.0])

    with pytest.raises(ValueError, match=r"bids\[0\] = nan: must be finite"):
        backend.market_clearing(bids, Saboteur(), 70.0)


@pytest.mark.parametrize("offers", [2, 1 << 15])
@pytest.mark.parametrize(
    "change",
    [
        lambda array: array.resize(0, refcheck=False),
        lambda array: array.resize(1, refcheck=False),
        lambda array: array.resize((), refcheck=False),
        lambda array: array.resize((1, 1, array.size), refcheck=False),
        lambda array: setattr(array, "dtype", np.float32),
    ],
    ids=["empty", "shorter", "scalar", "deeper", "narrower"],
)
@pytest.mark.parametrize(
    "name",
    [
        "market_clearing",
        "market_clearing_batch",
        "market_clearing_unchecked",
        "market_clearing_naive_unchecked",
        "market_clearing_select_list",
        "market_clearing_into",
    ],
)
@pytest.mark.parametrize("backend", ["rust"], indirect=True)
def test_an_argument_that_the_conversion_of_a_later_one_changes(backend, name, change, offers):
    """Neither a panic, nor the end of the process, nor memory of others."""
    import rust_market

    bids = np.ones(offers)

    class Saboteur:
        def __array__(self, dtype=None, copy=None):
            change(bids)
            return np.ones(offers)

    out = (np.ones(offers),) if name == "market_clearing_into" else ()
    with pytest.raises(ValueError, match="the arguments changed during the call"):
        getattr(rust_market, name)(bids, Saboteur(), 1.0, *out)
    if out:
        bids = out[0]
        with pytest.raises((TypeError, ValueError), match="out: must"):
            rust_market.market_clearing_into(np.ones(offers), Saboteur(), 1.0, bids)


def test_a_missing_argument_is_a_type_error(backends):
    for backend in backends:
        with pytest.raises(TypeError, match="quantities"):
            backend.market_clearing([1.0])


HUGE = """
import resource, sys, numpy as np, market_py
backend = market_py.get_backend(sys.argv[1])
backend.market_clearing_batch(np.ones(4), np.ones(4), np.ones(4))
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), -1))
try:
    backend.market_clearing_batch(np.ones(1 << 20), np.ones(1 << 20), np.ones(1 << 20))
except MemoryError:
    print("MemoryError")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process")
def test_more_memory_than_there_is(backend):
    """A batch too large for memory is a MemoryError, in Rust too."""
    command = [sys.executable, "-c", HUGE, backend.name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "MemoryError\n", done.stderr


class ArrayLike:
    """Something that NumPy can read."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array


@pytest.mark.parametrize(
    ("method", "wrong"),
    [
        ("market_clearing", {"bids": ArrayLike(MASKED)}),
        ("market_clearing_batch", {"bids": ArrayLike(np.ma.array([MASKED, MASKED]))}),
        ("market_clearing_batch", {"bids": [[1.0, np.ma.masked, 2.0]] * 2}),
        ("market_clearing_batch", {"bids": [MASKED, MASKED]}),
        ("market_clearing_batch", {"bids": (MASKED.astype(int),)}),
    ],
)
def test_a_mask_is_never_dropped(backends, method, wrong):
    for backend in backends:
        with pytest.raises(TypeError, match="bids: must be real numbers, none of them masked"):
            getattr(backend, method)(**(GOOD | wrong))


class Index:
    """Something that counts, in its own way."""

    def __init__(self, number):
        self.number = number

    def __index__(self):
        return self.number


@pytest.mark.parametrize(
    "threads", [np.array([2]), np.array(2.0), int, Index(2.5), Index("3"), 2.0, "2", [2]]
)
def test_threads_that_do_not_count(backends, threads):
    must = "threads: must be a positive integer or None, got "
    for backend in backends:
        with pytest.raises(TypeError) as caught:
            backend.market_clearing_batch(**TABLE, threads=threads)
        assert str(caught.value) == must + type(threads).__name__
        assert backend.market_clearing_batch(**TABLE, threads=Index(2))[0].shape == (9,)


def test_more_threads_than_can_be_counted(backends):
    answers = {
        backend.market_clearing_batch(**TABLE, threads=10**30)[0].tobytes() for backend in backends
    }
    assert len(answers) == 1


class Seven(float):
    """A float that says it is another."""

    def __float__(self):
        return 7.0


def test_a_float_that_converts_itself(backends):
    answers = set()
    for backend in backends:
        answers.add(backend.market_clearing([10.0, 20.0], [50.0, 50.0], Seven(70.0))[0])
        prices, _ = backend.market_clearing_batch([10.0, 20.0], [50.0, 50.0], Seven(70.0))
        answers.add(prices[0])
    assert answers == {10.0}
