"""Rule 7: awkward arrays give the same answer and are left alone."""

import numpy as np
import pytest

RNG = np.random.default_rng(7)
BIDS = RNG.integers(0, 9, (6, 10)).astype(float)
QUANTITIES = RNG.integers(0, 99, (6, 10)).astype(float)
DEMAND = 200.0


def strided(a):
    wide = np.full((*a.shape[:-1], 2 * a.shape[-1]), np.nan)
    wide[..., ::2] = a
    return wide[..., ::2]


def misaligned(a):
    return np.frombuffer(b"x" + a.tobytes(), dtype=np.uint8)[1:].view(float).reshape(a.shape)


def read_only(a):
    copy = a.copy()
    copy.flags.writeable = False
    return copy


class Subclass(np.ndarray):
    pass


class ArrayLike:
    def __init__(self, a):
        self.a = a

    def __array__(self, dtype=None, copy=None):
        return self.a if dtype is None else self.a.astype(dtype)


LAYOUTS = {
    "plain": np.array,
    "strided": strided,
    "reversed": lambda a: a[..., ::-1].copy()[..., ::-1],
    "fortran": np.asfortranarray,
    "transposed": lambda a: a.T.copy().T,
    "misaligned": misaligned,
    "read-only": read_only,
    "byte-swapped": lambda a: a.astype(a.dtype.newbyteorder()),
    "float32": lambda a: a.astype(np.float32),
    "float16": lambda a: a.astype(np.float16),
    "longdouble": lambda a: a.astype(np.longdouble),
    "int8": lambda a: a.astype(np.int8),
    "uint64": lambda a: a.astype(np.uint64),
    "subclass": lambda a: a.view(Subclass),
    "record field": lambda a: np.rec.fromarrays([a, a], names="x,y").x,
    "broadcast view": lambda a: np.broadcast_to(a, (2, *a.shape))[1],
    "list": lambda a: a.tolist(),
    "integers in a list": lambda a: a.astype(int).tolist(),
    "tuple": lambda a: tuple(a.tolist()),
    "list of arrays": list,
    "array-like": ArrayLike,
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_layouts_of_a_market(backend, layout):
    expected = backend.market_clearing(BIDS[0], QUANTITIES[0], DEMAND)
    for bids, quantities in [
        (layout(BIDS[0]), QUANTITIES[0]),
        (BIDS[0], layout(QUANTITIES[0])),
        (layout(BIDS[0]), layout(QUANTITIES[0])),
    ]:
        price, dispatch = backend.market_clearing(bids, quantities, DEMAND)
        assert price == expected[0]
        assert np.array_equal(dispatch, expected[1])
        assert type(dispatch) is np.ndarray
        assert dispatch.flags.c_contiguous


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_layouts_of_a_batch(backend, layout):
    demand = np.arange(0.0, 600.0, 100.0)
    expected = backend.market_clearing_batch(BIDS, QUANTITIES, demand)
    bids, quantities = layout(BIDS), layout(QUANTITIES)
    prices, dispatch = backend.market_clearing_batch(bids, quantities, demand)
    assert np.array_equal(prices, expected[0])
    assert np.array_equal(dispatch, expected[1])
    prices, _ = backend.market_clearing_batch(BIDS, QUANTITIES, strided(demand))
    assert np.array_equal(prices, expected[0])


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_layouts_of_auctions(backend, layout):
    tables = BIDS[:, :6], QUANTITIES[:, :6], BIDS[:, 6:] + 2, QUANTITIES[:, 6:]
    for clear, plain in (
        (backend.auction_clearing, [np.array(table[0]) for table in tables]),
        (backend.auction_clearing_batch, [np.array(table) for table in tables]),
    ):
        expected = clear(*plain)
        for changed in (range(4), *([at] for at in range(4))):
            given = [layout(part) if at in changed else part for at, part in enumerate(plain)]
            results = clear(*given)
            for result, right in zip(results, expected, strict=True):
                assert np.array_equal(result, right)
                assert type(result) is type(right)
            assert all(result.flags.c_contiguous for result in results[1:])
        # A side without orders.
        nothing = [layout(part[..., :0]) for part in plain[2:]]
        assert not clear(*plain[:2], *nothing)[1].any()


@pytest.mark.parametrize(
    "k", [1, np.float32(1), np.int16(1), np.array(1.0), np.uint64(1), np.longdouble(1)]
)
def test_kinds_of_k(backend, k):
    orders = [10.0], [1.0], [20.0], [1.0]
    assert backend.auction_clearing(*orders, k=k)[0] == 20.0
    assert backend.auction_clearing_batch(*orders, k=k)[0].tolist() == [20.0]
    assert backend.auction_clearing_batch(*orders, k=strided(np.array([0.5])))[0].tolist() == [15.0]


@pytest.mark.parametrize(
    "demand",
    [200, np.float32(200), np.int16(200), np.array(200.0), np.uint64(200), np.longdouble(200)],
    ids=lambda demand: type(demand).__name__,
)
def test_kinds_of_demand(backend, demand):
    expected = backend.market_clearing(BIDS[0], QUANTITIES[0], DEMAND)
    price, dispatch = backend.market_clearing(BIDS[0], QUANTITIES[0], demand, price_cap=demand)
    assert (price, dispatch.tolist()) == (expected[0], expected[1].tolist())


def test_integer_quantities_are_not_truncated(backend):
    _, dispatch = backend.market_clearing(np.array([1, 2]), np.array([5, 5]), 7.5)
    assert dispatch.tolist() == [5, 2.5]


def test_inputs_are_untouched_and_results_are_new(backend):
    bids, quantities, demand = BIDS.copy(), QUANTITIES.copy(), np.full(6, DEMAND)
    prices, dispatch = backend.market_clearing_batch(bids, quantities, demand, price_cap=demand)
    _, row = backend.market_clearing(bids[0], quantities[0], DEMAND)
    for result in (prices, dispatch, row):
        assert not any(np.shares_memory(result, given) for given in (bids, quantities, demand))
        assert result.flags.writeable
        result[...] = -1
    assert np.array_equal(bids, BIDS)
    assert np.array_equal(quantities, QUANTITIES)
    assert np.array_equal(demand, np.full(6, DEMAND))


def test_aliased_arguments(backend):
    same = np.array([30.0, 10.0, 20.0])
    price, dispatch = backend.market_clearing(same, same, 25.0)
    assert (price, dispatch.tolist()) == (20.0, [0.0, 10.0, 15.0])
    table = np.array([same, same])
    _, rows = backend.market_clearing_batch(table, table, table[:, 0])
    assert rows.tolist() == [[0.0, 10.0, 20.0]] * 2
