"""The ``%%rust`` cell: what it makes of good cells, and what it says of others."""

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from market_py.workshop.grading.check import Failed
from market_py.workshop.playground import cell as cells
from market_py.workshop.playground import magic, verify

pytestmark = [
    pytest.mark.skipif(not cells.has_cargo(), reason="no cargo"),
    pytest.mark.xdist_group("cells of Rust"),
]
HEAD = """\
fn market_clearing(bids: &[f64], quantities: &[f64], demand: f64,
                   dispatch: &mut [f64]) -> f64 {
"""
SORTED = f"""{HEAD}
    let mut order: Vec<usize> = (0..bids.len()).collect();
    order.sort_by(|&a, &b| bids[a].total_cmp(&bids[b]));
    let (mut left, mut price) = (demand, f64::NAN);
    for i in order {{
        price = bids[i];
        dispatch[i] = quantities[i].min(left);
        left -= dispatch[i];
        if left <= 0.0 {{ break; }}
    }}
    price
}}
"""


@pytest.fixture
def run(monkeypatch):
    """Run a cell; return what is bound to the name ``mine``, and the message."""
    shell = InteractiveShell.instance()
    messages = []
    monkeypatch.setattr(magic, "get_ipython", lambda: shell)
    monkeypatch.setattr(magic, "display", messages.append)

    def run_cell(text, options=""):
        shell.user_ns.pop("mine", None)
        magic.rust(f"mine {options}", text)
        return shell.user_ns["mine"], messages[-1]

    yield run_cell
    InteractiveShell.clear_instance()


def test_a_cell_becomes_a_function_and_is_compiled_once(run, monkeypatch):
    function, message = run(SORTED)
    price, dispatch = function(np.array([10.0, 20.0]), np.array([50.0, 50.0]), 70.0)
    assert (price, dispatch.tolist()) == (20.0, [50.0, 20.0])
    assert "mine: compiled and verified in" in message.text
    assert 'role="status"' in message._repr_mimebundle_()["text/html"]
    monkeypatch.setattr(cells, "_run", lambda *_: pytest.fail("compiled again"))
    assert run(SORTED)[0](np.array([1.0]), np.array([2.0]), 1.0)[0] == 1.0


REFUSED = {
    "does not compile": (SORTED.replace("let (mut left", "let (left"), "cannot assign twice"),
    "a panic": (f'{HEAD} panic!("no")\n}}', "PanicException: no"),
    "out of bounds": (f"{HEAD} bids[bids.len()]\n}}", "index out of bounds"),
    "a wrong answer": (f"{HEAD} dispatch[0] = demand; bids[0]\n}}", "expected price"),
    "unsafe": (f"{HEAD} unsafe {{ *bids.get_unchecked(0) }}\n}}", "usage of an `unsafe` block"),
    "a wrong signature": (
        "fn market_clearing(bids: &[f64]) -> f64 { bids[0] }",
        "The function must be\nfn market_clearing(bids: &[f64], quantities",
    ),
    "an empty cell": ("// nothing\n", "The cell is empty"),
    "another function": ("fn other() {}", "The cell must hold"),
    "a stack overflow": (
        "fn deep(x: &mut [u64; 4096]) -> u64 { let mut y = *x; y[1] += 1; "
        "if std::hint::black_box(true) { deep(&mut y) + std::hint::black_box(y[0]) } else { 0 } }\n"
        f"{HEAD} deep(&mut [1; 4096]) as f64\n}}",
        "ended its process",
    ),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_a_cell_is_refused_with_a_message(run, text, words):
    found, message = run(text)
    assert isinstance(found, Failed)
    assert not found
    assert words in message.text
    assert message.is_alarm
    assert 'role="alert"' in message._repr_mimebundle_()["text/html"]


def test_an_endless_loop_is_ended(run, monkeypatch):
    monkeypatch.setattr(verify, "DEFAULT_SECONDS", 2.0)
    found, message = run(f"{HEAD} loop {{ std::hint::black_box(bids); }}\n}}")
    assert not found
    assert "did not return within 2 s: is there an endless loop?" in message.text


def test_a_binding_of_ones_own(run):
    function, _ = run("use pyo3::prelude::*;\n#[pyfunction]\nfn twice(x: f64) -> f64 { 2.0 * x }")
    assert function(4.0) == 8.0


def test_the_whole_file_and_the_instructions_are_printed(run, capsys):
    run(SORTED, "--show --asm")
    printed = capsys.readouterr().out
    assert "#[pymodule]" in printed
    assert SORTED in printed
    assert ".text" in printed


def test_without_rust_the_notebook_goes_on(run, monkeypatch):
    monkeypatch.setattr(magic, "has_cargo", lambda: False)
    found, message = run(SORTED)
    assert found is None
    assert "https://rustup.rs" in message.text


def test_a_batch_is_verified_on_several_threads(run):
    head = (
        "fn market_clearing_batch(bids: &[f64], quantities: &[f64], demand: &[f64], "
        "threads: usize, prices: &mut [f64], dispatch: &mut [f64]) {"
    )
    found, message = run(f"{head} if threads > 1 {{ panic!() }} prices.fill(demand[0]); }}")
    assert not found
    assert "expected price" in message.text


def test_blocks_of_memory_are_counted():
    path = cells.Cell(SORTED, "mine").compile(counting=True)
    count = verify.load(path, "allocations")
    # The indices, and what a stable sort of many needs.
    assert count(np.arange(5.0), np.ones(5), 2.0) == 1
    assert count(np.random.default_rng(1).random(10_000), np.ones(10_000), 9.0) == 2
