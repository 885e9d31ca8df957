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
    def show(self, picture, demand, **offers):
        bids, quantities = rts79.offers(**offers)
        price, dispatch = market_py.market_clearing(bids, quantities, demand, price_cap=1000.0)
        return picture.show(bids, quantities, demand, price, dispatch)

    def test_the_merit_order_moves_and_comes_back(self):
        fuels = [unit.fuel for unit in rts79.UNITS]
        picture = merit_order.MeritOrderPicture(fuels, highest_price=70, highest_quantity=3500)
        first = self.show(picture, 2200.0)
        others = [
            self.show(picture, 2400.0),
            self.show(picture, 2200.0, fuel_prices={"oil": 0.2}),
            self.show(picture, 3400.0, out=("nuclear 400 MW #1",)),
            self.show(picture, 0.0),
        ]
        assert len({first, *others}) == 5
        assert self.show(picture, 2200.0) == first
        assert {pixels(png).shape for png in others} == {pixels(first).shape}
        assert len(picture.figure.axes[0].get_children()) < 40
