"""The typed tables against the published figures of the system."""

import numpy as np
import pytest

from market_py.reliability import rts79


def test_units():
    assert len(rts79.UNITS) == 32
    assert sum(unit.capacity for unit in rts79.UNITS) == 3405
    assert len({unit.name for unit in rts79.UNITS}) == 32
    for unit in rts79.UNITS:
        assert unit.forced_outage_rate == pytest.approx(unit.mttr / (unit.mttf + unit.mttr))


def test_published_energy_and_load_factor():
    loads = rts79.hourly_loads()
    assert loads.shape == (rts79.HOURS,) == (8736,)
    assert round(loads.sum() / 1000) == 15_297
    assert round(100 * loads.mean() / loads.max(), 2) == 61.44
    assert loads.max() == rts79.ANNUAL_PEAK == 2850
    # The peak is in week 51, on its Tuesday, at 17:00 and 18:00.
    tuesday = (50 * 7 + 1) * 24
    assert np.flatnonzero(loads == 2850).tolist() == [tuesday + 17, tuesday + 18]


@pytest.mark.long
def test_the_year_clears_in_one_call(backends):
    bids, quantities = rts79.offers()
    loads = rts79.hourly_loads()
    cleared = [b.market_clearing_batch(bids, quantities, loads) for b in backends]
    for prices, dispatch in cleared:
        assert np.array_equal(prices, cleared[0][0])
        np.testing.assert_allclose(dispatch.sum(axis=1), loads, rtol=1e-9)
    # Every hour is met, at a price that some unit asks.
    assert set(cleared[0][0]) <= set(bids)
    # At the peak the 197 MW oil units are marginal.
    assert cleared[0][0].max() == 22.08 + 0.70


def test_offers_follow_fuel_prices_and_outages():
    bids, quantities = rts79.offers({"oil": 2.0}, out=("nuclear 400 MW #1",))
    units = {unit.name: i for i, unit in enumerate(rts79.UNITS)}
    assert bids[units["oil 12 MW #1"]] == 2 * 27.60 + 0.90
    assert bids[units["coal 350 MW #1"]] == 11.40 + 0.70
    assert quantities[units["nuclear 400 MW #1"]] == 0
    assert quantities.sum() == 3005
    with pytest.raises(ValueError, match="'gas' is no fuel"):
        rts79.offers({"gas": 2.0})
    with pytest.raises(ValueError, match="'coal 1 MW #1' is no unit"):
        rts79.offers(out=("coal 1 MW #1",))


def test_one_name_is_one_unit():
    """A string is no sequence of units of one letter."""
    _, one = rts79.offers(out="hydro 50 MW #1")
    assert np.array_equal(one, rts79.offers(out=("hydro 50 MW #1",))[1])
    assert one.sum() == 3405 - 50
    assert np.array_equal(rts79.offers(out={"hydro 50 MW #1"})[1], one)
    with pytest.raises(ValueError, match="out: 'hydro' is no unit of the system"):
        rts79.offers(out="hydro")


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (-1.0, ValueError, "= -1.0: must be finite and >= 0"),
        (np.nan, ValueError, "= nan: must be finite and >= 0"),
        (np.inf, ValueError, "= inf: must be finite and >= 0"),
        ("1", TypeError, ": must be real numbers, got str"),
        (True, TypeError, ": must be real numbers, got bool"),
    ],
)
def test_numbers_out_of_range(value, error, words):
    with pytest.raises(error, match="annual_peak") as caught:
        rts79.hourly_loads(value)
    assert words in str(caught.value)
    with pytest.raises(error, match=r"^fuel_prices\['oil'\]") as caught:
        rts79.offers({"oil": value})
    assert words in str(caught.value)
