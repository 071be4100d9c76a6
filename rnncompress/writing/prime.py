"""A style for the network to go on with: strokes that somebody made, brought to the measure of a model's own."""

import numpy as np
from numpy.typing import NDArray

from rnncompress.errors import InputError
from rnncompress.strokes import packing, picture
from rnncompress.strokes.packing import Strokes
from rnncompress.writing.model import WritingModel
from rnncompress.writing.network import FURTHEST, UNIT, Integers
from rnncompress.writing.writer import Line, check

_FINE = 1 << 20
"""Lengths are summed up in units of 2^-20."""

Points = NDArray[np.float64]


def read(model: WritingModel, data: bytes, text: str) -> Line:
    """The strokes in a file, which are the writing of ``text``, one line of it.

    How large they are and how far apart their points is told by how much of a line a character takes. Raises InputError
    if there are no strokes, or the model lacks a character.
    """
    if not text.strip() or len(text.splitlines()) > 1:
        raise InputError("the text of a style is one line")
    check(model, text)
    strokes = packing.parse(data)
    if strokes is None:
        raise InputError("no strokes are found in it; a style is a file of strokes, of 16 points or more")
    runs = _shrunk(_placed(strokes))
    drawn = sum(int(_along(run)[-1]) for run in runs)
    if not drawn:
        raise InputError("its strokes are dots; a style is a line of writing")
    scale = model.length * len(text) * _FINE / drawn
    runs = [_resampled(run * scale, model.step) for run in runs]
    points = np.concatenate(runs) - runs[0][0]
    places = np.rint(points * UNIT).astype(np.int64)
    steps = np.clip(np.diff(places, axis=0, prepend=places[:1]), -FURTHEST, FURTHEST)
    ends = np.zeros(len(steps), np.int64)
    ends[np.cumsum([len(run) for run in runs]) - 1] = UNIT
    return Line(text, np.column_stack([steps, ends]), np.zeros((len(steps), len(text) + 1), np.int64))


def _placed(strokes: Strokes) -> list[Points]:
    """The points (n, 2) of each stroke, y downwards. Raises InputError if they are beyond all measure."""
    numbers = np.cumsum(strokes.begins) - 1
    runs = []
    try:
        for run, number in zip(strokes.runs, numbers.tolist(), strict=True):
            grids = strokes.grids[number][:2]
            axes = [grid.values(run[:, axis]) / float(10**grid.decimals) for axis, grid in enumerate(grids)]
            runs.append(np.column_stack(axes))
    except OverflowError as error:
        raise InputError(f"it is no style: {error}") from None
    upwards = picture.grows_upwards(strokes.runs)
    return [run * (1, -1) if upwards else run for run in runs if len(run)]


def _shrunk(runs: list[Points]) -> list[Points]:
    """All of them between 0 and 1, with their proportions."""
    points = np.concatenate(runs)
    low = points.min(axis=0)
    size = float((points.max(axis=0) - low).max()) or 1.0
    return [(run - low) / size for run in runs]


def _along(points: Points) -> Integers:
    """How far (n,) each of the ``points`` (n, 2) is along their path, in units of 2^-20."""
    steps = np.diff(points, axis=0, prepend=points[:1])
    lengths = np.sqrt(steps[:, 0] * steps[:, 0] + steps[:, 1] * steps[:, 1])
    return np.cumsum(np.rint(lengths * _FINE).astype(np.int64))


def _resampled(points: Points, step: float) -> Points:
    """Points about ``step`` apart on the path of ``points`` (n, 2); its ends stay."""
    along = _along(points).astype(np.float64) / _FINE
    count = max(1, round(float(along[-1]) / step))
    if not along[-1]:
        return points[:1]
    told = []
    for place in (float(along[-1]) * n / count for n in range(count + 1)):
        after = min(max(int(np.searchsorted(along, place)), 1), len(along) - 1)
        span = along[after] - along[after - 1]
        part = (place - along[after - 1]) / span if span else 0.0
        told.append(points[after - 1] + (points[after] - points[after - 1]) * part)
    return np.array(told)
