"""The experiment on tacit collusion: what it stores, and what it says about it."""

import json

import numpy as np
import pytest

import tacit_collusion as example
from market_py.env import MarketVectorEnv

pytest.importorskip("scipy")
pytest.importorskip("tqdm")


def test_it_stores_what_it_shows(tmp_path, capsys):
    path = tmp_path / "found.json"
    assert example.main(["--seeds", "2", "--updates", "1", "--output", str(path)]) == 0
    kept = json.loads(path.read_text())
    assert kept["settings"] == {"seeds": 2, "updates": 1, **example.OPTIONS}
    assert {name: len(prices) for name, prices in kept["prices"].items()} == {
        "simple": 2,
        "history": 2,
    }
    assert capsys.readouterr().out == example.report(path) + "\n"


def test_no_generator_is_needed_and_undercutting_pays():
    """Two ask for a price, and withhold or not; the third sells all just below it."""
    for withheld in (0.0, 0.9):
        actions = np.array([[[withheld, 1.0], [withheld, 1.0], [0.0, 0.99]]])
        markets = MarketVectorEnv(example.SYSTEM, demand_noise=0.0)
        markets.reset(seed=0)
        _, rewards, _, _, infos = markets.step(actions)
        assert infos["dispatch"].tolist() == [[0, 0, 50]]
        assert rewards[0, 2] > 0 > rewards[0, 0]
    assert example.SYSTEM.capacities.min() > example.SYSTEM.demand.max()


@pytest.mark.parametrize(
    ("more", "answer"),
    [(5.0, "Yes: "), (0.0, "These runs do not tell: "), (-5.0, "No: the price is lower")],
)
def test_the_answer_follows_the_interval(more, answer, tmp_path):
    simple = [20.1, 20.4, 19.9, 20.2]
    prices = {"simple": simple, "history": [price + more for price in simple]}
    path = tmp_path / "found.json"
    path.write_text(json.dumps({"settings": {"seeds": 4, "updates": 9}, "prices": prices}))
    shown = example.report(path)
    assert answer in shown
    assert "(`simple`) | 0.15 |" in shown
    assert f"difference | {more:.2f} |" in shown


def test_an_interrupted_run_changes_nothing(tmp_path, monkeypatch, capsys):
    path = tmp_path / "found.json"
    path.write_text("before")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(example, "experiment", interrupted)
    assert example.main(["--output", str(path)]) == example.INTERRUPTED
    assert path.read_text() == "before"
    assert capsys.readouterr().err == "Stopped: nothing was stored.\n"


@pytest.mark.parametrize(("option", "least"), [("seeds", 2), ("updates", 0)])
def test_parameters(option, least, capsys):
    assert example.main([f"--{option}", str(least - 1)]) == 2
    assert f"{option} = {least - 1}: must be in {least} to" in capsys.readouterr().err
