"""Geometry of the two charts, so that the template only writes it down.

Horizontal places are percentages and vertical ones pixels: the words in a chart keep their size on a small
screen. Bars begin at zero. At most four series, told apart by marker and dash beside colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

BAR_STEP, PLOT_HEIGHT, LABEL_STEP, TOP = 48, 180, 18, 24
SERIES = 4


@dataclass(frozen=True)
class Bars:
    """A title, one sentence of what is seen, the unit of the values, and the bars from top to bottom."""

    title: str
    description: str
    unit: str
    points: Sequence[tuple[str, int]]

    @property
    def height(self) -> int:
        return BAR_STEP * len(self.points) + 8

    def drawn(self) -> list[tuple[str, int, int, str]]:
        """(label, value, top in pixels, width in percent of the longest) of each bar."""
        longest = max((value for _, value in self.points), default=0) or 1
        return [
            (label, value, BAR_STEP * place, f"{value * 100 / longest:.2f}")
            for place, (label, value) in enumerate(self.points)
        ]


@dataclass(frozen=True)
class Drawn:
    """One line as drawn: points for a 100-wide plot, and where its own label stands."""

    name: str
    points: str
    marks: list[tuple[str, str]]
    label_top: float


@dataclass(frozen=True)
class Lines:
    """Values of up to four series over the same labels (days, nights), oldest first."""

    title: str
    description: str
    unit: str
    labels: Sequence[str]
    series: Sequence[tuple[str, Sequence[int]]]

    def __post_init__(self) -> None:
        if len(self.series) > SERIES:
            raise ValueError(f"a chart shows at most {SERIES} series, got {len(self.series)}")

    @property
    def highest(self) -> int:
        return max((max(values, default=0) for _, values in self.series), default=0) or 1

    @property
    def height(self) -> int:
        return PLOT_HEIGHT + TOP

    def drawn(self) -> list[Drawn]:
        """Each series with its points; the labels at the right end are moved apart where lines meet."""
        lines = [self._line(name, values) for name, values in self.series]
        tops = _apart([marks[-1][1] if marks else TOP for _, marks in lines])
        return [
            Drawn(name, " ".join(f"{x:.2f},{y:.1f}" for x, y in marks), _at_ends(marks), top)
            for (name, marks), top in zip(lines, tops, strict=True)
        ]

    def _line(self, name: str, values: Sequence[int]) -> tuple[str, list[tuple[float, float]]]:
        last = max(1, len(values) - 1)
        marks = [
            (100 * place / last, TOP + PLOT_HEIGHT * (1 - value / self.highest))
            for place, value in enumerate(values)
        ]
        return name, marks


def _at_ends(marks: list[tuple[float, float]]) -> list[tuple[str, str]]:
    """A marker at every point up to a dozen; on longer lines at some, so that they stay apart."""
    step = max(1, len(marks) // 12)
    return [(f"{x:.2f}", f"{y:.1f}") for x, y in marks[::step]]


def _apart(tops: list[float]) -> list[float]:
    """Where the label of each line stands: just above its line, none nearer to another than a line of text.

    Lines that meet near the zero line push each other's labels upward, those near the top downward.
    """
    order = sorted(range(len(tops)), key=lambda place: tops[place])
    placed = {place: tops[place] - 8 for place in order}
    for upper, lower in reversed(list(pairwise(order))):
        placed[upper] = min(placed[upper], placed[lower] - LABEL_STEP)
    lowest_allowed = 12.0
    for place in order:
        placed[place] = max(placed[place], lowest_allowed)
        lowest_allowed = placed[place] + LABEL_STEP
    return [placed[place] for place in range(len(tops))]
