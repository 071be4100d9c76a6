"""Writing as SVG: the lines, and how much each character counted while they were written (figure 13 of the paper)."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from rnncompress.drawing.svg import element, escaped, text
from rnncompress.writing.network import UNIT
from rnncompress.writing.writer import Line

SIZE: Final = 7.0
"""Of a root mean square step of the pen."""
_MARGIN: Final = 14.0
_LEADING: Final = 10.0
"""Between lines."""
_INK: Final = "#1b2230"
_SHADES: Final = 8
"""Of grey, for weights."""
_COLUMN: Final = 2.0
"""The width of a point in the picture of the window."""
_ROW: Final = 13.0
_NAMES: Final = 26.0
"""Beside the rows."""

Path = list[tuple[float, float]]


def lines(written: Sequence[Line]) -> str:
    """An SVG of lines, one under the other."""
    body: list[str] = []
    width, y = 0.0, _MARGIN
    for line in written:
        strokes, across, down = _placed(line)
        body += [_stroke([(a + _MARGIN, b + y) for a, b in stroke]) for stroke in strokes]
        width, y = max(width, across), y + down + _LEADING
    return _svg(width + 2 * _MARGIN, y - _LEADING + _MARGIN, _title(written), *body)


def window(written: Sequence[Line]) -> str:
    """An SVG of the weights of the characters, a column for each point, and what was written below."""
    body: list[str] = []
    width, y = 0.0, _MARGIN
    for line in written:
        if not line.text:
            continue
        right, left = len(line.points) * _COLUMN, _MARGIN + _NAMES
        for row, character in enumerate(line.text):
            top = y + (len(line.text) - 1 - row) * _ROW
            body.append(text(left - 8, top + _ROW - 3, character if character != " " else "␣", "end"))
            shades = np.minimum(line.window[:, row] * _SHADES // UNIT, _SHADES).tolist()
            body += _cells(shades, left, top)
        y += len(line.text) * _ROW + _LEADING
        strokes, across, down = _placed(line)
        wide = right / max(across, 1.0)
        body += [_stroke([(a * wide + left, b + y) for a, b in stroke]) for stroke in strokes]
        width, y = max(width, right + _NAMES), y + down + 2 * _LEADING
    return _svg(width + 2 * _MARGIN, y, _title(written), *body)


def _cells(shades: Sequence[int], left: float, top: float) -> list[str]:
    """A row of the picture, from ``left`` on: a rectangle for all neighbours of the same shade."""
    told, start = [], 0
    for at in range(1, len(shades) + 1):
        if at == len(shades) or shades[at] != shades[start]:
            if shades[start]:
                x, wide = left + start * _COLUMN, (at - start) * _COLUMN
                grey = f"#{255 - shades[start] * 28:02x}" + f"{255 - shades[start] * 24:02x}" * 2
                told.append(element("rect", x=x, y=top, width=wide, height=_ROW, fill=grey))
            start = at
    return told


def _placed(line: Line) -> tuple[list[Path], float, float]:
    """The strokes of a line from (0, 0) on, and how wide and high they are."""
    strokes = line.strokes()
    if not strokes:
        return [], 0.0, 3 * SIZE
    points = np.concatenate(strokes)
    low, high = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    scale = SIZE / UNIT
    placed = [
        [((x - low[0]) * scale, (y - low[1]) * scale) for x, y in stroke.tolist()] for stroke in strokes
    ]
    return placed, (high[0] - low[0]) * scale, (high[1] - low[1]) * scale


def _stroke(points: Path) -> str:
    """A stroke in ink, rounded between its points; a single point is a dot."""
    if len(points) == 1:
        return element("circle", cx=points[0][0], cy=points[0][1], r=1.2, fill=_INK)
    (x, y), (last_x, last_y) = points[0], points[-1]
    d = f"M{x:.1f} {y:.1f}"
    for (x, y), (next_x, next_y) in pairwise(points[1:]):
        d += f"Q{x:.1f} {y:.1f} {(x + next_x) / 2:.1f} {(y + next_y) / 2:.1f}"
    d += f"L{last_x:.1f} {last_y:.1f}"
    return element(
        "path",
        d=d,
        fill="none",
        stroke=_INK,
        stroke_width="1.8",
        stroke_linejoin="round",
        stroke_linecap="round",
    )


def _title(written: Sequence[Line]) -> str:
    """What is written, for those who cannot see it."""
    return element("title", escaped(" ".join(line.text for line in written)))


def _svg(width: float, height: float, title: str, *body: str) -> str:
    ground = element("rect", width=width, height=height, fill="#ffffff")
    return element(
        "svg", title, ground, *body, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=round(width), height=round(height), font_family="monospace", font_size="11",
    )  # fmt: skip
