"""What numba compiles: plain loops over the offers of a market.

The algorithm is that of ``rust_market/core``. Loops that are to be vectorised hold no branch: a
comparison chooses between a value and zero. LLVM may reorder the sums that only locate the price
(``fastmath``), since a bound of their error is taken into account; the sum behind the dispatch has
a fixed order, so that a market has one result, cleared alone or in a batch.

What few offers go through is inlined by force: to hand an array on takes longer than to add it up.

numba compiles a cached function anew when the file that holds it changes, and does not look at what
the function calls: so cached functions call only compiled functions of their own file.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, types

from market_py.backends.constants import COVERAGE, EPSILON, SCALE, TINY

LARGEST = float(np.finfo(np.float64).max)

MOST_PARTS = 2100
"""Doubles that do not overlap: no more than there are bits from the largest to the smallest."""

GUESSES = 7
"""Guesses a pass."""
FEW = 24
"""So few offers are compared all with all."""
PATIENCE = 8
"""So many passes that do not shrink the candidates to a half are bad luck, or malice."""
BLOCK = 64
"""So many offers are looked at together for the price."""
AT_ONCE = 1 << 12
"""So many offers are dispatched before they are added up."""
MANY = 1 << 15
"""From so many offers on, a sample tells between which prices the answer is; see `sample.rs`."""
LINE = 8
"""Neighbours that are drawn together, since memory is read by lines."""
DEVIATION = 1.6
"""By how much the demand of the sample is varied to enclose the answer, in multiples of what the
sample offers by the root of its size. It errs by about half a root."""
SERVED_AT_ONCE = 8
"""Offers at one price that are served before asking whether anything remains: a jump that depends
on it cannot be predicted."""

GATHER_BITS = np.uint64(0x0102_0408_1020_4080)
"""Times eight bytes of zero or one, it gathers them in the highest byte."""
DE_BRUIJN = np.uint64(0x03F7_9D71_B4CB_0A89)
"""The highest six bits are others after each shift; see `PLACE_OF_BIT`."""
PLACE_OF_BIT = np.zeros(64, np.uint8)
for _bit in range(64):
    PLACE_OF_BIT[(int(DE_BRUIJN) << _bit) % 2**64 >> 58] = _bit

REORDERED = {"reassoc", "nsz"}


@njit(cache=True, nogil=True)
def _are_offers(bids, quantities):  # type: ignore[no-untyped-def]
    """Whether prices and quantities are what the contract asks for."""
    refused = False
    for i in range(bids.size):
        refused |= not (
            (abs(bids[i]) <= LARGEST) & (quantities[i] >= 0.0) & (quantities[i] <= LARGEST)
        )
    return not refused


@njit(cache=True, nogil=True)
def _are_offered(quantities, demand):  # type: ignore[no-untyped-def]
    """Whether quantities and demand are what the contract asks for."""
    refused = not 0.0 <= demand <= LARGEST
    for i in range(quantities.size):
        refused |= not ((quantities[i] >= 0.0) & (quantities[i] <= LARGEST))
    return not refused


@njit(cache=True, nogil=True, forceinline=True)
def clear(bids, quantities, demand, pro_rata, cap, dispatch, kept):  # type: ignore[no-untyped-def]
    """Clear one market: fill the dispatch, return the price; a cap of NaN means none.

    ``kept`` is working memory for twice as many doubles as there are offers, if more than `FEW`.
    """
    if demand == 0.0:
        return _clear_without_demand(bids, quantities, dispatch)
    if bids.size <= FEW:
        return _clear_few(bids, quantities, demand, pro_rata, cap, dispatch)
    price = _lowest_covering_price(
        bids, quantities, 0.0, math.inf, bids, quantities, demand, dispatch, kept
    )
    return _settle(price, bids, quantities, demand, pro_rata, cap, dispatch)


@njit(cache=True, nogil=True, forceinline=True)
def _clear_few(bids, quantities, demand, pro_rata, cap, dispatch):  # type: ignore[no-untyped-def]
    """Do the same for a few offers, where to cut slices would take as long as to clear."""
    target = demand * COVERAGE
    price = _lowest_among_few(
        bids, quantities, bids.size, 0.0, math.inf, bids, quantities, target, dispatch
    )
    if pro_rata or math.isnan(price):
        return _settle(price, bids, quantities, demand, pro_rata, cap, dispatch)
    served = _accept_some_below(bids, quantities, price, dispatch)
    remaining = max(demand - served, 0.0)
    _serve_some(bids, quantities, price, remaining, 0.0, dispatch, 0, bids.size)
    return price + 0.0


@njit(cache=True, nogil=True, forceinline=True)
def _check_and_clear(bids, quantities, demand, pro_rata, cap, dispatch, kept):  # type: ignore[no-untyped-def]
    """Do the same, and return NaN where the arguments are not a market."""
    if not 0.0 <= demand <= LARGEST:
        return math.nan
    if bids.size >= MANY and demand > 0.0:
        low, high = _guess_from_sample(bids, quantities, demand, kept)
        if low < high:
            price = _clear_near(bids, quantities, demand, pro_rata, low, high, dispatch, kept)
            if not math.isnan(price):
                return price
    if not _are_offers(bids, quantities):
        return math.nan
    return clear(bids, quantities, demand, pro_rata, cap, dispatch, kept)


@njit(cache=True, nogil=True)
def clear_rows(bids, quantities, demand, pro_rata, cap, prices, dispatch, start, stop):  # type: ignore[no-untyped-def]
    """Clear some rows of a batch; an argument of one row is shared by all.

    Returns whether all of them are markets; if not, the results mean nothing.
    """
    kept = np.empty(2 * dispatch.shape[1])
    for row in range(start, stop):
        own_bids = bids[row if len(bids) > 1 else 0]
        own_quantities = quantities[row if len(quantities) > 1 else 0]
        own_demand = demand[row if len(demand) > 1 else 0]
        own_cap = cap[row if len(cap) > 1 else 0]
        prices[row] = _check_and_clear(
            own_bids, own_quantities, own_demand, pro_rata, own_cap, dispatch[row], kept
        )
        if math.isnan(prices[row]):
            return False
    return True


@njit(cache=True, nogil=True)
def clear_rows_in_order(  # type: ignore[no-untyped-def]
    bids, quantities, demand, pro_rata, cap, prices, dispatch, order, tied, start, stop
):
    """Do the same where all rows share valid bids.

    ``order`` is their merit order; from ``tied[0]`` to ``tied[1]`` the price at a position is the
    same.
    """
    bids = bids[0]
    for row in range(start, stop):
        own_quantities = quantities[row if len(quantities) > 1 else 0]
        own_demand = demand[row if len(demand) > 1 else 0]
        own_cap = cap[row if len(cap) > 1 else 0]
        own_dispatch = dispatch[row]
        if not _are_offered(own_quantities, own_demand):
            return False
        if own_demand == 0.0:
            prices[row] = _clear_without_demand(bids, own_quantities, own_dispatch)
            continue
        at = _marginal(order, bids, own_quantities, own_demand)
        price = bids[order[at]] if at < order.size else math.nan
        if pro_rata or at == order.size:
            prices[row] = _settle(
                price, bids, own_quantities, own_demand, pro_rata, own_cap, own_dispatch
            )
        else:
            remaining = _accept_below(bids, own_quantities, price, own_demand, own_dispatch)
            places = order[tied[0, at] : tied[1, at]]
            _serve_places(places, own_quantities, remaining, own_dispatch)
            prices[row] = price + 0.0
    return True


@njit(cache=True, nogil=True)
def _settle(price, bids, quantities, demand, pro_rata, cap, dispatch):  # type: ignore[no-untyped-def]
    """Dispatch the offers at a price that covers demand; at NaN, in a shortage, all."""
    if math.isnan(price):
        for i in range(bids.size):
            dispatch[i] = quantities[i] + 0.0
        return (_highest_offer(bids, quantities) if math.isnan(cap) else cap) + 0.0
    remaining = _accept_below(bids, quantities, price, demand, dispatch)
    if pro_rata:
        _share(bids, quantities, price, remaining, dispatch)
    else:
        _serve(bids, quantities, price, remaining, dispatch)
    return price + 0.0


@njit(cache=True, nogil=True)
def _accept_below(bids, quantities, price, demand, dispatch):  # type: ignore[no-untyped-def]
    """Dispatch what is offered below a price, nothing else; return what remains of demand."""
    served = 0.0
    if bids.size <= AT_ONCE:
        served = _accept_some_below(bids, quantities, price, dispatch)
    else:
        # What has just been written is added up before it leaves the cache.
        for start in range(0, bids.size, AT_ONCE):
            some = slice(start, start + AT_ONCE)
            served += _accept_some_below(bids[some], quantities[some], price, dispatch[some])
    return max(demand - served, 0.0)  # Rounding may leave less than nothing.


@njit(cache=True, nogil=True, forceinline=True)
def _accept_some_below(bids, quantities, price, dispatch):  # type: ignore[no-untyped-def]
    """Dispatch what is offered below a price, nothing else; return its sum."""
    for i in range(bids.size):
        dispatch[i] = (quantities[i] if bids[i] < price else 0.0) + 0.0
    return _sum(dispatch)


@njit(cache=True, nogil=True)
def _sum(terms):  # type: ignore[no-untyped-def]
    """Add up in eight sums side by side, which vectorises without reordering."""
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    full = terms.size - terms.size % 8
    for i in range(0, full, 8):
        s0 += terms[i]
        s1 += terms[i + 1]
        s2 += terms[i + 2]
        s3 += terms[i + 3]
        s4 += terms[i + 4]
        s5 += terms[i + 5]
        s6 += terms[i + 6]
        s7 += terms[i + 7]
    for i in range(full, terms.size):
        s0 += terms[i]
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))


@njit(cache=True, nogil=True)
def _serve(bids, quantities, price, remaining, dispatch):  # type: ignore[no-untyped-def]
    """Dispatch the offers at the price, the lowest index first, until nothing remains."""
    high, low = remaining, 0.0
    for start in range(0, bids.size, BLOCK):
        # A loop over a slice, from zero, is vectorised; over places further on it is not.
        block = bids[start : start + BLOCK]
        tied = 0
        for i in range(block.size):
            tied += 1 if block[i] == price else 0
        if tied == 0:
            continue
        stop = start + block.size
        high, low = _serve_some(bids, quantities, price, high, low, dispatch, start, stop)
        if high + low <= 0.0:
            return


@njit(cache=True, nogil=True, forceinline=True)
def _serve_some(bids, quantities, price, high, low, dispatch, start, stop):  # type: ignore[no-untyped-def]
    """Do the same for the offers from one place to another; return what then remains."""
    served = 0
    for i in range(start, stop):
        if bids[i] == price:
            if served % SERVED_AT_ONCE == 0 and high + low <= 0.0:
                break
            dispatch[i], high, low = _take(quantities[i], high, low)
            served += 1
    return high, low


@njit(cache=True, nogil=True)
def _serve_places(places, quantities, remaining, dispatch):  # type: ignore[no-untyped-def]
    """Do the same where the places of those offers are known."""
    high, low = remaining, 0.0
    for served in range(places.size):
        if served % SERVED_AT_ONCE == 0 and high + low <= 0.0:
            return
        place = places[served]
        dispatch[place], high, low = _take(quantities[place], high, low)


@njit(cache=True, nogil=True)
def _take(quantity, high, low):  # type: ignore[no-untyped-def]
    """Accept a quantity as far as anything remains; return this, and what then remains."""
    remaining = high + low
    if quantity < remaining:
        left = high - quantity
        # Dekker's FastTwoSum: the quantity is less than what remains.
        return quantity + 0.0, left, low + ((high - left) - quantity)
    return remaining, 0.0, 0.0


@njit(cache=True, nogil=True)
def _share(bids, quantities, price, remaining, dispatch):  # type: ignore[no-untyped-def]
    """Dispatch the same share of each offer at the price, safe from overflow and underflow."""
    high, low, scaled_total = 0.0, 0.0, 0.0
    for i in range(bids.size):
        if bids[i] == price:
            high, rounding = _two_sum(high, quantities[i])
            low += rounding
            scaled_total += quantities[i] * SCALE
    ratio = 0.0 if math.isinf(high) else remaining / (high + low)
    for i in range(bids.size):
        if bids[i] == price:
            accepted = quantities[i] * ratio
            if ratio < TINY:
                accepted = quantities[i] * SCALE / scaled_total * remaining
            dispatch[i] = min(quantities[i], accepted) + 0.0


@njit(cache=True, nogil=True)
def _clear_without_demand(bids, quantities, dispatch):  # type: ignore[no-untyped-def]
    """Dispatch nothing; the price is the cheapest offer, of a positive quantity if there is one."""
    dispatch[:] = 0.0
    cheapest, cheapest_positive = math.inf, math.inf
    for i in range(bids.size):
        cheapest = min(cheapest, bids[i])
        if quantities[i] > 0.0:
            cheapest_positive = min(cheapest_positive, bids[i])
    return (cheapest if math.isinf(cheapest_positive) else cheapest_positive) + 0.0


@njit(cache=True, nogil=True)
def _highest_offer(bids, quantities):  # type: ignore[no-untyped-def]
    """Return the highest offer, of a positive quantity if there is one."""
    highest, highest_positive = -math.inf, -math.inf
    for i in range(bids.size):
        highest = max(highest, bids[i])
        if quantities[i] > 0.0:
            highest_positive = max(highest_positive, bids[i])
    return highest if math.isinf(highest_positive) else highest_positive


@njit(cache=True, nogil=True)
def _bounds(offers, target):  # type: ignore[no-untyped-def]
    """Sums below the first fall short for sure, sums from the second on cover (coverage.rs)."""
    error = (offers + 8) * EPSILON
    return target * (1.0 - error), target * (1.0 + error)


@njit(cache=True, nogil=True)
def _marginal(order, bids, quantities, demand):  # type: ignore[no-untyped-def]
    """Find the position of the offer with which supply covers demand; in a shortage, the end."""
    target = demand * COVERAGE
    surely_short, surely_covered = _bounds(order.size, target)
    supply = 0.0
    position = 0
    # By fours: an addition waits for the one before, so that one for four takes a quarter.
    while position + 4 <= order.size:
        a, b = quantities[order[position]], quantities[order[position + 1]]
        c, d = quantities[order[position + 2]], quantities[order[position + 3]]
        total = supply + ((a + b) + (c + d))
        if total >= surely_short:
            break
        supply = total
        position += 4
    while position < order.size:
        price = bids[order[position]]
        supply += quantities[order[position]]
        # Offers at the same price may follow; the exact sum includes them.
        if supply >= surely_short and (
            surely_covered <= supply <= LARGEST or _covers(bids, quantities, price, target)
        ):
            break
        position += 1
    return position


@njit(cache=True, nogil=True)
def _lowest_covering_price(  # type: ignore[no-untyped-def]
    few_bids, few_quantities, below, high, bids, quantities, demand, supply, kept
):
    """Find the lowest price that covers demand; NaN in a shortage.

    The answer is among a few of the offers, or all; `below` is offered below these, and `high`
    covers demand. Guess some prices, add up what is offered at or below each in one pass, keep the
    offers between the two guesses that enclose the answer, and go on with those.
    """
    target = demand * COVERAGE
    surely_short, surely_covered = _bounds(bids.size, target)
    low, count = -math.inf, few_bids.size  # `low` does not cover demand.
    if count > FEW:
        kept_bids, kept_quantities = kept[:count], kept[count:]
        place = np.uint64(0)
        patience = PATIENCE
        while count > FEW and patience > 0:
            place, guesses = _guess(few_bids, count, place)
            sums = _supply_at(few_bids, few_quantities, count, *guesses)
            known = below
            for k in range(GUESSES):
                total = known + sums[k]
                if total >= surely_short and (
                    surely_covered <= total <= LARGEST
                    or _covers(bids, quantities, guesses[k], target)
                ):
                    high = guesses[k]
                    break
                low, below = guesses[k], total
            before = count
            count = _keep(few_bids, few_quantities, count, low, high, kept_bids, kept_quantities)
            few_bids, few_quantities = kept_bids, kept_quantities
            patience -= count > before // 2
    if count <= FEW:
        return _lowest_among_few(
            few_bids, few_quantities, count, below, high, bids, quantities, target, supply
        )
    order = np.argsort(few_bids[:count], kind="mergesort")
    total = below
    for i in order:
        total += few_quantities[i]
        if total >= surely_short and (
            surely_covered <= total <= LARGEST or _covers(bids, quantities, few_bids[i], target)
        ):
            high = few_bids[i]
            break
    return high if high < math.inf else math.nan


@njit(cache=True, nogil=True, forceinline=True)
def _lowest_among_few(  # type: ignore[no-untyped-def]
    few_bids, few_quantities, count, below, high, bids, quantities, target, supply
):
    """Find the lowest price that covers demand among at most `FEW`; NaN in a shortage."""
    surely_short, surely_covered = _bounds(bids.size, target)
    sure, possible = _price_among_few(
        few_bids, few_quantities, count, below, high, surely_short, surely_covered, supply
    )
    if possible < sure:
        sure = _price_among(few_bids, count, possible, sure, bids, quantities, target)
    return sure if sure < math.inf else math.nan


@njit(cache=True, nogil=True)
def _guess_from_sample(bids, quantities, demand, kept):  # type: ignore[no-untyped-def]
    """Guess a price that fails to cover demand and one that covers it.

    They are the same where the sample does not tell them apart (Floyd and Rivest, Commun. ACM 18
    (1975) 165-172).
    """
    lines = 6 * int(math.sqrt(bids.size)) // LINE
    size = lines * LINE
    some_bids, some_quantities, kept = kept[:size], kept[size : 2 * size], kept[2 * size :]
    place = np.uint64(0)
    for start in range(0, size, LINE):
        place, line = _next_place(bids.size // LINE, place)
        for i in range(LINE):
            some_bids[start + i] = bids[LINE * line + i]
            some_quantities[start + i] = quantities[LINE * line + i]
    if not _are_offers(some_bids, some_quantities):
        return 0.0, 0.0
    own_demand = demand / bids.size * size
    deviation = DEVIATION * _sum(some_quantities) / math.sqrt(size)
    low = _price_in_sample(some_bids, some_quantities, own_demand - deviation, kept)
    high = _price_in_sample(some_bids, some_quantities, own_demand + deviation, kept)
    return low, high


@njit(cache=True, nogil=True)
def _price_in_sample(bids, quantities, demand, kept):  # type: ignore[no-untyped-def]
    """Find the lowest price that covers a demand; infinite if none does, or none is needed."""
    if not TINY <= demand <= LARGEST:
        return -math.inf
    price = _lowest_covering_price(
        bids, quantities, 0.0, math.inf, bids, quantities, demand, kept[:FEW], kept[FEW:]
    )
    return math.inf if math.isnan(price) else price


@njit(cache=True, nogil=True)
def _clear_near(bids, quantities, demand, pro_rata, low, high, dispatch, kept):  # type: ignore[no-untyped-def]
    """Clear a market whose price lies between two others, in one pass; if it does not, return NaN.

    Offers below are dispatched, those in between set aside: they are a market of their own, which
    is cleared for what is left of demand. NaN is returned too if they are many, or not offers.
    """
    most = bids.size // 4
    marks, kept = kept[: AT_ONCE // 8].view(np.uint8), kept[AT_ONCE // 8 :]
    places, kept = kept[:most].view(np.int64), kept[most:]
    near_bids, near_quantities, kept = kept[:most], kept[most : 2 * most], kept[2 * most :]
    count, below = 0, 0.0
    for start in range(0, bids.size, AT_ONCE):
        some = slice(start, start + AT_ONCE)
        some_bids, some_quantities, some_dispatch = bids[some], quantities[some], dispatch[some]
        if count + some_bids.size > most:
            return math.nan
        if not _split(some_bids, some_quantities, low, high, some_dispatch, marks):
            return math.nan
        below += _sum(some_dispatch)
        before, count = count, _places(marks[: some_bids.size], places, count)
        for i in range(before, count):
            near_bids[i] = some_bids[places[i]]
            near_quantities[i] = some_quantities[places[i]]
            places[i] += start
    near_bids, near_quantities = near_bids[:count], near_quantities[:count]
    upto = below + _sum(near_quantities)
    surely_short, surely_covered = _bounds(bids.size, demand * COVERAGE)
    if not (below < surely_short and surely_covered <= upto <= LARGEST):
        return math.nan
    near_dispatch, kept = kept[:count], kept[count:]
    price = _lowest_covering_price(
        near_bids, near_quantities, below, high, bids, quantities, demand, kept[:FEW], kept[FEW:]
    )
    if not math.isnan(price):
        left = demand - below
        price = _settle(price, near_bids, near_quantities, left, pro_rata, math.nan, near_dispatch)
        for i in range(count):
            dispatch[places[i]] = near_dispatch[i]
    return price


@njit(cache=True, nogil=True)
def _split(bids, quantities, low, high, dispatch, marks):  # type: ignore[no-untyped-def]
    """Dispatch what is offered at or below a price, mark what is between it and a higher one.

    Return whether all of them are offers.
    """
    refused = False
    for i in range(bids.size):
        bid, quantity = bids[i], quantities[i]
        refused |= not ((abs(bid) <= LARGEST) & (quantity >= 0.0) & (quantity <= LARGEST))
        dispatch[i] = (quantity if bid <= low else 0.0) + 0.0
        marks[i] = (bid > low) & (bid <= high)
    return not refused


@njit(cache=True, nogil=True)
def _places(marks, places, count):  # type: ignore[no-untyped-def]
    """Note the places of the marks behind those that there are; return how many there are then.

    A jump for each mark could not be predicted: 64 marks become the bits of a number, and its
    lowest bit, times a sequence of de Bruijn, tells its place.
    """
    full = marks.size - marks.size % 64
    eights = marks[:full].view(np.uint64)
    for block in range(0, full, 64):
        bits = np.uint64(0)
        for eight in range(8):
            gathered = (eights[block // 8 + eight] * GATHER_BITS) >> np.uint64(56)
            bits |= gathered << np.uint64(8 * eight)
        while bits != 0:
            lowest = bits & (~bits + np.uint64(1))
            bits ^= lowest
            places[count] = block + PLACE_OF_BIT[(lowest * DE_BRUIJN) >> np.uint64(58)]
            count += 1
    for i in range(full, marks.size):
        if marks[i]:
            places[count] = i
            count += 1
    return count


@njit(cache=True, nogil=True)
def _guess(bids, count, place):  # type: ignore[no-untyped-def]
    """Choose prices at places that no order of the offers falls in step with, lowest first."""
    place, a = _pick(bids, count, place)
    place, b = _pick(bids, count, place)
    place, c = _pick(bids, count, place)
    place, d = _pick(bids, count, place)
    place, e = _pick(bids, count, place)
    place, f = _pick(bids, count, place)
    place, g = _pick(bids, count, place)
    # A sorting network, the same as in selection.rs.
    a, g = _in_order(a, g)
    c, d = _in_order(c, d)
    e, f = _in_order(e, f)
    a, c = _in_order(a, c)
    b, e = _in_order(b, e)
    d, g = _in_order(d, g)
    a, b = _in_order(a, b)
    c, f = _in_order(c, f)
    d, e = _in_order(d, e)
    b, c = _in_order(b, c)
    e, g = _in_order(e, g)
    c, d = _in_order(c, d)
    e, f = _in_order(e, f)
    b, c = _in_order(b, c)
    d, e = _in_order(d, e)
    f, g = _in_order(f, g)
    return place, (a, b, c, d, e, f, g)


@njit(cache=True, nogil=True)
def _pick(bids, count, place):  # type: ignore[no-untyped-def]
    """Take the price at the next place of Weyl's sequence of the golden ratio."""
    place, at = _next_place(count, place)
    return place, bids[at]


@njit(cache=True, nogil=True)
def _next_place(count, place):  # type: ignore[no-untyped-def]
    place += np.uint64(0x9E37_79B9_7F4A_7C15)
    return place, ((place >> np.uint64(32)) * np.uint64(count)) >> np.uint64(32)


@njit(cache=True, nogil=True)
def _in_order(a, b):  # type: ignore[no-untyped-def]
    return (a if a < b else b), (a if a > b else b)


@njit(cache=True, nogil=True, fastmath=REORDERED)
def _supply_at(bids, quantities, count, a, b, c, d, e, f, g):  # type: ignore[no-untyped-def]
    """Add up what is offered at or below each of some prices."""
    at_a = at_b = at_c = at_d = at_e = at_f = at_g = 0.0
    for i in range(count):
        bid, quantity = bids[i], quantities[i]
        at_a += quantity if bid <= a else 0.0
        at_b += quantity if bid <= b else 0.0
        at_c += quantity if bid <= c else 0.0
        at_d += quantity if bid <= d else 0.0
        at_e += quantity if bid <= e else 0.0
        at_f += quantity if bid <= f else 0.0
        at_g += quantity if bid <= g else 0.0
    return at_a, at_b, at_c, at_d, at_e, at_f, at_g


@njit(cache=True, nogil=True)
def _keep(bids, quantities, count, low, high, kept_bids, kept_quantities):  # type: ignore[no-untyped-def]
    """Copy the offers strictly between two prices to the front; return how many there are."""
    kept = 0
    for i in range(count):
        # Written always, counted when kept: there is no branch to mispredict.
        bid, quantity = bids[i], quantities[i]
        kept_bids[kept] = bid
        kept_quantities[kept] = quantity
        kept += (bid > low) & (bid < high)
    return kept


@njit(cache=True, nogil=True, forceinline=True)
def _price_among_few(bids, quantities, count, below, high, surely_short, surely_covered, supply):  # type: ignore[no-untyped-def]
    """Compare all with all: the lowest price that surely covers demand, the lowest that may."""
    for i in range(count):
        supply[i] = below
    for j in range(count):
        bid, quantity = bids[j], quantities[j]
        for i in range(count):
            supply[i] += quantity if bid <= bids[i] else 0.0
    sure, possible = high, high
    for i in range(count):
        covers = (supply[i] >= surely_covered) & (supply[i] <= LARGEST)
        sure = min(sure, bids[i] if covers else high)
        possible = min(possible, high if supply[i] < surely_short else bids[i])
    return sure, possible


@njit(cache=True, nogil=True)
def _price_among(few, count, price, high, bids, quantities, target):  # type: ignore[no-untyped-def]
    """Try a few prices below `high`, from `price` on, in exact arithmetic."""
    while price < high:
        if _covers(bids, quantities, price, target):
            return price
        dearer = high
        for i in range(count):
            if few[i] > price:
                dearer = min(dearer, few[i])
        price = dearer
    return high


@njit(cache=True, nogil=True)
def _covers(bids, quantities, price, target):  # type: ignore[no-untyped-def]
    """Whether the exact sum of what is offered at or below a price reaches the target.

    The shortfall is kept as a sum of doubles that do not overlap, smallest first (Shewchuk,
    Discrete Comput. Geom. 18 (1997) 305-363).
    """
    parts = np.empty(MOST_PARTS)
    parts[0] = target
    count = 1
    for i in range(bids.size):
        if bids[i] > price:
            continue
        carried = -quantities[i]
        kept = 0
        for part in range(count):
            carried, rounding = _two_sum(carried, parts[part])
            if rounding != 0.0:
                parts[kept] = rounding
                kept += 1
        if carried != 0.0:
            parts[kept] = carried
            kept += 1
        count = kept
        # The parts are too many only if somebody writes NaN meanwhile: the result means nothing.
        if count == 0 or parts[count - 1] <= 0.0 or count == MOST_PARTS:
            return True
    return False


@njit(cache=True, nogil=True)
def _two_sum(a, b):  # type: ignore[no-untyped-def]
    """Return the rounded sum of two numbers and the exact error of that rounding."""
    total = a + b
    b_rounded = total - a
    a_rounded = total - b_rounded
    return total, (a - a_rounded) + (b - b_rounded)


@njit(cache=True, forceinline=True)
def check_and_clear(bids, quantities, demand, pro_rata, cap, dispatch):  # type: ignore[no-untyped-def]
    """Clear one market and return its price, or NaN where the arguments are not a market."""
    if bids.size != quantities.size or bids.size == 0:
        return math.nan
    # No copy is made of what is contiguous by its type.
    bids, quantities = np.ascontiguousarray(bids), np.ascontiguousarray(quantities)
    # Few offers leave it alone: anything will do.
    kept = dispatch if bids.size <= FEW else np.empty(2 * bids.size)
    return _check_and_clear(bids, quantities, demand, pro_rata, cap, dispatch, kept)


# Compiled at import, hence after all that they call.
_PLAIN = types.Array(types.float64, 1, "C")
_STRIDED = types.Array(types.float64, 1, "A", readonly=True)
_SIGNATURES = [
    types.float64(offers, offers, types.float64, _PLAIN) for offers in (_PLAIN, _STRIDED)
]


@njit(_SIGNATURES, cache=True)
def clear_attached(bids, quantities, demand, dispatch):  # type: ignore[no-untyped-def]
    """Clear one market by the default rules."""
    return check_and_clear(bids, quantities, demand, False, math.nan, dispatch)


@njit(_SIGNATURES, cache=True, nogil=True)
def clear_released(bids, quantities, demand, dispatch):  # type: ignore[no-untyped-def]
    """Do the same with the GIL released."""
    return check_and_clear(bids, quantities, demand, False, math.nan, dispatch)
