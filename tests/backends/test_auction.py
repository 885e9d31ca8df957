"""The two-sided contract, rule by rule, in every backend."""

import importlib
import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from helpers import auctions as oracle
from helpers.auctions import any_price, any_quantity, auctions, bits

K = st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1)
TIES = st.sampled_from(["index", "pro_rata"])
many = settings(max_examples=10_000 if settings.default.max_examples > 60 else 50)
"""Examples of a property, in `make test-all` and in `make test`."""

# Offers and bids as prices times quantities, price interval, and who trades how much.
EXAMPLES = {
    "vertical crossing": (
        [(0, 100), (80, 50)],
        [(100, 100), (50, 20)],
        (50, 80),
        ([100, 0], [100, 0]),
    ),
    "horizontal crossing": (
        [(21, 100), (100, 30)],
        [(3000, 100), (100, 50)],
        (100, 100),
        ([100, 30], [100, 30]),
    ),
    "a bid is marginal": ([(1, 2)], [(1.1, 11), (3, 0.1)], (1.1, 1.1), ([2], [1.9, 0.1])),
    "all prices equal": (
        [(10, 5), (10, 5)],
        [(10, 3), (10, 4)],
        (10, 10),
        ([5, 2], [3, 4]),
    ),
    "shortage": ([(21, 100)], [(3000, 200)], (3000, 3000), ([100], [100])),
    "no crossing": ([(12, 5)], [(10, 5)], (10, 12), ([0], [0])),
    "nothing bid": ([(30, 5), (20, 5)], [(99, 0)], (20, 20), ([0, 0], [0])),
    "nothing offered": ([(7, 0)], [(9, 5), (8, 1)], (9, 9), ([0], [0, 0])),
    "no bids": ([(30, 5), (20, 5)], [], (20, 20), ([0, 0], [])),
    "no offers": ([], [(9, 5), (8, 1)], (9, 9), ([], [0, 0])),
    "only zero quantities": ([(20, 0)], [(10, 0)], (10, 20), ([0], [0])),
    "negative": ([(-10, 100)], [(5, 40), (-20, 100)], (-10, -10), ([40], [40, 0])),
    "rounding": (
        [(10, 0.7), (20, 0.1), (1000, 5)],
        [(3000, 0.8)],
        (20, 1000),
        ([0.7, 0.1, 0], [np.nextafter(0.8, 0)]),
    ),
    "giants out of the money": (
        [(10, 1), (1e4, 1e12)],
        [(50, 1), (-1e4, 1e12)],
        (10, 50),
        ([1, 0], [1, 0]),
    ),
}


def columns(orders):
    return [price for price, _ in orders], [quantity for _, quantity in orders]


@pytest.mark.parametrize(("offers", "bids", "interval", "traded"), EXAMPLES.values(), ids=EXAMPLES)
def test_examples_of_the_contract(backend, offers, bids, interval, traded):
    auction = *columns(offers), *columns(bids)
    for k, expected in zip((0.0, 1.0), interval, strict=True):
        price, sold, bought = backend.auction_clearing(*auction, k=k)
        assert price == expected
        assert (sold.tolist(), bought.tolist()) == traded
    if offers and bids:
        rows = (np.array([part, part], float) for part in auction)
        prices, sold, bought = backend.auction_clearing_batch(*rows, k=[0.0, 1.0])
        assert prices.tolist() == list(interval)
        assert (sold.tolist(), bought.tolist()) == ([traded[0]] * 2, [traded[1]] * 2)


def test_equal_prices_share_pro_rata(backend):
    auction = [10, 10], [5, 5], [10, 10], [3, 4]
    _, sold, bought = backend.auction_clearing(*auction, ties="pro_rata")
    assert (sold.tolist(), bought.tolist()) == ([3.5, 3.5], [3, 4])


# A sum beyond the doubles; quantities within the tolerance at many prices; subnormal numbers.
BEYOND = [1.0, 2.0], [1.7e308] * 2, [3.0, 3.0, 0.0], [1.7e308] * 3
BEYOND_CUT = [1.0, 1.0, 2.0], [1.7e308] * 3, [3.0, 3.0], [1.7e308, 1e308]
DUST = (
    [0.0, 1.0, 2.0, 3.0, 4.0],
    [1e9, 1e-3, 1e-3, 1e-3, 1.0],
    [9.0, 1.5, 2.5, -1.0],
    [1e9, 1e-3, 1e-3, 5.0],
)
MUCH_DUST = [0.0, *map(float, range(1, 21))], [1e9, *[1e-3] * 20], [100.0], [1e9]
CUT_DEEP = [1.0, 2.0, 3.0], [1.0, 1e-10, 1e-10], [5.0, 4.0, 4.0, 4.0], [1.0, 1e-11, 1e-11, 1e-11]
# Beside what is traded, the bids at the next nine prices are nothing.
MANY_STEPS = (
    [-1.0],
    [1.7414354120141723e50],
    [0.5, *map(float, range(1, 8)), 3000.0],
    [5.6e116, 1.8, 4.6, 679.3, 832.0, 1e16, 4.3, 305.9, 1.741435410272737e50],
)
SUBNORMAL = [1.0, 2.0], [5e-324, 1.5e-323], [3.0, 2.5], [1e-323, 1e-323]


@example(BEYOND, 0.0, "index")
@example(BEYOND, 0.0, "pro_rata")
@example(MANY_STEPS, 0.0, "pro_rata")
@example(BEYOND_CUT, 0.5, "index")
@example(BEYOND_CUT, 0.5, "pro_rata")
@example(DUST, 0.5, "index")
@example(DUST, 1.0, "pro_rata")
@example(MUCH_DUST, 1.0, "index")
@example(CUT_DEEP, 1.0, "index")
@example(CUT_DEEP, 1.0, "pro_rata")
@example(SUBNORMAL, 0.3, "pro_rata")
@many
@given(auctions(), K, TIES)
def test_against_exact_arithmetic(backends, auction, k, ties):
    """Rules 1 to 5 and 7; so all backends agree (rule 10), and nobody trades at a loss."""
    for backend in backends:
        oracle.check(backend.auction_clearing(*auction, k=k, ties=ties), auction, k, ties)


@given(auctions(max_orders=60), K, TIES)
def test_more_orders_against_exact_arithmetic(backends, auction, k, ties):
    for backend in backends:
        oracle.check(backend.auction_clearing(*auction, k=k, ties=ties), auction, k, ties)


def whole_megawatts(rng):
    return float(rng.randint(0, rng.choice([5, 2**40])))


@given(auctions(max_orders=40, quantity=whole_megawatts))
def test_integers_are_traded_bit_for_bit(backends, auction):
    total = sum(auction[1]) + sum(auction[3])
    assume(total < 2**53 and all(q.is_integer() for q in auction[1] + auction[3]))
    expected = oracle.clear(*auction)
    for backend in backends:
        _, sold, bought = backend.auction_clearing(*auction)
        assert bits(sold) == bits([float(part / oracle.UNIT) for part in expected.sold])
        assert bits(bought) == bits([float(part / oracle.UNIT) for part in expected.bought])


def below_the_cap(rng):
    return min(any_price(rng), 3000.0)


@many
@given(auctions(20, below_the_cap, least=1), st.sampled_from([3000.0, 4000.0]), TIES)
def test_fixed_demand_is_a_special_case(backends, auction, cap, ties):
    bids, quantities, _, (*_, demand) = auction
    for backend in backends:
        price, dispatch = backend.market_clearing(
            bids, quantities, demand, price_cap=cap, ties=ties
        )
        auctioned, sold, _ = backend.auction_clearing(bids, quantities, [cap], [demand], ties=ties)
        assert bits(auctioned) == bits(price)
        gaps = [abs(Fraction(a) - Fraction(b)) for a, b in zip(sold, dispatch, strict=True)]
        assert max(gaps) <= Fraction(demand) / 10**12 + Fraction(5e-324)


@many
@given(auctions(max_orders=20), st.sampled_from([0.0, 0.5, 1.0]), TIES)
def test_swapping_the_sides_negates_the_price(backends, auction, k, ties):
    offer_prices, offered, bid_prices, wanted = auction
    swapped = [-p for p in bid_prices], wanted, [-p for p in offer_prices], offered
    volume = Fraction(oracle.clear(*auction).volume, oracle.UNIT)
    for backend in backends:
        price, sold, bought = backend.auction_clearing(*auction, k=k, ties=ties)
        other, other_sold, other_bought = backend.auction_clearing(*swapped, k=1 - k, ties=ties)
        assert other == -price
        for one, same in ((sold, other_bought), (bought, other_sold)):
            for a, b in zip(one.tolist(), same.tolist(), strict=True):
                assert abs(Fraction(a) - Fraction(b)) <= volume / 10**12 + Fraction(5e-324)


@many
@given(auctions(max_orders=20), K, TIES, st.data())
def test_irrelevant_orders_change_nothing(backends, auction, k, ties, data):
    offer_prices, offered, bid_prices, wanted = map(list, auction)
    # The first order of a side that had none does change the interval: it becomes one end of it.
    assume(any(offered) and any(wanted))
    expected = oracle.clear(*auction)
    largest = float(np.finfo(float).max)
    assume(expected.high < largest and expected.low > -largest)
    above = data.draw(st.lists(st.floats(expected.high, largest, exclude_min=True), max_size=3))
    below = data.draw(st.lists(st.floats(-largest, expected.low, exclude_max=True), max_size=3))
    zeros = data.draw(st.lists(st.floats(-1e4, 1e4), max_size=3))
    quantities = st.sampled_from([0.1, 100.0, 1e12, 1.7e308])
    more = (
        [*offer_prices, *above, *zeros],
        [*offered, *(data.draw(quantities) for _ in above), *[0.0] * len(zeros)],
        [*bid_prices, *below, *zeros],
        [*wanted, *(data.draw(quantities) for _ in below), *[0.0] * len(zeros)],
    )
    for backend in backends:
        price, sold, bought = backend.auction_clearing(*auction, k=k, ties=ties)
        same, more_sold, more_bought = backend.auction_clearing(*more, k=k, ties=ties)
        assert bits(same) == bits(price)
        volume = Fraction(expected.volume, oracle.UNIT)
        for one, other in ((sold, more_sold), (bought, more_bought)):
            assert not other[len(one) :].any()
            for a, b in zip(one.tolist(), other.tolist(), strict=False):
                assert abs(Fraction(a) - Fraction(b)) <= volume / 10**12 + Fraction(5e-324)


@many
@given(auctions(max_orders=12), st.randoms(use_true_random=False))
def test_more_supply_never_raises_the_price(backends, auction, rng):
    """Nor does more demand lower it."""
    price, quantity, is_offer = any_price(rng), any_quantity(rng) or 1.0, rng.randrange(2)
    # The first order of a side that had none becomes one end of the interval.
    assume(any(auction[1]) and any(auction[3]))
    more = [list(part) for part in auction]
    for part, value in zip(more[:2] if is_offer else more[2:], (price, quantity), strict=True):
        part.append(value)
    for backend in backends:
        for k in (0.0, 1.0):
            before, after = (backend.auction_clearing(*it, k=k)[0] for it in (auction, more))
            assert after <= before if is_offer else after >= before


def level(rng):
    return float(rng.randint(-20, 100))


def amount(rng):
    return float(rng.randint(0, 500))


@pytest.mark.filterwarnings("ignore:.*:scipy.optimize.OptimizeWarning")
@many
@given(auctions(10, level, amount, least=1))
def test_the_linear_programme(backends, auction):
    """Welfare is the largest, and the ends of the price interval are its one-sided slopes."""
    offer_prices, offered, bid_prices, wanted = map(np.array, auction)
    assume(all(q == round(q) < 1e6 for q in (*offered, *wanted)))
    assume(sum(offered) + sum(wanted) > 0)

    # MW that are offered for nothing, or taken; three programmes at once, which is faster.
    injected = np.array([0.0, 0.25 * bool(sum(wanted)), -0.25 * bool(sum(offered))])
    costs = np.array([*offer_prices, *-bid_prices])
    solution = linprog(
        np.tile(costs, 3),
        A_eq=np.kron(np.eye(3), [1.0] * len(offered) + [-1.0] * len(wanted)),
        b_eq=-injected,
        bounds=[(0, quantity) for quantity in (*offered, *wanted)] * 3,
        method="highs",
    )
    most, *ends = -solution.x.reshape(3, -1) @ costs
    # The slopes are one-sided prices; where a side is empty, one of them is infinite.
    slopes = [
        (end - most) / step if step else None for end, step in zip(ends, injected[1:], strict=True)
    ]
    for backend in backends:
        low, sold, bought = backend.auction_clearing(*auction)
        high, *_ = backend.auction_clearing(*auction, k=1.0)
        gained = bid_prices @ bought - offer_prices @ sold
        assert gained == pytest.approx(most, abs=1e-6)
        for price, slope in zip((low, high), slopes, strict=True):
            assert slope is None or price == pytest.approx(slope, abs=1e-6)


def test_k_far_apart_and_close_together(backend):
    """Sums overflow nowhere, and rounding never leaves the interval."""
    largest = np.finfo(float).max
    price, _, _ = backend.auction_clearing([largest], [1], [-largest], [1], k=0.5)
    assert price == 0.0
    price, _, _ = backend.auction_clearing([largest], [1], [-largest], [1], k=0.1)
    assert price == (1 - 0.1) * -largest + 0.1 * largest
    for k in np.random.default_rng(1).uniform(0, 1, 50).tolist():
        assert backend.auction_clearing([0.3], [1], [0.3], [1], k=k)[0] == 0.3
        price, _, _ = backend.auction_clearing([largest], [2], [largest], [1], k=k)
        assert price == largest


@st.composite
def batches(draw):
    """Arguments of a batch, each shared or with a row for each auction, and the options."""
    number, offers, bids = draw(st.integers(1, 5)), draw(st.integers(0, 6)), draw(st.integers(0, 6))
    offers = offers or int(bids == 0)
    rows = [draw(auctions(max_orders=6, least=1)) for _ in range(number)]
    parts = [
        np.array([np.resize(row[part], length) for row in rows], float).reshape(number, length)
        for part, length in enumerate((offers, offers, bids, bids))
    ]
    parts = [part[0] if draw(st.booleans()) else part for part in parts]
    k = draw(K)
    if draw(st.booleans()):
        number = max((len(part) for part in parts if part.ndim > 1), default=number)
        k = np.resize([k, 1.0, 0.25], number)
    return parts, k, draw(TIES)


@many
@given(batches(), st.sampled_from([None, 1, 2, 8]))
def test_rows_equal_single_calls(backends, batch, threads):
    parts, k, ties = batch
    for backend in backends:
        prices, sold, bought = backend.auction_clearing_batch(
            *parts, k=k, ties=ties, threads=threads
        )
        number = len(prices)
        assert sold.shape == (number, parts[0].shape[-1])
        assert bought.shape == (number, parts[2].shape[-1])
        assert type(prices) is type(sold) is type(bought) is np.ndarray
        for row in range(number):
            own = [part if part.ndim == 1 else part[row] for part in parts]
            own_k = float(np.broadcast_to(k, number)[row])
            alone = backend.auction_clearing(*own, k=own_k, ties=ties)
            for one, other in zip((prices[row], sold[row], bought[row]), alone, strict=True):
                assert bits(one) == bits(other)


@pytest.mark.parametrize("ties", ["index", "pro_rata"])
@pytest.mark.parametrize("orders", [(7, 9), (150, 200)])
def test_enough_rows_for_every_thread(backend, ties, orders):
    rng = np.random.default_rng(3)
    number = {"python": 10, "numpy": 300}.get(backend.name, 2000)
    parts = [
        draw(count)
        for count in orders
        for draw in (
            lambda count: rng.integers(0, 40, (number, count)).astype(float),
            lambda count: rng.uniform(0, 9, (number, count)),
        )
    ]
    for shared in (None, 0, 2):
        given = [part[0] if at == shared else part for at, part in enumerate(parts)]
        several = backend.auction_clearing_batch(*given, ties=ties, threads=2)
        one = backend.auction_clearing_batch(*given, ties=ties, threads=1)
        assert all(bits(a) == bits(b) for a, b in zip(several, one, strict=True))
        for row in range(0, number, max(1, number // 5)):
            own = [part if part.ndim == 1 else part[row] for part in given]
            alone = backend.auction_clearing(*own, ties=ties)
            assert bits(several[0][row]) == bits(alone[0])
            assert bits(several[1][row]) == bits(alone[1])
            assert bits(several[2][row]) == bits(alone[2])


def random_auction(rng, offers, bids):
    """Prices on few or many levels; in some, all that is offered meets all that is bid above."""
    levels = int(rng.choice([3, 50, 10**9]))
    prices = [rng.integers(0, levels, count) / levels * 100 for count in (offers, bids)]
    if rng.random() < 0.5:
        quantities = [rng.integers(0, 10, count) / 10 for count in (offers, bids)]
    else:
        quantities = [rng.uniform(0, 100, count) for count in (offers, bids)]
    if rng.random() < 0.3:
        prices[1] += 60 * (rng.random(bids) < 0.6)
    if rng.random() < 0.2 and offers and bids:
        quantities[1][0] = quantities[0][: offers // 2].sum()
        prices[1][0] = 150
    if rng.random() < 0.1:
        quantities[int(rng.integers(2))][:1] *= 1e14
    return prices[0], quantities[0], prices[1], quantities[1]


def test_many_random_auctions(backends):
    """Of sizes at which the compiled backends change their way to the price."""
    rng = np.random.default_rng(5)
    sizes = [1, 5, 11, 12, 13, 20, 25, 64, 65, 200, 300]
    for _ in range(60):
        auction = random_auction(rng, int(rng.choice(sizes)), int(rng.choice(sizes)))
        for backend in backends:
            if backend.name != "python":
                oracle.check(backend.auction_clearing(*auction, k=1.0), auction, 1.0)
                oracle.check(backend.auction_clearing(*auction, k=0.0), auction, 0.0)


def test_numba_leaves_few_auctions_to_python(monkeypatch):
    """Python takes some milliseconds for what compiled code clears in some microseconds."""
    pytest.importorskip("numba")
    backend = importlib.import_module("market_py.backends.numba")

    def refuse(auction):
        raise AssertionError(f"left to Python: {auction}")

    monkeypatch.setattr(backend, "clear_auction", refuse)
    for offers, bids, interval, _ in EXAMPLES.values():
        for k in (0, 1):
            assert backend.auction_clearing(*columns(offers), *columns(bids), k=k)[0] == interval[k]
    rng = np.random.default_rng(7)
    for _ in range(200):
        backend.auction_clearing(*random_auction(rng, *rng.integers(1, 500, 2)))
    with pytest.raises(AssertionError, match="left to Python"):
        backend.auction_clearing(*BEYOND)


SPREAD = st.floats(0, 1e300) | st.sampled_from([0.1, 0.2, 0.3, 1.0, 2.0**-60, 5e-324, 1e16])


@given(st.lists(SPREAD, max_size=30), st.lists(SPREAD, max_size=30), st.booleans(), st.randoms())
def test_exact_differences_in_numba(offered, wanted, same, random):
    sums = pytest.importorskip("market_py.backends.numba_sums")
    if same:
        wanted = random.sample(offered, len(offered))
        wanted[:1] = [0.5 * part for part in wanted[:1] * 2]
    orders = [
        np.array(part, float) for side in (offered, wanted) for part in ([1] * len(side), side)
    ]
    most = max(sum(offered), sum(wanted), 5e-324)
    difference = sums.exact_difference(tuple(orders), 1.0, 1.0, most)
    assert np.sign(difference) == np.sign(sum(map(Fraction, offered)) - sum(map(Fraction, wanted)))


def test_large_auctions_agree(backends):
    """Many of them with a sample; NumPy sorts."""
    rng = np.random.default_rng(6)
    compiled = [backend for backend in backends if backend.name in ("rust", "numba")]
    (numpy,) = (backend for backend in backends if backend.name == "numpy")
    for offers, bids in [
        (1000, 1200),
        (20_000, 15_000),
        (33_000, 3),
        (1, 40_000),
        (70_000, 60_000),
    ]:
        for _ in range(3):
            auction = random_auction(rng, offers, bids)
            for k in (0.0, 1.0):
                price, sold, bought = numpy.auction_clearing(*auction, k=k)
                for backend in compiled:
                    other, *quantities = backend.auction_clearing(*auction, k=k)
                    assert bits(other) == bits(price)
                    for one, same in zip((sold, bought), quantities, strict=True):
                        assert np.abs(one - same).max() <= 1e-10 * sold.sum()


SPREADS = {
    "levels": lambda rng, number: rng.integers(0, 40, number).astype(float),
    "one price": lambda rng, number: np.full(number, 7.0),
    "far apart": lambda rng, number: 10 * rng.standard_cauchy(number),
}
AMOUNTS_OF_MANY = {
    "zeros": lambda rng, number: np.where(rng.random(number) < 0.9, 0, rng.uniform(0, 5, number)),
    "magnitudes": lambda rng, number: 10.0 ** rng.uniform(-12, 12, number),
    "giant": lambda rng, number: np.where(np.arange(number) == 9, 1e9, rng.uniform(0, 5, number)),
    "dust": lambda rng, number: np.where(rng.random(number) < 0.5, 1e-12, 2.0),
}


@pytest.mark.parametrize("ties", ["index", "pro_rata"])
@pytest.mark.parametrize(
    ("spread", "amounts"),
    [
        pytest.param(*drawn, marks=() if drawn == ("levels", "giant") else pytest.mark.long)
        for drawn in itertools.product(SPREADS, AMOUNTS_OF_MANY)
    ],
)
def test_awkward_large_auctions_agree(backends, spread, amounts, ties):
    """A sample misleads here, or finds the same price twice."""
    rng = np.random.default_rng(8)
    numbers = 20_000, 17_000
    auction = [
        draw(rng, number)
        for number in numbers
        for draw in (SPREADS[spread], AMOUNTS_OF_MANY[amounts])
    ]
    (numpy,) = (backend for backend in backends if backend.name == "numpy")
    for shift in (0.0, 20.0, -30.0):
        shifted = auction[0], auction[1], auction[2] + shift, auction[3]
        price, sold, bought = numpy.auction_clearing(*shifted, k=0.5, ties=ties)
        for backend in backends:
            if backend.name not in ("rust", "numba"):
                continue
            other, *quantities = backend.auction_clearing(*shifted, k=0.5, ties=ties)
            assert bits(other) == bits(price)
            for one, same in zip((sold, bought), quantities, strict=True):
                assert np.abs(one - same).max() <= 1e-9 * sold.sum()


def test_arguments_are_untouched_and_results_are_new(backend):
    given = [np.array(part, float) for part in ([10, 20], [5, 5], [30, 15], [6, 9])]
    copies = [part.copy() for part in given]
    _, sold, bought = backend.auction_clearing(*given)
    batch = backend.auction_clearing_batch(*given)
    for result in (sold, bought, *batch):
        assert not any(np.shares_memory(result, part) for part in given)
        assert result.flags.writeable
        result[...] = -1
    assert all(np.array_equal(a, b) for a, b in zip(given, copies, strict=True))


@pytest.mark.parametrize(
    ("shapes", "k", "rows"),
    [
        (((3,), (3,), (2,), (2,)), 0.0, 1),
        (((3,), (3,), (2,), (2,)), [0.0, 1.0], 2),
        (((1, 3), (3,), (2,), (2,)), 0.0, 1),
        (((3,), (3,), (4, 2), (2,)), 0.0, 4),
        (((0, 3), (3,), (2,), (0, 2)), 0.0, 0),
        (((3,), (3,), (2,), (2,)), [], 0),
        (((4, 0), (0,), (2,), (4, 2)), 0.0, 4),
    ],
)
def test_the_number_of_auctions(backend, shapes, k, rows):
    prices, sold, bought = backend.auction_clearing_batch(*map(np.ones, shapes), k=k)
    assert prices.shape == (rows,)
    assert sold.shape == (rows, shapes[0][-1])
    assert bought.shape == (rows, shapes[2][-1])
