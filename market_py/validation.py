"""Convert arguments to arrays and numbers, and check them; all backends raise these errors.

All public functions convert their arguments here. `check_array` converts to a dtype and a shape.
`check_vector` and `check_scalar` also check the values. `check_market` and `check_batch` convert
and check all arguments of a clearing, `check_auction` and `check_auction_batch` those of an
auction. A TypeError says that an argument does not consist of such numbers. A ValueError says that
its shape, its labels or one of its values is wrong.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Sequence
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


class Auction(NamedTuple):
    """The checked arguments of one auction."""

    offer_prices: Float64Array
    """Least prices that sellers take, shape (N,), €/MWh."""
    offer_quantities: Float64Array
    """Offered quantities, shape (N,), MW."""
    bid_prices: Float64Array
    """Most that buyers pay, shape (M,), €/MWh."""
    bid_quantities: Float64Array
    """Quantities bid for, shape (M,), MW."""
    k: float
    """Where the price lies in the price interval, 0 to 1."""
    ties: Ties


class AuctionBatch(NamedTuple):
    """The checked arguments of a batch: auctions with the same numbers of offers and of bids."""

    offer_prices: Float64Array
    """Least prices that sellers take, shape (B, N) or (N,), €/MWh."""
    offer_quantities: Float64Array
    """Offered quantities, shape (B, N) or (N,), MW."""
    bid_prices: Float64Array
    """Most that buyers pay, shape (B, M) or (M,), €/MWh."""
    bid_quantities: Float64Array
    """Quantities bid for, shape (B, M) or (M,), MW."""
    k: Float64Array
    """Where the price lies in the price interval, 0 to 1, shape (B,) or ()."""
    ties: Ties
    threads: int
    """Maximum number of threads."""
    auctions: int
    """Number of auctions, ``B``."""

    @property
    def orders(self) -> tuple[int, int]:
        """Numbers of offers and of bids in each auction, ``N`` and ``M``."""
        return int(self.offer_prices.shape[-1]), int(self.bid_prices.shape[-1])


def check_market(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: float,
    ties: Ties,
    price_cap: float | None,
) -> Market:
    """Check the arguments of one clearing."""
    _check_labels(bids=(bids, _OFFERS), quantities=(quantities, _OFFERS))
    lengths: _Lengths = {}
    checked_bids = _numbers("bids", bids, _VECTOR, [_FINITE], lengths, holds="offer")
    checked_quantities = _numbers(
        "quantities", quantities, _VECTOR, [_NOT_NEGATIVE], lengths, holds="offer"
    )
    checked_demand = check_scalar("demand", demand, negative=False)
    cap = None if price_cap is None else check_scalar("price_cap", price_cap, negative=True)
    return Market(checked_bids, checked_quantities, checked_demand, _check_ties(ties), cap)


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
    """Check the arguments of a batch; with ``trust_offers`` not the values of its offers."""
    _check_labels(
        bids=(bids, _OFFERS),
        quantities=(quantities, _OFFERS),
        demand=(demand, _MARKETS),
        price_cap=(price_cap, _MARKETS),
    )
    lengths: _Lengths = {}
    finite, not_negative = ([], []) if trust_offers else ([_FINITE], [_NOT_NEGATIVE])
    checked_bids = _numbers("bids", bids, _TABLE, finite, lengths, holds="offer")
    checked_quantities = _numbers(
        "quantities", quantities, _TABLE, not_negative, lengths, holds="offer"
    )
    checked_demand = _numbers("demand", demand, _COLUMN, [_NOT_NEGATIVE], lengths)
    _, markets = lengths.setdefault("rows", ("demand", 1))
    cap = None
    if price_cap is not None:
        cap = _numbers("price_cap", price_cap, _COLUMN, [_FINITE], lengths)
    return Batch(
        checked_bids,
        checked_quantities,
        checked_demand,
        _check_ties(ties),
        cap,
        check_threads(threads),
        markets,
    )


def check_auction(
    offer_prices: ArrayLike,
    offer_quantities: ArrayLike,
    bid_prices: ArrayLike,
    bid_quantities: ArrayLike,
    k: float,
    ties: Ties,
) -> Auction:
    """Check the arguments of one auction."""
    given = offer_prices, offer_quantities, bid_prices, bid_quantities
    _check_labels(**_order_labels(*given))
    lengths: _Lengths = {}
    orders = _orders(*given, (_VECTOR, _BID_VECTOR), lengths)
    return Auction(*orders, check_real("k", k, _SHARE), _check_ties(ties))


def check_auction_batch(
    offer_prices: ArrayLike,
    offer_quantities: ArrayLike,
    bid_prices: ArrayLike,
    bid_quantities: ArrayLike,
    k: ArrayLike,
    ties: Ties,
    threads: SupportsIndex | None,
    *,
    trust_orders: bool = False,
) -> AuctionBatch:
    """Check the arguments of a batch; with ``trust_orders`` not the values of its orders."""
    given = offer_prices, offer_quantities, bid_prices, bid_quantities
    _check_labels(**_order_labels(*given), k=(k, _MARKETS))
    lengths: _Lengths = {}
    orders = _orders(*given, (_TABLE, _BID_TABLE), lengths, trusted=trust_orders)
    checked_k = _numbers("k", k, _COLUMN, [_SHARE], lengths)
    _, auctions = lengths.get("rows", ("k", 1))
    return AuctionBatch(*orders, checked_k, _check_ties(ties), check_threads(threads), auctions)


def check_settlement(
    **arguments: tuple[ArrayLike, Literal["offers", "bids", "auctions"]],
) -> list[Float64Array]:
    """Check finite numbers: one for each offer, bid or auction, in rows or shared by all rows."""
    kinds: dict[str, tuple[_Dimensions, tuple[str, ...]]] = {
        "offers": (_TABLE, _OFFERS),
        "bids": (_BID_TABLE, _BIDS),
        "auctions": (_COLUMN, _MARKETS),
    }
    _check_labels(**{name: (value, kinds[of][1]) for name, (value, of) in arguments.items()})
    lengths: _Lengths = {}
    return [
        _numbers(name, value, kinds[of][0], [_FINITE], lengths)
        for name, (value, of) in arguments.items()
    ]


def _order_labels(
    offer_prices: Any, offer_quantities: Any, bid_prices: Any, bid_quantities: Any
) -> dict[str, tuple[Any, tuple[str, ...]]]:
    return {
        "offer_prices": (offer_prices, _OFFERS),
        "offer_quantities": (offer_quantities, _OFFERS),
        "bid_prices": (bid_prices, _BIDS),
        "bid_quantities": (bid_quantities, _BIDS),
    }


def _orders(
    offer_prices: ArrayLike,
    offer_quantities: ArrayLike,
    bid_prices: ArrayLike,
    bid_quantities: ArrayLike,
    dimensions: tuple[_Dimensions, _Dimensions],
    lengths: _Lengths,
    *,
    trusted: bool = False,
) -> tuple[Float64Array, Float64Array, Float64Array, Float64Array]:
    """Return prices and quantities of the offers and of the bids, one side of which may be empty.

    The values are not checked where they are trusted.
    """
    offers, bids = dimensions
    finite, not_negative = ([], []) if trusted else ([_FINITE], [_NOT_NEGATIVE])
    prices = _numbers("offer_prices", offer_prices, offers, finite, lengths)
    quantities = _numbers("offer_quantities", offer_quantities, offers, not_negative, lengths)
    holds = None if prices.shape[-1] else "bid where there is no offer"
    asked = _numbers("bid_prices", bid_prices, bids, finite, lengths, holds=holds)
    wanted = _numbers("bid_quantities", bid_quantities, bids, not_negative, lengths)
    return prices, quantities, asked, wanted


def check_vector(
    argument: str,
    value: ArrayLike,
    *,
    negative: bool,
    holds: str = "offer",
    most: float | None = None,
) -> Float64Array:
    """Return a vector of at least one finite number, bounded as by `check_scalar`.

    The error of an empty vector says that it must hold one of what it `holds`.
    """
    return _numbers(argument, value, _VECTOR, _bounds(negative, most), holds=holds)


def check_scalar(argument: str, value: Any, *, negative: bool, most: float | None = None) -> float:
    """Return a finite number, not negative unless allowed, whose size `most` bounds."""
    return float(_numbers(argument, value, _SCALAR, _bounds(negative, most)))


def check_real(argument: str, value: Any, rule: Rule) -> float:
    """Return a real number that obeys a rule."""
    return float(_numbers(argument, value, _SCALAR, [rule]))


def check_integer(argument: str, value: Any, least: int, most: int | None = None) -> int:
    """Return a whole number within its bounds; a boolean is none."""
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


# Numbers of dimensions that an argument may have, how to say it, and the names of its axes.
_Dimensions = tuple[tuple[int, ...], str, tuple[str, ...]]
_SCALAR: _Dimensions = (0,), "0 dimensions", ()
_VECTOR: _Dimensions = (1,), "1 dimension", ("offers",)
_COLUMN: _Dimensions = (0, 1), "0 or 1 dimensions", ("rows",)
_TABLE: _Dimensions = (1, 2), "1 or 2 dimensions", ("rows", "offers")
_BID_VECTOR: _Dimensions = (1,), "1 dimension", ("bids",)
_BID_TABLE: _Dimensions = (1, 2), "1 or 2 dimensions", ("rows", "bids")

_Lengths = dict[str, tuple[str, int]]
"""For each axis: the first argument that has it, and its length."""

Rule = tuple[Callable[[Float64Array], Any], str]
"""Says which values are good, and what they must be."""
_FINITE: Rule = np.isfinite, "finite"
_NOT_NEGATIVE: Rule = (lambda values: (values >= 0) & (values < np.inf)), "finite and >= 0"

_SHARE: Rule = (lambda values: (values >= 0) & (values <= 1)), "between 0 and 1"


def at_most(most: float) -> Rule:
    """Return the rule of numbers whose size is limited."""
    return (lambda values: np.abs(values) <= most), f"at most {most:g} in size"


def _bounds(negative: bool, most: float | None) -> list[Rule]:
    return [_FINITE if negative else _NOT_NEGATIVE, *([] if most is None else [at_most(most)])]


_KINDS = {"f": ("iuf", "real numbers"), "i": ("iu", "integers"), "b": ("b", "booleans")}
"""For each kind of dtype that a caller wants: the kinds that can become it, and their name."""

_UNLABELLED = {np.ndarray, list, tuple, float, int, np.float64, type(None)}
"""Types that need not be searched for labels."""


def check_array(
    argument: str,
    value: Any,
    dtype: DTypeLike = np.float64,
    shape: tuple[int, ...] | None = None,
) -> NDArray[Any]:
    """Return a C-contiguous, aligned array of a dtype: the value itself if it is one, else a copy.

    A floating dtype takes real numbers, of which too large ones become infinite; an integral one
    takes integers; and ``bool`` takes booleans.
    """
    plain = type(value) is np.ndarray and value.dtype == dtype
    array = value if plain else check_kind(argument, value, *_KINDS[np.dtype(dtype).kind])
    if shape is not None and array.shape != shape:
        raise ValueError(f"{argument}: must have shape {shape}, got {array.shape}")
    if plain and array.flags.c_contiguous and array.flags.aligned:
        return array
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return np.require(array, dtype, ["C", "A", "E"])


def check_kind(
    argument: str, value: Any, kinds: str = "iuf", what: str = "real numbers"
) -> NDArray[Any]:
    """Return what NumPy reads, if it is of these kinds, and nothing is masked or has units."""
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
    argument: str,
    value: Any,
    dimensions: _Dimensions,
    rules: Sequence[Rule],
    lengths: _Lengths | None = None,
    holds: str | None = None,
) -> Float64Array:
    """Return a C-contiguous, aligned array of doubles, after its shape, lengths and values.

    Its last axis must not be empty where the error says what it `holds`.
    """
    array = check_array(argument, value)
    allowed, must_have, axes = dimensions
    if array.ndim not in allowed:
        raise ValueError(f"{argument}: must have {must_have}, got shape {array.shape}")
    if holds and array.shape[-1] == 0:
        raise ValueError(f"{argument}: must hold at least one {holds}, got shape {array.shape}")
    if lengths is not None:
        for axis, length in zip(axes[::-1], array.shape[::-1], strict=False):
            like, expected = lengths.setdefault(axis, (argument, length))
            if length != expected:
                raise ValueError(
                    f"{argument}: must have {expected} {axis} like {like}, got {length}"
                )
    for is_good, must in rules:
        good = is_good(array)
        if not np.all(good):
            at = np.unravel_index(np.argmin(good), array.shape)
            index = f"[{', '.join(map(str, at))}]" if at else ""
            raise ValueError(f"{argument}{index} = {float(array[at])}: must be {must}")
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


# Names of the axes that arguments may have, in errors about labels.
_OFFERS, _BIDS, _MARKETS = ("markets", "offers"), ("markets", "bids"), ("markets",)


def _check_labels(**arguments: tuple[Any, tuple[str, ...]]) -> None:
    """Refuse pandas or xarray arguments whose labels disagree: clearing goes by position."""
    seen: dict[str, tuple[str, Any]] = {}
    for argument, (value, names) in arguments.items():
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


def _check_ties(ties: Ties) -> Ties:
    if not isinstance(ties, str) or ties not in ("index", "pro_rata"):
        raise ValueError(f"ties = {ties!r}: must be 'index' or 'pro_rata'")
    return ties


MAX_THREADS = 1024
"""More threads do not help, and a larger number may not fit into a machine word."""


def check_threads(threads: SupportsIndex | None) -> int:
    """Return how many threads may work: for None, the cores that this process may use."""
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
    """Return a seed of so many bits, so that ``room`` further ones can follow it."""
    number = _whole_number(seed)
    if number is None or not 0 <= number < 2**bits - room:
        end = f"2**{bits} - {room}" if room else f"2**{bits}"
        raise ValueError(f"{argument} = {seed!r}: must be a whole number in [0, {end})")
    return number
