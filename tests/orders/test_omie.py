"""OMIE's files: small ones of the same format, and a real day where it is present."""

import numpy as np
import pytest

from helpers.data import DATA, DATE, needs_real_day
from market_py import auction_clearing, payments
from market_py.orders import Book, clear_complex_orders, omie

CAB = """\
       101    0UNIT1  VENTA CAÑÓN                   VO            0.000   12.2 120250318101015
       102    3UNIT2  TÉRMICA                       VO        50000.000  400.0 120250318101016
       103    0BUYER  COMPRA                        CO            0.000   50.0 220250318101017
"""
DET = """\
       101    0  1 0 1 0           12.500   10.1    0.00.000
       101    0 25 0 1 0         1000.000    0.1    0.00.000
       102    3  2 0 1 0           -7.500  185.0  185.00.000
       102    3  2 1 1 2           99.000  200.0    0.01.000
       103    0  2 0 2 0         3000.000   50.0    0.00.000
"""


def prices(hours=24):
    rows = "".join(f"2025;06;21;{hour};{hour + 0.5};{hour};\n" for hour in range(1, hours + 1))
    return f"MARGINALPDBC;\n{rows}*\n"


def capacities(hours=24):
    rows = "".join(
        f"{hour};21/06/2025;{border};-1.300,0;-20,5;0;1.750,0;{hour};3.050,0;\n"
        for border in (2, 3)
        for hour in range(1, hours + 1)
    )
    return f"OMIE - Mercado de electricidad;Emisión\n\nPeriodo;Fecha;Frontera;\n{rows};;;;\n"


@pytest.fixture
def folder(tmp_path):
    files = {"CAB": CAB, "DET": DET, "marginalpdbc": prices(), "capacidad_inter_pbc": capacities()}
    for name, content in files.items():
        (tmp_path / f"{name}_20250621.1").write_text(content, encoding="latin-1")
    return tmp_path


def test_the_files_of_omie(folder):
    day = omie.read_day(folder, "20250621")
    assert day.spain.tolist() == list(range(1, 25))
    assert day.portugal.tolist() == [hour + 0.5 for hour in range(1, 25)]
    bids = omie.Steps(*(column[:4] for column in day.steps))
    assert bids.hour.tolist() == [1, 2, 2, 2]
    assert bids.is_sale.tolist() == [True, True, True, False]
    assert bids.price.tolist() == [12.5, -7.5, 99.0, 3000.0]
    assert bids.quantity.tolist() == [10.1, 185.0, 200.0, 50.0]
    assert bids.order.tolist() == [101, 102, 102, 103]
    assert (bids.block.tolist(), bids.group.tolist()) == ([0, 0, 1, 0], [0, 0, 2, 0])
    assert bids.minimum.tolist() == [0.0, 185.0, 0.0, 0.0]
    assert bids.fixed.tolist() == [0.0, 50_000.0, 50_000.0, 0.0]
    border = omie.Steps(*(column[4:] for column in day.steps))
    assert border.quantity.tolist() == [20.5] * 24 + list(range(1, 25))
    assert set(border.price) == {-500.0, 4000.0}
    cleared = clear_complex_orders(day.steps, backend="numpy")
    assert len(cleared.prices) == 24


def test_french_prices_come_with_capacities(folder):
    steps = omie.read_day(folder, "20250621", french_prices=range(24)).steps
    assert steps.price[4:].tolist() == [*range(24), *range(24)]
    assert steps.quantity[4:].tolist() == [1300.0] * 24 + [1750.0] * 24
    with pytest.raises(ValueError, match="french_prices: must have 24 prices, got 23"):
        omie.read_day(folder, "20250621", french_prices=range(23))


@pytest.mark.parametrize("hours", [23, 25])
def test_days_on_which_the_clock_changes(folder, hours):
    for name, content in (("marginalpdbc", prices), ("capacidad_inter_pbc", capacities)):
        (folder / f"{name}_20250621.1").write_text(content(hours), encoding="latin-1")
    day = omie.read_day(folder, "20250621")
    assert len(day.spain) == hours
    assert day.steps.hour.max() == hours
    assert (1000.0 in day.steps.price) == (hours == 25)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (
            "CAB",
            "VENTA CAÑÓN                   V",
            "VENTA CAÑÓN                   X",
            "line 1: side = 'X': must be 'V' (sale) or 'C' (purchase)",
        ),
        ("CAB", "50000.000", "50000,000", "line 2: fixed term = '50000,000': must be a number"),
        ("CAB", "       103", "       104", "line 5: order = 103: is not in"),
        ("DET", "-7.500", "-7.x00", "line 3: price = '-7.x00': must be a number"),
        ("DET", "  3  2 1 1 2", "  3  2 x 1 2", "line 4: block = 'x': must be a whole number"),
        ("DET", "3  2 0 1", "3 96 0 1", "line 3: hour = 96: only hourly days are understood"),
        ("DET", DET, "\n", "holds no steps"),
        ("marginalpdbc", ";3.5;3;", ";3.5;;", "line 4: price = '': must be a number"),
        ("marginalpdbc", ";21;4;", ";21;5;", "must have the hours 1 to 23, 24 or 25"),
        ("capacidad_inter_pbc", "24;21/06/2025;3", "24;21/06/2025;4", "has 23 hours of border 3"),
    ],
)
def test_a_wrong_file_is_named(folder, name, old, new, said):
    path = folder / f"{name}_20250621.1"
    content = path.read_text("latin-1")
    assert old in content
    path.write_text(content.replace(old, new, 1), "latin-1")
    with pytest.raises(ValueError) as error:
        omie.read_day(folder, "20250621")
    assert said in str(error.value)
    assert "_20250621.1" in str(error.value)


TABLE = """\
order,hour,block,excl_group,price_eur_mwh,quantity_mwh,min_accept_mwh,side,mic_fixed_eur
1,1,0,0,10.0,5.0,0.0,sell,0.0
2,1,0,0,20.0,3.0,0.0,buy,0.0
"""
OFFICIAL = "ES,PT,FR,impcap_FR,imp_FR,expcap_FR,exp_FR\n10.0,11.0,15.0,-100.0,0.0,50.0,1.0\n"


@pytest.mark.parametrize(("border", "price"), [("price", 15.0), ("flow", 10.0)])
def test_the_two_tables_of_a_day(tmp_path, border, price):
    (tmp_path / "bids.csv").write_text(TABLE)
    (tmp_path / "official.csv").write_text(OFFICIAL)
    day = omie.read_table_day(tmp_path / "bids.csv", tmp_path / "official.csv", border=border)
    assert (day.spain.tolist(), day.portugal.tolist()) == ([10.0], [11.0])
    assert clear_complex_orders(day.steps, backend="python").prices.tolist() == [price]


def test_a_wrong_table_is_named(tmp_path):
    bids, official = tmp_path / "bids.csv", tmp_path / "official.csv"
    official.write_text(OFFICIAL)
    for content, said in (
        (TABLE.replace("20.0", "x"), r"bids\.csv, line 3: price_eur_mwh = 'x': must be a number"),
        (TABLE.replace("side", "seite"), r"bids\.csv: has no column 'side'; it has order, hour"),
        (TABLE.partition("\n")[0], r"bids\.csv: holds no rows"),
        ("", r"bids\.csv: has no column 'order'"),
    ):
        bids.write_text(content)
        with pytest.raises(ValueError, match=said):
            omie.read_table_day(bids, official)
    with pytest.raises(ValueError, match="border = 'wall': must be 'price' or 'flow'"):
        omie.read_table_day(bids, official, border="wall")


def test_without_data_the_message_says_what_to_do(monkeypatch, folder):
    monkeypatch.delenv("MARKET_PY_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match=r"MARKET_PY_DATA is not set: .*orders\.omie"):
        omie.load_day("20250621")
    monkeypatch.setenv("MARKET_PY_DATA", str(folder))
    with pytest.raises(FileNotFoundError, match="holds no day 20250622"):
        omie.load_day("20250622")
    assert len(omie.load_day("20250621").spain) == 24


@pytest.fixture(scope="module")
def real():
    paths = (DATA / f"omie_{DATE}_{name}" for name in ("bids.csv.gz", "official.csv"))
    day = omie.read_table_day(*paths)
    return day, clear_complex_orders(day.steps, backend="numpy")


def to_the_cent(prices, official):
    return np.flatnonzero(np.abs(prices - official) < 0.005) + 1


@needs_real_day
def test_all_official_prices_of_the_real_day(real):
    day, cleared = real
    assert len(to_the_cent(cleared.prices, day.spain)) == 24
    assert (cleared.rounds, len(cleared.dropped)) == (40, 39)
    assert len(to_the_cent(cleared.plain_prices, day.spain)) == 6
    assert cleared.plain_prices[18] == 10.5
    assert cleared.prices[18] == 74.27
    # One zone: Portugal differs where the line is full.
    assert day.portugal[11] == 1.2


@needs_real_day
def test_pay_as_bid_with_the_same_offers(real):
    """Million euros of the day: what the rule pays shapes the offers."""
    _, cleared = real
    totals = {"uniform": 0.0, "pay_as_bid": 0.0}
    for hour, book in cleared.after.items():
        price, sold, bought = auction_clearing(*book, backend="numpy")
        for rule in totals:
            received, _ = payments(price, cleared.asked[hour], sold, bought, rule)
            totals[rule] += received.sum() / 1e6
    assert totals == {
        "uniform": pytest.approx(41.0, abs=0.05),
        "pay_as_bid": pytest.approx(-3.9, abs=0.05),
    }


@needs_real_day
@pytest.mark.long  # Vertical crossings: the NumPy backend decides them in exact arithmetic.
def test_with_the_realised_flow_three_prices_are_missed():
    paths = (DATA / f"omie_{DATE}_{name}" for name in ("bids.csv.gz", "official.csv"))
    day = omie.read_table_day(*paths, border="flow")
    cleared = clear_complex_orders(day.steps, backend="numpy")
    found = to_the_cent(cleared.prices, day.spain)
    assert set(range(1, 25)) - set(found.tolist()) == {16, 22, 23}


def withdraw(book, amount):
    """Take the cheapest accepted offers off the book, MW."""
    _, sold, _ = auction_clearing(*book, backend="numpy")
    order = np.argsort(book.offer_prices, kind="stable")
    before = np.cumsum(sold[order]) - sold[order]
    quantities = book.offer_quantities.copy()
    quantities[order] -= np.clip(amount - before, 0, sold[order])
    return book._replace(offer_quantities=quantities)


@needs_real_day
@pytest.mark.parametrize(
    ("hour", "price", "less", "much_less", "fixed", "more"),
    [
        (3, 125.87, 126.87, 130.22, 126.87, 122.42),
        (10, 40.00, 63.00, 78.69, 99.75, 23.40),
        (11, 2.50, 5.50, 37.39, 79.00, 2.50),
        (14, 0.00, 0.00, 2.50, 1.10, 0.00),
        (18, 4.31, 14.90, 40.00, 60.40, 1.99),
        (20, 109.99, 115.00, 119.48, 115.24, 100.18),
    ],
)
def test_scenarios_of_the_real_day(real, hour, price, less, much_less, fixed, more):
    book = real[1].after[hour]

    def clear(book):
        return auction_clearing(*book, backend="numpy")

    found, _, bought = clear(book)
    assert found == price
    assert clear(withdraw(book, 1000.0))[0] == less
    assert clear(withdraw(book, 3000.0))[0] == much_less
    inelastic = Book(*withdraw(book, 1000.0)[:2], np.array([4000.0]), np.array([bought.sum()]))
    assert clear(inelastic)[0] == fixed
    added = (np.append(values, it) for values, it in zip(book[:2], (-500.0, 1000.0), strict=True))
    assert clear(Book(*added, *book[2:]))[0] == more
