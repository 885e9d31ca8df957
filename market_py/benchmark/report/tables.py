"""What a run found, as tables and sentences for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from rich.console import RenderableType
from rich.table import Table

from market_py.benchmark import timing
from market_py.benchmark.confirm import REFERENCE
from market_py.benchmark.report.waterfall import waterfalls
from market_py.benchmark.results import KINDS, Kind, Results
from market_py.benchmark.settings import LADDER_SIZE, PUBLISHED
from market_py.benchmark.timing import Ratio, ratio_of_medians
from market_py.registry import VARIANTS
from market_py.reliability import adequacy
from market_py.variants.published import POINTS

TITLES: dict[Kind, str] = {
    "single": "One market per call, distinct inputs",
    "repeated": "Inputs that a branch predictor can learn, beside distinct ones",
    "ladder": "Every variant of the ladder",
    "distributions": "Easy, hard, degenerate and real inputs",
    "batch": "Many markets per call",
    "steps": "Steps of the learning environment, many markets together",
    "one step": "Steps of the learning environment, one market",
    "replay": "Replay buffers",
    "policy": "Policy inference",
}
COMPARED = ("numba-sort", "rust-naive", "numba", "rust")
COMPARED_SIZES = (5, 10, 20, 50, 100, 200)
PAIRS = (("numba-sort", "rust-naive"), ("numba-sort", "rust"))
"""Speed-ups of the published comparison: the second over the first."""


def report(results: Results) -> Iterator[RenderableType]:
    """Everything there is to say about a run."""
    for kind in KINDS:
        if chosen := list(results.of_kind(kind)):
            races = [timed.race for timed in chosen]
            labels = [timed.distribution for timed in chosen]
            distinct = None if set(labels) == {"random"} else labels
            yield timed(races, TITLES[kind], distinct, chosen[0].markets)
    yield from waterfall(results)
    if results.operation_counts:
        yield operation_counts(results)
    if any(over_random(results)):
        yield adversarial(results)
    if any(results.of_kind("replay")) or any(results.of_kind("policy")):
        yield learned(results)
    if results.studied:
        yield studied(results)
    if results.timed:
        yield first_calls(results)
    if any(results.of_kind("single")):
        yield comparison_as_published(results)
    if results.timed:
        yield resolution(results)
        yield correctness(results)
    if results.confirmed:
        yield confirmed(results)


def comparison_as_published(results: Results) -> Table:
    """Table of means and medians in the shape of the published one."""
    table = Table(
        title="The published comparison, repeated here",
        caption="Mean and median, µs per call; speed-up: median ratio within rounds. "
        "Published: the speed-up of Rust over numba in the publication.",
    )
    speedups_of = (f"{name} over {over}" for over, name in PAIRS)
    for heading in ("offers", *COMPARED, *speedups_of, "published"):
        table.add_column(heading)
    published = {point.offers: f"{point.speedup:.2f}" for point in POINTS}
    speedups: dict[tuple[str, str], list[float]] = {pair: [] for pair in PAIRS}
    for offers in COMPARED_SIZES:
        race = results.find("single", "random", offers)
        if race is None:
            continue
        row = [f"{offers}"]
        for name in COMPARED:
            rounds = race.rounds.get(name)
            row.append(
                ""
                if rounds is None
                else f"{rounds.mean() / 1e3:.2f}, {np.median(rounds) / 1e3:.2f}"
            )
        for over, name in PAIRS:
            if {over, name} <= set(race.rounds):
                ratio = race.speedup(name, over=over).value
                speedups[over, name].append(ratio)
                row.append(f"{ratio:.2f}")
            else:
                row.append("")
        table.add_row(*row, published[offers])
    table.add_section()
    means = (f"{np.mean(found):.2f}" if found else "" for found in speedups.values())
    table.add_row("average", *[""] * len(COMPARED), *means, "")
    return table


def headline(results: Results) -> str:
    """Say what came out, in a few lines of Markdown."""
    numba, rust = PUBLISHED
    point, many = POINTS[-1], 10_000
    race = results.find("single", "random", point.offers)
    large = results.find("single", "random", many)
    if race is None or large is None:
        return "Not measured."
    return (
        "A published experiment advised to keep numba. Repeated here, with "
        f"{point.offers} offers, one market per call [95 % interval]:\n\n"
        f"- Published algorithm: Rust is **{race.speedup(rust, over=numba)}** times as fast as "
        f"numba (published: {point.speedup:.2f}).\n"
        f"- Without sorting: Rust is {race.speedup('rust', over=numba)}, numba "
        f"{race.speedup('numba', over=numba)} times as fast as numba before.\n"
        f"- Both without sorting: Rust is **{race.speedup('rust', over='numba')}** times as fast "
        f"as numba; with {many:,} offers {large.speedup('rust', over='numba')} times."
    )


def machine(results: Results) -> str:
    """Say what the run was timed on."""
    it = results.machine
    packages = ", ".join(f"{name} {number}" for name, number in it["packages"].items() if number)
    built = it["extension"] or {"build": "none", "profile": "none"}
    return (
        f"{results.time[:10]}, {it['cpu']}, {it['cores']} cores, {it['architecture']}, "
        f"{' '.join(it['cpu_features'])}; {it['system']}, {it['python']}, {packages}, "
        f"{it['rustc']}, extension build {built['build']} ({built['profile']})."
    )


def speedups(results: Results) -> Table:
    """Table of the ratios to the published numba function, one market per call."""
    table = Table(
        caption=f"µs per call of {REFERENCE} (median), and how many times faster the others are: "
        "median ratio within rounds and its 95 % interval. Distinct random inputs.",
    )
    names = tuple(name for name in COMPARED if name != REFERENCE)
    for heading in ("offers", f"{REFERENCE}, µs", *names, "rust over numba"):
        table.add_column(heading)
    for timed in results.of_kind("single"):
        race = timed.race
        if REFERENCE not in race.rounds:
            continue
        ratios = (
            str(race.speedup(name, over=REFERENCE)) if name in race.rounds else "" for name in names
        )
        median = race.quartiles(REFERENCE)[1] / 1e3
        both = {"numba", "rust"} <= set(race.rounds)
        alternatives = str(race.speedup("rust", over="numba")) if both else ""
        table.add_row(f"{race.size:,}", f"{median:,.2f}", *ratios, alternatives)
    return table


RESULT_ARRAYS = ("numba-filled", "numba-out", "rust-unchecked", "rust-filled", "rust-out")
"""Rungs that differ in who makes the array of the result, and how often."""


def kept_array(results: Results) -> Table:
    """Table of what it takes to make the array of the result, to fill it, or to keep it."""
    table = Table(
        caption="ns per call: median, and its difference to the first variant of its language; a "
        f"95 % interval. N = {LADDER_SIZE}, distinct markets."
    )
    for heading in ("variant", "what it does", "ns", "difference"):
        table.add_column(heading)
    race = results.find("ladder", "random", LADDER_SIZE)
    first: dict[str, str] = {}
    for name in RESULT_ARRAYS:
        if race is not None and name in race.rounds:
            variant = VARIANTS[name]
            over = first.setdefault(variant.language, name)
            found = "" if over == name else _nanoseconds(race.difference(name, over))
            table.add_row(name, variant.summary, f"{race.quartiles(name)[1]:,.0f}", found)
    return table


LEARNABLE = {
    "repeated": "repeated",
    "same order": "same order",
    "random": "distinct",
}
"""Distributions of inputs, by how much of a sort they let the branch predictor learn."""


def predictor(results: Results) -> Table:
    """Table of what the branch predictor remembers, and what memory has to do with it."""
    table = Table(
        caption="Median, µs per call: one market repeated; markets with other prices in the same "
        "order, whose comparisons end alike but which lie elsewhere in memory; and distinct ones. "
        "The last columns are the ratios that experiments with such inputs find."
    )
    numba, rust = PUBLISHED
    headings = [f"{name}, {how}" for name in PUBLISHED for how in LEARNABLE.values()]
    ratios = [f"{numba} / {rust}, {how}" for how in LEARNABLE.values()]
    for heading in ("offers", *headings, *ratios):
        table.add_column(heading)
    for offers in COMPARED_SIZES:
        found = [results.find("repeated", distribution, offers) for distribution in LEARNABLE]
        races = [race for race in found if race is not None and set(PUBLISHED) <= set(race.rounds)]
        if len(races) < len(LEARNABLE):
            continue
        times = [race.quartiles(name)[1] / 1e3 for name in PUBLISHED for race in races]
        speedups = [str(race.speedup(rust, over=numba)) for race in races]
        table.add_row(f"{offers}", *(f"{time:.2f}" for time in times), *speedups)
    return table


def waterfall(results: Results) -> Iterator[Table]:
    """Tables of what each fix saves at the size of the ladder, order by order."""
    for distribution, order, found in waterfalls(results):
        inputs = "distinct markets" if distribution == "random" else "one market repeated"
        table = Table(
            title=f"{order.name}, N = {LADDER_SIZE}, {inputs}",
            caption="Median of the differences within rounds, ns per call, and its 95 % interval; "
            "the share of what the whole order saves. Negative: it cost.",
        )
        for heading in ("removed", "from", "to", "ns saved", "share"):
            table.add_column(heading)
        for fix, saved, share in found:
            table.add_row(*fix, _nanoseconds(saved), f"{share:.0%}")
        yield table


def _nanoseconds(found: Ratio) -> str:
    return f"{found.value:,.0f} [{found.low:,.0f}, {found.high:,.0f}]"


def operation_counts(results: Results) -> Table:
    """Table of what each variant does, counted."""
    table = Table(
        title=f"Operations per market, N = {LADDER_SIZE}",
        caption="Means over 256 random markets, counted in builds and processes of their own. "
        "numba's allocations include a header for each array argument and result.",
    )
    for heading in ("variant", "allocations", "comparisons by a sort", "passes over the offers"):
        table.add_column(heading)
    for variant in results.operation_counts:
        counts = (variant.allocations, variant.comparisons, variant.passes)
        table.add_row(variant.variant, *("" if it is None else f"{it:,.1f}" for it in counts))
    return table


def batch(results: Results) -> Table:
    """Table of batches: ns per market, and ratios."""
    table = Table(
        caption="Median, ns per market; median ratio within rounds to the published numba "
        "function, looped in one compiled call, and its 95 % interval."
    )
    for heading in ("batch", "candidate", "ns per market", "times faster"):
        table.add_column(heading)
    for timed in results.of_kind("batch"):
        race = timed.race
        for name in (*race.candidates, *race.baselines):
            median = race.quartiles(name)[1] / timed.markets
            compared = name not in race.baselines and REFERENCE in race.rounds
            ratio = str(race.speedup(name, over=REFERENCE)) if compared else ""
            label = f"{timed.markets:,} markets of {race.size}, {timed.distribution}"
            table.add_row(label, name, f"{median:,.1f}", ratio)
    return table


def adversarial(results: Results) -> Table:
    """Table of times over that of random inputs of the same size."""
    table = Table(
        title="Time over that of random inputs of the same size",
        caption="Ratio of medians of two races (unpaired) and its 95 % interval.",
    )
    names: dict[str, None] = {}
    rows: dict[tuple[str, int], dict[str, str]] = {}
    for distribution, offers, name, ratio in over_random(results):
        names[name] = None
        rows.setdefault((distribution, offers), {})[name] = str(ratio)
    for heading in ("distribution", "offers", *names):
        table.add_column(heading)
    for (distribution, offers), cells in rows.items():
        table.add_row(distribution, f"{offers:,}", *(cells.get(name, "") for name in names))
    return table


def stepped(results: Results) -> Table:
    """Table of the steps of the learning environment."""
    table = Table(
        title="Steps of the learning environment",
        caption="Median, ns per market and step; median ratio within rounds to the frozen step, "
        "and its 95 % interval.",
    )
    for heading in ("markets", "agents", "threads", "candidate", "ns", "times faster"):
        table.add_column(heading)
    for timed in (*results.of_kind("steps"), *results.of_kind("one step")):
        race = timed.race
        first = race.candidates[0]
        for name in race.candidates:
            table.add_row(
                f"{timed.markets:,}",
                f"{race.size}",
                f"{timed.threads[0]}",
                name,
                f"{np.median(race.rounds[name]) / timed.markets:,.0f}",
                "" if name == first else str(race.speedup(name, first)),
            )
        table.add_section()
    return table


def learned(results: Results) -> Table:
    """Table of replay buffers and policies beside what users have instead."""
    table = Table(
        title="Replay buffers and policy inference",
        caption="Median, µs per call; median ratio within rounds to the first candidate, and its "
        "95 % interval.",
    )
    for heading in ("call", "rows", "candidate", "µs", "times faster"):
        table.add_column(heading)
    for timed in (*results.of_kind("replay"), *results.of_kind("policy")):
        race = timed.race
        first = race.candidates[0]
        for name in race.candidates:
            table.add_row(
                timed.distribution
                if timed.kind == "replay"
                else f"{timed.kind}, {timed.distribution}",
                f"{race.size:,}",
                name,
                f"{np.median(race.rounds[name]) / 1e3:,.1f}",
                "" if name == first else str(race.speedup(name, first)),
            )
        table.add_section()
    return table


def studied(results: Results) -> Table:
    """Table of the simulations: what they found beside the exact indices, and how fast."""
    exact = adequacy.exact()
    table = Table(
        title="Adequacy of the RTS-79, every hour of every year cleared",
        caption="Mean; in brackets, how many standard errors it is from the exact index.",
    )
    headings = ("years", "backend", "threads", "seed", "loss of load, h/year")
    for heading in (*headings, "unserved energy, MWh/year", "s", "million clearings per s"):
        table.add_column(heading)
    table.add_row(
        "exact", "", "", "", f"{exact.loss_of_load:.3f}", f"{exact.unserved_energy:,.1f}", "", ""
    )
    for study in results.studied:
        found = zip((study.loss_of_load, study.unserved_energy), exact, strict=True)
        indices = [
            f"{mean:,.{digits}f} [{(mean - index) / error:+.2f}]"
            for digits, ((mean, error), index) in zip((3, 1), found, strict=True)
        ]
        table.add_row(
            f"{study.years:,}",
            study.backend,
            str(study.threads),
            str(study.seed),
            *indices,
            f"{study.seconds:.1f}",
            f"{study.clearings_per_second / 1e6:.2f}",
        )
    return table


def first_calls(results: Results) -> Table:
    """Table of the slowest first call of each candidate."""
    table = Table(
        title="First call",
        caption="Compiling, or loading from numba's cache, included; the slowest of all races.",
    )
    table.add_column("candidate")
    table.add_column("ms")
    slowest: dict[str, float] = {}
    for timed in results.timed:
        for name, seconds in timed.race.first_call_seconds.items():
            slowest[name] = max(seconds, slowest.get(name, 0.0))
    for name, seconds in slowest.items():
        table.add_row(name, f"{seconds * 1e3:,.2f}")
    return table


def over_random(results: Results) -> Iterator[tuple[str, int, str, Ratio]]:
    """Distribution, offers, candidate, and time over that of random inputs of the same size."""
    for timed in results.of_kind("distributions"):
        race = timed.race
        random = results.find("distributions", "random", race.size)
        if random is None or timed.distribution == "random":
            continue
        for name in race.candidates:
            if name in random.rounds:
                ratio = ratio_of_medians(race.rounds[name], random.rounds[name])
                yield timed.distribution, race.size, name, ratio


def correctness(results: Results) -> str:
    """Say whether all candidates cleared all markets alike."""
    lines = []
    cleared = 0
    for timed in results.timed:
        markets = timed.race.distinct * timed.markets
        cleared += markets
        for name, count in timed.race.disagreements.items():
            if count:
                where = f"{timed.kind}, {timed.distribution}, N = {timed.race.size:,}"
                lines.append(f"- {where}: {name} on {count:,} of {markets:,} markets")
    verdict = f"Correctness: {cleared:,} markets in {len(results.timed)} races; "
    if not lines:
        return verdict + "all candidates clear all of them alike."
    return (
        verdict + "the backends clear all of them alike. The frozen variants differ where prices "
        "tie or demand is at a step:\n\n" + "\n".join(lines)
    )


def resolution(results: Results) -> str:
    """Say how well the run tells the same function from itself."""
    ratios = [timed.race.resolution() for timed in results.timed]
    straddling = sum(ratio.low <= 1 <= ratio.high for ratio in ratios)
    blurs = [max(ratio.high, 1 / ratio.low) - 1 for ratio in ratios]
    return (
        f"A/A: the interval holds 1 in {straddling} of {len(ratios)} races; "
        f"it reaches {np.median(blurs):.1%} from 1 in the median race, {max(blurs):.1%} at most."
    )


def change(here: Results, other: Results) -> Table:
    """Table of the times of one run over those of another, per race and candidate."""
    table = Table(
        title=f"{here.time} against {other.time}",
        caption="Medians; the other's time over this one's, unpaired, and its 95 % interval.",
    )
    for heading in (
        "",
        "distribution",
        "offers",
        "candidate",
        "µs here",
        "µs there",
        "times faster",
    ):
        table.add_column(heading)
    there = {timed.key: timed.race for timed in other.timed}
    for timed in here.timed:
        before = there.get(timed.key)
        if before is None:
            continue
        for name in timed.race.candidates:
            if name in before.rounds:
                new, old = timed.race.rounds[name], before.rounds[name]
                table.add_row(
                    timed.kind,
                    timed.distribution,
                    f"{timed.race.size:,}",
                    name,
                    f"{np.median(new) / 1e3:.2f}",
                    f"{np.median(old) / 1e3:.2f}",
                    str(ratio_of_medians(old, new)),
                )
        table.add_section()
    return table


def confirmed(results: Results) -> Table:
    """Table of what fresh processes measured, beside the ratios within this one."""
    table = Table(
        title="Confirmed in fresh processes by pyperf",
        caption="Mean and standard deviation over processes; ratio of means. In one process: "
        "median ratio within rounds.",
    )
    headings = ("offers", "candidate", "µs per call", "times faster than numba-sort", "one process")
    for heading in headings:
        table.add_column(heading)
    for line in results.confirmed:
        race = results.find("single", "random", line.offers)
        inside = ""
        if race and {line.name, "numba-sort"} <= set(race.rounds) and line.ratio is not None:
            inside = str(race.speedup(line.name, over="numba-sort"))
        time = f"{line.mean * 1e6:.2f} ± {line.deviation * 1e6:.2f}"
        ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
        table.add_row(f"{line.offers:,}", line.name, time, ratio, inside)
    return table


def timed(
    races: Sequence[timing.Race],
    title: str = "Time per call, distinct inputs",
    distributions: Sequence[str] | None = None,
    markets: int = 1,
) -> Table:
    """Table of medians with quartiles, and of ratios to the first candidate.

    Parameters
    ----------
    races : sequence of Race
        A section of the table each.
    title : str
        Above the table.
    distributions : sequence of str, optional
        What each race cleared, if that is not the same for all.
    markets : int
        Cleared by one call; times are shown for one of them.
    """
    first = races[0].candidates[0]
    table = Table(
        title=title,
        caption="Median and quartiles; median ratio within rounds and its 95 % interval. "
        "The A/A row is the first candidate against itself: it shows what can be told apart.",
    )
    unit = "µs per call" if markets == 1 else "µs per market"
    headings = ["offers", "candidate", unit, f"times faster than {first}", "verdict"]
    for heading in headings if distributions is None else ["distribution", *headings]:
        table.add_column(heading)
    for number, race in enumerate(races):
        label = [] if distributions is None else [distributions[number]]
        for name in (*race.candidates, *race.baselines):
            low, median, high = (value / 1000 / markets for value in race.quartiles(name))
            ratio, said = "", ""
            if name == first:
                ratio = f"{race.resolution()} (A/A)"
            elif name not in timing.BASELINES and first in race.candidates:
                ratio, said = str(race.speedup(name, first)), race.verdict(name, first)
            time = f"{median:.2f} [{low:.2f}, {high:.2f}]"
            table.add_row(*label, f"{race.size:,}", name, time, ratio, said)
        table.add_section()
    return table
