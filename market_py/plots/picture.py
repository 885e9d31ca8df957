r"""Turn a drawing function into one that returns a PNG, drawn with the project's settings.

>>> @picture(height=3)
... def dots(figure, x, y):
...     figure.subplots().plot(x, y, "o")
>>> dots([1, 2], [3, 4])[:4]
b'\x89PNG'
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, Generic, ParamSpec

from matplotlib import rc_params_from_file, style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

P = ParamSpec("P")
STYLE: Any = rc_params_from_file(Path(__file__).with_name("workshop.mplstyle"), True, False)
DPI: int = STYLE["figure.dpi"]
_LOCK = threading.RLock()


@contextmanager
def own_settings() -> Iterator[None]:
    """Draw with the settings of this project, whatever those of the user are."""
    # Settings of Matplotlib are global, and panels draw in threads: one at a time.
    with _LOCK, style.context(["default", STYLE]):
        yield


class Picture(Generic[P]):
    """A picture that is called with data and returns a PNG; its size is in inches.

    `draw` takes an empty figure and the data.
    """

    def __init__(
        self, draw: Callable[Concatenate[Figure, P], None], width: float, height: float
    ) -> None:
        self._draw, self._size = draw, (width, height)
        self.__doc__ = draw.__doc__

    @property
    def width(self) -> int:
        """Pixels."""
        return round(self._size[0] * DPI)

    def figure(self, *data: P.args, **options: P.kwargs) -> Figure:
        """Draw a figure outside pyplot."""
        width, height = self._size
        with own_settings():
            figure = Figure(figsize=self._size)
            FigureCanvasAgg(figure)
            # Room for the labels, and above for the legend.
            figure.subplots_adjust(
                left=0.95 / width,
                right=1 - 0.3 / width,
                bottom=0.75 / height,
                top=1 - 0.65 / height,
            )
            self._draw(figure, *data, **options)
        return figure

    def __call__(self, *data: P.args, **options: P.kwargs) -> bytes:
        """Draw, and return a PNG."""
        buffer = io.BytesIO()
        with own_settings():
            figure = self.figure(*data, **options)
            # Light compression: most of the time would go there.
            figure.savefig(buffer, format="png", pil_kwargs={"compress_level": 1})
        return buffer.getvalue()


def picture(
    *, width: float = 9.0, height: float = 4.6
) -> Callable[[Callable[Concatenate[Figure, P], None]], Picture[P]]:
    """Make a `Picture` of a function that draws on an empty figure; sizes in inches."""

    def decorate(draw: Callable[Concatenate[Figure, P], Any]) -> Picture[P]:
        return Picture(draw, width, height)

    return decorate
