"""Rule 11 of the two-sided contract: bad input is the same error in every backend."""

import fractions

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

NAN, INF = float("nan"), float("inf")
MASKED = np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0])
GOOD = {
    "offer_prices": [10.0, 20.0],
    "offer_quantities": [50.0, 50.0],
    "bid_prices": [30.0, 15.0, 5.0],
    "bid_quantities": [40.0, 20.0, 10.0],
}
FINITE, NOT_NEGATIVE = "must be finite", "must be finite and >= 0"

# What replaces good arguments, the error, and its words.
SINGLE = [
    ({"offer_prices": [INF, NAN]}, ValueError, f"offer_prices[0] = inf: {FINITE}"),
    ({"offer_quantities": [1.0, -1]}, ValueError, f"offer_quantities[1] = -1.0: {NOT_NEGATIVE}"),
    ({"bid_prices": [1.0, -INF, 3.0]}, ValueError, f"bid_prices[1] = -inf: {FINITE}"),
    ({"bid_quantities": [0, 0, NAN]}, ValueError, f"bid_quantities[2] = nan: {NOT_NEGATIVE}"),
    (
        {"bid_quantities": [1.0, 2.0]},
        ValueError,
        "bid_quantities: must have 3 bids like bid_prices, got 2",
    ),
    (
        {"offer_quantities": []},
        ValueError,
        "offer_quantities: must have 2 offers like offer_prices, got 0",
    ),
    (
        {"offer_prices": [], "offer_quantities": [], "bid_prices": [], "bid_quantities": []},
        ValueError,
        "bid_prices: must hold at least one bid where there is no offer, got shape (0,)",
    ),
    (
        {"offer_prices": [], "offer_quantities": [1.0], "bid_prices": []},
        ValueError,
        "offer_quantities: must have 0 offers like offer_prices, got 1",
    ),
    (
        {"offer_prices": np.ones((2, 1))},
        ValueError,
        "offer_prices: must have 1 dimension, got shape (2, 1)",
    ),
    ({"bid_prices": 5.0}, ValueError, "bid_prices: must have 1 dimension, got shape ()"),
    (
        {"offer_prices": None},
        TypeError,
        "offer_prices: must be real numbers, got NoneType of dtype object",
    ),
    (
        {"bid_quantities": ["a", "b", "c"]},
        TypeError,
        "bid_quantities: must be real numbers, got list of dtype <U1",
    ),
    (
        {"bid_prices": MASKED},
        TypeError,
        "bid_prices: must be real numbers, none of them masked, got MaskedArray",
    ),
    (
        {"offer_quantities": np.array([True, False])},
        TypeError,
        "offer_quantities: must be real numbers, got ndarray of dtype bool",
    ),
    ({"k": 1.5}, ValueError, "k = 1.5: must be between 0 and 1"),
    ({"k": -0.1}, ValueError, "k = -0.1: must be between 0 and 1"),
    ({"k": 2}, ValueError, "k = 2.0: must be between 0 and 1"),
    ({"k": NAN}, ValueError, "k = nan: must be between 0 and 1"),
    ({"k": INF}, ValueError, "k = inf: must be between 0 and 1"),
    ({"k": "0"}, TypeError, "k: must be real numbers, got str of dtype <U1"),
    ({"k": None}, TypeError, "k: must be real numbers, got NoneType of dtype object"),
    ({"k": True}, TypeError, "k: must be real numbers, got bool of dtype bool"),
    (
        {"k": fractions.Fraction(1, 2)},
        TypeError,
        "k: must be real numbers, got Fraction of dtype object",
    ),
    ({"k": [0.5]}, ValueError, "k: must have 0 dimensions, got shape (1,)"),
    ({"ties": "first"}, ValueError, "ties = 'first': must be 'index' or 'pro_rata'"),
    ({"ties": None}, ValueError, "ties = None: must be 'index' or 'pro_rata'"),
    # The order of the checks is that of the signature, each argument completely before the next.
    (
        {"offer_prices": [NAN, 1.0], "offer_quantities": None, "bid_prices": "x"},
        ValueError,
        f"offer_prices[0] = nan: {FINITE}",
    ),
    (
        {"offer_quantities": [-1.0, 1.0], "bid_prices": [NAN] * 3, "k": 7},
        ValueError,
        f"offer_quantities[0] = -1.0: {NOT_NEGATIVE}",
    ),
    (
        {"bid_prices": [NAN] * 3, "bid_quantities": [1.0], "k": "x"},
        ValueError,
        f"bid_prices[0] = nan: {FINITE}",
    ),
    (
        {"bid_quantities": [-1.0] * 3, "k": None, "ties": 1},
        ValueError,
        f"bid_quantities[0] = -1.0: {NOT_NEGATIVE}",
    ),
    ({"k": NAN, "ties": "x"}, ValueError, "k = nan: must be between 0 and 1"),
    ({"k": "x", "ties": "x"}, TypeError, "k: must be real numbers, got str of dtype <U1"),
    (
        {"offer_prices": np.ones((3, 1)), "offer_quantities": [-1.0]},
        ValueError,
        "offer_prices: must have 1 dimension, got shape (3, 1)",
    ),
    (
        {"offer_prices": [], "offer_quantities": [], "bid_prices": [], "bid_quantities": None},
        ValueError,
        "bid_prices: must hold at least one bid where there is no offer, got shape (0,)",
    ),
]
ROWS = {name: np.tile(np.array(values), (9, 1)) for name, values in GOOD.items()}
BATCH = [
    (
        {"bid_quantities": np.where(np.arange(27).reshape(9, 3) == 22, -1.0, 1.0)},
        ValueError,
        f"bid_quantities[7, 1] = -1.0: {NOT_NEGATIVE}",
    ),
    ({"offer_prices": [1.0, NAN]}, ValueError, f"offer_prices[1] = nan: {FINITE}"),
    (
        {"bid_prices": np.ones((8, 3))},
        ValueError,
        "bid_prices: must have 9 rows like offer_prices, got 8",
    ),
    (
        {"bid_quantities": np.ones((9, 2))},
        ValueError,
        "bid_quantities: must have 3 bids like bid_prices, got 2",
    ),
    (
        {"offer_quantities": np.ones((1, 2))},
        ValueError,
        "offer_quantities: must have 9 rows like offer_prices, got 1",
    ),
    ({"k": np.zeros(8)}, ValueError, "k: must have 9 rows like offer_prices, got 8"),
    ({"k": [0.5] * 8 + [NAN]}, ValueError, "k[8] = nan: must be between 0 and 1"),
    ({"k": 1.5}, ValueError, "k = 1.5: must be between 0 and 1"),
    ({"k": np.zeros((9, 1))}, ValueError, "k: must have 0 or 1 dimensions, got shape (9, 1)"),
    ({"k": ["x"] * 9}, TypeError, "k: must be real numbers, got list of dtype <U1"),
    (
        {"offer_prices": np.ones((9, 2, 1))},
        ValueError,
        "offer_prices: must have 1 or 2 dimensions, got shape (9, 2, 1)",
    ),
    (
        {name: np.ones((9, 0)) for name in GOOD},
        ValueError,
        "bid_prices: must hold at least one bid where there is no offer, got shape (9, 0)",
    ),
    ({"ties": "x"}, ValueError, "ties = 'x': must be 'index' or 'pro_rata'"),
    ({"threads": 0}, ValueError, "threads = 0: must be a positive integer or None"),
    ({"threads": 1.5}, TypeError, "threads: must be a positive integer or None, got float"),
    ({"k": 3, "ties": "x", "threads": 0}, ValueError, "k = 3.0: must be between 0 and 1"),
    (
        {"offer_prices": np.full((9, 2), NAN), "k": None},
        ValueError,
        f"offer_prices[0, 0] = nan: {FINITE}",
    ),
    # A side without orders, whose rows hold no value.
    (
        {
            "offer_prices": np.ones((9, 0)),
            "offer_quantities": np.ones((9, 0)),
            "bid_prices": np.where(np.arange(27).reshape(9, 3) == 22, NAN, 1.0),
        },
        ValueError,
        f"bid_prices[7, 1] = nan: {FINITE}",
    ),
    # Rows that all auctions share are checked even where there is no auction.
    (
        {"offer_prices": np.ones((0, 2)), "offer_quantities": [1.0, -1.0]},
        ValueError,
        f"offer_quantities[1] = -1.0: {NOT_NEGATIVE}",
    ),
]


@pytest.mark.parametrize(("wrong", "error", "words"), SINGLE)
def test_bad_auction(backend, wrong, error, words):
    with pytest.raises(error) as caught:
        backend.auction_clearing(**(GOOD | wrong))
    assert str(caught.value) == words


@pytest.mark.parametrize(("wrong", "error", "words"), SINGLE)
def test_bad_auction_given_as_arrays(backend, wrong, error, words):
    """Plain arrays of doubles take the fast path; the words are the same."""
    given = {name: np.array(value) for name, value in GOOD.items()} | wrong
    for name, value in given.items():
        if isinstance(value, list) and all(type(number) is float for number in value):
            given[name] = np.array(value, float)
    with pytest.raises(error) as caught:
        backend.auction_clearing(**given)
    assert str(caught.value) == words


@pytest.mark.parametrize(("wrong", "error", "words"), BATCH)
def test_bad_batch(backend, wrong, error, words):
    with pytest.raises(error) as caught:
        backend.auction_clearing_batch(**(ROWS | wrong))
    assert str(caught.value) == words


@given(st.floats(), st.sampled_from([*GOOD, "k"]))
def test_values_are_shown_as_python_shows_them(backends, value, argument):
    wrong = {argument: value if argument == "k" else [*GOOD[argument][:-1], value]}
    messages = set()
    for backend in backends:
        try:
            backend.auction_clearing(**(GOOD | wrong))
        except ValueError as error:
            messages.add(str(error))
        else:
            messages.add(None)
    (message,) = messages
    bad = not 0 <= value <= 1 if argument == "k" else not np.isfinite(value)
    bad |= "quantities" in argument and value < 0
    assert bad == (message is not None)
    assert message is None or f" = {value!r}: " in message


def test_a_missing_argument_is_a_type_error(backend):
    with pytest.raises(TypeError, match="bid_quantities"):
        backend.auction_clearing([1.0], [1.0], [1.0])


def test_labels_must_agree(backend):
    pandas = pytest.importorskip("pandas")
    labels = ["a", "b"]
    given = {
        "offer_prices": pandas.Series([10.0, 20.0], labels),
        "offer_quantities": pandas.Series([50.0, 50.0], labels),
        "bid_prices": pandas.Series([30.0, 15.0], ["c", "d"]),
        "bid_quantities": pandas.Series([40.0, 20.0], ["c", "d"]),
    }
    assert backend.auction_clearing(**given)[0] == 15.0
    for name, kind in (("offer_quantities", "offers"), ("bid_quantities", "bids")):
        wrong = given | {name: given[name][::-1]}
        with pytest.raises(ValueError, match=f"{name}: the labels of its {kind} must be those of"):
            backend.auction_clearing(**wrong)
        with pytest.raises(ValueError, match=f"{name}: the labels of its {kind} must be those of"):
            backend.auction_clearing_batch(**wrong)
