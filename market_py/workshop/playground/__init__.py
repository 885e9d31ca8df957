"""Learners' own functions, in Rust or numba: compile, verify, keep and race them."""

from market_py.registry import added_variants as variants
from market_py.workshop.playground import collection
from market_py.workshop.playground.assembly import assembly
from market_py.workshop.playground.collection import add
from market_py.workshop.playground.race import race

__all__ = ["add", "assembly", "race", "variants"]

collection.load_all()
