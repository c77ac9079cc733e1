"""The only place that makes a matplotlib figure without pyplot.

It is imported by the function that draws, as it imports matplotlib itself.
"""

import io

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


class Picture(Figure):
    """A figure that shows itself in a notebook, and knows its equivalent in words."""

    def __init__(self, *, figsize: tuple[float, float]) -> None:
        super().__init__(figsize=figsize)
        FigureCanvasAgg(self)
        self.alternative = ""

    def __repr__(self) -> str:
        return self.alternative

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.savefig(file, format="png", metadata={"Description": self.alternative})
        return file.getvalue()
