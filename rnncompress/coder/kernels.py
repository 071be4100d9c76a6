# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""Range coding in compiled code: what :mod:`rnncompress.coder.plain` does, bit for bit.

A coder that is a library, called for every step of a few symbols, spends much of its time on the way; here
whole windows are one call, and coders of several lanes stand side by side.

``state`` is uint64 (4,), of an encoder or a decoder: LOWER end and RANGE of the interval that the symbols so far name,
the POINT in it that the data name (decoder), and the WORDS that are written or taken. ``words`` are uint32. A decoder
whose range is 0 has met data that cannot have come from the encoder.
"""

from typing import Final

import numpy as np

from rnncompress.coder import plain
from rnncompress.compiled.compile import kernel
from rnncompress.exact.frequencies import PRECISION

LOWER: Final = 0
RANGE: Final = 1
POINT: Final = 2
WORDS: Final = 3
FIELDS: Final = 4

_PRECISION: Final = np.uint64(PRECISION)
_BIT: Final = np.uint64(plain.BIT_PRECISION)
_BIT_SHIFT: Final = np.uint64(PRECISION - plain.BIT_PRECISION)
_BIT_WHOLE: Final = np.uint64(1 << plain.BIT_PRECISION)
_WORD: Final = np.uint64(32)
_SMALL: Final = np.uint64(1 << 32)
_WHOLE: Final = np.uint64(plain.WHOLE)
_LAST_WORD: Final = np.uint32(2**32 - 1)
_ZERO: Final = np.uint64(0)
_ONE: Final = np.uint64(1)


@kernel
def encode_symbol(state, words, below, frequency):
    """Append a symbol of this frequency; ``below`` is the sum of those before it."""
    scale = state[RANGE] >> _PRECISION
    _narrow(state, words, scale * np.uint64(below), scale * np.uint64(frequency))


@kernel
def encode_bit(state, words, bit, one):
    """Append a bit that is 1 with probability ``one`` of 2**16."""
    scale = state[RANGE] >> _PRECISION << _BIT_SHIFT
    zero = _BIT_WHOLE - np.uint64(one)
    if bit:
        _narrow(state, words, scale * zero, scale * np.uint64(one))
    else:
        _narrow(state, words, _ZERO, scale * zero)


@kernel
def _narrow(state, words, offset, extent):
    """Go on to a part of the interval; give a word when it has become small."""
    lower = state[LOWER] + offset
    if lower < offset:
        _carry(words, state[WORDS])
    if extent < _SMALL:
        words[np.int64(state[WORDS])] = np.uint32(lower >> _WORD)
        state[WORDS] += _ONE
        lower <<= _WORD
        extent <<= _WORD
    state[LOWER] = lower
    state[RANGE] = extent


@kernel
def _carry(words, count):
    """Add one to the number that the first ``count`` words are."""
    last = np.int64(count) - 1
    while last >= 0 and words[last] == _LAST_WORD:
        words[last] = np.uint32(0)
        last -= 1
    if last >= 0:  # always, but of a state that no encoder had
        words[last] += np.uint32(1)


@kernel
def end_encoding(state, words):
    """Write the last words of a block, two at most."""
    if state[RANGE] == _WHOLE:
        return
    top = np.uint32((state[LOWER] + state[RANGE]) >> _WORD)
    lower = state[LOWER] + (_SMALL - _ONE)
    if lower < state[LOWER]:
        _carry(words, state[WORDS])
    word = np.uint32(lower >> _WORD)
    words[np.int64(state[WORDS])] = word
    state[WORDS] += _ONE
    if word == top:
        words[np.int64(state[WORDS])] = np.uint32(0)
        state[WORDS] += _ONE


@kernel
def begin_decoding(state, words):
    """The state before the first symbol of a block."""
    state[LOWER] = _ZERO
    state[RANGE] = _WHOLE
    state[POINT] = _ZERO
    state[WORDS] = _ZERO
    _take(state, words)
    _take(state, words)


@kernel
def decode_symbol(state, words, frequencies, alphabet):
    """The next symbol, by its frequencies (A,); -1 if there can be none, or if it is a guard, which has none."""
    scale = state[RANGE] >> _PRECISION
    if scale != _ZERO:
        place = (state[POINT] - state[LOWER]) // scale
        below = np.uint64(1)
        if place >= below:
            for symbol in range(alphabet):
                frequency = np.uint64(frequencies[symbol])
                if place < below + frequency:
                    _advance(state, words, scale * below, scale * frequency)
                    return symbol
                below += frequency
    state[RANGE] = _ZERO
    return -1


@kernel
def decode_bit(state, words, one):
    """The next bit, 1 with probability ``one`` of 2**16; -1 if there can be none. Needs no division."""
    scale = state[RANGE] >> _PRECISION << _BIT_SHIFT
    place = state[POINT] - state[LOWER]
    zero = scale * (_BIT_WHOLE - np.uint64(one))
    if place < zero:
        _advance(state, words, _ZERO, zero)
        return 0
    if place < scale << _BIT:
        _advance(state, words, zero, scale * np.uint64(one))
        return 1
    state[RANGE] = _ZERO
    return -1


@kernel
def _advance(state, words, offset, extent):
    """Go on to a part of the interval; take a word when it has become small."""
    state[LOWER] += offset
    state[RANGE] = extent
    if extent < _SMALL:
        state[LOWER] <<= _WORD
        state[RANGE] <<= _WORD
        _take(state, words)


@kernel
def _take(state, words):
    """Move the next word into the point; 0 where there is none."""
    state[POINT] <<= _WORD
    if state[WORDS] < np.uint64(len(words)):
        state[POINT] |= np.uint64(words[np.int64(state[WORDS])])
    state[WORDS] += _ONE


@kernel
def may_end(state, words):
    """Whether a block of these words can end here: none is left, and the last ones name just this interval."""
    slack = state[POINT] - state[LOWER]
    done = state[WORDS] >= np.uint64(len(words))
    return done and (len(words) == 0 or slack < np.uint64(2**33 - 1))


@kernel
def encode_lanes(states, words, starts, cum, freq, count):
    """Append the first ``count`` symbols, in C order of (steps, B), each to the coder of its lane.

    ``states`` (lanes, 4) and ``words`` (lanes, room) are the coders'; lane n has the streams from starts[n] to before
    starts[n + 1].
    """
    B = cum.shape[1]
    for lane in range(len(states)):
        state, out = states[lane], words[lane]
        for t in range(cum.shape[0]):
            for b in range(starts[lane], min(starts[lane + 1], count - t * B)):
                encode_symbol(state, out, cum[t, b], freq[t, b])


@kernel
def decode_step(states, words, bounds, starts, frequencies, symbols):
    """Fill ``symbols`` (n,) of the first n streams of a step by frequencies (n, A); -1 once there can be none.

    ``words`` of lane n are those from bounds[n] to before bounds[n + 1].
    """
    for lane in range(len(states)):
        part = words[bounds[lane] : bounds[lane + 1]]
        for b in range(starts[lane], min(starts[lane + 1], len(symbols))):
            symbols[b] = decode_symbol(states[lane], part, frequencies[b], frequencies.shape[1])
