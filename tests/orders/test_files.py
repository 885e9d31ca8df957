"""Files of orders: understood, or refused with file, line and column."""

import gzip

import pytest

pd = pytest.importorskip("pandas")

from market_py.orders import clear_orders, read_orders, write_orders  # noqa: E402

TABLE = "hour,side,price,quantity,unit\n1,sell,10.5,100,Núñez\n1,buy,-20,50.25,b\n"


def save(folder, content, name="orders.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        TABLE,
        TABLE.encode("utf-8-sig"),
        TABLE.encode("latin-1"),
        TABLE.replace("\n", "\r\n"),
        TABLE.replace(",", ";"),
        TABLE.replace(",", "\t"),
        TABLE.replace(",", ";").replace(".", ","),
        TABLE.replace(",", ";").replace("10.5", "10,50").replace("50.25", "00050,25"),
        TABLE + "\n\n",
        "\n" + TABLE,
    ],
)
def test_what_is_understood(tmp_path, content):
    table = read_orders(save(tmp_path, content))
    assert table["price"].tolist() == [10.5, -20.0]
    assert table["quantity"].tolist() == [100.0, 50.25]
    assert table["hour"].tolist() == [1, 1]
    assert table["unit"].tolist() == ["Núñez", "b"]


def test_a_decimal_comma_comes_with_points_between_thousands(tmp_path):
    content = "side;price;quantity\nsell;1.234,5;1.000\nbuy;0.5;2,5\n"
    table = read_orders(save(tmp_path, content))
    assert table["price"].tolist() == [1234.5, 0.5]
    assert table["quantity"].tolist() == [1000.0, 2.5]


def test_numbers_are_read_to_the_last_bit(tmp_path):
    values = [0.1, 1 / 3, 123.456789012345678, 1e-320, 2.0**-1074, 9007199254740993.0]
    lines = "".join(f"sell,{value!r},1\n" for value in values)
    table = read_orders(save(tmp_path, f"side,price,quantity\n{lines}"))
    assert table["price"].tolist() == values


def test_compressed_and_parquet(tmp_path):
    table = read_orders(save(tmp_path, gzip.compress(TABLE.encode()), "orders.csv.gz"))
    pytest.importorskip("pyarrow")
    write_orders(table, tmp_path / "a.parquet")
    again = read_orders(tmp_path / "a.parquet")
    assert again.to_dict("list") == table.to_dict("list")
    table.set_index("hour").to_parquet(tmp_path / "b.parquet")
    assert read_orders(tmp_path / "b.parquet").to_dict("list") == table.to_dict("list")
    again.loc[1, "price"] = float("nan")
    again.to_parquet(tmp_path / "c.parquet")
    with pytest.raises(ValueError, match=r"c\.parquet, row 1: price is missing$"):
        read_orders(tmp_path / "c.parquet")
    with pytest.raises(ValueError, match=r"d\.parquet: .*[Pp]arquet"):
        read_orders(save(tmp_path, TABLE, "d.parquet"))


def test_a_written_table_is_read_again(tmp_path):
    cleared = clear_orders(read_orders(save(tmp_path, TABLE)), "hour", backend="numpy")[1]
    write_orders(cleared, tmp_path / "result.csv")
    assert read_orders(tmp_path / "result.csv").to_dict("list") == cleared.to_dict("list")
    with pytest.raises(ValueError, match=r"a\.xlsx: the name must end in \.csv or \.parquet"):
        write_orders(cleared, tmp_path / "a.xlsx")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "orders.csv: is empty"),
        (" \n", "orders.csv: is empty"),
        ("side,price,quantity\n", "orders.csv: holds no orders"),
        ("side,cost,quantity\nsell,1,2\n", "orders.csv: has no column 'price'; it has 'side', "),
        (TABLE.replace("10.5", "ten"), "orders.csv, line 2: price = 'ten': must be a number"),
        (TABLE.replace("-20", '"1,234"'), "orders.csv, line 3: price = '1,234': must be a number"),
        (TABLE.replace("-20", "inf"), "orders.csv, line 3: price = inf: must be finite"),
        (TABLE.replace("50.25", ""), "orders.csv, line 3: quantity is missing"),
        (TABLE.replace("1,buy,-20", "\n\n1,buy,"), "orders.csv, line 5: price is missing"),
        (TABLE.replace("50.25", "-1"), "orders.csv, line 3: quantity = -1.0: must be at least 0"),
        (TABLE.replace("50.25", "1,2,3"), "orders.csv: "),
        ("side;price;quantity\nsell;;1\nbuy;;2\n", "orders.csv, line 2: price is missing"),
        (
            "side;price;quantity\nsell;1,5;1\nbuy;1.23,4;1\n",
            "orders.csv, line 3: price = '1.23,4': must be a number",
        ),
    ],
)
def test_what_is_refused(tmp_path, content, said):
    with pytest.raises(ValueError) as error:
        read_orders(save(tmp_path, content))
    words = str(error.value)
    assert said in words
    assert "\n" not in words.strip()


def test_clearing_names_the_line_of_the_file(tmp_path):
    table = read_orders(save(tmp_path, TABLE.replace("1,buy", "1,purchase")))
    with pytest.raises(ValueError, match=r"orders\.csv, line 3: side = 'purchase': must be one of"):
        clear_orders(table, "hour")
    with pytest.raises(FileNotFoundError, match=r"absent\.csv"):
        read_orders(tmp_path / "absent.csv")


def test_a_missing_package_names_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r'pyarrow is not installed: pip install "market-py\[par'):
        read_orders(tmp_path / "a.parquet")
