"""Ctrl-C ends each long call within a second, and the process that made it ends too."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from market_py.registry import available_backends

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="sends a signal of POSIX"),
    pytest.mark.long,
]
SOON = 2.0
"""A second, and what a busy machine and gigabytes to give back add, s."""
CALLS = {
    "batch": """
        bids, quantities = np.random.default_rng(0).random((2, 1000))
        demand = np.full(400_000, 200.0)
        def call(backend, threads):
            market_py.market_clearing_batch(
                bids, quantities, demand, backend=backend, threads=threads)
    """,
    "auctions": """
        orders = np.random.default_rng(0).random((4, 500))
        k = np.linspace(0, 1, 400_000)
        def call(backend, threads):
            market_py.auction_clearing_batch(*orders, k=k, backend=backend, threads=threads)
    """,
    "years": """
        from market_py.reliability import adequacy
        def call(backend, threads):
            adequacy.simulate(10_000_000, backend=backend, threads=threads)
    """,
    "cleared years": """
        from market_py.reliability import adequacy
        def call(backend, threads):
            adequacy.simulate(100_000, method="clearing", backend=backend, threads=threads)
    """,
    "sequential years": """
        from market_py.reliability.sequential import simulate_sequential
        def call(backend, threads):
            simulate_sequential(100_000)
    """,
    "weighted years": """
        from market_py.reliability.importance import simulate_weighted
        def call(backend, threads):
            simulate_weighted(1_000_000)
    """,
    "steps": """
        from market_py import env
        system = env.System.random(500)
        markets = env.MarketVectorEnv(system, 20_000, backend=backend, threads=threads)
        markets.reset(seed=0)
        actions = np.zeros(markets.action_space.shape, np.float32)
        def call(backend, threads):
            while True:
                markets.step(actions)
    """,
    "PPO": """
        from market_py.env import System
        from market_py.learning import PPO
        learner = PPO(System.random(20), num_envs=64, num_steps=256)
        def call(backend, threads):
            list(learner.train(10_000))
    """,
    "evolution": """
        from market_py.env import System
        from market_py.learning import EvolutionStrategy
        learner = EvolutionStrategy(System.random(20))
        def call(backend, threads):
            list(learner.train(10_000))
    """,
    "verification": """
        from pathlib import Path
        from market_py.workshop.playground import verify
        Path(sys.argv[1], "endless.py").write_text(
            "def clear(bids, quantities, demand):\\n    while True: pass\\n")
        def call(backend, threads):
            verify.problem_in_new_process(Path(sys.argv[1], "endless.py"), "clear", "market")
    """,
}
SCRIPT = """
import signal, sys, time, numpy as np, market_py
# A process in the background inherits that it ignores the signal.
signal.signal(signal.SIGINT, signal.default_int_handler)
backend, threads = {backend!r}, {threads}
{setup}
print("ready", flush=True)
try:
    call(backend, threads)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
ON_BACKENDS = ("batch", "auctions", "years", "cleared years", "steps")


def cases():
    for name in CALLS:
        for backend in available_backends() if name in ON_BACKENDS else ("",):
            if backend == "python" and name in ("years", "steps"):
                continue
            for threads in (1, 2) if backend in ("rust", "numba") else (1,):
                yield pytest.param(name, backend, threads, id=f"{name}-{backend}-{threads}")


@pytest.mark.parametrize(("name", "backend", "threads"), list(cases()))
def test_ctrl_c_ends_it_soon(name, backend, threads, tmp_path):
    setup = textwrap.dedent(CALLS[name])
    script = SCRIPT.format(setup=setup, backend=backend, threads=threads)
    command = [sys.executable, "-W", "ignore", "-c", script, tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            time.sleep(1.5)
            assert process.poll() is None, "it is too short"
            sent = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "interrupted\n"
            assert time.monotonic() - sent < SOON
            # Nothing goes on in a thread.
            process.wait(timeout=10)
            assert time.monotonic() - sent < SOON + 1
        finally:
            process.kill()
