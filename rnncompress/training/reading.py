"""A text in memory, read by several streams, and what its symbols cost."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncompress.layout import Layout
from rnncompress.network import PRECISION, IntArray

COST_BITS: Final = 16
"""Costs are counted in units of 2**-16 bits."""


class Window(NamedTuple):
    """Some steps of all streams."""

    inputs: IntArray
    """(steps, B): the symbols before each step; 0 before the first of a stream."""
    symbols: IntArray
    """(steps, B): the symbols to predict; 0 where a stream has ended."""
    coded: int
    """How many of them count; in C order they come before the others."""


class Reading:
    """``symbols`` (n,) in contiguous parts, one for each stream, as :class:`rnncompress.layout.Layout` cuts a file."""

    def __init__(self, symbols: IntArray, streams: int, window: int) -> None:
        self.layout = Layout(len(symbols), streams, window)
        small = np.min_scalar_type(int(symbols.max(initial=0)))
        self._parts: NDArray[np.integer] = np.zeros((1 + self.layout.steps, streams), small)
        for stream, start, count in self.layout.pieces(0, self.layout.steps):
            self._parts[1 : 1 + count, stream] = symbols[start : start + count]

    @property
    def whole(self) -> int:
        """Windows of T steps of all streams: those that can be learnt from."""
        return self.layout.length // self.layout.streams // self.layout.window

    def window(self, number: int) -> Window:
        """The window of this number; the last may have fewer steps than the others."""
        first = number * self.layout.window
        rows = self._parts[first : first + self.layout.window + 1].astype(np.int32)
        return Window(rows[:-1], rows[1:], self.layout.coded(first, len(rows) - 1))


def cost(frequencies: IntArray, precision: int = PRECISION) -> int:
    """Code length of symbols with these frequencies, of 2**``precision``, in units of 2**-16 bits.

    The fraction is rounded up for each symbol.
    Logarithms by squaring, in integers: the sum, and what is decided by it, is the same on every machine.
    """
    x = frequencies.astype(np.uint64).ravel()
    whole = np.frexp(x.astype(np.float64))[1].astype(np.int64) - 1  # exact: the highest bit
    x = x << (31 - whole).astype(np.uint64)  # the mantissa, from 2**31 to below 2**32
    fraction = np.zeros(len(x), np.int64)
    for _ in range(COST_BITS):
        x = (x * x) >> np.uint64(31)
        carry = x >> np.uint64(32)
        fraction = 2 * fraction + carry.astype(np.int64)
        x = x >> carry
    logarithms = (whole << COST_BITS) + fraction
    return len(x) * (precision << COST_BITS) - int(logarithms.sum())


def bits(units: int) -> float:
    """Bits of a cost."""
    return units / (1 << COST_BITS)
