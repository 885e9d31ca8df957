"""Data that tests use where they are present, and that are not part of the repository."""

import os
from pathlib import Path

import pytest

from market_py.extension import REPOSITORY
from market_py.orders.omie import DATA_VARIABLE

DATE = "20250621"
DATA = Path(os.environ.get(DATA_VARIABLE) or REPOSITORY.parent / "shared" / "data")

needs_real_day = pytest.mark.skipif(
    not (DATA / f"omie_{DATE}_bids.csv.gz").exists(), reason=f"no day {DATE} in {DATA}"
)
