"""Ask whether generators that see the hour before learn to collude without a word.

Three generators of equal cost sell for many hours. Each could meet demand alone: whatever price
above cost the others ask for, in the hour it pays to ask for less. An agreement can only hold if
who asks for less is punished later, for which one must see what happened. The observer ``history``
of `market_py.env` shows the last price and what one sold oneself; the observer ``simple`` shows
neither. (With two generators the price rises without any memory: if one withholds so much that it
cannot meet demand alone, the other sets the price.)

``python docs/examples/tacit_collusion.py`` lets them learn by `market_py.learning.PPO`, ten times
with each observer, which takes less than 15 minutes on one core. It writes
``results/tacit_collusion.json``, a JSON object with

- ``settings`` : what `experiment` was told,
- ``prices`` : for each observer the mean prices in €/MWh, one for each seed, of markets in which
  the generators did not learn.

An interrupted run changes nothing. ``make report`` writes the table of ``docs/learning.md``.

E. Calvano, G. Calzolari, V. Denicolò, S. Pastorello, "Artificial intelligence, algorithmic pricing,
and collusion", American Economic Review 110 (2020) 3267-3297, asked it of sellers who learn by
Q-learning, and found prices above those of competition.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from market_py.env import System
from market_py.extension import REPOSITORY
from market_py.extras import explain_missing
from market_py.files import write_atomically
from market_py.learning import PPO
from market_py.learning.evaluation import LARGEST_COUNT
from market_py.validation import check_integer

STORED = REPOSITORY / "results" / "tacit_collusion.json"
COST = 20.0
"""Marginal cost of all generators, €/MWh."""
SYSTEM = System([60.0] * 3, [COST] * 3, [50.0] * 24)
OBSERVERS = {"simple": "the next hour", "history": "also the hour before"}
"""Observers, and what they show."""
OPTIONS: dict[str, Any] = {
    # A reply comes in the hours that follow: they must count.
    **{"gamma": 0.99, "learning_rate": 1e-3},
    **{"num_envs": 32, "num_steps": 48, "minibatch_size": 128},
}
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""


def experiment(seeds: int = 10, updates: int = 500) -> dict[str, Any]:
    """Let the generators learn with each observer and seed; return what is to be stored."""
    seeds = check_integer("seeds", seeds, 2, LARGEST_COUNT)
    updates = check_integer("updates", updates, 0, LARGEST_COUNT)
    with explain_missing():
        from tqdm import tqdm
    prices: dict[str, list[float]] = {observer: [] for observer in OBSERVERS}
    with tqdm(total=len(OBSERVERS) * seeds * updates, unit="update") as bar:
        for seed in range(seeds):
            for observer, found in prices.items():
                learner = PPO(SYSTEM, seed=seed, observer=observer, threads=1, **OPTIONS)
                for _ in learner.train(updates):
                    bar.update()
                found.append(float(learner.evaluate().prices.mean()))
    return {"settings": {"seeds": seeds, "updates": updates, **OPTIONS}, "prices": prices}


def interval(*samples: Sequence[float]) -> tuple[float, float, float]:
    """Return a mean, or the first minus the second, and its 95 % bootstrap interval."""
    with explain_missing():
        from scipy.stats import bootstrap

    def statistic(*resampled: Any, axis: int = -1) -> Any:
        first, *others = (sample.mean(axis=axis) for sample in resampled)
        return first - others[0] if others else first

    arrays = tuple(np.array(sample) for sample in samples)
    rng = np.random.default_rng(0)
    found = bootstrap(arrays, statistic, method="percentile", rng=rng).confidence_interval
    return float(statistic(*arrays)), float(found.low), float(found.high)


def report(stored: Path = STORED) -> str:
    """Return a table of the stored prices and what it says, as Markdown."""
    kept = json.loads(stored.read_text("utf-8"))
    prices, settings = kept["prices"], kept["settings"]
    rows = [
        "| generators see | price over cost, €/MWh | 95 % interval | of single seeds |",
        "| --- | --- | --- | --- |",
    ]
    for observer, seen in OBSERVERS.items():
        over = np.array(prices[observer]) - COST
        mean, low, high = interval(over)
        seeds = f"{over.min():.2f} to {over.max():.2f}"
        rows.append(f"| {seen} (`{observer}`) | {mean:.2f} | {low:.2f} to {high:.2f} | {seeds} |")
    more, low, high = interval(prices["history"], prices["simple"])
    rows.append(f"| difference | {more:.2f} | {low:.2f} to {high:.2f} | |")
    if low > 0:
        answer = "Yes: the price is higher if generators see the hour before"
    elif high < 0:
        answer = "No: the price is lower if generators see the hour before"
    else:
        answer = "These runs do not tell: the interval of the difference contains zero"
    learned = f"{settings['seeds']} seeds, {settings['updates']:,} updates"
    return "\n".join([*rows, "", f"{answer} ({learned})."])


def main(arguments: list[str] | None = None) -> int:
    """Run the experiment, store and show it, and return the exit status."""
    parser = argparse.ArgumentParser(
        description="Do generators that see the hour before learn to collude? "
        "This takes less than 15 minutes.",
    )
    parser.add_argument("--seeds", type=int, default=10, help="how often they learn")
    parser.add_argument("--updates", type=int, default=500, help="updates of PPO each time")
    parser.add_argument("--output", type=Path, default=STORED, metavar="FILE.json")
    chosen = parser.parse_args(arguments)
    try:
        found = json.dumps(experiment(chosen.seeds, chosen.updates), indent=1) + "\n"
        write_atomically(chosen.output, lambda file: file.write(found.encode()))
        print(report(chosen.output))
    except KeyboardInterrupt:
        print("Stopped: nothing was stored.", file=sys.stderr)
        return INTERRUPTED
    except (ImportError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
