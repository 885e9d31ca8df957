"""A child that is forked in the middle of another thread's call never hangs."""

import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks")

REPLAY = """
import os, sys, threading, time, numpy as np, rust_market
n, K = 1 << 18, 4_000_000
buffer = rust_market.ReplayBuffer(n, 16, 2, seed=0, alpha=0.6)
rows = np.zeros((n, 16), "f4")
buffer.add(rows, rows[:, :2].copy(), rows[:, 0].copy(), rows, np.zeros(n, bool))
batch = (np.zeros((K, 16), "f4"), np.zeros((K, 2), "f4"), np.zeros(K, "f4"),
         np.zeros((K, 16), "f4"), np.zeros(K, bool), np.zeros(K, "i8"), np.zeros(K, "f4"))
threads = [threading.Thread(target=buffer.sample, args=(0.4, *batch)) for _ in range(BUSY)]
[thread.start() for thread in threads]
time.sleep(0.2 if BUSY else 0)
read, write = os.pipe()
child = os.fork()
if child == 0:
    try:
        told = str(len(buffer) == n)
    except RuntimeError as error:
        told = f"refused: {error}"
    os.write(write, told.encode())
    os._exit(0)
deadline = time.monotonic() + 20
while time.monotonic() < deadline and os.waitpid(child, os.WNOHANG)[0] == 0:
    time.sleep(0.05)
else:
    if time.monotonic() >= deadline:
        os.kill(child, 9)
        os.write(write, b"hung")
print(os.read(read, 1000).decode())
[thread.join() for thread in threads]
assert len(buffer) == n
"""


def test_a_buffer_at_work_is_refused_in_the_child(in_process):
    assert "when this process was forked" in in_process(REPLAY.replace("BUSY", "1"))


def test_a_buffer_at_rest_is_usable_in_the_child(in_process):
    assert in_process(REPLAY.replace("BUSY", "0")) == "True\n"


ENVIRONMENT = """
import os, threading, time, numpy as np, rust_market
agents, markets = 10, 20_000
environment = rust_market.Environment(
    capacities=[1.0] * agents, costs=[1.0] * agents, demand=[2.0] * 4, noise=(0, 0, 0),
    max_bid_delta=1.0, markup_penalty=0.0, unserved_penalty=0.0, reward_scale=1.0, pro_rata=False,
    price_cap=None, template=[0.0] * agents * 2, demand_scale=1.0, time=[0.0] * 5, autoreset=True)

def step(B):
    shown, rows = np.zeros((B, agents, 2)), np.zeros((B, agents))
    environment.step(np.zeros((3, B), "u8"), shown, shown.copy(), shown.copy(), rows,
                     np.zeros(B, "?"), np.zeros(B), np.zeros(B), rows.copy(), 2)

done = threading.Event()
def work():
    while not done.is_set():
        step(markets)
thread = threading.Thread(target=work)
thread.start()
hung = 0
for _ in range(30):
    child = os.fork()
    if child == 0:
        step(1000)
        os._exit(0)
    deadline = time.monotonic() + 10
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        if time.monotonic() > deadline:
            os.kill(child, 9)
            os.waitpid(child, 0)
            hung += 1
            break
        time.sleep(0.01)
done.set()
thread.join()
print("hung", hung)
"""


def test_an_environment_at_work_is_usable_in_the_child(in_process):
    assert in_process(ENVIRONMENT) == "hung 0\n"
