"""Checks of the exercises: each says what was expected, and a hint.

Nothing is sent or stored anywhere.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np

import market_py
from market_py import rts79
from market_py.timing import Race
from market_py.validation import Floats
from market_py.workshop import batches
from market_py.workshop.flawed_report import REPORT

State = Literal["not done yet", "not right yet", "right"]
_SIGNS: dict[State, str] = {"not done yet": "○", "not right yet": "✗", "right": "✓"}


@dataclass(frozen=True)
class Verdict:
    """What a check says; the last line of a check cell shows it."""

    state: State
    message: str = ""

    def __str__(self) -> str:
        """Say it in words."""
        return f"{_SIGNS[self.state]} {self.state}" + (f": {self.message}" if self.message else "")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        text = html.escape(str(self)).replace("\n", "<br>")
        return {
            "text/plain": str(self),
            "text/html": f'<div role="status" style="font-size:115%;padding:4px">{text}</div>',
        }


NOT_DONE = Verdict("not done yet")
RETURNS_NOTHING = Verdict(
    "not done yet", "your function returns nothing so far; to print a result does not return it."
)


def hint(message: str) -> Verdict:
    """Refuse an answer and say why."""
    return Verdict("not right yet", message)


def right(message: str) -> Verdict:
    """Accept an answer."""
    return Verdict("right", message)


class Refused(Exception):
    """Ends a check early."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict


def answered(call: str, function: Callable[..., Any], *given: Any, first: bool = False) -> Any:
    """Call a learner's function; refuse one that fails or returns nothing.

    Parameters
    ----------
    call : str
        The call, in words.
    function : callable
        The learner's.
    *given
        Its arguments.
    first : bool
        In the first call, nothing returned is a function that is not written yet.
    """
    try:
        answer = function(*given)
    except Exception as error:
        raise Refused(hint(f"{call} fails: {error!r}.")) from error
    if answer is None:
        missing = hint(f"{call} returns None; on this way through it there is no return.")
        raise Refused(RETURNS_NOTHING if first else missing)
    return answer


def number(call: str, answer: Any) -> float:
    """Take what a learner's function returned for a number, or refuse it."""
    try:
        if isinstance(answer, str):
            raise TypeError
        return float(answer)
    except (TypeError, ValueError) as error:
        wrong = f"{call} returns {answer!r}; one number is wanted."
        raise Refused(hint(wrong)) from error


def two_numbers(answer: Any) -> tuple[float, float]:
    """Take an answer for the ends of an interval; TypeError or ValueError where it is none."""
    if isinstance(answer, str | set | frozenset | dict):
        raise TypeError("characters, sets and keys are no ends of an interval")
    low, high = (float(bound) for bound in answer)
    return low, high


def check_price(bids: Any, quantities: Any, demand: Any) -> Verdict:
    """Check for a market of three offers at least whose price is 80."""
    if bids is None or quantities is None or demand is None:
        return NOT_DONE
    try:
        price, dispatch = market_py.market_clearing(bids, quantities, demand)
    except (TypeError, ValueError) as error:
        return hint(f"this is not a market: {error}.")
    if len(dispatch) < 3:
        return hint("use three offers at least.")
    if demand == 0:
        return hint("there is no demand; let some offers run.")
    if demand > np.sum(quantities):
        return hint("demand cannot be met; first build a market that serves it all.")
    if price != 80:
        return hint(
            f"its price is {price:.12g}. The marginal offer sets the price: the last one needed "
            "when offers are taken cheapest first. Which one is it here?"
        )
    return right(
        f"the price is 80, and {int(np.sum(dispatch > 0))} of {len(dispatch)} offers run, all of "
        "them paid 80."
    )


def check_scarcity(out: Any) -> Verdict:
    """Check for units whose outage makes the RTS-79 short at its annual peak."""
    if out is None:
        return NOT_DONE
    wanted = 'give a list of names, such as ["coal 350 MW #1", "oil 12 MW #1"].'
    if isinstance(out, str):
        return hint(wanted)
    known = {unit.name for unit in rts79.UNITS}
    try:
        out = tuple(out)
        strangers = [name for name in out if name not in known]
    except TypeError:
        return hint(wanted)
    if strangers:
        like = get_close_matches(str(strangers[0]), sorted(known), n=1)
        meant = f"did you mean {like[0]!r}?" if like else wanted
        return hint(f"{strangers[0]!r} is not the name of a unit; {meant}")
    if len(set(out)) < len(out):
        return hint("a unit that is named twice is out only once. Name two different ones.")
    _, quantities = rts79.offers(out=out)
    left = quantities.sum() - rts79.ANNUAL_PEAK
    if left >= 0:
        return hint(
            f"{quantities.sum():.0f} MW still cover the peak of {rts79.ANNUAL_PEAK:.0f} MW, with "
            f"{left:.0f} MW to spare. Take out more, or larger units."
        )
    if len(out) > 2:
        return hint(f"scarce it is, but with {len(out)} units out; two are enough.")
    return right(f"{-left:.0f} MW cannot be served: the price is the value of lost load.")


def check_clear(clear: Callable[..., Any]) -> Verdict:
    """Judge a learner's clearing function by hidden cases and by invariants."""
    try:
        return _check_cases(clear) or _check_invariants(clear)
    except Refused as refused:
        return refused.verdict


HIDDEN_CASES: list[tuple[str, list[float], list[float], float]] = [
    ("a plain market", [30, 10, 20], [100, 100, 100], 150),
    ("demand that ends exactly at a step", [10, 20], [50, 50], 50),
    ("equal prices: the lower index goes first", [20, 10, 10], [50, 50, 50], 70),
    ("no demand: nothing runs, the price is the cheapest offer", [20, 10], [50, 50], 0),
    ("a shortage: all runs, the price is the highest offer", [20, 10], [50, 50], 150),
    ("an offer of nothing sets no price", [5, 10, 90], [0, 50, 0], 80),
    ("a negative price", [-5, 10], [50, 50], 20),
    ("rounding: 0.7 + 0.1 < 0.8 in doubles", [10, 20, 1000], [0.7, 0.1, 1.0], 0.8),
    ("what is missing is more than a billionth of demand", [10, 20], [1, 1], 1.0000001),
]


def _call(
    clear: Callable[..., Any],
    bids: Floats,
    quantities: Floats,
    demand: float,
    about: str = "a random market",
) -> tuple[float, Floats]:
    """Call a learner's function with care."""
    market = f"{about}: clear({bids.tolist()}, {quantities.tolist()}, {demand:.12g})"
    given = bids.copy(), quantities.copy()
    first = about == HIDDEN_CASES[0][0]
    answer = answered(market, clear, *given, demand, first=first)
    try:
        price, dispatch = answer
    except (TypeError, ValueError) as error:
        wanted = "two things are wanted, as in: return price, dispatch."
        raise Refused(hint(f"{market} returns {answer!r}; {wanted}")) from error
    try:
        if isinstance(price, str):
            raise TypeError
        price, dispatch = float(price), np.asarray(dispatch, dtype=float)
    except (TypeError, ValueError) as error:
        wrong = f"{market} returns the price {price!r} and the dispatch {dispatch!r}"
        wanted = "wanted are a number first, then a list or an array of numbers."
        raise Refused(hint(f"{wrong}; {wanted}")) from error
    if dispatch.shape != bids.shape:
        shape = f"{market} gives a dispatch of shape {dispatch.shape}"
        raise Refused(hint(f"{shape}; one number for each offer is wanted."))
    if not (np.array_equal(given[0], bids) and np.array_equal(given[1], quantities)):
        raise Refused(hint(f"{market} changes its inputs. Work on a copy."))
    return price, dispatch


def _check_cases(clear: Callable[..., Any]) -> Verdict | None:
    for about, bids, quantities, demand in HIDDEN_CASES:
        market = np.array(bids, float), np.array(quantities, float), float(demand)
        price, dispatch = market_py.market_clearing(*market, backend="python")
        own_price, own_dispatch = _call(clear, *market, about)
        if own_price != price or not np.allclose(own_dispatch, dispatch, rtol=0, atol=1e-9):
            return hint(
                f"{about}.\nbids {bids}, quantities {quantities}, demand {demand}\n"
                f"expected price {price:g}, dispatch {dispatch.tolist()}\n"
                f"yours    price {own_price:g}, dispatch {own_dispatch.tolist()}"
            )
    return None


def _check_invariants(clear: Callable[..., Any]) -> Verdict:
    rng = np.random.default_rng(1)
    for _ in range(200):
        bids = rng.permutation(50)[: rng.integers(1, 9)].astype(float)
        quantities = rng.integers(1, 50, bids.size).astype(float)
        demand = float(rng.integers(0, 1 + int(quantities.sum())))
        market = f"bids {bids.tolist()}, quantities {quantities.tolist()}, demand {demand:g}"
        price, dispatch = _call(clear, bids, quantities, demand)
        if not np.isclose(np.sum(dispatch), demand):
            return hint(f"supply must meet demand.\n{market}: {np.sum(dispatch):g} MW run.")
        order = rng.permutation(bids.size)
        _, permuted = _call(clear, bids[order], quantities[order], demand)
        if not np.allclose(dispatch[order], permuted):
            return hint(f"the order in which offers arrive must not matter.\n{market}")
        if _call(clear, bids, quantities, demand + 1)[0] < price:
            return hint(f"more demand must not lower the price.\n{market}")
    return right("all hidden cases and 200 random markets are cleared as the contract says.")


def check_crossover(answer: Any, races: Sequence[Race]) -> Verdict:
    """Check a claimed crossover ``(low, high)``, in offers, against the learner's own races.

    Up to the crossover the naive Rust variant is not slower than the published numba function, by
    the intervals of the races; from there on it is.
    """
    if answer is None:
        return NOT_DONE
    if not races:
        return hint("run the race first: its raw data judges your answer.")
    try:
        low, high = two_numbers(answer)
    except (TypeError, ValueError):
        return hint('give two numbers of offers, as in (10, 20); "never" is float("inf").')
    if "rust-naive" not in races[0].candidates:
        return hint("there is no Rust in your race: build the extension and run it again.")
    below, above = crossover(races)
    found = f"in your data it lies between {below:g} and {above:g} offers"
    if not low <= high:
        return hint("the first number must not exceed the second.")
    # Right is the interval between two sizes of the race, or a part of it. It begins at a size.
    if low < below or high > above or low == np.inf:
        return hint(f"{found}, by the intervals of the ratios.")
    return right(f"you say {low:g} to {high:g}; {found}.")


def crossover(races: Sequence[Race]) -> tuple[float, float]:
    """Largest size up to which Rust is never slower, and the next one.

    Without a race in which it is slower that is infinity; without Rust, all is possible.
    """
    below = 0
    known = [race for race in races if "rust-naive" in race.candidates]
    for race in sorted(known, key=lambda race: race.offers):
        if race.verdict("rust-naive", over="numba-sort") == "slower":
            return below, race.offers
        below = race.offers
    return below, np.inf


def check_lies(letters: Any) -> Verdict:
    """Check which lines of the flawed report are said to lie."""
    if letters is None:
        return NOT_DONE
    try:
        said = {str(letter).strip().upper() for letter in letters} - {"", ","}
    except TypeError:
        return hint('give the letters, as in {"A", "B"}.')
    if strangers := sorted(said - REPORT.keys()):
        return hint(f"no line is called {', '.join(strangers)}; the lines are A to {max(REPORT)}.")
    lies = {letter for letter, line in REPORT.items() if line.lie}
    accused = [f"{letter} is innocent: {REPORT[letter].why}." for letter in sorted(said - lies)]
    missed = [f"one you have not named: {REPORT[letter].lie}" for letter in sorted(lies - said)]
    if accused or missed:
        found = f"{len(said & lies)} of {len(lies)} lies found."
        return hint("\n".join([found, *accused, *missed]))
    why = [f"{letter}: {REPORT[letter].why}." for letter in sorted(lies)]
    return right("\n".join([f"all {len(lies)}, and nobody is accused wrongly.", *why]))


PAIRED_CASES: list[tuple[str, list[float], list[float]]] = [
    ("the same ratio in every round", [2, 4, 6], [1, 2, 3]),
    ("b is the slower one", [1, 1, 1], [4, 4, 4]),
    ("a slow moment that hits one of them only", [2, 4, 2, 4, 100], [1, 2, 1, 2, 1]),
    ("a machine that is slow in some rounds", [12, 20, 60], [4, 40, 20]),
    ("an even number of rounds", [1, 3, 5, 7], [1, 1, 1, 1]),
]
WRONG_RATIOS: dict[str, Callable[[Floats, Floats], Any]] = {
    "It is upside down: how many times faster b is, that is a's time over b's.": (
        lambda a, b: np.median(b / a)
    ),
    "This is the ratio of the medians; first divide, within rounds.": (
        lambda a, b: np.median(a) / np.median(b)
    ),
    "This is the mean of the ratios; one bad round moves it.": lambda a, b: np.mean(a / b),
    "This is the ratio of the means; one bad round moves it.": (
        lambda a, b: np.mean(a) / np.mean(b)
    ),
    "This is the ratio of the minima: two lucky rounds.": lambda a, b: np.min(a) / np.min(b),
}


def check_paired_ratio(paired_ratio: Callable[..., Any]) -> Verdict:
    """Judge a learner's ratio of two candidates, from their rounds, by hidden cases."""
    for case, (about, a, b) in enumerate(PAIRED_CASES):
        one, other = np.array(a, float), np.array(b, float)
        call = f"paired_ratio({a}, {b})"
        try:
            given = one.copy(), other.copy()
            answer = number(call, answered(call, paired_ratio, *given, first=case == 0))
        except Refused as refused:
            return refused.verdict
        expected = float(np.median(one / other))
        if not np.isclose(answer, expected):
            likely = (
                f"\n{about}" for about, wrong in WRONG_RATIOS.items() if wrong(one, other) == answer
            )
            return hint(
                f"{about}.\n{call} is {expected:g}; yours says {answer:g}." + next(likely, "")
            )
    return right(f"{len(PAIRED_CASES)} hidden cases, disturbed rounds among them.")


def check_break_even(answer: Any, races: Mapping[int, Race], name: str = "numba") -> Verdict:
    """Check a claimed break-even ``(low, high)``, in markets, against the learner's own races.

    Up to the first one batch call is not faster than single calls, by the intervals of the races;
    from the second on it is.
    """
    if answer is None:
        return NOT_DONE
    if not races:
        return hint("run the batches first: their raw data judges your answer.")
    try:
        low, high = two_numbers(answer)
    except (TypeError, ValueError):
        return hint('give two numbers of markets, as in (2, 4); "never" is float("inf").')
    if not low <= high:
        return hint("the first number must not exceed the second.")
    below, above = batches.break_even(races, name)
    found = f"in your data, for {name}, it lies between {below:g} and {above:g} markets"
    if low < below or high > above or low == np.inf:
        return hint(f"{found}, by the intervals of the ratios.")
    return right(f"you say {low:g} to {high:g}; {found}.")


MODEL_CASES: list[tuple[str, tuple[float, float, float], float]] = [
    ("the fixed cost is saved in twenty markets", (1000, 10_000, 500), 20),
    ("no part of a market can be cleared: round up", (1000, 10_100, 500), 21),
    ("a cheap call pays at once, but no batch is smaller than one", (1000, 100, 500), 1),
    ("a batch without a fixed cost, and no batch is smaller than one", (1000, 0, 500), 1),
    ("little is saved in a market: it pays late", (100, 50_000, 90), 5000),
    ("nothing is saved in a market: it never pays", (500, 1000, 500), np.inf),
    ("the batch costs more in each market: it never pays", (500, 1000, 600), np.inf),
]


def check_model(break_even: Callable[..., Any], races: Mapping[int, Race]) -> Verdict:
    """Judge a learner's model of the break-even, then hold it against the learner's own races."""
    for case, (about, costs, expected) in enumerate(MODEL_CASES):
        call = f"break_even{costs}"
        try:
            answer = number(call, answered(call, break_even, *costs, first=case == 0))
        except Refused as refused:
            return refused.verdict
        if answer != expected:
            return hint(f"{about}.\n{call} is {expected:g}; yours says {answer:g}.")
    said = [f"{len(MODEL_CASES)} hidden cases."]
    for name in batches.present():
        if len(races) > 1 and batches.BATCH.format(name) in next(iter(races.values())).rounds:
            single, fixed, each = batches.costs(races, name)
            below, above = batches.break_even(races, name)
            said.append(
                f"{name} here: {single:,.0f} ns for a single call; {fixed:,.0f} ns for a batch and "
                f"{each:,.0f} ns for each market in it. Your model says from "
                f"{float(break_even(single, fixed, each)):,g} on; measured: between {below:,g} and "
                f"{above:,g}."
            )
    return right("\n".join(said))
