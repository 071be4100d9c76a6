"""The entropy coder: integer frequencies to bytes and back. The only file that imports constriction.

Constriction encodes. It could decode as well, and in the tests it does; the product's decoder is compiled together with
the model (:mod:`rnncompress.coder.range_decoder`), so that a window is decoded in one call.

All frequencies are out of ``2**PRECISION`` and exact: in a row of n weights that sum to 2**24 - n,
constriction gives a symbol of weight w the frequency w + 1. Both kinds of rows below sum to just that, so
nothing is ever rounded; all weights are below 2**24, so float32 holds them. A guard symbol of frequency 1
stands at each end of the alphabet; no sound data ever decodes to it.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnncompress.coder import range_decoder
from rnncompress.errors import DamagedError
from rnncompress.network import PRECISION, IntArray


@cache
def _constriction() -> tuple[type, Any]:
    """Its encoder and a model of integers. Fetched when needed: there are machines that only decode without it."""
    import constriction

    return constriction.stream.queue.RangeEncoder, constriction.stream.model.Categorical(perfect=False)


class RangeEncoder:
    """Writes blocks of symbols (range coding, as by constriction.stream.queue)."""

    def __init__(self) -> None:
        self._new, self._model = _constriction()
        self._coder = self._new()

    def encode(self, cum: IntArray, freq: IntArray) -> None:
        """Append symbols, in C order, by their cumulative and own frequencies; 0 < cum, cum + freq < 2**24.

        To the encoder a symbol is but an interval, so what lies before and behind it may be lumped together:
        coding the middle one of three symbols writes the same bytes as the full row, twenty times faster.
        """
        self._coder.encode(np.ones(cum.size, dtype=np.int32), self._model, _three_way(cum, freq))

    def flush(self) -> bytes:
        """End the block and return it: 32-bit words, little-endian. The next symbol begins a new block."""
        block: bytes = self._coder.get_compressed().astype("<u4").tobytes()
        # Not ``clear``: in constriction 0.5.0 it keeps words whose carry was open, and the next block begins
        # with them.
        self._coder = self._new()
        return block


class RangeDecoder:
    """Reads the symbols of one block. Raises DamagedError where no encoder can have written such a block."""

    def __init__(self, block: bytes) -> None:
        self.words = np.frombuffer(block, dtype="<u4").astype(np.uint32)
        self.state = range_decoder.begin(self.words)
        """See :mod:`rnncompress.coder.range_decoder`. An engine that decodes by itself moves it on."""

    def decode(self, frequencies: IntArray) -> IntArray:
        """The next n symbols, of n rows of frequencies (n, A), each summing to 2**24 - 2."""
        symbols = np.empty(len(frequencies), np.int32)
        range_decoder.decode_rows(self.state, self.words, frequencies, symbols)
        self.check()
        return symbols

    def skip(self, cum: IntArray, freq: IntArray) -> None:
        """Pass over known symbols, given as to :meth:`RangeEncoder.encode`. Raises if there are others."""
        range_decoder.skip_symbols(self.state, self.words, cum.ravel(), freq.ravel())
        self.check()

    def check(self) -> None:
        """Raise DamagedError if the symbols so far cannot be what the encoder was given."""
        if not self.state[range_decoder.RANGE]:
            raise DamagedError("the payload fits no sequence of symbols")

    def finish(self) -> None:
        """Raise DamagedError if the block surely holds more than was decoded."""
        if not range_decoder.may_end(self.state, self.words):
            raise DamagedError("the payload holds more symbols than it should")


def _three_way(cum: IntArray, freq: IntArray) -> NDArray[np.float32]:
    """Rows for what lies before a symbol, the symbol, and what lies behind it."""
    rows = np.empty((cum.size, 3), dtype=np.float32)
    rows[:, 0] = cum.ravel() - 1
    rows[:, 1] = freq.ravel() - 1
    rows[:, 2] = (1 << PRECISION) - 1 - cum.ravel() - freq.ravel()
    return rows
