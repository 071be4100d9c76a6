"""Strokes that a model makes up: records drawn byte by byte, and the points that they tell."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.strokes.layout import BEGINS, LIFT
from rnncompress.strokes.numerals import Ints

COLUMNS: Final = 3
"""Time, x and y: what a record of the models has here."""
_ENDLESS: Final = (1 << 24) - 1
"""Records that are announced: more than are drawn."""
_LARGEST: Final = 95
"""A step that is larger is a misunderstanding: records tell it elsewhere, where nothing is drawn."""


def records(
    symbols: Callable[[NDArray[np.int32]], Iterator[int]], count: int
) -> tuple[list[Ints], list[bool]]:
    """Runs (n, 2) of x and y with ``count`` points together, and which of them begin drawings.

    ``symbols`` gives what follows the bytes that it is given, without end.
    """
    begin = [LIFT, BEGINS, 0]
    prime = [COLUMNS, 1, *_ENDLESS.to_bytes(4, "little"), *begin]
    drawn = symbols(np.array(prime, np.int32))
    runs: list[list[tuple[int, int]]] = [[]]
    begins = [True]
    x = y = 0
    while count > 0:
        first, *step = islice(drawn, COLUMNS)
        if first == LIFT:
            begins.append(step[0] == BEGINS)
            runs.append([])
            x, y = (0, 0) if begins[-1] else (x, y)
            count -= 1  # of lifts without points there could be no end
            continue
        dx, dy = ((byte >> 1) ^ -(byte & 1) for byte in step)
        if runs[-1] and max(abs(dx), abs(dy)) > _LARGEST:
            dx = dy = 0
        x, y = x + dx, y + dy
        runs[-1].append((x, y))
        count -= 1
    return [np.array(run, np.int64).reshape(-1, 2) for run in runs], begins
