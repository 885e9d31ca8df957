"""Years on real Dask processes: the same bits, and nothing lost when processes are."""

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

distributed = pytest.importorskip("distributed")

from market_py.extension import REPOSITORY  # noqa: E402
from market_py.reliability import adequacy, cluster, rts79  # noqa: E402
from market_py.reliability.cluster import MixedBuilds  # noqa: E402
from market_py.reliability.system import System  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.xdist_group("cluster"),
]
SYSTEM = System(rts79.UNITS, rts79.hourly_loads()[-168:] * 1.1)
YEARS = 12_345


@pytest.fixture(scope="module")
def local():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as made:
        yield made


@pytest.fixture
def client(local):
    with distributed.Client(local) as made:
        yield made


@pytest.fixture(scope="module")
def whole():
    return adequacy.simulate(YEARS, SYSTEM, seed=4)


def test_no_bit_depends_on_the_cluster(client, whole, monkeypatch):
    assert adequacy.simulate(YEARS, SYSTEM, seed=4, client=client) == whole
    monkeypatch.setattr(adequacy, "YEARS_PER_FILE", 777)
    found = adequacy.simulate(YEARS, SYSTEM, seed=4, client=client, backend="numba")
    assert found == whole


def test_energy_and_planned_outages(client):
    units = [rts79.UNITS[0].__class__(**vars(it) | {"planned": ((5, 50),)}) for it in rts79.UNITS]
    system = System([*rts79.UNITS[:20], *units[20:]], SYSTEM.loads)
    one, other = (adequacy.simulate(3000, system, energy=True, client=it) for it in (None, client))
    assert np.array_equal(one.energy, other.energy)
    assert one.hours_at_price == other.hours_at_price


def test_few_tasks_are_in_flight(client, monkeypatch):
    monkeypatch.setattr(adequacy, "YEARS_PER_FILE", 10)
    most = 0
    for found in adequacy.simulate_yearly(2000, SYSTEM, client=client):
        if found.years % 100 == 0:
            most = max(most, len(client.futures))
    assert 1 <= most <= 2 * cluster.TASKS_AHEAD + 1


def test_a_killed_worker_loses_nothing(client, whole, monkeypatch):
    """The nanny starts another one, and its tasks run again."""
    monkeypatch.setattr(adequacy, "YEARS_PER_FILE", 100)
    killed = []
    for found in adequacy.simulate_yearly(YEARS, SYSTEM, seed=4, client=client):
        if found.years == 1000:
            pids = client.run(os.getpid)
            killed.append(next(iter(pids.values())))
            os.kill(killed[0], signal.SIGKILL)
    assert found == whole
    assert killed[0] not in client.run(os.getpid).values()


def test_a_client_that_leaves_stops_its_tasks(client):
    years = adequacy.simulate_yearly(10**6, SYSTEM, seed=9, client=client)
    next(years)
    years.close()
    deadline = time.monotonic() + 20
    while client.futures or any(client.processing().values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_mixed_build_is_refused(client):
    def break_build():
        cluster.build_of = lambda backend: "other"

    try:
        client.run(break_build, workers=[next(iter(client.scheduler_info()["workers"]))])
        with pytest.raises(MixedBuilds, match=r"tcp://.* has build other of market_py, and the"):
            adequacy.simulate(10, SYSTEM, client=client)
    finally:
        client.restart()


def test_a_worker_that_comes_later_with_another_build(client, monkeypatch):
    monkeypatch.setattr(client, "run", lambda *_: {})
    monkeypatch.setattr(cluster, "build_of", lambda backend: "newer")
    with pytest.raises(MixedBuilds, match=r"this worker has build .* and the client has newer"):
        adequacy.simulate(10, SYSTEM, client=client)


def test_the_method_is_fused(client):
    with pytest.raises(ValueError, match="client: is for method='fused' only"):
        adequacy.simulate(1, SYSTEM, client=client, method="clearing")


COMMAND = [sys.executable, "-m", "market_py", "adequacy", "--seed=4"]


def run(*options, **more):
    return subprocess.run(
        [*COMMAND, *options], cwd=REPOSITORY, capture_output=True, text=True, check=False, **more
    )


def table(text):
    return re.findall(r"[│┃].*", text)


def test_the_command_on_workers_prints_the_same():
    alone, spread = run("--years=3000"), run("--years=3000", "--workers=2")
    assert (alone.returncode, spread.returncode) == (0, 0), spread.stderr
    assert table(spread.stdout) == table(alone.stdout) != []


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupt_ends_all_and_keeps_the_years(tmp_path):
    """As in a terminal, where all processes get the signal."""
    study = subprocess.Popen(
        [*COMMAND, "--years=10000000", "--workers=2", f"--save={tmp_path / 'years'}"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 60
        # Before a second file is written, the years of the first were counted.
        while len(list(tmp_path.glob("years/*.npz"))) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(study.pid, signal.SIGINT)
        printed, said = study.communicate(timeout=60)
    finally:
        study.kill()
    assert study.returncode == 130, said
    assert "Traceback" not in said
    (years,) = re.findall(r"Interrupted after ([\d,]+) of 10,000,000 years", said)
    assert f"Adequacy, {years} years" in printed


@pytest.mark.long
def test_a_scheduler_that_is_not_there_is_named():
    done = run("--cluster=tcp://127.0.0.1:9")
    assert done.returncode == 2
    assert "tcp://127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_scheduler_that_starts_again_loses_no_saved_year(tmp_path):
    """All processes are ended in the middle; the next ones go on with what is saved."""
    folder = tmp_path / "years"
    options = ["--years=200000", f"--save={folder}"]
    scheduler, workers, address = start(tmp_path / "first")
    study = subprocess.Popen(
        [*COMMAND, *options, f"--cluster={address}"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while len(list(folder.glob("*.npz"))) < 3:
            assert time.monotonic() < deadline, study.stderr.read()
            time.sleep(0.05)
        for process in (scheduler, *workers):
            process.kill()
        _, said = study.communicate(timeout=120)
        assert study.returncode != 0, said
        kept = len(list(folder.glob("*.npz")))
        assert 3 <= kept < 100
    finally:
        study.kill()
        stop(scheduler, *workers)
    scheduler, workers, address = start(tmp_path / "second")
    try:
        years = str(1024 * (kept + 5))
        done = run(f"--years={years}", f"--save={folder}", f"--cluster={address}", timeout=300)
        assert done.returncode == 0, done.stderr
        assert table(done.stdout) == table(run(f"--years={years}").stdout) != []
    finally:
        stop(scheduler, *workers)


def start(folder):
    """A scheduler and two workers, each a process of its own."""
    folder.mkdir()
    told = folder / "scheduler.json"
    options = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    options["env"] = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1"]
    command += ["--port", "0", "--no-dashboard", "--scheduler-file", str(told)]
    scheduler = subprocess.Popen(command, **options)
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(told)]
    worker += ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
    workers = [subprocess.Popen(worker, **options) for _ in range(2)]
    with distributed.Client(scheduler_file=str(told), timeout=60) as client:
        client.wait_for_workers(2, timeout=60)
        return scheduler, workers, client.scheduler.address


def stop(*processes):
    for process in processes:
        process.kill()
        process.wait()
