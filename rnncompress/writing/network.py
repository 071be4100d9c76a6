"""The network that writes, exact: what it sees of the text through its soft window, and what it expects of the pen.

This is Graves 2013, equations 46 to 51, and LSTM layers without peepholes. Sums are sums of integers, as everywhere
(docs/arithmetic.md), with finer activations than coding has, since no compiled kernel needs them in 8 bits:

=============================  ======  ===============================================
quantity                       unit    range
=============================  ======  ===============================================
weight, bias                   2^-13   16 bits
step of the pen                2^-14   ±32
activation, end of a stroke    2^-14   ±1
weight of a window             2^-14   0 to 4
place of a window              2^-16   from 0 on; characters are at 1, 2, 3, …
=============================  ======  ===============================================

Integers are multiplied as float64, where all partial sums are below 2^53 and so exact in whatever order.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.exact import functions
from rnncompress.writing.model import WINDOWS, WritingModel

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

UNIT: Final = 1 << 14
"""Of steps, activations and weights of the window."""
FURTHEST: Final = 32 * UNIT
"""A step is no longer than this in x and y."""
PLACE: Final = 1 << 16
"""From one character to the next."""
HEAVIEST: Final = 4 * UNIT
"""A character does not count for more."""
_BIAS: Final = float(UNIT)
_SUM: Final = 2.0**-27
"""The unit of sums: that of weights by that of activations."""
_FAR: Final = 1 << 8
"""Characters; a window sees none that are further away."""
_LARGEST: Final = np.float32(16)
"""Logarithms are clipped to ± this."""
_ZERO: Final = np.float32(0)
_UNIT: Final = np.float32(UNIT)
_PLACE: Final = np.float32(PLACE)


def power(x: Floats) -> Floats:
    """e^x as the exact functions have it, of x within ±16."""
    x = np.minimum(np.maximum(x, -_LARGEST), _LARGEST)
    told: Floats = functions.exp(np.minimum(x, _ZERO)) / functions.exp(np.minimum(-x, _ZERO))
    return told


class Network:
    """Reads the points of a pen that writes ``text``, one after the other."""

    def __init__(self, model: WritingModel, text: str) -> None:
        """``text`` has only characters of the model."""
        self._codes = np.array([model.characters.index(character) for character in text], np.int64)
        self._characters = len(model.characters)
        self._weights = {name: array.astype(np.float64) for name, array in model.arrays.items()}
        self._h = [np.zeros(model.hidden, np.float64) for _ in range(model.layers)]
        self._c = [np.zeros(model.hidden, np.float32) for _ in range(model.layers)]
        self._seen = np.zeros(self._characters, np.float64)
        self.places = np.zeros(WINDOWS, np.int64)
        """Where the windows are; they only move forward."""
        self.window = np.zeros(len(text) + 1, np.int64)
        """How much each character of the text counted at the last point, and the place after the last one."""

    @property
    def finished(self) -> bool:
        """Whether the place after the text counts more than any character (the paper's heuristic), or nothing can."""
        after = self.window[-1] > self.window[:-1].max()
        return bool(after or self.places.min() > len(self.window) * PLACE)

    def read(self, point: Integers) -> Floats:
        """The outputs (1 + 6 K,) after a ``point`` (3,): see :func:`rnncompress.writing.model.shapes`."""
        pen = point.astype(np.float64)
        for layer in range(len(self._h)):
            below = [self._h[layer - 1]] if layer else []
            inputs = np.concatenate([pen, self._seen, *below, self._h[layer]])
            i, f, g, o = np.split(self._sums(f"matrix{layer}", f"bias{layer}", inputs), 4)
            kept = functions.sigmoid(f) * self._c[layer]
            self._c[layer] = kept + functions.sigmoid(i) * functions.tanh(g)
            h = functions.sigmoid(o) * functions.tanh(self._c[layer])
            self._h[layer] = np.rint(h * _UNIT).astype(np.float64)
            if layer == 0:
                self._look()
        return self._sums("output", "output_bias", np.concatenate(self._h))

    def _look(self) -> None:
        """Move the windows by what the first layer tells, and see the characters there."""
        height, width, moved = np.split(power(self._sums("window", "window_bias", self._h[0])), 3)
        self.places += np.rint(moved * _PLACE).astype(np.int64)
        characters = np.arange(1, len(self.window) + 1) * PLACE
        apart = (
            np.clip(self.places[:, None] - characters, -_FAR * PLACE, _FAR * PLACE).astype(np.float32)
            / _PLACE
        )
        weights = height[:, None] * functions.exp(-(width[:, None] * (apart * apart)))
        sums = np.rint(weights * _UNIT).astype(np.int64).sum(axis=0)
        self.window = np.minimum(sums, HEAVIEST)
        seen = np.zeros(self._characters, np.int64)
        np.add.at(seen, self._codes, self.window[:-1])
        self._seen = seen.astype(np.float64)

    def _sums(self, matrix: str, bias: str, inputs: NDArray[np.float64]) -> Floats:
        """The products of a matrix (n, m) and ``inputs`` (m,), summed up, and a bias (n,)."""
        sums: NDArray[np.float64] = self._weights[matrix] @ inputs + self._weights[bias] * _BIAS
        return (sums * _SUM).astype(np.float32)


BEGIN: Final = np.array([0, 0, UNIT], np.int64)
"""What is read before the first point: a pen that is up."""
