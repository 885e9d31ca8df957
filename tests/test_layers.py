"""Each layer runs with NumPy alone; where a package is missing, the message names the extra."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from market_py.extension import REPOSITORY
from market_py.extras import EXTRAS

EACH_WITH_NUMPY = {
    "clearing": """
        from market_py import market_clearing
        print(market_clearing([30.0, 10.0, 20.0], [100.0] * 3, 150.0)[0])
    """,
    "batch": """
        from market_py import market_clearing_batch
        print(market_clearing_batch([10.0, 20.0], [50.0, 50.0], [30.0, 80.0])[0].tolist())
    """,
    "orders": """
        from market_py import auction_clearing
        from market_py.orders import Steps, clear_complex_orders, omie, pypsa_example
        print(auction_clearing(*pypsa_example(), backend="numpy")[0])
        steps = Steps([1, 1], [True, False], [5.0, 9.0], [1.0, 1.0], *[[0, 0]] * 5)
        print(clear_complex_orders(steps, backend="numpy").prices)
    """,
    "adequacy": """
        from market_py.reliability import adequacy
        print(f"{adequacy.exact().loss_of_load:.3f}")
        print(adequacy.simulate(2, seed=1).hours_at_price.total())
    """,
    "env": """
        import numpy as np
        from market_py.env import MarketVectorEnv, System
        markets = MarketVectorEnv(System([100, 50], [10, 30], [60, 120]), 3)
        markets.reset(seed=0)
        for _ in range(1_000):
            _, rewards, *_ = markets.step(np.zeros((3, 2, 2)))
        print(rewards.shape)
    """,
    "replay": """
        import numpy as np
        from market_py.learning import ReplayBuffer
        buffer = ReplayBuffer(100, 4, 2)
        buffer.add(*(np.ones(shape) for shape in ((9, 4), (9, 2), 9, (9, 4))), np.zeros(9, bool))
        print(len(buffer), len(buffer.sample(5).indices))
    """,
    "policy": """
        import numpy as np
        from market_py.learning import MLPPolicy
        print(MLPPolicy([np.ones((2, 4))], [np.zeros(2)])(np.ones((3, 4))).shape)
    """,
}
ANSWERS = {
    "clearing": "20.0",
    "batch": "[10.0, 20.0]",
    "orders": "60.0\n[5.]",
    "adequacy": "9.394\n17472",
    "env": "(3, 2)",
    "replay": "9 5",
    "policy": "(3, 2)",
}


def run(folder, packages, code):
    """Run code in a process where only the standard library and these packages can be imported."""
    for name in ("market_py", *packages):
        spec = importlib.util.find_spec(name)
        home = Path(next(iter(spec.submodule_search_locations or [spec.origin])))
        # With a package come the libraries beside it.
        for path in (home, home.with_name(f"{name}.libs")):
            if path.exists():
                (folder / path.name).symlink_to(path)
    start = f"import sys; sys.path.insert(0, {str(folder)!r})\nif 1:\n"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", start + code],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "rust", [pytest.param(False, marks=pytest.mark.long), True], ids=["without Rust", "with Rust"]
)
@pytest.mark.parametrize("layer", EACH_WITH_NUMPY)
def test_a_layer_with_numpy_alone(tmp_path, layer, rust):
    if rust:
        pytest.importorskip("rust_market.rust_market")
    done = run(tmp_path, ["numpy", "rust_market"][: 1 + rust], EACH_WITH_NUMPY[layer])
    assert done.stdout.strip() == ANSWERS[layer], done.stderr


@pytest.mark.parametrize(
    ("package", "code"),
    [
        ("numba", "import market_py; market_py.get_backend('numba')"),
        ("numba", "import market_py; market_py.get_variant('numba-sort')"),
        ("pandas", "from market_py import clear_orders"),
        ("pandas", "from market_py.orders import read_orders"),
        ("gymnasium", "from market_py.env import MarketEnv"),
        ("pettingzoo", "from market_py.env import MarketParallelEnv"),
    ],
)
def test_a_missing_package_names_its_extra(tmp_path, package, code):
    also = ["gymnasium", "cloudpickle", "typing_extensions"] if package == "pettingzoo" else []
    for name in also:
        pytest.importorskip(name)
    done = run(tmp_path, ["numpy", *also], f"    {code}")
    words = f'{package} is not installed: pip install "market-py[{EXTRAS[package]}]"'
    assert f"ImportError: {words}" in done.stderr


def test_extras_are_those_of_the_project():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    listed = {
        extra: {re.split(r"[\[<>=]", requirement)[0] for requirement in requirements}
        for extra, requirements in project["optional-dependencies"].items()
    }
    everywhere = set().union(*listed.values())
    for package, extra in EXTRAS.items():
        # The others come along with JupyterLab.
        if package in everywhere:
            assert package in listed[extra], (package, extra)
    composed = {"numba", "env", "bench", "pandas"}
    (requirement,) = (r for r in project["optional-dependencies"]["workshop"] if "market-py" in r)
    assert set(re.findall(r"[a-z]+", requirement.partition("[")[2])) == composed
