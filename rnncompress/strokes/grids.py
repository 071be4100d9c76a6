"""Grids: numbers of a drawing that are multiples of a step, as small integers.

Drawing programs scale what a screen told them in pixels. ``i * step + start``, written with as many digits as the file
has, must be the very text of the number; how step and start are found does not matter, and only the encoder does it.
"""

import operator
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rnncompress.strokes.numerals import MOST, POWERS, Ints, Style

EXTRA: Final = 4
"""Decimals of step and start beyond those of the numbers."""
_LARGEST: Final = 1 << 40
"""Integers stay below, so that products do not overflow."""
_FITTING: Final = 0.8
"""Share of the numbers of a drawing that a grid must hit to be worth while."""
_ENOUGH: Final = 0.995
"""Share from which on no better grid is looked for."""
_TRIES: Final = 64
"""Grids and steps used last that are tried again."""
_NEAR: Final = 200
"""Units of the numbers that the last of their significant digits may stand for, about: what is further off is not
tried."""
_ROUND: Final = (10_000, 100, 1)
"""A step that was estimated is rounded to these, the roundest first."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Number i stands for ``i * step + start`` units of 10^-``decimals``."""

    decimals: int
    step: int
    start: int

    def values(self, integers: Ints) -> Ints:
        """What ``integers`` stand for. Raises OverflowError if that is too large."""
        most = int(np.abs(integers).max(initial=0))
        if most * abs(self.step) + abs(self.start) >= MOST or self.decimals > 18:
            raise OverflowError("a coordinate is too large")
        return integers * self.step + self.start

    def write(self, integers: Ints, style: Style) -> list[bytes]:
        """The texts of ``integers``. Raises OverflowError."""
        return style.write(self.values(integers), self.decimals)


def plain(decimals: int) -> Grid:
    """All numbers with so many decimals."""
    return Grid(decimals, 1, 0)


def nearest(grid: Grid, values: Ints, decimals: int) -> Ints:
    """The integers that stand nearest to ``values`` in units of 10^-``decimals``; 0 for those that are too large."""
    if grid == plain(decimals):
        return np.where(np.abs(values) < _LARGEST, values, 0)
    scale = POWERS[grid.decimals - decimals]
    usable = np.where(np.abs(values) < MOST // scale // 4, values, 0)
    integers = (2 * (usable * scale - grid.start) + grid.step) // (2 * grid.step)
    return np.where(np.abs(integers) < min(_LARGEST, MOST // grid.step // 4), integers, 0)


class Finder:
    """Finds grids for the drawings of one column, one after the other. Columns of as many decimals share
    the ``steps`` found."""

    def __init__(self, decimals: int, style: Style, steps: list[int]) -> None:
        self.decimals = decimals
        self.style = style
        self._steps = steps
        self._grids: list[Grid] = []
        """Those found so far, the last ones first."""

    def find(self, values: Ints, texts: Sequence[bytes]) -> Grid:
        """A grid that most numbers of a drawing are on; the plain one if there is no other."""
        best, most = plain(self.decimals), _FITTING
        if self.style.significant:
            for grid in self._candidates(values):
                share = self._share(grid, values, texts)
                if share > most:
                    best, most = grid, share
                if share >= _ENOUGH:
                    break
        if best.step > 1:
            self._grids = [best, *(grid for grid in self._grids if grid != best)]
            if best.step not in self._steps:
                self._steps.append(best.step)
        return best

    def _share(self, grid: Grid, values: Ints, texts: Sequence[bytes]) -> float:
        """The share of the numbers whose texts are those that the grid gives."""
        integers = nearest(grid, values, self.decimals)
        near = np.abs(grid.values(integers) - values * POWERS[EXTRA]) <= POWERS[EXTRA] * _NEAR
        if near.mean() < _FITTING:
            return 0.0
        written = grid.write(integers, self.style)
        return sum(a == b for a, b in zip(written, texts, strict=True)) / len(texts)

    def _candidates(self, values: Ints) -> Iterator[Grid]:
        """Grids used before, steps used before with another start, then a new step."""
        yield from self._grids[:_TRIES]
        for step in self._steps[-_TRIES:]:
            yield self._placed(values, step)
        step = _step(values * POWERS[EXTRA])
        for unit in _ROUND:
            rounded = (step + unit // 2) // unit * unit
            if rounded > POWERS[EXTRA]:
                yield self._placed(values, rounded)

    def _placed(self, values: Ints, step: int) -> Grid:
        """The grid of this step on which most values are: where most of the intervals overlap that round to them."""
        unit = POWERS[EXTRA]
        phases = values * unit % step
        coarse = int(np.median(phases))  # of phases around 0 too: then the second round helps
        for _ in range(2):
            offsets = (phases - coarse + step // 2) % step - step // 2
            width = self.style.last_place(values) * unit // 2
            ends = np.concatenate([offsets - width, offsets + width])
            change = np.repeat([1, -1], len(values))
            order = np.lexsort((-change, ends))
            best = int(np.argmax(np.cumsum(change[order])))
            begin = int(ends[order][best])
            end = int(ends[order][min(best + 1, len(ends) - 1)])
            coarse += (begin + end) // 2
        return Grid(self.decimals + EXTRA, step, coarse % step)


def _step(exact: Ints) -> int:
    """The distance of which most differences of neighbours are small multiples; 0 if there is none."""
    differences = np.abs(np.diff(exact))
    differences = differences[differences > 0]
    if not len(differences):
        return 0
    width = max(1, int(np.median(differences)) // 10_000)
    common = [value for value, _ in Counter((differences // width).tolist()).most_common(3)]
    step = float(min(common) * width + width // 2)
    # The further apart two numbers are, the better they tell the step.
    base = int(np.sort(exact)[len(exact) // 2])
    for reach in (2, 8, 32, 128, 512):
        multiples = np.round((exact - base) / step)
        near = np.abs(exact - base - multiples * step) < 0.05 * step
        used = near & (np.abs(multiples) <= reach) & (multiples != 0)
        if used.any():
            # Sums of integers, whose quotient is rounded once: the same grid is found on every machine.
            m = multiples[used].astype(np.int64).tolist()
            distances = (exact[used] - base).tolist()
            step = sum(map(operator.mul, m, distances)) / sum(each * each for each in m)
    return round(step)
