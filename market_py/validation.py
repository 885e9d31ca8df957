"""Convert arguments to arrays and numbers, and check them; all backends raise these errors.

All public functions convert their arguments here. `check_array` converts to a dtype and a shape.
`check_vector` and `check_scalar` also check the values. `check_market` and `check_batch` convert
and check all arguments of a clearing. Rule 8 of the contract (notebook 02) says what an error
names.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Ties = Literal["index", "pro_rata"]
Float64Array = NDArray[np.float64]


class Market(NamedTuple):
    """The checked arguments of one clearing."""

    bids: Float64Array
    """Offer prices, shape (N,), €/MWh."""
    quantities: Float64Array
    """Offered quantities, shape (N,), MW."""
    demand: float
    """Fixed demand, MW."""
    ties: Ties
    price_cap: float | None
    """Price in a shortage, €/MWh."""


class Batch(NamedTuple):
    """The checked arguments of a batch: markets with the same number of offers."""

    bids: Float64Array
    """Offer prices, shape (B, N) or (N,), €/MWh."""
    quantities: Float64Array
    """Offered quantities, shape (B, N) or (N,), MW."""
    demand: Float64Array
    """Fixed demand, shape (B,) or (), MW."""
    ties: Ties
    price_cap: Float64Array | None
    """Price in a shortage, shape (B,) or (), €/MWh."""
    threads: int
    """Maximum number of threads."""
    markets: int
    """Number of markets, ``B``."""

    @property
    def offers(self) -> int:
        """Number of offers in each market, ``N``."""
        return int(self.bids.shape[-1])


def check_market(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: float,
    ties: Ties,
    price_cap: float | None,
) -> Market:
    """Check the arguments of one clearing.

    Raises
    ------
    TypeError
        An argument is not made of real numbers.
    ValueError
        An argument has the wrong shape, labels that disagree, or a value outside its domain.
    """
    _check_labels(bids, quantities)
    checked_bids = _numbers("bids", bids, _VECTOR)
    _finite("bids", checked_bids)
    checked_quantities = _numbers("quantities", quantities, _VECTOR)
    _length("quantities", "offers", "bids", len(checked_bids), len(checked_quantities))
    _finite_not_negative("quantities", checked_quantities)
    checked_demand = _numbers("demand", demand, _SCALAR)
    _finite_not_negative("demand", checked_demand)
    cap = None
    if price_cap is not None:
        checked_cap = _numbers("price_cap", price_cap, _SCALAR)
        _finite("price_cap", checked_cap)
        cap = float(checked_cap)
    return Market(checked_bids, checked_quantities, float(checked_demand), _check_ties(ties), cap)


def check_batch(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: ArrayLike,
    ties: Ties,
    price_cap: ArrayLike | None,
    threads: SupportsIndex | None,
    *,
    trust_offers: bool = False,
) -> Batch:
    """Check the arguments of a batch; with ``trust_offers`` not the values of its offers.

    Errors as for `check_market`.
    """
    markets: tuple[str, int] | None = None

    def count(argument: str, array: Float64Array, shared: int) -> None:
        nonlocal markets
        if array.ndim > shared:
            like, expected = markets = markets or (argument, len(array))
            _length(argument, "rows", like, expected, len(array))

    _check_labels(bids, quantities, demand, price_cap)
    checked_bids = _numbers("bids", bids, _TABLE)
    count("bids", checked_bids, 1)
    if not trust_offers:
        _finite("bids", checked_bids)
    checked_quantities = _numbers("quantities", quantities, _TABLE)
    offers = checked_bids.shape[-1]
    _length("quantities", "offers", "bids", offers, checked_quantities.shape[-1])
    count("quantities", checked_quantities, 1)
    if not trust_offers:
        _finite_not_negative("quantities", checked_quantities)
    checked_demand = _numbers("demand", demand, _COLUMN)
    count("demand", checked_demand, 0)
    _finite_not_negative("demand", checked_demand)
    markets = markets or ("demand", 1)
    cap = None
    if price_cap is not None:
        cap = _numbers("price_cap", price_cap, _COLUMN)
        count("price_cap", cap, 0)
        _finite("price_cap", cap)
    return Batch(
        checked_bids,
        checked_quantities,
        checked_demand,
        _check_ties(ties),
        cap,
        check_threads(threads),
        markets[1],
    )


def check_vector(
    argument: str,
    value: ArrayLike,
    *,
    negative: bool,
    holds: str = "offer",
    most: float | None = None,
) -> Float64Array:
    """Return a vector of finite numbers, none of them negative unless that is allowed.

    Errors as for `check_market`, naming the argument, and what it holds should it be empty.
    """
    checked = _numbers(argument, value, _VECTOR, holds)
    _check_values(argument, checked, negative, most)
    return checked


def check_scalar(argument: str, value: Any, *, negative: bool, most: float | None = None) -> float:
    """Return a finite number, not negative unless that is allowed; errors as for `check_market`."""
    checked = _numbers(argument, value, _SCALAR)
    _check_values(argument, checked, negative, most)
    return float(checked)


def _check_values(argument: str, array: Float64Array, negative: bool, most: float | None) -> None:
    (_finite if negative else _finite_not_negative)(argument, array)
    if most is not None:
        _all(argument, array, lambda values: np.abs(values) <= most, f"at most {most:g} in size")


def check_integer(argument: str, value: Any, least: int, most: int | None = None) -> int:
    """Return a whole number within its bounds; a boolean is none.

    Raises
    ------
    TypeError
        It is not a whole number.
    ValueError
        It is out of bounds.
    """
    number = _whole_number(value)
    if number is None:
        raise TypeError(f"{argument}: must be a whole number, got {type(value).__name__}")
    if most is not None and not least <= number <= most:
        raise ValueError(f"{argument} = {number}: must be in {least} to {most}")
    if number < least:
        raise ValueError(f"{argument} = {number}: must be at least {least}")
    return number


def _whole_number(value: Any) -> int | None:
    """Return the whole number that a value is, or None."""
    try:
        return None if isinstance(value, bool | np.ma.MaskedArray) else operator.index(value)
    except TypeError:
        return None


# Dimensions that an argument may have, and how to say it.
_Dimensions = tuple[tuple[int, ...], str]
_SCALAR: _Dimensions = (0,), "0 dimensions"
_VECTOR: _Dimensions = (1,), "1 dimension"
_COLUMN: _Dimensions = (0, 1), "0 or 1 dimensions"
_TABLE: _Dimensions = (1, 2), "1 or 2 dimensions"

_KINDS = {"f": ("iuf", "real numbers"), "i": ("iu", "integers"), "b": ("b", "booleans")}
"""For each kind of dtype that a caller wants: the kinds that can become it, and their name."""

_UNLABELLED = {np.ndarray, list, tuple, float, int, np.float64, type(None)}
"""Types that need not be searched for labels."""


def check_real(argument: str, value: float) -> float:
    """Return a real number, which need not be finite.

    Errors as for `check_market`, naming the argument.
    """
    return float(_numbers(argument, value, _SCALAR))


def check_array(
    argument: str,
    value: Any,
    dtype: DTypeLike = np.float64,
    shape: tuple[int, ...] | None = None,
) -> NDArray[Any]:
    """Return a C-contiguous, aligned array of a dtype: the value itself if it is one, else a copy.

    Parameters
    ----------
    argument : str
        Name that errors give to the value.
    value : array_like
        Real numbers for a floating dtype, integers for an integral one, or booleans.
    dtype : dtype_like
        Dtype of the result; what is too large for it becomes infinite.
    shape : tuple of int, optional
        Shape that the value must have.

    Raises
    ------
    TypeError
        The value is of another kind, such as strings or booleans for numbers; NumPy cannot read
        it; something in it is masked, or has units.
    ValueError
        The value has another shape.
    """
    plain = type(value) is np.ndarray and value.dtype == dtype
    array = value if plain else check_kind(argument, value, *_KINDS[np.dtype(dtype).kind])
    if shape is not None and array.shape != shape:
        raise ValueError(f"{argument}: must have shape {shape}, got {array.shape}")
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return np.require(array, dtype, ["C", "A", "E"])


def check_kind(
    argument: str, value: Any, kinds: str = "iuf", what: str = "real numbers"
) -> NDArray[Any]:
    """Return what NumPy reads, if its dtype is of these kinds and nothing is masked or has units.

    Raises
    ------
    TypeError
        The value is not made of that.
    """
    name = type(value).__name__
    _refuse_annotated(argument, _types(value), what, name)
    try:
        array: NDArray[Any] = np.asanyarray(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(
            f"{argument}: must be {what}, got {name} that NumPy cannot read: {error}"
        ) from error
    _refuse_annotated(argument, {type(array)}, what, name)
    if array.dtype.kind not in kinds:
        raise TypeError(f"{argument}: must be {what}, got {name} of dtype {array.dtype}")
    return array


def _numbers(
    argument: str, value: Any, dimensions: _Dimensions, holds: str = "offer"
) -> Float64Array:
    """Return the value as a C-contiguous, aligned array of doubles with so many dimensions."""
    array = check_array(argument, value)
    allowed, must_have = dimensions
    if array.ndim not in allowed:
        raise ValueError(f"{argument}: must have {must_have}, got shape {array.shape}")
    if dimensions in (_VECTOR, _TABLE) and array.shape[-1] == 0:
        raise ValueError(f"{argument}: must hold at least one {holds}, got shape {array.shape}")
    return array


def _types(value: Any, depth: int = 3) -> set[type]:
    """Return the types in a sequence of sequences, or the type of another value."""
    if not isinstance(value, list | tuple) or depth == 0:
        return {type(value)}
    types = set(map(type, value))
    if any(issubclass(kind, list | tuple) for kind in types):
        types.update(*(_types(item, depth - 1) for item in value))
    return types


def _refuse_annotated(argument: str, types: set[type], what: str, got: str) -> None:
    """Refuse what NumPy would strip of its mask (numpy.ma) or its units (pint, astropy, unyt)."""
    for kind in types:
        if issubclass(kind, np.ma.MaskedArray):
            raise TypeError(f"{argument}: must be {what}, none of them masked, got {got}")
        if any(hasattr(kind, name) for name in ("unit", "units", "in_units")):
            raise TypeError(f"{argument}: must be {what} without units, got {got}")


def _check_labels(bids: Any, quantities: Any, demand: Any = None, price_cap: Any = None) -> None:
    """Refuse pandas or xarray arguments whose labels disagree: clearing goes by position."""
    seen: dict[str, tuple[str, Any]] = {}
    for argument, value, names in (
        ("bids", bids, ("markets", "offers")),
        ("quantities", quantities, ("markets", "offers")),
        ("demand", demand, ("markets",)),
        ("price_cap", price_cap, ("markets",)),
    ):
        if type(value) in _UNLABELLED:
            continue
        axes = getattr(value, "axes", None)  # pandas
        if hasattr(value, "indexes"):  # xarray
            axes = [value.indexes.get(dimension) for dimension in value.dims]
        if not isinstance(axes, list):
            continue
        for name, labels in zip(names[-len(axes) :], axes, strict=False):
            if not hasattr(labels, "equals"):
                continue
            like, expected = seen.setdefault(name, (argument, labels))
            if not labels.equals(expected):
                raise ValueError(
                    f"{argument}: the labels of its {name} must be those of {like}, in the same "
                    "order: align them, or pass plain arrays to go by position"
                )


def _finite(argument: str, array: Float64Array) -> None:
    _all(argument, array, np.isfinite, "finite")


def _finite_not_negative(argument: str, array: Float64Array) -> None:
    _all(argument, array, lambda values: (values >= 0) & (values < np.inf), "finite and >= 0")


def _all(
    argument: str, array: Float64Array, is_good: Callable[[Float64Array], Any], must: str
) -> None:
    good = is_good(array)
    if np.all(good):
        return
    at = np.unravel_index(np.argmin(good), array.shape)
    index = f"[{', '.join(map(str, at))}]" if at else ""
    raise ValueError(f"{argument}{index} = {float(array[at])}: must be {must}")


def _length(argument: str, what: str, like: str, expected: int, got: int) -> None:
    if got != expected:
        raise ValueError(f"{argument}: must have {expected} {what} like {like}, got {got}")


def _check_ties(ties: Ties) -> Ties:
    if not isinstance(ties, str) or ties not in ("index", "pro_rata"):
        raise ValueError(f"ties = {ties!r}: must be 'index' or 'pro_rata'")
    return ties


MAX_THREADS = 1024
"""More threads do not help, and a larger number may not fit into a machine word."""


def check_threads(threads: SupportsIndex | None) -> int:
    """Return how many threads may work: for None, the cores that this process may use.

    Raises
    ------
    TypeError, ValueError
        It is not a positive integer, nor None.
    """
    if threads is None:
        affinity = getattr(os, "sched_getaffinity", None)
        return len(affinity(0)) if affinity else os.cpu_count() or 1
    must = "must be a positive integer or None"
    number = _whole_number(threads)
    if number is None:
        raise TypeError(f"threads: {must}, got {type(threads).__name__}")
    if number < 1:
        raise ValueError(f"threads = {number}: {must}")
    return min(number, MAX_THREADS)


def check_seed(seed: Any, argument: str = "seed", *, bits: int = 63, room: int = 0) -> int:
    """Return a seed of so many bits, so that ``room`` further ones can follow it.

    Raises
    ------
    ValueError
        It is not a whole number in that range.
    """
    number = _whole_number(seed)
    if number is None or not 0 <= number < 2**bits - room:
        end = f"2**{bits} - {room}" if room else f"2**{bits}"
        raise ValueError(f"{argument} = {seed!r}: must be a whole number in [0, {end})")
    return number
