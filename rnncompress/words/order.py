"""The order of words by company: neighbours in it stand beside the same words in the text.

Two words are alike if the same tokens stand before and behind them more often than chance has it (Church and Hanks
1990, pointwise mutual information; Bullinaria and Levy 2007, its positive part). The words are split into halves along
the direction in which they differ most, the first principal component, and the halves again, at places that are round
numbers of codes: so the first bits of a code name a class of words.

All sums are of integers below 2^53, exact in doubles whatever their order, so each machine finds the same order.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

SMALLEST: Final = 8
"""Words that are not split."""
_STEPS: Final = 16
"""Of the iteration that finds the component."""
_BITS: Final = 20
"""Of the numbers of a vector."""
_NORM: Final = 48
"""Length of the row of a word."""
_THRESHOLDS: Final = [2**16 * 5**n // 4**n for n in range(1, 64)]
"""Powers of 5/4, of 2^16: the units of the logarithm."""


def company(counts: NDArray[np.int32]) -> Matrix:
    """Rows of words, all about equally long, from how often each word (row) stands beside each token (column).

    The counts add up to less than 2^30: then all that is multiplied here is below 2^63.
    """
    each, every = counts.sum(axis=1, dtype=np.int64) + 1, counts.sum(axis=0, dtype=np.int64) + 1
    rows = np.zeros(counts.shape, np.float64)
    total = int(each.sum())
    for row in range(len(counts)):
        # How many times as often as by chance, in units of 2^-16.
        expected = (each[row] * every >> 16) + 1
        times = counts[row].astype(np.int64) * total // expected
        found = np.searchsorted(_THRESHOLDS, times, side="right")
        rows[row] = found * _NORM // (math.isqrt(int(np.sum(found * found))) + 1)
    return rows


def order(rows: Matrix, unit: int) -> NDArray[np.int64]:
    """The numbers of the rows in their order; the larger splits are at multiples of ``unit``, a power of 2."""
    numbers = np.arange(len(rows))
    return numbers if len(rows) <= SMALLEST else _split(rows, numbers, unit)


def _split(rows: Matrix, numbers: NDArray[np.int64], unit: int) -> NDArray[np.int64]:
    count = len(numbers)
    if count <= SMALLEST:
        return numbers
    while unit >= count:
        unit //= 2
    half = max(1, (count + unit) // (2 * unit)) * unit
    along = _component(rows[numbers])
    sorted_ = numbers[np.argsort(along, kind="stable")]
    return np.concatenate([_split(rows, sorted_[:half], unit), _split(rows, sorted_[half:], unit)])


def _component(rows: Matrix) -> Matrix:
    """How far each row reaches in the direction in which the rows differ most, by power iteration."""
    count, width = rows.shape
    x = np.arange(1, width + 1) * 40503 % 65536 - 32768.0
    y = np.zeros(count)
    for _ in range(_STEPS):
        y = rows @ _scaled(x)
        y = _scaled(count * y - y.sum())
        x = y @ rows
    return y


def _scaled(vector: Matrix) -> Matrix:
    """Integers of ``_BITS`` bits in proportion to ``vector``."""
    most = int(np.abs(vector).max())
    return np.floor(vector * math.ldexp(1.0, min(0, _BITS - most.bit_length())))
