"""The head: from the activations of all layers to the frequencies of the next symbols, and back. The specification.

This head is a softmax; :mod:`rnncompress.lstm.density` is another, for some of the steps of packed strokes. Its matrix
W (A, layers * H) and bias (A,) are the last of the network's parameters. The contexts
(:mod:`rnncompress.lstm.contexts`) add to the integer sums of the logits before they become frequencies.

Shapes: B streams, A symbols.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.exact import grid
from rnncompress.exact.frequencies import frequencies
from rnncompress.network import PATH, IntArray

FREQUENCY_UNIT: Final = np.float32(2**-24)


def table(sums: NDArray[np.int32], bias: NDArray[np.float32]) -> NDArray[np.int32]:
    """Frequencies (B, A) of the integer sums (B, A) of the logits."""
    return frequencies(sums.astype(np.float32) * grid.FORWARD_UNIT + bias)


def gradient(table: IntArray, symbols: IntArray) -> NDArray[np.float32]:
    """Gradient (B, A) of the code length at the logits: the probabilities (B, A), less 1 at the symbols (B,)."""
    onehot = np.arange(table.shape[1]) == symbols[:, None]
    result: NDArray[np.float32] = table.astype(np.float32) * FREQUENCY_UNIT - onehot.astype(np.float32)
    return result


def pick(tables: IntArray, symbols: IntArray) -> tuple[IntArray, IntArray]:
    """Cumulative and own frequency, each (steps, B), of symbols (steps, B) with the tables (steps, B, A)."""
    at = symbols[:, :, None]
    freq = np.take_along_axis(tables, at, axis=2)
    cum = np.take_along_axis(tables.cumsum(axis=2, dtype=np.int32), at, axis=2) - freq + 1
    return cum[:, :, 0].astype(np.int32), freq[:, :, 0]


def paths(tables: IntArray, symbols: IntArray) -> IntArray:
    """The paths (steps, B, PATH) of bytes (steps, B) with the tables (steps, B, 256)."""
    result = np.zeros((*symbols.shape, PATH), np.int32)
    before = np.pad(tables.cumsum(axis=2, dtype=np.int32), ((0, 0), (0, 0), (1, 0)))
    for bit in range(8):
        middle = (symbols >> (7 - bit) | 1) << (7 - bit)
        result[:, :, bit] = np.take_along_axis(before, middle[:, :, None], axis=2)[:, :, 0]
    result[:, :, 8], result[:, :, 9] = tables.argmax(axis=2), tables.max(axis=2)
    return result
