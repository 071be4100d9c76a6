"""Where the pen was expected: the density of the next point, summed up along the path (Graves 2013, figure 10).

It is that of the head of densities (:mod:`rnncompress.lstm.density`), spread over the pixels around each point. Floats
are good enough here: it is a picture, and nothing is coded with it.
"""

import base64
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.compiled.compile import plain
from rnncompress.drawing.raster import png
from rnncompress.drawing.svg import element, path
from rnncompress.lstm import density, density_kernels
from rnncompress.lstm.density import PARAMETERS, UNIT, DensityArrays
from rnncompress.strokes import packing, picture
from rnncompress.strokes.layout import BEGINS, HEAD, LIFT
from rnncompress.strokes.numbers import Reader

DRAWINGS: Final = 16
"""Of a file that are shown at most: the first."""
COLOURS: Final = (
    "#ffffff",
    "#fff3c4",
    "#ffe08a",
    "#ffc44d",
    "#ff9a3c",
    "#f4692e",
    "#d63a2a",
    "#a81529",
    "#6b0a26",
)
_REACH: Final = 24
"""Pixels around a point in which the next one is looked for."""
_FAINT: Final = 0.5
"""The power of a density that its colour goes with: what is faint can be seen as well."""

Grid = NDArray[np.float64]

_mean_of, _rate_of, _slope_of = (
    plain(kernel) for kernel in (density_kernels.mean_of, density_kernels.rate_of, density_kernels.slope_of)
)


def places(packed: bytes) -> NDArray[np.int64]:
    """The bytes of packed strokes with which dx is told, of all points in the first drawings."""
    table = packing.table_of(Reader(packed))
    lifts = table[:, 0] == LIFT
    drawings = np.cumsum(lifts & (table[:, 1] == BEGINS))
    records = np.flatnonzero(~lifts & (drawings <= DRAWINGS))
    found: NDArray[np.int64] = HEAD + 1 + table.shape[1] * records
    return found


def as_svg(packed: bytes, outputs: NDArray[np.int64]) -> str:
    """An SVG of the first drawings: what was expected in colours, and over it what was drawn.

    ``outputs`` (n, 6 K) are those of the network at the n :func:`places`.
    """
    strokes = packing.unpack(packed)
    numbers = np.cumsum(strokes.begins)
    shown = int((numbers <= DRAWINGS).sum())
    runs, begins = strokes.runs[:shown], strokes.begins[:shown]
    upwards = picture.grows_upwards(strokes.runs)
    firsts = np.cumsum([0, *(len(run) for run in runs)])
    body = []
    drawings = list(picture.cells(runs, begins))
    for number, (first, last) in enumerate(drawings):
        fitted, unit = picture.fitted(runs[first:last], upwards)
        points = np.array([point for stroke in fitted for point in stroke])
        told = outputs[firsts[first] : firsts[last]]
        x, y = picture.corner(number)
        image = base64.b64encode(png(_levels(_summed(points, told, unit, upwards)), COLOURS)).decode()
        body.append(
            element(
                "image",
                x=x,
                y=y,
                width=picture.CELL,
                height=picture.CELL,
                href=f"data:image/png;base64,{image}",
            )
        )
        for stroke in fitted:
            moved = [(x + a, y + b) for a, b in stroke]
            body.append(element("path", d=path(moved), fill="none", stroke="#1b2230", stroke_width="0.5"))
    return picture.svg(len(drawings), body)


def _summed(points: Grid, outputs: NDArray[np.int64], unit: float, upwards: bool) -> Grid:
    """The mass of each pixel, summed over the steps from each of the ``points`` (n, 2) to the next, in pixels.

    ``unit`` is how many pixels a cell of the density is wide. The first of the ``outputs`` (n, 6 K), which tell of the
    step to each point, is of no step.
    """
    total = np.zeros((picture.CELL, picture.CELL))
    edges = np.arange(-_REACH, _REACH + 2)
    for (x, y), told in zip(points[:-1], outputs[1:], strict=True):
        column, row = int(x), int(y)
        mass = masses(told, (edges + column - x) / unit, (edges + row - y) / unit, upwards)
        left, top = column - _REACH, row - _REACH
        inside = [slice(max(0, -at), picture.CELL - at) for at in (top, left)]
        part = mass[inside[0], inside[1]]
        total[max(0, top) :, max(0, left) :][: part.shape[0], : part.shape[1]] += part
    return total


def masses(outputs: NDArray[np.int64], xs: Grid, ys: Grid, upwards: bool = False) -> Grid:
    """The mass (m, n) of each field between the edges ``ys`` (m + 1,) and ``xs`` (n + 1,), which are steps in cells.

    The mean of y within a field is that of its middle. ``upwards``: y of the ``outputs`` (6 K,) has the other sign.
    """
    K = len(outputs) // PARAMETERS
    weight, x, log_x, y, log_y, bend = outputs.reshape(PARAMETERS, K).tolist()
    m = _arrays(K)
    share = np.exp((np.array(weight) - max(weight)) / float(UNIT))
    one, sign = float(UNIT), -1 if upwards else 1
    mean_x = np.array([_mean_of(m, k, 0, x[k]) for k in range(K)]) / one
    mean_y = np.array([_mean_of(m, k, 1, y[k]) for k in range(K)]) / one * sign
    rate_x = np.array([_rate_of(m, out) for out in log_x]) / one
    rate_y = np.array([_rate_of(m, out) for out in log_y]) / one
    slope = np.array([_slope_of(out) for out in bend]) / one * sign
    across = np.diff(_logistic((xs - mean_x[:, None]) * rate_x[:, None]))
    middles = (xs[1:] + xs[:-1]) / 2
    centres = mean_y[:, None] + slope[:, None] * (middles - mean_x[:, None])
    down = np.diff(_logistic((ys - centres[:, :, None]) * rate_y[:, None, None]))
    total: Grid = np.einsum("k,kn,knm->mn", share / share.sum(), across, down)
    return total


def _levels(total: Grid) -> NDArray[np.uint8]:
    """The numbers of the colours."""
    bright = (total / max(float(total.max()), 1e-12)) ** _FAINT
    return np.minimum(bright * len(COLOURS), len(COLOURS) - 1).astype(np.uint8)


def _logistic(z: Grid) -> Grid:
    told: Grid = 1 / (1 + np.exp(-np.clip(z, -40, 40)))
    return told


def _arrays(components: int) -> DensityArrays:
    """What the kernels need to say what outputs mean."""
    decay, logistic = density.tables()
    none = np.zeros(0, np.int64)
    parts = (decay, logistic, density.centres(components), none, none, none)
    return DensityArrays(components, 1, *(part.data for part in parts))
