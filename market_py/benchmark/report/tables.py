"""Report a run as tables and sentences, for the terminal and for documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from rich.console import RenderableType
from rich.table import Table

from market_py.benchmark.cases.auctions import ARGSORT, HIGHS, ONE_SIDED
from market_py.benchmark.cases.years import CLEARING, HASHES
from market_py.benchmark.report.waterfall import ORDERS, savings
from market_py.benchmark.results import TITLES, RaceResult, Results
from market_py.benchmark.settings import LADDER_SIZE, PUBLISHED, PUBLISHED_BARE
from market_py.benchmark.timing import Race, Ratio, ratio_of_medians
from market_py.registry import VARIANTS
from market_py.reliability import adequacy, rts79
from market_py.variants.published import POINTS

RESULT_ARRAYS = ("numba-filled", "numba-out", "rust-unchecked", "rust-filled", "rust-out")
"""Variants that differ in who makes the result array, and how often."""
LEARNABLE = {"repeated": "repeated", "same order": "same order", "random": "distinct"}
"""Distributions of inputs, by how much of a sort the branch predictor can learn."""
LADDER_INPUTS = {"random": "distinct markets", "repeated": "one market repeated"}
LEARNERS = ("numpy", "torch", "rust")
"""Those with which others are compared that learn by proximal policy optimization."""
NUMBA, RUST = PUBLISHED
PAIRED = "median ratio within rounds and its 95 % interval"
TO_FIRST = "median ratio within rounds to the first candidate, and its 95 % interval."

Cell = str | int | float | Ratio | None
Row = Sequence[Cell]
SECTION: Row = ()
"""Stands for a line between two sections."""


def report(results: Results) -> Iterator[RenderableType]:
    """Yield the tables and sentences about a run, without those that would be empty."""
    for kind, title in TITLES.items():
        if races := list(results.of_kind(kind)):
            yield times(races, title)
    yield from waterfall(results)
    parts = [
        operation_counts,
        adversarial,
        learned,
        trained,
        simulated,
        scaled,
        studied,
        first_calls,
    ]
    tables = (part(results) for part in (*parts, comparison_as_published))
    yield from (table for table in tables if table.row_count)
    if results.races:
        yield resolution(results)
        yield correctness(results)
    if results.confirmed:
        yield confirmed(results)


def _table(headings: str, rows: Iterable[Row], caption: str, title: str | None = None) -> Table:
    """Make a table with headings that are separated by bars; None leaves a cell empty."""
    table = Table(*headings.split(" | "), title=title, caption=caption)
    for row in rows:
        if row:
            table.add_row(*(f"{it:,}" if isinstance(it, int) else str(it or "") for it in row))
        else:
            table.add_section()
    return table


def _speedup(race: Race | None, name: str, over: str) -> Ratio | None:
    """Return how many times faster one candidate is, or None where one was not timed."""
    if race is None or name == over or not {name, over} <= set(race.rounds):
        return None
    return race.speedup(name, over)


def _median(race: Race, name: str, spec: str = ",.2f", unit: float = 1e3) -> str:
    """Format a median, by default in microseconds."""
    return format(race.quartiles(name)[1] / unit, spec)


def _by_candidate(
    races: Iterable[RaceResult], label: Callable[[RaceResult], Row], spec: str, unit: float = 1.0
) -> Iterator[Row]:
    """Yield label, name, median and ratio to the first candidate, of each candidate."""
    for found in races:
        race = found.race.per(found.markets)
        for name in race.candidates:
            ratio = _speedup(race, name, race.candidates[0])
            yield *label(found), name, _median(race, name, spec, unit), ratio
        yield SECTION


def times(races: Sequence[RaceResult], title: str = "Time per call, distinct inputs") -> Table:
    """Make a table of the races of one section: quartiles, and ratios to the first candidate."""
    first = races[0].race.candidates[0]
    labelled = {found.distribution for found in races} != {"random"}
    unit = "µs per call" if races[0].markets == 1 else "µs per market"
    headings = f"offers | candidate | {unit} | times faster than {first} | verdict"

    def rows() -> Iterator[Row]:
        for found in races:
            race = found.race.per(found.markets)
            label = [found.distribution] * labelled
            for name in (*race.candidates, *race.baselines):
                low, median, high = (value / 1e3 for value in race.quartiles(name))
                compared: Row = (None, None)
                if name == first:
                    compared = f"{race.resolution()} (A/A)", None
                elif name in race.candidates and first in race.candidates:
                    compared = race.speedup(name, first), race.verdict(name, first)
                yield *label, race.size, name, Ratio(median, low, high), *compared
            yield SECTION

    return _table(
        "distribution | " * labelled + headings,
        rows(),
        f"Median and quartiles; {PAIRED}. The A/A row compares the first candidate with itself: it "
        "shows what the measurement can resolve.",
        title,
    )


def comparison_as_published(results: Results) -> Table:
    """Make a table of means and medians in the shape of the published one: one market repeated."""
    names = *PUBLISHED, PUBLISHED_BARE
    pairs = (RUST, NUMBA), (PUBLISHED_BARE, NUMBA)
    rows: list[Row] = []
    speedups = []
    for point in POINTS:
        if race := results.find("repeated", "repeated", point.offers):
            speedups.append([_speedup(race, *pair) for pair in pairs])
            times = [
                f"{race.rounds[name].mean() / 1e3:.2f}, {_median(race, name)}"
                if name in race.rounds
                else None
                for name in names
            ]
            ratios = [ratio and f"{ratio.value:.2f}" for ratio in speedups[-1]]
            rows.append((point.offers, *times, *ratios, f"{point.speedup:.2f}"))
    if rows:
        found = [
            [ratio.value for ratio in column if ratio] for column in zip(*speedups, strict=True)
        ]
        means = [f"{np.mean(values):.2f}" if values else None for values in found]
        rows += [SECTION, ("average", *[None] * len(names), *means, None)]
    headings = (*names, *(f"{name} over {over}" for name, over in pairs))
    return _table(
        f"offers | {' | '.join(headings)} | published",
        rows,
        "One market, repeated. Mean and median, µs per call; speed-up: median ratio within rounds. "
        "Published: the speed-up of Rust over numba in the publication.",
        "The published comparison, repeated here",
    )


def headline(results: Results) -> str:
    """Say what came out, in a few lines of Markdown."""
    point, many = POINTS[-1], 10_000
    race = results.find("single", "random", point.offers)
    repeated = results.find("repeated", "repeated", point.offers)
    large = results.find("single", "random", many)
    if race is None or repeated is None or large is None:
        return "Not measured."
    bare, both = race.speedup(PUBLISHED_BARE, over=NUMBA), race.speedup("rust", over="numba")
    return (
        "A [published experiment](rust_market/RUST_PERFORMANCE_STUDY.md) advised to keep numba. "
        f"Repeated here, with {point.offers} offers and one market per call, this is how many "
        "times as fast Rust is as numba (below 1 it is slower) [95 % interval]:\n\n"
        "- As published: one market again and again, and the timed part turns Rust's list into an "
        f"array: **{repeated.speedup(RUST, over=NUMBA)}**; the publication says "
        f"{point.speedup:.2f}.\n"
        f"- The same functions, distinct markets, the list stays a list: **{bare}**.\n"
        f"- Both languages without sorting, which makes numba {race.speedup('numba', over=NUMBA)} "
        f"times as fast as before: **{both}**; with {many:,} offers "
        f"**{large.speedup('rust', over='numba')}**."
    )


def machine(results: Results) -> str:
    """Name the machine and the software of a run."""
    it = results.machine
    packages = ", ".join(f"{name} {number}" for name, number in it["packages"].items() if number)
    built = it["extension"] or {"build": "none", "profile": "none"}
    return (
        f"{results.time[:10]}, {it['cpu']}, {it['cores']} cores, {it['architecture']}, "
        f"{' '.join(it['cpu_features'])}; {it['system']}, {it['python']}, {packages}, "
        f"{it['rustc']}, extension build {built['build']} ({built['profile']})."
    )


def speedups(results: Results) -> Table:
    """Make a table of the ratios to the published numba function, one market per call."""
    races = (found.race for found in results.of_kind("single") if NUMBA in found.race.rounds)
    pairs = (PUBLISHED_BARE, NUMBA), ("numba", NUMBA), ("rust", NUMBA), ("rust", "numba")
    return _table(
        f"offers | {NUMBA}, µs | {PUBLISHED_BARE} | numba | rust | rust over numba",
        ((it.size, _median(it, NUMBA), *(_speedup(it, *pair) for pair in pairs)) for it in races),
        f"µs per call of {NUMBA} (median), and how many times faster the others are: {PAIRED}. "
        "Distinct random inputs.",
    )


def kept_array(results: Results) -> Table:
    """Make a table of what it takes to make, to fill or to reuse the result array."""
    rows: list[Row] = []
    first: dict[str, str] = {}
    race = results.find("ladder", "random", LADDER_SIZE)
    for name in RESULT_ARRAYS:
        if race and name in race.rounds:
            over = first.setdefault(VARIANTS[name].language, name)
            difference = None if over == name else f"{race.difference(name, over):,.0f}"
            rows.append((name, VARIANTS[name].summary, _median(race, name, ",.0f", 1), difference))
    return _table(
        "variant | what it does | ns | difference",
        rows,
        "ns per call: median, and its difference to the first variant of its language; a "
        f"95 % interval. N = {LADDER_SIZE}, distinct markets.",
    )


def predictor(results: Results) -> Table:
    """Make a table of what the branch predictor remembers, and of the effect of memory."""
    rows: list[Row] = []
    for size in (point.offers for point in POINTS):
        found = (results.find("repeated", distribution, size) for distribution in LEARNABLE)
        races = [race for race in found if race and set(PUBLISHED) <= set(race.rounds)]
        if len(races) == len(LEARNABLE):
            medians = [_median(race, NUMBA) for race in races]
            pairs = ((name, NUMBA) for name in (PUBLISHED_BARE, RUST))
            rows.append((size, *medians, *(race.speedup(*it) for it in pairs for race in races)))
    columns = (f"{NUMBA}, µs", f"{PUBLISHED_BARE} over {NUMBA}", f"{RUST} over {NUMBA}")
    headings = [f"{column}, {how}" for column in columns for how in LEARNABLE.values()]
    return _table(
        f"offers | {' | '.join(headings)}",
        rows,
        f"Median of {NUMBA}, µs per call, and how many times as fast the Rust function is, without "
        f"and with the wrapper of the published benchmark ({PAIRED}). Repeated: one market again "
        "and again. Same order: other prices in the same order, so that comparisons have the same "
        "outcomes, but the numbers are elsewhere in memory. Distinct: different markets.",
    )


def waterfall(results: Results) -> Iterator[Table]:
    """Yield tables of what each fix saves at the size of the ladder, one for each order."""
    for distribution, inputs in LADDER_INPUTS.items():
        race = results.find("ladder", distribution, LADDER_SIZE)
        for order in ORDERS:
            if found := savings(race, order):
                yield _table(
                    "removed | from | to | ns saved | share",
                    ((*fix, f"{saved:,.0f}", f"{share:.0%}") for fix, saved, share in found),
                    "Median of the differences within rounds, ns per call, and its 95 % interval; "
                    "the share of what the whole order saves. Negative: it cost.",
                    f"{order.name}, N = {LADDER_SIZE}, {inputs}",
                )


def operation_counts(results: Results) -> Table:
    """Make a table of what each variant does, counted."""
    rows = []
    for it in results.operation_counts:
        counts = it.allocations, it.comparisons, it.passes
        rows.append((it.variant, *(None if n is None else f"{n:,.1f}" for n in counts)))
    return _table(
        "variant | allocations | comparisons by a sort | passes over the offers",
        rows,
        "Means over 256 random markets, counted in builds and processes of their own. "
        "numba's allocations include a header for each array argument and result.",
        f"Operations per market, N = {LADDER_SIZE}",
    )


def batch(results: Results) -> Table:
    """Make a table of the batches that variants clear, too: ns per market, and ratios."""
    rows = []
    for found in results.of_kind("batch"):
        if NUMBA not in found.race.rounds:
            continue
        race = found.race.per(found.markets)
        label = f"{found.markets:,} markets of {race.size}, {found.distribution}"
        for name in (*race.candidates, *race.baselines):
            ratio = _speedup(race, name, NUMBA) if name in race.candidates else None
            rows.append((label, name, _median(race, name, ",.1f", 1), ratio))
    return _table(
        "batch | candidate | ns per market | times faster",
        rows,
        "Median, ns per market; median ratio within rounds to the published numba "
        "function, looped in one compiled call, and its 95 % interval.",
    )


def adversarial(results: Results) -> Table:
    """Make a table of times over those of random inputs of the same size."""
    ratios: dict[tuple[str, int], dict[str, Ratio]] = {}
    for found in results.of_kind("distributions"):
        random = results.find("distributions", "random", found.race.size)
        if random is not None and found.distribution != "random":
            ratios[found.distribution, found.race.size] = {
                name: ratio_of_medians(found.race.rounds[name], random.rounds[name])
                for name in found.race.candidates
                if name in random.rounds
            }
    names = list(dict.fromkeys(name for found in ratios.values() for name in found))
    return _table(
        " | ".join(("distribution", "offers", *names)),
        ((*label, *map(found.get, names)) for label, found in ratios.items()),
        "Ratio of medians of two races (unpaired) and its 95 % interval.",
        "Time over that of random inputs of the same size",
    )


def auctions(results: Results) -> Table:
    """Make a table of auctions beside one-sided clearing of as many orders, and other ways."""
    rows: list[Row] = []
    for found in results.of_kind("auction"):
        race = found.race
        both = [
            (
                _median(race, name) if name in race.rounds else None,
                _speedup(race, ONE_SIDED + name, name),
            )
            for name in ("rust", "numba")
        ]
        others = (_speedup(race, "rust", over) for over in ("numba", ARGSORT, HIGHS))
        rows.append((race.size, *(it for pair in both for it in pair), *others))
    headings = " | ".join(f"{name}, µs | {name}: time over one-sided" for name in ("rust", "numba"))
    overs = " | ".join(f"rust over {name}" for name in ("numba", ARGSORT, HIGHS))
    return _table(
        f"offers, and as many bids | {headings} | {overs}",
        rows,
        f"Median, µs per auction; time over that of `market_clearing` with all orders as offers, "
        f"and how many times as fast Rust is as others: {PAIRED}.",
        "Auctions with orders on both sides",
    )


def auction_day(results: Results) -> Table:
    """Make a table of the auctions of a day in one call."""
    return _table(
        "hours | orders of the longest hour | candidate | ms | times faster",
        (
            (found.markets, found.race.size, *row[1:]) if row else row
            for found in results.of_kind("auction day")
            for row in _by_candidate([found], lambda _: (None,), ",.2f", 1e6 / found.markets)
        ),
        f"Median, ms per call, one thread; {TO_FIRST}",
        "A synthetic day of auctions in one call",
    )


def stepped(results: Results) -> Table:
    """Make a table of the steps of the learning environment."""
    races = results.of_kind("steps", "one step")
    return _table(
        "markets | agents | threads | candidate | ns | times faster",
        _by_candidate(races, lambda it: (it.markets, it.race.size, it.threads[0]), ",.0f"),
        f"Median, ns per market and step; {TO_FIRST}",
        "Steps of the learning environment",
    )


def learned(results: Results) -> Table:
    """Make a table of replay buffers and policies, beside alternatives to them."""

    def label(it: RaceResult) -> Row:
        return "policy, " * (it.kind == "policy") + it.distribution, it.race.size

    return _table(
        "call | rows | candidate | µs | times faster",
        _by_candidate(results.of_kind("replay", "policy"), label, ",.1f", 1e3),
        f"Median, µs per call; {TO_FIRST}",
        "Replay buffers and policy inference",
    )


def simulated(results: Results) -> Table:
    """Make a table of years of outages: ns per market-hour, and ratios."""

    def rows() -> Iterator[Row]:
        for found in results.of_kind("years"):
            race = found.race.per(found.markets)
            for name in (*race.candidates, *race.baselines):
                yield name, _median(race, name, ",.1f", 1), _speedup(race, name, CLEARING + name)

    return _table(
        "candidate | ns per market-hour | over clearing by the same backend",
        rows(),
        f"Median; how many times as fast, {PAIRED}. A market-hour is one hour of one year.",
        "Years of outages of the RTS-79, prices included, one thread",
    )


def scaled(results: Results) -> Table:
    """Make a table of years of outages on several threads and worker processes."""

    def rows() -> Iterator[Row]:
        for found in results.of_kind("scaling"):
            race, years = found.race.per(found.markets), found.markets // rts79.HOURS
            for name in race.candidates:
                one = _speedup(race, name, name.partition(",")[0])
                first = race.candidates[0] if found.distribution == "cluster" else name
                as_many = _speedup(race, name, first)
                if not name.startswith(HASHES):
                    yield years, name, _median(race, name, ",.1f", 1), one, as_many
                elif one is not None:
                    yield None, name, None, one, None
            yield SECTION

    return _table(
        "years | candidate | ns per market-hour | over one thread | over as many threads",
        rows(),
        f"Median; how many times as fast, {PAIRED}. Workers are processes of a Dask cluster. "
        "Threads that compute hashes share nothing: their gain is what the machine gives.",
        "Years of outages of the RTS-79 on threads and on a cluster",
    )


def trained(results: Results) -> Table:
    """Make a table of rollouts and updates of proximal policy optimization."""

    def rows() -> Iterator[Row]:
        for found in results.of_kind("ppo"):
            race = found.race
            for at, name in enumerate(race.candidates):
                earlier = race.candidates[:at]
                ratios = (_speedup(race, name, it) if it in earlier else None for it in LEARNERS)
                speed = f"{race.size / race.quartiles(name)[1] * 1e3:.2f}"
                yield found.distribution, name, _median(race, name, ",.0f", 1e6), speed, *ratios
            yield SECTION

    return _table(
        f"call, networks | candidate | ms | million samples per s | {' | '.join(LEARNERS)}",
        rows(),
        "Median; a sample is an agent's hour. The last columns: how many times as fast as each "
        f"of these, {PAIRED}. Without another number, a candidate runs on one thread.",
        "Proximal policy optimization",
    )


def studied(results: Results) -> Table:
    """Make a table of the reliability simulations beside the exact indices, with their speed."""
    rows: list[Row] = []
    if results.studied:
        exact = adequacy.exact()
        indices = f"{exact.loss_of_load:.3f}", f"{exact.unserved_energy:,.1f}"
        rows.append(("exact", None, None, None, *indices, None, None))
    for it in results.studied:
        (hours, hours_error), (energy, energy_error) = it.loss_of_load, it.unserved_energy
        indices = (
            f"{hours:,.3f} [{(hours - exact.loss_of_load) / hours_error:+.2f}]",
            f"{energy:,.1f} [{(energy - exact.unserved_energy) / energy_error:+.2f}]",
        )
        speed = f"{it.seconds:.1f}", f"{it.clearings_per_second / 1e6:.2f}"
        rows.append((it.years, it.backend, it.threads, it.seed, *indices, *speed))
    return _table(
        "years | backend | threads | seed | loss of load, h/year | unserved energy, MWh/year | s | "
        "million clearings per s",
        rows,
        "Mean; in brackets, how many standard errors it is from the exact index.",
        "Adequacy of the RTS-79, every hour of every year cleared",
    )


def first_calls(results: Results) -> Table:
    """Make a table of the slowest first call of each candidate."""
    slowest: dict[str, float] = {}
    for found in results.races:
        for name, seconds in found.race.first_call_seconds.items():
            slowest[name] = max(seconds, slowest.get(name, 0.0))
    return _table(
        "candidate | ms",
        ((name, f"{seconds * 1e3:,.2f}") for name, seconds in slowest.items()),
        "Compiling, or loading from numba's cache, included; the slowest of all races.",
        "First call",
    )


def correctness(results: Results) -> str:
    """Say whether all candidates cleared all markets alike."""
    markets = [found.race.distinct * found.markets for found in results.races]
    lines = [
        f"- {found.label}: {name} on {count:,} of {number:,} markets"
        for found, number in zip(results.races, markets, strict=True)
        for name, count in found.race.disagreements.items()
        if count
    ]
    start = f"Correctness: {sum(markets):,} markets in {len(markets)} races; "
    if not lines:
        return start + "all candidates clear all of them alike."
    differ = "The frozen variants differ where prices tie or demand is at a step:"
    return f"{start}the backends clear all of them alike. {differ}\n\n" + "\n".join(lines)


def resolution(results: Results) -> str:
    """Say how well the run tells a function from itself."""
    ratios = [found.race.resolution() for found in results.races]
    holding = sum(ratio.low <= 1 <= ratio.high for ratio in ratios)
    blurs = [found.race.blur - 1 for found in results.races]
    return (
        f"A/A: the interval holds 1 in {holding} of {len(ratios)} races; "
        f"it reaches {np.median(blurs):.1%} from 1 in the median race, {max(blurs):.1%} at most."
    )


def change(here: Results, other: Results) -> Table:
    """Make a table of the times of one run over those of another, per race and candidate."""
    there = {found.key: found.race for found in other.races}
    rows: list[Row] = []
    for found in here.races:
        now, before = found.race, there.get(found.key)
        for name in now.candidates:
            if before and name in before.rounds:
                ratio = ratio_of_medians(before.rounds[name], now.rounds[name])
                label = found.kind, found.distribution, now.size, name
                rows.append((*label, _median(now, name), _median(before, name), ratio))
        rows.append(SECTION)
    return _table(
        "section | distribution | offers | candidate | µs here | µs there | times faster",
        rows,
        "Medians; the other's time over this one's, unpaired, and its 95 % interval.",
        f"{here.time} against {other.time}",
    )


def confirmed(results: Results) -> Table:
    """Make a table of times in fresh processes, beside the ratios within this one."""
    rows = []
    for it in results.confirmed:
        inside = _speedup(results.find("single", "random", it.offers), it.name, NUMBA)
        time = f"{it.mean * 1e6:.2f} ± {it.deviation * 1e6:.2f}"
        rows.append((it.offers, it.name, time, it.ratio and f"{it.ratio:.2f}", inside))
    return _table(
        f"offers | candidate | µs per call | times faster than {NUMBA} | one process",
        rows,
        "Mean and standard deviation over processes; ratio of means. In one process: "
        "median ratio within rounds.",
        "Confirmed in fresh processes by pyperf",
    )
