"""What tests need that drive Chromium."""

import pytest

from market_py import doctor

CHROMIUM = doctor.find_chromium()
NEEDS_CHROMIUM = pytest.mark.skipif(
    CHROMIUM is None, reason=f"no Chromium; {doctor.CHROMIUM_REMEDY}"
)
# One after the other: some take the time, and all share what one worker has started.
BROWSER_TESTS = [
    NEEDS_CHROMIUM,
    pytest.mark.filterwarnings("default"),
    pytest.mark.xdist_group("browser"),
]
BOOK_TESTS = [*BROWSER_TESTS[:2], pytest.mark.xdist_group("book")]
