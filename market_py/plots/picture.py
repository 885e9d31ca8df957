"""A figure outside pyplot that renders itself to PNG bytes."""

from __future__ import annotations

import io

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DPI = 100


class Picture:
    """A figure outside pyplot, of fixed size and margins, that knows its PNG."""

    def __init__(self, width: float = 9.0, height: float = 4.6) -> None:
        self.figure = Figure(figsize=(width, height), dpi=DPI)
        # In inches: room for the labels, and above for the legend.
        self.figure.subplots_adjust(
            left=0.95 / width, right=1 - 0.3 / width, bottom=0.75 / height, top=1 - 0.65 / height
        )
        self._canvas = FigureCanvasAgg(self.figure)

    @property
    def width(self) -> int:
        """Pixels."""
        return round(float(self.figure.get_figwidth()) * DPI)

    def png(self) -> bytes:
        """Draw the figure."""
        buffer = io.BytesIO()
        # Light compression: most of the time would go there.
        options = {"compress_level": 1}
        self._canvas.print_png(buffer, pil_kwargs=options)  # type: ignore[no-untyped-call]
        return buffer.getvalue()
