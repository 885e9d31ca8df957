"""``python -m market_py clear``: a table in, prices and accepted quantities out."""

import re
import subprocess
import sys
import time

import pytest

pd = pytest.importorskip("pandas")

from helpers.data import DATA, DATE, needs_real_day  # noqa: E402
from market_py import auction_clearing  # noqa: E402
from market_py.__main__ import main  # noqa: E402
from market_py.extension import REPOSITORY  # noqa: E402
from market_py.orders import order_table, pinson_example, pypsa_example, write_orders  # noqa: E402

PINSON, PYPSA = pinson_example(), pypsa_example()


@pytest.fixture
def orders(tmp_path):
    path = tmp_path / "orders.csv"
    write_orders(order_table({"[b]": PINSON, 7: PYPSA}), path)
    return path


def clear(*arguments):
    try:
        return main(["clear", *map(str, arguments), "--backend=numpy"])
    except SystemExit as refused:  # By argparse.
        return refused.code


def test_it_prints_prices_and_volumes(orders, capsys):
    assert clear(orders, "--by", "hour") == 0
    rows = [line.replace("│", " ").split() for line in capsys.readouterr().out.splitlines()]
    assert ["[b]", "37.50", "995.0"] in rows
    assert ["7", "60.00", "390.0"] in rows
    assert ["39", "orders"] in rows


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_it_writes_what_was_accepted(orders, suffix, capsys):
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    output = orders.with_name(f"result.{suffix}")
    assert clear(orders, "--by=hour", "--output", output) == 0
    assert f"Written: {output}" in capsys.readouterr().out
    read = pd.read_csv if suffix == "csv" else pd.read_parquet
    table = read(output)
    assert table.columns.tolist() == ["hour", "side", "price", "quantity", "accepted"]
    _, sold, bought = auction_clearing(*PYPSA, backend="numpy")
    accepted = table.loc[table["hour"] == "7", "accepted"].tolist()
    assert accepted == [*sold, *bought]


def test_options_mean_what_those_of_the_function_mean(tmp_path, capsys):
    path = tmp_path / "two.csv"
    path.write_text("Side;P;MW;day;h\nsell;10,5;100;a;1\nbuy;50;100;a;1\nsell;0;8;b;1\nBUY;9;8;b;1")
    names = ["--side=Side", "--price=P", "--quantity=MW"]
    assert clear(path, *names, "--by=day", "--by=h", "--k=0.5", "--ties=pro_rata") == 0
    rows = [line.replace("│", " ").split() for line in capsys.readouterr().out.splitlines()]
    assert ["a", "1", "30.25", "100.0"] in rows
    assert ["b", "1", "4.50", "8.0"] in rows


def test_a_fixed_demand(tmp_path, capsys):
    path = tmp_path / "offers.csv"
    path.write_text("hour,price,quantity\n1,10,100\n1,20,100\n2,30,100\n")
    assert clear(path, "--by=hour", "--demand=150", "--price-cap=3000") == 0
    rows = [line.replace("│", " ").split() for line in capsys.readouterr().out.splitlines()]
    assert ["1", "20.00", "150.0"] in rows
    assert ["2", "3,000.00", "100.0"] in rows
    assert clear(path, "--demand=-5") == 2
    assert "demand = -5.0: must be finite and >= 0" in capsys.readouterr().err
    assert clear(path, "--demand=150") == 0
    assert re.search(r" 20\.00 \S +150\.0 ", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["absent.csv"], "No such file or directory: 'absent.csv'"),
        (["{}", "--by=day"], "orders.csv: has no column 'day'; it has 'hour', "),
        (["{}", "--k=2"], "k = 2.0: must be between 0 and 1"),
        (["{}", "--k=two"], "argument --k: invalid float value: 'two'"),
        (["{}", "--demand=5"], "orders.csv, line 17: is a bid, but the demand is fixed"),
        (["{}", "--output=a.xlsx"], "a.xlsx: the name must end in .csv or .parquet"),
        (["{}", "--output=no/folder/a.csv"], "No such file or directory"),
        (["{}", "--ties=both"], "invalid choice: 'both'"),
        ([], "the following arguments are required: orders"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, said, orders, capsys):
    assert clear(*(it.format(orders) for it in arguments)) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


@pytest.mark.parametrize("missing", ["rich", "pandas"])
def test_a_missing_package_names_its_extra(missing, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.startswith(("rich", "market_py.cli."))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    assert clear("orders.csv") == 2
    assert re.search(
        rf'{missing} is not installed: pip install "market-py\[', capsys.readouterr().err
    )


@needs_real_day
def test_the_simple_orders_of_the_real_day(tmp_path):
    """Start-up included, it takes less than two seconds on a machine of its own."""
    path = tmp_path / "orders.csv"
    day = pd.read_csv(DATA / f"omie_{DATE}_bids.csv.gz")
    names = {"price_eur_mwh": "price", "quantity_mwh": "quantity"}
    day = day[(day["block"] == 0) & (day["mic_fixed_eur"] == 0)].rename(columns=names)
    day[["hour", "side", "price", "quantity"]].to_csv(path, index=False)
    command = [sys.executable, "-m", "market_py", "clear", str(path), "--by=hour", "--output"]
    command += [str(tmp_path / "result.csv"), "--backend=numpy"]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    taken = time.perf_counter() - started
    assert len(re.findall(r"^│ \d+ ", done.stdout, re.M)) == 24, done.stderr
    accepted = pd.read_csv(tmp_path / "result.csv").groupby(["hour", "side"])["accepted"].sum()
    assert (
        accepted.unstack()["sell"].round(3).tolist() == accepted.unstack()["buy"].round(3).tolist()
    )
    assert taken < 20
