"""The picture of the merit order."""

import io

import pytest
from matplotlib.image import imread

import market_py
from market_py.plots import merit_order
from market_py.reliability import rts79

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")


def pixels(png):
    return imread(io.BytesIO(png))


class TestPictures:
    def show(self, demand, **offers):
        bids, quantities = rts79.offers(**offers)
        price, dispatch = market_py.market_clearing(bids, quantities, demand, price_cap=1000.0)
        return merit_order.merit_order(
            bids,
            quantities,
            demand,
            price,
            dispatch,
            kinds=[unit.fuel for unit in rts79.UNITS],
            prices=(0, 70),
            highest_quantity=3500,
        )

    def test_the_merit_order_moves_and_comes_back(self):
        first = self.show(2200.0)
        others = [
            self.show(2400.0),
            self.show(2200.0, fuel_prices={"oil": 0.2}),
            self.show(3400.0, out=("nuclear 400 MW #1",)),
            self.show(0.0),
        ]
        assert len({first, *others}) == 5
        assert self.show(2200.0) == first
        assert {pixels(png).shape for png in others} == {pixels(first).shape}
