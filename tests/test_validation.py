"""Labels that disagree, units and masks are refused: clearing goes by position."""

import numpy as np
import pytest

from market_py.validation import check_array, check_scalar, check_seed, check_threads, check_vector

INDEX = ["a", "b", "c"]
OTHER = ["b", "a", "c"]


class Labels(list):
    """As far as it matters a pandas Index."""

    def equals(self, other):
        return list(self) == list(other)


class Labelled:
    """As far as it matters a pandas Series or DataFrame."""

    def __init__(self, values, *axes):
        self.values, self.axes = np.asanyarray(values), [Labels(axis) for axis in axes]

    def __array__(self, dtype=None, copy=None):
        return self.values


class DataArray(Labelled):
    """As far as it matters an xarray DataArray."""

    def __init__(self, values, *axes):
        super().__init__(values)
        del self.axes
        self.dims = [f"dimension {i}" for i in range(len(axes))]
        self.indexes = dict(zip(self.dims, map(Labels, axes), strict=True))


class Quantity(Labelled):
    """As far as it matters a quantity of pint."""

    units = property(lambda self: "kW")

    def __float__(self):
        return float(self.values)


class AstropyQuantity(np.ndarray):
    """As far as it matters a quantity of astropy."""

    unit = property(lambda self: "kW")


@pytest.mark.parametrize("kind", [Labelled, DataArray])
def test_labels_of_offers_that_disagree(backend, kind):
    bids, demand = kind([1.0, 2, 3], INDEX), 15
    words = "quantities: the labels of its offers must be those of bids"
    for quantities in (kind([9.0, 8, 7], OTHER), kind([9.0, 8], INDEX[:2])):
        with pytest.raises(ValueError, match=words):
            backend.market_clearing(bids, quantities, demand)
        with pytest.raises(ValueError, match=words):
            backend.market_clearing_batch(bids, quantities, demand)
    table = kind(np.ones((2, 3)), [0, 1], OTHER)
    with pytest.raises(ValueError, match=words):
        backend.market_clearing_batch(bids, table, demand)


def test_labels_of_markets_that_disagree(backend):
    table = Labelled(np.ones((2, 3)), [0, 1], INDEX)
    for argument in ("demand", "price_cap"):
        wrong = {"demand": 1.0} | {argument: Labelled([1.0, 2.0], [1, 0])}
        with pytest.raises(ValueError, match=f"{argument}: the labels of its markets must be"):
            backend.market_clearing_batch(table, np.ones(3), **wrong)


def test_labels_that_agree_or_are_on_one_side_only(backend):
    expected = backend.market_clearing([1, 2, 3], [9, 8, 7], 15)
    labelled = Labelled([1.0, 2, 3], INDEX), Labelled([9.0, 8, 7], INDEX)
    for bids, quantities in (labelled, (labelled[0], [9, 8, 7]), ([1, 2, 3], labelled[1])):
        price, dispatch = backend.market_clearing(bids, quantities, 15)
        assert (price, dispatch.tolist()) == (expected[0], expected[1].tolist())
    demand = Labelled([15.0, 3.0], [7, 8])
    table = Labelled([[1.0, 2, 3]] * 2, [7, 8], INDEX)
    assert backend.market_clearing_batch(table, labelled[1], demand)[0].tolist() == [2, 1]


class UnytArray(np.ndarray):
    """As far as it matters an array of unyt, which sets its units in each instance."""

    def in_units(self, units):
        raise NotImplementedError


@pytest.mark.parametrize("argument", ["bids", "quantities", "demand", "price_cap"])
def test_units(backend, argument):
    good = {"bids": [1.0, 2.0], "quantities": [3.0, 4.0], "demand": 5.0, "price_cap": 6.0}
    value = np.asarray(good[argument])
    wrongs = [Quantity(value), value.view(AstropyQuantity), value.view(UnytArray)]
    if value.ndim:
        wrongs.append([Quantity(v) for v in value])
    for wrong in wrongs:
        for clear in (backend.market_clearing, backend.market_clearing_batch):
            with pytest.raises(TypeError, match=f"{argument}: must be real numbers without units"):
                clear(**(good | {argument: wrong}))


def test_pandas(backends):
    pandas = pytest.importorskip("pandas")
    bids, quantities = pandas.Series([1.0, 2], ["a", "b"]), pandas.Series([3.0, 4], ["b", "a"])
    for backend in backends:
        assert backend.market_clearing(bids, quantities[["a", "b"]], 5)[0] == 2
        with pytest.raises(ValueError, match="labels"):
            backend.market_clearing(bids, quantities, 5)


@pytest.mark.parametrize("unit", ["MW", "", "kW"])
def test_pint(backends, unit):
    quantity = pytest.importorskip("pint").UnitRegistry().Quantity
    for backend in backends:
        with pytest.raises(TypeError, match="quantities: must be real numbers without units"):
            backend.market_clearing([1.0], quantity([3.0], unit), 5)
        with pytest.raises(TypeError, match="demand: must be real numbers without units"):
            backend.market_clearing([1.0], [1.0], quantity(3.0, unit))


MASKED = np.ma.array([[1.0, 2.0]], mask=[[0, 1]])


@pytest.mark.parametrize(
    "wrong", [MASKED, [MASKED], ([[1.0, np.ma.masked]],), Labelled(MASKED), np.ma.array([True])]
)
def test_check_array_refuses_masks(wrong):
    for dtype in (float, np.float32, int, bool):
        with pytest.raises(TypeError, match=r"x: must be .*, none of them masked, got "):
            check_array("x", wrong, dtype)


def test_check_array():
    array = np.ones((2, 3))
    assert check_array("x", array) is array
    assert check_array("x", array, np.float32, (2, 3)).dtype == np.float32
    assert check_array("x", array[:, ::2], shape=(2, 2)).flags.c_contiguous
    assert check_array("x", [1e300], np.float32)[0] == np.inf
    assert check_array("x", [True, False], bool, (2,)).tolist() == [True, False]
    with pytest.raises(ValueError, match=r"x: must have shape \(3, 2\), got \(2, 3\)"):
        check_array("x", array, shape=(3, 2))
    for wrong, dtype, what in (
        ([True], float, "real numbers, got list of dtype bool"),
        ([1.0], int, "integers, got list of dtype float64"),
        ([1], bool, "booleans, got list of dtype int64"),
        (["1"], float, "real numbers, got list of dtype <U1"),
        ([[1], [1, 2]], float, "real numbers, got list that NumPy cannot read"),
    ):
        with pytest.raises(TypeError, match=f"x: must be {what}"):
            check_array("x", wrong, dtype)


@pytest.mark.parametrize("check", [check_seed, check_threads])
@pytest.mark.parametrize("wrong", [True, np.True_, 1.0, "1", -1, np.float64(1)])
def test_whole_numbers(check, wrong):
    with pytest.raises((TypeError, ValueError)):
        check(wrong)
    assert check(np.uint8(1)) == check(1) == 1


def test_conversions_under_seterr():
    with np.errstate(all="raise"):
        assert check_vector("x", np.array([1e-40], np.float32), negative=False).size == 1
        assert check_scalar("x", np.longdouble("1e-4000"), negative=False) == 0
        with pytest.raises(ValueError, match="x = inf"):
            check_scalar("x", np.longdouble("1e4000"), negative=False)
