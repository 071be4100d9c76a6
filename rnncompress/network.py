"""What an engine knows of a network: frequency tables for the next symbols, and a chance to learn.

Shapes: B streams, T steps in a window, A symbols in the alphabet.

Frequencies are as :mod:`rnncompress.exact.frequencies` makes them.
"""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from rnncompress.config import Config
from rnncompress.exact.frequencies import PRECISION, TOTAL

__all__ = ["PATH", "PRECISION", "TOTAL", "IntArray", "Paths", "Predictor", "lengths", "lengths_of_bits"]

IntArray = NDArray[np.int32]

PATH: Final = 10
"""Numbers of a *path*: what a table says of a byte to one that codes it bit by bit. Bit k = 0 is the highest. The
number k < 8 is the sum of the frequencies of all bytes that are less than the byte with bit k set and the bits behind
it 0; then follow the byte that is most frequent, the least if there are several, and its frequency."""

Paths = Callable[[], IntArray]
"""Waits for the paths (steps, B, PATH) of a window, which are on their way."""


def lengths(freq: IntArray) -> NDArray[np.float64]:
    """Code lengths in bits of symbols with these frequencies: to tell people, not to compute with."""
    bits: NDArray[np.float64] = PRECISION - np.log2(freq)
    return bits


def lengths_of_bits(bits: IntArray) -> NDArray[np.float64]:
    """Those of bytes whose bits came with these probabilities, (8 * n,) of 65536: to tell people as well."""
    together: NDArray[np.float64] = 128 - np.log2(bits.reshape(-1, 8).astype(np.float64).prod(axis=1))
    return together


class Predictor(Protocol):
    """A model that learns while it codes. Encoder and decoder make it compute the same integers.

    The encoder calls ``predict_window`` and ``learn`` in turn. The decoder calls ``predict_step`` and ``observe``
    T times, then ``learn``. Both must leave the predictor in the same state. The last window of a file may have
    fewer than T steps and is never learnt from.
    """

    config: Config

    def predict_window(self, symbols: IntArray) -> tuple[IntArray, IntArray]:
        """Cumulative and own frequency, each (steps, B), of the known symbols (steps, B), 1 ≤ steps ≤ T."""

    def predict_paths(self, symbols: IntArray) -> Paths:
        """Begin to predict a window as ``predict_window`` does, for the paths of its symbols, which are bytes.

        What the call of the result returns stays as it is; by the next call but one of this it must have been called.
        """

    def predict_step(self) -> IntArray:
        """Frequencies (B, A) of the next symbol of every stream; each row sums to TOTAL. Valid until ``observe``."""

    def observe(self, symbols: IntArray) -> None:
        """Take the symbols (B,) that came out of the decoder for the last ``predict_step``."""

    def coded(self) -> tuple[IntArray, IntArray]:
        """Cumulative and own frequency, each (steps, B), of the symbols since the last update."""

    def learn(self) -> None:
        """Update the weights from the T steps since the last update."""

    def state(self, *, copy: bool = True) -> dict[str, NDArray[np.generic]]:
        """Everything that later predictions depend on, at a window boundary, in an engine-independent layout.

        Without ``copy`` large arrays may be views, which change as the predictor goes on. Names, shapes, and what
        the arrays may hold are in :mod:`rnncompress.lstm.state`.
        """

    def load_state(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Continue from what ``state`` of any engine returned; its arrays are left as they are."""
