"""The checks of notebook 10: the causes, and a verdict that cites its intervals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from market_py.benchmark.report.waterfall import Saving
from market_py.benchmark.timing import Race, Ratio
from market_py.registry import BACKENDS, VARIANTS
from market_py.workshop.grading.check import NOT_DONE, Verdict, hint, right
from market_py.workshop.grading.evidence import REPEATED, Evidence, citable
from market_py.workshop.lessons.n10_verdict.panel import WaterfallPanel

TWO_WAYS = ("Rust, forward", "Rust, reversed")


def check_two_fixes(answer: Any, panel: WaterfallPanel) -> Verdict:
    """Check which two fixes are said to save most, forward and reversed, in the race shown."""
    if answer is None or (isinstance(answer, dict) and not any(answer.values())):
        return NOT_DONE
    if not isinstance(answer, dict) or set(answer) != set(TWO_WAYS):
        keys = " and ".join(repr(key) for key in TWO_WAYS)
        return hint(f"give a dictionary with two keys, {keys}; each value is a set of two fixes.")
    said = []
    for order in TWO_WAYS:
        found = panel.savings(order)
        if not found:
            return hint(f"{order} has not been measured: choose the stored run in the panel.")
        verdict = _judge_two(order, answer[order], found)
        if verdict is not None:
            return verdict
        share = sum(saving.share for saving in found if saving.fix.removed in answer[order])
        said.append(f"{order}: {' and '.join(sorted(answer[order]))}, {share:.0%} of all")
    return right(
        "; ".join(said) + ". One cause, two figures: what a fix saves depends on what is left."
    )


def _judge_two(order: str, chosen: Any, found: Sequence[Saving]) -> Verdict | None:
    """Refuse what are not the two largest savings, as far as the intervals tell."""
    known = {saving.fix.removed: saving.nanoseconds for saving in found}
    names = ", ".join(map(repr, known))
    if not isinstance(chosen, set | frozenset | list | tuple) or len(set(chosen)) != 2:
        return hint(f"{order}: name two fixes, in a set. There are {names}.")
    if strangers := [fix for fix in chosen if fix not in known]:
        return hint(f"{order}: there is no fix {strangers[0]!r} in this order. There are {names}.")
    for fix in chosen:
        for other, saved in known.items():
            # Where intervals overlap, neither is larger for certain.
            if other not in chosen and saved.low > known[fix].high:
                return hint(
                    f"{order}: {fix!r} saves {known[fix]:z,.0f} ns, and there is a fix that you "
                    "have not named that saves more, by the whole of its interval. Look at the "
                    "longest bars of this order, not of the other."
                )
    return None


NUMBER = r"-?\d[\d,]*(?:\.\d+)?"
CITATION = re.compile(rf"({NUMBER})\s*\[\s*({NUMBER})\s*(?:,\s|;|to|–)\s*({NUMBER})\s*\]")
WORDS = "two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|fifty|hundred|thousand"
BARE = re.compile(
    rf"({NUMBER})\s*(?:times|×|x\b|-fold)"
    rf"|\b(?:twice|thrice|(?:{WORDS})(?:\s+times|-?fold)|half)\s+(?:as|faster|slower|longer)\b",
    re.IGNORECASE,
)
SLOWER = re.compile(r"slow|times as long|times longer|of the time", re.IGNORECASE)
OFFERS = re.compile(r"N\s*=\s*(\d[\d,]*)|(\d[\d,]*)\s+offers", re.IGNORECASE)
CANDIDATES = sorted((*VARIANTS, *BACKENDS), key=len, reverse=True)
NAMED = re.compile(
    rf"(?<![\w-])({'|'.join(CANDIDATES)})(?:,\s*(\d+) threads)?(?![\w-])", re.IGNORECASE
)
CHOICES = r"choose|keep|take|use|prefer|pick|worth|pays?|write|case|suffices?|recommend|stay"
REASONS = r"if|when|where|while|because|since|unless|for|as long as|until"
LANGUAGES = {"numba": r"numba|python", "Rust": r"rust"}
ENOUGH = 2
"""Ratios that a verdict cites at least."""


@dataclass(frozen=True)
class Citation:
    """A ratio that a sentence cites."""

    words: str
    sentence: str
    numbers: tuple[str, str, str]
    """Value and ends of the interval, as written."""
    names: tuple[str, ...]
    """Candidates in the sentence, in order."""
    offers: int | None

    @property
    def fewer(self) -> bool:
        """Whether the sentence says that the first candidate is the slower one."""
        return bool(SLOWER.search(self.sentence))

    def agrees(self, found: Ratio) -> bool:
        """Whether a ratio, rounded as here, is the one that is cited."""
        pairs = zip(self.numbers, (found.value, found.low, found.high), strict=True)
        return all(_rounds_to(number, written) for written, number in pairs)


def _rounds_to(number: float, written: str) -> bool:
    decimals = len(written.partition(".")[2])
    # Halves may be rounded either way.
    return abs(number - float(written.replace(",", ""))) <= 0.501 * 10.0**-decimals


def sentences(paragraph: str) -> list[str]:
    """Take a paragraph apart; a decimal point ends no sentence."""
    parts = re.split(r"(?<=[.!?;])\s+", " ".join(paragraph.split()))
    return [part for part in parts if part]


def citations(paragraph: str) -> list[Citation]:
    """Every ratio with an interval in a paragraph."""
    found = []
    for sentence in sentences(paragraph):
        names = tuple(dict.fromkeys(_name(match) for match in NAMED.finditer(sentence)))
        about = OFFERS.search(sentence)
        offers = int((about[1] or about[2]).replace(",", "")) if about else None
        for match in CITATION.finditer(sentence):
            numbers = match[1], match[2], match[3]
            found.append(Citation(match[0], sentence, numbers, names, offers))
    return found


def _name(match: re.Match[str]) -> str:
    name = match[1].lower()
    return name if match[2] in (None, "1") else f"{name}, {match[2]} threads"


def check_verdict(paragraph: Any, own: Sequence[Evidence]) -> Verdict:
    """Check a verdict against the intervals that it cites, a learner's own or the stored ones."""
    if paragraph is None:
        return NOT_DONE
    if not isinstance(paragraph, str):
        return hint('write a text, between """ and """.')
    cited = citations(paragraph)
    if len(cited) < ENOUGH:
        return hint(
            f"{ENOUGH} ratios with their intervals are wanted; {len(cited)} found. Write them as "
            'in "rust is 2.10 [2.05, 2.14] times as fast as numba at N = 200"; '
            "ratio(…) in the cell above looks them up."
        )
    evidence = list(citable(list(own)))
    used: list[Evidence] = []
    for citation in cited:
        found = _find(citation, evidence)
        if isinstance(found, Verdict):
            return found
        used.append(found)
    compared = {(id(it), frozenset(one.names)) for one, it in zip(cited, used, strict=True)}
    if len(compared) < ENOUGH:
        return hint(
            f"{ENOUGH} ratios are wanted, and yours are the same two candidates in the same race. "
            "Add one of other candidates, another size, or other inputs."
        )
    return (
        _judge_bare(paragraph)
        or _judge_machine(paragraph, used)
        or _judge_fairness(paragraph)
        or right(
            f"{len(cited)} intervals, and each is in the data: "
            + "; ".join(
                f"{citation.words} ({it})" for citation, it in zip(cited, used, strict=True)
            )
            + ". Whether your reader agrees is another question; they can look it up."
        )
    )


def _find(citation: Citation, evidence: Sequence[Evidence]) -> Evidence | Verdict:
    """Find the race in which a cited ratio was measured, or say why there is none."""
    where = f"“{citation.sentence}”"
    if len(citation.names) != 2:
        return hint(
            f"{where} names {len(citation.names)} candidates; two are wanted: who is compared "
            "with whom? Their names are those of the panels, such as rust, numba or rust-naive. "
            "One comparison a sentence."
        )
    if citation.offers is None:
        return hint(f"{where} does not say for how many offers: add N = 200, or whatever it was.")
    # Who is slower stands first, who is faster is divided by.
    name, over = citation.names[::-1] if citation.fewer else citation.names
    batch = "batch" in citation.sentence.lower()
    fitting = [
        it
        for it in evidence
        if it.race.size == citation.offers and (it.markets > 1) == batch and it.ratio(name, over)
    ]
    if not fitting:
        return hint(
            f"{where}: {name} and {over} have not raced "
            f"{'in batches' if batch else 'market by market'} at N = {citation.offers:,}, neither "
            "here nor in the stored run. Cite another, or measure it in a panel above. A ratio "
            "from many markets a call wants the word batch in its sentence."
        )
    for it in fitting:
        found = it.ratio(name, over)
        if found is not None and citation.agrees(found):
            return _judge_words(citation, it, it.race, name, over) or it
    first = fitting[0]
    if any(citation.agrees(upside) for it in fitting if (upside := it.ratio(over, name))):
        return hint(
            f"{where}: this is upside down. {first.ratio(name, over)} is how many times as fast "
            f"{name} is as {over}; the first name is the subject, unless the sentence says slower "
            "or times as long."
        )
    return hint(
        f"{where}: {citation.words} is not in the data. How many times as fast {name} is as "
        f"{over}: {first.ratio(name, over)} ({first})."
    )


def _judge_words(
    citation: Citation, it: Evidence, race: Race, name: str, over: str
) -> Verdict | None:
    """Refuse words that say more than the race does."""
    said = citation.sentence.lower()
    if it.distribution == REPEATED and "repeat" not in said:
        return hint(
            f"“{citation.sentence}” is true of one market, repeated. Say so, or cite distinct ones."
        )
    verdict = race.verdict(name, over)
    claims = re.search(r"\b(fast|slow)er\b", said)
    if claims and verdict == "indistinguishable" and "indistinguishable" not in said:
        return hint(
            f"“{citation.sentence}” says {claims[0]}, but by its interval and the A/A pair the two "
            "are indistinguishable."
        )
    if claims and verdict == "slower":
        return hint(f"“{citation.sentence}”: by this interval {name} is slower than {over}.")
    return None


def _judge_bare(paragraph: str) -> Verdict | None:
    """Refuse a ratio without an interval."""
    without = BARE.search(CITATION.sub("", paragraph))
    if without:
        return hint(f"“{without[0]}” has no interval. Add it, or leave the number out.")
    return None


def _judge_machine(paragraph: str, used: Sequence[Evidence]) -> Verdict | None:
    """Ask on which machine it was measured."""
    for it in used:
        # A distinctive part of the processor's name will do.
        words = [word for word in re.findall(r"\w{3,}", it.where.split(",")[0]) if word != "CPU"]
        if words and not any(re.search(rf"\b{word}\b", paragraph, re.IGNORECASE) for word in words):
            return hint(
                f"on which machine? A ratio that you cite was measured on: {it.where}. Another "
                "machine may say otherwise, so name it."
            )
    return None


def _judge_fairness(paragraph: str) -> Verdict | None:
    """Ask for a case for each language, in a sentence of its own."""
    cases: dict[str, list[str]] = {
        language: [
            sentence
            for sentence in sentences(paragraph)
            if all(
                re.search(rf"\b({words})\b", sentence, re.IGNORECASE)
                for words in (names, CHOICES, REASONS)
            )
        ]
        for language, names in LANGUAGES.items()
    }
    for language, found in cases.items():
        others = [it for other, its in cases.items() if other != language for it in its]
        if not found or (set(found) <= set(others) and len(set(others)) == 1):
            return hint(
                f"{language} has no sentence of its own that says when it is the one to choose, "
                f"or why never. Such as: “I would choose {language} when …”, or “There is no case "
                f"for {language}, because …”."
            )
    return None


def ratio(
    name: str,
    over: str,
    offers: int,
    own: Sequence[Evidence] = (),
    *,
    batch: bool = False,
    distribution: str | None = None,
) -> str:
    """Look up how many times as fast one candidate is as another, and where that was measured.

    Parameters
    ----------
    name, over : str
        Candidates.
    offers : int
        Of each market.
    own : sequence of Evidence
        Is asked first, the stored run next.
    batch : bool
        Many markets a call.
    distribution : str, optional
        Of the inputs; by default the first that there is, distinct random markets before others.
    """
    raced: dict[int, Ratio] = {}
    for it in citable(list(own)):
        found = it.ratio(name.lower(), over.lower())
        if found and (it.markets > 1) == batch and distribution in (None, it.distribution):
            raced.setdefault(it.race.size, found)
    if offers in raced:
        return str(raced[offers])
    how = "in batches" if batch else "market by market"
    sizes = f"they have at {', '.join(map(str, sorted(raced)))}" if raced else "nor at another size"
    raise LookupError(f"{name} and {over} have not raced {how} at N = {offers}; {sizes}")
