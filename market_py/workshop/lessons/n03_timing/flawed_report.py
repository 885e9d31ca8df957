"""A description of a benchmark that contains flaws, for the exercise of notebook 03."""

from __future__ import annotations

from typing import Any

from market_py.workshop.widgets import static

REPORT = {
    "A": "We drew one market of 200 offers, with a fixed seed, and cleared it in every call.",
    "B": "Both functions got the same NumPy arrays, made before the clock started.",
    "C": "The numba figure is the mean of the first 1,000 calls in a new process.",
    "D": "Garbage collection was off while the clock ran.",
    "E": "We ran all samples of numba first, then built the extension and ran all those of Rust.",
    "F": "The Rust extension was built with “maturin develop”, without further options.",
    "G": "The Rust figure is the minimum of three samples.",
    "H": "A sample was as many calls as took 10 ms or more.",
    "I": "Rust returns the price alone; numba returns the price and the dispatch.",
    "J": "Processor, operating system and all versions are in the appendix.",
    "K": "We did not time an empty call: calling a function costs nothing worth mentioning.",
    "L": "numba takes 1.03 times as long as Rust, so Rust is faster.",
}
"""What the description says, line by line."""
FLAWS = {
    "A": "what does the processor remember from the call before?",
    "C": "what happens in a first call?",
    "E": "was the machine the same from beginning to end?",
    "F": "which profile does that command build?",
    "G": "how many samples, and which statistic, for the one and for the other?",
    "I": "do both do the same work?",
    "K": "what can no function be faster than?",
    "L": "how far does a function stray from itself?",
}
"""What hints at the flaw in a line, where there is one."""
WHY = {
    "A": "one input, repeated, lets the branch predictor learn the sort",
    "B": "same arguments for both, and making them is not what is timed",
    "C": "the first call compiles, and a mean never forgets it",
    "D": "this removes a disturbance that has nothing to do with either function",
    "E": "what the machine did meanwhile hits one of them only: take turns, in shuffled order",
    "F": "that is a debug build, unoptimised; “--release” is missing",
    "G": "three samples say nothing of the spread, and their minimum is the luckiest of them",
    "H": "the clock's own cost and resolution vanish in a sample of that length",
    "I": "they answer different questions, and one of them leaves out an array",
    "J": "without them the run cannot be repeated",
    "K": "without a baseline a reader cannot tell how much of a small figure is the call itself",
    "L": "without an A/A pair or an interval, 1.03 may be nothing",
}
"""Why a line is a flaw, or why it is sound."""


class Report:
    """The lines of `REPORT`, as a table, without the answers."""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        lines = {letter: [text] for letter, text in REPORT.items()}
        return {
            "text/plain": "\n".join(f"{letter}  {text}" for letter, text in REPORT.items()),
            "text/html": static.table(["line", "what it says"], lines),
        }
