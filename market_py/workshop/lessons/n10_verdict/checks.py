"""Checks of notebook 10: the two largest savings, and claims that the data must support."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from market_py.benchmark.report.waterfall import Saving
from market_py.benchmark.settings import LADDER_SIZE
from market_py.benchmark.timing import ONE_PASS, Ratio
from market_py.workshop.grading.check import NOT_DONE, CheckResult, Refused, graded, hint, right
from market_py.workshop.lessons.n10_verdict.evidence import Evidence, citable
from market_py.workshop.lessons.n10_verdict.panel import WaterfallPanel
from market_py.workshop.playground import exercise, race

TWO_WAYS = ("Rust, forward", "Rust, reversed")


@graded
def check_two_fixes(answer: Any, panel: WaterfallPanel) -> CheckResult:
    """Check which two fixes are said to save most, forward and reversed, in the race shown."""
    if isinstance(answer, dict) and all(it is None for it in answer.values()):
        return NOT_DONE
    if not isinstance(answer, dict) or set(answer) != set(TWO_WAYS):
        keys = " and ".join(repr(key) for key in TWO_WAYS)
        return hint(f"give a dictionary with two keys, {keys}; each value is a set of two fixes.")
    said = []
    for order in TWO_WAYS:
        found = panel.savings(order)
        if not found:
            return hint(f"{order} has not been measured: choose the stored run in the panel.")
        _judge_two(order, answer[order], found)
        share = sum(saving.share for saving in found if saving.fix.removed in answer[order])
        said.append(f"{order}: {' and '.join(sorted(answer[order]))}, {share:.0%} of all")
    return right(
        "; ".join(said) + ". One cause, two figures: what a fix saves depends on what is left."
    )


def _judge_two(order: str, chosen: Any, found: Sequence[Saving]) -> None:
    """Refuse what are not the two largest savings, as far as the intervals tell."""
    known = {saving.fix.removed: saving.nanoseconds for saving in found}
    names = ", ".join(map(repr, known))
    if not isinstance(chosen, set | frozenset | list | tuple) or len(set(chosen)) != 2:
        raise Refused(f"{order}: name two fixes, in a set. There are {names}.")
    if strangers := [fix for fix in chosen if fix not in known]:
        raise Refused(
            f"{order}: there is no fix {strangers[0]!r} in this order. There are {names}."
        )
    for fix in sorted(chosen, key=lambda it: known[it].value):
        # Where intervals overlap, neither is larger for certain.
        if any(it.low > known[fix].high for other, it in known.items() if other not in chosen):
            raise Refused(
                f"{order}: {fix!r} saves {known[fix]:z,.0f} ns, and there is a fix that you "
                "have not named that saves more, by the whole of its interval. Look at the "
                "longest bars of this order, not of the other."
            )


ENOUGH = 2
"""Claims that a verdict makes at least."""
ROUNDING = 0.006
"""A claim gives two decimals, rounded either way."""
WIDEST = 3.0
"""A claimed interval so many times as wide as the measured one says too little."""


@dataclass(frozen=True)
class Claim:
    """One program clears so many times as fast as another.

    Examples
    --------
    >>> print(Claim(faster="rust", than="numba", offers=200, low=2.05, high=2.14))
    rust is 2.05 to 2.14 times as fast as numba at N = 200, one market a call
    """

    faster: str
    than: str
    offers: int
    """Of each market."""
    low: float
    high: float
    """Ends of the interval of the ratio; `low` is above 1."""
    batch: bool = False
    """Whether a call clears many markets."""
    inputs: str | None = None
    """The distribution of inputs, such as ``"repeated"``; by default distinct random markets."""

    def __str__(self) -> str:
        call = "in batches" if self.batch else "one market a call"
        return (
            f"{self.faster} is {self.low:.2f} to {self.high:.2f} times as fast as {self.than} at "
            f"N = {self.offers:,}, {call}" + (f", inputs: {self.inputs}" if self.inputs else "")
        )


@dataclass(frozen=True)
class Recommendation:
    """A verdict: claims, and a reason for each language."""

    claims: Sequence[Claim] = ()
    numba_when: str = ""
    """When you would choose numba, or why never."""
    rust_when: str = ""
    """When you would choose Rust, or why never."""


@graded
def check_verdict(verdict: Any, own: Sequence[Evidence]) -> CheckResult:
    """Compare the claims of a `Recommendation` with a learner's own races and the stored ones."""
    if not isinstance(verdict, Recommendation):
        return hint("give a Recommendation(claims=[…], numba_when=…, rust_when=…).")
    claims = list(verdict.claims)
    if not all(isinstance(claim, Claim) for claim in claims):
        return hint("every claim is a Claim(faster=…, than=…, offers=…, low=…, high=…).")
    if len({(claim.faster, claim.than, claim.offers, claim.batch) for claim in claims}) < ENOUGH:
        return hint(f"{ENOUGH} different claims are wanted: other candidates, or another size.")
    said = borne_out(claims, own)
    for language, reason in (("numba", verdict.numba_when), ("Rust", verdict.rust_when)):
        if not (isinstance(reason, str) and reason.strip()):
            return hint(f"say when you would choose {language}, or why never.")
    return right(
        f"{len(claims)} claims, and the data bear out each: {'; '.join(said)}. "
        "A reader can repeat them; whether the reader agrees with your choice is open."
    )


def borne_out(claims: Sequence[Claim], own: Sequence[Evidence]) -> list[str]:
    """Return each claim with the machine whose race bears it out, or refuse it."""
    evidence = citable(own)
    return [f"{claim} ({_judge(claim, evidence).where})" for claim in claims]


def _judge(claim: Claim, evidence: Sequence[Evidence]) -> Evidence:
    """Find the race that bears out a claim, or refuse it."""
    fitting = [it for it in evidence if _fits(it, claim)]
    if not fitting:
        raise Refused(
            f"“{claim}”: these two have not raced so, neither here nor in the stored run. Cite "
            "another race, or measure it in a panel above. Many markets a call are batch=True; "
            'one market, repeated, is inputs="repeated".'
        )
    for it in fitting:
        ratio = it.race.speedup(claim.faster, claim.than)
        # Not narrower than what was measured, and not much wider.
        covers = claim.low <= ratio.low + ROUNDING and claim.high >= ratio.high - ROUNDING
        wide = claim.high - claim.low > WIDEST * (ratio.high - ratio.low) + 4 * ROUNDING
        if covers and not wide:
            verdict = it.race.verdict(claim.faster, claim.than)
            if verdict == "indistinguishable":
                raise Refused(
                    f"“{claim}”: by the interval and the A/A pair the two are indistinguishable."
                )
            if verdict == "slower":
                raise Refused(f"“{claim}”: by this interval {claim.faster} is the slower one.")
            return it
    measured = fitting[0].race.speedup(claim.faster, claim.than)
    if claim.low > 1 > measured.high:
        raise Refused(f"“{claim}” is upside down: {claim.faster} is {measured} times as fast.")
    raise Refused(
        f"“{claim}” is not in the data. Its interval has to cover the measured one, and to be at "
        f"most {WIDEST:g} times as wide. Measured: {measured} ({fitting[0]})."
    )


def _fits(it: Evidence, claim: Claim) -> bool:
    """Whether a race compares the two candidates of a claim under its conditions."""
    same = it.race.size == claim.offers and (it.markets > 1) == bool(claim.batch)
    inputs = claim.inputs or ("own bids" if claim.batch else "random")
    return same and it.distribution == inputs and {claim.faster, claim.than} <= {*it.race.rounds}


def ratio(
    faster: str, than: str, offers: int, own: Sequence[Evidence] = (), **conditions: Any
) -> Ratio:
    """Look up how many times as fast one candidate is as another, in one's own races first.

    Conditions are `batch` and `inputs`, as of a `Claim`.
    """
    evidence = citable(own)
    wanted = Claim(faster, than, offers, 1.0, 1.0, **conditions)
    for it in evidence:
        if _fits(it, wanted):
            return it.race.speedup(faster, than)
    sizes = sorted({it.race.size for it in evidence if {faster, than} <= {*it.race.rounds}})
    known = f"they have at {', '.join(map(str, sizes))}" if sizes else "nor at another size"
    how = "in batches" if wanted.batch else "market by market"
    raise LookupError(f"{faster} and {than} have not raced {how} at N = {offers}; {known}")


@graded
def check_fastest(function: Callable[..., Any]) -> CheckResult:
    """Verify a function, race it, and say where it stands between numba-sort and one pass."""
    exercise.require_right(function)
    name = exercise.keep(function)
    found = race("numba-sort", name, "numba", "rust", offers=LADDER_SIZE, show_progress=False)
    medians = {it: found.quartiles(it)[1] for it in (*found.candidates, ONE_PASS)}
    order = sorted(medians, key=lambda it: medians[it])
    listed = ", ".join(f"{it} {medians[it]:,.0f} ns" for it in order)
    ratio = found.speedup(name, "numba-sort")
    if found.verdict(name, "numba-sort") != "faster":
        return hint(
            f"your function is right, and {ratio} times as fast as numba-sort: not yet faster. "
            f"Fastest first: {listed}."
        )
    return right(f"{name} is {ratio} times as fast as numba-sort. Fastest first: {listed}.")
