"""Range decoding in compiled code: what ``constriction.stream.queue.RangeDecoder`` does, bit for bit.

A decoder that calls a library for every step of a few symbols spends much of its time between the two; here all steps
of a window are one call. The method is Martin's (1979, "Range encoding: an algorithm for removing redundancy from a
digitised message") with 64-bit state and 32-bit words, as constriction writes them.

``state`` is uint64 (4,): LOWER end and RANGE of the interval that the symbols so far name, the POINT in it that the
data name, and the number of the NEXT word. A range of 0 says that the data cannot have come from the encoder.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.compiled.compile import kernel

LOWER: Final = 0
RANGE: Final = 1
POINT: Final = 2
NEXT: Final = 3

_PRECISION: Final = np.uint64(24)
_WORD: Final = np.uint64(32)
_SMALL: Final = np.uint64(1 << 32)
_ZERO: Final = np.uint64(0)
_ONE: Final = np.uint64(1)


def begin(words: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """The state before the first symbol of a block."""
    first, second = (int(words[n]) if n < len(words) else 0 for n in (0, 1))
    return np.array([0, 2**64 - 1, first << 32 | second, 2], np.uint64)


@kernel
def decode_symbol(state, words, frequencies, alphabet):
    """The next symbol, by its frequencies (A,); -1 if there can be none, or if it is a guard, which has none."""
    quantile = _quantile(state)
    below = np.int64(1)
    if quantile >= below:
        for symbol in range(alphabet):
            frequency = np.int64(frequencies[symbol])
            if quantile < below + frequency:
                _advance(state, words, below, frequency)
                return symbol
            below += frequency
    state[RANGE] = _ZERO
    return -1


@kernel
def decode_rows(state, words, frequencies, symbols):
    """Fill ``symbols`` (n,) by frequencies (n, A); -1 from the first on that there cannot be."""
    for row in range(len(symbols)):
        symbols[row] = decode_symbol(state, words, frequencies[row], frequencies.shape[1])


@kernel
def skip_symbols(state, words, cum, freq):
    """Pass over symbols by their cumulative and own frequencies (n,); the range is 0 afterwards if others come."""
    for n in range(len(cum)):
        quantile = _quantile(state)
        if not cum[n] <= quantile < np.int64(cum[n]) + freq[n]:
            state[RANGE] = _ZERO
            return
        _advance(state, words, np.int64(cum[n]), np.int64(freq[n]))


@kernel
def _quantile(state):
    """Where the data point to, out of 2**24; -1 if nowhere."""
    scale = state[RANGE] >> _PRECISION
    if scale == _ZERO:
        return np.int64(-1)
    quantile = np.uint64(state[POINT] - state[LOWER]) // scale
    return np.int64(quantile) if quantile >> _PRECISION == _ZERO else np.int64(-1)


@kernel
def _advance(state, words, below, frequency):
    """Narrow the interval to that of a symbol; take a word when it has become small."""
    scale = state[RANGE] >> _PRECISION
    state[LOWER] += scale * np.uint64(below)
    state[RANGE] = scale * np.uint64(frequency)
    if state[RANGE] < _SMALL:
        state[LOWER] <<= _WORD
        state[RANGE] <<= _WORD
        state[POINT] <<= _WORD
        if state[NEXT] < np.uint64(len(words)):
            state[POINT] |= np.uint64(words[np.int64(state[NEXT])])
        state[NEXT] += _ONE


def may_end(state: NDArray[np.uint64], words: NDArray[np.uint32]) -> bool:
    """Whether a block of these words can end here: none is left, and the last ones name just this interval."""
    slack = (int(state[POINT]) - int(state[LOWER])) % 2**64
    return int(state[NEXT]) >= len(words) and (len(words) == 0 or slack < 2**33 - 1)
