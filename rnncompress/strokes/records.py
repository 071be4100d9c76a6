"""Points as records of bytes: one byte for each number of a point, which is what the engine predicts.

The last number of a point comes first: mostly it is the time, which tells how far the pen can have come. A byte tells
the difference from the point before. A record that begins with ``LIFT`` has no point: a new run begins,
and its second byte tells whether it goes on where the last one ended, or belongs to a new drawing, whose first point is
told as it is. What a byte cannot hold is *far*: the byte tells its size, and the rest stands elsewhere.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from rnncompress.strokes.layout import BEGINS, FURTHEST, GOES_ON, LIFT, NEAR
from rnncompress.strokes.numbers import Reader, varint
from rnncompress.strokes.numerals import MOST, Ints

Bytes = NDArray[np.uint8]


def encode(runs: Sequence[Ints], begins: Iterable[bool], rising: Sequence[bool]) -> tuple[Bytes, bytes]:
    """The records (n, k) of ``runs`` (points, k), and what is far.

    ``begins`` tells of each run whether it begins a drawing; differences within one are never negative in columns that
    are ``rising``.
    """
    k = len(rising)
    rows, before = [], np.zeros((1, k), np.int64)
    for run, new in zip(runs, begins, strict=True):
        before = np.zeros((1, k), np.int64) if new else before
        lift = np.array([[LIFT, BEGINS if new else GOES_ON] + [0] * (k - 2)])
        rows += [lift, np.diff(run, axis=0, prepend=before)]
        before = run[-1:] if len(run) else before
    lifts = np.concatenate([np.arange(len(row)) < (n % 2 == 0) for n, row in enumerate(rows)])
    all_rows = np.concatenate(rows)
    all_rows[~lifts] = np.roll(all_rows[~lifts], 1, axis=1)
    differences = np.where(np.roll(rising, 1), all_rows, (all_rows << 1) ^ (all_rows >> 63))
    differences[lifts] = all_rows[lifts]
    large = NEAR + ((differences - NEAR) >> 8)
    records = np.where(differences < NEAR, differences, np.minimum(large, FURTHEST))
    records[lifts] = all_rows[lifts]
    is_far = (records >= NEAR) & ~lifts[:, None]
    far = bytearray()
    for record, difference in zip(records[is_far].tolist(), differences[is_far].tolist(), strict=True):
        far += varint(difference) if record == FURTHEST else bytes([difference - NEAR & 255])
    return records.astype(np.uint8), bytes(far)


def decode(records: Bytes, far: Reader, rising: Sequence[bool]) -> tuple[list[Ints], list[bool]]:
    """The inverse of :func:`encode`: runs, and which of them begin drawings. Raises ValueError if there is none."""
    lifts = records[:, 0] == LIFT
    if len(records) and not lifts[0]:
        raise ValueError("its strokes do not begin")
    differences = records.astype(np.int64)
    is_far = (records >= NEAR) & ~lifts[:, None]
    told = []
    for record in records[is_far].tolist():
        if record == FURTHEST:
            told.append(far.varint())
        else:
            told.append(far.byte() + NEAR + ((record - NEAR) << 8))
    differences[is_far] = np.array(told, np.int64)
    differences = np.where(np.roll(rising, 1), differences, (differences >> 1) ^ -(differences & 1))
    differences[lifts] = 0
    differences = np.roll(differences, -1, axis=1)
    sizes = np.abs(differences)  # their sum may take more than 64 bits
    if (int((sizes >> 32).sum()) << 32) + int((sizes & 0xFFFFFFFF).sum()) >= MOST:
        raise ValueError("its coordinates are too large")
    begins = lifts & (records[:, 1] == BEGINS)
    sums = np.cumsum(differences, axis=0)
    # What was summed up when the drawing began does not count in it.
    starts = np.maximum.accumulate(np.where(begins, np.arange(len(records)), 0))
    points = sums - np.where(begins[starts][:, None], sums[starts], 0)
    places = np.flatnonzero(lifts)
    runs = [part[1:] for part in np.split(points, places[1:])] if len(places) else []
    return runs, begins[places].tolist()
