"""A description of a benchmark that contains flaws, for the exercise of notebook 03."""

from __future__ import annotations

import html
from typing import Any, NamedTuple


class Line(NamedTuple):
    """A line of a benchmark's description."""

    text: str
    lie: str | None
    """What hints at the lie in it; None where there is none."""
    why: str
    """Why it is one, or why it is not."""


REPORT = {
    "A": Line(
        "We drew one market of 200 offers, with a fixed seed, and cleared it in every call.",
        "what does the processor remember from the call before?",
        "one input, repeated, lets the branch predictor learn the sort",
    ),
    "B": Line(
        "Both functions got the same NumPy arrays, made before the clock started.",
        None,
        "same arguments for both, and making them is not what is timed",
    ),
    "C": Line(
        "The numba figure is the mean of the first 1,000 calls in a new process.",
        "what happens in a first call?",
        "the first call compiles, and a mean never forgets it",
    ),
    "D": Line(
        "Garbage collection was off while the clock ran.",
        None,
        "this removes a disturbance that has nothing to do with either function",
    ),
    "E": Line(
        "We ran all samples of numba first, then built the extension and ran all those of Rust.",
        "was the machine the same from beginning to end?",
        "what the machine did meanwhile hits one of them only: take turns, in shuffled order",
    ),
    "F": Line(
        "The Rust extension was built with “maturin develop”, without further options.",
        "which profile does that command build?",
        "that is a debug build, unoptimised; “--release” is missing",
    ),
    "G": Line(
        "The Rust figure is the minimum of three samples.",
        "how many samples, and which statistic, for the one and for the other?",
        "three samples say nothing of the spread, and their minimum is the luckiest of them",
    ),
    "H": Line(
        "A sample was as many calls as took 10 ms or more.",
        None,
        "the clock's own cost and resolution vanish in a sample of that length",
    ),
    "I": Line(
        "Rust returns the price alone; numba returns the price and the dispatch.",
        "do both do the same work?",
        "they answer different questions, and one of them leaves out an array",
    ),
    "J": Line(
        "Processor, operating system and all versions are in the appendix.",
        None,
        "without them the run cannot be repeated",
    ),
    "K": Line(
        "We did not time an empty call: calling a function costs nothing worth mentioning.",
        "what can no function be faster than?",
        "without a baseline a reader cannot tell how much of a small figure is the call itself",
    ),
    "L": Line(
        "numba takes 1.03 times as long as Rust, so Rust is faster.",
        "how far does a function stray from itself?",
        "without an A/A pair or an interval, 1.03 may be nothing",
    ),
}
"""A benchmark's description, line by line; for the exercise."""


class Report:
    """The lines of `REPORT`, as a table, without the answers."""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        rows = "".join(
            f'<tr><th scope="row">{letter}</th>'
            f'<td style="text-align:left">{html.escape(line.text)}</td></tr>'
            for letter, line in REPORT.items()
        )
        return {
            "text/plain": "\n".join(f"{letter}  {line.text}" for letter, line in REPORT.items()),
            "text/html": f'<table style="font-size:105%"><tbody>{rows}</tbody></table>',
        }
