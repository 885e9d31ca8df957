"""Whether there is a Chromium, and what its tests need besides."""

import pytest

from market_py import doctor

CHROMIUM = doctor.find_chromium()
NEEDS_CHROMIUM = pytest.mark.skipif(
    CHROMIUM is None, reason=f"no Chromium; {doctor.CHROMIUM_REMEDY}"
)
