"""Drawings as SVG: strokes as lines, in one ink or coloured by what each of their points cost."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.drawing.svg import element, path
from rnncompress.strokes.numerals import Ints

Bits = NDArray[np.float32]

COLOURS: Final = ("#1b7837", "#7fbf7b", "#c9b43c", "#f1a340", "#d6604d", "#b2182b", "#67001f")
EDGES: Final = (2.0, 4.0, 6.0, 8.0, 11.0, 15.0)
"""Bits of a point that the colours lie between."""
CELL: Final = 110
"""Of a drawing: its width and height."""
ACROSS: Final = 8
"""Drawings in a row."""
_MARGIN: Final = 10
_INK: Final = "#1b2230"


def drawings(runs: Sequence[Ints], begins: Sequence[bool], costs: Sequence[Bits] | None = None) -> str:
    """An SVG of runs (n, 2 or more) of x and y, each drawing in a cell of its own.

    y grows downwards, or upwards where it is mostly negative. ``begins`` tells which runs begin drawings. With
    ``costs``, for each run of each point (n,) in bits, the line to a point has the colour of its cost.
    """
    of_each = list(cells(runs, begins))
    upwards = grows_upwards(runs)
    body = []
    for number, (first, last) in enumerate(of_each):
        x, y = corner(number)
        for at, points in enumerate(fitted(runs[first:last], upwards)[0], first):
            moved = [(x + a, y + b) for a, b in points]
            body += _line(moved) if costs is None else _coloured(moved, costs[at])
    return svg(len(of_each), body)


def svg(count: int, body: Sequence[str]) -> str:
    """So many drawings, each in its cell."""
    width, height = min(count, ACROSS) * CELL, -(-count // ACROSS) * CELL
    ground = element("rect", width=width, height=height, fill="#ffffff")
    return element(
        "svg", ground, *body, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width} {height}",
        width=width, height=height,
    )  # fmt: skip


def legend() -> str:
    """The colours and their bits, as HTML."""
    names = [f"below {EDGES[0]:g}", *(f"from {edge:g}" for edge in EDGES)]
    shown = (f'<b style="color:{colour}">{name}</b>' for colour, name in zip(COLOURS, names, strict=True))
    return f"<p>bits of a point: {' '.join(shown)}</p>"


def corner(number: int) -> tuple[int, int]:
    """Where the cell of drawing ``number`` begins."""
    return number % ACROSS * CELL, number // ACROSS * CELL


def grows_upwards(runs: Sequence[Ints]) -> bool:
    """Whether y does: where it is mostly negative."""
    return sum(int(run[:, 1].sum()) for run in runs) < 0


def cells(runs: Sequence[Ints], begins: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """The first run of each drawing, and the one after its last; drawings without points are left out."""
    firsts = [number for number, new in enumerate(begins) if new]
    for first, last in zip(firsts, [*firsts[1:], len(runs)], strict=True):
        if any(len(run) for run in runs[first:last]):
            yield first, last


def fitted(runs: Sequence[Ints], upwards: bool) -> tuple[list[list[tuple[float, float]]], float]:
    """The points of a drawing in its cell, and how long a unit is there; y grows downwards, or ``upwards``."""
    points = np.concatenate([run[:, :2] for run in runs]).astype(np.float64)
    points[:, 1] *= -1 if upwards else 1
    low, size = points.min(axis=0), max(1.0, float(np.ptp(points, axis=0).max()))
    unit = (CELL - 2 * _MARGIN) / size
    moved = (points - low) * unit + _MARGIN
    ends = np.cumsum([len(run) for run in runs])[:-1]
    return [list(map(tuple, part.tolist())) for part in np.split(moved, ends)], unit


def _line(points: list[tuple[float, float]]) -> list[str]:
    """A run in ink; a single point is a dot."""
    if not points:
        return []
    if len(points) == 1:
        return [element("circle", cx=points[0][0], cy=points[0][1], r=1, fill=_INK)]
    return [
        element("path", d=path(points), fill="none", stroke=_INK, stroke_width="1.5", stroke_linejoin="round")
    ]


def _coloured(points: list[tuple[float, float]], costs: Bits) -> list[str]:
    """A run, the line to each point in the colour of its cost; the first point is a dot."""
    levels = np.searchsorted(EDGES, costs).tolist()
    if not points:
        return []
    x, y = points[0]
    body = [element("circle", cx=x, cy=y, r=2, fill=COLOURS[levels[0]])]
    for level, group in groupby(range(1, len(points)), lambda number: levels[number]):
        numbers = list(group)
        line = path(points[numbers[0] - 1 : numbers[-1] + 1])
        body.append(
            element(
                "path", d=line, fill="none", stroke=COLOURS[level], stroke_width="2", stroke_linecap="round"
            )
        )
    return body
